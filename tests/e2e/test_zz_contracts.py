# SPDX-License-Identifier: Apache-2.0
"""The last test of a session: everything its daemons wrote is what docs/schema says. It makes sure that there is
something of each kind, so it holds by itself too."""
import datetime
import json
import sys
from collections import Counter

from district import ROOT, until

sys.path.insert(0, str(ROOT / "tests" / "support"))
from contracts import check_all, sample  # noqa: E402 the folder is no package

CHINA = datetime.timezone(datetime.timedelta(hours=8))
UNIT = "s110105001"


def order(number, **more):
    when = datetime.datetime.now(CHINA) - datetime.timedelta(hours=1)
    return {"工单编号": number, "诉求性质": "投诉", "问题分类": "R0105", "反映社区": "110105001901",
            "反映街乡": "110105001", "受理时间": when.strftime("%Y-%m-%d %H:%M:%S"), **more}


def header(message):
    return json.loads(dict(message.headers())["cb"])


def topics(district, prefix):
    return sorted(t for t in district.monitor("e2e-reader").list_topics(timeout=10).topics if t.startswith(prefix))


def test_all_that_was_written_is_of_its_schema(district, tmp_path):
    district.accepted("hotline", [order("ZZ1"), order("ZZ2", 承办单位=UNIT)])
    assert district.post("hotline", [order("ZZ3", 诉求性质="闲聊"), b"{"])[0] == 200
    said = {"case": "request:12345:ZZ1", "stage": "signed",
            "time": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="milliseconds")}
    url = f"{district.environment['CITYBRAIN_URL']}/v1/units/{UNIT}/status"
    assert district.http(url, json.dumps(said).encode() + b"\n", Content_Type="application/x-ndjson",
                         Authorization=f"Bearer demo-{UNIT}")[0] == 200
    district.settle()

    def sources():
        return Counter(json.loads(m.value())["source"].split("/")[1] for m in district.records("cb.events"))

    until(lambda: {"feeds", "units", "router", "ingest", "clock"} <= set(sources()), "every writer wrote", 90, 1)
    district.settle()

    orders = [json.loads(m.value()) for topic in topics(district, "cb.dispatch.")
              for m in district.records(topic) if m.value() is not None]
    events = [json.loads(m.value()) for m in district.records("cb.events")]  # behind them: a tick may bring both meanwhile
    events = [event for event in events if event["source"] != "/e2e"]  # what a test itself put there
    assert check_all("event.json", sample(events)) > 5
    assert check_all("work_order.json", orders[-5000:]) >= 2
    assert check_all("dead_header.json", map(header, district.records("cb.dead"))) >= 2
    assert check_all("raw_header.json", map(header, district.records("cb.raw")[-5000:])) >= 4
    # what came by the door; a unit's own producer may write anything
    statuses = [m for m in district.records(f"cb.status.{UNIT}") if "cb" in dict(m.headers() or [])]
    check_all("raw_header.json", map(header, statuses))
    good = (json.loads(m.value()) for m in statuses if header(m)["verdict"] == "none")
    assert check_all("status.json", good) >= 1

    # an order is a projection of its event, and every order has one
    data = {event["id"]: event["data"] for event in events if event["source"] == "/router"}
    desks = {"desk_cause", "would_have", "alternatives"}  # no other unit reads who else could lead
    assert [one for one in orders if one["unit"] != "desk" and desks & set(one)] == []
    assert [one for one in orders if one["kind"] != "ended" and one != {
        **one, **{k: v for k, v in data[one["id"]].items() if one["unit"] == "desk" or k not in desks}}] == []
    assert {one["id"] for one in orders} <= {event["id"] for event in events}
