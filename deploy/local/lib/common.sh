# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034 # names are used in the files beside it
# What kafka.sh and postgres.sh share: messages, the run folder, the lock, processes and ports.
#
# A part is recognised by one argument of its command line that nobody else has (its mark: it holds
# the full path of the run folder), never by a pid alone: pids are reused and .run/ may be older than
# the last boot. Only processes that carry our mark are ever signalled, one by one, by pid.

EX_USAGE=64 EX_UNAVAILABLE=69 EX_SOFTWARE=70 EX_CONFIG=78

# fail CODE CAUSE FIX
fail()
{
    printf 'parts: %s\n  fix: %s\n' "$2" "$3" >&2
    exit "$1"
}

say()
{
    printf 'parts: %s\n' "$*" >&2
}

# Sets RUN. The folder must be passable for the user who runs PostgreSQL, whatever the umask is.
run_folder()
{
    local wanted=${CITYBRAIN_RUN:-$ROOT/.run}
    [ -d "$wanted" ] || (umask 022 && mkdir -p -- "$wanted") ||
        fail "$EX_UNAVAILABLE" "cannot make the folder $wanted" "set CITYBRAIN_RUN to a folder you may write"
    RUN=$(cd -- "$wanted" && pwd -P)
    case $RUN in
    *[!A-Za-z0-9/._+@,-]*)
        fail "$EX_CONFIG" "the run folder's path has characters that server settings cannot carry: $RUN" \
            "set CITYBRAIN_RUN to a plainer path" ;;
    esac
}

# One start or stop at a time per run folder. Descriptor 9 is closed in everything launched.
run_lock()
{
    exec 9>"$RUN/parts.lock"
    flock -w 180 9 ||
        fail "$EX_UNAVAILABLE" "another parts command has been busy in $RUN for 3 minutes" "wait for it, or end it"
}

# write_file PATH < text: never seen half-written.
write_file()
{
    cat >"$1.new" && mv -f -- "$1.new" "$1"
}

# process_has_mark PID MARK. /proc/PID/root tells apart a chroot with the same path inside.
process_has_mark()
{
    case $1 in '' | *[!0-9]*) return 1 ;; esac
    grep -qzxF -- "$2" "/proc/$1/cmdline" 2>/dev/null && [ "/proc/$1/root" -ef / ]
}

# process_find MARK PIDFILE: prints the pid of the running part, status 1 if there is none.
process_find()
{
    local pid=''
    [ ! -r "$2" ] || read -r pid _ <"$2" || true
    if process_has_mark "$pid" "$1"; then
        printf '%s\n' "$pid"
        return 0
    fi
    # The pattern goes through standard input, so that grep's own command line does not match.
    for pid in $(grep -lzxF -f - /proc/[0-9]*/cmdline 2>/dev/null <<<"$1" | cut -d/ -f3 | sort -n); do
        if process_has_mark "$pid" "$1"; then
            printf '%s\n' "$pid"
            return 0
        fi
    done
    return 1
}

# process_launch PIDFILE OUTPUT COMMAND...: detached, in a session of its own.
process_launch()
{
    local pidfile=$1 output=$2
    shift 2
    setsid "$@" </dev/null >>"$output" 2>&1 9>&- &
    printf '%s\n' "$!" | write_file "$pidfile"
    disown
}

# process_leaves PID: a dying process loses its command line before it closes its ports.
process_leaves()
{
    local state
    state=$(sed 's/.*) //; s/ .*//' "/proc/$1/stat" 2>/dev/null) || return 1
    case $state in '' | Z | X) return 1 ;; esac
    ! grep -qz . "/proc/$1/cmdline" 2>/dev/null
}

# process_gone PID MARK SECONDS: waits; status 1 if it is still there.
process_gone()
{
    local until=$((SECONDS + $3))
    while process_has_mark "$1" "$2" || process_leaves "$1"; do
        [ "$SECONDS" -lt "$until" ] || return 1
        sleep 0.1
    done
}

# process_end PID MARK SIGNAL SECONDS: asks, waits, then kills.
process_end()
{
    process_has_mark "$1" "$2" || return 0
    kill "-$3" "$1" 2>/dev/null || true
    process_gone "$1" "$2" "$4" && return 0
    say "pid $1 did not end within $4 s of SIG$3: killing it"
    kill -KILL "$1" 2>/dev/null || true
    process_gone "$1" "$2" 10 ||
        fail "$EX_SOFTWARE" "pid $1 survives SIGKILL" "look at it with: cat /proc/$1/status"
}
