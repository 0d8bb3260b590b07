# SPDX-License-Identifier: Apache-2.0
"""The path's cost beside its limits, on one real broker and one real database, in one run.

  pass       a plain copy            pass-eos   the transform loop as a pure copy
  eos-sized  the loop reading `raw`, writing canned records of `events`' sizes     ingest's limit
  pass-fan   the loop writing canned decisions, work orders and state              router's limit
  bare       the aggregator's own upserts, recorded and sent again                 its database's limit
  copy       the same rows by COPY into tables without an index

usage: bench.py [ROUNDS] [RECORDS] [SUBJECT...]     default: 5 rounds, 100000 orders, all subjects

Per round, in rotated order, each limit runs twice, around what it is the limit of. The figure is the
median of in-round ratios; a round whose two limits differ by more than 15 % does not count for that
ratio. Ends 1 when a must is missed."""
import contextlib
import fcntl
import json
import os
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from confluent_kafka import KafkaError, TopicPartition

import router_bundle
from aggregator_stage import AggregatorStage
from orders import Orders
from stage import ROOT, Meter, Stage, bundle, cpu_of

SAMPLE = 1000  # canned bundles
SPREAD = 1.15
MOST_SECONDS = 660
RATIOS = {  # subject: (its limit, figure, must, stretch)
    "ingest": ("eos-sized", "us", 2.0, 1.25),
    "router": ("pass-fan", "us", 2.0, 1.25),
    "aggregator": ("bare", "pg", 1.5, 1.1),
}
MEMORY = {"must": 128, "stretch": 64}
ORDER = ("pass", "pass-eos", "eos-sized", "ingest", "eos-sized", "pass-fan", "router", "pass-fan",
         "bare", "aggregator", "bare", "copy")


def say(text):
    print(text, file=sys.stderr, flush=True)


class PathStage(AggregatorStage):
    needed = Stage.needed


class Bench:
    def __init__(self, stage, records):
        self.stage, self.records = stage, records
        self.runs = 0

    def group(self, name):
        self.runs += 1
        return "%s%d" % (name, self.runs)

    # --- what the rounds read and write ---

    def prepare(self):
        stage, n = self.stage, self.records
        self.rules = router_bundle.write(stage.run, stage.config, "rules")  # what triggers cost: make bench-router
        for prefix in ("in.", "new.", "full.", "out.", "fan.", "void."):
            stage.topics(prefix)
        stage.load("in.raw", Orders(ROOT / "config").records(n))
        with stage.daemon("ingest", "in.", "first", role="normaliser") as process:
            stage.wait_read(process, "in.first", "in.raw", n)
        self.copy_topic("in.events", "new.events")
        self.copy_topic("in.events", "full.events")
        with stage.daemon("router", "full.", "first", config=self.rules) as process:
            stage.wait_read(process, "full.first", "full.events", 2 * n)
        self.read_back()
        self.record_statements()

    def copy_topic(self, source, target):
        stage = self.stage
        with stage.program("pass", stage.binaries / "bench/pass", stage.brokers, source, target) as process:
            copied = json.loads(process.stdout.readline())["records"]
            assert copied >= self.records, (source, copied)

    def read_topics(self, topics):
        """Every record of some topics, at once."""
        stage = self.stage
        consumer = stage.consumer("bench-reader")
        waiting = {}
        for topic in topics:
            waiting.update({(topic, part): None for part in stage.parts_of(topic)})
        consumer.assign([TopicPartition(topic, part, 0) for topic, part in waiting])
        while waiting:
            for message in consumer.consume(10000, timeout=1):
                if not message.error():
                    yield message
                elif message.error().code() == KafkaError._PARTITION_EOF:
                    waiting.pop((message.topic(), message.partition()), None)
                else:
                    raise RuntimeError(message.error())
        consumer.close()

    def read_back(self):
        """What the daemons wrote becomes the canned bytes of their limits."""
        stage = self.stage
        events, decided = {}, {}
        for message in self.read_topics(["full.events"]):
            if message.key() is None or message.key().startswith(b"ledger:"):
                continue
            where = decided if b".dispatched.v1" in message.value()[:200] else events
            where.setdefault(message.key(), []).append((0, b"", message.headers()[0][1], message.value()))
        assert len(decided) == len(events) == self.records, (len(decided), len(events))
        picked = set(random.Random(1).sample(sorted(decided), min(SAMPLE, len(decided))))
        units = [t for t in stage.monitor("e2e-reader").list_topics(timeout=10).topics if t.startswith("full.dispatch.")]
        orders = 0
        for message in self.read_topics(units):
            orders += 1
            if message.key() in picked:
                decided[message.key()].append((1, message.topic()[len("full.dispatch."):].encode(),
                                               message.headers()[0][1], message.value()))
        states = {message.key(): message.value() for message in self.read_topics(["full.state.cases"])}
        for key in picked:
            decided[key].append((2, b"", b"", states[key]))
        self.eos_canned, self.fan_canned = stage.run / "events.canned", stage.run / "fan.canned"
        self.eos_canned.write_bytes(b"".join(bundle(events[key]) for key in sorted(picked)))
        # A decision read back is answered by nothing.
        self.fan_canned.write_bytes(b"".join(bundle(decided[key]) + bundle([]) for key in sorted(picked)))
        mean = [statistics.mean(len(o[3]) for key in picked for o in found[key] if o[0] == stream)
                for found, stream in ((events, 0), (decided, 0), (decided, 1), (decided, 2))]
        self.about = ("%d orders; opened %d B, dispatched %d B, work order %d B (%.2f a decision), set %d B" %
                      (self.records, *mean[:3], orders / self.records, mean[3]))
        say(self.about)

    def record_statements(self):
        stage = self.stage
        stage.shape("bench_shape")
        recorder = stage.record("full.", "bench_shape", 2 * self.records)
        self.script = stage.run / "script"
        recorder.write_script(self.script)
        self.copies = list(recorder.copies())
        say("recorded: %d transactions, rows %s" % (len(self.copies), recorder.counts()))

    # --- subjects: each one run, as figures a record ---

    def run_pass(self):
        stage = self.stage
        with stage.program("pass", stage.binaries / "bench/pass", stage.brokers, "in.raw", "out.events") as process:
            meter = Meter(stage, process.pid, self.records)
            process.stdout.readline()
            with contextlib.suppress(FileNotFoundError):
                return self.ended(process, meter)

    @staticmethod
    def ended(process, meter):
        """A program that ended by itself: its figures are the ones of the dead child."""
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        assert process.returncode == 0
        micro = 1e6 / meter.records
        return {"us": (usage.ru_utime + usage.ru_stime) * micro, "rss": usage.ru_maxrss / 1024,
                "broker": (cpu_of(meter.stage.broker_pid) - meter.broker) * micro,
                "seconds": time.monotonic() - meter.began}

    def run_pass_eos(self):
        stage, group = self.stage, self.group("eos")
        with stage.program("pass-eos", stage.binaries / "bench/pass_eos", stage.brokers, "in.raw", "out.events", 1,
                           PASS_GROUP=group, PASS_NOTES=str(stage.run / "notes")) as process:
            meter = Meter(stage, process.pid, self.records)
            stage.wait_read(process, group, "in.raw", self.records)
            return meter.read()

    def run_eos_sized(self):
        stage, group = self.stage, self.group("sized")
        with stage.fan("eos-sized", "in.raw", "out.", self.eos_canned, group) as process:
            meter = Meter(stage, process.pid, self.records)
            stage.wait_read(process, group, "in.raw", self.records)
            return meter.read()

    def run_ingest(self):
        stage, group = self.stage, self.group("ingest")
        with stage.daemon("ingest", "in.", group, role="normaliser") as process:
            meter = Meter(stage, process.pid, self.records)
            stage.wait_read(process, "in." + group, "in.raw", self.records)
            return meter.read()

    def run_pass_fan(self):
        stage, group = self.stage, self.group("fan")
        state = self.group("state") + "."
        stage.topics(state)
        with stage.fan("pass-fan", "full.events", "fan.", self.fan_canned, group, state + "state.cases") as process:
            meter = Meter(stage, process.pid, 2 * self.records)
            stage.wait_read(process, group, "full.events", 2 * self.records)
            return meter.read()

    def run_router(self):
        stage, prefix = self.stage, self.group("r") + "."
        stage.topics(prefix)
        self.copy_topic("new.events", prefix + "events")
        with stage.daemon("router", prefix, "router", config=self.rules) as process:
            meter = Meter(stage, process.pid, 2 * self.records)
            stage.wait_read(process, prefix + "router", prefix + "events", 2 * self.records)
            return meter.read()

    def run_aggregator(self):
        self.stage.database("bench_run", "bench_shape")
        return self.stage.aggregate("full.", "bench_run", 2 * self.records)

    def run_bare(self):
        self.stage.database("bench_run", "bench_shape")
        return self.stage.bare("bench_run", self.script, 2 * self.records)

    def run_copy(self):
        stage = self.stage
        stage.database("bench_run", "bench_shape")
        with contextlib.closing(stage.connect("bench_run", "citybrain")) as connection, connection.cursor() as cursor:
            cursor.execute("CREATE SCHEMA bare")
            for table in {copy[0] for transaction in self.copies for copy in transaction}:
                cursor.execute("CREATE TABLE %s (LIKE %s INCLUDING DEFAULTS)" % (table.replace("core.", "bare."), table))
            connection.commit()
            backend = connection.get_backend_pid()
            before, began = cpu_of(backend), time.monotonic()
            for transaction in self.copies:
                for table, columns, text, _ in transaction:
                    cursor.copy_expert("COPY %s (%s) FROM STDIN" % (table.replace("core.", "bare."), columns), Lines(text))
                connection.commit()
            return {"pg": (cpu_of(backend) - before) * 1e6 / (2 * self.records), "seconds": time.monotonic() - began}

    def run(self, subject):
        return getattr(self, "run_" + subject.replace("-", "_"))()


class Lines:
    """Text as a file that psycopg2 can read."""

    def __init__(self, text):
        self.bytes, self.at = text.encode(), 0

    def read(self, size=-1):
        end = len(self.bytes) if size < 0 else self.at + size
        piece = self.bytes[self.at:end]
        self.at += len(piece)
        return piece


def ratio_of(subject, figures):
    """This round's ratio, or None when its two limits differ too much."""
    limit, figure, _, _ = RATIOS[subject]
    limits = [f[figure] for f in figures.get(limit, [])]
    if len(limits) < 2 or subject not in figures:
        return None
    if max(limits) > SPREAD * min(limits):
        return None
    return figures[subject][0][figure] / statistics.mean(limits)


def play(bench, rounds, wanted):
    """Rounds until every ratio has enough of them, or the time is over."""
    order = [s for s in ORDER if s in wanted]
    began, played, ratios = time.monotonic(), [], {s: [] for s in RATIOS if s in wanted}
    while len(played) < rounds or any(len(r) < rounds for r in ratios.values()):
        spent = time.monotonic() - began
        if played and (spent + spent / len(played) > MOST_SECONDS or len(played) >= 2 * rounds):
            break
        figures, turn = {}, len(played) % max(1, len(order))
        for subject in order[turn:] + order[:turn]:
            figures.setdefault(subject, []).append(bench.run(subject))
        played.append(figures)
        for subject, found in ratios.items():
            ratio = ratio_of(subject, figures)
            if ratio is not None:
                found.append(ratio)
        say("round %d: %s" % (len(played), "  ".join(
            "%s %s" % (s, "%.2f" % r[-1] if r else "-") for s, r in ratios.items())))
    return played, ratios


def middle(played, subject, figure):
    found = [f[figure] for figures in played for f in figures.get(subject, []) if figure in f]
    return statistics.median(found) if found else None


def print_table(played, ratios):
    print("%-11s %9s %9s %9s %8s %8s" % ("", "us/rec", "broker us", "pg us", "RSS MiB", "seconds"))
    for subject in dict.fromkeys(ORDER):
        if not any(subject in figures for figures in played):
            continue
        cells = [middle(played, subject, figure) for figure in ("us", "broker", "pg", "rss", "seconds")]
        print("%-11s %9s %9s %9s %8s %8s" % (subject, *("-" if c is None else "%.2f" % c for c in cells[:3]),
                                             *("-" if c is None else "%.1f" % c for c in cells[3:])))
    for subject, found in ratios.items():
        limit, figure, must, _ = RATIOS[subject]
        if found:
            print("%s / %s (%s): %.2f, %.2f to %.2f in %d rounds; at most %.1f: %s" % (
                subject, limit, "CPU" if figure == "us" else "database CPU", statistics.median(found), min(found),
                max(found), len(found), must, "kept" if statistics.median(found) <= must else "MISSED"))
        else:
            print("%s / %s: no round counted" % (subject, limit))


def metrics_of(played, ratios, rounds):
    """The list for build/bench/path.json, and whether every must is kept."""
    metrics = []
    for subject, found in ratios.items():
        limit, figure, must, stretch = RATIOS[subject]
        metrics.append({"metric": "%s_%s_over_%s" % (subject, "cpu" if figure == "us" else "database_cpu", limit),
                        "value": round(statistics.median(found), 3) if len(found) >= min(rounds, 3) else None,
                        "range": [round(min(found), 3), round(max(found), 3)] if found else None,
                        "rounds": len(found), "must": must, "stretch": stretch, "better": "lower"})
        peak = max(f["rss"] for figures in played for f in figures[subject])
        metrics.append({"metric": subject + "_rss_mib", "value": round(peak, 1), **MEMORY, "better": "lower"})
    for subject in dict.fromkeys(ORDER):
        for figure, name in (("us", "cpu_us"), ("broker", "broker_cpu_us"), ("pg", "database_cpu_us")):
            value = middle(played, subject, figure)
            if value is not None:
                metrics.append({"metric": "%s_%s" % (subject, name), "value": round(value, 3), "must": None,
                                "stretch": None, "better": "lower"})
    missed = [m["metric"] for m in metrics
              if m["must"] is not None and (m["value"] is None or m["value"] > m["must"])]
    return metrics, missed


def alone():
    """One bench on this machine, and no other Kafka of ours beside it. Who is told to end takes along what he started."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    lock = open(Path(tempfile.gettempdir()) / "citybrain-bench.lock", "w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        sys.exit("bench: another bench is running; wait for it")
    others = subprocess.run(["pgrep", "-f", "-l", "citybrain.part=.*kafka.Kafka"], capture_output=True, text=True).stdout
    if others and not os.environ.get("BENCH_CROWDED"):
        sys.exit("bench: another Kafka of ours is running (make stop, or BENCH_CROWDED=1 to measure beside it):\n" + others)
    return lock


def main(arguments):
    if arguments[:1] in (["-h"], ["--help"]):
        print(__doc__)
        return 0
    rounds, records = int(arguments[0]) if arguments else 5, int(arguments[1]) if arguments[1:] else 100000
    wanted = set(arguments[2:]) or set(ORDER)
    wanted |= {RATIOS[subject][0] for subject in wanted & set(RATIOS)}
    if wanted - set(ORDER):
        sys.exit("bench: no subject %s; there are %s" % (", ".join(wanted - set(ORDER)), ", ".join(dict.fromkeys(ORDER))))
    lock = alone()
    stage = PathStage(ROOT / os.environ.get("CITYBRAIN_BIN", "build/release"))
    began = time.monotonic()
    try:
        stage.start()
        bench = Bench(stage, records)
        bench.prepare()
        say("prepared in %.0f s" % (time.monotonic() - began))
        played, ratios = play(bench, rounds, wanted)
    finally:
        if os.environ.get("BENCH_LOGS"):
            for path in stage.run.glob("*.log"):
                (Path(os.environ["BENCH_LOGS"]) / path.name).write_bytes(path.read_bytes())
        stage.stop()
        lock.close()
    print_table(played, ratios)
    metrics, missed = metrics_of(played, ratios, rounds)
    out = ROOT / "build/bench"
    out.mkdir(parents=True, exist_ok=True)
    (out / "path.json").write_text(json.dumps(metrics, indent=1) + "\n")
    print("%d rounds, %.0f s; build/bench/path.json; %s" % (
        len(played), time.monotonic() - began, "missed: " + ", ".join(missed) if missed else "every must kept"))
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
