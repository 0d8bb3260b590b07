# SPDX-License-Identifier: Apache-2.0
"""未诉先办 on real parts whose time is moved by hand: what triggers find opens one proactive case however often the
router dies and whatever is told twice, late or as history; the desk confirms or declines it."""
import datetime
import json
from pathlib import Path

import pytest

from district import NDJSON, ROOT, running, until

HERE = Path(__file__).resolve().parent
CHINA = datetime.timezone(datetime.timedelta(hours=8))
COMMUNITY, LEAD, TYPE = "110105001901", "s110105001", "R0105"


def ms(when):
    return int(datetime.datetime.fromisoformat(f"{when}+08:00").timestamp() * 1000)


@pytest.fixture(scope="module")
def slow():
    with running(HERE / "triggers", clock_ms=ms("2026-03-02T09:00")) as district:
        yield district


def request(number, estate, caller, at="2026-03-02 08:50:00", **more):
    return {"number": number, "at": at, "type": TYPE, "community": COMMUNITY, "estate": estate, "caller": caller, **more}


def case(number):
    return f"request:neighbours:{number}"


def events(district):
    return [json.loads(m.value()) for m in district.records("cb.events")]


def of_case(district, case_id, stage):
    return [e for e in events(district)
            if e.get("subject") == case_id and e["type"] == f"cn.citybrain.case.{stage}.v1"]


def firings(district, trigger, **group):
    """What a trigger opened, each once on the log."""
    found = [e for e in events(district) if e.get("subject", "").startswith(f"proactive:{trigger}:")
             and e["type"] == "cn.citybrain.case.opened.v1"]
    assert len({e["id"] for e in found}) == len(found), "a firing was written twice"
    return [e for e in found if group.items() <= e["data"]["group"].items()]


def signals(district, key):
    """Facts, those that lie in packs among them (docs/decisions/0290)."""
    found = []
    for message in district.records("cb.signals"):
        name, value = (message.key() or b"").decode(), message.value().decode()
        lines = value.split("\n")[1:] if name == "_facts" else [name, value]
        found += [fact for group, fact in zip(lines[::2], lines[1::2]) if group.startswith(key)]
    return found


def orders(district, unit, case_id):
    read = (json.loads(m.value()) for m in district.records(f"cb.dispatch.{unit}") if m.value())
    return [one for one in read if one["case"] == case_id]


def history(district, items):
    body = "\n".join(json.dumps(item, ensure_ascii=False) for item in items).encode()
    status, answer = district.http(f"{district.environment['CITYBRAIN_URL']}/v1/feeds/neighbours", body,
                                   Content_Type=NDJSON, Authorization="Bearer demo-neighbours", Citybrain_Replay="history")
    assert status // 100 == 2, answer


def says(district, unit, case_id, stage, when, **data):
    said = {"case": case_id, "stage": stage, "time": f"{when}+08:00", **data}
    status, body = district.http(f"{district.environment['CITYBRAIN_URL']}/v1/units/{unit}/status",
                                 json.dumps(said).encode() + b"\n", Content_Type="application/x-ndjson",
                                 Authorization=f"Bearer demo-{unit}")
    assert status // 100 == 2 and json.loads(body)["rejected"] == 0, body


def answers(district, door):
    try:
        return district.http(f"{door}/v1/feeds/neighbours/check", b"{}", Content_Type=NDJSON,
                             Authorization="Bearer demo-neighbours")[0] != 503
    except OSError:
        return False


def ticked(district, when):
    """The clock is moved, its tick is on every partition, and both passes have acted on it."""
    district.set_clock(ms(when))

    def answer():
        _, body = district.http(district.environment["CITYBRAIN_INGEST_ADMIN"] + "/clock")
        return json.loads(body).get("ticked") == ms(when)
    until(answer, f"a tick of {when}", 30)
    district.settle()


def metrics(district):
    _, body = district.http(district.environment["CITYBRAIN_ROUTER_ADMIN"] + "/metrics")
    rows = (line.rsplit(" ", 1) for line in body.decode().splitlines() if line and not line.startswith("#"))
    return {name: float(value) for name, value in rows}


def dies(district):
    old = district.kill("router-1")
    district.came_back("router-1", old)


def over(district, found):
    (row,) = json.loads(district.http(f"{district.environment['CITYBRAIN_API']}/api/triggers?case={found}")[1])["rows"]
    return row["over"]


def waiting(district, over):
    page = json.loads(district.http(f"{district.environment['CITYBRAIN_API']}/api/desk?cause=confirm&limit=1000&over={over}")[1])
    assert page["waiting"].get("confirm", 0) == len(page["rows"])
    return {row["case"] for row in page["rows"]}


# --- the same estate, again and again ---


def test_three_requests_at_one_estate_open_one_case_though_the_router_dies(slow):
    district = slow
    district.accepted("neighbours", [request("C1", "E1", "a"), request("C2", "E1", "b")])
    district.settle()
    assert firings(district, "e2e_cluster", estate_code="E1") == []
    dies(district)
    three = [request("C1", "E1", "a"), request("C2", "E1", "b"), request("C3", "E1", "a")]
    district.accepted("neighbours", three)
    district.settle()
    assert firings(district, "e2e_cluster", estate_code="E1") == []  # not before the clock has passed what it counts
    # what was sent again is no second fact
    assert len(signals(district, f"e2e_cluster|E1|{TYPE}")) == 3
    ticked(district, "2026-03-02T09:01")
    assert firings(district, "e2e_cluster", estate_code="E1")
    dies(district)
    district.accepted("neighbours", [*three, request("C4", "E1", "c")])
    ticked(district, "2026-03-02T09:02")
    (fired,) = firings(district, "e2e_cluster", estate_code="E1")
    data = fired["data"]
    assert (data["count"], data["distinct"], data["confirm"]) == (3, 2, "desk")
    assert sorted(data["evidence"]) == [case("C1"), case("C2"), case("C3")]
    assert data["type_code"] == TYPE and data["community_code"] == COMMUNITY and data["reason"]
    status, body = district.http(district.environment["CITYBRAIN_API"] + "/api/triggers?trigger=e2e_cluster")
    rows = {row["case"]: row for row in json.loads(body)["rows"]}
    assert status == 200 and sorted(rows[fired["subject"]]["evidence"]) == sorted(data["evidence"])
    assert rows[fired["subject"]]["reason"] == data["reason"] and rows[fired["subject"]]["desk_cause"] == "confirm"


def test_one_caller_alone_is_no_cluster_and_another_type_is_another_group(slow):
    slow.accepted("neighbours", [request(f"O{n}", "E2", "a") for n in range(4)])
    slow.accepted("neighbours", [request(f"P{n}", "E3", f"c{n}", type=f"R010{n + 1}") for n in range(3)])
    ticked(slow, "2026-03-02T09:03")
    assert firings(slow, "e2e_cluster", estate_code="E2") == firings(slow, "e2e_cluster", estate_code="E3") == []


def test_history_says_nothing_to_a_trigger(slow):
    past = [request(f"H{n}", "E4", f"c{n}") for n in range(5)]
    history(slow, past)
    slow.settle()
    assert signals(slow, "e2e_cluster|E4") == []
    slow.accepted("neighbours", past[:2])  # two of them live
    ticked(slow, "2026-03-02T09:04")
    assert len(signals(slow, "e2e_cluster|E4")) == 2 and firings(slow, "e2e_cluster", estate_code="E4") == []


def test_a_corrected_estate_takes_its_fact_along(slow):
    slow.accepted("neighbours", [request("X1", "E5", "a", revision=1), request("X2", "E5", "b", revision=1)])
    slow.accepted("neighbours", [request("X2", "E6", "b", revision=2)])
    slow.settle()
    slow.accepted("neighbours", [request("X3", "E5", "c"), request("X4", "E6", "d"), request("X5", "E6", "e")])
    ticked(slow, "2026-03-02T09:05")
    assert firings(slow, "e2e_cluster", estate_code="E5") == []
    (fired,) = firings(slow, "e2e_cluster", estate_code="E6")
    assert sorted(fired["data"]["evidence"]) == [case("X2"), case("X4"), case("X5")]


# --- the desk's word ---


def test_the_desk_confirms_or_declines_and_only_then_somebody_leads(slow):
    (fired,) = firings(slow, "e2e_cluster", estate_code="E1")
    (other,) = firings(slow, "e2e_cluster", estate_code="E6")
    mine, theirs = fired["subject"], other["subject"]
    assert of_case(slow, mine, "dispatched") == [] and orders(slow, LEAD, mine) == []
    says(slow, "desk", mine, "confirmed", "2026-03-02T09:05:00")
    says(slow, "desk", theirs, "declined", "2026-03-02T09:05:00")
    until(lambda: orders(slow, LEAD, mine), "the case is dispatched", 30)
    says(slow, "desk", mine, "confirmed", "2026-03-02T09:05:01")
    dies(slow)
    slow.settle()
    (decided,) = of_case(slow, mine, "dispatched")
    (confirmed, _) = of_case(slow, mine, "confirmed")
    assert decided["data"]["lead"] == LEAD and decided["causationid"] == confirmed["id"]
    assert [one["id"] for one in orders(slow, LEAD, mine)] == [decided["id"]]
    assert of_case(slow, theirs, "dispatched") == [] and orders(slow, LEAD, theirs) == []
    stages = slow.sql("SELECT stage FROM api.case_timeline WHERE case_id = %s ORDER BY n", theirs)
    assert [row[0] for row in stages if row[0] in ("opened", "declined")] == ["opened", "declined"]


def test_proactive_cases_count_in_no_rate_of_requests(slow):
    slow.settle()
    counted = slow.sql("SELECT coalesce(sum(opened), 0) FROM api.closure_rate")[0][0]
    live = slow.sql("SELECT count(DISTINCT case_id) FROM api.case_timeline WHERE stage = 'opened' AND "
                    "case_id LIKE 'request:%%'")[0][0]
    assert counted == live > 0


def test_a_notice_is_acted_on_without_anybody_where_its_trigger_says_so(slow):
    notice = {"编号": "TG1", "类别": "水", "性质": "抢修", "单位": "u_water", "社区": COMMUNITY, "通知时间": "2026-03-02 08:55",
              "更新时间": "2026-03-02 08:55:00"}
    slow.accepted("outage", [notice])
    slow.accepted("outage", [{**notice, "编号": "TG2", "性质": "计划", "社区": "110105001905"}])
    ticked(slow, "2026-03-02T09:06")
    (fired,) = firings(slow, "e2e_outage")
    until(lambda: orders(slow, LEAD, fired["subject"]), "it is dispatched", 30)
    slow.settle()
    assert len(of_case(slow, fired["subject"], "dispatched")) == 1
    told = metrics(slow)
    assert told['citybrain_router_firings_total{form="count"}'] >= 1 and told['citybrain_router_firings_total{form="surge"}'] == 0
    assert told["citybrain_router_signals_total"] >= 1 and told["citybrain_router_facts_total"] >= 1


# --- absence: nothing said, by the clock ---


def test_a_router_that_stood_still_two_hours_misses_nothing_and_invents_nothing(slow):
    slow.accepted("neighbours", [request("A1", "E7", "a", at="2026-03-02 09:00:00", lead=LEAD),
                                 request("A2", "E7", "b", at="2026-03-02 09:00:00", lead=LEAD)])
    until(lambda: orders(slow, LEAD, case("A2")) and orders(slow, LEAD, case("A1")), "both are dispatched", 30)
    slow.settle()
    slow.command(ROOT / "deploy/local/daemons", "stop", "router-1", seconds=60)
    slow.set_clock(ms("2026-03-02T09:30"))
    says(slow, LEAD, case("A1"), "signed", "2026-03-02T09:30:00")
    slow.accepted("neighbours", [request("A3", "E7", "c", at="2026-03-02 09:00:00", lead=LEAD)])
    slow.set_clock(ms("2026-03-02T10:00"))
    slow.set_clock(ms("2026-03-02T11:30"))
    slow.command(ROOT / "deploy/local/daemons", "start", "router-1", seconds=120)
    ticked(slow, "2026-03-02T11:40")
    fired = {e["data"]["group"]["case"] for e in firings(slow, "e2e_unsigned")}
    assert case("A1") not in fired and case("A2") in fired
    (found,) = firings(slow, "e2e_unsigned", case=case("A2"))
    slow.settle()
    assert slow.sql("SELECT subject FROM core.case_now WHERE case_id = %s", found["subject"]) == [(case("A2"),)]
    assert over(slow, found["subject"]) is False and found["subject"] in waiting(slow, "no") and found["subject"] not in waiting(slow, "yes")
    says(slow, LEAD, case("A2"), "signed", "2026-03-02T11:41:00")
    says(slow, LEAD, case("A2"), "resolved", "2026-03-02T11:41:01", outcome="done")
    until(lambda: over(slow, found["subject"]), "it is over", 30)
    assert found["subject"] not in waiting(slow, "no") and found["subject"] in waiting(slow, "yes")
    (cluster,) = firings(slow, "e2e_cluster", estate_code="E7")  # what came while it stood still was counted
    assert sorted(cluster["data"]["evidence"]) == [case("A1"), case("A2"), case("A3")]


def test_what_waits_for_the_normaliser_is_not_absent(slow):
    slow.accepted("neighbours", [request("N1", "E8", "a", at="2026-03-02 11:40:00", lead=LEAD)])
    until(lambda: orders(slow, LEAD, case("N1")), "it is dispatched", 30)
    slow.settle()
    start, both = [ROOT / "deploy/local/daemons", "start"], slow.environment["CITYBRAIN_SETTINGS_INGEST"]
    door = slow.environment["CITYBRAIN_URL"]

    # A door alone takes the unit's word while nothing is normalised.
    slow.command(ROOT / "deploy/local/daemons", "stop", "ingest-1", seconds=60)
    slow.environment.update(CITYBRAIN_SETTINGS_INGEST=f"{both} ingest.role=doors", CITYBRAIN_READY_TRIES="0")
    slow.command(*start, "ingest-1", seconds=60)
    slow.set_clock(ms("2026-03-02T11:50"))
    until(lambda: answers(slow, door), "the door is open", 60)
    says(slow, LEAD, case("N1"), "signed", "2026-03-02T11:45:00")
    slow.command(ROOT / "deploy/local/daemons", "stop", "ingest-1", seconds=60)
    slow.environment["CITYBRAIN_SETTINGS_INGEST"] = both
    slow.command(*start, "ingest-1", seconds=60)
    slow.environment["CITYBRAIN_READY_TRIES"] = "200"
    ticked(slow, "2026-03-02T16:00")
    assert of_case(slow, case("N1"), "signed")
    assert firings(slow, "e2e_unsigned", case=case("N1")) == []
    assert of_case(slow, case("N1"), "nudged") == []  # nor by the order's own timer, half an hour after 11:40


def test_a_silent_station_is_found_once_by_its_own_hours(slow):
    # st001: 4 h of its open hours, weekdays 09:00-17:30
    slow.accepted("heartbeat", [{"station": "st001", "at": ms("2026-03-02T15:59")}])
    ticked(slow, "2026-03-03T17:30")
    assert firings(slow, "e2e_silent", station="st001") == []
    dies(slow)
    ticked(slow, "2026-03-04T12:00")
    ticked(slow, "2026-03-04T13:00")
    clocks = {n for name, n in metrics(slow).items() if name.startswith("citybrain_router_windows_clock_timestamp_seconds")}
    assert clocks == {ms("2026-03-04T13:00") // 1000}
    (fired,) = firings(slow, "e2e_silent", station="st001")
    assert "梅裕苑" in fired["data"]["reason"] or "st001" in fired["data"]["reason"]
    slow.settle()
    assert over(slow, fired["subject"]) is False
    slow.accepted("heartbeat", [{"station": "st001", "at": ms("2026-03-04T13:00")}])
    until(lambda: over(slow, fired["subject"]), "the station is heard again", 30)
    assert fired["subject"] in waiting(slow, "yes")
