# SPDX-License-Identifier: Apache-2.0
"""Metrics, rules, dashboards and runbooks belong together: every metric of a rule or a panel is one that a daemon has, every
rule has its page and its tests, and promtool says that it fires, stays quiet and clears."""
import json
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

TESTS = yaml.safe_load((FOLDER / "citybrain_test.yaml").read_text())["tests"]
GRAFANA = ROOT / "deploy/grafana"

sys.path.insert(0, str(ROOT / "tools/docs"))
import dashboards  # noqa: E402 the folder is no package
import metrics  # noqa: E402


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


def test_the_first_page_leads_to_every_other():
    folder = ROOT / "docs/runbooks"
    linked = set(re.findall(r"\]\(([\w-]+\.md)\)", (folder / "README.md").read_text()))
    assert {path.name for path in folder.glob("*.md")} - {"README.md"} == linked


def test_what_a_daemon_may_wait_for_stands_on_its_page():
    source = "".join(path.read_text() for folder in ("common", "services") for path in (ROOT / folder).rglob("*.c"))
    reasons = {word for said in re.findall(r'\bdaemon_not_ready\(\s*[^,]+,\s*"\w+",\s*([^;]+)\);', source) for word in re.findall(r'"([^"]+)"', said)}
    page = (ROOT / "docs/runbooks/daemon-not-ready.md").read_text()
    assert len(reasons) >= 9 and [reason for reason in sorted(reasons) if f"`{reason}`" not in page] == []


def test_what_a_page_looks_for_in_a_log_is_logged():
    source = "".join(path.read_text() for folder in ("common", "services") for path in (ROOT / folder).rglob("*.c"))
    events = re.findall(r'\blog_\w+\(\s*"([a-z_]+\.[a-z_]+)"', source)
    looked = [(page.name, word) for page in (ROOT / "docs/runbooks").glob("*.md")
              for word in re.findall(r"grep '?([\w.\\]+)'? \.run/daemons", page.read_text())]
    assert len(events) > 60 and len(looked) >= 6
    assert [one for one in looked if not any(re.search(one[1], event) for event in events)] == []


def minutes(text):
    return int(text.removesuffix("m"))


def fires_at(test, alert):
    """When a test asks that the alert fires."""
    question = f'count(ALERTS{{alertname="{alert}",alertstate="firing"}})'
    return [minutes(one["eval_time"]) for one in test.get("promql_expr_test", [])
            if one["expr"] == question and one["exp_samples"] == [{"labels": "{}", "value": 1}]]


def quiet_at(test, alert):
    return [minutes(one["eval_time"]) for one in test.get("alert_rule_test", [])
            if one["alertname"] == alert and one["exp_alerts"] == []]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_a_rule_has_tests_that_it_fires_stays_quiet_and_clears(rule):
    """Three of each, and none that holds because nothing is told."""
    alert = rule["alert"]
    fires, quiet, clears = (next(test for test in TESTS if test["name"] == f"{alert} {what}") for what in ("fires", "is quiet", "clears"))
    assert fires_at(fires, alert) and not quiet_at(fires, alert)
    assert quiet_at(quiet, alert) and not fires_at(quiet, alert)
    assert max(fires_at(clears, alert)) < min(quiet_at(clears, alert))
    wanted = used(rule["expr"]) or {"up"}
    for test in (quiet, clears):
        told = {BUCKETS.sub("", re.match(r"\w+", one["series"])[0]) for one in test["input_series"]}
        assert wanted <= told, (test["name"], wanted - told)


def test_no_test_is_of_a_rule_that_is_not_there():
    names = {rule["alert"] for rule in RULES}
    assert len(names) == len(RULES) >= 24 and {test["name"].split()[0] for test in TESTS} == names
    assert len({test["name"] for test in TESTS}) == len(TESTS) >= 3 * len(RULES)


def test_the_first_configuration_scrapes_the_admin_ports_of_the_shipped_one():
    scraped = yaml.safe_load((FOLDER / "prometheus.yaml").read_text())
    jobs = {one["job_name"]: one["static_configs"][0]["targets"] for one in scraped["scrape_configs"]}
    ports = {name: yaml.safe_load((ROOT / f"config/{name}.yaml").read_text())["daemon"]["admin"] for name in ("ingest", "router", "aggregator")}
    assert jobs == {f"citybrain-{name}": [address] for name, address in ports.items()}


def test_make_alerts_runs_the_shipped_rules_but_for_what_it_says():
    sys.path.insert(0, str(ROOT / "tests/alerts"))
    import prometheus  # noqa: E402
    here = [rule for group in prometheus.rules()["groups"] for rule in group["rules"]]
    changed = [(shipped["alert"], shipped["for"], rule["for"]) for shipped, rule in zip(RULES, here) if shipped != rule]
    assert changed == [("DeadRatio", "5m", "20s")] and len(here) == len(RULES)


# --- dashboards ---

NAMES = ("overview", "ingest", "router", "aggregator")


def panels(name):
    return json.loads((GRAFANA / f"{name}.json").read_text(encoding="utf-8"))["panels"]


def questions(name):
    return [target["expr"] for panel in panels(name) for target in panel["targets"]]


def test_dashboards_are_what_their_rows_say():
    assert {path.stem for path in GRAFANA.glob("*.json")} == set(NAMES) == set(dashboards.DASHBOARDS)
    for name in NAMES:
        assert (GRAFANA / f"{name}.json").read_text(encoding="utf-8") == dashboards.text(name), "fix: make docs"


@pytest.mark.parametrize("name", NAMES)
def test_a_dashboard_asks_for_metrics_that_are_emitted(name):
    known = declared()
    for panel in panels(name):
        assert re.search("[\u4e00-\u9fff]", panel["title"]) and re.search("[a-z]", panel["title"]), panel["title"]
        for target in panel["targets"]:
            asked = used(target["expr"])
            assert asked <= set(known) and (asked or re.search(r"\b(up|ALERTS)\b", target["expr"])), target
            for metric in asked:
                kind = known[metric][0]
                grown = re.search(rf"(rate|increase)\({metric}(_bucket)?\b", target["expr"])
                assert bool(grown) == (kind != "gauge"), (metric, kind, target["expr"])
    places = [(p["gridPos"]["x"], p["gridPos"]["y"]) for p in panels(name)]
    assert len(set(places)) == len(places)
    for unit in ("records", "seconds"):  # behind, in both
        assert any(f"citybrain_kafka_lag_{unit}" in question for question in questions(name)), (name, unit)


def test_nearly_every_metric_of_a_daemon_is_on_a_dashboard():
    """Some only say what runs, a new one may wait for its panel; what nobody looks at is no metric."""
    shown = set().union(*(used(question) for name in NAMES for question in questions(name)))
    hidden = set(declared()) - shown
    assert len(hidden) <= len(declared()) // 8, hidden


@pytest.mark.skipif(not shutil.which("promtool"), reason="promtool (Debian's prometheus) is not here")
def test_every_question_of_a_dashboard_can_be_asked(tmp_path):
    asked = [{"record": "asked:question", "expr": question} for name in NAMES for question in questions(name)]
    (tmp_path / "asked.yaml").write_text(yaml.safe_dump({"groups": [{"name": "asked", "rules": [
        {**one, "labels": {"n": str(n)}} for n, one in enumerate(asked)]}]}))
    done = subprocess.run(["promtool", "check", "rules", "asked.yaml"], cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 and f"{len(asked)} rules found" in done.stdout, done.stdout + done.stderr


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
    for words in (("check", "config", "prometheus.yaml"), ("check", "rules", "citybrain.yaml"), ("test", "rules", "citybrain_test.yaml")):
        done = subprocess.run(["promtool", *words], cwd=FOLDER, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stdout + done.stderr
