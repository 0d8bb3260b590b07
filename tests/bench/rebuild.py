# SPDX-License-Identifier: Apache-2.0
"""citybrain rebuild and citybrain views apply beside live load (make bench-rebuild): a million events of cases in
PostgreSQL, some cells spoiled, and while the aggregator goes on at a steady rate every cell is made anew, compared,
swapped in; then a view's file changes and is applied beside the running aggregator, which is fenced, ends, and comes back
under the new file; then `verify`.
usage: rebuild.py [EVENTS] [RATE]"""
import contextlib
import json
import os
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

from confluent_kafka import Producer

from bench import alone
from stage import ROOT, Stage, until

EVENTS = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
RATE = int(sys.argv[2]) if len(sys.argv) > 2 else 1000
STAGES = ("opened", "dispatched", "signed", "closed")
PARTIES = {"opened": "source", "dispatched": "router", "signed": "lead", "closed": "desk"}
TYPES = [f"R03{n:02}" for n in range(1, 7)] + [f"R01{n:02}" for n in range(1, 8)]
DAY = 86_400_000
PREFIX, GROUP = "rebuild.", "aggregator"


def stamp(ms):
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(ms // 1000)) + f".{ms % 1000:03}Z"


def event(n, stage, base):
    """Stage 0..3 of case n: of 43 streets, 13 types and 60 days."""
    name, unit = STAGES[stage], f"s110105{n % 43 + 1:03}"
    at = base - (n % 60) * DAY - (n * 7919) % DAY + stage * 1_800_000 + n % 997
    data = {"type_code": TYPES[n % len(TYPES)], "street_code": unit[1:], "lead": unit} if stage < 2 else {}
    body = {"specversion": "1.0", "id": f"rb{n}-{stage}-{'x' * 12}", "source": "/bench", "type": f"cn.citybrain.case.{name}.v1",
            "subject": f"request:bench:{n}", "time": stamp(at), "recordedtime": stamp(at), "datacontenttype": "application/json",
            "partitionkey": f"request:bench:{n}", "party": PARTIES[name],
            "revision": f"{0:020}.{at:015}.{1:06}.{n % (1 << 60):016x}", "data": data}
    if name == "signed":
        body["unit"] = unit
    if stage != 1:
        body["feed"] = "hotline"
    return f"request:bench:{n}", json.dumps(body, separators=(",", ":"))


class Load(threading.Thread):
    """A steady rate of events of new cases; knows when each offset was written."""

    def __init__(self, stage, first):
        super().__init__(daemon=True)
        self.stage, self.first, self.ended, self.sent = stage, first, threading.Event(), 0
        self.written, self.lags = {}, []

    def run(self):
        producer = Producer({"bootstrap.servers": self.stage.brokers, "linger.ms": 5, "acks": "all",
                             "partitioner": "murmur2_random"})
        began, base = time.monotonic(), int(time.time() * 1000)

        def delivered(error, message):
            assert error is None, error
            self.written.setdefault(message.partition(), []).append((message.offset(), time.monotonic()))
        while not self.ended.is_set():
            due = int((time.monotonic() - began) * RATE)
            while self.sent < due:
                key, value = event(self.first + self.sent // 4, self.sent % 4, base)
                producer.produce(f"{PREFIX}events", value, key, on_delivery=delivered)
                self.sent += 1
            producer.poll(0)
            time.sleep(0.01)
        producer.flush(30)


def watch(load, database):
    """How long the oldest event that is not in the views has been on the log, four times a second."""
    with contextlib.closing(load.stage.connect(database)) as connection, connection.cursor() as cursor:
        connection.autocommit = True
        while not load.ended.is_set():
            cursor.execute("SELECT part, next_offset FROM core.kafka_offset WHERE topic = %s", (f"{PREFIX}events",))
            now, lag = time.monotonic(), 0.0
            for part, offset in cursor.fetchall():
                waiting = load.written.get(part, [])
                while waiting and waiting[0][0] < offset:
                    waiting.pop(0)
                if waiting:
                    lag = max(lag, now - waiting[0][1])
            load.lags.append((now, lag))
            time.sleep(0.25)


def fill(stage):
    producer = Producer({"bootstrap.servers": stage.brokers, "compression.type": "lz4", "linger.ms": 50, "acks": "all",
                         "queue.buffering.max.messages": 200000, "partitioner": "murmur2_random"})
    base = int(time.time() * 1000) - DAY
    for n in range(EVENTS // 4):
        for step in range(4):
            key, value = event(n, step, base)
            while True:
                try:
                    producer.produce(f"{PREFIX}events", value, key)
                    break
                except BufferError:
                    producer.poll(0.1)
        producer.poll(0)
    assert producer.flush(120) == 0


def read_all(stage, database):
    def done():
        with contextlib.closing(stage.connect(database)) as connection, connection.cursor() as cursor:
            cursor.execute("SELECT to_regclass('core.kafka_offset')")
            if cursor.fetchone()[0] is None:
                return False
            cursor.execute("SELECT part, next_offset FROM core.kafka_offset WHERE topic = %s", (f"{PREFIX}events",))
            at = dict(cursor.fetchall())
        return all(at.get(part, 0) >= end for part, end in stage.ends(f"{PREFIX}events").items())
    until(done, "the aggregator has read everything", 600, 0.5)


def spoil(stage, database):
    """Some cells are wrong: what a rebuild is for."""
    with contextlib.closing(stage.connect(database)) as connection, connection.cursor() as cursor:
        cursor.execute("UPDATE core.cell_closure_rate SET opened_n = opened_n + 1 WHERE (bucket, day, unit, type_code, "
                       "street_code) IN (SELECT bucket, day, unit, type_code, street_code FROM core.cell_closure_rate "
                       "ORDER BY 1, 2, 3, 4, 5 LIMIT 100)")
        cursor.execute("SELECT count(*) FROM (SELECT FROM core.hist_response_time WHERE day = (SELECT min(day) FROM "
                       "core.hist_response_time) GROUP BY bucket, unit, type_code, street_code, limit_class, is_excluded, "
                       "measure, bin HAVING sum(n) <> 0) AS b")
        spoiled = 100 + cursor.fetchone()[0]
        cursor.execute("UPDATE core.cell_response_time SET bins = NULL WHERE day = (SELECT min(day) FROM "
                       "core.hist_response_time)")
        connection.commit()
    return spoiled


@contextlib.contextmanager
def live(stage, first):
    """Load and its watcher, from some seconds before to some behind. `first`: the first case nobody has told of."""
    load = Load(stage, first)
    watcher = threading.Thread(target=watch, args=(load, "rebuild"), daemon=True)
    load.start()
    watcher.start()
    try:
        time.sleep(3)
        yield load
        time.sleep(2)
    finally:
        load.ended.set()
        load.join()
        watcher.join()


def lag_most(load, since=0.0, until_=float("inf")):
    return round(max(lag for at, lag in load.lags if since <= at <= until_), 2)


def run(stage, *words):
    """(stdout, when it began, when it had ended)"""
    signed = ("--execute", "--as", "bench", "--reason", "make bench-rebuild", "--json", "--config", stage.config)
    began = time.monotonic()
    done = subprocess.run([str(word) for word in (stage.binaries / "citybrain", *words, *signed)], env=stage.environment,
                          cwd=ROOT, text=True, stdout=subprocess.PIPE, timeout=900)
    assert done.returncode == 0, (words, done.returncode)
    return done.stdout, began, time.monotonic()


def rebuild(stage, report):
    """Every cell anew, beside live load. Returns the first case that nobody has told of."""
    report["spoiled"] = spoil(stage, "rebuild")
    with live(stage, EVENTS // 4) as load:
        before = lag_most(load)
        said, began, ended = run(stage, "rebuild")
    said = json.loads(said)
    report.update(sets=said["sets"], followed=said["followed"], differing=said["differing"], seconds=round(ended - began, 2),
                  swap_seconds=said["swap_seconds"], sets_per_second=said["sets_per_second"],
                  events_per_second=round(EVENTS / (ended - began)), live_events=load.sent, lag_before=before,
                  lag_most=lag_most(load, began))
    read_all(stage, "rebuild")
    return EVENTS // 4 + load.sent // 4 + 1


def change_a_view(stage):
    """Hours of requests by unit are from now on by type too."""
    (stage.config / "views").unlink()
    shutil.copytree(ROOT / "config/views", stage.config / "views")
    path = stage.config / "views/inflow.yaml"
    text = path.read_text()
    assert text.count("group: [unit]\n") == 1
    path.write_text(text.replace("group: [unit]\n", "group: [unit, type_code]\n"))


def apply_views(stage, aggregator, first, report):
    """Beside the aggregator that reads under the old file, until the swap ends it."""
    change_a_view(stage)
    with live(stage, first) as load:
        _, began, swapped = run(stage, "views", "apply")
        report["apply_ended_with"] = aggregator.wait(60)
    report.update(apply_seconds=round(swapped - began, 2), apply_lag_most=lag_most(load, began, swapped))


def play(stage, report):
    conninfo = stage.conninfo("rebuild")
    stage.environment.update(CITYBRAIN_PG=conninfo, CITYBRAIN_PREFIX=PREFIX)
    settings = {"postgres": conninfo, "api": "127.0.0.1:0"}
    with stage.daemon("aggregator", PREFIX, GROUP, **settings) as aggregator:
        began = time.monotonic()
        fill(stage)
        read_all(stage, "rebuild")
        print(f"{EVENTS} events written and read in {time.monotonic() - began:.0f} s", flush=True)
        first = rebuild(stage, report)
        apply_views(stage, aggregator, first, report)
    with stage.daemon("aggregator", PREFIX, GROUP, **settings):
        read_all(stage, "rebuild")
    (stage.config / "aggregator.yaml").unlink()
    (stage.config / "aggregator.yaml").write_text(
        (ROOT / "config/aggregator.yaml").read_text().replace("prefix: cb.", f"prefix: {PREFIX}"))
    verified = stage.citybrain("verify", "--json", "--config", stage.config, check=False, seconds=900)
    report["verify_differences"] = json.loads(verified.stdout)["differences"]


def main():
    binaries = Path(os.environ.get("CITYBRAIN_BIN", "build/release")).resolve()
    stage, report = Stage(binaries), {"events": EVENTS, "rate": RATE}
    stage.needed = ("events", "audit")
    lock = alone()
    try:
        stage.start()
        stage.topics(PREFIX)
        stage.database("rebuild")
        play(stage, report)
    except BaseException:
        for path in stage.run.glob("*.log"):
            print(f"--- {path.name}", *path.read_text(errors="replace").splitlines()[-15:], sep="\n", file=sys.stderr)
        raise
    finally:
        left = stage.stop()
        lock.close()
    out = Path(os.environ.get("BENCH_OUT", ROOT / "build/bench")) / "rebuild.json"
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(report, indent=1) + "\n")
    print(*(f"{name:20} {value}" for name, value in report.items()), sep="\n")
    good = report["verify_differences"] == 0 and report["differing"] == report["spoiled"] and left == [] and \
        max(report["lag_most"], report["apply_lag_most"]) < 5 and report["apply_ended_with"] == 70
    print("good" if good else "NOT as promised: no difference, all that was spoiled found, lag below 5 s, the fenced one ended")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
