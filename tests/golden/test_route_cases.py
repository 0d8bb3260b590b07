# SPDX-License-Identifier: Apache-2.0
"""`citybrain test` for rules and triggers: orders and lives through the router's own code, a clock the case moves."""
import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BINARY = ROOT / os.environ.get("CITYBRAIN_BIN", "build/debug") / "citybrain"
STREET, PLACE = "s110105001", {"street_code": "110105001"}


def run(*words, status=0):
    done = subprocess.run([BINARY, "test", *map(str, words)], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == status, (done.stdout[-2000:], done.stderr[-2000:])
    return done


@pytest.fixture
def case(tmp_path):
    """A new folder of an adopter's."""
    folder = tmp_path / "rules/cases/mine"
    folder.mkdir(parents=True)
    return folder


def write(folder, *lines, expected=None):
    (folder / "input.jsonl").write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines))
    if expected is not None:
        (folder / "expected.jsonl").write_text("".join(json.dumps(line) + "\n" for line in expected))


def opened(at="2026-03-02T08:50+08:00", number=1, **more):
    return {"at": at, "case": f"request:12345:{number}", "stage": "opened", "data": {"type_code": "R0303", **PLACE}, **more}


def said(folder):
    """What came, as --update writes it."""
    (folder / "expected.jsonl").unlink(missing_ok=True)
    run(folder, "--update")
    return [next(iter(json.loads(line).values())) for line in (folder / "expected.jsonl").read_text().splitlines()]


def test_an_order_is_decided_as_written(case):
    (case / "input.yaml").write_text("orders:\n  - { opened_at: 2026-03-02T08:50+08:00, type_code: R0303, "
                                     'street_code: "110105001" }\n')
    (case / "expected.jsonl").write_text(json.dumps({"event": {"stage": "dispatched", "lead": STREET}}) + "\n")
    assert run(case).stdout.splitlines()[2] == f"ok 1 - {case}"
    (case / "expected.jsonl").write_text(json.dumps({"event": {"stage": "dispatched", "lead": "desk"}}) + "\n")
    shown = run(case, status=1).stdout
    assert f'- lead: "desk"' in shown and f'+ lead: "{STREET}"' in shown


def test_each_order_of_a_list_stands_alone_and_has_its_own_clock(case):
    (case / "input.yaml").write_text(
        "orders:\n" + "".join(f'  - {{ opened_at: {at}, type_code: R0303, street_code: "110105001" }}\n'
                              for at in ("2026-03-02T08:50+08:00", "2020-01-01", "2026-03-02T08:50+08:00")))
    decided = said(case)
    assert [one["case"] for one in decided] == ["request:case:1", "request:case:2", "request:case:3"]
    assert [one["lead"] for one in decided] == [STREET] * 3  # none is old, by its own clock
    text = (case / "input.yaml").read_text()
    (case / "input.yaml").write_text("clock: 2026-03-02T09:00+08:00\n" + text)
    assert [one["rule"] for one in said(case)][1] == "too_old"


def test_the_clock_moves_as_the_case_says(case):
    write(case, {"tick": "2026-03-02T08:50+08:00"}, opened(), {"tick": "2026-03-02T09:19+08:00"})
    assert [one["stage"] for one in said(case)] == ["dispatched"]
    write(case, {"tick": "2026-03-02T08:50+08:00"}, opened(), {"tick": "2026-03-02T09:40+08:00", "every": "1m"})
    nudged = said(case)[1]
    assert (nudged["stage"], nudged["time"]) == ("nudged", "2026-03-02T01:21:00.000Z")
    assert nudged["orders"] == [f"nudged {STREET}"]


def test_one_id_twice_is_one_event_and_its_newer_revision_holds(case):
    once, again = opened(id="a"), opened(id="a", revision=7)
    write(case, once, once, again)
    assert [one["stage"] for one in said(case)].count("dispatched") == 1
    write(case, {**once, "times": 3, "every": "1d"})
    assert [one["stage"] for one in said(case)].count("dispatched") == 1  # three openings of one case


def test_what_the_router_refuses_is_a_line_too(case):
    write(case, {**opened(), "case": "nothing:1:1"})
    line, = said(case)
    assert line["reason"] == "unknown_stage"


def test_a_move_without_effect_is_a_receipt(case):
    write(case, opened(), {"at": "2026-03-02T08:55+08:00", "case": "request:12345:1", "stage": "signed",
                           "party": "lead", "unit": "s110105002"})
    assert said(case)[1] == {"case": "request:12345:1", "unit": "s110105002", "reason": "not_yours", "detail": "no_duty"}


def test_what_triggers_make_of_it_is_not_the_rules_case(tmp_path, case):
    shutil.copytree(ROOT / "config", tmp_path / "config", ignore=shutil.ignore_patterns("cases"))
    (tmp_path / "config/triggers/each.yaml").write_text(
        "trigger: each\nname: 每件\non: { kind: request, stage: opened }\ngroup: [case]\n"
        "count: { at_least: 1, within: 1d }\ncool_down: 1d\nconfirm: no\nopen: { type_code: same, place: same, say: \"{count}件\" }\n")
    write(case, opened(), {"tick": "2026-03-02T09:00+08:00"})
    run(case, "--update", "--config", tmp_path / "config")
    lines = [json.loads(line) for line in (case / "expected.jsonl").read_text().splitlines()]
    assert [line["event"]["case"] for line in lines] == ["request:12345:1"]


def test_update_warns_where_nothing_good_comes(case):
    write(case, {**opened(), "case": "nothing:1:1"})
    assert "nothing but rejects comes of it now" in run(case, "--update").stderr
    write(case, opened())
    (case / "expected.jsonl").unlink()
    assert "nothing but rejects" not in run(case, "--update").stderr


def test_an_unlisted_member_is_not_compared_and_a_list_is_whole(case):
    write(case, opened(), expected=[{"event": {"orders": [f"assigned {STREET}"]}}])
    run(case)
    write(case, opened(), expected=[{"event": {"orders": []}}])
    assert f'+ orders: ["assigned {STREET}"' in run(case, status=1).stdout


@pytest.mark.parametrize("line, says", [
    ({"at": "yesterday", "case": "request:1:1", "stage": "opened"}, '"at" is no time such as'),
    ({"at": "2026-03-02T08:50+08:00", "stage": "opened"}, 'needs "case" and "stage"'),
    ({"at": "2026-03-02T08:50+08:00", "case": "request:1:1", "stage": "opened", "tpye": 1}, 'no member "tpye"'),
    ({"tick": "2026-03-02T08:50+08:00", "every": "often"}, "no duration such as"),
    ({"at": "2026-03-02T08:50+08:00", "case": "request:1:1", "stage": "opened", "times": 0}, '"times" is no number'),
    ("text", "is no JSON object"),
])
def test_a_line_that_cannot_be_read_is_named(case, line, says):
    write(case, opened(), line, expected=[])
    shown = run(case, status=1).stdout
    assert f"input.jsonl line 2: {says}" in shown


def test_time_never_goes_back(case):
    write(case, {"tick": "2026-03-02T08:50+08:00"}, {"tick": "2026-03-02T08:49+08:00"}, expected=[])
    assert "time never goes back" in run(case, status=1).stdout


def test_orders_of_a_wrong_form_are_named_with_their_place(case):
    (case / "expected.jsonl").write_text("")
    (case / "input.yaml").write_text("ordres: []\n")
    assert "did you mean orders" in run(case, status=1).stdout
    (case / "input.yaml").write_text("orders:\n  - { type_code: R0303 }\n")
    assert "input.yaml:2:" in run(case, status=1).stdout


def test_a_configuration_is_tested_by_its_own_rules(tmp_path):
    shutil.copytree(ROOT / "config", tmp_path / "config")
    rules = tmp_path / "config/rules/dispatch.yaml"
    rules.write_text(rules.read_text().replace(
        "entries:\n", "entries:\n  - id: desk_first\n    when: { type_code: [R0303] }\n"
                      "    then: { to: desk, say: \"先由{lead}研判\" }\n", 1))
    shown = run(tmp_path / "config", status=1).stdout
    assert '- rule: "place"' in shown and '+ rule: "desk_first"' in shown
    folders = [line.split(" - ")[1] for line in shown.splitlines() if line.startswith("not ok")]
    assert folders and all("/rules/cases/" in folder for folder in folders)


# --- triggers ---

TRIGGER = """trigger: crowd
name: 同一街乡集中反映
on: { kind: request, stage: opened }
group: [street_code, type_code]
count: { at_least: 3, distinct: { caller_ref: 2 }, within: 7d }
cool_down: 7d
confirm: desk
open: { type_code: same, place: same, say: "{within}内有{count}件{type}诉求,建议主动核查" }
"""


@pytest.fixture
def crowd(tmp_path):
    """A configuration with a trigger of its own, and a folder for a case of it."""
    shutil.copytree(ROOT / "config", tmp_path / "config", ignore=shutil.ignore_patterns("cases"))
    shutil.rmtree(tmp_path / "config/triggers", ignore_errors=True)
    folder = tmp_path / "config/triggers/cases/crowd/mine"
    folder.mkdir(parents=True)
    (tmp_path / "config/triggers/crowd.yaml").write_text(TRIGGER)
    return folder


def told(day, number, caller):
    return {"at": f"2026-03-{day:02}T08:00+08:00", "case": f"request:12345:{number}", "stage": "opened",
            "data": {"type_code": "R0303", "caller_ref": caller, **PLACE}}


def fired(folder, *lines):
    write(folder, {"tick": "2026-03-02T07:00+08:00"}, *lines, {"tick": "2026-03-20T09:00+08:00", "every": "6h"})
    (folder / "expected.jsonl").unlink(missing_ok=True)
    done = run(folder, "--update", "--config", folder.parents[3])
    return done, [json.loads(line)["event"] for line in (folder / "expected.jsonl").read_text().splitlines()]


def test_a_trigger_fires_as_written_and_only_it_is_looked_at(crowd):
    done, events = fired(crowd, told(2, 1, "a"), told(3, 2, "b"), told(4, 3, "a"))
    event, = events  # no decision, nudge or overdue of the three requests
    assert (event["stage"], event["trigger"], event["count"]) == ("opened", "crowd", 3)
    assert event["case"].startswith("proactive:crowd:") and len(event["evidence"]) == 3
    assert "nothing fires" not in done.stderr
    assert "bundle" not in event and "cause" not in event
    run(crowd, "--config", crowd.parents[3])


@pytest.mark.parametrize("lines", [
    [told(2, 1, "a"), told(3, 2, "b")],                        # one too few
    [told(2, 1, "a"), told(3, 2, "a"), told(4, 3, "a")],       # one person
    [told(2, 1, "a"), told(3, 2, "b"), told(10, 3, "a")],      # too far apart
    [told(2, 1, "a"), told(3, 2, "b"), told(3, 2, "b")],       # the same again
])
def test_a_trigger_that_does_not_fire_is_an_empty_file(crowd, lines):
    done, events = fired(crowd, *lines)
    assert events == [] and "nothing fires" in done.stderr
    run(crowd, "--config", crowd.parents[3])


def test_a_folder_that_is_no_triggers_is_named(crowd):
    other = crowd.parents[1] / "crowdy/mine"
    other.mkdir(parents=True)
    write(other, told(2, 1, "a"), expected=[])
    shown = run(other, "--config", crowd.parents[3], status=1).stdout
    assert 'no trigger "crowdy": the folder above a case is named after its trigger' in shown
