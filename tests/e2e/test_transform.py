# SPDX-License-Identifier: Apache-2.0
"""The transform loop alone, on a real broker: a copier with state (tests/bench/pass_eos.c) under kill -9, SIGSTOP,
rebalances and directed faults. Every record and every state change must be in the output exactly once."""
import json
import os
import random
import shutil
import signal
import subprocess
import tempfile
import threading
import time
import uuid
from pathlib import Path

import pytest
from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

ROOT = Path(__file__).resolve().parents[2]
BINARIES = Path(os.environ.get("CITYBRAIN_BIN", "build/debug"))
COPIER = (BINARIES if BINARIES.is_absolute() else ROOT / BINARIES) / "bench" / "pass_eos"
PARTITIONS = 4


def until(question, what, seconds=30, pause=0.05):
    deadline = time.monotonic() + seconds
    while True:
        answer = question()
        if answer:
            return answer
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        time.sleep(pause)


class Parts:
    """A broker of our own; CITYBRAIN_TEST_RUN names the run folder of one that is kept running."""

    def __init__(self):
        self.kept = "CITYBRAIN_TEST_RUN" in os.environ
        self.run = os.environ.get("CITYBRAIN_TEST_RUN") or tempfile.mkdtemp(
            prefix="cb-transform-", dir=os.environ.get("TEST_RUNS", "/tmp"))
        self.environment = {k: v for k, v in os.environ.items() if not k.startswith("CITYBRAIN_")}
        self.environment.update(CITYBRAIN_RUN=self.run, PORT_BASE=os.environ.get("TEST_PORT_BASE", "26000"))

    def __call__(self, *words):
        with tempfile.TemporaryFile("w+") as out:  # what is left running may keep it open
            subprocess.run([ROOT / "deploy/local/parts", *words], env=self.environment, timeout=150, check=True,
                           stdin=subprocess.DEVNULL, stdout=out)
            out.seek(0)
            return out.read()

    def start(self):
        self("start", "kafka")
        words = dict(line.split("=", 1) for line in self("env").splitlines())
        self.brokers = words["CITYBRAIN_BROKERS"].strip("'")

    def end(self):
        if not self.kept:
            self("wipe")
            shutil.rmtree(self.run, ignore_errors=True)


@pytest.fixture(scope="module")
def parts():
    parts = Parts()
    try:
        parts.start()
        yield parts
    finally:
        parts.end()


class Bench:
    """Topics of one test under a prefix of its own, and the copiers on them."""

    def __init__(self, brokers, folder):
        self.brokers, self.folder = brokers, Path(folder)
        self.prefix = f"t{uuid.uuid4().hex[:8]}."
        self.admin = AdminClient({"bootstrap.servers": brokers})
        self.copiers = []

    def create(self, *names, partitions=PARTITIONS):
        topics = [NewTopic(self.prefix + name, partitions, 1) for name in names]
        for future in self.admin.create_topics(topics).values():
            future.result(20)

        def visible():
            known = self.admin.list_topics(timeout=10).topics
            return all(len(known[t.topic].partitions) == partitions if t.topic in known else False
                       for t in topics)
        until(visible, "the topics are there")

    def feed(self, first, count, keys=50, rate=None, topic="in", stop=None):
        """Values are consecutive numbers; the key is the number modulo `keys`."""
        producer = Producer({"bootstrap.servers": self.brokers, "linger.ms": 5, "enable.idempotence": True})
        began = time.monotonic()
        for i in range(first, first + count):
            while True:
                try:
                    producer.produce(self.prefix + topic, key=f"k{i % keys}", value=str(i))
                    break
                except BufferError:
                    producer.poll(0.05)
            if i % 200 == 0:
                producer.poll(0)
                if rate:
                    time.sleep(max(0, (i - first) / rate - (time.monotonic() - began)))
        assert producer.flush(60) == 0

    def read(self, topic="out"):
        """All committed records of a topic as (partition, offset, key, value)."""
        reader = Consumer({"bootstrap.servers": self.brokers, "group.id": "reader-" + uuid.uuid4().hex,
                           "isolation.level": "read_committed", "enable.partition.eof": True,
                           "auto.offset.reset": "error", "enable.auto.commit": False})
        count = len(reader.list_topics(self.prefix + topic, 10).topics[self.prefix + topic].partitions)
        reader.assign([TopicPartition(self.prefix + topic, p, OFFSET_BEGINNING) for p in range(count)])
        open_partitions, records = set(range(count)), []
        deadline = time.monotonic() + 60
        while open_partitions:
            assert time.monotonic() < deadline, "the topic has no end"
            for message in reader.consume(5000, 0.5):
                if message.error():
                    assert message.error().code() == KafkaError._PARTITION_EOF, message.error()
                    open_partitions.discard(message.partition())
                else:
                    records.append((message.partition(), message.offset(), message.key(), message.value()))
        reader.close()
        return records

    def values(self, topic="out"):
        return [value.decode() for _, _, _, value in self.read(topic)]

    def committed(self, partition):
        reader = Consumer({"bootstrap.servers": self.brokers, "group.id": self.prefix + "pass"})
        try:
            return reader.committed([TopicPartition(self.prefix + "in", partition)], 10)[0].offset
        except KafkaException:  # a broker that has just come back coordinates nothing yet
            return -1001
        finally:
            reader.close()

    def end(self, topic, partition):
        reader = Consumer({"bootstrap.servers": self.brokers, "group.id": "ends", "isolation.level": "read_uncommitted"})
        high = reader.get_watermark_offsets(TopicPartition(self.prefix + topic, partition), 10)[1]
        reader.close()
        return high

    def copier(self, slot=1, state=True, brokers=None, **environment):
        copier = Copier(self, slot, state, brokers or self.brokers, environment)
        self.copiers.append(copier)
        return copier

    def close(self):
        for copier in self.copiers:
            copier.end()
        left = [t for t in self.admin.list_topics(timeout=10).topics if t.startswith(self.prefix)]
        if left:
            self.admin.delete_topics(left)


class Copier:
    """One slot. `supervise` starts it again whenever it ends, as in production."""

    def __init__(self, bench, slot, state, brokers, environment):
        self.words = [COPIER, brokers, "in", "out", str(slot)] + (["state"] if state else [])
        self.log = bench.folder / f"slot{slot}.{len(bench.copiers)}.log"
        self.environment = dict(os.environ, PASS_PREFIX=bench.prefix, PASS_NOTES=str(bench.folder / "notes"),
                                PASS_SESSION_MS="6000", PASS_TRANSACTION_MS="10000")
        self.environment.update({name: str(value) for name, value in environment.items()})
        self.statuses, self.ending, self.thread = [], False, None
        self.start()

    def start(self):
        with open(self.log, "a") as log:
            self.process = subprocess.Popen(self.words, stderr=log, stdin=subprocess.DEVNULL, env=self.environment)

    def supervise(self):
        def run():
            while not self.ending:
                self.statuses.append(self.process.wait())
                if not self.ending:
                    time.sleep(0.3)
                    self.start()
        self.thread = threading.Thread(target=run)
        self.thread.start()
        return self

    def send(self, number):
        try:
            os.kill(self.process.pid, number)
        except ProcessLookupError:
            pass

    def events(self, name):
        lines = (json.loads(line) for line in self.log.read_text().splitlines() if line.startswith("{"))
        return [line for line in lines if line["event"] == name]

    def wait(self, name, count=1, seconds=30):
        return until(lambda: len(self.events(name)) >= count and self.events(name), f"{count} x {name} in {self.log}",
                     seconds)

    def ended(self, seconds=30):
        return self.process.wait(seconds)

    def end(self, number=signal.SIGTERM):
        self.ending = True
        self.send(signal.SIGCONT)
        self.send(number)
        try:
            status = self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.send(signal.SIGKILL)
            raise
        if self.thread:
            self.thread.join()
        return status


@pytest.fixture
def bench(parts, tmp_path):
    bench = Bench(parts.brokers, tmp_path)
    yield bench
    bench.close()


def assert_exact(bench, count, keys=50):
    """Each number once, and each key's counter 1..n once and in order: the state went along."""
    numbers, counters = [], {}
    for _, _, key, value in bench.read():
        number, counter = value.split()
        numbers.append(int(number))
        counters.setdefault(key, []).append(int(counter))
    assert len(numbers) == count, f"{len(numbers)} of {count}"
    assert sorted(numbers) == list(range(count))
    for key, seen in counters.items():
        assert seen == list(range(1, len(seen) + 1)), key
    assert len(counters) == min(keys, count)


def wait_for_count(bench, count, seconds=60):
    until(lambda: sum(bench.committed(p) >= bench.end("in", p) for p in range(PARTITIONS)) == PARTITIONS,
          "the group is at the end of its input", seconds, 0.3)
    assert_exact(bench, count)


def test_copies_everything_with_its_state_and_continues_after_a_restart(bench):
    bench.create("in", "out", "state")
    bench.feed(0, 3000)
    copier = bench.copier()
    wait_for_count(bench, 3000)
    assert copier.end() == 0
    assert copier.events("transform.drained")
    bench.feed(3000, 3000)
    again = bench.copier()
    wait_for_count(bench, 6000)
    restored = again.events("transform.restored")[0]
    assert restored["records"] >= 50 + PARTITIONS  # every counter and every position
    assert again.end() == 0


def test_exactly_once_through_kills_freezes_and_rebalances(bench):
    total, rng = 200_000, random.Random(int(os.environ.get("SEED", "7")))
    bench.create("in", "out", "state")
    slots = [bench.copier(slot).supervise() for slot in (1, 2)]
    feeder = threading.Thread(target=bench.feed, args=(0, total), kwargs={"keys": 400, "rate": 7000})
    feeder.start()
    kills = freezes = 0
    while feeder.is_alive():
        time.sleep(rng.uniform(0.4, 1.2))
        victim = rng.choice(slots)
        if rng.random() < 0.65:
            victim.send(signal.SIGKILL)
            kills += 1
        else:
            victim.send(signal.SIGSTOP)
            time.sleep(rng.choice([0.3, 1, 2, 8]))
            victim.send(signal.SIGCONT)
            freezes += 1
    feeder.join()
    until(lambda: sum(bench.committed(p) >= bench.end("in", p) for p in range(PARTITIONS)) == PARTITIONS,
          "the group is at the end of its input", 45, 0.5)
    print(f"{kills} kills, {freezes} freezes, exits {[slot.statuses for slot in slots]}")
    assert kills >= 5 and freezes >= 2
    assert_exact(bench, total, keys=400)
    assert any(slot.events("transform.revoked") for slot in slots)
    assert all(status in (-9, 70) for slot in slots for status in slot.statuses)


def test_exactly_once_through_a_broker_that_is_killed(bench, parts):
    bench.create("in", "out", "state")
    slots = [bench.copier(slot).supervise() for slot in (1, 2)]
    feeder = threading.Thread(target=bench.feed, args=(0, 60_000), kwargs={"rate": 3000})
    feeder.start()
    for _ in range(2):
        time.sleep(4)
        parts("kill", "kafka")
        time.sleep(1)
        parts("start", "kafka")
    feeder.join()
    wait_for_count(bench, 60_000, 90)
    assert all(status == 70 for slot in slots for status in slot.statuses)


@pytest.mark.parametrize("place", ["before_send_offsets", "before_commit", "after_commit", "in_restore"])
def test_a_death_at_any_step_of_a_commit_changes_nothing(bench, place):
    bench.create("in", "out", "state")
    bench.feed(0, 500)
    if place == "in_restore":
        first = bench.copier()
        wait_for_count(bench, 500)
        assert first.end() == 0
    doomed = bench.copier(CITYBRAIN_FAILPOINTS=f"transform.{place}:exit" + ("" if place == "in_restore" else ":2"),
                          PASS_COMMIT_RECORDS=100)
    assert doomed.ended() == -9
    bench.feed(500, 500)
    bench.copier()
    wait_for_count(bench, 1000)


def test_outputs_and_offsets_become_visible_together(bench):
    """Killed right behind a commit: what is written is what is read, not one record more or less."""
    bench.create("in", "out", partitions=1)
    bench.feed(0, 500)
    doomed = bench.copier(state=False, CITYBRAIN_FAILPOINTS="transform.after_commit:exit:2", PASS_COMMIT_RECORDS=100)
    assert doomed.ended() == -9
    assert 0 < len(bench.values()) == bench.committed(0)


def test_an_aborted_commit_says_so_and_leaves_nothing(bench):
    bench.create("in", "out", "state")
    bench.feed(0, 300)
    failing = bench.copier(CITYBRAIN_FAILPOINTS="transform.before_commit:error:2", PASS_COMMIT_RECORDS=100)
    assert failing.ended() == 70
    assert failing.events("transform.aborted") and failing.events("transform.die")
    bench.copier()
    wait_for_count(bench, 300)


def test_called_again_with_the_same_record_writes_once(bench):
    bench.create("in", "out", "state")
    bench.feed(0, 500)
    bench.copier(PASS_AGAIN=23)
    wait_for_count(bench, 500)


def test_the_frozen_owner_is_fenced_and_leaves(bench):
    bench.create("in", "out", "state")
    bench.feed(0, 1000)
    first = bench.copier(1)
    wait_for_count(bench, 1000)
    second = bench.copier(2)
    second.wait("transform.assigned")
    first.wait("transform.assigned", 2)  # the old one's share came back
    first.send(signal.SIGSTOP)
    bench.feed(1000, 1000)
    second.wait("transform.assigned", 2, 40)
    wait_for_count(bench, 2000, 40)
    first.send(signal.SIGCONT)
    assert first.ended() == 70
    bench.feed(2000, 100)
    wait_for_count(bench, 2100)


def test_a_commit_of_a_frozen_owner_is_fenced_and_aborted(bench):
    bench.create("in", "out", "state")
    second = bench.copier(2)
    second.wait("transform.assigned")
    first = bench.copier(1, CITYBRAIN_FAILPOINTS="transform.before_send_offsets:stop:3", PASS_COMMIT_RECORDS=50)
    first.wait("transform.assigned")
    bench.feed(0, 2000)

    def is_frozen():
        return Path(f"/proc/{first.process.pid}/stat").read_text().split()[2] == "T"
    until(is_frozen, "it stops in the middle of a commit")
    time.sleep(8)  # its session is over, its transaction not yet
    first.send(signal.SIGCONT)
    assert first.ended() == 70
    assert first.events("transform.fenced") and first.events("transform.aborted")
    wait_for_count(bench, 2000, 40)


def test_a_planned_rebalance_keeps_untouched_states(bench):
    bench.create("in", "out", "state")
    bench.feed(0, 1000)
    first = bench.copier(1)
    wait_for_count(bench, 1000)
    opened = len(first.events("pass.open"))
    second = bench.copier(2)
    first.wait("transform.assigned", 2)
    second.wait("transform.assigned")
    assert opened == PARTITIONS
    assert len(first.events("pass.open")) == PARTITIONS  # half came back as they were, half went
    assert first.events("transform.restored")[1]["records"] == 0
    bench.feed(1000, 1000)
    wait_for_count(bench, 2000)
    assert first.process.poll() is None and second.process.poll() is None


def test_restore_waits_for_an_undecided_transaction_and_takes_it(bench):
    """Reading only up to the last stable offset would miss it: the counter would begin at 1."""
    bench.create("in", "out", "state", partitions=1)
    other = Producer({"bootstrap.servers": bench.brokers, "transactional.id": bench.prefix + "other"})
    other.init_transactions(10)
    other.begin_transaction()
    other.produce(bench.prefix + "state", partition=0, key="k0", value="41")
    other.flush(10)
    copier = bench.copier()
    copier.wait("transform.subscribed")
    time.sleep(3)
    assert not copier.events("transform.assigned"), "restored although the end of the state is undecided"
    other.commit_transaction(10)
    copier.wait("transform.assigned")
    bench.feed(0, 1, keys=1)
    assert until(bench.values, "the copy") == ["0 42"]


def test_begins_where_a_pending_offset_commit_will_be_decided(bench):
    """A read_uncommitted group consumer would see the offset before it and copy ten records twice."""
    bench.create("in", "out", partitions=1)
    bench.feed(0, 20)
    member = Consumer({"bootstrap.servers": bench.brokers, "group.id": bench.prefix + "pass",
                       "partition.assignment.strategy": "range", "auto.offset.reset": "earliest",
                       "enable.auto.commit": False})
    member.subscribe([bench.prefix + "in"])
    other = Producer({"bootstrap.servers": bench.brokers, "transactional.id": bench.prefix + "other"})
    other.init_transactions(10)
    other.begin_transaction()
    for _ in range(10):
        message = until(lambda: member.poll(0.5), "a record")
        assert not message.error()
        other.produce(bench.prefix + "out", key=message.key(), value=message.value())
    other.send_offsets_to_transaction([TopicPartition(bench.prefix + "in", 0, 10)], member.consumer_group_metadata(), 10)
    member.close()
    copier = bench.copier(state=False)
    copier.wait("transform.subscribed")
    time.sleep(3)
    assert not copier.events("transform.assigned"), "began although its offset is undecided"
    other.commit_transaction(10)
    copier.wait("transform.assigned")
    until(lambda: bench.committed(0) >= 20, "all is read")
    assert sorted(int(v) for v in bench.values()) == list(range(20))


def test_the_third_death_at_one_record_sets_it_aside(bench):
    bench.create("in", "out", "state")
    bench.feed(0, 200)
    deadly = bench.copier(PASS_CRASH="77").supervise()
    deadly.wait("transform.poison", 1, 60)
    until(lambda: sum(bench.committed(p) >= bench.end("in", p) for p in range(PARTITIONS)) == PARTITIONS, "the end")
    values = bench.values()
    assert deadly.statuses == [-9, -9, -9]
    assert values.count("poisoned") == 1
    assert sorted(int(v.split()[0]) for v in values if v != "poisoned") == [i for i in range(200) if i != 77]


def test_an_injected_record_and_its_metadata_are_committed_once(bench):
    bench.create("in", "out", "state")
    copier = bench.copier(PASS_INJECT="1234567")
    copier.wait("pass.injected")
    assert copier.end() == 0
    assert bench.values() == ["1234567"]
    again = bench.copier()
    again.wait("transform.assigned")
    metadata = {line["partition"]: line["metadata"] for line in again.events("pass.open")}
    assert metadata == {0: "1234567", 1: "", 2: "", 3: ""}


def test_an_idle_reader_passes_commit_markers(bench):
    bench.create("in", "out", "state", partitions=1)
    bench.copier().wait("transform.assigned")
    writer = Producer({"bootstrap.servers": bench.brokers, "transactional.id": bench.prefix + "writer"})
    writer.init_transactions(10)
    for decide in (writer.commit_transaction, writer.abort_transaction):
        writer.begin_transaction()
        for i in range(5):
            writer.produce(bench.prefix + "in", key="k", value=str(i))
        writer.flush(10)
        decide(10)
    assert bench.end("in", 0) == 12  # ten records, two markers
    until(lambda: bench.committed(0) == 12, "the markers are passed", 10)
    assert len(bench.values()) == 5


def test_waits_for_topics_and_goes_on_when_they_are_made(bench):
    copier = bench.copier()
    waiting = copier.wait("transform.waiting")[0]
    assert waiting["for"] == "topics" and "topics apply" in waiting["error"]
    bench.create("in", "out", "state")
    copier.wait("transform.assigned")


def test_waits_without_end_for_a_broker(bench):
    copier = bench.copier(brokers="127.0.0.1:1")
    assert copier.wait("transform.waiting", 2, 20)[0]["for"] == "brokers"
    assert copier.process.poll() is None
    assert copier.end() == 0


@pytest.mark.parametrize("wrong", ["stream", "state"])
def test_refuses_a_wrong_partition_count(bench, wrong):
    bench.create("in", "out")
    bench.create("state", partitions=PARTITIONS if wrong == "stream" else 3)
    copier = bench.copier(**({"PASS_PARTITIONS": 7} if wrong == "stream" else {}))
    assert copier.ended() == 78
    said = copier.events("transform.die")[0]["error"]
    assert "fix:" in said and ("declared are 7" in said if wrong == "stream" else "has 3 partitions" in said)


def test_refuses_a_state_of_another_history(bench):
    bench.create("in", "out", "state", partitions=1)
    bench.feed(0, 100)
    first = bench.copier()
    until(lambda: bench.committed(0) == 100, "all is read")
    assert first.end() == 0
    member = Consumer({"bootstrap.servers": bench.brokers, "group.id": bench.prefix + "pass"})

    def rewound():
        try:
            member.commit(offsets=[TopicPartition(bench.prefix + "in", 0, 50)], asynchronous=False)
            return True
        except KafkaException:
            return False  # the static member is still in the group
    until(rewound, "the group is empty", 30, 0.5)
    member.close()
    again = bench.copier()
    assert again.ended() == 78
    assert "position 100" in again.events("transform.die")[0]["error"]
