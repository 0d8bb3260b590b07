#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""make chaos-store: two aggregators on one database, real events at a steady rate, and what may befall a store, in an
order and for times that a seed says: killed around COMMIT, frozen inside a transaction, PostgreSQL stopped at once and
killed, a standby promoted that missed commits; the disk of the data and that of the WAL full, then freed. After each:
read to its end within 60 s, and `citybrain verify` finds no difference while more comes in, so facts and offsets have
not parted, and the row of each case is that of its set. SEED=n (default 1) or SEEDS="1 2 3", ONLY="freeze wal_full" for some."""
import argparse
import contextlib
import itertools
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "e2e"))
import psycopg2  # noqa: E402 the folders are no packages
from confluent_kafka import KafkaException, Producer  # noqa: E402
from confluent_kafka.admin import AdminClient  # noqa: E402

from checks import history_file  # noqa: E402
from district import ROOT, District, until  # noqa: E402
from standby import Standby, small_disks  # noqa: E402

RATE, EVENTS = 500, 60000  # a second; distinct ones, of which some come again
BETWEEN = 25               # a second while nothing is done to the store: the log is read whole at each verification
PATIENCE = 60               # s: the promise of recovery
APART = """SELECT count(*) FROM core.case_set AS s FULL JOIN core.case_now AS n USING (case_id) LEFT JOIN core.kafka_offset AS o
    ON o.topic = 'cb.events' AND o.part = n.part WHERE s.kind IS DISTINCT FROM n.kind OR coalesce(s.unit, '') <> coalesce(n.lead, '')
    OR o.next_offset IS NULL OR n.log_offset >= o.base + o.next_offset"""  # a case's row is of its set, its place in the log was read
AGGREGATORS = ("aggregator-1", "aggregator-2")
DISK_FAULTS = ("data_full", "wal_full")
LAST = ("failover", "other_topic")  # behind them the first server, or the log, is no more
FAULTS = ("kill", "doubt", "freeze", "stop_at_once", "kill_postgres", *DISK_FAULTS, *LAST)


def say(line):
    print(line, flush=True)


def real_events(binaries, rng):
    """Canonical events of the real requests, shuffled, with repeats; ingest's own mapping, no broker."""
    why = tempfile.TemporaryFile()
    rows = subprocess.Popen(["zcat", history_file()], stdout=subprocess.PIPE)
    mapped = subprocess.Popen([binaries / "citybrain-ingest", "--stdin", "--feed", "boston_311"], stdin=rows.stdout,
                              stdout=subprocess.PIPE, stderr=why, cwd=ROOT)
    rows.stdout.close()  # the mapper's alone: whoever writes to one that ended is told
    said = (line.strip() for line in mapped.stdout if line.startswith(b'{"specversion"'))
    found = list(itertools.islice(said, EVENTS))
    mapped.kill()
    rows.wait()
    mapped.wait()
    why.seek(0)
    assert len(found) == EVENTS, f"only {len(found)} events: {why.read()[-400:]}"
    found += rng.sample(found, EVENTS * 3 // 10)
    rng.shuffle(found)
    return found


class Feed(threading.Thread):
    """Events over and over at a rate that may be changed, until it is told to stop; who repeats changes nothing."""

    def __init__(self, brokers, events):
        super().__init__(daemon=True)
        self.producer = Producer({"bootstrap.servers": brokers, "partitioner": "murmur2_random", "linger.ms": 5,
                                  "enable.idempotence": True})
        self.events, self.rate, self.ending, self.sent, self.failed = events, RATE, threading.Event(), 0, None

    def run(self):
        try:
            due, at = 0.0, time.monotonic()
            while not self.ending.is_set():
                due, at = due + (time.monotonic() - at) * self.rate, time.monotonic()
                while self.sent < due and not self.ending.is_set():
                    event = self.events[self.sent % len(self.events)]
                    key = event[event.index(b'"subject":"') + 11:].split(b'"', 1)[0]
                    while len(self.producer) > 50000:
                        self.producer.poll(0.1)
                    self.producer.produce("cb.events", event, key)
                    self.sent += 1
                self.producer.poll(0.01)
            assert self.producer.flush(30) == 0
        except BaseException as error:
            self.failed = error

    def finish(self):
        self.ending.set()
        self.join(60)
        if self.failed:
            raise self.failed


class Run:
    def __init__(self, binaries, seed, names):
        self.rng = random.Random(seed)
        self.names, self.binaries = names, binaries
        self.disks = any(name in DISK_FAULTS for name in names)
        self.rows = []

    # --- the district ---

    def play(self):
        events = real_events(self.binaries, self.rng)
        district = self.district = District(self.binaries, slots=2)
        district.daemons = []  # the two are started below, each in its own way; nobody else has a part in it
        self.undo = small_disks(district) if self.disks else lambda: None
        try:
            district.start()
            self.standby = Standby(district) if "failover" in self.names else None
            self.conninfo = self.standby.conninfo if self.standby else district.environment["CITYBRAIN_PG"]
            self.aggregators()
            until(lambda: self.read() >= 0, "the tables are there", PATIENCE)
            self.feed = Feed(district.environment["CITYBRAIN_BROKERS"], events)
            self.feed.start()
            for name in [name for name in self.names if name != "other_topic"]:
                self.strike(name)
            until(lambda: self.feed.sent >= 5 * RATE, "something is told", PATIENCE)  # where nothing befell it
            self.feed.finish()
            self.caught_up()
            self.verified("at the end")
            if "other_topic" in self.names:
                self.make_topic_anew(events)
        except BaseException:
            district.show_logs(6)
            raise
        finally:
            if getattr(self, "standby", None):
                self.standby.stop()
            left = district.stop()
            self.undo()
        assert left == [], f"processes were left over: {left}"

    def aggregators(self, points=None):
        """Started anew, with failpoints by name."""
        environment = self.district.environment
        self.district.command(ROOT / "deploy/local/daemons", "stop", *AGGREGATORS, seconds=60)
        settings = "aggregator.postgres=" + (self.standby.uri if self.standby else "")
        environment["CITYBRAIN_SETTINGS_AGGREGATOR"] = settings if self.standby else ""
        for name in AGGREGATORS:
            environment["CITYBRAIN_FAILPOINTS"] = (points or {}).get(name, "")
            environment["CITYBRAIN_READY_TRIES"] = "0"
            self.district.command(ROOT / "deploy/local/daemons", "start", name)
        del environment["CITYBRAIN_FAILPOINTS"]

    @contextlib.contextmanager
    def at_database(self):
        """The one that can be written now."""
        kept = self.district.environment["CITYBRAIN_PG"]
        self.district.environment["CITYBRAIN_PG"] = self.conninfo
        try:
            yield
        finally:
            self.district.environment["CITYBRAIN_PG"] = kept

    def sql(self, statement):
        with self.at_database():
            return self.district.sql(statement)

    def read(self):
        """Offsets that the database says are read; -1 while it is away."""
        try:
            return self.sql("SELECT coalesce(sum(greatest(next_offset, 0)), 0) FROM core.kafka_offset")[0][0]
        except Exception:
            return -1

    def ends(self):
        return sum(self.district.ends("cb.events").values())

    def caught_up(self):
        """What was there when it was asked is read. Seconds."""
        began, end = time.monotonic(), self.ends()
        until(lambda: self.read() >= end, f"{end} offsets are read", PATIENCE, 0.2)
        return time.monotonic() - began

    def verified(self, when):
        with self.at_database():
            done = self.district.citybrain("verify", "--json", "--show", "3", check=False, seconds=400)
        report = json.loads(done.stdout or "{}")
        assert (done.returncode, report.get("differences")) == (0, 0), f"{when}: {done.stdout[:3000]}{done.stderr[-600:]}"
        apart, = self.sql(APART)[0]
        assert apart == 0, f"{when}: {apart} rows of cases are not those of their sets"
        return report["cases"]["events"]

    def strike(self, name):
        before, lives = self.read(), self.lives()
        self.feed.rate = RATE
        time.sleep(self.rng.uniform(1, 3))
        began = time.monotonic()
        note = getattr(self, name)()
        held = time.monotonic() - began
        recovered = self.caught_up()
        self.feed.rate = BETWEEN
        events = self.verified(f"after {name}")
        assert self.read() > before >= 0
        self.rows.append((name, held, recovered, events, note))
        say(f"  {name:14} held {held:5.1f} s, recovered in {recovered:4.1f} s, verified {events} events, 0 differences; "
            f"{note}; {self.lives() - lives} starts")

    # --- what may befall it ---

    def lives(self):
        return sum(path.read_text(errors="replace").count('"event":"daemon.phase","from":"STARTING"')
                   for path in (self.district.run / "daemons").glob("aggregator-*.log"))

    def kill(self):
        """One dies before each so many-th COMMIT, the other behind it, several times over."""
        lives, wanted = self.lives(), 2 + 5
        near = self.rng.randint(3, 8)
        self.aggregators({AGGREGATORS[0]: f"writer.before_commit:exit:{near}",
                          AGGREGATORS[1]: f"writer.after_commit:exit:{near + 1}"})
        until(lambda: self.lives() - lives >= wanted, f"{wanted} lives", 90)
        self.aggregators()
        return f"{self.lives() - lives - 2} deaths around COMMIT"

    def freeze(self):
        """Inside a transaction, its offsets' rows locked: another takes over, and the thawed one writes nothing."""
        self.aggregators({AGGREGATORS[0]: f"writer.before_commit:stop:{self.rng.randint(4, 12)}"})
        pid = [0]

        def frozen():
            try:
                pid[0] = self.district.pid(AGGREGATORS[0])
                return Path(f"/proc/{pid[0]}/stat").read_text().rsplit(")", 1)[1].split()[0] == "T"
            except (AssertionError, ValueError, OSError):
                return False
        until(frozen, "it stands still inside a transaction", 60)
        open_, = self.sql("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'citybrain-aggregator' AND "
                          "state = 'idle in transaction'")[0]
        assert open_ == 1, f"{open_} open transactions"
        owners = "SELECT count(*) FROM core.kafka_offset WHERE owner LIKE 'slot 2,%'"
        until(lambda: self.sql(owners)[0][0] == 12, "the other has taken over everything", PATIENCE)
        time.sleep(self.rng.uniform(0, 4))
        log = self.district.run / "daemons" / f"{AGGREGATORS[0]}.log"
        before = log.read_text(errors="replace").count("aggregator.commit_failed")
        os.kill(pid[0], signal.SIGCONT)
        until(lambda: log.read_text(errors="replace").count("aggregator.commit_failed") > before, "the thawed one fails", 30)
        self.aggregators()
        return "taken over by the other, and the thawed one wrote nothing"

    def doubt(self):
        """From some COMMIT on no answer arrives: whether it happened is only to be asked of the database."""
        point = f"writer.after_commit:error:{self.rng.randint(2, 5)}"
        self.aggregators(dict.fromkeys(AGGREGATORS, point))
        mark = "the answer is lost"
        until(lambda: self.logs().count(mark) >= 6, "six answers are lost", 60)
        self.aggregators()
        return f"{self.logs().count(mark)} answers to COMMIT lost"

    def stop_at_once(self):
        self.district.command(ROOT / "deploy/local/parts", "stop-immediate", "postgres")
        time.sleep(self.rng.uniform(0, 4))
        self.district.command(ROOT / "deploy/local/parts", "start", "postgres", seconds=120)
        return "PostgreSQL stopped without a checkpoint"

    def kill_postgres(self):
        self.district.command(ROOT / "deploy/local/parts", "kill", "postgres")
        time.sleep(self.rng.uniform(0, 4))
        self.district.command(ROOT / "deploy/local/parts", "start", "postgres", seconds=120)
        return "PostgreSQL killed"

    def failover(self):
        """The standby stops following, the primary goes on committing, then dies; the standby is promoted."""
        self.standby.pause()
        at = self.read()
        until(lambda: self.read() > at + 2 * RATE, "the primary commits what the standby misses", 30)
        at = self.read()
        self.district.command(ROOT / "deploy/local/parts", "stop-immediate", "postgres")
        self.standby.promote()
        self.conninfo = self.standby.promoted
        behind = at - self.read()
        assert behind > 0, "the standby missed nothing"
        return f"{behind} offsets were committed and forgotten"

    def make_topic_anew(self, events):
        """Deleted, made again, and filled beyond every old position: only the records tell that it is another log."""
        before = self.sql("SELECT part, next_offset FROM core.kafka_offset ORDER BY part")
        self.district.command(ROOT / "deploy/local/daemons", "stop", *AGGREGATORS, seconds=60)
        brokers = self.district.environment["CITYBRAIN_BROKERS"]
        admin = AdminClient({"bootstrap.servers": brokers})
        admin.delete_topics(["cb.events"])["cb.events"].result(30)
        time.sleep(2)
        self.district.citybrain("topics", "apply", "--config", self.district.config)
        feed, most = Feed(brokers, events), max(offset for _, offset in before)
        self.district.partitions.clear()
        feed.events, feed.rate = events[::-1], 1 << 20
        feed.start()

        def is_longer():
            try:
                return min(self.district.ends("cb.events").values()) > most
            except KafkaException:  # of partitions that were just made a broker may not know yet that it leads them
                return False
        until(is_longer, "the new log is longer than the old one", 90, 1)
        feed.finish()
        lives = self.lives()
        self.aggregators()
        until(lambda: self.logs().count('"status":78') >= 2, "both have refused", PATIENCE)
        assert "another log, the topic was made anew" in self.logs() and "docs/runbooks/log-and-database.md" in self.logs()
        assert self.sql("SELECT part, next_offset FROM core.kafka_offset ORDER BY part") == before
        say(f"  other_topic    deleted and made anew, longer than before: refused with 78 ({self.lives() - lives} starts), "
            "nothing was moved")

    def data_full(self):
        seconds = self.rng.uniform(5, 10)
        refused = self.undo.fill("data", lambda: "53100" in self.logs(), seconds)
        return f"full for {seconds:.0f} s: {refused}"

    def wal_full(self):
        seconds = self.rng.uniform(5, 10)
        said = self.undo.fill("wal", self.no_wal_is_left, seconds)
        self.district.command(ROOT / "deploy/local/parts", "start", "postgres", seconds=120)
        return f"full for {seconds:.0f} s: {said}, started when there was space"

    def no_wal_is_left(self):
        """Segments that are there already are used up first."""
        with contextlib.suppress(psycopg2.Error), contextlib.closing(
                psycopg2.connect(self.district.environment["CITYBRAIN_PG_ADMIN"])) as connection:
            connection.autocommit = True
            connection.cursor().execute("SELECT pg_switch_wal()")
        return self.district.command(ROOT / "deploy/local/parts", "status", check=False).stdout.count("postgres\tpid -") > 0

    def logs(self):
        return "".join(path.read_text(errors="replace")[-20000:] for path in (self.district.run / "daemons").glob("aggregator-*.log"))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    seeds = [int(seed) for seed in (os.environ.get("SEEDS") or os.environ.get("SEED") or "1").split()]
    parser.add_argument("--seed", type=int, nargs="*", default=seeds)
    parser.add_argument("--only", nargs="*", choices=FAULTS, default=(os.environ.get("ONLY") or "").split() or FAULTS)
    asked = parser.parse_args()
    if history_file() is None:
        say("chaos-store: the real inputs (../shared/data) are not here")
        return 66
    binaries = Path(os.environ.get("CITYBRAIN_BIN", ROOT / "build" / "debug"))
    crash = [name for name in asked.only if name not in DISK_FAULTS]
    disk = [name for name in asked.only if name in DISK_FAULTS]
    began = time.monotonic()
    for seed in asked.seed:
        rng = random.Random(seed)
        for names in (crash, disk):
            last = [name for name in LAST if name in names]
            names = rng.sample([name for name in names if name not in last], len(names) - len(last)) + last
            if names:
                say(f"seed {seed}: {', '.join(names)}")
                Run(binaries, seed, names).play()
    say(f"all recovered, 0 differences, {time.monotonic() - began:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
