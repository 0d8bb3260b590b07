# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Real Apache Kafka from its jars: KRaft, broker and controller in one JVM, loopback only.
# $RUN/kafka/<n>/: server.properties (written at every start), data, server.log, server.out, pid.

kafka_mark()
{
    printf -- '-Dcitybrain.part=%s/kafka/%s\n' "$RUN" "$1"
}

kafka_pid()
{
    process_find "$(kafka_mark "$1")" "$RUN/kafka/$1/pid"
}

kafka_bootstrap()
{
    local n list=''
    for ((n = 1; n <= BROKER_COUNT; n++)); do
        list+=${list:+,}127.0.0.1:$(broker_port "$n")
    done
    printf '%s\n' "$list"
}

# What a complete folder of jars says of itself: the pom it came from, every jar and its size.
kafka_jars_stamp()
{
    sha256sum <"$HERE/pom.xml"
    (cd "$1" && stat -c '%n %s' -- *.jar)
}

kafka_jars_complete()
{
    [ -s "$1/stamp" ] && kafka_jars_stamp "$1" 2>/dev/null | cmp -s - "$1/stamp"
}

# Sets JARS. The checkout's jars, which `make deps` fetches, serve every run folder; without them a run folder gets its own.
kafka_jars()
{
    JARS=$ROOT/.run/kafka/lib
    ! kafka_jars_complete "$JARS" || return 0
    JARS=$RUN/kafka/lib
    ! kafka_jars_complete "$JARS" || return 0
    command -v mvn >/dev/null || fail "$EX_UNAVAILABLE" "Maven (mvn) is not installed" "make deps"
    say "fetching Kafka's jars (once) to $JARS"
    mkdir -p "$RUN/kafka"
    rm -rf "$JARS" "$JARS.new"
    if ! mvn -q -B -f "$HERE/pom.xml" dependency:copy-dependencies "-DoutputDirectory=$JARS.new" \
        >"$RUN/kafka/maven.out" 2>&1 9>&-; then
        cat "$RUN/kafka/maven.out" >&2
        fail "$EX_UNAVAILABLE" "Maven could not fetch Kafka's jars (its words are above)" \
            "check the network, or a mirror in ~/.m2/settings.xml, and start again"
    fi
    rm -f "$RUN/kafka/maven.out"
    kafka_jars_stamp "$JARS.new" | write_file "$JARS.new/stamp"
    mv "$JARS.new" "$JARS"
}

kafka_voters()
{
    local n list=''
    for ((n = 1; n <= BROKER_COUNT; n++)); do
        list+=${list:+,}$n@127.0.0.1:$(controller_port "$n")
    done
    printf '%s\n' "$list"
}

# Replicas and quorums that fit the number of brokers; the rest is fit for a small machine and for
# tests that kill things: short clean-up of abandoned transactions, no waiting for group members.
kafka_properties()
{
    local n=$1 copies=$BROKER_COUNT in_sync=$(((BROKER_COUNT + 1) / 2))
    cat <<EOF
process.roles=broker,controller
node.id=$n
controller.quorum.voters=$(kafka_voters)
listeners=PLAINTEXT://127.0.0.1:$(broker_port "$n"),CONTROLLER://127.0.0.1:$(controller_port "$n")
advertised.listeners=PLAINTEXT://127.0.0.1:$(broker_port "$n")
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
inter.broker.listener.name=PLAINTEXT
controller.listener.names=CONTROLLER
log.dirs=$RUN/kafka/$n/data
auto.create.topics.enable=false
delete.topic.enable=true
num.partitions=1
default.replication.factor=$copies
min.insync.replicas=$in_sync
unclean.leader.election.enable=false
message.max.bytes=9437184
replica.fetch.max.bytes=9437184
offsets.topic.num.partitions=8
offsets.topic.replication.factor=$copies
offsets.retention.minutes=129600
transaction.state.log.num.partitions=4
transaction.state.log.replication.factor=$copies
transaction.state.log.min.isr=$in_sync
share.coordinator.state.topic.num.partitions=1
share.coordinator.state.topic.replication.factor=$copies
share.coordinator.state.topic.min.isr=$in_sync
transaction.max.timeout.ms=60000
transaction.abort.timed.out.transaction.cleanup.interval.ms=1000
group.initial.rebalance.delay.ms=0
broker.session.timeout.ms=6000
broker.heartbeat.interval.ms=1000
controlled.shutdown.enable=true
log.cleaner.dedupe.buffer.size=16777216
num.io.threads=4
num.network.threads=2
num.recovery.threads.per.data.dir=2
EOF
}

kafka_java()
{
    command -v java >/dev/null || fail "$EX_UNAVAILABLE" "Java is not installed" "make deps"
    local major
    major=$(java -version 2>&1 | sed -n 's/^[^"]*version "\([0-9]*\).*/\1/p' | head -n 1)
    [ "${major:-0}" -ge 17 ] ||
        fail "$EX_UNAVAILABLE" "java is version ${major:-unknown}, Kafka needs 17 or later" "make deps, or put Java 17 first in PATH"
}

kafka_cluster_id()
{
    if ! grep -qxE '[A-Za-z0-9_-]{22}' "$RUN/kafka/cluster.id" 2>/dev/null; then
        # 16 random bytes in base64url, as Kafka makes its own; a leading - would look like an option.
        printf 'c%s\n' "$(head -c 16 /dev/urandom | base64 | tr '+/' '-_' | cut -c2-22)" | write_file "$RUN/kafka/cluster.id"
    fi
    cat "$RUN/kafka/cluster.id"
}

# Formats broker n's storage unless that was finished before. Without the mark of a finished format no
# broker ever ran on it, so whatever lies there is an interrupted format and may go.
kafka_format()
{
    local dir=$RUN/kafka/$1 id
    id=$(kafka_cluster_id)
    if [ -e "$dir/formatted" ] && [ "$(cat "$dir/formatted")" = "$id" ] && [ -s "$dir/data/meta.properties" ]; then
        return 0
    fi
    [ ! -e "$dir/formatted" ] || fail "$EX_CONFIG" \
        "the storage of broker $1 in $dir was formatted for another cluster, or its meta.properties is gone" \
        "'deploy/local/parts wipe' throws the data away and the next start makes it anew"
    rm -rf "$dir/data"
    if ! java -Xmx128m -XX:+UseSerialGC -XX:-UsePerfData -XX:TieredStopAtLevel=1 "-Dlog4j2.configurationFile=$HERE/log4j2.properties" \
        "-Dcitybrain.log=$dir/format.log" -cp "$JARS/*" kafka.tools.StorageTool format --cluster-id "$id" \
        --config "$dir/server.properties" >"$dir/format.out" 2>&1 9>&-; then
        cat "$dir/format.out" >&2
        fail "$EX_SOFTWARE" "the storage of broker $1 could not be formatted (above)" "free disk space? then start again"
    fi
    printf '%s\n' "$id" | write_file "$dir/formatted"
}

# While none of our brokers runs, a port taken by somebody else means a new block.
kafka_ports()
{
    local n
    ports_look
    for ((n = 1; n <= BROKER_COUNT; n++)); do
        ! kafka_pid "$n" >/dev/null || continue
        if [ -n "${PORT_TAKEN[$(broker_port "$n")]:-}" ] || [ -n "${PORT_TAKEN[$(controller_port "$n")]:-}" ]; then
            ! kafka_any || fail "$EX_UNAVAILABLE" "a port of broker $n ($(broker_port "$n") or $(controller_port "$n")) is taken" \
                "deploy/local/parts stop && deploy/local/parts start picks other ports"
            say "ports from $FIRST_PORT are taken by somebody else: picking others"
            ports_pick
            return 0
        fi
    done
}

kafka_any()
{
    local n
    for ((n = 1; n <= BROKER_COUNT; n++)); do
        ! kafka_pid "$n" >/dev/null || return 0
    done
    return 1
}

kafka_launch()
{
    local n=$1 dir=$RUN/kafka/$1 heap=512m more=()
    read -ra more <<<"${KAFKA_OPTS:-}"
    [ "$BROKER_COUNT" = 1 ] || heap=320m
    rm -rf "$dir/tmp"
    mkdir -p "$dir/tmp"
    kafka_properties "$n" | write_file "$dir/server.properties"
    kafka_format "$n"
    : >"$dir/server.out"
    # Partitions are files: the soft limit of 1024 is soon reached.
    (
        ulimit -S -n "$(ulimit -H -n)" 2>/dev/null || true
        cd "$dir" && process_launch "$dir/pid" "$dir/server.out" java "-Xmx$heap" -Xms128m -XX:+UseSerialGC -XX:-UsePerfData \
            "${more[@]}" -XX:+ExitOnOutOfMemoryError -Djava.awt.headless=true "-Djava.io.tmpdir=$dir/tmp" \
            "-Dlog4j2.configurationFile=$HERE/log4j2.properties" "-Dcitybrain.log=$dir/server.log" "$(kafka_mark "$n")" \
            -cp "$JARS/*" kafka.Kafka "$dir/server.properties"
    )
}

# kafka_wait N NODES: broker N answers and names NODES brokers, itself among them.
kafka_wait()
{
    local pid
    pid=$(cat "$RUN/kafka/$1/pid" 2>/dev/null) || pid=0
    python3 "$HERE/kafka_ready.py" --node "$1" --nodes "$2" --pid "$pid" --seconds 90 \
        "127.0.0.1:$(broker_port "$1")" 9>&- && return 0
    tail -n 15 "$RUN/kafka/$1/server.out" "$RUN/kafka/$1/server.log" >&2 2>/dev/null || true
    if kafka_pid "$1" >/dev/null; then
        fail "$EX_UNAVAILABLE" "broker $1 runs but does not answer as it should" \
            "read $RUN/kafka/$1/server.log; deploy/local/parts stop and start it again"
    fi
    fail "$EX_UNAVAILABLE" "broker $1 ended while starting (its last words are above)" \
        "read $RUN/kafka/$1/server.log; if its data is broken: deploy/local/parts wipe"
}

# kafka_start [N]
kafka_start()
{
    local n pid first=${1:-1} last=${1:-$BROKER_COUNT} began=$SECONDS launched=0
    command -v python3 >/dev/null || fail "$EX_UNAVAILABLE" "python3 is not installed" "make deps"
    kafka_java
    kafka_jars
    kafka_ports
    for ((n = first; n <= last; n++)); do
        mkdir -p "$RUN/kafka/$n"
        if pid=$(kafka_pid "$n"); then
            printf '%s\n' "$pid" | write_file "$RUN/kafka/$n/pid"
        else
            kafka_launch "$n"
            launched=1
        fi
    done
    for ((n = first; n <= last; n++)); do
        kafka_wait "$n" $((last - first + 1))
    done
    [ "$launched" = 0 ] || say "kafka is ready at $(kafka_bootstrap) ($((SECONDS - began)) s)"
}

# kafka_stop [N]: all are asked at once. Of three controllers the last one finds no quorum to say
# goodbye to and would wait for minutes; its log is whole all the same, so it is killed after a while.
kafka_stop()
{
    local n pid first=${1:-1} last=${1:-$BROKER_COUNT} seconds=20
    [ "$first" = "$last" ] || seconds=5
    for ((n = first; n <= last; n++)); do
        if pid=$(kafka_pid "$n"); then
            kill -TERM "$pid" 2>/dev/null || true
        fi
    done
    for ((n = first; n <= last; n++)); do
        if pid=$(kafka_pid "$n"); then
            process_end "$pid" "$(kafka_mark "$n")" TERM "$seconds"
        fi
        rm -f "$RUN/kafka/$n/pid"
    done
}

# kafka_kill [N]: SIGKILL, for tests.
kafka_kill()
{
    local n pid
    for ((n = ${1:-1}; n <= ${1:-$BROKER_COUNT}; n++)); do
        pid=$(kafka_pid "$n") || continue
        process_end "$pid" "$(kafka_mark "$n")" KILL 10
    done
}

kafka_status()
{
    local n pid all_up=0 word
    for ((n = 1; n <= BROKER_COUNT; n++)); do
        word=down
        if ! pid=$(kafka_pid "$n"); then
            pid=-
        elif python3 "$HERE/kafka_ready.py" --node "$n" --nodes 1 --seconds 1 "127.0.0.1:$(broker_port "$n")" 2>/dev/null; then
            word=up
        else
            word=silent
        fi
        [ "$word" = up ] || all_up=1
        printf 'kafka-%s\tpid %s\t127.0.0.1:%s\t%s\n' "$n" "$pid" "$(broker_port "$n")" "$word"
    done
    return "$all_up"
}
