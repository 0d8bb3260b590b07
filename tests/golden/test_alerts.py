# SPDX-License-Identifier: Apache-2.0
"""Metrics, rules and runbooks belong together: every metric of a rule is one that a daemon has, every rule has its page
and its tests, and promtool says that it fires, stays quiet and clears."""
import re
import shutil
import subprocess
import sys

import pytest
import yaml

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "deploy/prometheus"
RULES = [rule for group in yaml.safe_load((FOLDER / "citybrain.yaml").read_text())["groups"] for rule in group["rules"]]
PARTS = ("**Fires when**", "**Means.**", "**Look**", "**Do**", "**Do not**", "**Over**")
BUCKETS = re.compile(r"_(bucket|sum|count)$")
METRIC = re.compile(r"\bcitybrain_\w+")

sys.path.insert(0, str(ROOT / "tools/docs"))
import metrics  # noqa: E402 the folder is no package


def declared():
    return {name: (kind, text) for _, found in metrics.rows() for name, kind, _, text in found}


def used(expression):
    return {BUCKETS.sub("", name) for name in METRIC.findall(re.sub(r'"[^"]*"', "", expression))}


def test_the_page_of_metrics_is_what_the_sources_say():
    assert metrics.PAGE.read_text(encoding="utf-8") == metrics.page(), "fix: make docs"
    known = declared()
    assert len(known) > 60
    source = "".join(path.read_text() for folder in ("common", "services") for path in (ROOT / folder).rglob("*.c"))
    assert set(re.findall(r'"(citybrain_[a-z_]+)"', source)) == set(known)  # none was overlooked
    thin = [name for name, (_, text) in known.items() if len(text) < 20 or not text.endswith((".", "。", ")"))]
    assert thin == []


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_a_rule_has_metrics_a_page_and_tests(rule):
    assert used(rule["expr"]) <= set(declared()) and (used(rule["expr"]) or "up{" in rule["expr"])
    assert rule["labels"]["severity"] in ("page", "ticket")
    notes = rule["annotations"]
    assert re.search("[\u4e00-\u9fff]|PostgreSQL", notes["summary_zh"]) and notes["summary"]
    page = (ROOT / notes["runbook"]).read_text()
    places = [page.find(part) for part in PARTS]
    assert -1 not in places and places == sorted(places), dict(zip(PARTS, places))
    assert rule["expr"] in page and page.startswith(f"# {rule['alert']}:")
    for linked in re.findall(r"\]\(([\w-]+\.md)\)", page):
        assert (ROOT / "docs/runbooks" / linked).is_file(), linked
    tests = yaml.safe_load((FOLDER / "citybrain_test.yaml").read_text())["tests"]
    names = {test["name"] for test in tests}
    assert {f"{rule['alert']} fires", f"{rule['alert']} is quiet"} <= names


def test_every_command_of_a_runbook_is_there():
    shown = (ROOT / "tools/citybrain/main.c").read_text()
    verbs = set(re.findall(r"&verb_(\w+)", shown))
    assert len(verbs) > 10
    for path in (ROOT / "docs/runbooks").glob("*.md"):
        block = "\n".join(re.findall(r"```\n(.*?)```", path.read_text(), re.DOTALL))
        for verb in re.findall(r"\bcitybrain ([a-z]+)", block):
            assert verb in verbs, (path.name, verb)


@pytest.mark.skipif(not shutil.which("promtool"), reason="promtool (Debian's prometheus) is not here")
def test_rules_fire_stay_quiet_and_clear():
    for words in (("check", "rules", "citybrain.yaml"), ("test", "rules", "citybrain_test.yaml")):
        done = subprocess.run(["promtool", *words], cwd=FOLDER, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stdout + done.stderr
