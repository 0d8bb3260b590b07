# SPDX-License-Identifier: Apache-2.0
"""The router's clock and its parked units, on real parts whose time is moved by hand."""
import datetime
import json
import os
import signal
import time
from pathlib import Path

import pytest
from confluent_kafka.admin import AdminClient

from district import ROOT, District, until

CHINA = datetime.timezone(datetime.timedelta(hours=8))
LEAD, AWAY = "s110105001", "s110105041"


@pytest.fixture(scope="module")
def slow():
    """A district whose clock stands still until it is moved."""
    binaries = Path(os.environ.get("CITYBRAIN_BIN", "build/debug"))
    district = District(binaries if binaries.is_absolute() else ROOT / binaries)
    district.environment["CITYBRAIN_SETTINGS_INGEST"] += " ingest.clock=manual"
    district.environment["CITYBRAIN_SETTINGS_ROUTER"] += " router.probe_every=500ms"
    district.environment["CITYBRAIN_READY_TRIES"] = "0"  # the doors are ready once the clock is set
    try:
        district.start()
        until(lambda: set_clock(district, "09:00:00"), "the clock is set", 60, 0.5)
        district.environment["CITYBRAIN_READY_TRIES"] = "200"
        district.command(ROOT / "deploy/local/daemons", "start", seconds=120)  # all are: it waits until ready
        yield district
    except BaseException:
        district.show_logs()
        raise
    finally:
        left = district.stop()
    assert left == [], f"processes were left over: {left}"


def at(hour, day=2):
    return datetime.datetime.fromisoformat(f"2026-03-{day:02}T{hour}+08:00")


def set_clock(district, hour, day=2):
    """True once the door took it."""
    now = int(at(hour, day).timestamp() * 1000)
    try:
        status, _ = district.http(district.environment["CITYBRAIN_INGEST_ADMIN"] + "/clock",
                                  json.dumps({"now": now}).encode(), Content_Type="application/json")
    except OSError:
        return False
    return status == 200


def ticked(district, hour, day=2):
    """The clock is moved, and the tick of that time is on every partition of events."""
    now = int(at(hour, day).timestamp() * 1000)
    assert set_clock(district, hour, day)

    def answer():
        _, body = district.http(district.environment["CITYBRAIN_INGEST_ADMIN"] + "/clock")
        return json.loads(body).get("ticked") == now
    until(answer, f"a tick of {hour}", 30)


def order(number, lead=LEAD):
    return {"工单编号": number, "诉求性质": "投诉", "问题分类": "R0105", "反映社区": "110105001901",
            "反映街乡": "110105001", "受理时间": "2026-03-02 08:50:00", "截止时间": "2026-03-02 12:00:00",
            "承办单位": lead}


def case(number):
    return f"request:12345:{number}"


def orders(district, unit, number):
    read = (json.loads(m.value()) for m in district.records(f"cb.dispatch.{unit}"))
    return [one for one in read if one["case"] == case(number)]


def stages(district, number):
    return [row[0] for row in district.sql(
        "SELECT stage FROM api.case_timeline WHERE case_id = %s ORDER BY n", case(number))]


def test_an_order_is_overdue_once_though_the_router_dies_when_it_is_due(slow):
    slow.accepted("hotline", [order("R1")])
    until(lambda: orders(slow, LEAD, "R1"), "the order is dispatched", 30)
    ticked(slow, "11:59:59")
    slow.settle()
    kinds = [one["kind"] for one in orders(slow, LEAD, "R1")]
    assert kinds == ["assigned", "nudged", "nudged"]  # unsigned, and near its due time

    # Frozen while the due time passes, and killed before it can act on it.
    pid = slow.pid("router-1")
    os.kill(pid, signal.SIGSTOP)
    ticked(slow, "12:00:00")
    time.sleep(0.5)
    assert stages(slow, "R1").count("overdue") == 0
    slow.kill("router-1", pid)
    slow.came_back("router-1", pid)
    until(lambda: "overdue" in stages(slow, "R1"), "the order is overdue", 60)

    # Killed again, and the clock goes on: it has been said.
    pid = slow.kill("router-1")
    slow.came_back("router-1", pid)
    ticked(slow, "13:00:00")
    ticked(slow, "09:00:00", day=5)
    slow.settle()
    events = [json.loads(m.value()) for m in slow.records("cb.events")]
    mine = [e for e in events if e.get("subject") == case("R1")]
    overdue = [e for e in mine if e["type"].endswith(".overdue.v1")]
    assert [e["time"] for e in overdue] == ["2026-03-02T04:00:00.000Z"]
    assert sum(e["type"].endswith(".nudged.v1") for e in mine) == 2
    mine = orders(slow, LEAD, "R1")
    assert [one["kind"] for one in mine] == ["assigned", "nudged", "nudged", "overdue"]
    desk = orders(slow, "desk", "R1")
    assert [(one["kind"], one["id"]) for one in desk] == [("escalated", overdue[0]["id"])]
    assert mine[-1]["id"] == overdue[0]["id"]
    assert stages(slow, "R1").count("overdue") == 1


def parked(district):
    port = district.command(ROOT / "deploy/local/daemons", "status", "router-1", check=False).stdout.split("\t")[2]
    status, body = district.http(port + "/metrics")
    assert status == 200
    return next(int(line.split()[-1]) for line in body.decode().splitlines()
                if line.startswith("citybrain_router_parked "))


def test_a_unit_without_a_topic_is_served_when_it_has_one_and_nobody_else_waits(slow):
    admin = AdminClient({"bootstrap.servers": slow.environment["CITYBRAIN_BROKERS"]})
    topic = f"cb.dispatch.{AWAY}"
    admin.delete_topics([topic])[topic].result(20)
    until(lambda: topic not in admin.list_topics(timeout=10).topics, "the topic is gone", 30)
    # the running router may still know the topic: then it dies of it, and its successor does not
    slow.accepted("hotline", [order("R2", AWAY), order("R3")])
    until(lambda: orders(slow, LEAD, "R3"), "the other unit has its order", 90)
    until(lambda: "undelivered" in stages(slow, "R2"), "the case tells of it", 60)
    assert until(lambda: parked(slow) > 0, "the alarm", 30)
    undelivered = slow.sql("SELECT unit FROM api.case_timeline WHERE case_id = %s AND stage = 'undelivered'",
                           case("R2"))
    assert {row[0] for row in undelivered} == {AWAY}

    pid = slow.kill("router-1")  # what is parked is state
    slow.came_back("router-1", pid)
    slow.settle()
    assert "delivered" not in stages(slow, "R2")

    slow.citybrain("topics", "apply", seconds=60)
    until(lambda: "delivered" in stages(slow, "R2"), "the order is delivered", 60)
    slow.settle()
    assert parked(slow) == 0
    events = [json.loads(m.value()) for m in slow.records("cb.events")]
    decided = [e["id"] for e in events if e.get("subject") == case("R2") and e["type"].endswith(".dispatched.v1")]
    written = orders(slow, AWAY, "R2")
    assert len(decided) == 1 and [one["id"] for one in written if one["kind"] == "assigned"] == decided
    assert len({(one["id"], one["kind"]) for one in written}) == len(written)
    said = stages(slow, "R2")
    assert said.count("undelivered") == said.count("delivered") == len(written)
