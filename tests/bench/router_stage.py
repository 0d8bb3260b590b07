# SPDX-License-Identifier: Apache-2.0
"""The stage of `make bench-router`: the router, its limits and its peer on topics of their own, what they wrote, and
what they needed for it."""
import json
import random
import re
import statistics
import time

from confluent_kafka import Producer, TopicPartition

from ingest_job import CONTENT_TYPE
from ingest_stage import JVM, PEERS, Ended, IngestStage
from router_job import headers_of
from router_lives import tick
from stage import Meter, bundle, cpu_of, peak_of, until
from verdicts import say

CANNED = 1000
SLACK = 3  # what may lie behind the last record of a partition: markers of transactions
ORDER = ("工单编号", "诉求性质", "问题分类", "反映社区", "反映街乡", "受理时间")


class RouterStage(IngestStage):
    needed = ("events", "signals", "state.cases", "state.windows", "registry", "dead", "dispatch.<unit>",
              "receipts.<unit>")

    @staticmethod
    def has_streams():
        return (PEERS / "streams/classes/Router.class").exists()

    def bundle_name(self, config):
        """As decisions name it."""
        order = dict(zip(ORDER, ("BR0", "投诉", "R0105", "", "110105001", "2026-01-05 08:00:00")))
        path = self.run / "one.ndjson"
        path.write_text(json.dumps(order, ensure_ascii=False) + "\n")
        said = self.citybrain("try", path, "--feed", "hotline", "--decisions", "--config", config).stdout
        return re.search(r'"bundle": ?"([^"]+)"', said).group(1)

    # --- what is read, and what must be written ---

    def writer(self):
        return Producer({"bootstrap.servers": self.brokers, "compression.type": "lz4", "linger.ms": 20, "acks": "all",
                         "enable.idempotence": True, "queue.buffering.max.messages": 1000000,
                         "partitioner": "murmur2_random"})

    @staticmethod
    def put(writer, topic, value, key=None, headers=None, **more):
        while True:
            try:
                writer.produce(topic, value, key, headers=headers, **more)
                return
            except BufferError:
                writer.poll(0.1)

    def fill(self, cases, topics, oracle):
        """Openings into every topic, what must come of them beside it; returns how many orders there are."""
        writer, orders = self.writer(), 0
        for n, case in enumerate(cases):
            for topic in topics:
                self.put(writer, topic, case.opened, case.subject, headers_of("events"))
            self.put(writer, oracle + "events", case.decided, case.subject, headers_of("events"))
            for _, order in case.orders:
                self.put(writer, oracle + "dispatch.desk", order, case.subject, headers_of("dispatch"))
            orders += len(case.orders)
            if n % 1000 == 0:
                writer.poll(0)
        assert writer.flush(120) == 0
        return orders

    def live(self, lives, topic):
        writer, count = self.writer(), 0
        for subject, event in lives.events():
            if subject is None:
                writer.flush(60)
                for part in self.parts_of(topic):
                    self.put(writer, topic, tick(event, part), headers=[CONTENT_TYPE], partition=part)
            else:
                self.put(writer, topic, event, subject, [CONTENT_TYPE])
            count += 1
            if count % 1000 == 0:
                writer.poll(0)
        assert writer.flush(120) == 0
        return count

    def dispatch_topics(self, prefix):
        known = self.monitor("e2e-reader").list_topics(timeout=10).topics
        return sorted(name for name in known if name.startswith(prefix + "dispatch."))

    def can(self, prefix, cases):
        """What is written for some of the cases becomes the canned bytes of the limit, their sets among it."""
        picked = {case.subject: case for case in random.Random(1).sample(list(cases), CANNED)}
        sets = {m.key(): m.value() for m in self.records(prefix + "state.cases") if m.key() in picked}
        bundles = []
        for subject, case in picked.items():
            outputs = [(0, b"", CONTENT_TYPE[1], case.decided)]
            outputs += [(1, unit.encode(), headers_of("dispatch")[0][1], order) for unit, order in case.orders]
            bundles.append(bundle([*outputs, (2, b"", b"", sets[subject])]) + bundle([]))  # reading it back: nothing
        path = self.run / "router.canned"
        path.write_bytes(b"".join(bundles))
        mean = [statistics.mean(sizes) for sizes in (
            [len(c.opened) for c in picked.values()], [len(c.decided) for c in picked.values()],
            [len(order) for c in picked.values() for _, order in c.orders], [len(s) for s in sets.values()],
            [len(c.orders) for c in picked.values()])]
        say("opened %.0f B, decided %.0f B, order %.0f B, set %.0f B; %.2f orders a decision" % tuple(mean))
        return path

    # --- watching ---

    def follow_group(self, process, group, topics, least, more=None):
        """Figures a record of a run and of its second half; `least` records are read, and what was written beside
        them to the same topics. `more` brings the second half when the first is read, and all that came of it: what a
        subject says itself stands behind what it read, and without that would be all there is in the second half."""
        ask = self.consumer(group)
        parts = [TopicPartition(topic, part) for topic in topics for part in self.parts_of(topic)]
        first = {(p.topic, p.partition) for p in parts if p.topic == topics[0]}
        meter, half, deadline = Meter(self, process.pid, least), None, time.monotonic() + 90 + least / 2000
        try:
            while True:
                if process.poll() is not None or time.monotonic() > deadline:
                    raise Ended("%s\n%s" % (process.args, self.last_words()))
                at = {(p.topic, p.partition): max(0, p.offset) for p in ask.committed(parts, timeout=10)}
                done = sum(offset for of, offset in at.items() if of in first)
                idle = 2 * done >= least and all(at[of] >= end - SLACK for of, end in self.ends_of(topics).items())
                if half is None and 2 * done >= least and (idle or not more):
                    half = done, cpu_of(process.pid)
                    if more:
                        more()
                    broker = done, cpu_of(self.broker_pid)
                elif done >= least and idle:
                    break
                time.sleep(0.1)
        finally:
            ask.close()
        figures, rest = meter.read(), least * (done - half[0]) / done
        figures.update(half_us=(cpu_of(process.pid) - half[1]) * 1e6 / rest,
                       half_broker=(cpu_of(self.broker_pid) - broker[1]) * 1e6 / rest)
        return figures

    # --- subjects ---

    def copy(self, source, target):
        with self.program("pass", self.binaries / "bench/pass", self.brokers, source, target) as process:
            assert process.stdout.readline(), "pass ended: see its log"

    def fresh(self, name, sources):
        """A prefix of its own with a copy of the first half of the events, and what brings the second."""
        prefix = self.group(name) + "."
        self.topics(prefix)
        self.copy(sources[0], prefix + "events")
        return prefix, lambda: self.copy(sources[1], prefix + "events")

    def run_router(self, sources, config, records):
        prefix, more = self.fresh("r", sources)
        with self.daemon("router", prefix, "router", config=config) as process:
            figures = self.follow_group(process, prefix + "router", [prefix + "events", prefix + "signals"], records, more)
        figures["prefix"] = prefix
        figures["signals"] = sum(self.ends(prefix + "signals").values())
        return figures

    def run_streams(self, sources, answers, records, heap=512):
        prefix, more = self.fresh("s", sources)
        words = ["java", *JVM, "-Xmx%dm" % heap, "-cp", "%s/classes:%s/lib/*" % (PEERS / "streams", PEERS / "streams"),
                 "Router", self.brokers, prefix + "events", prefix + "dispatch.", answers, prefix + "app",
                 self.run / (prefix + "app")]
        with self.program("streams", *words) as process:
            figures = self.follow_group(process, prefix + "app", [prefix + "events"], records, more)
        figures["prefix"] = prefix
        return figures

    def run_fan(self, source, canned, records):
        group, state = self.group("fan"), self.group("state") + "."
        self.topics(state)
        with self.fan("pass-fan", source, "fan.", canned, group, state + "state.cases") as process:
            return self.follow_group(process, group, [source], records)

    def run_eos(self, source, records):
        group = self.group("eos")
        with self.program("pass-eos", self.binaries / "bench/pass_eos", self.brokers, source, "fan.events", 1,
                          PASS_GROUP=group, PASS_NOTES=str(self.run / "notes")) as process:
            return self.follow_group(process, group, [source], records)

    # --- memory and restore ---

    def run_lives(self, prefix, config, records, cases):
        """The router from the first event to the last; it must hold every case then."""
        admin = "127.0.0.1:%d" % self.free_port()
        with self.daemon("router", prefix, "router", config=config, admin=admin) as process:
            figures = self.follow_group(process, prefix + "router", [prefix + "events", prefix + "signals"], records)
            until(lambda: self.gauge(admin, "citybrain_router_cases") >= cases, "every case is held", 30)
            figures.update({name: self.gauge(admin, "citybrain_router_" + name) for name in ("cases", "windows")})
            figures["rss"] = peak_of(process.pid)
        return figures

    def gauge(self, admin, name):
        status, page = self.http("http://%s/metrics" % admin)
        assert status == 200, status
        return sum(float(value) for value in re.findall(r"(?m)^%s(?:\{[^}]*\})? (\S+)$" % name, page.decode()))

    def run_restore(self, prefix, config):
        """A second life on the same state: bytes a second from its assignment to its first record, and its memory."""
        log = self.run / "router.log"
        before = log.stat().st_size if log.exists() else 0

        def restored():
            assert process.poll() is None, self.last_words()
            with log.open("rb") as file:
                file.seek(before)
                return re.search(rb'"transform.restored".*?"records": ?(\d+).*?"ms": ?(\d+)', file.read())
        with self.daemon("router", prefix, "router", config=config) as process:
            found = until(restored, "the state is restored", 120, 0.05)
            time.sleep(1)
            return {"records": int(found.group(1)), "ms": int(found.group(2)), "rss": peak_of(process.pid)}

    def read_bare(self, prefix):
        return self.read_all("-n", self.brokers, prefix + "state.cases", prefix + "state.windows")

