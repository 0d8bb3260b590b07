# SPDX-License-Identifier: Apache-2.0
"""`citybrain lag` on real parts: nobody is behind, a frozen aggregator is, and is no more once it thawed."""
import datetime
import json
import os
import signal
import time

import psycopg2
from district import until

CHINA = datetime.timezone(datetime.timedelta(hours=8))
COUNT = 200


def orders(prefix):
    when = (datetime.datetime.now(CHINA) - datetime.timedelta(hours=1)).strftime("%Y-%m-%d %H:%M:%S")
    return [{"工单编号": f"{prefix}{n}", "诉求性质": "投诉", "问题分类": "R0105", "反映社区": "110105001901",
             "反映街乡": "110105001", "受理时间": when} for n in range(COUNT)]


def lag(district, *words):
    told = json.loads(district.citybrain("lag", "--json", *words).stdout)
    return {group["group"]: group for group in told["groups"]}


def test_a_frozen_aggregator_is_behind_and_no_more_when_it_thawed(district):
    district.accepted("hotline", orders("LAG0"))
    district.settle()
    quiet = until(lambda: (lambda l: l if l["total"]["records"] == 0 else None)(lag(district)), "nobody is behind", 30)
    assert set(quiet) == {"ingest", "router", "aggregator", "total"}
    assert all(group["seconds"] == 0 for group in quiet.values())

    pid = district.pid("aggregator-1")
    os.kill(pid, signal.SIGSTOP)
    try:
        district.accepted("hotline", orders("LAG1"))
        def others():  # asked in this order, so what ingest wrote is the router's to read
            told = lag(district)
            return told["ingest"]["records"] + told["router"]["records"]

        until(lambda: others() == 0, "the router has read all", 30)
        frozen = lag(district, "--partitions")
        behind = frozen["aggregator"]
        # every order and its decision at the least
        assert behind["records"] >= 2 * COUNT and behind["seconds"] > 0
        assert frozen["total"]["records"] >= behind["records"]
        assert frozen["total"]["seconds"] >= behind["seconds"]
        parts = behind["partitions"]
        assert [p["partition"] for p in parts] == list(range(12))
        assert sum(p["records"] for p in parts) == behind["records"]
        assert max(p["seconds"] for p in parts) == behind["seconds"]
        time.sleep(1)
        assert lag(district, "--group", "aggregator")["aggregator"]["seconds"] >= behind["seconds"] + 1
        table = district.citybrain("lag", "--group", "aggregator").stdout.splitlines()
        assert table[0] == "group\trecords\tseconds" and len(table) == 2
        assert int(table[1].split("\t")[1]) >= 2 * COUNT
    finally:
        os.kill(pid, signal.SIGCONT)
    until(lambda: lag(district)["total"]["records"] == 0, "the aggregator has caught up", 60)


def test_what_does_not_answer_is_named(district):
    done = district.citybrain("lag", "--brokers", "127.0.0.1:1", check=False)
    assert done.returncode == 69 and "no broker at 127.0.0.1:1" in done.stderr
    done = district.citybrain("lag", "--postgres", "host=/nowhere dbname=none", check=False)
    assert done.returncode == 69 and "aggregator: " in done.stderr
    assert [line.split("\t")[0] for line in done.stdout.splitlines()] == ["group", "ingest", "router"]
    assert district.citybrain("lag", "--group", "nobody", check=False).returncode == 64


def test_who_holds_a_lock_holds_nobody_up(district):
    forgotten = psycopg2.connect(district.environment["CITYBRAIN_PG"])
    try:
        forgotten.cursor().execute("LOCK TABLE core.kafka_offset IN ACCESS EXCLUSIVE MODE")
        began = time.monotonic()
        done = district.citybrain("lag", check=False)
        assert done.returncode == 69 and "docs/runbooks/database-away.md" in done.stderr, done.stderr
        assert time.monotonic() - began < 30
        assert [line.split("\t")[0] for line in done.stdout.splitlines()] == ["group", "ingest", "router"]
    finally:
        forgotten.close()
