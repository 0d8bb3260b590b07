# SPDX-License-Identifier: Apache-2.0
"""`citybrain backtest` over a file of events: the rules that decided find no difference, others exactly theirs, and
each decision is made again from what stood on the log when it was made."""
import copy
import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BINARY = ROOT / os.environ.get("CITYBRAIN_BIN", "build/debug") / "citybrain"
CLOCK = "2026-03-02T09:00:00+08:00"
TYPES = ["R0105", "R0303", "R1102", "R0201", "R1901", ""]
DESK_FIRST = "entries:\n  - id: desk_first\n    when: { type_code: [R0303] }\n    then: { to: desk, say: \"先由{lead}研判\" }\n"


def run(*words, status=0):
    done = subprocess.run([BINARY, *map(str, words)], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == status, (done.stdout[-2000:], done.stderr[-2000:])
    return done


def backtest(events, *words, status=0):
    return json.loads(run("backtest", "--events", events, "--json", "--limit", 1000, *words, status=status).stdout)


def events_of(tmp_path, orders):
    """What ingest and router say of these orders, as the log would have it."""
    (tmp_path / "orders.ndjson").write_text("".join(json.dumps(o, ensure_ascii=False) + "\n" for o in orders))
    done = run("try", tmp_path / "orders.ndjson", "--feed", "hotline", "--events", "--clock", CLOCK)
    return [json.loads(line) for line in done.stdout.splitlines()]


def order(n, kind="R0303", **more):
    return {"工单编号": f"B{n}", "受理时间": "2026-03-02 08:50:00", "诉求性质": "投诉", "问题分类": kind,
            "反映街乡": "110105001", **more}


def save(path, events):
    path.write_text("".join(json.dumps(e, ensure_ascii=False) + "\n" for e in events))
    return path


@pytest.fixture(scope="module")
def log(tmp_path_factory):
    folder = tmp_path_factory.mktemp("log")
    orders = [order(n, TYPES[n % len(TYPES)], **({"承办单位": "s110105002"} if n % 7 == 0 else {})) for n in range(200)]
    return save(folder / "events.jsonl", events_of(folder, orders))


@pytest.fixture
def other(tmp_path):
    """Other rules: one type goes to the desk first."""
    shutil.copytree(ROOT / "config", tmp_path / "other")
    rules = tmp_path / "other/rules/dispatch.yaml"
    rules.write_text(rules.read_text().replace("entries:\n", DESK_FIRST, 1))
    return tmp_path / "other"


def decisions(path):
    return [e for e in map(json.loads, path.read_text().splitlines()) if e["type"].endswith(".dispatched.v1")]


def test_the_rules_that_decided_find_no_difference(log):
    told = backtest(log)
    assert (told["compared"], told["different"], told["missing"], told["unasked"], told["unreadable"]) == (200, 0, 0, 0, 0)
    assert told["rules"] == told["units"] == told["examples"] == []
    bundle, = {e["data"]["bundle"] for e in decisions(log)}
    assert told["bundles"] == [{"bundle": bundle, "decisions": 200, "different": 0}] and told["bundle"] == bundle


def test_names_decide_nothing(log, tmp_path):
    """A bundle whose classes, rules and triggers are called otherwise has another hash, and decides the same."""
    renamed = Path(shutil.copytree(ROOT / "config", tmp_path / "renamed"))
    rules = renamed / "rules/dispatch.yaml"
    text = re.sub(r"name: \{ zh: [^}]* \}", "name: 别名", rules.read_text())
    assert text.count("name: 别名") > 30
    rules.write_text(text)
    trigger = renamed / "triggers/cluster.yaml"
    trigger.write_text(re.sub("(?m)^name: .*", "name: 别名", trigger.read_text()))
    (renamed / "registries/fields.csv").write_text("code,name,name_en\nline,条线,line\n")
    told = backtest(log, "--bundle", renamed)
    assert (told["compared"], told["different"], told["examples"]) == (200, 0, [])
    assert told["bundle"] != told["bundles"][0]["bundle"]


def test_other_rules_find_exactly_what_they_change(log, other):
    told = backtest(log, "--bundle", other, status=1)
    of_type = {e["subject"]: e["data"] for e in decisions(log) if e["data"].get("type_code") == "R0303"}
    mine = {case for case, data in of_type.items() if not data.get("adopted")}
    assert len(mine) > 20 and len(of_type) > len(mine)
    changes = {one["case"]: one["changes"] for one in told["examples"]}
    assert set(changes) == set(of_type) and told["different"] == len(of_type) and told["compared"] == 200
    assert told["bundle"] != told["bundles"][0]["bundle"] and told["bundles"][0]["different"] == len(of_type)
    for case, change in changes.items():
        if case in mine:
            assert change["lead"] == ["s110105001", "desk"] and change["rule"] == ["place", "desk_first"]
        else:  # the order named its lead: that stays, our own answer beside it changes
            then, now = change["would_have"]
            assert set(change) == {"would_have", "alternatives"} and now == {"unit": "desk", "rule": "desk_first"} != then
    rows = {(row["then"], row["now"]): row for row in told["rules"]}
    assert set(rows) == {("place", "desk_first"), ("adopted", "adopted")}
    assert rows["place", "desk_first"]["moved"] == rows["place", "desk_first"]["orders"] == len(mine)
    assert (rows["adopted", "adopted"]["moved"], rows["adopted", "adopted"]["other"]) == (0, len(of_type) - len(mine))
    unit, = told["units"]
    assert (unit["then"], unit["now"], unit["orders"]) == ("s110105001", "desk", len(mine))


def test_another_limit_is_due_and_not_moved(log, other):
    shutil.rmtree(other / "rules")
    shutil.copytree(ROOT / "config/rules", other / "rules")
    types = other / "registries/request_types.csv"
    lines = types.read_text().splitlines(True)
    changed = [line.replace(",7d,", ",24h,") if line.startswith("R0303,") else line for line in lines]
    assert changed != lines
    types.write_text("".join(changed))
    told = backtest(log, "--bundle", other, status=1)
    assert told["units"] == [] and told["different"] > 20
    for row in told["rules"]:
        assert (row["moved"], row["due"], row["class"], row["rule"]) == (0, row["orders"], row["orders"], 0)


def test_a_correction_that_came_later_does_not_count_for_what_was_decided_before(tmp_path):
    events = events_of(tmp_path, [order(1)])
    opened, decided = [next(e for e in events if e["type"].endswith(f".{stage}.v1")) for stage in ("opened", "dispatched")]
    corrected = copy.deepcopy(opened)
    corrected["data"]["type_code"] = "R0201"
    corrected["revision"] = "9" + opened["revision"][1:]
    for name, lines in (("behind", [opened, decided, corrected]), ("between", [opened, corrected, decided])):
        told = backtest(save(tmp_path / f"{name}.jsonl", lines))
        assert (told["compared"], told["different"], told["missing"]) == (1, 0, 0), name
    # and one that came before does
    assert backtest(save(tmp_path / "before.jsonl", [corrected, opened, decided]), status=1)["different"] == 1


def tick(time):
    return {"specversion": "1.0", "id": f"t{time}", "source": "/ingest", "type": "cn.citybrain.tick.v1", "time": time}


def test_the_clock_stands_where_it_stood(tmp_path):
    opened, decided = [e for e in events_of(tmp_path, [order(1)])
                       if e["type"].split(".")[-2] in ("opened", "dispatched")]
    then, later = tick("2026-03-02T01:00:00.000Z"), tick("2026-06-02T01:00:00.000Z")
    assert backtest(save(tmp_path / "a.jsonl", [then, opened, decided, later]))["different"] == 0
    assert backtest(save(tmp_path / "b.jsonl", [then, opened, later, decided]))["different"] == 0
    told = backtest(save(tmp_path / "c.jsonl", [later, opened, decided]), status=1)
    assert told["rules"][0]["now"] == "too_old"


def test_what_is_due_and_not_decided_is_missing_and_what_cannot_be_asked_is_said(log, tmp_path):
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    done = run("backtest", "--json", "--events",
               save(tmp_path / "cut.jsonl", [e for e in lines if e["subject"] != "request:12345:B3" or
                                             not e["type"].endswith(".dispatched.v1")]))
    told = json.loads(done.stdout)
    assert (told["compared"], told["missing"], told["unasked"]) == (199, 1, 0) and "1 more are due" in done.stderr
    done = run("backtest", "--json", "--events",
               save(tmp_path / "late.jsonl", [e for e in lines if e["subject"] != "request:12345:B3" or
                                              not e["type"].endswith(".opened.v1")]))
    told = json.loads(done.stdout)
    assert (told["compared"], told["missing"], told["unasked"]) == (199, 0, 1) and "cannot be asked again" in done.stderr


def test_a_range_is_of_decisions(log):
    assert backtest(log, "--from", "2026-03-02")["compared"] == 200
    assert backtest(log, "--from", "2026-03-03", status=69)["compared"] == 0  # nothing asked is no good answer
    assert backtest(log, "--to", "2026-03-02T09:00:00+08:00", status=69)["compared"] == 0
    assert backtest(log, "--to", "2026-03-02T09:00:00.001+08:00")["compared"] == 200


def test_tables_and_examples_are_for_people(log, other):
    shown = run("backtest", "--events", log, "--bundle", other, "--limit", 2, status=1)
    lines = shown.stdout.splitlines()
    assert lines[0].startswith("200 decisions compared, ")
    assert "then\tnow\torders\tmoved\tdue\tclass\tdisposition\trule\tother" in lines
    assert sum("lead: s110105001 -> desk" in line for line in lines) == 2
    assert "decisions compared" in shown.stderr


@pytest.mark.parametrize("words, status, says", [
    (["--from", "gestern"], 64, "is neither a day"),
    (["--limit", "x"], 64, "is no number"),
    (["--jsno"], 64, "--jsno is no option"),
    (["config"], 64, "a configuration is named by --bundle"),
    (["--events", "no/such/file"], 69, "no/such/file"),
    (["--bundle", "no/such"], 78, "no/such"),
    (["--events", "config/codes.csv"], 69, "is no event"),
])
def test_what_cannot_be_run_is_said(words, status, says):
    done = subprocess.run([BINARY, "backtest", *words], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert says in done.stderr and done.stdout == "" and done.returncode == status
