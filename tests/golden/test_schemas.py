# SPDX-License-Identifier: Apache-2.0
"""docs/schema and docs/asyncapi.yaml: valid themselves, true of what the cores write, and able to say no."""
import csv
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "support"))
from contracts import FOLDER, SCHEMAS, check_all, faults, validator  # noqa: E402 the folder is no package

BINARY = ROOT / os.environ.get("CITYBRAIN_BIN", "build/debug") / "citybrain"
CASES = sorted(p for p in (ROOT / "config/feeds/cases").glob("*/*/input.*")
               if "format: cloudevents" not in (ROOT / f"config/feeds/{p.parts[-3]}.yaml").read_text())


def attempt(path, feed, *words):
    done = subprocess.run([BINARY, "try", path, "--feed", feed, *words], cwd=ROOT, capture_output=True, timeout=60)
    assert done.returncode in (0, 1), done.stderr.decode()
    return [json.loads(line) for line in done.stdout.decode().splitlines()]


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """Everything the cores write for every golden case, and for an order that becomes overdue."""
    path = tmp_path_factory.mktemp("orders") / "late.ndjson"
    path.write_text(json.dumps({"工单编号": "L1", "诉求性质": "投诉", "问题分类": "R0105", "反映街乡": "110105001",
                                "反映社区": "110105001901", "受理时间": "2026-03-20 09:00:00",
                                "截止时间": "2026-03-21 09:00:00"}, ensure_ascii=False) + "\n")
    found, pairs = {"--events": [], "--rejects": [], "--decisions": []}, []
    for source, feed in [(path, "hotline")] + [(p, p.parts[-3]) for p in CASES]:
        one = {what: [] for what in found}
        for line in attempt(source, feed, *one, "--clock", "2026-03-31T23:33:20Z"):
            what = "--rejects" if "header" in line else "--decisions" if "case_kind" in line else "--events"
            one[what].append(line)
        # two cases may tell of one order: an id is looked for among what came of one file
        told = {event["id"]: event["data"] for event in one["--events"] if event["source"] == "/router"}
        pairs += [(order, told[order["id"]]) for order in one["--decisions"] if order["kind"] != "ended"]
        # what is over is over by an event that anybody may have told
        assert {order["id"] for order in one["--decisions"]} <= {event["id"] for event in one["--events"]}
        for what, lines in one.items():
            found[what] += lines
    for path in CASES[::10]:
        found["--events"] += attempt(path, path.parts[-3], "--events", "--backfill")
    return {**found, "pairs": pairs}


# --- the schemas ---


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_schema_is_one_and_its_references_lead_somewhere(name):
    Draft202012Validator.check_schema(SCHEMAS[name])
    for target in re.findall(r'"\$ref": "([^"]+)"', (FOLDER / name).read_text()):
        assert resolve(FOLDER / name, target) is not None


def test_every_event_of_the_golden_cases_is_of_its_schema(written):
    events = written["--events"]
    assert check_all("event.json", events) > 40
    stages = {event["type"].split(".")[3] for event in events}
    assert {"opened", "resolved", "closed", "dispatched", "overdue"} <= stages


def test_every_work_order_is_of_its_schema_and_says_what_its_event_says(written):
    orders = written["--decisions"]
    assert check_all("work_order.json", orders) > 5
    assert {"assigned", "overdue"} <= {order["kind"] for order in orders}
    desks = {"desk_cause", "would_have", "alternatives"}
    for order, data in written["pairs"]:
        if order["unit"] != "desk":
            assert not desks & set(order)
            data = {key: value for key, value in data.items() if key not in desks}
        assert {**order, **data} == order
    assert any("alternatives" in order for order in orders)


def test_every_dead_header_is_of_its_schema(written):
    headers = [line["header"] for line in written["--rejects"]]
    assert check_all("dead_header.json", headers) > 5
    raw = [{k: v for k, v in h.items() if k in SCHEMAS["raw_header.json"]["properties"]} for h in headers]
    check_all("raw_header.json", raw)


def test_what_a_unit_may_send_is_told():
    lines = (ROOT / "config/feeds/cases/status/signed_contacted_resolved/input.ndjson").read_text().splitlines()
    assert check_all("status.json", map(json.loads, lines)) == 3


def test_the_reasons_are_those_of_the_reject_table():
    table = re.findall(r"X\([A-Z_]+,[\\\s]*\"([a-z_]+)\"", (ROOT / "common/model/reject.h").read_text())
    assert SCHEMAS["common.json"]["$defs"]["reject"]["enum"] == table
    parties = [row["code"] for row in csv.DictReader(
        line for line in (ROOT / "config/codes.csv").read_text().splitlines() if not line.startswith("#"))
        if row["space"] == "party"]
    assert set(SCHEMAS["common.json"]["$defs"]["party"]["enum"]) == set(parties)


def test_the_details_of_receipts_are_those_the_router_gives():
    given = set(re.findall(r'\{"([a-z_]+)",\s*"', (ROOT / "services/router/core/refusal.c").read_text()))
    assert len(given) > 12 and set(SCHEMAS["receipt.json"]["else"]["properties"]["detail"]["enum"]) == given
    page = (ROOT / "docs/moves.md").read_text()
    assert [detail for detail in given if f"`{detail}`" not in page] == []


# --- they can say no ---


def pick(written, kind):
    """The first event whose type has that word, as a copy."""
    return json.loads(json.dumps(next(e for e in written["--events"] if f".{kind}." in e["type"])))


@pytest.mark.parametrize("kind, change", [
    ("opened", {"extra": "x"}),
    ("opened", {"id": "short"}),
    ("opened", {"party": "router"}),
    ("opened", {"unit": "s110105001"}),
    ("opened", {"subject": "no kind"}),
    ("opened", {"time": "2026-03-31T23:33:20Z"}),
    ("opened", {"revision": "1"}),
    ("opened", {"recordedtime": None}),
    ("opened", {"data": {"request_kind": 3}}),
    ("opened", {"source": "/router"}),
    ("opened", {"source": "/clock"}),
    ("dispatched", {"causationid": None}),
    ("dispatched", {"feed": "hotline"}),
    ("dispatched", {"data+": {"note": "x"}}),
    ("dispatched", {"data+": {"mode": "guessed"}}),
    ("dispatched", {"data+": {"reason": None}}),
    ("overdue", {"data+": {"reason": "x"}}),
    ("overdue", {"data+": {"rule": None}}),
    ("nudged", {"unit": "s110105001"}),
    ("nudged", {"type": "cn.citybrain.case.delivered.v1"}),
    ("overdue", {"type": "cn.citybrain.case.overdue.v2"}),
])
def test_an_event_that_drifted_is_seen(written, kind, change):
    event, check = pick(written, kind), validator("event.json")
    assert faults(check, event) == []
    for name, value in change.items():
        inner = event["data"] if name == "data+" else event
        for key, new in (value if name == "data+" else {name: value}).items():
            inner[key] = new
            if new is None:
                del inner[key]
    assert faults(check, event) != []


def test_a_delivery_is_told_of(written):
    event, check = pick(written, "dispatched"), validator("event.json")
    event.update(type="cn.citybrain.case.undelivered.v1", unit="s110105001",
                 data={"unit": "s110105001", "order": "assigned", "cause": event["id"]})
    assert faults(check, event) == []
    assert faults(check, {**event, "data": {**event["data"], "order": "sent"}}) != []
    assert faults(check, {k: v for k, v in event.items() if k != "unit"}) != []


TICK = {"specversion": "1.0", "id": "A" * 22, "source": "/clock", "type": "cn.citybrain.tick.v1",
        "time": "2026-03-31T23:33:20.000Z"}
LEDGER = {**TICK, "source": "/ingest", "type": "cn.citybrain.observation.ledger.v1", "subject": "ledger:cb.raw:3",
          "datacontenttype": "application/json", "recordedtime": TICK["time"], "partitionkey": "ledger:cb.raw:3",
          "revision": f"{'0' * 20}.{'1' * 15}.{'0' * 6}.{'a' * 16}",
          "data": {"hotline": {"2026-03-31T23:00:00.000Z": [5, 3, 1, 0, 1, 4]}}}


REFUSED = {**LEDGER, "type": "cn.citybrain.observation.refused.v1", "subject": "refused:st001", "partitionkey": "refused:st001",
           "data": {"station": "st001", "feed": "platform", "reason": "bad_date", "rows": 3}}
NAMELESS = {**REFUSED, "subject": "refused:hotline", "partitionkey": "refused:hotline",
            "data": {"feed": "hotline", "reason": "bad_charset", "rows": 1}}
BEFORE = {**REFUSED, "data": {"station": "st001", "feed": "platform", "rows": 3}}  # 0341: nobody told the reason


@pytest.mark.parametrize("good, change", [
    (TICK, {"subject": "x"}), (TICK, {"data": {}}), (TICK, {"source": "/ingest"}),
    (LEDGER, {"party": "source"}), (LEDGER, {"subject": "ledger"}), (LEDGER, {"data": {}}),
    (LEDGER, {"data": {"hotline": {"2026-03-31T23:01:00.000Z": [5, 3, 1, 0, 1, 4]}}}),
    (LEDGER, {"data": {"hotline": {"2026-03-31T23:00:00.000Z": [5, 3, 1, 0, 1]}}}),
    (REFUSED, {"feed": "platform"}), (REFUSED, {"subject": "refused:"}), (REFUSED, {"data": LEDGER["data"]}),
    (REFUSED, {"data": {"station": "st 001", "feed": "platform", "rows": 3}}), (REFUSED, {"type": LEDGER["type"]}),
    (REFUSED, {"data": {"station": "st001", "feed": "platform", "rows": 0}}), (REFUSED, {"data": {**REFUSED["data"], "reason": "odd"}}),
    (NAMELESS, {"data": {"feed": "hotline", "rows": 1}}), (BEFORE, {"data": {"feed": "platform", "rows": 3}}),
])
def test_ticks_and_the_ledger(good, change):
    check = validator("event.json")
    assert faults(check, good) == []
    assert faults(check, {**good, **change}) != []


@pytest.mark.parametrize("change", [
    {"extra": 1}, {"kind": "overdue"}, {"state": "done"}, {"reason": ""}, {"case": "x"}, {"unit": None}])
def test_an_order_that_drifted_is_seen(written, change):
    order = next(o for o in written["--decisions"] if o["kind"] == "assigned")
    changed = {k: v for k, v in {**order, **change}.items() if v is not None}
    assert faults(validator("work_order.json"), changed) != []


@pytest.mark.parametrize("change", [{"v": 2}, {"reason": "none"}, {"reason": "odd"}, {"extra": 1}, {"at": None}])
def test_a_dead_header_that_drifted_is_seen(written, change):
    header = {k: v for k, v in {**written["--rejects"][0]["header"], **change}.items() if v is not None}
    assert faults(validator("dead_header.json"), header) != []


# --- asyncapi ---


@pytest.fixture(scope="module")
def asyncapi():
    return yaml.safe_load((ROOT / "docs/asyncapi.yaml").read_text())


def resolve(file, target):
    """What a reference means, or None: a file beside, a place in it, or both."""
    name, _, place = target.partition("#")
    path = (file.parent / name) if name else file
    if not path.is_file():
        return None
    document = yaml.safe_load(path.read_text())
    for part in filter(None, place.split("/")):
        if not isinstance(document, dict) or part not in document:
            return None
        document = document[part]
    return document


def references(node):
    if isinstance(node, dict):
        if "$ref" in node:
            yield node["$ref"]
        node = list(node.values())
    for one in node if isinstance(node, list) else []:
        yield from references(one)


def test_every_topic_has_a_channel_and_every_channel_a_topic(asyncapi):
    declared = yaml.safe_load((ROOT / "config/topics.yaml").read_text())["topics"]
    topics = {declared["prefix"] + entry["name"].replace("<unit>", "{unit}") for entry in declared["entries"]}
    assert {channel["address"] for channel in asyncapi["channels"].values()} == topics
    for channel in asyncapi["channels"].values():
        assert ("parameters" in channel) == ("{unit}" in channel["address"])


def test_the_document_holds_together(asyncapi):
    assert asyncapi["asyncapi"] == "3.0.0" and {"title", "version"} <= set(asyncapi["info"])
    found = list(references(asyncapi))
    assert len(found) > 25
    assert [r for r in found if resolve(ROOT / "docs/asyncapi.yaml", r) is None] == []
    used = {r.rsplit("/", 1)[-1] for r in found if "schema/" in r}
    assert used == {"audit.json", "event.json", "work_order.json", "raw_header.json", "dead_header.json", "status.json",
                    "receipt.json"}
    for operation in asyncapi["operations"].values():
        assert operation["action"] in ("send", "receive") and "$ref" in operation["channel"]
        channel = operation["channel"]["$ref"]
        assert all(m["$ref"].startswith(channel + "/messages/") for m in operation.get("messages", []))
        assert resolve(ROOT / "docs/asyncapi.yaml", channel)["messages"] != {}
    messages = asyncapi["components"]["messages"]
    used = {m["$ref"] for channel in asyncapi["channels"].values() for m in channel["messages"].values()}
    assert used == {f"#/components/messages/{name}" for name in messages}
