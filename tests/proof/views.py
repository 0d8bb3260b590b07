#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""make views-proof: every number of every view of real requests equals its recomputation from the files.

1  the files through a door, Kafka, the three daemons and PostgreSQL; every row of api.<view>_periods against recompute.py
2  the events of that run once more into an empty district, for each of three seeds (SEEDS="1 2 3"): shuffled, 30 % of them
   twice, the second half first, so that many are closed before they are opened; every cell and bin equal to those of the first"""
import contextlib
import json
import os
import random
import sys
import time
from pathlib import Path

import psycopg2
import psycopg2.extras
from confluent_kafka import Producer

TESTS = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS / "e2e"), str(TESTS / "proof")]
import recompute  # noqa: E402 the folders are no packages
from district import ROOT, District, shared, until  # noqa: E402

CLOCK = "2020-03-01 00:00:00"  # behind everything that the files tell
BATCH = 2000


def say(line):
    print(line, flush=True)


@contextlib.contextmanager
def running(now):
    binaries = Path(os.environ.get("CITYBRAIN_BIN", ROOT / "build/debug"))
    district = District(binaries, clock_ms=now)
    try:
        district.start()
        yield district
    except BaseException:
        district.show_logs()
        raise
    finally:
        left = district.stop()
        assert left == [], f"processes were left over: {left}"


def rows(district, view, bucket, groups, until_day):
    """Of the groups that the files tell; the others are empty in them, and one more is compared by that."""
    connection = psycopg2.connect(district.environment["CITYBRAIN_PG"])
    with contextlib.closing(connection), connection.cursor(cursor_factory=psycopg2.extras.RealDictCursor) as cursor:
        cursor.execute(f"SELECT *, day::text AS day FROM api.{view}_periods WHERE bucket = %s AND scope = 'all' AND day <= %s",
                       (bucket, until_day))
        return recompute.keyed(cursor.fetchall(), groups, "day")


def compare(district, cases, now):
    failed = numbers = 0
    for view, bucket, groups, wanted in recompute.every(cases, now):
        began = time.monotonic()
        last = "2012-06-30" if view in recompute.STOCKS else "9999-12-31"  # some are open for years: the first is enough
        wanted = {key: row for key, row in wanted.items() if key[len(groups)] <= last}
        said, compared = recompute.differences(wanted, rows(district, view, bucket, groups, last))
        say(f"  {view:16} {bucket:10} {len(wanted):>7} rows {compared:>8} numbers {len(said):>4} differences "
            f"{time.monotonic() - began:6.1f} s")
        for line in said[:5]:
            say(f"    {line}")
        failed, numbers = failed + len(said), numbers + compared
    return failed, numbers


def summed(district):
    """Every cell and bin that is not zero, whoever wrote it; how a cell keeps its bins hangs on the order they came in."""
    found = {}
    for name, in district.sql(r"SELECT table_name FROM information_schema.tables WHERE table_schema = 'core' AND "
                              r"(table_name LIKE 'cell\_%%' OR table_name LIKE 'hist\_%%') ORDER BY 1 /* %s */", ""):
        columns = district.sql("SELECT column_name, data_type FROM information_schema.columns WHERE table_schema = 'core' AND "
                               "table_name = %s AND column_name NOT IN ('shard', 'bins') ORDER BY ordinal_position", name)
        keys = [column for column, kind in columns if kind != "bigint"]
        values = [column for column, kind in columns if kind == "bigint"]
        found[name] = sorted(district.sql(
            f"SELECT {', '.join(keys)}, {', '.join(f'sum({v})::bigint' for v in values)} FROM core.{name} GROUP BY "
            f"{', '.join(keys)} HAVING {' OR '.join(f'sum({v}) <> 0' for v in values)}"), key=repr)
    return found


def disorder(messages, seed):
    """The second half first, shuffled within each half, 30 % of all a second time somewhere later."""
    lots = random.Random(seed)
    first, second = messages[:len(messages) // 2], messages[len(messages) // 2:]
    lots.shuffle(first)
    lots.shuffle(second)
    told = second + first
    for message in lots.sample(messages, len(messages) * 3 // 10):
        told.insert(lots.randrange(len(told)), message)
    return told


def closed_first(messages):
    """Cases whose closing is told before their opening."""
    told = {}
    for key, value, _ in messages:
        told.setdefault(key, []).append(json.loads(value)["type"].split(".")[3])
    return sum("closed" in stages and stages.index("closed") < stages.index("opened") for stages in told.values())


def replayed(district, messages):
    producer = Producer({"bootstrap.servers": district.environment["CITYBRAIN_BROKERS"], "partitioner": "murmur2_random",
                         "queue.buffering.max.messages": 1000000, "compression.type": "lz4"})
    for n, (key, value, headers) in enumerate(messages):
        producer.produce("cb.events", key=key, value=value, headers=headers)
        if n % BATCH == 0:
            producer.poll(0)
    assert producer.flush(120) == 0
    ends = district.ends("cb.events")
    until(lambda: all(district.aggregated().get(part, 0) >= end for part, end in ends.items()), "all is aggregated", 600, 1)


def main():
    data = shared()
    if data is None:
        print("views-proof: the real inputs (../shared/data) are not here", file=sys.stderr)
        return 66
    now, cases = recompute.milliseconds(CLOCK, 480), []
    with running(now) as district:
        for feed, (path, _) in recompute.FILES.items():
            said = district.citybrain("send", "--backfill", "--feed", feed, data / path, seconds=600).stderr
            cases += recompute.cases_of(data, feed)
            say(said.strip().splitlines()[-1])
        ends = district.ends("cb.raw")
        until(lambda: all(district.committed("cb.ingest", "cb.raw").get(p, 0) >= end for p, end in ends.items()), "all is normalised", 300, 1)
        ends = district.ends("cb.events")
        until(lambda: all(district.aggregated().get(p, 0) >= end for p, end in ends.items()), "all is aggregated", 300, 1)
        district.set_clock(now + 1000)  # and a tick behind all
        until(lambda: district.sql("SELECT t_ms >= %s FROM core.clock", now) == [(True,)], "the clock is there", 60)
        say(f"1  {len(cases)} requests; by the files, and by api:")
        failed, numbers = compare(district, cases, now)
        kept = summed(district)
        messages = [(m.key(), m.value(), m.headers()) for m in district.records("cb.events") if b"cn.citybrain.case." in (m.value() or b"")]
    say(f"   {numbers} numbers, {failed} differences")
    total, differ = sum(map(len, kept.values())), []
    for seed in map(int, (os.environ.get("SEEDS") or os.environ.get("SEED") or "1 2 3").split()):
        told = disorder(messages, seed)
        with running(now) as district:
            replayed(district, told)
            again = summed(district)
        differ += [name for name in kept if kept[name] != again[name]]
        early = closed_first(told)
        assert early > 1000, f"only {early} cases are closed before they are opened"
        say(f"2  seed {seed}: {len(told)} of {len(messages)} events, shuffled, 30 % twice, the second half first, {early} closed "
            f"before they were opened: {total} cells and bins, tables that differ: {differ}")
    return 1 if failed or differ or not total or not numbers else 0


if __name__ == "__main__":
    sys.exit(main())
