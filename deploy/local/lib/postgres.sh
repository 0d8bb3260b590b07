# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# A private PostgreSQL cluster: Unix socket only, in a folder that only its owner may enter (and root),
# so trust authentication is as strong as the file system. Roles: postgres (superuser) and citybrain
# (owner of the database citybrain, may create roles).
#
# PostgreSQL refuses to run as root, so root lends it to the user postgres, or nobody. Where that user
# cannot reach $RUN/postgres (a checkout below /root), the cluster lives in a folder below /var/tmp,
# remembered in $RUN/postgres.home.

# Sets PG_BIN: the newest server of at least version 15.
postgres_binaries()
{
    local bin version
    for bin in $(printf '%s\n' /usr/lib/postgresql/*/bin | sort -rV) "$(dirname "$(command -v postgres || echo /nowhere/x)")"; do
        [ -x "$bin/postgres" ] && [ -x "$bin/initdb" ] || continue
        version=$("$bin/postgres" --version | sed 's/[^0-9]*\([0-9]*\).*/\1/')
        if [ "$version" -ge 15 ]; then
            PG_BIN=$bin
            return 0
        fi
    done
    fail "$EX_UNAVAILABLE" "no PostgreSQL server of version 15 or later is installed" "make deps"
}

# Sets PG_AS: the words before a command that must run as the cluster's user.
postgres_user()
{
    local user owner=''
    PG_AS=()
    [ ! -d "$PG_HOME/data" ] || owner=$(stat -c %U "$PG_HOME/data")
    if [ "$(id -u)" != 0 ]; then
        [ -z "$owner" ] || [ "$owner" = "$(id -un)" ] || fail "$EX_UNAVAILABLE" "the cluster in $PG_HOME belongs to $owner" \
            "run as the user who made it, or set CITYBRAIN_RUN to another folder"
        return 0
    fi
    for user in "$owner" postgres nobody; do
        if [ -n "$user" ] && [ "$user" != root ] && id -u "$user" >/dev/null 2>&1; then
            PG_AS=(setpriv "--reuid=$user" "--regid=$(id -g "$user")" --clear-groups --)
            PG_OWNER=$user
            return 0
        fi
    done
    fail "$EX_UNAVAILABLE" "PostgreSQL does not run as root, and there is no user postgres or nobody" "make deps, or run as an ordinary user"
}

postgres_reachable()
{
    # A working folder that the user may enter, or shells complain.
    (cd / && "${PG_AS[@]}" test -w "$1" -a -x "$1")
}

# A copied checkout brings the notes of its original along, so a folder outside says whose it is.
postgres_ours()
{
    [ -n "$1" ] && [ "$(cat "$1/run_folder" 2>/dev/null)" = "$RUN" ]
}

# Sets PG_HOME and PG_SOCKET. make=1 makes the folders, make=0 only looks.
postgres_home()
{
    local make=$1 remembered=''
    [ ! -r "$RUN/postgres.home" ] || read -r remembered <"$RUN/postgres.home" || true
    PG_HOME=$RUN/postgres
    if postgres_ours "$remembered"; then
        PG_HOME=$remembered
    fi
    if [ "$make" = 1 ]; then
        postgres_user
        postgres_folders
    fi
    PG_SOCKET=$PG_HOME/socket
    if [ -L "$PG_SOCKET" ] && postgres_ours "$(readlink "$PG_SOCKET")"; then
        PG_SOCKET=$(readlink "$PG_SOCKET")
    fi
}

postgres_folders()
{
    [ -d "$PG_HOME" ] || mkdir -m 755 "$PG_HOME"
    if [ "${#PG_AS[@]}" -gt 0 ]; then
        chown "$PG_OWNER" "$PG_HOME"
        if ! postgres_reachable "$PG_HOME"; then
            rmdir "$PG_HOME" 2>/dev/null || true
            PG_HOME=$(mktemp -d /var/tmp/citybrain-postgres.XXXXXX)
            chmod 755 "$PG_HOME"
            chown "$PG_OWNER" "$PG_HOME"
            printf '%s\n' "$RUN" >"$PG_HOME/run_folder"
            printf '%s\n' "$PG_HOME" | write_file "$RUN/postgres.home"
            say "user $PG_OWNER cannot reach $RUN: the PostgreSQL cluster lives in $PG_HOME"
        fi
    fi
    postgres_socket_folder
}

# A socket's whole path has at most 107 bytes: a deep checkout gets a short folder and a link to it.
postgres_socket_folder()
{
    local socket=$PG_HOME/socket short
    if [ -L "$socket" ]; then
        ! postgres_ours "$(readlink "$socket")" || return 0
        rm -f "$socket"
    fi
    if [ "${#socket}" -gt 90 ]; then
        short=$(mktemp -d /tmp/citybrain-socket.XXXXXX)
        printf '%s\n' "$RUN" >"$short/run_folder"
        ln -s "$short" "$socket"
        socket=$short
    fi
    [ -d "$socket" ] || mkdir "$socket"
    chmod 700 "$socket"
    [ "${#PG_AS[@]}" = 0 ] || chown "$PG_OWNER" "$socket"
}

postgres_mark()
{
    printf -- '-D%s/data\n' "$PG_HOME"
}

postgres_pid()
{
    process_find "$(postgres_mark)" "$PG_HOME/data/postmaster.pid"
}

postgres_as()
{
    (cd / && "${PG_AS[@]}" "$@" 9>&-)
}

# The cluster is made aside and moved into place, so an interrupted initdb leaves nothing half-made.
postgres_init()
{
    [ ! -s "$PG_HOME/data/PG_VERSION" ] || return 0
    say "making a PostgreSQL cluster in $PG_HOME"
    [ ! -e "$PG_HOME/data" ] || fail "$EX_CONFIG" "$PG_HOME/data is not a whole PostgreSQL cluster" \
        "'deploy/local/parts wipe' throws it away and the next start makes it anew"
    rm -rf "$PG_HOME/data.new"
    if ! postgres_as "$PG_BIN/initdb" -D "$PG_HOME/data.new" -U postgres -A trust -E UTF8 --locale=C.UTF-8 >"$PG_HOME/initdb.out" 2>&1; then
        cat "$PG_HOME/initdb.out" >&2
        fail "$EX_UNAVAILABLE" "initdb failed (above)" "free disk space? a writable $PG_HOME? then start again"
    fi
    # shellcheck disable=SC2016 # for the inner shell
    postgres_as sh -c 'echo "include '\''citybrain.conf'\''" >>"$1"' sh "$PG_HOME/data.new/postgresql.conf"
    mv "$PG_HOME/data.new" "$PG_HOME/data"
}

postgres_settings()
{
    cat <<EOF
listen_addresses = ''
unix_socket_directories = '$PG_SOCKET'
port = 5432
max_connections = 60
shared_buffers = 256MB
max_wal_size = 1GB
fsync = on
wal_compression = lz4
default_toast_compression = lz4
timezone = 'UTC'
log_timezone = 'UTC'
log_line_prefix = '%m [%p] %a '
EOF
}

postgres_server_version()
{
    local has wants
    has=$(cat "$PG_HOME/data/PG_VERSION")
    wants=$("$PG_BIN/postgres" --version | sed 's/[^0-9]*\([0-9]*\).*/\1/')
    [ "$has" = "$wants" ] && return 0
    [ -x "/usr/lib/postgresql/$has/bin/postgres" ] ||
        fail "$EX_CONFIG" "the cluster in $PG_HOME was made by PostgreSQL $has, installed is $wants" \
            "install postgresql-$has, or 'deploy/local/parts wipe' to begin anew"
    PG_BIN=/usr/lib/postgresql/$has/bin
}

# No process of this cluster runs when this is called, so what a dead postmaster left may go: after a
# reboot its pid can belong to anybody, and PostgreSQL would wait for that process.
postgres_launch()
{
    rm -f "$PG_HOME/data/postmaster.pid" "$PG_SOCKET"/.s.PGSQL.*
    postgres_settings | write_file "$PG_HOME/data/citybrain.conf"
    [ "${#PG_AS[@]}" = 0 ] || chown "$PG_OWNER" "$PG_HOME/data/citybrain.conf"
    (cd / && process_launch "$PG_HOME/pid" "$PG_HOME/server.log" "${PG_AS[@]}" "$PG_BIN/postgres" "$(postgres_mark)")
}

# Status 1 when the server ended by itself.
postgres_wait()
{
    local until=$((SECONDS + 120)) pid
    while ! "$PG_BIN/pg_isready" -q -h "$PG_SOCKET" -p 5432; do
        read -r pid <"$PG_HOME/pid" || pid=0
        case $(sed 's/.*) //; s/ .*//' "/proc/$pid/stat" 2>/dev/null) in '' | Z | X) return 1 ;; esac
        [ "$SECONDS" -lt "$until" ] || fail "$EX_UNAVAILABLE" "PostgreSQL does not answer after 120 s" "read $PG_HOME/server.log"
        sleep 0.1
    done
}

postgres_sql()
{
    postgres_as "$PG_BIN/psql" -X -q -A -t -v ON_ERROR_STOP=1 -h "$PG_SOCKET" -p 5432 -U postgres "$@"
}

postgres_database()
{
    [ -n "$(postgres_sql -d postgres -c "SELECT 1 FROM pg_roles WHERE rolname = 'citybrain'")" ] ||
        postgres_sql -d postgres -c 'CREATE ROLE citybrain LOGIN CREATEROLE'
    [ -n "$(postgres_sql -d postgres -c "SELECT 1 FROM pg_database WHERE datname = 'citybrain'")" ] ||
        postgres_sql -d postgres -c 'CREATE DATABASE citybrain OWNER citybrain'
}

postgres_start()
{
    local try began=$SECONDS
    postgres_home 1
    postgres_binaries
    if postgres_pid >/dev/null; then
        "$PG_BIN/pg_isready" -q -t 10 -h "$PG_SOCKET" -p 5432 ||
            fail "$EX_UNAVAILABLE" "PostgreSQL runs (pid $(postgres_pid)) but does not answer" "deploy/local/parts stop and start"
        postgres_database
        return 0
    fi
    postgres_init
    postgres_server_version
    # After a kill -9 the dead server's children hold its shared memory for a moment.
    for try in 1 2 3 4 5 6 7 8; do
        postgres_launch
        postgres_wait && break
        [ "$try" -lt 8 ] && tail -n 5 "$PG_HOME/server.log" | grep -q 'shared memory block' && sleep 1 && continue
        tail -n 12 "$PG_HOME/server.log" >&2
        fail "$EX_UNAVAILABLE" "PostgreSQL ended while starting (its last words are above)" "read $PG_HOME/server.log"
    done
    postgres_database
    say "postgres is ready at $PG_SOCKET ($((SECONDS - began)) s)"
}

# postgres_stop SIGNAL SECONDS: INT is fast, QUIT immediate, KILL a crash.
postgres_stop()
{
    local pid
    postgres_home 0
    if pid=$(postgres_pid); then
        process_end "$pid" "$(postgres_mark)" "$1" "$2"
    fi
    rm -f "$PG_HOME/pid"
}

postgres_status()
{
    local pid word=down
    postgres_home 0
    if ! pid=$(postgres_pid); then
        pid=-
    elif command -v pg_isready >/dev/null && pg_isready -q -t 1 -h "$PG_SOCKET" -p 5432; then
        word=up
    else
        word=silent
    fi
    printf 'postgres\tpid %s\t%s\t%s\n' "$pid" "$PG_SOCKET" "$word"
    [ "$word" = up ]
}

postgres_wipe()
{
    postgres_home 0
    case $PG_SOCKET in
    /tmp/citybrain-socket.??????) rm -rf -- "$PG_SOCKET" ;;
    esac
    rm -rf -- "$PG_HOME" "$RUN/postgres" "$RUN/postgres.home"
}
