# SPDX-License-Identifier: Apache-2.0
"""`citybrain test`: every golden case comes out as written, and what does not is told at its place."""
import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BINARY = ROOT / os.environ.get("CITYBRAIN_BIN", "build/debug") / "citybrain"
CASES = ROOT / "config/feeds/cases"
ORDER = "hotline/one_order_several_events"


def test(*words, status=0):
    done = subprocess.run([BINARY, "test", *map(str, words)], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == status, (done.stdout[-2000:], done.stderr[-2000:])
    return done


test.__test__ = False
def settings_of(path):
    """The feed's file and the case's, as text."""
    case, feed = path.parent / "case.yaml", ROOT / f"config/feeds/{path.parts[-3]}.yaml"
    return feed.read_text() + (case.read_text() if case.exists() else "")


ROOTS = [ROOT / "config" / name for name in ("feeds/cases", "rules/cases", "triggers/cases")]
SHIPPED = [json.loads(line) for line in subprocess.run(
    [BINARY, "test", "--json"], cwd=ROOT, capture_output=True, text=True, timeout=300).stdout.splitlines()]


@pytest.fixture
def mine(tmp_path):
    """A case of an adopter's, outside of the configuration."""
    folder = tmp_path / "cases" / ORDER
    shutil.copytree(CASES / ORDER, folder)
    return folder


def change(folder, change_lines):
    path = folder / "expected.jsonl"
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    lines = change_lines(lines) or lines
    path.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines))


@pytest.mark.parametrize("case", SHIPPED, ids=lambda case: "/".join(case["case"].split("/")[-2:]))
def test_a_shipped_case_comes_out_as_written(case):
    assert (case["verdict"], case["why"]) == ("as_written", "")
    assert case["lines"] > 0 or case["case"].startswith("config/triggers/")  # it must not fire


def test_no_folder_is_overlooked():
    folders = {str(path.parent.relative_to(ROOT)) for root in ROOTS for path in root.rglob("input.*")}
    assert {case["case"] for case in SHIPPED} == folders and len(folders) >= 20


def test_nothing_of_a_person_is_in_what_is_expected():
    """The persons and numbers of the inputs are invented, and known: none of them comes out."""
    invented = re.compile(r"示例[甲乙丙丁戊己]|测试[甲乙]|示例路|示例网友|示例坐席|(?<!\d)0{10}\d(?!\d)|110105000000000000")
    planted = 0
    for path in CASES.glob("*/*/input.*"):
        charset = "gb18030" if "charset: gb18030" in settings_of(path) else "utf-8"
        planted += len(invented.findall(path.read_bytes().decode(charset, "ignore")))
        assert not invented.search((path.parent / "expected.jsonl").read_text()), path
    assert planted > 500


def test_tap_names_every_case_and_counts_them():
    done = test(CASES / "hotline")
    lines = done.stdout.splitlines()
    assert lines[:2] == ["TAP version 13", f"1..{len(lines) - 2}"]
    assert all(line.startswith(f"ok {n} - ") for n, line in enumerate(lines[2:], 1))
    assert done.stderr == f"test: {len(lines) - 2} cases, {len(lines) - 2} as written\n"


def test_a_changed_value_is_shown_by_its_path(mine):
    change(mine, lambda lines: lines[1]["event"]["data"].update(lead="u_gas"))
    shown = test(mine, status=1).stdout
    assert "not ok 1 - " in shown
    assert shown.splitlines()[3:] == ["#  row 2: differs from expected.jsonl line 2", '#    - data.lead: "u_gas"',
                                      '#    + data.lead: "u_heat"']


def test_a_field_that_should_not_be_there_is_a_difference(mine):
    change(mine, lambda lines: lines[0]["event"]["data"].pop("street_code") and None)
    assert '#    + data.street_code: "110105001"' in test(mine, status=1).stdout


def test_one_line_too_many_or_too_few_is_told_as_one(mine):
    change(mine, lambda lines: lines[:1] + lines[2:])
    assert test(mine, status=1).stdout.count("#  row 2: not expected") == 1
    shutil.copy(CASES / ORDER / "expected.jsonl", mine)
    change(mine, lambda lines: lines[:1] + [{"reject": {"reason": "bad_date", "row": 9}}] + lines[1:])
    shown = test(mine, status=1).stdout
    assert "expected.jsonl line 2 did not come" in shown and '"bad_date"' in shown


def test_a_new_folder_is_a_new_case_and_update_writes_what_came(mine):
    (mine / "expected.jsonl").unlink()
    shown = test(mine.parents[1], status=1)
    assert "no expected.jsonl" in shown.stdout and shown.stdout.count("not expected") == 4
    assert shown.stderr.count("--update writes it into expected.jsonl") == 1
    updated = test(mine, "--update")
    assert " (updated)" in updated.stdout and "--update" not in updated.stdout + updated.stderr
    assert (mine / "expected.jsonl").read_bytes() == (CASES / ORDER / "expected.jsonl").read_bytes()
    test(mine)


@pytest.mark.parametrize("case", ["hotline/dirty", "status/dirty", "hotline_csv/dirty"])
def test_what_update_writes_of_rejects_is_what_comes_again(tmp_path, case):
    folder = tmp_path / case
    shutil.copytree(CASES / case, folder)
    (folder / "expected.jsonl").unlink()
    test(folder, "--update")
    test(folder)
    written = [json.loads(line) for line in (folder / "expected.jsonl").read_text().splitlines()]
    shipped = [json.loads(line) for line in (CASES / case / "expected.jsonl").read_text().splitlines()]
    assert [w["reject"]["reason"] for w in written if "reject" in w] == \
        [s["reject"]["reason"] for s in shipped if "reject" in s]


def test_when_a_case_arrives_can_be_said(mine):
    (mine / "case.yaml").write_text("received: 2026-03-02T09:00:00+08:00\n")
    assert "time_in_future" in test(mine, status=1).stdout
    (mine / "case.yaml").write_text("recieved: 2026-03-02\n")
    assert "did you mean received" in test(mine, status=1).stdout


def test_update_leaves_alone_what_it_cannot_read(mine):
    (mine / "expected.jsonl").write_text('{"evnt": {}}\n')
    said = test(mine, "--update", status=1)
    assert "expected.jsonl line 1 is neither" in said.stdout and "--update" not in said.stderr
    assert "--update" not in test(mine, status=1).stderr  # it would write nothing
    assert (mine / "expected.jsonl").read_text() == '{"evnt": {}}\n'


def test_a_configuration_is_tested_by_its_own_feeds(tmp_path, mine):
    shutil.copytree(ROOT / "config", tmp_path / "config")
    feed = tmp_path / "config/feeds/hotline.yaml"
    feed.write_text(feed.read_text().replace("投诉: complaint", "投诉: grievance"))
    assert 'data.request_kind: "grievance"' in test(tmp_path / "config", status=1).stdout
    assert 'data.request_kind: "grievance"' in test(mine, "--config", tmp_path / "config", status=1).stdout
    feed.write_text(feed.read_text().replace("format:", "fromat:"))
    done = test("--config", tmp_path / "config", status=78)
    assert "did you mean format" in done.stderr and done.stdout == ""


@pytest.mark.parametrize("words, status, says", [
    (["--jsno"], 64, "--jsno is no option"),
    (["no/such/folder"], 69, "no such folder"),
    (["docs"], 69, "no folder with an input.<ext> is there"),
])
def test_what_cannot_be_run_is_said(words, status, says):
    assert says in test(*words, status=status).stderr


def test_a_folder_that_is_no_feeds_is_named(tmp_path):
    shutil.copytree(CASES / ORDER, tmp_path / "hotlin" / "a")
    assert 'no feed "hotlin"' in test(tmp_path, status=1).stdout
