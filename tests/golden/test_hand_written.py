# SPDX-License-Identifier: Apache-2.0
"""Cases that people wrote by hand: each names the article or the decision that it follows, and together they leave out no
disposition, no move, no limit class around a holiday, and of no form of trigger its boundary or what comes late. (Each life
of a trigger is told twice, replayed, restarted and in another order as well: tests/unit/router/window_lives.h; which move is
possible when is in tests/golden/moves/.)"""
import json
import re
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
UNIT = ROOT / "tests/unit/router"
SOURCE = re.compile(r"条例|民法典|国办函|DESIGN|decision|contracts|domain|docs/decisions|config/feeds")
MOVES = ("test_moves.c", "test_moves_duty.c", "test_desk_lives.c")
WINDOWS = ("test_window_arrival.c", "test_window_clock.c")
FORMS = ("count", "repeat", "flag", "sequence", "notice", "surge", "absence", "near_due", "silence", "threshold", "calendar", "season")


def strings(text):
    """Of C: those beside each other are one."""
    found, end = [], 0
    for one in re.finditer(r'"([^"]*)"', text):
        if found and not text[end:one.start()].replace("WEEKS_OF_TWO", "").strip():
            found[-1] += one[1]
        else:
            found.append(one[1])
        end = one.end()
    return found


def moves():
    """(cites, life) of those in C about a case."""
    for name in MOVES:
        table = (UNIT / name).read_text().split("struct life lives[] = {", 1)[1]
        for one in re.split(r"^    \{(?=\")", table, flags=re.M)[1:]:
            yield one.split('"')[1], one


def windows():
    """(name, cites, script, expected) of those in C about a trigger."""
    for name in WINDOWS:
        table = (UNIT / name).read_text().split("struct life lives[] = {", 1)[1].split("\n};", 1)[0]
        for one in re.split(r"^    \{(?=\")", table, flags=re.M)[1:]:
            one = re.sub(r"/\*.*?\*/", "", one, flags=re.S)
            name, cites, script, expected = strings(one)
            yield name, cites, script, expected


def orders():
    """(cites, order, what is expected of it) of the rules' lists."""
    for path in sorted((ROOT / "config/rules/cases").glob("*/input.yaml")):
        said = yaml.safe_load(path.read_text())
        lines = [json.loads(line)["event"] for line in (path.parent / "expected.jsonl").read_text().splitlines()]
        for n, order in enumerate(said["orders"], 1):
            mine = next((e for e in lines if e["case"].endswith(f":case:{n}") and e["stage"] == "dispatched"), {})
            yield said["cites"], order, mine


def lives():
    """(cites, lines) of the rules' and the triggers' lives."""
    for path in sorted((ROOT / "config").glob("*/cases/**/input.jsonl")):
        if path.relative_to(ROOT / "config").parts[0] in ("rules", "triggers"):
            yield (yaml.safe_load((path.parent / "case.yaml").read_text())["cites"],
                   [json.loads(line) for line in path.read_text().splitlines()])


def test_each_names_what_it_follows_and_they_are_many():
    cites = [c for c, _ in moves()] + [c for _, c, _, _ in windows()] + [c for c, _, _ in orders()] + [c for c, _ in lives()]
    assert [c for c in cites if not SOURCE.search(c)] == []
    counts = {"about a case": len(list(moves())), "about a trigger": len(list(windows())), "orders": len(list(orders())),
              "lives in files": len(list(lives()))}
    print(counts, len(cites))
    assert all(counts.values()) and len(cites) >= 400


def test_every_disposition_is_decided_in_one():
    declared = set(re.findall(r'\[DISPOSITION_\w+\] = "(\w+)"', (ROOT / "services/router/core/rule_entry.c").read_text()))
    assert len(declared) == 7 and {e.get("disposition") for _, _, e in orders()} >= declared


def test_every_move_of_a_request_is_made_in_one():
    stages = yaml.safe_load((ROOT / "config/kinds/request.yaml").read_text())["stages"]
    made = {stage for _, life in moves() for stage in re.findall(r'(?:UNIT\([^()]*?|DESK\([^()]*?|CALLBACK\([^()]*?|stage = )"(\w+)"', life)}
    made |= {line.get("stage") for _, lines in lives() for line in lines} | {"opened"}
    assert [name for name, stage in stages.items() if stage["by"] != ["router"] and name not in made] == []


def test_every_limit_class_is_counted_over_the_holidays():
    """国庆 2026 is 1 to 7 October; the Saturday behind it is worked."""
    classes = yaml.safe_load((ROOT / "config/rules/dispatch.yaml").read_text())["classes"]
    over = {e["limit_class"]: e for c, o, e in orders() if "limit_class" in e and str(o["opened_at"]).startswith("2026-09-30")}
    assert set(over) >= set(classes)
    due = [e.get("due_at", "") for _, _, e in orders()]
    assert any(at.startswith("2026-10-10T10:00") for at in due)  # a limit that ends on that Saturday, 18:00 there


def test_of_every_form_of_trigger_the_boundary_and_the_late_are_told():
    for form in FORMS:
        mine = [(script, expected) for name, _, script, expected in windows() if name.startswith(form)]
        assert any(expected for _, expected in mine) and any(not expected for _, expected in mine), form
        assert any(" told=" in script for script, _ in mine), form
    shipped = {path.stem for path in (ROOT / "config/triggers").glob("*.yaml")}
    assert shipped == {path.name for path in (ROOT / "config/triggers/cases").iterdir() if path.is_dir()}
