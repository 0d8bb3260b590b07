# SPDX-License-Identifier: Apache-2.0
"""The read API of a running district: every address of docs/openapi.yaml answers as it is written there; pages,
tags, orders and progress that wait for news, and bad questions that are told what is bad."""
import contextlib
import datetime
import json
import re
import sys
import threading
import time
import urllib.parse
import urllib.request
import xml.etree.ElementTree as ElementTree

import psycopg2
import pytest
import yaml
from jsonschema import Draft202012Validator

from district import HTTP, ROOT, until
from test_path import CHINA, COMMUNITY, LEAD, STREET, order

NUMBER, OTHER = "API{:02}", "d_water"


def case(n):
    return f"request:12345:{NUMBER.format(n)}"


class Api:
    def __init__(self, district):
        self.url = district.environment["CITYBRAIN_API"]
        self.document = yaml.safe_load((ROOT / "docs/openapi.yaml").read_text())
        self.seen = set()

    def get(self, path, seconds=30, **headers):
        """Status, headers and body; what answers is held against the document."""
        request = urllib.request.Request(self.url + path, headers={k.replace("_", "-"): v for k, v in headers.items()})
        try:
            with HTTP.open(request, timeout=seconds) as answer:
                found = answer.status, dict(answer.headers), answer.read()
        except urllib.error.HTTPError as refused:
            with refused:
                found = refused.code, dict(refused.headers), refused.read()
        self.check(path.split("?")[0], *found)
        return found

    def json(self, path, **headers):
        status, _, body = self.get(path, **headers)
        assert status == 200, (path, status, body[:400])
        return json.loads(body)

    def check(self, path, status, headers, body):
        documented = self.document["paths"]
        pattern = next((p for p in documented if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", p), urllib.parse.unquote(path))), None)
        if pattern is None:
            assert status == 404, (path, status)
            return
        answers = documented[pattern]["get"]["responses"]
        assert str(status) in answers, f"{path}: {status} is not documented"
        answer = answers[str(status)]
        if "$ref" in answer:
            answer = self.document["components"]["responses"][answer["$ref"].split("/")[-1]]
        self.seen.add((pattern, status))
        if status == 304:
            assert body == b""
            return
        kind = headers["Content-Type"].split(";")[0]
        assert kind in answer["content"], f"{path}: {kind}"
        schema = answer["content"][kind].get("schema")
        if kind.endswith("json") and schema:
            whole = {**schema, "components": self.document["components"]}
            faults = [f"{'/'.join(map(str, f.absolute_path))}: {f.message[:200]}"
                      for f in Draft202012Validator(whole).iter_errors(json.loads(body))]
            assert not faults, (path, faults[:5])


@pytest.fixture(scope="module")
def api(district):
    """Thirteen orders: twelve of one lead, of which the last three name their lead, are signed or closed."""
    opened = datetime.datetime.now(CHINA) - datetime.timedelta(hours=2)
    at = [(opened + datetime.timedelta(minutes=n)).strftime("%Y-%m-%d %H:%M:%S") for n in range(12)]
    closed = datetime.datetime.now(CHINA).strftime("%Y-%m-%d %H:%M:%S")
    rows = [order(NUMBER.format(n), 受理时间=at[n]) for n in range(10)]
    rows += [order(NUMBER.format(10), 受理时间=at[10], 承办单位=LEAD),
             order(NUMBER.format(11), 受理时间=at[11], 承办单位=LEAD, 结案时间=closed),
             order("OTHER1", 受理时间=at[11], 承办单位=OTHER)]
    district.accepted("hotline", rows)
    district.settle()
    return Api(district)


def pages(api, path, headers=None, **query):
    """Every row of a list, page by page."""
    rows, after = [], None
    while True:
        asked = {**query, **({"after": after} if after else {})}
        page = api.json(f"{path}?{urllib.parse.urlencode(asked)}", **(headers or {}))
        assert len(page["rows"]) <= int(query.get("limit", 100))
        rows, after = rows + page["rows"], page["next"]
        if after is None:
            return rows


def test_lists_are_filtered_ordered_and_paged(district, api):
    mine = [row for row in pages(api, "/api/cases", limit=5, unit=LEAD, street_code=STREET) if ":API" in row["case"]]
    assert [row["case"] for row in mine] == [case(n) for n in range(11, -1, -1)]  # the newest first, each once
    assert {row["community_code"] for row in mine} == {COMMUNITY} and mine[0]["state"] == "closed"
    soon = [row for row in pages(api, "/api/cases", limit=3, order="due", unit=LEAD) if ":API" in row["case"]]
    assert len(soon) == 11 and soon == sorted(soon, key=lambda row: (row["due"], row["case"]))
    assert [r["case"] for r in pages(api, "/api/cases", state="closed", limit=50) if ":API" in r["case"]] == [case(11)]
    listed = {row["case"] for row in pages(api, "/api/cases", limit=1000)}
    stored = {row[0] for row in district.sql("SELECT case_id FROM core.case_set")}
    headless = {row[0] for row in district.sql("SELECT case_id FROM core.case_now WHERE opened_ms IS NULL")}
    assert listed == stored - headless
    assert pages(api, "/api/cases", kind="request", overdue="yes", unit="nobody") == []


def test_views_are_filtered_and_paged(api):
    whole = api.json("/api/views/closure_rate?by=unit,type_code,day")["rows"]
    assert len(whole) > 1
    rows, after = [], ""
    while after is not None:
        page = api.json(f"/api/views/closure_rate?by=unit,type_code,day&limit=2&after={after}")
        assert len(page["rows"]) <= 2 and page["view"] == "closure_rate"
        rows, after = rows + page["rows"], page["next"]
    assert rows == whole
    mine = api.json(f"/api/views/closure_rate?by=unit,type_code,day&unit={LEAD}&type_code=R0105,R0101")["rows"]
    assert mine == [row for row in whole if row["unit"] == LEAD and row["type_code"] in ("R0105", "R0101")] and mine
    total, = api.json(f"/api/views/closure_rate?unit={LEAD}")["rows"]
    assert total["opened"] == sum(row["opened"] for row in whole if row["unit"] == LEAD)
    assert api.json("/api/views/closure_rate?unit=nobody&limit=5")["rows"] == []


def test_a_group_of_types_is_one_matter(district, api):
    """What is asked by its name is what is asked by its types; beside other types it is one more of them."""
    district.accepted("hotline", [order("HEAT1", 问题分类="R0201"), order("HEAT2", 问题分类="R0202"), order("HEAT3", 问题分类="R0202")])
    district.settle()
    for view, by in (("closure_rate", ""), ("closure_rate", "type_code,unit"), ("response_time", "street_code"), ("backlog", "unit"), ("repeat", "community_code")):
        both = api.json(f"/api/views/{view}?by={by}&type_group=heating")["rows"]
        assert both == api.json(f"/api/views/{view}?by={by}&type_code=R0201,R0202")["rows"] and both, (view, by)
    one, = api.json("/api/views/closure_rate?type_group=heating")["rows"]
    opened, closed = district.sql("SELECT sum(opened)::int, sum(closed)::int FROM api.closure_rate WHERE type_code IN ('R0201', 'R0202')")[0]
    assert (one["opened"], one["closed"]) == (opened, closed) and opened >= 3 and one["rate"] == pytest.approx(closed / opened, abs=1e-6)
    beside = {row["type_code"] for row in api.json("/api/views/closure_rate?by=type_code&type_code=R0105&type_group=heating,noise")["rows"]}
    assert {"R0105", "R0201", "R0202"} <= beside <= {"R0105", "R0201", "R0202", "R0403", "R1002", "R1003"}
    listed = {row["case"]: row["type_code"] for row in pages(api, "/api/cases", limit=2, type_group="heating")}
    assert {f"request:12345:HEAT{n}" for n in (1, 2, 3)} <= set(listed) and set(listed.values()) == {"R0201", "R0202"}
    for path in ("/api/views/closure_rate?type_group=heatin", "/api/cases?type_group=heating,R0201", "/api/views/places?type_group=heating"):
        status, _, body = api.get(path, Accept_Language="en")
        told = json.loads(body)
        assert status == 400 and told["parameter"] == "type_group", told
        assert ("no such parameter" if "places" in path else "heating water") in told["detail"], told
    heating, = [one for one in api.json("/api/names")["type_groups"] if one["group"] == "heating"]
    assert heating == {"group": "heating", "name": "供暖", "name_en": "Heating", "types": ["R0201", "R0202"]}


def test_every_view_says_what_its_rows_are(api):
    """By each group and bucket, as a mean, for the public: a row has what was told, in that order."""
    told = api.json("/api/views")["views"]
    assert {view["view"] for view in told} >= {path.stem for path in (ROOT / "config/views").glob("*.yaml")} | {"ledger"}
    asked = 0
    for view in told:
        path, columns = f"/api/views/{view['view']}", [column["column"] for column in view["columns"]]
        behind = [] if view["view"] == "ledger" else ["scope", "method", "formula", "n"]
        for by in [*view["groups"], *view["buckets"], ",".join([*view["groups"], view["buckets"][0]]), ""]:
            for row in api.json(f"{path}?by={by}")["rows"][:1]:
                assert list(row) == [*(by.split(",") if by else []), *columns, *behind], (view["view"], by)
                asked += 1
            for row in api.json(f"{path}?by={by}&audience=public")["rows"][:1] if behind else ():
                assert list(row)[-5 - len(columns):] == [*columns, *behind, "suppressed"]
        for way in view["scopes"], view["methods"]:
            for word in way if behind else ():
                assert api.get(f"{path}?{'scope' if way is view['scopes'] else 'method'}={word}")[0] == 200, (view["view"], word)
        for row in api.json(f"{path}?method=mean")["rows"] if "mean" in view["methods"] else ():
            assert list(row) == [*(c["column"] for c in view["columns"] if c["form"] in ("rate", "score")), *behind]
    assert asked > 20
    closure = next(view for view in told if view["view"] == "closure_rate")
    assert {"column": "rate", "measure": "rate", "name": "办结率", "name_en": "Closure rate", "form": "rate", "of": ["closed", "opened"]} in closure["columns"] and closure["scopes"] == ["all", "net"]


def test_a_timeline_has_codes_and_words_and_says_nothing_of_the_caller(api):
    told = api.json(f"/api/cases/{case(0)}", Accept_Language="zh")
    steps = {step["stage"]: step for step in told["timeline"]}
    assert steps["opened"]["words"].startswith("受理") and steps["dispatched"]["lead"] == LEAD
    assert steps["dispatched"]["lead_name"] in steps["dispatched"]["words"] and told["stage_words"]
    assert told["unit"] == LEAD and told["state"] == "open" and "lines" not in told
    assert {step["effect"] for step in told["timeline"]} == {"counts"}
    english = api.json(f"/api/cases/{case(0)}?lang=en")
    assert english["timeline"][0]["words"].startswith("opened")
    assert api.json(f"/api/cases/{case(0)}?lines=yes")["lines"].startswith("1|")
    assert api.get("/api/cases/request:12345:NOSUCH")[0] == 404


def test_what_did_not_change_is_not_sent_again(api):
    status, headers, body = api.get(f"/api/cases/{case(1)}")
    tag = headers["ETag"]
    assert status == 200 and body and headers["Cache-Control"] == "private, no-cache"
    for known in (tag, f'"other", W/{tag}', "*"):
        status, headers, body = api.get(f"/api/cases/{case(1)}", If_None_Match=known)
        assert (status, headers["ETag"], body) == (304, tag, b"")
    assert api.get(f"/api/cases/{case(1)}", If_None_Match='"other"')[0] == 200


def test_orders_come_once_and_news_are_waited_for(district, api):
    orders, place = {}, ""
    while True:
        page = api.json(f"/v1/units/{LEAD}/orders?limit=4&after={place}")
        for row in page["rows"]:
            assert row["case"] not in orders
            orders[row["case"]] = row
        place = page["next"]
        if not page["more"] and not page["rows"]:
            break
    ours = {name: row for name, row in orders.items() if ":API" in name}
    assert set(ours) == {case(n) for n in range(12)}
    assert {row["role"] for row in ours.values()} == {"lead"} and ours[case(11)]["state"] == "closed"
    # The order is the one on the unit's topic.
    topic = {json.loads(m.value())["case"]: json.loads(m.value()) for m in district.records(f"cb.dispatch.{LEAD}") if m.value()}
    assert ours[case(3)]["order"] == topic[case(3)]["id"]
    assert datetime.datetime.fromisoformat(ours[case(3)]["due"]) == datetime.datetime.fromisoformat(topic[case(3)]["due_at"])

    began = time.monotonic()
    assert api.json(f"/v1/units/{LEAD}/orders?after={place}&wait=1")["rows"] == []
    assert 0.9 < time.monotonic() - began < 5
    answers = []
    waiting = threading.Thread(target=lambda: answers.append(api.json(f"/v1/units/{LEAD}/orders?after={place}&wait=30")))
    waiting.start()
    time.sleep(0.3)
    district.accepted("hotline", [order(NUMBER.format(12))])
    waiting.join(20)
    assert [row["case"] for row in answers[0]["rows"]] == [case(12)]
    assert api.get(f"/v1/units/{LEAD}/orders?after=0.zzzzzzzz")[0] == 410


# To whoever asks for orders, and to nobody else.
SLOW_CLOCK = "SELECT c.t_ms FROM (SELECT coalesce(max(tick_ms), 0) AS t_ms FROM core.kafka_offset) AS c CROSS JOIN LATERAL " \
             "(SELECT CASE WHEN current_query() LIKE '%own_order%' THEN pg_advisory_xact_lock_shared(4711) END) AS slow"
PART = 99  # of the log, and of this test alone


@pytest.fixture
def one_more_partition(district):
    """Nobody's but the test's: what is written there moves what others wait for."""
    change(district, f"INSERT INTO core.kafka_offset (topic, part, next_offset, epoch, owner) VALUES ('cb.events', {PART}, 1, 1, 'e2e')")
    yield
    change(district, f"DELETE FROM core.case_now WHERE part = {PART}", f"DELETE FROM core.kafka_offset WHERE part = {PART}")


def change(district, *statements):
    """Each a transaction of its own."""
    with contextlib.closing(psycopg2.connect(district.environment["CITYBRAIN_PG_ADMIN"])) as connection:
        connection.autocommit = True
        for statement in statements:
            connection.cursor().execute(statement)


def news(number, place):
    return "INSERT INTO core.case_now (case_id, kind, part, log_offset, state, lead, order_id, opened_ms, live) VALUES " \
           f"('request:e2e-news:{number}', 'request', {PART}, {place}, 'open', '{LEAD}', 'e2e', 1767225600000, true)"


def waits_for_news(api, what, answers):
    place = api.json(f"{what}?limit=1000")["next"]
    waiting = threading.Thread(target=lambda: answers.append(api.json(f"{what}?after={place}&wait=20")))
    waiting.start()
    return waiting


def test_news_that_come_while_one_is_asked_again_wake_him(district, api, one_more_partition):
    """What he was asked again for is nothing of his, and takes long; his own is written behind that question, and the log is looked
    at before it is answered, for another who waits."""
    told, answers = [], []
    with contextlib.closing(psycopg2.connect(district.environment["CITYBRAIN_PG_ADMIN"])) as connection, connection.cursor() as cursor:
        connection.autocommit = True
        cursor.execute("SELECT pg_get_viewdef('core.clock')")
        clock = cursor.fetchone()[0]
        other, waiting = waits_for_news(api, "/v1/stations/st007/cases", told), waits_for_news(api, f"/v1/units/{LEAD}/orders", answers)
        try:
            time.sleep(1.6)  # asked again once, for what came before the first look
            cursor.execute("SELECT pg_advisory_lock(4711)")
            cursor.execute(f"CREATE OR REPLACE VIEW core.clock WITH (security_invoker = true) AS {SLOW_CLOCK}")
            cursor.execute(f"UPDATE core.kafka_offset SET next_offset = 2 WHERE part = {PART}")
            until(lambda: district.sql("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = 4711 AND NOT granted")[0][0],
                  "he is asked again", 1.5, 0.02)
            cursor.execute(f"BEGIN; {news('first', 2)}; UPDATE core.kafka_offset SET next_offset = 3 WHERE part = {PART}; COMMIT")
            time.sleep(0.8)  # the log is looked at twice a second
            assert not answers
            cursor.execute("SELECT pg_advisory_unlock(4711)")
            waiting.join(5)
        finally:
            cursor.execute("SELECT pg_advisory_unlock_all()")
            cursor.execute(f"CREATE OR REPLACE VIEW core.clock WITH (security_invoker = true) AS {clock}")
    assert [row["case"] for row in (answers or [{"rows": []}])[0]["rows"]] == ["request:e2e-news:first"]
    other.join(30)
    assert told[0]["rows"] == []


def test_what_a_rebuild_puts_right_wakes_him(district, api, one_more_partition):
    """It gets the next places of its partition, and no position moves (docs/decisions/0403)."""
    answers = []
    waiting = waits_for_news(api, f"/v1/units/{LEAD}/orders", answers)
    time.sleep(1.6)
    change(district, f"WITH put AS ({news('right', 1)}) UPDATE core.kafka_offset SET base = base + 1 WHERE part = {PART}")
    waiting.join(5)
    assert [row["case"] for row in (answers or [{"rows": []}])[0]["rows"]] == ["request:e2e-news:right"]


def test_a_unit_sees_its_own_and_nothing_else(district, api):
    mine = {"Authorization": f"Bearer demo-{LEAD}"}
    assert api.json(f"/v1/units/{LEAD}/orders?limit=1", **mine)["rows"]
    assert {row["unit"] for row in pages(api, "/api/cases", mine, limit=500)} == {LEAD}
    assert api.json(f"/api/cases/{case(0)}", **mine)["unit"] == LEAD
    assert api.get("/api/cases/request:12345:OTHER1", **mine)[0] == 404
    assert {row["unit"] for row in api.json("/api/views/closure_rate?by=unit", **mine)["rows"]} == {LEAD}
    for path in (f"/v1/units/{OTHER}/orders", "/v1/stations/st001/cases", "/api/desk", "/api/triggers", "/api/stations",
                 "/api/freshness", "/api/feeds", "/api/refused", "/open311/v2/requests.json"):
        assert api.get(path, **mine)[0] == 403, path
    for nobody in ("Bearer nobody-at-all", "Bearer demo-hotline", f"Basic demo-{LEAD}", ""):  # a feed's opens a door, and nothing here
        assert api.get("/api/clock", Authorization=nobody)[0] == 401, nobody
    everything = {"Authorization": "Bearer demo-desk"}
    assert len({row["unit"] for row in pages(api, "/api/cases", everything, limit=500)}) > 1


def test_a_verb_asks_as_who_one_is(district, monkeypatch):
    monkeypatch.setitem(district.environment, "CITYBRAIN_API_TOKEN", f"demo-{LEAD}")
    header, *rows = (line.split("\t") for line in district.citybrain("views", "show", "closure_rate", "--by", "unit").stdout.splitlines())
    assert {row[header.index("unit")] for row in rows} == {LEAD}
    refused = district.citybrain("stations", check=False)
    assert refused.returncode == 69 and refused.stderr.startswith("citybrain stations: 403: "), refused.stderr
    why = district.citybrain("why", case(0), check=False)
    assert (why.returncode, why.stdout) == (69, "") and "to readers and the desk only" in why.stderr, why.stderr
    assert "it is not for the token" in district.citybrain("why", "request:12345:OTHER1", check=False).stderr
    today = datetime.datetime.now(CHINA).date()
    assert f"of what {LEAD} may see" in district.citybrain("report", "daily", today).stderr
    monkeypatch.setitem(district.environment, "CITYBRAIN_API_TOKEN", "demo-desk")
    assert case(0) in district.citybrain("why", case(0)).stdout and "may see" not in district.citybrain("report", "daily", today).stderr
    monkeypatch.setitem(district.environment, "CITYBRAIN_API_TOKEN", "demo-st001")  # which is told of no view
    refused = district.citybrain("views", "show", "closure_rate", check=False)
    assert refused.returncode == 69 and refused.stderr.startswith("citybrain views: closure_rate: 403: "), refused.stderr


def test_a_station_is_told_of_its_cases_and_of_no_view(api):
    mine = {"Authorization": "Bearer demo-st001"}
    assert api.get("/v1/stations/st001/cases", **mine)[0] == 200
    for path in ("/v1/stations/st002/cases", "/api/views/closure_rate?by=unit", "/api/views/ledger", "/api/desk", "/api/triggers", "/api/feeds", "/api/refused",
                 f"/v1/units/{LEAD}/orders"):
        assert api.get(path, **mine)[0] == 403, path


def test_a_station_reads_the_progress_of_its_own_cases(district, api):
    now = datetime.datetime.now(CHINA).strftime("%Y-%m-%d %H:%M:%S")
    found = api.json("/v1/stations/st001/cases?limit=1000")
    known = {row["case"] for row in found["rows"]}
    item = json.loads((ROOT / "config/feeds/cases/platform/sample_day/input.ndjson").read_text().splitlines()[1])
    item.update({"业务流水号": "APIST1", "接件时间": now, "受理时间": now, "更新时间": now, "承诺时限": ""})
    status, body = district.post("platform", [item])
    assert status == 200, body
    answer = json.loads(body)
    assert answer["accepted"] == 1, answer
    district.settle()
    rows = {row["case"]: row for row in api.json("/v1/stations/st001/cases?limit=1000")["rows"]}
    assert any("APIST1" in name for name in set(rows) - known), (sorted(rows)[:5], item)


def test_the_desk_and_the_ledger_and_the_clock(district, api):
    district.accepted("hotline", [order("APID1", 问题分类="", 反映社区="", 反映街乡="")])
    district.settle()
    queue = pages(api, "/api/desk", limit=50)
    row = next(row for row in queue if row["case"] == "request:12345:APID1")
    page = api.json("/api/desk?cause=" + row["cause"])
    assert row["cause"] in {cause["cause"] for cause in page["causes"]}
    assert all(other["cause"] == row["cause"] for other in page["rows"])
    assert page["waiting"] == dict(district.sql("SELECT desk_cause, count(*) FROM core.case_now WHERE desk_cause IS NOT NULL "
                                                "AND live GROUP BY 1"))
    # by limit: what has none comes last
    dues = [one["due"] for one in pages(api, "/api/desk", order="due", limit=3)]
    assert dues == sorted([due for due in dues if due]) + [None] * dues.count(None) and len(dues) == len(queue), dues
    # of a finding made by who called, only what he called about is told
    firing = json.dumps({"group": {"caller_ref": "S0000000APIF", "type_code": "R0105"}, "reason": "第3次反映", "count": 3})
    district.sql("INSERT INTO core.firing VALUES ('proactive:triggers:APIF', '0', 4102444800000, 'repeat', %s) RETURNING 1", firing)
    found = api.json("/api/triggers?trigger=repeat&from=2099-01-01")["rows"]
    assert api.json("/api/triggers?case=proactive:triggers:APIF")["rows"] == found
    assert api.json("/api/triggers?case=proactive:triggers:APIG")["rows"] == []
    # a case leads back to what was found by it, and a finding says how its cases are now
    seen = json.dumps({"group": {"case": "request:12345:APID1"}, "evidence": ["request:12345:APID1", "0123456789abcdef012345"], "reason": "临期", "count": 1})
    district.sql("INSERT INTO core.firing VALUES ('proactive:triggers:APIH', '0', 4102444800000, 'near_due', %s) RETURNING 1", seen)
    one, = api.json("/api/triggers?evidence=request:12345:APID1&from=2099-01-01")["rows"]
    assert one["over"] is False and len(api.json("/api/triggers?evidence=request:12345:APID1&over=no&from=2099-01-01")["rows"]) == 1
    none = api.json("/api/triggers?evidence=request:12345:APID1&over=yes&from=2099-01-01&count=yes")
    assert none["rows"] == [] and none["counted"] == {"holds": 1, "over": 0, "more": False}
    # of a case it is asked of any day, without one of its own days alone
    assert [len(api.json(f"/api/triggers?over=no{words}")["rows"]) for words in ("&case=proactive:triggers:APIH", "&from=2099-12-31", "&from=2099-12-31&to=2100-04-02", "&to=2099-12-31", "&from=2099-01-01")] == [1, 2, 2, 0, 0]
    assert "over" not in page and api.json("/api/desk?over=no")["over"] == 0 and api.json("/api/desk?over=yes")["rows"] == []
    assert one["case"] == "proactive:triggers:APIH" and api.json("/api/triggers?evidence=request:12345:NOBODY")["rows"] == []
    assert one["evidence_now"] == {"request:12345:APID1": {"state": row["state"], "stage": district.sql("SELECT stage FROM core.case_now WHERE case_id = %s", "request:12345:APID1")[0][0]}}
    # what no trigger said breaks no answer, and no index
    odd = '{"evidence": ["request:12345:APID1", 9e-99999], "group": "case", "count": 9e-99999}'
    district.sql("INSERT INTO core.firing VALUES ('proactive:triggers:APIO', '0', 4102444800001, 'odd', %s) RETURNING 1", odd)
    rows = api.json("/api/triggers?evidence=request:12345:APID1&from=2099-01-01")["rows"]
    district.sql("DELETE FROM core.firing WHERE case_id = 'proactive:triggers:APIO' RETURNING 1")
    assert [one["case"] for one in rows] == ["proactive:triggers:APIO", "proactive:triggers:APIH"] and rows[0]["group"] is None and rows[0]["evidence"] == ["request:12345:APID1", "9e-99999"]
    district.sql("DELETE FROM core.firing WHERE case_id = 'proactive:triggers:APIH' RETURNING 1")
    district.sql("DELETE FROM core.firing WHERE case_id = 'proactive:triggers:APIF' RETURNING 1")
    # in the queue the sentence stands with the case
    word = json.dumps({"reason": "第3次反映"})
    district.sql("INSERT INTO core.firing VALUES ('request:12345:APID1', '0', 4102444800000, 'repeat', %s) RETURNING 1", word)
    queue = {one["case"]: one for one in pages(api, "/api/desk", limit=50)}
    district.sql("DELETE FROM core.firing WHERE case_id = 'request:12345:APID1' RETURNING 1")
    assert (queue["request:12345:APID1"]["trigger"], queue["request:12345:APID1"]["reason"]) == ("repeat", "第3次反映") and row["trigger"] is None
    assert [row["group"] for row in found] == [{"type_code": "R0105"}] and "S0000000APIF" not in json.dumps(found)
    fresh = api.json("/api/freshness")
    assert fresh["partitions"] and {feed["feed"] for feed in fresh["feeds"]} >= {"hotline"}
    (first,), = district.sql("SELECT min(hour) FROM api.ledger")
    assert datetime.datetime.fromisoformat(fresh["first_hour"]) == first
    for path in ("/api/clock", "/api/units", "/api/stations?state=never,silent", "/api/views", "/api/views/closure_rate?by=unit",
                 "/api/views/ledger?by=feed"):
        api.json(path)


def test_why_a_unit_disputes_stands_before_the_desk_and_in_the_cases_life(district, api):
    name = "request:12345:APISAID"
    district.accepted("hotline", [order("APISAID")])
    district.settle()
    (lead,), = district.sql("SELECT lead FROM core.case_now WHERE case_id = %s", name)
    came = api.json("/api/freshness")["newest_record"]
    for unit, stage, data in ((lead, "signed", {}), (lead, "disputed", {"reason": "非本单位|职责\\范围,已电13812345678"})):
        said = {"case": name, "stage": stage, "data": data, "time": datetime.datetime.now(CHINA).isoformat(timespec="milliseconds")}
        assert district.http(f"{district.environment['CITYBRAIN_URL']}/v1/units/{unit}/status", json.dumps(said).encode(), Content_Type="application/json",
                             Authorization=f"Bearer demo-{unit}")[0] == 200
    district.settle()
    # a word of a unit is nobody's newest record (docs/decisions/0342)
    assert api.json("/api/freshness")["newest_record"] == came and any(row["feed"] == "status" for row in api.json("/api/feeds")["rows"])
    wanted = "非本单位|职责\\范围,已电***"
    queue = {row["case"]: row for row in pages(api, "/api/desk", limit=50)}
    assert queue[name]["said"] == wanted and {row["said"] for row in queue.values() if row["cause"] not in ("dispute", "hold")} <= {None}
    one = api.json(f"/api/cases/{name}")
    assert [line["said"] for line in one["timeline"] if line["stage"] == "disputed"] == [wanted] and "13812345678" not in json.dumps(one)
    mine = api.json(f"/api/cases/{name}", Authorization=f"Bearer demo-{lead}")
    assert [line["said"] for line in mine["timeline"] if line["stage"] == "disputed"] == [wanted]
    assert one["due_source"] in ("order", "class") and {line["due_source"] for line in one["timeline"] if line["stage"] == "dispatched"} == {one["due_source"]}


def decide(district, name, unit, stage, **data):
    said = {"case": name, "stage": stage, "data": data, "time": datetime.datetime.now(CHINA).isoformat(timespec="milliseconds")}
    assert district.http(f"{district.environment['CITYBRAIN_URL']}/v1/units/{unit}/status", json.dumps(said).encode(), Content_Type="application/json",
                         Authorization=f"Bearer demo-{unit}")[0] == 200
    district.settle()


def test_as_many_are_listed_as_were_reopened_and_upheld_on_a_day(district, api):
    """Opened days ago, and so in no cohort of today (docs/decisions/0378)."""
    before = (datetime.datetime.now(CHINA) - datetime.timedelta(days=3)).strftime("%Y-%m-%d %H:%M:%S")
    district.accepted("hotline", [order(f"APIDID{n}", 受理时间=before) for n in range(3)])
    district.settle()
    names = [f"request:12345:APIDID{n}" for n in range(3)]
    leads = dict(district.sql("SELECT case_id, lead FROM core.case_now WHERE case_id = ANY(%s)", names))
    for name in names[:2]:
        decide(district, name, leads[name], "signed")
        decide(district, name, leads[name], "disputed", reason="非本单位")
    decide(district, names[0], "desk", "dispute_decided", outcome="upheld", lead=OTHER, by="王", reason="属水务")
    decide(district, names[1], "desk", "dispute_decided", outcome="rejected", by="王", reason="属地")
    for name in names[1:]:
        decide(district, name, leads[name], "resolved")
        decide(district, name, "desk", "reopened", by="王", reason="未解决")
    today = datetime.datetime.now(CHINA).date()
    days, until_ = {"from": today, "to": today}, today + datetime.timedelta(days=1)
    for did, view, column, wanted in (("reopened", "repeat", "reopened_in", set(names[1:])), ("upheld", "dispute", "upheld_in", {names[0]})):
        listed = {row["case"] for row in pages(api, "/api/cases", limit=2, kind="request", **{f"{did}_from": today, f"{did}_to": until_})}
        counted = api.json(f"/api/views/{view}?{urllib.parse.urlencode(days)}")["rows"]
        assert wanted <= listed and sum(row[column] for row in counted) == len(listed), did
        assert pages(api, "/api/cases", kind="request", **{f"{did}_from": until_, f"{did}_to": until_ + datetime.timedelta(days=365)}) == []


def test_a_list_is_of_what_is_due_soon_and_of_what_has_no_place(district, api):
    rows = pages(api, "/api/cases", kind="request", due_within=48, order="due", limit=3)
    now = api.json("/api/clock")["now"] / 1000
    assert rows and {row["held"] for row in rows} == {None} and all(now - 60 < datetime.datetime.fromisoformat(row["due"]).timestamp() <= now + 48 * 3600 for row in rows)
    first = api.json("/api/cases?kind=request&due_within=48&order=due&limit=1&count=yes")
    assert first["counted"] == {"cases": len(rows), "more": False} and "counted" not in api.json("/api/cases?kind=request&due_within=48")
    late = pages(api, "/api/cases", kind="request", overdue="yes", order="limit", limit=2)
    assert [row["due"] for row in late] == sorted(row["due"] for row in late)
    assert api.json("/api/cases?kind=request&overdue=yes&order=limit&limit=1&count=yes")["counted"]["cases"] == len(late)
    counted = sum(row["opened"] + row["doubles"] for row in api.json("/api/views/places?by=street_code")["rows"] if not row["street_code"])
    nowhere = pages(api, "/api/cases", kind="request", street_code="none", limit=2)
    assert len(nowhere) == counted and {row["street_code"] for row in nowhere} <= {None}


def test_a_feed_says_when_it_was_heard_and_why_its_rows_were_refused(district, api):
    before = {(row["feed"], row["reason"]): row["rows"] for row in api.json("/api/refused")["rows"]}
    begun = datetime.datetime.now(CHINA) - datetime.timedelta(seconds=1)
    good = order("APIREF0")
    bad = [{"工单编号": f"APIREF{n}", "受理时间": "昨天"} for n in (1, 2)] + [{**good, "工单编号": ""}]
    status, body = district.post("hotline", [good, *bad])
    assert status == 200 and json.loads(body)["rejected"] == 3, body
    status, body = district.post("platform", [{"业务流水号": "APIREF4", "站点编码": "st003"}, {"业务流水号": "APIREF5", "站点编码": "WO20261126"}])
    assert status == 200 and json.loads(body)["rejected"] == 2, body
    district.settle()
    told = {(row["feed"], row["reason"]): row for row in api.json("/api/refused")["rows"]}
    verdicts = {key: row["rows"] - before.get(key, 0) for key, row in told.items() if row["rows"] != before.get(key, 0)}
    assert sum(n for (feed, _), n in verdicts.items() if feed == "hotline") == 3 and verdicts[("hotline", "bad_date")] == 2
    assert sum(n for (feed, _), n in verdicts.items() if feed == "platform") == 2
    row = told[("hotline", "bad_date")]
    assert row["zh"].startswith("日期无法识别") and row["en"].startswith("the date")
    assert begun <= datetime.datetime.fromisoformat(row["last"]) <= datetime.datetime.now(CHINA) and row["first"] <= row["last"]
    mine = api.json("/api/refused?station=st003&feed=platform")
    assert mine["total"] == len(mine["rows"]) == 1 and mine["rows"][0]["rows"] == 1
    assert api.json("/api/refused?station=WO20261126")["rows"] == []  # no station's code: of its feed alone
    assert api.json("/api/refused?feed=hotline&from=2020-01-01&to=2020-01-02")["rows"] == []
    # what is told adds up to the account, hour by hour
    differ = district.sql("SELECT feed, hour, l.dead, r.n FROM (SELECT feed, hour, dead FROM api.ledger WHERE dead > 0) AS l FULL JOIN "
                          "(SELECT data->>'feed' AS feed, date_trunc('hour', core.of_ms(time_ms)) AS hour, sum((data->>'rows')::bigint) AS n "
                          "FROM core.observation WHERE kind = 'refused' GROUP BY 1, 2) AS r USING (feed, hour) WHERE l.dead IS DISTINCT FROM r.n")
    assert differ == [], differ
    heard = {row["feed"]: row for row in api.json("/api/feeds")["rows"]}
    newest = datetime.datetime.fromisoformat(heard["hotline"]["newest"])
    assert begun <= newest + datetime.timedelta(seconds=1) and heard["hotline"]["due"] is None and not heard["hotline"]["late"]
    assert datetime.datetime.fromisoformat(api.json("/api/freshness")["newest_record"]) >= newest


def test_the_page_is_told_where_the_door_is_who_asks_and_what_codes_are_called(district, api):
    page = api.json("/api/page")
    assert page == {"door": district.environment["CITYBRAIN_URL"], "who": {"kind": "reader", "name": None, "all": True}}
    for token, who in (("demo-desk", {"kind": "unit", "name": "desk", "all": True}),
                       (f"demo-{LEAD}", {"kind": "unit", "name": LEAD, "all": False}),
                       ("demo-st001", {"kind": "station", "name": "st001", "all": False})):
        assert api.json("/api/page", Authorization=f"Bearer {token}")["who"] == who
    names = api.json("/api/names")
    places = {row["code"]: row for row in names["divisions"]}
    assert places[COMMUNITY]["parent_code"] == STREET and places[STREET]["name"]
    assert {row["code"]: row["parent_code"] for row in names["types"]}["R0105"] == "R01"
    assert {row["trigger"]: row["name"] for row in names["triggers"]}["cluster"] == "同一小区集中反映"
    assert {row["feed"]: row["name"] for row in names["feeds"]}["heartbeat"] == "站点心跳"
    assert {"class": "7d", "name": "7天", "name_en": "7 days"} in names["limit_classes"] and names["fields"] == []
    assert {row["station"] for row in names["stations"]} >= {"st001", "st269"}
    assert {row["rule"]: row["name"] for row in names["rules"]}["place"] == "属地"
    assert {row["kind"] for row in names["kinds"]} >= {"request", "proactive"}
    shown = {token: api.json("/api/names", Authorization=f"Bearer {token}") for token in ("demo-desk", f"demo-{LEAD}", "demo-st001")}
    assert shown["demo-desk"] == names == shown[f"demo-{LEAD}"]  # its cases say a rule, what was found for it a station
    assert shown["demo-st001"] == {name: rows for name, rows in names.items() if name not in ("rules", "stations")}  # it has no view
    stages = {row["kind"]: row["stages"] for row in names["kinds"]}
    assert stages["request"]["opened"] == ["受理", "opened"] and stages["proactive"]["opened"] == ["发现", "found"]


def together(api, *asked, **headers):
    query = "&".join("ask=" + urllib.parse.quote(one, safe="") for one in asked)
    return [(one["status"], one["body"]) for one in api.json(f"/api/together?{query}", **headers)["answers"]]


def test_questions_asked_together_are_answered_as_alone(api):
    asked = ("views/closure_rate?by=unit", f"cases/{case(0)}", f"cases?unit={LEAD}&limit=2", "cases/request:12345:NOSUCH", "units",
             "desk?cause=why", "nothing", "views/closure_rate?by=colour")
    found = together(api, *asked)
    for one, (status, body) in zip(asked, found):
        alone = api.get(f"/api/{one}")
        assert (status, body) == (alone[0], json.loads(alone[2])), one
    assert [status for status, _ in found] == [200, 200, 200, 404, 200, 400, 404, 400]
    # A case is read with other eyes than a view: who may see it is asked in the question.
    mine = {"Authorization": f"Bearer demo-{LEAD}"}
    found = together(api, f"cases/{case(0)}", "views/closure_rate?by=unit", "cases/request:12345:OTHER1", "freshness", **mine)
    assert [status for status, _ in found] == [200, 200, 404, 403] and {row["unit"] for row in found[1][1]["rows"]} == {LEAD}
    assert api.get("/api/together?ask=clock", Authorization="Bearer nobody-at-all")[0] == 401
    within = urllib.parse.quote("/api/together?ask=clock".replace("/api/t", "%74"), safe="")
    assert [one["status"] for one in api.json(f"/api/together?ask=clock&ask={within}")["answers"]] == [200, 400]


def test_what_is_asked_together_is_true_of_one_moment(district, api):
    answers = []
    asking = threading.Thread(target=lambda: answers.extend(together(api, "clock", "triggers?limit=1", "clock")))
    connection = psycopg2.connect(district.environment["CITYBRAIN_PG"])
    try:
        connection.cursor().execute("LOCK TABLE core.firing IN ACCESS EXCLUSIVE MODE")
        asking.start()
        until(lambda: district.sql("SELECT count(*) FROM pg_locks WHERE relation = 'core.firing'::regclass AND NOT granted")[0][0],
              "the second question waits", 5)
        district.sql("UPDATE core.kafka_offset SET tick_ms = tick_ms + 1 WHERE tick_ms > 0 RETURNING part")
    finally:
        connection.close()
        asking.join(20)
    assert [status for status, _ in answers] == [200, 200, 200]
    assert answers[0][1]["now"] == answers[2][1]["now"] < api.json("/api/clock")["now"]


def test_no_moment_is_told_in_which_cells_change_places(district, api):
    connection = psycopg2.connect(district.environment["CITYBRAIN_PG"])
    try:
        connection.cursor().execute("SELECT pg_advisory_xact_lock(20120348)")  # as who swaps has it
        assert [status for status, _ in together(api, "clock", "views/closure_rate")] == [503, 503]
        api.json("/api/views/closure_rate")  # by itself: it looks when it has its tables
    finally:
        connection.rollback()  # a lock of a connection that is closed goes a moment later
        connection.close()
    assert [status for status, _ in together(api, "clock", "views/closure_rate")] == [200, 200]


def test_an_answer_of_a_moment_ago_is_given_to_who_permits_it(api):
    path, asked = "/api/together?ask=clock&ask=views%2Fclosure_rate%3Fby%3Dunit", {"Cache_Control": "max-age=60"}
    first = api.get(path, **asked)[2]
    time.sleep(0.02)  # so the clock is older to whoever asks the database
    status, headers, second = api.get(path, **asked)
    assert (status, second) == (200, first) and 0 <= int(headers["Age"]) < 60
    for other in ({}, {"Cache_Control": "no-cache"}, {**asked, "Authorization": f"Bearer demo-{LEAD}"}, {**asked, "Accept_Language": "en"}):
        assert api.get(path, **other)[2] != first, other
    mine = json.loads(api.get(path, **asked, Authorization=f"Bearer demo-{LEAD}")[2])["answers"]
    assert {row["unit"] for row in mine[1]["body"]["rows"]} == {LEAD}
    bad = "/api/together?ask=clock&ask=desk%3Fcause%3Dwhy"
    assert [json.loads(api.get(bad, **asked)[2])["answers"][1]["status"] for _ in range(2)] == [400, 400]


def test_open311_in_json_and_xml(api):
    services = api.json("/open311/v2/services.json")
    codes = {service["service_code"] for service in services}
    assert {"R0105"} <= codes and all(service["metadata"] is False for service in services)
    found = api.json("/open311/v2/requests.json?status=open&service_code=R0105&page_size=1000&jurisdiction_id=110105")
    mine = {one["service_request_id"]: one for one in found}[case(0)]
    assert mine["status"] == "open" and mine["service_code"] == "R0105" and mine["address"] is None
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+08:00", mine["requested_datetime"])
    closed = api.json(f"/open311/v2/requests.json?service_request_id={case(11)},{case(0)}&status=open")
    assert {one["service_request_id"]: one["status"] for one in closed} == {case(11): "closed", case(0): "open"}
    one = api.json(f"/open311/v2/requests/{case(0)}.json")
    assert [row["service_request_id"] for row in one] == [case(0)]
    status, headers, body = api.get(f"/open311/v2/requests/{case(0)}.xml")
    root = ElementTree.fromstring(body)
    assert status == 200 and headers["Content-Type"].startswith("text/xml") and root.tag == "service_requests"
    assert {child.tag: child.text for child in root[0]}["agency_responsible"] == mine["agency_responsible"]
    assert len(root[0]) == 17  # every element is there, empty or not
    for path, tag in (("discovery", "discovery"), ("v2/services", "services"), ("v2/services/R0105", "service_definition"),
                      ("v2/requests", "service_requests")):
        assert ElementTree.fromstring(api.get(f"/open311/{path}.xml")[2]).tag == tag
    assert api.json("/open311/v2/services/R0105.json")["attributes"] == []
    assert api.json("/open311/discovery.json")["endpoints"][0]["type"] == "production"
    pages_ = [api.json(f"/open311/v2/requests.json?page={n}&page_size=3&service_code=R0105") for n in (1, 2)]
    ids = [one["service_request_id"] for page in pages_ for one in page]
    assert len(ids) == len(set(ids)) == 6


@pytest.mark.parametrize("path, parameter", [
    ("/api/cases?limit=0", "limit"), ("/api/cases?limit=ten", "limit"), ("/api/cases?after=what", "after"),
    ("/api/cases?from=2026-02-30", "from"), ("/api/cases?from=2026-03-02&to=2026-03-01", "to"),
    ("/api/cases?count=yes", "count"), ("/api/cases?count=yes&overdue=no", "count"), ("/api/cases?order=late", "order"),
    ("/api/cases?due_within=0", "due_within"), ("/api/cases?due_within=8785", "due_within"), ("/api/cases?reopened_from=2026-01-01", "reopened_from"), ("/api/cases?upheld_to=2026-01-01", "upheld_to"),
    ("/api/cases?upheld_from=2026-01-01&upheld_to=2027-01-03", "upheld_to"), ("/api/cases?reopened_from=2026-01-02&reopened_to=2026-01-01", "reopened_to"), ("/api/cases?reopened_from=never&reopened_to=2026-01-01", "reopened_from"),
    ("/api/cases?state=gone", "state"), ("/api/cases?colour=red", "colour"), ("/api/cases?unit=a&unit=b", "unit"),
    ("/api/cases?unit=a%27%20OR%201", "unit"), ("/api/cases/x:y:z?lang=fr", "lang"),
    ("/api/views/closure_rate?by=colour", "by"), ("/api/views/closure_rate?scope=half", "scope"),
    ("/api/views/closure_rate?station=st001", "station"), ("/api/views/closure_rate?limit=20001", "limit"), ("/api/views/closure_rate?from=yesterday", "from"),
    ("/api/views/closure_rate?from=2026-03-02&to=2026-03-01", "to"), ("/api/stations?state=fine", "state"),
    ("/api/refused?from=yesterday", "from"), ("/api/refused?from=2026-03-02&to=2026-03-01", "to"), ("/api/refused?feed=a%27", "feed"), ("/api/feeds?feed=a", "feed"),
    ("/api/desk?cause=why", "cause"), ("/api/triggers?to=never", "to"), ("/api/triggers?over=no&from=2026-01-01&to=2026-04-04", "to"), ("/api/clock?now=1", "now"),
    (f"/v1/units/{LEAD}/orders?after=yesterday", "after"), (f"/v1/units/{LEAD}/orders?wait=3600", "wait"),
    ("/v1/stations/st001/cases?limit=5000", "limit"), ("/api/together", "ask"), ("/api/together?ask=/api/clock", "ask"),
    ("/api/together?ask=together%3Fask%3Dclock", "ask"), ("/api/together?asked=clock", "asked")])
def test_a_bad_question_is_told_what_is_bad(api, path, parameter):
    for language, sign in (("zh-CN", "参数无效"), ("en", "bad parameter")):
        status, headers, body = api.get(path, Accept_Language=language)
        problem = json.loads(body)
        assert (status, headers["Content-Type"]) == (400, "application/problem+json")
        assert (problem["parameter"], problem["title"]) == (parameter, sign) and parameter in problem["detail"]
        assert headers["Content-Language"] == language[:2]


def test_open311_says_what_is_bad_in_its_own_form(api):
    for path, status in (("/open311/v2/requests.json?status=held", 400), ("/open311/v2/requests.json?start_date=x", 400),
                         ("/open311/v2/requests.json?start_date=2026-01-01&end_date=2026-06-01", 400),
                         ("/open311/v2/requests.json?jurisdiction_id=310000", 404),
                         ("/open311/v2/requests/request:12345:NOSUCH.json", 404), ("/open311/v2/services/none.json", 404)):
        found, _, body = api.get(path)
        assert (found, json.loads(body)[0]["code"]) == (status, status), path
    found, _, body = api.get("/open311/v2/requests.xml?status=held")
    assert found == 400 and ElementTree.fromstring(body).find("error/code").text == "400"


def test_every_address_of_the_document_was_asked(api):
    missing = set(api.document["paths"]) - {path for path, status in api.seen if status == 200}
    assert missing == set()
