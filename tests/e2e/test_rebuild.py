# SPDX-License-Identifier: Apache-2.0
"""`citybrain rebuild` on real parts: a wrong cell is found and replaced while orders come in, and nothing else moves
(make bench-rebuild does it with a million events). From the log: sets that somebody changed are the log's again."""
import json
import threading

import psycopg2
import pytest

from test_path import LEAD, order


def rebuild(district, *words):
    done = rebuild_run(district, *words)
    assert done.returncode in (0, 1), done.stderr
    return done.returncode, json.loads(done.stdout)


def rebuild_run(district, *words):
    return district.citybrain("rebuild", "--json", "--config", district.config, *words, check=False, seconds=120)


def spoil(district):
    """One more was opened than anybody said; returns where."""
    with psycopg2.connect(district.environment["CITYBRAIN_PG_ADMIN"]) as connection, connection.cursor() as cursor:
        cursor.execute("UPDATE core.cell_closure_rate SET opened_n = opened_n + 1 WHERE ctid = (SELECT ctid FROM "
                       "core.cell_closure_rate WHERE opened_n > 0 LIMIT 1)")
        assert cursor.rowcount == 1


def test_a_wrong_cell_is_found_and_replaced_while_orders_come_in(district):
    district.accepted("hotline", [order(f"RB0-{n}", 承办单位=LEAD) for n in range(20)])
    district.settle()
    assert district.citybrain("rebuild", "--execute", check=False).returncode == 64  # who, and why
    status, found = rebuild(district)
    assert (status, found["differing"], found["swapped"]) == (0, 0, False) and found["sets"] >= 20

    spoil(district)
    ended, sent = threading.Event(), []

    def send():
        while not ended.is_set():
            sent.append(order(f"RB1-{len(sent)}", 承办单位=LEAD))
            district.accepted("hotline", sent[-1:])
    sender = threading.Thread(target=send, daemon=True)
    sender.start()
    try:
        status, found = rebuild(district)
        wrong = [t["table"] for t in found["tables"] if t["differing"]]
        assert (status, found["differing"], wrong) == (1, 1, ["cell_closure_rate"])
        signed = ("--execute", "--as", "李四", "--reason", "人工改动过统计格")
        other = district.citybrain("rebuild", *signed, "--plan", "another", "--config", district.config, check=False, seconds=120)
        assert other.returncode == 78 and f"the plan is now {found['plan']}" in other.stderr
        status, found = rebuild(district, *signed, "--plan", found["plan"])
        assert (status, found["swapped"]) == (0, True) and found["sets"] >= 20
    finally:
        ended.set()
        sender.join(30)
    assert sent
    district.settle()
    who, reason = district.sql("SELECT who, reason FROM core.audit WHERE verb = 'rebuild' ORDER BY 1 LIMIT 1")[0]
    assert (who, reason) == ("李四", "人工改动过统计格")
    verified = district.citybrain("verify", "--cells", "--json", "--config", district.config, seconds=120)
    assert json.loads(verified.stdout)["differences"] == 0
    status, found = rebuild(district)
    assert (status, found["differing"]) == (0, 0)
    assert district.citybrain("rebuild", "--drop", "--config", district.config).returncode == 0
    assert district.sql("SELECT count(*) FROM pg_namespace WHERE nspname = 'fill'") == [(0,)]


def spoil_sets(district, name):
    """One set has lost its last line, one is unreadable, one is gone, one the log never heard of."""
    cases = [f"request:12345:{name}-{n}" for n in range(3)]
    with psycopg2.connect(district.environment["CITYBRAIN_PG_ADMIN"]) as connection, connection.cursor() as cursor:
        cursor.execute("UPDATE core.case_set SET lines = regexp_replace(lines, E'\\n[^\\n]+\\n?$', E'\\n') WHERE case_id = %s", cases[:1])
        assert cursor.rowcount == 1
        cursor.execute("UPDATE core.case_set SET lines = 'x' || lines WHERE case_id = %s", cases[1:2])
        cursor.execute("DELETE FROM core.case_set WHERE case_id = %s", cases[2:])
        cursor.execute("INSERT INTO core.case_set (case_id, kind, lines, unit) SELECT case_id || '-never', kind, lines, unit "
                       "FROM core.case_set WHERE case_id = %s", cases[:1])
        assert cursor.rowcount == 1


def sets(district):
    return sorted(district.sql("SELECT case_id, kind, lines, unit FROM core.case_set"))


def test_sets_that_were_changed_are_those_of_the_log_again(district):
    district.accepted("hotline", [order(f"RL-{n}", 承办单位=LEAD) for n in range(8)])
    district.settle()
    before, cells = sets(district), district.cells()
    status, found = rebuild(district, "--from-log")
    assert (status, found["tables"][0]["differing"], found["swapped"]) == (0, 0, False)
    assert district.citybrain("rebuild", "--drop", "--config", district.config).returncode == 0

    found = json.dumps({"group": {"case": "request:hotline:RL-0"}})
    district.sql("INSERT INTO core.firing SELECT case_id, '0', 1, 'near_due', %s FROM core.case_now WHERE kind = 'request' RETURNING 1", found)

    spoil_sets(district, "RL")
    district.environment["CITYBRAIN_FAILPOINTS"] = "from_log.after_batch:exit"
    assert rebuild_run(district, "--from-log").returncode < 0
    del district.environment["CITYBRAIN_FAILPOINTS"]
    done = rebuild_run(district, "--from-log")
    told = json.loads(done.stdout)["tables"][0]
    assert done.returncode == 1 and "goes on" in done.stderr, done.stderr
    assert json.loads(done.stdout)["differing"] == told["differing"] == 4
    assert (told["other"], told["missing"], told["unknown"]) == (2, 1, 1), told
    assert sets(district) != before  # until somebody says so
    status, found = rebuild(district, "--from-log", "--execute", "--as", "李四", "--reason", "事件集被人改动")
    assert (status, found["swapped"]) == (0, True)
    assert (sets(district), district.cells()) == (before, cells)
    assert district.sql("SELECT DISTINCT subject FROM core.case_now WHERE kind = 'request'") == [("request:hotline:RL-0",)]  # of what was found, not of the sets
    district.sql("DELETE FROM core.firing WHERE case_id LIKE 'request:%' RETURNING 1")
    verified = district.citybrain("verify", "--json", "--config", district.config, seconds=120)
    assert json.loads(verified.stdout)["differences"] == 0
    assert district.sql("SELECT count(*) FROM pg_namespace WHERE nspname IN ('anew', 'fill')") == [(0,)]
    (reason, counts), = district.sql("SELECT reason, counts FROM core.audit WHERE arguments = 'from-log'")
    assert (reason, counts["other"], counts["unknown"]) == ("事件集被人改动", 2, 1)


def change(district, sql, *values):
    with psycopg2.connect(district.environment["CITYBRAIN_PG_ADMIN"]) as connection, connection.cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.rowcount


def lose(district, case):
    for table in ("case_set", "case_now"):
        assert change(district, f"DELETE FROM core.{table} WHERE case_id = %s", case) == 1


def orders_of(district, after=""):
    """Cases that a unit reads by HTTP from a place on, to the end, and the place behind them."""
    cases = []
    while True:
        status, body = district.http(f"{district.environment['CITYBRAIN_API']}/v1/units/{LEAD}/orders?limit=1000&after={after}")
        assert status == 200, body
        answer = json.loads(body)
        cases, after = cases + [row["case"] for row in answer["rows"]], answer["next"]
        if not answer["rows"]:
            return cases, after


def test_a_unit_that_reads_on_finds_what_was_put_right(district):
    district.accepted("hotline", [order(f"RB3-{n}", 承办单位=LEAD) for n in range(4)])
    district.settle()
    lost, changed = (f"request:12345:RB3-{n}" for n in range(2))
    lose(district, lost)
    assert change(district, "UPDATE core.case_now SET lead = 's110105009' WHERE case_id = %s", changed) == 1
    seen, after = orders_of(district)
    assert seen and not {lost, changed} & set(seen)
    status, _ = rebuild(district, "--from-log", "--execute", "--as", "李四", "--reason", "人工删改过工单")
    assert status == 0
    district.settle()
    seen, after = orders_of(district, after)
    assert sorted(seen) == [lost, changed]
    district.accepted("hotline", [order("RB3-9", 承办单位=LEAD)])
    district.settle()
    assert orders_of(district, after)[0] == ["request:12345:RB3-9"]


def test_one_that_died_behind_its_sets_hides_no_later_loss(district):
    signed = ("--execute", "--as", "李四", "--reason", "试")
    district.accepted("hotline", [order(f"RB4-{n}", 承办单位=LEAD) for n in range(3)])
    district.settle()
    district.environment["CITYBRAIN_FAILPOINTS"] = "fill.after_step:exit"
    try:
        assert rebuild_run(district, "--from-log", *signed).returncode not in (0, 1)
    finally:
        del district.environment["CITYBRAIN_FAILPOINTS"]
    assert rebuild_run(district, *signed).returncode == 0
    lose(district, "request:12345:RB4-0")
    _, found = rebuild(district, "--from-log")
    assert found["tables"][0]["differing"] == 1, found["tables"][0]
    rebuild(district, "--from-log", *signed)
    assert district.sql("SELECT count(*) FROM core.case_set WHERE case_id = 'request:12345:RB4-0'") == [(1,)]


@pytest.mark.parametrize("column", ["topic", "made_by"])
def test_what_lies_aside_of_another_log_or_program_can_be_dropped(district, column):
    rebuild(district, "--from-log")
    assert change(district, f"UPDATE anew.state SET {column} = 'old'") == 1
    refused = rebuild_run(district, "--from-log")
    assert refused.returncode not in (0, 1) and "citybrain rebuild --drop" in refused.stderr
    assert district.citybrain("rebuild", "--drop", "--config", district.config).returncode == 0
    assert rebuild_run(district, "--from-log").returncode in (0, 1)
