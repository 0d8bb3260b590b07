# SPDX-License-Identifier: Apache-2.0
"""A frozen period stays, whatever comes later; what came later is its adjustment (docs/decisions/0086)."""
import contextlib
import json
import subprocess

import psycopg2
import pytest

from district import NDJSON, until
from test_path import LEAD, order

DAYS = ("--from", "2024-02-19", "--to", "2024-03-18")


def period(district, *words, check=True):
    return district.citybrain("period", *words, check=check)


def told_as_history(district, items):
    """Counted like any order, and nobody is dispatched: they are two years old."""
    body = "\n".join(json.dumps(item, ensure_ascii=False) for item in items).encode()
    status, answer = district.http(f"{district.environment['CITYBRAIN_URL']}/v1/feeds/hotline", body, Content_Type=NDJSON,
                                   Authorization="Bearer demo-hotline", Citybrain_Replay="backfill")
    assert status == 200 and json.loads(answer)["rejected"] == 0, answer
    district.settle()


def shown(district, view="closure_rate"):
    return json.loads(period(district, "show", "2024-03", "--view", view, "--json").stdout)


def adjusted(district, view):
    rows = json.loads(period(district, "adjustments", "2024-03", "--view", view, "--json").stdout)
    return {(r["table"], json.loads(r["key"])["day"]): (json.loads(r["frozen"] or "null"), json.loads(r["live"] or "null"))
            for r in rows}


def test_a_frozen_period_stays_and_what_comes_later_is_its_adjustment(district):
    def told(number, day, **more):
        return order(number, 受理时间=f"2024-{day} 10:00:00", 问题分类="R0102", 承办单位=LEAD, **more)
    before = [told(f"PER{n}", "02-20", 结案时间="2024-02-21 10:00:00") for n in range(3)] + [told("PER3", "03-18")]
    told_as_history(district, before + [told("PER4", "03-19")])  # the day after is another period's
    plan = ("freeze", "2024-03", *DAYS)
    freeze = (*plan, "--execute", "--as", "张三", "--reason", "三月月报发布")
    assert period(district, *freeze[:-4], check=False).returncode == 64  # who, and why
    assert "for ever; freeze it" in period(district, *plan).stderr
    assert "last day is not over" in period(district, "freeze", "soon", "--from", "2024-02-19", "--to", "2999-01-01").stderr
    done = period(district, "ls", "--json")  # a plan freezes nothing
    assert json.loads(done.stdout) == [] and "no period is frozen" in done.stderr
    assert "2024-03 is frozen" in period(district, *freeze).stderr
    rows = shown(district)
    assert {(r["day"], r["unit"]): (r["opened_n"], r["closed_n"]) for r in rows if r["type_code"] == "R0102"} == \
        {("2024-02-20", LEAD): (3, 3), ("2024-02-21", LEAD): (0, 0), ("2024-03-18", LEAD): (1, 0)}
    assert adjusted(district, "closure_rate") == {}
    assert "was changed since" in period(district, "adjustments", "2024-03", "--view", "closure_rate").stderr
    for words in (("show", "2024-03"), ("adjustments", "2024-03")):
        done = period(district, *words, "--view", "closure_rat", check=False)
        assert done.returncode == 1 and 'no view "closure_rat" was frozen' in done.stderr and "closure_rate" in done.stderr

    # one is closed late, one was never told of; the views have both, the frozen numbers neither
    told_as_history(district, [told("PER3", "03-18", 结案时间="2024-04-02 10:00:00"), told("PER5", "02-20")])
    assert shown(district) == rows
    changed = adjusted(district, "closure_rate")
    assert {day for _, day in changed} == {"2024-02-20", "2024-03-18"}
    frozen, live = changed["cell_closure_rate", "2024-02-20"]
    assert (frozen["opened_n"], live["opened_n"], live["closed_n"]) == (3, 4, 3)
    frozen, live = changed["cell_closure_rate", "2024-03-18"]
    assert (frozen["closed_n"], live["closed_n"]) == (0, 1)
    assert any(table.startswith("hist_") for table, _ in adjusted(district, "response_time"))

    # it is frozen once, and nobody changes it, not even by hand
    done = period(district, *freeze, check=False)
    assert done.returncode == 1 and "frozen already" in done.stderr
    for statement in ("UPDATE core.frozen_cell SET value = '{}'", "DELETE FROM core.frozen_cell", "DELETE FROM core.period",
                      "TRUNCATE core.frozen_cell"):
        with pytest.raises(psycopg2.Error, match="does not change|permission denied"):
            district.sql(statement)
    one, = json.loads(period(district, "ls", "--json").stdout)
    assert (one["name"], one["first_day"], one["last_day"], one["who"]) == ("2024-03", "2024-02-19", "2024-03-18", "张三")
    assert one["cells"] >= len(rows)
    assert district.sql("SELECT who, reason FROM core.audit WHERE verb = 'period freeze'") == [("张三", "三月月报发布")]


def test_a_freeze_does_not_begin_under_a_swap(district):
    """Cells that change places under its snapshot would look empty (docs/decisions/0110)."""
    words = [district.binaries / "citybrain", "period", "freeze", "2023-01", "--from", "2023-01-01", "--to", "2023-01-31"]
    swap = psycopg2.connect(district.environment["CITYBRAIN_PG"])
    with contextlib.closing(swap), swap.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(20120348)")  # as a swap holds it to its COMMIT
        with subprocess.Popen([str(word) for word in words], env=district.environment, stderr=subprocess.PIPE) as freeze:
            until(lambda: district.sql("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = 20120348 AND "
                                       "NOT granted") == [(1,)], "the freeze waits", 20)
            swap.commit()
            assert b"would be" in freeze.communicate(timeout=20)[1] and freeze.returncode == 0


def test_what_is_no_period_is_told(district):
    for words in ((), ("thaw", "x"), ("show", "2024-03"), ("freeze", "x", "--from", "soon", "--to", "later")):
        done = period(district, *words, check=False)
        assert done.returncode == 64 and done.stdout == "", words
    done = period(district, "adjustments", "nobody", check=False)
    assert done.returncode == 1 and "is not frozen" in done.stderr
    done = period(district, "ls", "--postgres", "host=/nowhere dbname=x", check=False)
    assert done.returncode == 69 and "fix: start it, or name another by --postgres" in done.stderr
    done = period(district, "ls", "--postgres", district.environment["CITYBRAIN_PG"] + " user=nobody_there", check=False)
    assert done.returncode == 69 and "fix: name a login and a database that it takes by --postgres" in done.stderr, done.stderr
