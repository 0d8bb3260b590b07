# SPDX-License-Identifier: Apache-2.0
"""A district of its own for tests: parts, topics and the three daemons on one private run folder,
and the questions that tests ask them. Every wait has a deadline; every process is known by pid."""
import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import psycopg2
from confluent_kafka import OFFSET_BEGINNING, OFFSET_END, Consumer, KafkaError, KafkaException, TopicPartition

ROOT = Path(__file__).resolve().parents[2]
HTTP = urllib.request.build_opener(urllib.request.ProxyHandler({}))
NDJSON = "application/x-ndjson; charset=utf-8"
GROUPS = ("ingest", "router", "aggregator")
PORTS = int(os.environ.get("TEST_PORT_BASE", "26000"))  # two checkouts under test do not meet


def shared():
    """The folder of real inputs, or None. SHARED=none leaves them out."""
    named = os.environ.get("SHARED", "")
    if named == "none":
        return None
    data = (Path(named) if named else ROOT.parent / "shared") / "data"
    return data if data.is_dir() else None


def until(question, what, seconds=60, pause=0.1):
    """Asks until the answer is true, and returns it."""
    deadline = time.monotonic() + seconds
    while True:
        answer = question()
        if answer:
            return answer
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        time.sleep(pause)


def lay_over(folder, config):
    """More configuration: tables of config/ (codes, tokens) get the rows of the folder's, other files are new."""
    for path in folder.rglob("*.*"):
        target = config / path.relative_to(folder)
        assert target.exists() == (path.suffix == ".csv"), target
        target.write_text((target.read_text() if target.exists() else "") + path.read_text())


def binaries():
    """The folder of the programs under test."""
    named = Path(os.environ.get("CITYBRAIN_BIN", "build/debug"))
    return named if named.is_absolute() else ROOT / named


@contextmanager
def running(*more, prepare=None, **how):
    """A district of a test's own while it is needed: `prepare` may change its environment before it starts. What fails
    on the way shows the logs; nothing may be left over."""
    district = District(binaries(), *more, **how)
    try:
        if prepare:
            prepare(district)
        district.start()
        yield district
    except BaseException:
        district.show_logs()
        raise
    finally:
        left = district.stop()
    assert left == [], f"processes were left over: {left}"


class District:
    def __init__(self, binaries, *more, slots=1, brokers=1, clock_ms=None, config=ROOT / "config"):
        """`slots` processes a group; `clock_ms`: the clock is manual and begins there; `more`: folders
        that are laid over a copy of the configuration."""
        self.run = Path(tempfile.mkdtemp(prefix="cb-e2e-", dir=os.environ.get("TEST_RUNS", "/tmp")))
        self.run.chmod(0o755)  # PostgreSQL may run as another user
        self.environment = {k: v for k, v in os.environ.items() if not k.startswith("CITYBRAIN_")}
        transactions = "kafka.transaction_timeout=10s"
        self.environment.update(
            CITYBRAIN_RUN=str(self.run), PORT_BASE=str(PORTS + 2000), CITYBRAIN_BIN=str(binaries),
            BROKERS=str(brokers), CITYBRAIN_SETTINGS="kafka.session_timeout=6s",
            CITYBRAIN_SETTINGS_INGEST=transactions + " ingest.drain_grace=100ms" + (" ingest.clock=manual" if clock_ms else ""),
            CITYBRAIN_SETTINGS_ROUTER=transactions, CITYBRAIN_READY_TRIES="200")
        self.config = Path(config)
        if more:
            self.config = self.run / "config"
            shutil.copytree(config, self.config)
            for folder in more:
                lay_over(folder, self.config)
        self.environment["CITYBRAIN_CONFIG"] = str(self.config)
        self.slots, self.clock_ms = slots, clock_ms
        self.daemons = [f"{name}-{slot}" for slot in range(1, slots + 1) for name in GROUPS]
        self.binaries = Path(binaries)
        self.monitors = threading.local()
        self.partitions = {}

    # --- life ---

    def start(self):
        self.command(ROOT / "deploy/local/charts", seconds=120)  # nothing to do after make deps
        self.command(ROOT / "deploy/local/parts", "start", seconds=240)  # of a machine that has much to do
        for script in ("parts", "daemons"):
            for word in shlex.split(self.command(ROOT / "deploy/local" / script, "env").stdout):
                name, value = word.split("=", 1)
                self.environment[name] = value
        self.citybrain("topics", "apply", "--config", self.config, seconds=60)
        setting = threading.Thread(target=self.set_clock, args=(self.clock_ms,), daemon=True)
        if self.clock_ms:
            setting.start()  # a door is not ready before it knows what time it is
        if self.daemons:  # without names it would start all
            self.command(ROOT / "deploy/local/daemons", "start", *self.daemons, seconds=120)

    def stop(self):
        """Everything started here ends; what is left over is reported, then ended by its pid."""
        self.close_monitors()
        self.command(ROOT / "deploy/local/daemons", "stop", check=False, seconds=60)
        self.command(ROOT / "deploy/local/parts", "wipe", check=False, seconds=90)
        left = self.processes()
        for pid in left:
            os.kill(pid, signal.SIGKILL)
        shutil.rmtree(self.run, ignore_errors=True)
        return left

    def limit_reading(self, clients, bytes_a_second):
        """Kafka's own quota: these client ids get so much a second from each broker; 0 lifts it."""
        jars = next(folder for folder in (ROOT / ".run/kafka/lib", self.run / "kafka/lib")
                    if (folder / "stamp").exists())
        rate = "consumer_byte_rate"
        change = ["--add-config", f"{rate}={bytes_a_second}"] if bytes_a_second else ["--delete-config", rate]
        for client in clients:
            self.command("java", "-Xmx128m", "-XX:TieredStopAtLevel=1", "-cp", f"{jars}/*", "kafka.admin.ConfigCommand", "--bootstrap-server",
                         self.environment["CITYBRAIN_BROKERS"], "--alter", *change,
                         "--entity-type", "clients", "--entity-name", client)

    def processes(self):
        """Pids of living processes that name the run folder in their command line."""
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                if str(self.run).encode() in (folder / "cmdline").read_bytes():
                    found.append(int(folder.name))
            except OSError:
                pass  # ended meanwhile
        return [pid for pid in found if pid != os.getpid()]

    def show_logs(self, lines=25):
        for path in sorted((self.run / "daemons").glob("*.log")):
            tail = path.read_text(errors="replace").splitlines()[-lines:]
            print(f"--- {path.name}", *tail, sep="\n", file=sys.stderr)

    def command(self, *words, check=True, seconds=60):
        """Output goes through files: what a script leaves running may keep them open."""
        with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
            done = subprocess.run([str(w) for w in words], env=self.environment, cwd=ROOT, text=True,
                                  stdin=subprocess.DEVNULL, stdout=out, stderr=err, timeout=seconds)
            out.seek(0)
            err.seek(0)
            done.stdout, done.stderr = out.read(), err.read()
        assert not check or done.returncode == 0, f"{words}: {done.returncode}\n{done.stderr}"
        return done

    def citybrain(self, *words, **how):
        return self.command(self.binaries / "citybrain", *words, **how)

    def pid(self, name):
        return int(self.command(ROOT / "deploy/local/daemons", "pid", name).stdout)

    def kill(self, name, pid=None):
        """SIGKILL; returns the pid that died. The supervisor starts another."""
        pid = pid or self.pid(name)
        os.kill(pid, signal.SIGKILL)
        return pid

    def came_back(self, name, old):
        def other():
            try:
                return self.pid(name) != old
            except (AssertionError, ValueError):
                return False
        until(other, f"{name} is started again after {old} was killed", 30)
        if name.startswith("aggregator"):  # a pid is there before its socket is
            until(lambda: self.answers(f"{self.environment['CITYBRAIN_API']}/api/clock"), f"{name} answers", 60)

    # --- HTTP ---

    def address(self, name):
        """NAME of an address in the environment, for every slot."""
        host, port = self.environment[name].rsplit(":", 1)
        return [f"{host}:{int(port) + 5 * slot}" for slot in range(self.slots)]

    def set_clock(self, now_ms):
        body = json.dumps({"now": now_ms}).encode()
        for url in self.address("CITYBRAIN_INGEST_ADMIN"):
            until(lambda: self.answers(f"{url}/clock", body, Content_Type="application/json"), f"{url} has taken the time", 60)

    def answers(self, *question, **headers):
        """Whether it says 200; who does not listen yet does not."""
        try:
            return self.http(*question, **headers)[0] == 200
        except OSError:
            return False

    def http(self, url, body=None, **headers):
        """(status, body bytes), whatever the status."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        try:
            with HTTP.open(urllib.request.Request(url, data=body, headers=named), timeout=20) as reply:
                return reply.status, reply.read()
        except urllib.error.HTTPError as refused:
            with refused:
                return refused.code, refused.read()

    def post(self, feed, items, token=None):
        """Items (dicts, or bytes as they are) as one NDJSON upload."""
        rows = [i if isinstance(i, bytes) else json.dumps(i, ensure_ascii=False).encode() for i in items]
        token = f"demo-{feed}" if token is None else token
        authorization = {"Authorization": f"Bearer {token}"} if token else {}
        return self.http(f"{self.environment['CITYBRAIN_URL']}/v1/feeds/{feed}",
                         b"\n".join(rows) + b"\n", Content_Type=NDJSON, **authorization)

    def accepted(self, feed, items):
        status, body = self.post(feed, items)
        assert status // 100 == 2, (status, body[:500])
        answer = json.loads(body)
        assert (answer["accepted"], answer["rejected"]) == (len(items), 0), body[:500]

    def view(self, name, **query):
        question = "&".join(f"{k}={v}" for k, v in query.items())
        status, body = self.http(f"{self.environment['CITYBRAIN_API']}/api/views/{name}?{question}")
        assert status == 200, (status, body[:300])
        return json.loads(body)["rows"]

    # --- PostgreSQL ---

    def sql(self, statement, *values):
        connection = psycopg2.connect(self.environment["CITYBRAIN_PG"])
        try:
            with connection, connection.cursor() as cursor:
                cursor.execute(statement, values or None)
                return cursor.fetchall()
        finally:
            connection.close()

    def shards_summed(self, table):
        """A query of a table of core whose rows are sums of shards: each sum with its key. Bins are hist_'s."""
        columns = self.sql("SELECT column_name, data_type FROM information_schema.columns WHERE table_schema = 'core' AND "
                           "table_name = %s AND column_name NOT IN ('shard', 'bins') ORDER BY ordinal_position", table)
        keys = ", ".join(name for name, kind in columns if kind != "bigint")
        every = ", ".join(name if kind != "bigint" else f"sum({name})::bigint AS {name}" for name, kind in columns)
        return f"SELECT {every} FROM core.{table} GROUP BY {keys}"

    def cells(self):
        """Every cell and histogram bin, as one comparable value per table."""
        tables = [row[0] for row in self.sql(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = 'core' "
            "AND (table_name LIKE 'cell\\_%' OR table_name LIKE 'hist\\_%') ORDER BY 1")]
        assert {"cell_closure_rate", "cell_response_time", "hist_response_time"} <= set(tables)
        return {name: sorted(self.sql(self.shards_summed(name))) for name in tables}

    # --- Kafka ---

    def consumer(self, group, **more):
        return Consumer({"bootstrap.servers": self.environment["CITYBRAIN_BROKERS"],
                         "group.id": group, "log_level": 0, "enable.auto.commit": False, "enable.partition.eof": True,
                         "isolation.level": "read_committed", "auto.offset.reset": "error",
                         "reconnect.backoff.max.ms": 500, **more})

    def records(self, topic, positions=None, parts=None):
        """Every committed record of a topic (or of some partitions) from the given positions, else
        from its beginning."""
        parts = self.parts_of(topic) if parts is None else parts
        return self.records_of([topic], {(topic, part): (positions or {}).get(part, 0) for part in parts})

    def records_of(self, topics, positions=None, **more):
        """The same of many topics at once; positions name the partitions, if given, `more` the reader's settings."""
        consumer = self.consumer("e2e-reader", **more)
        try:
            wanted = positions or {(topic, part): 0 for topic in topics for part in self.parts_of(topic)}
            starts, found = [], []
            firsts, ends = (self.offsets_of(consumer, list(wanted), which) for which in (OFFSET_BEGINNING, OFFSET_END))
            for (topic, part), offset in wanted.items():
                low = max(firsts[topic, part], offset)
                if low < ends[topic, part]:
                    starts.append(TopicPartition(topic, part, low))
            consumer.assign(starts)
            waiting = {(start.topic, start.partition) for start in starts}
            deadline = time.monotonic() + 60
            while waiting:
                assert time.monotonic() < deadline, f"not read to the end: {waiting}"
                for message in consumer.consume(5000, timeout=0.2):
                    if not message.error():
                        found.append(message)
                    elif message.error().code() == KafkaError._PARTITION_EOF:
                        waiting.discard((message.topic(), message.partition()))
                    else:
                        raise AssertionError(message.error())
            return found
        finally:
            consumer.close()

    def monitor(self, group):
        """A consumer that only asks; kept, because the tests ask often. One per thread and group.
        Of a transaction left open it sees what is written, and the offsets before it."""
        kept = self.monitors.__dict__
        if group not in kept:
            kept[group] = self.consumer(group, **{"isolation.level": "read_uncommitted"})
        return kept[group]

    def close_monitors(self):
        """This thread's; while the brokers live, or they complain."""
        for consumer in self.monitors.__dict__.values():
            consumer.close()
        self.monitors.__dict__.clear()

    def parts_of(self, topic):
        if topic not in self.partitions:
            found = self.monitor("e2e-reader").list_topics(topic, timeout=10).topics[topic]
            self.partitions[topic] = sorted(found.partitions)
        return self.partitions[topic]

    def committed(self, group, topic):
        return {part: offset for (_, part), offset in self.positions(group, [topic]).items()}

    def aggregated(self):
        return {part: offset for (_, part), offset in self.positions("aggregator").items()}

    def ends(self, topic):
        return {part: end for (_, part), end in self.ends_of([topic]).items()}

    # --- who has read what; a position or an end is {(topic, partition): offset} ---

    def inputs_of(self, group):
        """The topics that a group reads."""
        if group != "ingest":
            return ["cb.events", "cb.signals"] if group == "router" else ["cb.events"]
        known = self.monitor("e2e-reader").list_topics(timeout=10).topics
        return ["cb.raw"] + sorted(name for name in known if name.startswith("cb.status."))

    def positions(self, group, topics=None):
        """Where a group stands: its committed offsets; for the aggregator what lies beside its cells."""
        if group == "aggregator":
            return {("cb.events", part): max(offset, 0) for part, offset in self.sql(
                "SELECT part, next_offset FROM core.kafka_offset WHERE topic = 'cb.events'")}
        group = group if group.startswith("cb.") else f"cb.{group}"
        asked = self.monitor(group).committed(
            [TopicPartition(topic, part) for topic in topics or self.inputs_of(group[3:])
             for part in self.parts_of(topic)], timeout=10)
        return {(part.topic, part.partition): max(part.offset, 0) for part in asked}

    def ends_of(self, topics):
        partitions = [(topic, part) for topic in topics for part in self.parts_of(topic)]
        try:
            return self.offsets_of(self.monitor("e2e-reader"), partitions, OFFSET_END)
        except KafkaException:  # it may ask a leader that moved for ever: another one looks for itself
            self.monitors.__dict__.pop("e2e-reader").close()
            return self.offsets_of(self.monitor("e2e-reader"), partitions, OFFSET_END)

    @staticmethod
    def offsets_of(consumer, partitions, which):
        """Firsts or ends. Asked as offsets of a time, because the library's own question may wait for
        ever for a broker that is gone."""
        asked = [TopicPartition(topic, part, which) for topic, part in partitions]
        found = consumer.offsets_for_times(asked, timeout=3) if asked else []
        for part in found:
            if part.error or part.offset < 0:
                raise KafkaException(part.error or KafkaError(KafkaError._TIMED_OUT))
        return {(part.topic, part.partition): part.offset for part in found}

    def unread(self, group, topics=None):
        """Offsets between a group's position and the ends, transaction markers among them."""
        topics = topics or self.inputs_of(group)
        ends, stands = self.ends_of(topics), self.positions(group, topics)
        return {of: end - stands.get(of, 0) for of, end in ends.items() if end > stands.get(of, 0)}

    def has_read_all(self, group):
        """No record is unread. What lies between is counted by offsets first: that costs nothing."""
        behind = self.unread(group)
        if sum(behind.values()) > 2000:
            return False
        stands = self.positions(group, sorted({topic for topic, _ in behind})) if behind else {}
        return not behind or not self.records_of([], {of: stands.get(of, 0) for of in behind})

    def settle(self, seconds=90):
        """Waits until no daemon has anything unread, statuses of units included. The order matters:
        each writes for the next."""
        deadline = time.monotonic() + seconds
        for group in GROUPS:
            until(lambda: self.has_read_all(group), f"{group} has read everything",
                  max(5, deadline - time.monotonic()), 0.3)
