#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Files and functions stay readable: warns over 500 lines a file and 50 a function (from its opening to its
# closing brace), fails over 700 and 80. tools/size_exceptions lists what may be longer, one a line:
#   path reason...            or            path:function reason...
# usage: check_size.sh [ROOT]
set -euo pipefail
cd "${1:-$(dirname "$0")/..}"

exceptions=tools/size_exceptions
[ -e "$exceptions" ] || exceptions=/dev/null
sources=$({ find common services tools tests -name "*.[ch]" 2>/dev/null || true; } | LC_ALL=C sort)
[ -n "$sources" ] || { echo "check_size: no sources below $PWD" >&2; exit 1; }

# clang-format puts a function's braces, and only these, alone into the first column.
# shellcheck disable=SC2086 # one word a file: our paths have no blanks
awk -v exceptions="$exceptions" '
function judge(place, what, key, lines, warn, fail,    level, limit)
{
    if (lines <= warn) return
    if (key in excused) { used[key] = 1; return }
    level = "warning"; limit = warn
    if (lines > fail) { level = "error"; limit = fail; bad = 1 }
    printf "%s: %s: %s has %d lines, more than %d\n", place, level, what, lines, limit
}

function end_file() { if (file != "") judge(file, "file", file, count, 500, 700) }

BEGIN {
    while ((getline line < exceptions) > 0) {
        if (line ~ /^[ \t]*(#|$)/) continue
        split(line, word, /[ \t]+/)
        if (word[2] == "") { printf "%s: %s: an exception needs a reason\n", exceptions, word[1]; bad = 1 }
        excused[word[1]] = 1
    }
}

FNR == 1 { end_file(); file = FILENAME; opened = 0 }
{ count = FNR }
/^[a-zA-Z_].*[(]/ { name = $0; sub(/[(].*/, "", name); sub(/.*[ *]/, "", name) }
/^{$/ { opened = FNR }
/^}$/ && opened { judge(FILENAME ":" opened, name, FILENAME ":" name, FNR - opened + 1, 50, 80); opened = 0 }

END {
    end_file()
    for (key in excused)
        if (!(key in used)) printf "%s: warning: %s is not needed any more\n", exceptions, key
    exit bad
}
' $sources
