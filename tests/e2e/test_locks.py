# SPDX-License-Identifier: Apache-2.0
"""A session that somebody forgot holds a table: whoever reads the database is told within seconds what is locked, by whom and where it is
written what to do, and how far a recount is while nothing is wrong."""
import contextlib
import json
import re
import threading
import time

import psycopg2
import pytest

from district import until

PAGE = "docs/runbooks/database-away.md"
READERS = {"lag": ("core.kafka_offset", ("lag", "--group", "aggregator")), "cells": ("core.case_set", ("verify", "--cells")),
           "sets": ("core.kafka_offset", ("verify", "--cases")), "period": ("core.period", ("period", "ls")),
           "frozen": ("core.frozen_cell", ("period", "show", "nobody", "--view", "closure_rate")), "apply": ("core.migration", ("views", "apply"))}


@contextlib.contextmanager
def forgotten(district, *statements, login="CITYBRAIN_PG"):
    connection = psycopg2.connect(district.environment[login], application_name="a forgotten psql")
    with contextlib.closing(connection), connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
        yield connection.info.backend_pid


def says(done, table, pid):
    return done.returncode == 69 and PAGE in done.stderr and re.search(
        rf"{re.escape(table)}\b.* is locked by pid {pid} \(user citybrain, application a forgotten psql, from this host, idle in transaction "
        r"since \d{4}-\d\d-\d\d \d\d:\d\d:\d\d\+08:00\)", done.stderr)


@pytest.mark.parametrize("name", READERS)
def test_who_holds_a_lock_is_named(district, name):
    district.settle()
    table, words = READERS[name]
    assert district.citybrain(*words, check=False, seconds=120).returncode in (0, 1)  # takes no lock that is there
    with forgotten(district, f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE") as pid:
        began = time.monotonic()
        done = district.citybrain(*words, check=False, seconds=60)
        assert says(done, table, pid), (done.returncode, done.stderr)
        assert time.monotonic() - began < 30


@pytest.mark.parametrize("name", ("cells", "period"))
def test_of_another_login_what_may_be_told_is_told(district, name):
    table, words = READERS[name]
    with forgotten(district, f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE", login="CITYBRAIN_PG_ADMIN") as pid:
        done = district.citybrain(*words, check=False, seconds=60)
        assert done.returncode == 69 and f"is locked by pid {pid} (user postgres, application a forgotten psql, since when only an " \
            "administrator is told)" in done.stderr, done.stderr


def test_who_asks_in_vain_is_told_with_whom_he_waits_for(district):
    """A reader that does not end, who wants the table for himself, and everybody behind him."""
    def ask(connection):
        with contextlib.suppress(psycopg2.Error):  # it is closed below
            connection.cursor().execute("LOCK TABLE core.period IN ACCESS EXCLUSIVE MODE")

    with forgotten(district, "SELECT count(*) FROM core.period") as reader:
        asking = psycopg2.connect(district.environment["CITYBRAIN_PG"], application_name="wants it alone")
        waiting = threading.Thread(target=ask, args=(asking,))
        waiting.start()
        try:
            until(lambda: district.sql("SELECT count(*) FROM pg_locks WHERE NOT granted AND mode = 'AccessExclusiveLock'") == [(1,)],
                  "it waits", 20)
            done = district.citybrain("period", "ls", check=False)
            assert done.returncode == 69 and f"core.period is asked for before us by pid {asking.info.backend_pid} " in done.stderr
            assert f", which waits for pid {reader}\n" in done.stderr, done.stderr
        finally:
            asking.cancel()
            waiting.join(timeout=20)
            asking.close()


def test_lag_says_in_json_why_a_group_is_missing(district):
    def told(*words):
        done = district.citybrain("lag", "--json", *words, check=False)
        return done.returncode, json.loads(done.stdout)

    status, whole = told()
    assert status == 0 and whole["missing"] == []
    with forgotten(district, "LOCK TABLE core.kafka_offset IN ACCESS EXCLUSIVE MODE") as pid:
        status, answer = told()
        assert status == 69 and [group["group"] for group in answer["groups"]] == ["ingest", "router"]
        missing, = answer["missing"]
        assert missing["group"] == "aggregator" and f"locked by pid {pid}" in missing["why"] and PAGE in missing["why"]
    status, answer = told("--brokers", "127.0.0.1:1")
    assert status == 69 and answer["groups"] == [] and [one["group"] for one in answer["missing"]] == ["ingest", "router", "aggregator"]
    assert all("no broker at 127.0.0.1:1" in one["why"] for one in answer["missing"])


def test_a_recount_shows_how_far_it_is(district):
    done = district.citybrain("verify", "--cells", check=False, seconds=120)
    shown = [line for line in done.stderr.splitlines() if re.match(r"sets -> cells \d+/\d+ \w+ \d+ s$", line)]
    assert len(shown) >= 3, done.stderr
