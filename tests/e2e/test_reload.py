# SPDX-License-Identifier: Apache-2.0
"""Other rules without a restart: the next decision is by the new bundle; a broken one changes nothing and says so."""
import json
import os
import shutil
import signal

import pytest

from district import ROOT, running, until

RULES = "rules/dispatch.yaml"


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    """A district whose configuration is its own, to be changed."""
    config = tmp_path_factory.mktemp("reload") / "config"
    shutil.copytree(ROOT / "config", config)
    config.parent.chmod(0o755)
    with running(config=config) as district:
        yield district


def metric(district, name):
    status, body = district.http(district.environment["CITYBRAIN_ROUTER_ADMIN"] + "/metrics")
    assert status == 200
    return {line.rsplit(" ", 1)[0]: float(line.rsplit(" ", 1)[1]) for line in body.decode().splitlines()
            if line.startswith(name)}


def in_force(district):
    bundle, = [name for name, value in metric(district, "citybrain_router_bundle_info").items() if value]
    return bundle.split('"')[1]


def hangup(district):
    os.kill(district.pid("router-1"), signal.SIGHUP)


def log(district):
    return [json.loads(line) for line in (district.run / "daemons/router-1.log").read_text().splitlines()
            if line.startswith("{")]


def decided(district, number, **more):
    """The decision of an order told now."""
    import datetime
    now = datetime.datetime.now(datetime.timezone(datetime.timedelta(hours=8)))
    district.accepted("hotline", [{"工单编号": number, "诉求性质": "投诉", "问题分类": "R0303",
                                   "反映社区": "110105001901", "反映街乡": "110105001",
                                   "受理时间": now.strftime("%Y-%m-%d %H:%M:%S"), **more}])

    def found():
        return [json.loads(m.value()) for m in district.records("cb.events")
                if m.key() == f"request:12345:{number}".encode() and b".dispatched." in m.value()]
    one, = until(found, f"{number} is dispatched", 60)
    return one["data"]


def change(district, old, new, file=RULES):
    path = district.config / file
    text = path.read_text()
    assert text.count(old) == 1, (old, text.count(old))
    path.write_text(text.replace(old, new))


def test_a_changed_rule_decides_the_next_order(own):
    before = decided(own, "RE1")
    assert before["bundle"] == in_force(own) and before["rule"] != "desk_first"
    status, body = own.http(own.environment["CITYBRAIN_INGEST_ADMIN"] + "/metrics")
    assert f'citybrain_ingest_bundle_info{{bundle="{before["bundle"]}"}} 1' in body.decode()  # one name for both
    pid = own.pid("router-1")
    change(own, "entries:\n", "entries:\n  - id: desk_first\n    when: { type_code: [R0303] }\n"
                "    then: { to: desk, say: \"先由{lead}研判\" }\n")
    hangup(own)
    until(lambda: in_force(own) != before["bundle"], "the new bundle is in force", 20)
    after = decided(own, "RE2")
    assert (after["rule"], after["lead"], after["bundle"]) == ("desk_first", "desk", in_force(own))
    assert own.pid("router-1") == pid  # nothing was restarted
    reloaded, = [line for line in log(own) if line["event"] == "router.reloaded"]
    assert (reloaded["level"], reloaded["before"], reloaded["bundle"]) == ("audit", before["bundle"], after["bundle"])
    written, = [json.loads(m.value()) for m in own.records("cb.audit")]
    assert (written["who"], written["verb"], written["reason"]) == ("router-1", "reload", "SIGHUP")
    assert before["bundle"] in json.dumps(written) and after["bundle"] in json.dumps(written)
    # what was decided stays decided
    again = [json.loads(m.value()) for m in own.records("cb.events") if m.key() == b"request:12345:RE1"]
    assert sum(e["type"].endswith(".dispatched.v1") for e in again) == 1


def test_a_broken_bundle_changes_nothing_and_says_so(own):
    kept = in_force(own)
    change(own, "then: { to: desk, say: \"先由{lead}研判\" }", "then: { to: dsek, say: \"先由{lead}研判\" }")
    hangup(own)
    until(lambda: metric(own, "citybrain_router_reload_failures_total") == {"citybrain_router_reload_failures_total": 1},
          "the failure is counted", 20)
    assert in_force(own) == kept and metric(own, "citybrain_router_bundle_stale") == {"citybrain_router_bundle_stale": 1}
    data = decided(own, "RE3")
    assert (data["bundle"], data["rule"]) == (kept, "desk_first")
    said = [line for line in log(own) if line["event"].startswith("router.reload_")]
    assert [line["event"] for line in said] == ["router.reload_refused", "router.reload_finding"]
    assert said[0]["kept"] == kept and "dsek" in said[1]["finding"] and f"{RULES}:" in said[1]["finding"]

    # `check` has the same finding word for word, and its exit code says it too
    done = own.citybrain("check", "--config", own.config, check=False)
    assert done.returncode == 78 and said[1]["finding"] in done.stdout.splitlines()

    change(own, "dsek", "desk")
    hangup(own)
    until(lambda: metric(own, "citybrain_router_bundle_stale") == {"citybrain_router_bundle_stale": 0}, "repaired", 20)
    assert in_force(own) == kept  # the same bytes, the same name


@pytest.mark.parametrize("name", ["request_types", "fields"])
def test_a_registry_saved_as_gbk_changes_nothing(own, name):
    """Names of types stand in reasons: nobody could read the decisions; those of fields are the page's alone, and part
    of the bundle all the same."""
    path = own.config / f"registries/{name}.csv"
    if not path.exists():
        before = in_force(own)
        path.write_text("code,name,name_en\nline,条线,line\n")
        hangup(own)
        until(lambda: in_force(own) != before, "it is read", 20)
    kept, text = in_force(own), path.read_text()
    path.write_bytes(text.encode("gb18030"))
    hangup(own)
    until(lambda: metric(own, "citybrain_router_bundle_stale") == {"citybrain_router_bundle_stale": 1}, "it is refused", 20)
    said = [line["finding"] for line in log(own) if line["event"] == "router.reload_finding"][-1]
    assert in_force(own) == kept and said.startswith(f"{path}:") and "is no UTF-8" in said and "save the file as UTF-8" in said
    assert decided(own, f"RE9{name}")["bundle"] == kept
    path.write_text(text)
    hangup(own)
    until(lambda: metric(own, "citybrain_router_bundle_stale") == {"citybrain_router_bundle_stale": 0}, "repaired", 20)


def test_a_new_trigger_hears_the_next_order(own):
    """Pass 2 has the same bundle."""
    before = in_force(own)
    (own.config / "triggers/seen.yaml").write_text(
        "trigger: seen\nname: 每件\non: { kind: request, stage: opened, type_code: R0303 }\ngroup: [case]\n"
        "count: { at_least: 1, within: 1d }\ncool_down: 1d\nconfirm: no\n"
        "open: { type_code: same, place: same, say: \"{count}件{type}\" }\n")
    hangup(own)
    until(lambda: in_force(own) != before, "the new bundle is in force", 20)
    decided(own, "RE5")

    def opened():
        return [json.loads(m.value()) for m in own.records("cb.events") if (m.key() or b"").startswith(b"proactive:seen:")
                and b".opened." in m.value()]
    event, = until(opened, "the trigger fires", 90)
    assert event["data"]["evidence"] == ["request:12345:RE5"] and event["data"]["bundle"] == in_force(own)
    (own.config / "triggers/seen.yaml").unlink()
    hangup(own)
    until(lambda: in_force(own) == before, "as before", 20)
    decided(own, "RE6")
    own.settle()
    assert len(opened()) == 1


def test_a_backtest_tells_what_the_reload_changed(own):
    """The bundle in force over its own log, and over what the one before it decided."""
    done = own.citybrain("backtest", "--bundle", own.config, "--json", check=False, seconds=60)
    told = json.loads(done.stdout)
    assert (done.returncode, told["different"], told["missing"], told["bundle"]) == (1, 2, 0, in_force(own))
    assert told["compared"] >= 5
    changes = {example["case"].rsplit(":", 1)[0] if example["case"].startswith("proactive") else example["case"]: example["changes"]
               for example in told["examples"]}
    assert changes.pop("request:12345:RE1")["rule"][1] == "desk_first"
    # the trigger is gone, so nobody knows any more what it was called: its order is decided as it was, under its code
    (seen, said), = changes.items()
    assert seen == "proactive:seen" and list(said) == ["reason"] and ["「每件」" in said["reason"][0], "「seen」" in said["reason"][1]] == [True] * 2
    assert {one["bundle"]: one["different"] for one in told["bundles"]}[in_force(own)] == 0


def test_kinds_change_only_by_a_restart(own):
    kept, failures = in_force(own), metric(own, "citybrain_router_reload_failures_total")
    change(own, "rank: 10,", "rank: 9,", "kinds/partnership.yaml")
    change(own, "先由{lead}研判", "先请{lead}研判")
    hangup(own)
    until(lambda: metric(own, "citybrain_router_reload_failures_total") != failures, "it is refused", 20)
    assert in_force(own) == kept
    finding = [line for line in log(own) if line["event"] == "router.reload_finding"][-1]["finding"]
    assert "kinds change only by a restart" in finding and "restart router and aggregator" in finding
    assert decided(own, "RE4")["reason"].startswith("先由")
