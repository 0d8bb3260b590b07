# SPDX-License-Identifier: Apache-2.0
"""Moves through real parts: a dispute upheld, a whistle, an extension, moves without effect and their receipts, with the
router killed between any two of them."""
import datetime
import json
import sys

import pytest
from confluent_kafka import Producer

from district import ROOT, until

sys.path.insert(0, str(ROOT / "tests" / "support"))
from contracts import check_all  # noqa: E402 the folder is no package

CHINA = datetime.timezone(datetime.timedelta(hours=8))
LEAD, OTHER, HELPER = "s110105001", "s110105002", "d_urban"


def order(number):
    when = datetime.datetime.now(CHINA) - datetime.timedelta(hours=3)
    return {"工单编号": number, "诉求性质": "投诉", "问题分类": "R0105", "反映社区": "110105001901", "反映街乡": "110105001",
            "受理时间": when.strftime("%Y-%m-%d %H:%M:%S")}


def case(number):
    return f"request:12345:{number}"


def say(district, unit, number, stage, minutes_ago=0, **data):
    """By the unit's own door."""
    when = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(minutes=minutes_ago)
    body = {"case": case(number), "stage": stage, "time": when.isoformat(timespec="milliseconds"), "data": data,
            "id": f"{stage}-{number}-{minutes_ago}"}
    status, answer = district.http(f"{district.environment['CITYBRAIN_URL']}/v1/units/{unit}/status",
                                   json.dumps(body).encode() + b"\n", Content_Type="application/x-ndjson",
                                   Authorization=f"Bearer demo-{unit}")
    assert status == 200 and json.loads(answer)["rejected"] == 0, answer


def of_case(district, topic, number):
    read = (json.loads(m.value()) for m in district.records(topic) if m.key() == case(number).encode())
    return list(read)


def orders(district, unit, number):
    return [one["kind"] for one in of_case(district, f"cb.dispatch.{unit}", number)]


def receipts(district, unit, number):
    return [(one["reason"], one["detail"]) for one in of_case(district, f"cb.receipts.{unit}", number)]


@pytest.fixture
def shaken(district):
    """Every step is taken by a router that was killed since the one before."""
    def step():
        pid = district.kill("router-1")
        district.came_back("router-1", pid)
    return step


def returns(district):
    """Of each unit: how many it sent back and rightly, and how many it has now that somebody sent back; by rules, not by the desk."""
    district.settle()
    return {unit: (back, has) for unit, back, has in district.sql(
        "SELECT unit, sum(returned)::int, sum(upheld)::int FROM api.dispute WHERE rule <> 'desk' GROUP BY 1")}


def test_a_dispute_upheld_a_whistle_and_what_has_no_effect(district, shaken):
    before = returns(district)
    district.accepted("hotline", [order("MV1")])
    until(lambda: orders(district, LEAD, "MV1") == ["assigned"], "the first lead has it", 60)
    shaken()
    say(district, OTHER, "MV1", "signed")  # not theirs
    say(district, LEAD, "MV1", "reviewed")  # the call-back's
    say(district, LEAD, "NOSUCH", "signed")
    say(district, LEAD, "MV1", "disputed")
    until(lambda: len(receipts(district, LEAD, "MV1")) == 1, "a receipt", 60)
    shaken()
    say(district, "desk", "MV1", "dispute_decided", outcome="upheld", lead=OTHER)
    until(lambda: orders(district, OTHER, "MV1") == ["assigned"], "the second lead has it", 60)
    shaken()
    say(district, OTHER, "MV1", "whistle_blown", co_unit=HELPER)
    say(district, "desk", "MV1", "co_assigned", co_unit="nobody")
    until(lambda: orders(district, HELPER, "MV1") == ["co_assigned"], "the helper is called", 60)
    shaken()
    say(district, HELPER, "MV1", "whistle_reported")
    say(district, "desk", "MV1", "extended", due_at="2099-12-31T04:00:00Z")
    say(district, LEAD, "MV1", "resolved")  # no more theirs
    until(lambda: orders(district, OTHER, "MV1")[-1] == "amended", "the new time is told", 60)
    producer = Producer({"bootstrap.servers": district.environment["CITYBRAIN_BROKERS"]})  # a unit's own, and its mistake
    producer.produce(f"cb.status.{LEAD}", b'{"specversion":"1.0","id":"1"}', key=case("MV1"))
    assert producer.flush(20) == 0
    district.settle()

    assert orders(district, LEAD, "MV1") == ["assigned", "recalled"]
    assert orders(district, OTHER, "MV1") == ["assigned", "amended"]
    assert orders(district, HELPER, "MV1") == ["co_assigned"]
    assert sorted(receipts(district, LEAD, "MV1")) == \
        [("not_yours", "no_duty"), ("not_yours", "other_party"), ("unreadable", "bad_event")]
    assert receipts(district, OTHER, "MV1") == [("not_yours", "no_duty")]
    assert receipts(district, HELPER, "MV1") == []
    assert receipts(district, "desk", "MV1") == [("unknown_unit", "unknown_unit")]
    assert receipts(district, LEAD, "NOSUCH") == [("unknown_case", "unknown_case")]
    events = [e for e in (json.loads(m.value()) for m in district.records("cb.events")) if e.get("subject") == case("MV1")]
    leads = [e for e in events if e["type"].endswith(".dispatched.v1")]
    assert [e["data"]["lead"] for e in leads] == [LEAD, OTHER] and len({e["causationid"] for e in leads}) == 2
    assert len({e["id"] for e in events}) == len(events)
    check_all("event.json", events)
    check_all("work_order.json", [o for u in (LEAD, OTHER, HELPER, "desk") for o in of_case(district, f"cb.dispatch.{u}", "MV1")])
    check_all("receipt.json", [r for u in (LEAD, OTHER, "desk") for r in of_case(district, f"cb.receipts.{u}", "MV1")])

    # the newest record of a case is the unit's whole present duty
    assert of_case(district, f"cb.dispatch.{LEAD}", "MV1")[-1]["state"] == "recalled"
    assert of_case(district, f"cb.dispatch.{OTHER}", "MV1")[-1]["due_at"] == "2099-12-31T04:00:00.000Z"
    # the views count it for whom it belongs to now
    assert district.sql("SELECT count(*) FROM api.case_timeline WHERE case_id = %s AND stage = 'recalled'", case("MV1")) == [(1,)]
    # whose the return is, and the rule's that had sent it there: docs/decisions/0275, 0277
    more = {unit: tuple(now - was for now, was in zip(row, before.get(unit, (0, 0)))) for unit, row in returns(district).items()}
    assert (more[LEAD], more[OTHER]) == ((1, 0), (0, 1))
    done = district.citybrain("verify", check=False, seconds=120)
    assert done.returncode == 0, done.stdout
