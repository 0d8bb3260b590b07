# SPDX-License-Identifier: Apache-2.0
"""Where a bench plays: its own broker and database, topics by prefix, programs started by hand and
their CPU time and memory read from /proc."""
import contextlib
import os
import signal
import struct
import subprocess
import sys
import time
from pathlib import Path

import psycopg2
import yaml
from confluent_kafka import Producer, TopicPartition

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "e2e"))
from district import ROOT, District, until  # noqa: E402 the folder is no package

TICKS = os.sysconf("SC_CLK_TCK")


def cpu_of(pid):
    """Seconds, user and system, of all threads, ended ones too."""
    fields = Path("/proc/%d/stat" % pid).read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def peak_of(pid):
    for line in Path("/proc/%d/status" % pid).read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    return 0


class Stage(District):
    parts = ()  # all
    needed = ("raw", "events", "signals", "state.cases", "state.windows", "registry", "dead", "dispatch.<unit>")

    def start(self):
        """The parts alone; a configuration with the topics a bench uses."""
        self.command(ROOT / "deploy/local/parts", "start", *self.parts, seconds=120)
        for line in self.command(ROOT / "deploy/local/parts", "env").stdout.splitlines():
            name, value = line.split("=", 1)
            self.environment[name] = value.strip("'")
        self.brokers = self.environment["CITYBRAIN_BROKERS"]
        self.config = self.run / "config"
        self.config.mkdir()
        for entry in (ROOT / "config").iterdir():
            if entry.name != "topics.yaml":
                (self.config / entry.name).symlink_to(entry)
        topics = yaml.safe_load((ROOT / "config/topics.yaml").read_text())
        topics["topics"]["entries"] = [e for e in topics["topics"]["entries"] if e["name"] in self.needed]
        (self.config / "topics.yaml").write_text(yaml.safe_dump(topics, allow_unicode=True))
        self.broker_pid = next(pid for pid in self.processes()
                               if b"kafka.Kafka" in Path("/proc/%d/cmdline" % pid).read_bytes())

    def topics(self, prefix):
        self.citybrain("topics", "apply", "--config", self.config, "--brokers", self.brokers, "--prefix", prefix)

    def load(self, topic, records):
        producer = Producer({"bootstrap.servers": self.brokers, "compression.type": "zstd", "linger.ms": 20,
                             "acks": "all", "queue.buffering.max.messages": 500000,
                             "partitioner": "murmur2_random"})
        for key, value, header in records:
            producer.produce(topic, value, key, headers=[("cb", header)])
            producer.poll(0)
        assert producer.flush(60) == 0

    # --- databases ---

    def connect(self, database, user="postgres"):
        return psycopg2.connect(self.environment["CITYBRAIN_PG_ADMIN"].replace(
            "dbname=citybrain", "dbname=" + database).replace("user=postgres", "user=" + user))

    def conninfo(self, database):
        return self.environment["CITYBRAIN_PG"].replace("dbname=citybrain", "dbname=" + database)

    def database(self, name, template="template1"):
        with contextlib.closing(self.connect("postgres")) as connection:
            connection.autocommit = True
            cursor = connection.cursor()
            cursor.execute('DROP DATABASE IF EXISTS "%s"' % name)
            cursor.execute('CREATE DATABASE "%s" OWNER citybrain TEMPLATE "%s"' % (name, template))
            cursor.execute("CHECKPOINT")

    # --- programs ---

    @contextlib.contextmanager
    def program(self, name, *words, **environment):
        """A running program; ended by SIGTERM, and by SIGKILL if it does not listen."""
        log = open(self.run / ("%s.log" % name), "ab")
        process = subprocess.Popen([str(w) for w in words], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                   stderr=log, env={**self.environment, **environment})
        log.close()
        try:
            yield process
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            process.stdin.close()
            process.stdout.close()

    def daemon(self, name, prefix, group, config=None, admin="127.0.0.1:0", **settings):
        words = [self.binaries / ("citybrain-" + name), "--config", self.config / (name + ".yaml"),
                 "--set", "kafka.prefix=" + prefix, "--set", "kafka.group=" + group,
                 "--set", "bundle.config_dir=%s" % (config or self.config), "--set", "daemon.admin=" + admin]
        for key, value in settings.items():
            words += ["--set", "%s.%s=%s" % (name, key, value)]
        return self.program(name, *words, CITYBRAIN_NOTE_DIR=str(self.run / "notes"))

    def fan(self, name, source, out, canned, group, *state):
        return self.program(name, self.binaries / "bench/pass_fan", self.brokers, source, out, canned, 1, *state,
                            PASS_GROUP=group, PASS_NOTES=str(self.run / "notes"))

    # --- waiting ---

    def wait_read(self, process, group, topic, least=0):
        """Until the group has committed all of the topic."""
        ask = self.consumer(group)
        parts = [TopicPartition(topic, part) for part in self.parts_of(topic)]
        try:
            def all_read():
                assert process.poll() is None, "%s ended by itself: %s" % (group, process.args)
                at = {p.partition: p.offset for p in ask.committed(parts, timeout=10)}
                if sum(at.values()) < least:
                    return False
                return all(at[part] >= end for part, end in self.ends(topic).items())
            until(all_read, "%s has read %s" % (group, topic), 120, 0.1)
        finally:
            ask.close()


class Meter:
    """CPU of a process and of the broker while something runs, per record."""

    def __init__(self, stage, pid, records):
        self.stage, self.pid, self.records = stage, pid, records
        self.broker = cpu_of(stage.broker_pid)
        self.began = time.monotonic()

    def read(self):
        micro = 1e6 / self.records
        return {"us": cpu_of(self.pid) * micro, "rss": peak_of(self.pid),
                "broker": (cpu_of(self.stage.broker_pid) - self.broker) * micro,
                "seconds": time.monotonic() - self.began}


def bundle(outputs):
    """One canned bundle: [(stream, suffix, header, value)]."""
    parts = [struct.pack("<I", len(outputs))]
    for stream, suffix, header, value in outputs:
        parts += [struct.pack("<BBHI", stream, len(suffix), len(header), len(value)), suffix, header, value]
    return b"".join(parts)
