# SPDX-License-Identifier: Apache-2.0
"""The path from a sender's bytes to a view and to a unit's work order, on real parts, with kill -9."""
import datetime
import json
import re
import threading
import time
from collections import Counter

import pytest

from district import shared, until

STREET, COMMUNITY, LEAD = "110105001", "110105001901", "s110105001"
PLACE_TYPE = "R0105"  # level street: the place's street leads
CHINA = datetime.timezone(datetime.timedelta(hours=8))


def order(number, **more):
    """A hotline order of an hour ago, without a lead."""
    now = datetime.datetime.now(CHINA) - datetime.timedelta(hours=1)
    row = {"工单编号": number, "诉求性质": "投诉", "问题分类": PLACE_TYPE, "反映社区": COMMUNITY,
           "反映街乡": STREET, "受理时间": now.strftime("%Y-%m-%d %H:%M:%S"), "主要内容": "楼前堆物"}
    row.update(more)
    return row


def case(number):
    return f"request:12345:{number}"


@pytest.fixture(scope="module")
def data():
    folder = shared()
    if folder is None:
        pytest.skip("the real inputs (../shared/data) are not here, or SHARED=none")
    return folder


# --- an order, a rejected row, a stranger ---


def test_an_order_is_accepted_and_counted_once_however_often_it_is_sent(district):
    sent = order("E2E1", 承办单位=LEAD, 问题分类="R0101")
    where = "SELECT opened, closed, rate, closed_in FROM api.closure_rate WHERE type_code = 'R0101' " \
            "AND unit = %s AND street_code = %s"
    district.accepted("hotline", [sent])
    until(lambda: district.sql(where, LEAD, STREET), "the order is in closure_rate", 30)
    district.settle()
    assert district.sql(where, LEAD, STREET) == [(1, 0, 0, 0)]
    before = district.cells()
    district.accepted("hotline", [sent])
    district.settle()
    assert district.cells() == before

    # The same order with an end is the same case: the rate moves, the count does not.
    closed = datetime.datetime.now(CHINA).strftime("%Y-%m-%d %H:%M:%S")
    district.accepted("hotline", [{**sent, "结案时间": closed}])
    district.settle()
    assert sum(row[0] for row in district.sql(where, LEAD, STREET)) == 1
    assert sum(row[1] for row in district.sql(where, LEAD, STREET)) == 1
    rows = [r for r in district.view("closure_rate", by="unit,type_code") if r["type_code"] == "R0101"]
    assert [(r["unit"], int(r["opened"]), int(r["closed"])) for r in rows] == [(LEAD, 1, 1)]


def test_a_street_by_code_name_and_alias_is_one_row_and_an_unknown_one_is_kept(district):
    spelt = ["110105009", "亚运村街道", "亚运村", "亚云村街道"]
    district.accepted("hotline", [order(f"E2ESP{n}", 反映社区="", 反映街乡=street) for n, street in enumerate(spelt)])
    district.settle()
    for view in ("places", "closure_rate"):
        rows = district.sql(f"SELECT street_code, sum(opened)::int FROM api.{view} WHERE street_code = ANY(%s) GROUP BY 1", spelt)
        assert dict(rows) == {"110105009": 3, "亚云村街道": 1}, view
    leads = district.sql("SELECT case_id, lead FROM core.case_now WHERE starts_with(case_id, %s)", case("E2ESP"))
    assert dict(leads) == {**{case(f"E2ESP{n}"): "s110105009" for n in range(3)}, case("E2ESP3"): "desk"}


def test_a_rejected_row_is_answered_and_kept_as_it_came(district):
    good = order("E2E2", 承办单位=LEAD)
    unknown = json.dumps(order("E2E3", 诉求性质="闲聊"), ensure_ascii=False).encode()
    broken = '{"工单编号": "E2E4", '.encode()
    status, body = district.post("hotline", [unknown, good, broken])
    assert status // 100 == 2, body
    answer = json.loads(body)
    assert (answer["accepted"], answer["rejected"]) == (1, 2)
    rejected = {r["row"]: r for r in answer["results"] if r["verdict"] == "rejected"}
    assert {row: r["reason"] for row, r in rejected.items()} == {1: "unknown_code", 3: "bad_json"}
    assert rejected[1]["pointer"] == "/诉求性质"

    district.settle()
    dead = {m.value(): json.loads(dict(m.headers())["cb"]) for m in district.records("cb.dead")}
    assert dead[unknown]["reason"] == "unknown_code"
    assert dead[broken]["reason"] == "bad_json"
    cases = {row[0] for row in district.sql("SELECT case_id FROM api.case_timeline")}
    assert case("E2E2") in cases and not {case("E2E3"), case("E2E4")} & cases


def test_a_stranger_is_refused_and_leaves_nothing(district):
    before = district.ends("cb.raw")
    assert district.post("hotline", [order("E2E5")], token="")[0] == 401
    assert district.post("hotline", [order("E2E5")], token="nobody")[0] == 401
    assert district.post("hotline", [order("E2E5")], token="demo-boston_311")[0] == 403
    assert district.ends("cb.raw") == before


def test_the_page_is_served(district):
    status, body = district.http(district.environment["CITYBRAIN_API"] + "/")
    assert status == 200 and b"<html" in body.lower()


# --- an order that we dispatch ---


def dispatched(district, prefix):
    """Work orders and `dispatched` events of the cases whose number begins so: case -> count."""
    wanted = case(prefix)
    orders, events = Counter(), Counter()
    for message in district.records(f"cb.dispatch.{LEAD}"):
        said = json.loads(message.value())
        if said["case"].startswith(wanted):
            assert (said["kind"], said["lead"]) == ("assigned", LEAD), said
            orders[said["case"]] += 1
    for message in district.records("cb.events"):
        said = json.loads(message.value() or b"{}")
        if said.get("type", "").endswith(".dispatched.v1") and said["subject"].startswith(wanted):
            assert said["data"]["lead"] == LEAD
            events[said["subject"]] += 1
    return orders, events


def test_orders_are_dispatched_once_through_kill_of_the_router(district):
    first = [f"E2ER{n:04}" for n in range(300)]
    second = [f"E2ER{n:04}" for n in range(300, 600)]
    topic, old = f"cb.dispatch.{LEAD}", district.pid("router-1")
    district.accepted("hotline", [order(n) for n in first])
    until(lambda: dispatched(district, "E2ER")[0], "a work order", 30)

    # Killed while its transaction is open or just closed: some of the second lot are on their way.
    begun = district.ends(topic)
    district.accepted("hotline", [order(n) for n in second])
    until(lambda: district.ends(topic) != begun, "the next work orders are being written", 30, 0.005)
    district.kill("router-1", old)
    behind = sum(district.ends("cb.events").values()) \
        - sum(district.committed("cb.router", "cb.events").values())
    assert behind >= 100, "the router was killed with nothing to do"
    district.came_back("router-1", old)
    # sent again: what was decided is not decided again
    district.accepted("hotline", [order(n) for n in first[:50]])
    district.settle()

    once = {case(n): 1 for n in first + second}
    orders, events = dispatched(district, "E2ER")
    assert events == once
    assert orders == once
    rows = district.sql("SELECT case_id, lead FROM api.case_timeline WHERE stage = 'dispatched' "
                        "AND case_id LIKE %s", case("E2ER") + "%")
    assert sorted(rows) == sorted((c, LEAD) for c in once)
    counted = district.sql("SELECT sum(opened) FROM api.closure_rate WHERE unit = %s AND type_code = %s "
                           "AND street_code = %s", LEAD, PLACE_TYPE, STREET)
    assert counted[0][0] >= len(once)


def test_a_timeline_goes_to_its_doors_and_a_unit_moves_its_own_case(district, tmp_path):
    """`send --timeline`: an order by the hotline's door, then what two units say of it by theirs."""
    lines, now = [], int(time.time() * 1000)

    def add(at, to, item):
        lines.append(json.dumps({"at": at, "to": to, "item": item}, ensure_ascii=False))

    def play():
        (tmp_path / "day.ndjson").write_text("\n".join(lines) + "\n")
        lines.clear()
        return district.citybrain("send", "--timeline", tmp_path / "day.ndjson").stderr

    def says(unit, stage):
        said = datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="milliseconds")
        add(now, f"/v1/units/{unit}/status", {"case": case("E2ET1"), "stage": stage, "time": said})

    def moved():
        return district.sql("SELECT coalesce(sum(sign_n), 0)::int, coalesce(sum(handle_n), 0)::int "
                            "FROM api.response_time WHERE unit = %s", LEAD)[0]

    signed, handled = moved()
    add(now, "/v1/feeds/hotline", order("E2ET1"))
    assert "1 accepted, 0 rejected" in play()
    until(lambda: dispatched(district, "E2ET1")[0], "the order is dispatched", 30)
    district.settle()
    says(LEAD, "signed")
    says("s110105002", "resolved")  # not its case: kept, moves nothing
    assert "2 accepted, 0 rejected" in play()

    def stages():
        return district.sql("SELECT stage, unit FROM api.case_timeline WHERE case_id = %s ORDER BY n", case("E2ET1"))

    district.settle()
    assert stages() == [("opened", None), ("dispatched", None), ("signed", LEAD), ("resolved", "s110105002")]
    assert moved() == (signed + 1, handled)


# --- real input ---


def send_backfill(district, feed, path):
    done = district.citybrain("send", "--backfill", "--feed", feed, path, seconds=150)
    found = re.search(r"(\d+) accepted, (\d+) rejected", done.stderr)
    assert found, done.stderr
    return int(found[1]), int(found[2])


class Faults(threading.Thread):
    """Kills ingest and the aggregator once each, by progress, while they have records unread."""

    def __init__(self, district):
        super().__init__(daemon=True)
        self.district, self.killed, self.error = district, {}, None
        self.raw = sum(district.ends("cb.raw").values())
        self.events = sum(district.ends("cb.events").values())

    def unread(self, topic, positions):
        return sum(self.district.ends(topic).values()) - sum(positions().values())

    def kill_when(self, name, topic, begun, records, positions):
        d = self.district
        until(lambda: sum(d.ends(topic).values()) - begun >= records, f"{records} in {topic}", 60, 0.02)
        unread = until(lambda: max(0, self.unread(topic, positions) - 500), f"{name} is behind", 60, 0.02)
        self.killed[name] = (d.kill(name), unread + 500)

    def run(self):
        d = self.district
        try:
            self.kill_when("ingest-1", "cb.raw", self.raw, 12000,
                           lambda: d.committed("cb.ingest", "cb.raw"))
            self.kill_when("aggregator-1", "cb.events", self.events, 25000, d.aggregated)
        except BaseException as error:  # told to the test, which joins
            self.error = error


def test_real_requests_give_the_known_numbers_through_kills(district, data):
    path = data / "boston-311-2011" / "311_service_requests_2011.csv.gz"
    faults = Faults(district)
    faults.start()
    assert send_backfill(district, "boston_311", path) == (58251, 0)
    faults.join(90)
    assert faults.error is None and set(faults.killed) == {"ingest-1", "aggregator-1"}, faults.error
    print("killed (pid, unread records):", faults.killed)
    for name, (pid, _) in faults.killed.items():
        district.came_back(name, pid)
    district.settle()

    years = {"from": "2010-12-01", "to": "2012-01-31"}
    total, = district.view("closure_rate", **years)
    assert (int(total["opened"]), int(total["closed"])) == (58251, 54570)
    assert float(total["rate"]) == 0.936808
    full, = district.view("response_time", **years)
    assert int(full["full_n"]) == 54570
    assert float(full["full_p50_seconds"]) == pytest.approx(79835, rel=0.02)
    assert float(full["full_p90_seconds"]) == pytest.approx(6838114, rel=0.02)
    quiet = district.sql("SELECT count(*) FROM api.case_timeline WHERE case_id LIKE 'request:boston:%' "
                         "AND stage NOT IN ('opened', 'closed')")
    assert quiet == [(0,)]

    # `citybrain try`, without broker and database, gives the same rows of the same views.
    for name, by, many in (("closure_rate", "day,unit", 1000), ("response_time", "unit", 10)):
        tried = json.loads(district.citybrain(
            "try", path, "--feed", "boston_311", "--backfill", "--view", name, "--by", by,
            "--from", years["from"], "--to", years["to"], "--json", seconds=60).stdout)["views"][name]
        told = district.view(name, by=by, **years)
        assert len(tried) >= many
        assert sorted(map(json.dumps, tried)) == sorted(map(json.dumps, told))

    before = district.cells()
    assert send_backfill(district, "boston_311", path) == (58251, 0)
    district.settle()
    assert district.cells() == before


def test_the_same_orders_in_another_charset_are_the_same_cells(district, data):
    folder = data / "china-12345-a"
    accepted, rejected = send_backfill(district, "pingshan_a", folder / "pingshan_a.csv.gz")
    assert accepted > 0 and rejected == 0
    district.settle()
    opened, = district.view("closure_rate", **{"from": "2018-01-01", "to": "2019-12-31"})
    assert 0 < int(opened["opened"]) <= accepted
    before = district.cells()
    again = send_backfill(district, "pingshan_a_gb", folder / "pingshan_a.gb18030.csv.gz")
    assert again == (accepted, 0)
    district.settle()
    assert district.cells() == before
