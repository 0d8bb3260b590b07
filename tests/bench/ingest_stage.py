# SPDX-License-Identifier: Apache-2.0
"""The subjects of `make bench-ingest` as runs: started, watched until their group has read all, ended; CPU of the
whole run and of its second half."""
import contextlib
import json
import os
import random
import socket
import statistics
import subprocess
import time
from pathlib import Path

from confluent_kafka import Producer, TopicPartition

from ingest_door import is_open, post_all, write_keys
from stage import ROOT, Meter, Stage, bundle, cpu_of, until
from verdicts import say

PEERS = ROOT / "build/bench/peers"
SOURCES = ROOT / "tests/bench/peers"
CANNED = 1000
ROWS_A_REQUEST = 100
JVM = ("-XX:+UseSerialGC", "-Xss512k", "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn")


class Ended(Exception):
    """A subject that did not get through."""


class IngestStage(Stage):
    parts = ("kafka",)
    needed = ("raw", "events", "registry", "dead")
    runs = 0

    def group(self, name):
        self.runs += 1
        return "%s%d" % (name, self.runs)

    def absent(self):
        gone = set()
        if not self.has_streams():
            gone.add("streams")
        if not (PEERS / "rsyslog/complete").exists():
            gone.add("rsyslog")
        if gone:
            say("left out, because `make deps-bench` was not run: " + ", ".join(sorted(gone)))
        return gone

    @staticmethod
    def has_streams():
        return (PEERS / "streams/classes/Ingest.class").exists()

    def versions(self):
        def first(*words):
            with contextlib.suppress(OSError):
                run = subprocess.run(words, capture_output=True, text=True, env=self.rsyslog_environment())
                return (run.stdout + run.stderr).split("\n", 1)[0]
            return "-"
        jars = [path.stem for path in sorted((PEERS / "streams/lib").glob("kafka-streams-*.jar"))]
        return "%s; %s; %s; %s" % (os.uname().release, first("java", "-version"), ", ".join(jars) or "no Streams",
                                   first(self.rsyslogd(), "-v"))

    # --- topics ---

    def load_outputs(self, prefix, outputs):
        producer = Producer({"bootstrap.servers": self.brokers, "compression.type": "lz4", "linger.ms": 20,
                             "acks": "all", "queue.buffering.max.messages": 1000000})
        for stream, key, value, headers in outputs:
            producer.produce(prefix + stream, value, key, headers=headers)
            producer.poll(0)
        assert producer.flush(60) == 0

    def copy(self, source, target):
        with self.program("pass", self.binaries / "bench/pass", self.brokers, source, target, "zstd") as process:
            assert process.stdout.readline(), "pass ended: see its log"

    def read_all(self, *words):
        run = subprocess.run([self.binaries / "bench/multiset", *words], capture_output=True, text=True)
        assert run.returncode == 0, run.stderr
        return json.loads(run.stdout)

    def multiset(self, *topics):
        """What they hold, in any order."""
        found = self.read_all(self.brokers, *topics)
        del found["ms"]
        return found

    def difference(self, topics, before):
        now = self.multiset(*topics)
        return {figure: (now[figure] - before[figure]) % 2 ** 64 for figure in now}

    def can(self, prefix, records):
        """What ingest wrote becomes the canned bytes of its limit: as often a dead letter as it was one."""
        with self.daemon("ingest", prefix, "first", role="normaliser") as process:
            self.watch(process, prefix + "first", prefix + "raw", records)
        consumer = self.consumer("canned")
        written = []
        for topic in ("events", "dead"):
            parts = [TopicPartition(prefix + topic, part, 0) for part in self.parts_of(prefix + topic)]
            consumer.assign(parts)
            opened = len(parts)
            while opened:
                for message in consumer.consume(10000, timeout=1):
                    if message.error():
                        opened -= 1
                    elif message.key() and not message.key().startswith((b"ledger:", b"refused:")):  # nor a tick
                        written.append((0, b"", message.headers()[0][1], message.value()))
        consumer.close()
        assert len(written) == records, (len(written), records)
        picked = random.Random(1).sample(written, min(CANNED, len(written)))
        self.canned = self.run / "ingest.canned"
        self.canned.write_bytes(b"".join(bundle([output]) for output in picked))
        say("a record that is written: %.0f B and %.0f B of header" % (
            statistics.mean(len(w[3]) for w in written), statistics.mean(len(w[2]) for w in written)))

    # --- watching ---

    def watch(self, process, group, topic, records):
        """Figures a record, once the group has committed that many of the topic."""
        ask, parts = self.consumer(group), [TopicPartition(topic, part) for part in self.parts_of(topic)]
        try:
            return self.follow(process, records, lambda: sum(
                max(0, p.offset) for p in ask.committed(parts, timeout=10)))
        finally:
            ask.close()

    def follow(self, process, records, progress):
        """Figures a record of a run and of its second half."""
        meter, half, deadline = Meter(self, process.pid, records), None, time.monotonic() + 60 + records / 4000
        while True:
            if process.poll() is not None or time.monotonic() > deadline:
                raise Ended("%s\n%s" % (process.args, self.last_words()))
            at = progress()
            if half is None and 2 * at >= records:
                half = (at, cpu_of(process.pid), cpu_of(self.broker_pid))
            if at >= records:
                break
            time.sleep(0.05)
        figures, micro = meter.read(), 1e6 / max(1, at - half[0])
        figures.update(us=cpu_of(process.pid) * 1e6 / at, half_us=(cpu_of(process.pid) - half[1]) * micro,
                       half_broker=(cpu_of(self.broker_pid) - half[2]) * micro)
        return figures

    def last_words(self):
        logs = sorted(self.run.glob("*.log"), key=lambda path: path.stat().st_mtime)
        return logs[-1].read_text(errors="replace")[-1000:] if logs else ""

    # --- subjects ---

    def run_sized(self, topic, records):
        group = self.group("sized")
        with self.fan("pass-eos", topic, "sized.", self.canned, group) as process:
            return self.watch(process, group, topic, records)

    def run_ingest(self, prefix, records):
        group = self.group("ingest")
        with self.daemon("ingest", prefix, group, role="normaliser") as process:
            return self.watch(process, prefix + group, prefix + "raw", records)

    def run_streams(self, topic, prefix, records, heap=512):
        """None when it did not get through, as with too small a heap."""
        group = self.group("streams")
        words = ["java", *JVM, "-Xmx%dm" % heap, "-cp", "%s/classes:%s/lib/*" % (PEERS / "streams", PEERS / "streams"),
                 "Ingest", self.brokers, topic, prefix + "events", prefix + "dead", group, self.run / group]
        with self.program("streams", *words) as process, contextlib.suppress(Ended):
            return self.watch(process, group, topic, records)
        return None

    def run_python(self, topic, prefix, records):
        group = self.group("python")
        with self.program("python", "/usr/bin/python3", SOURCES / "python_ingest.py", self.brokers, topic,
                          prefix + "events", prefix + "dead", group) as process:
            return self.watch(process, group, topic, records)

    @staticmethod
    def rsyslog_environment():
        folders = list((PEERS / "rsyslog/usr/lib").glob("*-linux-gnu"))
        return {**os.environ, "LD_LIBRARY_PATH": str(folders[0]) if folders else ""}

    @staticmethod
    def rsyslogd():
        return str(PEERS / "rsyslog/usr/sbin/rsyslogd")

    def run_rsyslog(self, topic, prefix, records):
        group = self.group("rsyslog")
        work = self.run / group
        work.mkdir()
        kinds = {"version": 1, "nomatch": "", "type": "string", "table": [
            {"index": index, "value": value} for index, value in (
                ("咨询", "enquiry"), ("求助", "help"), ("投诉", "complaint"), ("举报", "report"), ("建议", "suggestion"),
                ("表扬", "praise"))]}
        (work / "kinds.json").write_text(json.dumps(kinds, ensure_ascii=False))
        text = (SOURCES / "rsyslog.conf").read_text()
        for name, value in (("WORK", work), ("BROKERS", self.brokers), ("RAW", topic), ("EVENTS", prefix + "events"),
                            ("DEAD", prefix + "dead"), ("GROUP", group)):
            text = text.replace("%%%s%%" % name, str(value))
        (work / "rsyslog.conf").write_text(text)
        libraries = self.rsyslog_environment()["LD_LIBRARY_PATH"]
        with self.program("rsyslog", self.rsyslogd(), "-n", "-f", work / "rsyslog.conf", "-i", work / "pid", "-M",
                          libraries + "/rsyslog", LD_LIBRARY_PATH=libraries) as process:
            before = self.written(prefix)  # it commits what it has not yet written
            return self.follow(process, records, lambda: self.written(prefix) - before)

    def written(self, prefix):
        return sum(sum(self.ends(prefix + stream).values()) for stream in ("events", "dead"))

    # --- the door ---

    @staticmethod
    def bodies(records, count):
        values = [value for _, value, _ in records[:count]]
        return [b"\n".join(values[at:at + ROWS_A_REQUEST]) + b"\n" for at in range(0, count, ROWS_A_REQUEST)]

    def free_port(self):
        with contextlib.closing(socket.socket()) as probe:
            probe.bind(("127.0.0.1", 0))
            return probe.getsockname()[1]

    def run_door(self, prefix, bodies):
        port, group, topic = self.free_port(), self.group("door"), prefix + "raw"
        rows, keys = sum(body.count(b"\n") for body in bodies), self.run / "keys.csv"
        write_keys(keys)
        with self.daemon("ingest", prefix, group, role="doors", listen="127.0.0.1:%d" % port, keys=keys,
                         rate=1000000, burst=10000000) as process:
            until(lambda: self.is_open(process, port), "the door takes records", 30)
            before = self.multiset(topic)["records"]
            meter = Meter(self, process.pid, rows)
            began = cpu_of(process.pid)
            verdicts = post_all(port, bodies)
            figures = meter.read()
            figures["us"] = (cpu_of(process.pid) - began) * 1e6 / rows
            assert verdicts == rows, (verdicts, rows)
        assert self.multiset(topic)["records"] - before == rows
        return figures

    @staticmethod
    def is_open(process, port):
        assert process.poll() is None, "the door ended: see its log"
        return is_open(port)

    def start_to_listening(self, prefix, times=7):
        found = []
        for _ in range(times):
            port, began = self.free_port(), time.monotonic()
            with self.daemon("ingest", prefix, "start", role="both", listen="127.0.0.1:%d" % port) as process:
                while True:
                    assert process.poll() is None, "ingest ended: see its log"
                    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
                        break
                    time.sleep(0.001)
                found.append((time.monotonic() - began) * 1000)
        return statistics.median(found)

    def keep_logs(self):
        """BENCH_LOGS=folder: what the subjects said."""
        if os.environ.get("BENCH_LOGS"):
            for path in self.run.glob("*.log"):
                (Path(os.environ["BENCH_LOGS"]) / path.name).write_bytes(path.read_bytes())
