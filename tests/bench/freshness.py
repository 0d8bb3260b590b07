# SPDX-License-Identifier: Apache-2.0
"""From the door's answer to what SQL shows: one request of one record at a time, each sent in its time whatever became of
the others (an open loop), through a door, ingest and the aggregator, with the router deciding each beside it. Seen in SQL
is an event once the position that is committed with it is; positions are asked for every few milliseconds.

usage: freshness.py [SECONDS] [PACE]      default 30 s at 1,000 requests a second

Beside it what a request costs each part in CPU, of all that happens meanwhile, the bench itself included.

A broker that was just started compiles what it runs for half a minute and takes half a core for that; so it is told as many
a second for that long beforehand, and what a start costs is no request's.

Stage by stage: the door's answer (raw is written), then on `events` (read committed by a reader of its own), then in
SQL. Ends 1 when p99 from the answer to SQL is above 500 ms, or something is not there."""
import multiprocessing
import os
import sys
import time

import psycopg2
from confluent_kafka import Consumer, TopicPartition

import verdicts
from aggregator_stage import AggregatorStage
from bench import alone
from clockwork import Clockwork, postmaster_of
from ingest_door import write_keys
from latency import LatencyBench, LatencyStage, Sender, at
from stage import ROOT, until

MOST_S, STRETCH_S = 0.5, 0.2
WARM_S, WARM_PACE = 30, 1000
LAST_S = 10  # after the last answer everything is there
ASK_S = 0.008
CONNECTIONS = 16  # one that was just closed may still count among those that an address may have


class FreshnessStage(AggregatorStage):
    needed = (*LatencyStage.needed, "status.<unit>", "contacts")


def read_events(brokers, starts, ready, stop, results):
    """Where each case's first event stands, and when it could be read; in a process of its own."""
    consumer = Consumer({"bootstrap.servers": brokers, "group.id": "freshness-reader", "enable.auto.commit": False,
                         "isolation.level": "read_committed", "auto.offset.reset": "error", "fetch.wait.max.ms": 10})
    consumer.assign([TopicPartition(topic, part, offset) for (topic, part), offset in starts.items()])
    seen = {}
    ready.set()
    while not stop.is_set():
        message = consumer.poll(0.05)
        if message is not None and not message.error() and message.key():
            seen.setdefault(message.key(), (message.partition(), message.offset(), time.monotonic()))
    results.put(seen)


def watch_positions(conninfo, topic, ready, stop, results):
    """[(when, partition, next offset)] of each move."""
    connection, known, moves = psycopg2.connect(conninfo), {}, []
    connection.autocommit = True
    cursor = connection.cursor()
    ready.set()
    while not stop.wait(ASK_S):
        cursor.execute("SELECT part, next_offset FROM core.kafka_offset WHERE topic = %s", (topic,))
        now = time.monotonic()
        for part, offset in cursor.fetchall():
            if known.get(part) != offset:
                known[part] = offset
                moves.append((now, part, offset))
    connection.close()
    results.put(moves)


class Watchers:
    """Both, while something is sent."""

    def __init__(self, *watchers):
        self.stop, self.started = multiprocessing.Event(), []
        for watch, *arguments in watchers:
            ready, results = multiprocessing.Event(), multiprocessing.Queue()
            process = multiprocessing.Process(target=watch, args=(*arguments, ready, self.stop, results))
            process.start()
            self.started.append((process, results))
            assert ready.wait(20), "%s does not begin" % watch.__name__

    def end(self):
        self.stop.set()
        found = [results.get(timeout=60) for _, results in self.started]
        for process, _ in self.started:
            process.join(10)
        return found


class FreshnessBench(LatencyBench):
    def run(self, pace, seconds, database="fresh"):
        """Seconds of each stage, sorted; how late the sender was."""
        stage, requests, topic = self.stage, self.requests(int(pace * seconds)), self.prefix + "events"
        watchers = Watchers((read_events, stage.brokers, stage.ends_of([topic])),
                            (watch_positions, stage.conninfo(database), topic))
        sender = Sender(self.port, CONNECTIONS)
        try:
            time.sleep(1)
            sender.run(requests, pace)
            time.sleep(LAST_S)
        finally:
            seen, moves = watchers.end()
        return {"answer": sender.took, **self.stages(sender.answered, seen, moves)}, sender.late

    @staticmethod
    def stages(answered, seen, moves):
        shown = {}  # partition: [(when, next offset)]
        for when, part, offset in moves:
            shown.setdefault(part, []).append((when, offset))
        stages = {"events": [], "view": [], "whole": []}
        for key, answer in answered.items():
            assert key in seen, "%s is not on events" % key
            part, offset, readable = seen[key]
            view = next((when for when, reached in shown.get(part, ()) if reached > offset), None)
            assert view is not None, "%s is not in SQL %d s after the last answer" % (key, LAST_S)
            stages["events"].append(max(0.0, readable - answer))
            stages["view"].append(max(0.0, view - readable))
            stages["whole"].append(max(0.0, view - answer))
        return stages


def measure(stage, pace, seconds):
    prefix, port, keys = "fresh.", stage.free_port(), stage.run / "keys.csv"
    stage.topics(prefix)
    stage.database("fresh")
    write_keys(keys)
    with stage.daemon("ingest", prefix, "ingest", role="both", listen="127.0.0.1:%d" % port, keys=keys, rate=1000000,
                      burst=10000000) as ingest, stage.daemon("router", prefix, "router") as router, \
            stage.daemon("aggregator", prefix, "aggregator", postgres=stage.conninfo("fresh"), api="127.0.0.1:0") as aggregator:
        daemons = (ingest, router, aggregator)
        until(lambda: stage.is_open(ingest, port), "the door takes records", 60)
        until(lambda: stage.ask("fresh", "SELECT to_regclass('core.kafka_offset') IS NOT NULL")[0][0], "the schema is there", 60)
        until(lambda: stage.ask("fresh", "SELECT count(*) FROM core.kafka_offset")[0][0] > 0, "partitions are taken", 60)
        bench = FreshnessBench(stage, port, prefix)
        bench.run(WARM_PACE, WARM_S)
        clockwork = Clockwork(stage, {"ingest": ingest, "router": router, "aggregator": aggregator}, postmaster_of(stage))
        own = time.process_time() + sum(os.times()[2:4])
        stages, late = bench.run(pace, seconds)
        cpu = clockwork.since()
        cpu["bench"] = time.process_time() + sum(os.times()[2:4]) - own
        assert all(process.poll() is None for process in daemons), "a daemon ended: " + stage.last_words()
        cases, = stage.ask("fresh", "SELECT count(*) FROM core.case_now WHERE kind = 'request' AND opened_ms IS NOT NULL")[0]
        assert cases == bench.sent, "%d requests were sent, %d are in SQL" % (bench.sent, cases)
    names = {"answer": "the door's answer", "events": "then readable on events", "view": "then in SQL",
             "whole": "from the answer to SQL"}
    print("%d requests at %d/s for %g s, the sender %.0f ms late at most" % (len(stages["whole"]), pace, seconds, late * 1e3))
    many = len(stages["whole"])
    print("CPU a request: %s" % ", ".join("%s %.0f us" % (name, used * 1e6 / many) for name, used in cpu.items()))
    for stage_name, values in stages.items():
        values.sort()
        print("%-26s p50 %4.0f ms   p99 %4.0f ms   most %4.0f ms" % (
            names[stage_name], at(values, 0.5) * 1e3, at(values, 0.99) * 1e3, values[-1] * 1e3))
        must = MOST_S if stage_name == "whole" else None
        yield verdicts.metric("p50 of %s, s" % stage_name, at(values, 0.5), None, None, "lower")
        yield verdicts.metric("p99 of %s, s" % stage_name, at(values, 0.99), must, must and STRETCH_S, "lower")


def main(arguments):
    if arguments[:1] in (["-h"], ["--help"]):
        print(__doc__)
        return 0
    seconds, pace = float(arguments[0]) if arguments else 30, int(arguments[1]) if arguments[1:] else 1000
    lock = alone()
    stage = FreshnessStage(ROOT / os.environ.get("CITYBRAIN_BIN", "build/release"))
    try:
        stage.start()
        metrics = list(measure(stage, pace, seconds))
    finally:
        stage.keep_logs()
        stage.stop()
        lock.close()
    print()
    verdicts.print_metrics(metrics)
    kept, missed = verdicts.keep("freshness", metrics)
    print(kept)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
