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


@pytest.mark.parametrize("words, status, said", ((("freeze", "2023-01", "--from", "2023-01-01", "--to", "2023-01-31"), 0, b"would be"),
                                                 (("adjustments", "nobody"), 1, b"nobody is not frozen")))
def test_cells_are_not_read_under_a_swap(district, words, status, said):
    """Those that change places under its snapshot would look empty (docs/decisions/0110)."""
    words = [district.binaries / "citybrain", "period", *words]
    swap = psycopg2.connect(district.environment["CITYBRAIN_PG"])
    with contextlib.closing(swap), swap.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(20120348)")  # as a swap holds it to its COMMIT
        with subprocess.Popen([str(word) for word in words], env=district.environment, stderr=subprocess.PIPE) as asking:
            until(lambda: district.sql("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = 20120348 AND "
                                       "NOT granted") == [(1,)], "it waits", 20)
            swap.commit()
            assert said in asking.communicate(timeout=20)[1] and asking.returncode == status


def test_what_is_not_compared_is_said(district):
    """Of views that are not as they were when the period was frozen, what both have; of the others nothing (docs/decisions/0404)."""
    district.sql("INSERT INTO core.period (name, first_day, last_day, tick_ms, positions, who, reason, shapes) SELECT '1999', '1999-01-01', "
                 "'1999-12-31', 0, '{}', 'nobody', 'a test', jsonb_object_agg(r, core.shape_of(r)) - 'cell_matters' - 'hist_whistle' || "
                 "jsonb_build_object('cell_gone', core.shape_of('cell_inflow'), 'cell_dispute', core.shape_of('cell_dispute') || "
                 "'{\"hash\": \"another\"}') FROM core.cell_relations() AS r RETURNING name")
    district.sql("INSERT INTO core.frozen_cell (period, relation, key, value, unit) VALUES ('1999', 'cell_gone', '{\"day\": \"1999-03-01\"}', "
                 "'{\"opened_n\": 5}', '') RETURNING period")

    def told(*words):
        done = period(district, words[0], "1999", *words[1:])
        return done.stdout, [line.removeprefix("citybrain period: ") for line in done.stderr.splitlines()]
    bins = "bins not compared, for there were none or nobody knows of which measures they were: whistle"
    changed = "changed since it was frozen, so compared by the groups and measures that both have: dispute"
    unchanged = "nothing that was frozen was changed since"
    assert told("adjustments")[1] == [unchanged, f"{changed}; {bins}; not there then, so not compared: matters; gone since, so not compared: gone"]
    assert told("adjustments", "--view", "gone")[1] == ["nothing was compared", "gone since, so not compared: gone"]
    assert told("adjustments", "--view", "dispute")[1] == [unchanged, changed]
    assert told("adjustments", "--view", "backlog")[1] == [unchanged]
    assert json.loads(told("show", "--view", "gone", "--json")[0]) == [{"day": "1999-03-01", "opened_n": 5}]


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
