# SPDX-License-Identifier: Apache-2.0
"""Merging over partitions on real parts (docs/decisions/0038): the parent has the duty, its resolution is the child's,
it can be undone; cases merged into each other at once come to an end. `citybrain verify` agrees with all of it."""
import datetime
import json
import sys
from collections import Counter

from district import ROOT, until

sys.path[:0] = [str(ROOT / "tests" / "support"), str(ROOT / "tools" / "verify")]
from contracts import check_all  # noqa: E402 the folders are no packages
from event_log import partition_of  # noqa: E402

CHINA = datetime.timezone(datetime.timedelta(hours=8))
LEAD = "s110105001"


def case(number):
    return f"request:12345:{number}"


def order(number):
    when = datetime.datetime.now(CHINA) - datetime.timedelta(hours=3)
    return {"工单编号": number, "诉求性质": "投诉", "问题分类": "R0105", "反映社区": "110105001901", "反映街乡": "110105001",
            "受理时间": when.strftime("%Y-%m-%d %H:%M:%S")}


def ago(seconds=0):
    when = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(seconds=seconds)
    return when.isoformat(timespec="milliseconds")


def say(district, unit, words, token=None):
    """[(number, stage, time, data)] as one upload by the unit's door."""
    lines = [json.dumps({"case": case(number), "stage": stage, "time": time, "data": data,
                         **({"party": "callback"} if token == "callback" else {})}) for number, stage, time, data in words]
    status, answer = district.http(f"{district.environment['CITYBRAIN_URL']}/v1/units/{unit}/status",
                                   "\n".join(lines).encode() + b"\n", Content_Type="application/x-ndjson",
                                   Authorization=f"Bearer demo-{token or unit}")
    assert status == 200 and json.loads(answer)["rejected"] == 0, answer


def of_case(district, topic, number):
    return [json.loads(m.value()) for m in district.records(topic) if m.key() == case(number).encode()]


def stages(events, by="/router"):
    return Counter(event["type"].split(".")[3] for event in events if event["source"] == by)


def numbers(prefix, partitions):
    """Two numbers whose cases lie in different partitions."""
    made = [f"{prefix}{n}" for n in range(20)]
    other = next(n for n in made if partition_of(case(n), partitions) != partition_of(case(made[0]), partitions))
    return made[0], other


def dispatched(district, *wanted):
    def all_of_them():
        orders = {json.loads(m.value())["case"] for m in district.records(f"cb.dispatch.{LEAD}")}
        return {case(n) for n in wanted} <= orders
    district.accepted("hotline", [order(n) for n in wanted])
    until(all_of_them, "the orders are dispatched", 60)


def test_a_child_is_handled_with_its_parent_and_can_be_given_back(district):
    child, parent = numbers("MG", len(district.parts_of("cb.events")))
    dispatched(district, child, parent)
    say(district, "desk", [(child, "merged", ago(), {"parent": case(parent)})])
    district.settle()
    last = of_case(district, f"cb.dispatch.{LEAD}", child)[-1]
    assert (last["kind"], last["state"], last["parent"]) == ("merged", "ended", case(parent))
    told = of_case(district, "cb.events", parent)
    assert [e["data"]["child"] for e in told if ".child_added." in e["type"]] == [case(child)]

    duty = of_case(district, f"cb.dispatch.{LEAD}", parent)[-1]  # it is told of the one more
    assert (duty["kind"], duty["child"], duty["id"]) == ("amended", case(child), told[-1]["id"])

    # the child's handler is silent; what the parent's does is done for it
    say(district, LEAD, [(child, "resolved", ago(0.03), {}), (parent, "signed", ago(0.02), {}), (parent, "resolved", ago(0.01), {})])
    district.settle()
    moved = dict(district.sql("SELECT case_id, max(\"time\") FROM api.case_timeline WHERE stage = 'resolved' AND party <> 'lead' "
                              "OR stage = 'resolved' AND case_id = %s GROUP BY 1", case(parent)))
    assert moved[case(child)] == moved[case(parent)]
    assert [r["detail"] for r in of_case(district, f"cb.receipts.{LEAD}", child)] == ["merged"]
    say(district, "desk", [(child, "reviewed", ago(), {})], token="callback")  # its own call-back
    district.settle()

    # and back: a lead of its own, by a decision whose cause is the desk's word
    say(district, "desk", [(child, "unmerged", ago(), {})])
    district.settle()
    mine = of_case(district, "cb.events", child)
    undone = [e["id"] for e in mine if ".unmerged." in e["type"]]
    leads = [e for e in mine if ".dispatched." in e["type"]]
    assert len(leads) == 2 and [leads[1]["causationid"]] == undone
    assert of_case(district, f"cb.dispatch.{LEAD}", child)[-1]["kind"] in ("assigned", "overdue", "nudged")
    assert stages(of_case(district, "cb.events", parent))["child_removed"] == 1
    for number in (child, parent):
        check_all("event.json", of_case(district, "cb.events", number))
        check_all("work_order.json", of_case(district, f"cb.dispatch.{LEAD}", number))
        check_all("receipt.json", of_case(district, f"cb.receipts.{LEAD}", number))
    done = district.citybrain("verify", check=False, seconds=120)
    assert done.returncode == 0, done.stdout


def test_cases_merged_into_each_other_at_once_come_to_an_end(district):
    """Eight pairs, both words of each on the log before either is read, the router killed meanwhile."""
    parts = len(district.parts_of("cb.events"))
    pairs = [numbers(f"MX{n}_", parts) for n in range(8)]
    dispatched(district, *[number for pair in pairs for number in pair])
    pid = district.kill("router-1")
    say(district, "desk", [word for n, (a, b) in enumerate(pairs) for word in (
        (a, "merged", ago(0.2 + n / 1000), {"parent": case(b)}), (b, "merged", ago(0.1 + n / 1000), {"parent": case(a)}))])
    district.came_back("router-1", pid)
    pid = district.kill("router-1")
    district.came_back("router-1", pid)
    district.settle()
    for first, second in pairs:
        told = {number: of_case(district, "cb.events", number) for number in (first, second)}
        # the earlier stands on both sides: `first` is the child of `second`, which has its duty again
        assert stages(told[first])["dispatched"] == 1 and stages(told[second])["dispatched"] == 2, told
        assert stages(told[second])["child_added"] == 1
        assert of_case(district, f"cb.dispatch.{LEAD}", first)[-1]["kind"] == "merged"
        duties = of_case(district, f"cb.dispatch.{LEAD}", second)
        assert [duty["kind"] for duty in duties].count("assigned") == 2
        assert [duty["child"] for duty in duties if duty["kind"] == "amended"] == [case(first)]
        assert duties[-1]["state"] == "open"
        assert all(len(events) < 14 for events in told.values())  # no storm
        for events in told.values():
            # nothing under one id with two contents, however often routers died
            contents = {(e["id"], e["revision"]): json.dumps(e["data"], sort_keys=True) for e in events}
            assert all(json.dumps(e["data"], sort_keys=True) == contents[e["id"], e["revision"]] for e in events)
            check_all("event.json", events)
    say(district, LEAD, [(second, "resolved", ago(), {}) for _, second in pairs])
    district.settle()
    resolved = {row[0] for row in district.sql("SELECT DISTINCT case_id FROM api.case_timeline WHERE stage = 'resolved'")}
    assert {case(number) for pair in pairs for number in pair} <= resolved
    done = district.citybrain("verify", check=False, seconds=120)
    assert done.returncode == 0, done.stdout
