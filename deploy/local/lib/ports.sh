# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# One block of 20 ports per run folder, the first free one from PORT_BASE (29000) upwards, remembered
# in ports.env together with the number of brokers:
#   +0 +1 +2 brokers   +3 +4 +5 their controllers   +6 … +19 the daemons
# All below 32768, where Linux hands out ports of its own. A remembered block is kept for ever, unless
# somebody else took a broker's port while all our brokers were down.

PORTS_PER_BLOCK=20

declare -A PORT_TAKEN=()

ports_look()
{
    local address state
    PORT_TAKEN=()
    while read -r _ address _ state _; do
        [ "$state" != 0A ] || PORT_TAKEN[$((16#${address##*:}))]=1
    done < <(cat /proc/net/tcp /proc/net/tcp6 2>/dev/null)
}

# ports_free FIRST COUNT
ports_free()
{
    local port
    for ((port = $1; port < $1 + $2; port++)); do
        [ -z "${PORT_TAKEN[$port]:-}" ] || return 1
    done
}

ports_pick()
{
    local base=${PORT_BASE:-29000} first
    case $base in '' | *[!0-9]*) fail "$EX_USAGE" "PORT_BASE=$base is not a number" "PORT_BASE=29000" ;; esac
    ports_look
    for ((first = base; first + PORTS_PER_BLOCK <= 65536 && first < base + 3000; first += PORTS_PER_BLOCK)); do
        if ports_free "$first" "$PORTS_PER_BLOCK"; then
            FIRST_PORT=$first
            ports_save
            return 0
        fi
    done
    fail "$EX_UNAVAILABLE" "no $PORTS_PER_BLOCK free ports in a row above $base" "set PORT_BASE elsewhere, for example 21000"
}

ports_save()
{
    printf 'FIRST_PORT=%s\nBROKER_COUNT=%s\n' "$FIRST_PORT" "$BROKER_COUNT" | write_file "$RUN/ports.env"
}

# ports_remembered NAME: a number from ports.env, or nothing. The file is read, never executed.
ports_remembered()
{
    [ ! -r "$RUN/ports.env" ] || sed -n "s/^$1=\([0-9]\{1,5\}\)\$/\1/p" "$RUN/ports.env" | tail -n 1
}

# Sets FIRST_PORT and BROKER_COUNT. The number of brokers is fixed once storage is formatted.
ports_load()
{
    local remembered
    FIRST_PORT=$(ports_remembered FIRST_PORT)
    remembered=$(ports_remembered BROKER_COUNT)
    BROKER_COUNT=${BROKERS:-${remembered:-1}}
    case $BROKER_COUNT in
    1 | 3) ;;
    *) fail "$EX_USAGE" "BROKERS=$BROKER_COUNT: one broker or three" "BROKERS=1 or BROKERS=3" ;;
    esac
    if [ -n "$remembered" ] && [ "$remembered" != "$BROKER_COUNT" ] && [ -e "$RUN/kafka/cluster.id" ]; then
        fail "$EX_CONFIG" "BROKERS=$BROKER_COUNT, but $RUN holds the data of $remembered" \
            "'deploy/local/parts wipe' throws that data away; or set CITYBRAIN_RUN to another folder"
    fi
    if [ -z "$FIRST_PORT" ]; then
        ports_pick
    elif [ "$remembered" != "$BROKER_COUNT" ]; then
        ports_save
    fi
}

broker_port()
{
    printf '%s\n' "$((FIRST_PORT + $1 - 1))"
}

controller_port()
{
    printf '%s\n' "$((FIRST_PORT + 2 + $1))"
}
