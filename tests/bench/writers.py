#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""make bench-writers: two aggregators read the same real events into one database, once with a shard each and once with
one shard for both, in turns. How long they take, and in how many of some hundred looks a second one of them waited for
a row that the other had locked. ROUNDS=n (2)."""
import contextlib
import os
import random
import statistics
import sys
import threading
import time
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS / "e2e"), str(TESTS / "chaos")]
import psycopg2  # noqa: E402 the folders are no packages

from checks import history_file  # noqa: E402
from district import ROOT, District, until  # noqa: E402
from store import AGGREGATORS, Feed, real_events  # noqa: E402

ONE_SHARD = "CREATE OR REPLACE FUNCTION core.shard() RETURNS smallint LANGUAGE sql STABLE AS 'SELECT 0::smallint'"
LOOK = "SELECT count(*), count(*) FILTER (WHERE wait_event_type = 'Lock') FROM pg_stat_activity WHERE " \
       "application_name = 'citybrain-aggregator' AND state <> 'idle'"


class Looks(threading.Thread):
    def __init__(self, conninfo):
        super().__init__(daemon=True)
        self.conninfo, self.ending, self.busy, self.waiting = conninfo, threading.Event(), 0, 0

    def run(self):
        with contextlib.closing(psycopg2.connect(self.conninfo)) as connection, connection.cursor() as cursor:
            connection.autocommit = True
            while not self.ending.wait(0.003):
                cursor.execute(LOOK)
                busy, waiting = cursor.fetchone()
                self.busy += busy
                self.waiting += waiting


def execute(district, *statements):
    with contextlib.closing(psycopg2.connect(district.environment["CITYBRAIN_PG_ADMIN"])) as connection:
        connection.autocommit = True
        for statement in statements:
            connection.cursor().execute(statement)


def daemons(district, verb):
    district.command(ROOT / "deploy/local/daemons", verb, *AGGREGATORS, seconds=120)


def measure(district, shared):
    """(seconds, share of busy looks that waited). The database is made anew, the log read from its beginning."""
    execute(district, "DROP SCHEMA IF EXISTS core CASCADE", "DROP SCHEMA IF EXISTS api CASCADE")
    daemons(district, "start")  # makes the schema, and reads what is there: stopped, put back
    daemons(district, "stop")
    tables = [row[0] for row in district.sql("SELECT oid::regclass::text FROM pg_class WHERE relnamespace = 'core'::regnamespace "
                                             r"AND relname ~ '^(cell|hist)_|^(case_set|ledger_came|ledger_said|station_seen)$' "
                                             "AND relkind = 'r'")]
    execute(district, "TRUNCATE " + ", ".join(tables), "UPDATE core.kafka_offset SET next_offset = -1, last_offset = -1",
            *([ONE_SHARD] if shared else []))
    ends = sum(district.ends("cb.events").values())
    looks, began = Looks(district.environment["CITYBRAIN_PG_ADMIN"]), time.monotonic()
    looks.start()
    district.environment["CITYBRAIN_READY_TRIES"] = "0"
    daemons(district, "start")
    until(lambda: sum(district.aggregated().values()) >= ends, "everything is read", 120, 0.05)
    seconds = time.monotonic() - began
    looks.ending.set()
    looks.join()
    del district.environment["CITYBRAIN_READY_TRIES"]
    daemons(district, "stop")
    return seconds, looks.waiting / max(1, looks.busy)


def main():
    if history_file() is None:
        print("bench-writers: the real inputs (../shared/data) are not here", file=sys.stderr)
        return 66
    binaries = Path(os.environ.get("CITYBRAIN_BIN", ROOT / "build" / "release"))
    district = District(binaries, slots=2)
    district.daemons = []
    found = {True: [], False: []}
    try:
        district.start()
        feed = Feed(district.environment["CITYBRAIN_BROKERS"], real_events(binaries, random.Random(1)))
        feed.rate = 1 << 20
        feed.start()
        until(lambda: feed.sent >= len(feed.events), "the events are in the log", 90)
        feed.finish()
        for turn in range(int(os.environ.get("ROUNDS", "2"))):
            for shared in (turn % 2 == 0, turn % 2 == 1):
                found[shared].append(measure(district, shared))
                print(f"{'one shard' if shared else 'a shard each':14} {found[shared][-1][0]:6.1f} s, "
                      f"{100 * found[shared][-1][1]:5.1f} % of looks wait for a lock", flush=True)
    finally:
        district.stop()
    waits = {shared: statistics.mean(share for _, share in measured) for shared, measured in found.items()}
    print(f"waiting for the other: {100 * waits[True]:.1f} % with one shard, {100 * waits[False]:.1f} % with a shard each")
    return 0 if waits[False] < 0.01 else 1


if __name__ == "__main__":
    sys.exit(main())
