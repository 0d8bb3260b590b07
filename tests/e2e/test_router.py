# SPDX-License-Identifier: Apache-2.0
"""The router's clock and its parked units, on real parts whose time is moved by hand."""
import datetime
import json
import os
import signal
import time

import pytest
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient

from district import ROOT, running, until

CHINA = datetime.timezone(datetime.timedelta(hours=8))
LEAD, AWAY = "s110105001", "s110105041"


@pytest.fixture(scope="module")
def slow():
    """A district whose clock stands still until it is moved."""
    def prepare(district):
        district.environment["CITYBRAIN_SETTINGS_INGEST"] += " ingest.clock=manual"
        district.environment["CITYBRAIN_SETTINGS_ROUTER"] += " router.probe_every=500ms"
        district.environment["CITYBRAIN_READY_TRIES"] = "0"  # the doors are ready once the clock is set

    with running(prepare=prepare) as district:
        until(lambda: set_clock(district, "09:00:00"), "the clock is set", 60, 0.5)
        district.environment["CITYBRAIN_READY_TRIES"] = "200"
        district.command(ROOT / "deploy/local/daemons", "start", seconds=120)  # all are: it waits until ready
        yield district


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


# --- faults of the world: the clock stands at the fifth, 09:00 ---


def of_case(district, number, stage=""):
    events = (json.loads(m.value()) for m in district.records("cb.events"))
    return [e for e in events if e.get("subject") == case(number) and f".case.{stage}" in e["type"]]


def test_a_topic_deleted_under_load_parks_its_unit_alone(slow):
    admin = AdminClient({"bootstrap.servers": slow.environment["CITYBRAIN_BROKERS"]})
    topic, others = f"cb.dispatch.{AWAY}", ("s110105002", "s110105003", "s110105004")
    numbers = {unit: [f"L{unit[-2:]}-{i}" for i in range(150)] for unit in (AWAY, *others)}

    def load(first, last):
        slow.accepted("hotline", [order(numbers[unit][i], unit) for i in range(first, last) for unit in numbers])

    load(0, 50)
    deleting = admin.delete_topics([topic])[topic]  # while orders are on their way
    load(50, 100)
    deleting.result(20)
    until(lambda: topic not in admin.list_topics(timeout=10).topics, "the topic is gone", 30)
    load(100, 150)
    wanted = {case(number) for unit in others for number in numbers[unit]}

    def served():
        return {json.loads(m.value())["case"] for unit in others for m in slow.records(f"cb.dispatch.{unit}")}
    until(lambda: wanted <= served(), "everybody else has his orders", 120, 0.5)
    waiting = until(lambda: parked(slow), "the alarm", 60)
    assert 50 <= waiting <= 150
    ours = {case(number) for number in numbers[AWAY]}
    undelivered = {e["subject"]: e["causationid"] for e in map(json.loads, (m.value() for m in slow.records("cb.events")))
                   if e["type"].endswith(".undelivered.v1") and e["data"]["unit"] == AWAY and e["subject"] in ours}

    slow.citybrain("topics", "apply", seconds=60)
    until(lambda: undelivered.keys() <= {json.loads(m.value())["case"] for m in slow.records(topic)},
          "all of it is delivered", 120, 0.5)
    until(lambda: parked(slow) == 0, "nothing waits", 60)
    slow.settle()
    assert topic in admin.list_topics(timeout=10).topics
    written = [json.loads(m.value()) for m in slow.records(topic)]
    mine = [one for one in written if one["case"] in ours]
    # exactly what waited, each once, under the id it was decided with
    assert len(mine) == len({(one["id"], one["kind"]) for one in mine})
    assert {(one["case"], one["id"]) for one in mine} == set(undelivered.items())
    assert {case(number) for number in numbers[AWAY][100:]} <= {one["case"] for one in mine}
    for number in (numbers[AWAY][0], numbers[AWAY][149]):
        assert len(of_case(slow, number, "dispatched")) == 1


def test_a_record_of_the_year_2059_is_rejected_and_moves_nothing(slow):
    _, before = slow.http(slow.environment["CITYBRAIN_INGEST_ADMIN"] + "/clock")
    status, answer = slow.post("hotline", [{**order("R2059"), "受理时间": "2059-01-01 00:00:00"}])
    assert status == 200 and json.loads(answer)["rejected"] == 1
    slow.accepted("hotline", [order("R4")])
    until(lambda: orders(slow, LEAD, "R4"), "the next is dispatched", 60)
    begun = slow.ends("cb.dead")
    producer = Producer({"bootstrap.servers": slow.environment["CITYBRAIN_BROKERS"], "acks": "all"})
    producer.produce(f"cb.status.{LEAD}", json.dumps(signed("R4", "far", "2059-01-01T00:00:00Z")), key=case("R4"),
                     headers=[("content-type", b"application/cloudevents+json")])
    assert producer.flush(20) == 0
    until(lambda: len(slow.records("cb.dead", begun)) == 1, "a dead letter", 60)
    dead, = slow.records("cb.dead", begun)
    assert json.loads(dict(dead.headers())["cb"])["reason"] == "time_in_future"
    slow.settle()
    assert of_case(slow, "R2059") == [] and "signed" not in stages(slow, "R4")
    _, after = slow.http(slow.environment["CITYBRAIN_INGEST_ADMIN"] + "/clock")
    assert after == before and "nudged" not in stages(slow, "R4")  # no timer took it for now


def signed(number, name, when):
    return {"specversion": "1.0", "id": name, "source": "/unit", "type": "cn.citybrain.case.signed.v1",
            "subject": case(number), "time": when, "data": {}}


def test_a_unit_that_produces_in_transactions_holds_up_no_tick(slow):
    slow.accepted("hotline", [order("R5")])
    until(lambda: orders(slow, LEAD, "R5"), "it is dispatched", 60)
    producer = Producer({"bootstrap.servers": slow.environment["CITYBRAIN_BROKERS"], "transactional.id": "unit",
                         "transaction.timeout.ms": 50000})
    producer.init_transactions(20)
    producer.begin_transaction()
    producer.produce(f"cb.status.{LEAD}", json.dumps(signed("R5", "slowly", "2026-03-05T01:05:00Z")), key=case("R5"),
                     headers=[("content-type", b"application/cloudevents+json")])
    assert producer.flush(20) == 0
    ticked(slow, "09:10:00", day=5)  # it hangs: what it says waits, time does not
    ticked(slow, "09:20:00", day=5)
    assert "signed" not in stages(slow, "R5")
    producer.commit_transaction(20)
    until(lambda: "signed" in stages(slow, "R5"), "what it said counts", 60)
    ticked(slow, "09:25:00", day=5)


def test_an_answer_without_its_order_goes_to_the_desk_and_back(slow):
    said = {"case": case("R6"), "stage": "signed", "time": "2026-03-05T09:25:00+08:00"}
    url = f"{slow.environment['CITYBRAIN_URL']}/v1/units/{LEAD}/status"
    assert slow.http(url, json.dumps(said).encode(), Content_Type="application/json",
                     Authorization=f"Bearer demo-{LEAD}")[0] == 200
    until(lambda: of_case(slow, "R6", "signed"), "it is on the log", 60)
    ticked(slow, "09:39:59", day=5)
    slow.settle()
    assert orders(slow, "desk", "R6") == []
    ticked(slow, "09:40:00", day=5)
    until(lambda: orders(slow, "desk", "R6"), "the desk is asked", 60)
    one, = orders(slow, "desk", "R6")
    assert (one["kind"], one["desk_cause"], one["cause"]) == ("escalated", "headless", of_case(slow, "R6", "signed")[0]["id"])
    shown = slow.citybrain("desk", "show", case("R6"), "--config", str(slow.config)).stdout
    assert "无受理记录" in shown and "noted" in shown
    slow.accepted("hotline", [order("R6")])
    until(lambda: orders(slow, LEAD, "R6"), "then it is an order like any other", 60)
    until(lambda: orders(slow, "desk", "R6")[-1]["kind"] == "ended", "and no question any more", 30)
    assert json.loads(slow.citybrain("desk", "ls", "--cause", "headless", "--json", "--config", str(slow.config)).stdout) == []
