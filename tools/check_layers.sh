#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The arrows between the rooms, read from the #include lines. Prints file:line: what is wrong; 1 when any is.
#   base <- config <- model <- services/*/core      pure: no loop, broker, database, clock
#   base, config <- daemon <- kafka, postgres       which know neither each other nor the model
#   a service = its core + model + daemon + kafka (+ postgres in the aggregator); never another service
#   tools/ may include every core
# Project headers are named by room ("base/span.h"), and each library has the one place it is used in.
# usage: check_layers.sh [ROOT]
set -euo pipefail
cd "${1:-$(dirname "$0")/..}"

sources=$({ find common services tools -name "*.[ch]" 2>/dev/null || true; } | LC_ALL=C sort)
[ -n "$sources" ] || { echo "check_layers: no sources below $PWD" >&2; exit 1; }

# shellcheck disable=SC2086 # one word a file: our paths have no blanks
awk '
function complain(text) { printf "%s:%d: %s\n", FILENAME, FNR, text; bad = 1 }

# "base", "core router", "service router", "tool": where a file lives.
function room_of_file(path,    part)
{
    split(path, part, "/")
    if (part[1] == "common") return part[2]
    if (part[1] == "tools") return "tool"
    return (part[3] == "core" ? "core " : "service ") part[2]
}

# The same for the text between the quotes of an include.
function room_of_include(name,    part, n)
{
    n = split(name, part, "/")
    if (n >= 2 && part[1] ~ /^(base|config|model|daemon|kafka|postgres)$/) return part[1]
    if (n >= 2 && part[1] ~ /^(ingest|router|aggregator)$/)
        return (part[2] == "core" ? "core " : "service ") part[1]
    if (n >= 2 && part[1] ~ /^(citybrain|gen)$/) return "tool"
    return ""
}

function may_include(from, to,    service)
{
    if (from == to) return 1
    if (from in arrows) return index(" " arrows[from] " ", " " to " ") > 0
    if (from ~ /^core /) return to ~ /^(base|config|model)$/
    if (from == "tool") return to !~ /^service /
    service = substr(from, 9)
    if (to == "postgres") return service == "aggregator"
    return to ~ /^(base|config|model|daemon|kafka)$/ || to == "core " service
}

BEGIN {
    arrows["base"] = ""
    arrows["config"] = "base"
    arrows["model"] = "base config"
    arrows["daemon"] = "base config"
    arrows["kafka"] = "base config daemon"
    arrows["postgres"] = "base config daemon"
    # library header -> files that may name it
    library["^yajl/"] = "^common/model/json[.]c$"
    library["^yaml[.]h$"] = "^common/config/yaml[.]c$"
    library["^curl/"] = "^tools/citybrain/http_client[.]c$"
    library["^openssl/"] = "^common/base/(digest|seal)[.]c$"
    library["^librdkafka/"] = "^common/kafka/"
    library["^libpq"] = "^common/postgres/"
    library["^postgresql/"] = "^common/postgres/"
    library["^microhttpd[.]h$"] = "^common/daemon/http_(server|head)[.]c$"
    library["^uv([.]h$|/)"] = "^(common/(daemon|kafka|postgres)/|services/[a-z]+/([a-z_]+[.][ch]$|store/)|tools/)"
    library["^iconv[.]h$"] = "^tools/tables/"
    library["^xxhash[.]h$"] = "^common/base/"
    library["^uthash[.]h$"] = "[.]c$"
    library["^zlib[.]h$"] = "^tools/"
}

/^[ \t]*#[ \t]*include[ \t]*"/ {
    name = $0; sub(/^[^"]*"/, "", name); sub(/".*/, "", name)
    from = room_of_file(FILENAME); to = room_of_include(name)
    if (to == "")
        complain("\"" name "\" names no room; write the path below common/, services/ or tools/")
    else if (!may_include(from, to))
        complain(from " must not include " to " (\"" name "\")")
}

/^[ \t]*#[ \t]*include[ \t]*</ {
    name = $0; sub(/^[^<]*</, "", name); sub(/>.*/, "", name)
    for (header in library)
        if (name ~ header && FILENAME !~ library[header])
            complain("<" name "> is used in " library[header] " only")
    if (room_of_include(name) != "")
        complain("<" name "> is ours: write it in quotes")
}

/(^|[^a-zA-Z0-9_])(clock_gettime|gettimeofday|time|rand|random|getrandom)[(]/ &&
    !/^[ \t]*([*]|\/[*])/ && room_of_file(FILENAME) ~ /^(base|config|model|core .*)$/ {
    complain("a pure room reads no clock and draws no lots")
}

END { exit bad }
' $sources
