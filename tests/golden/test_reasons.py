# SPDX-License-Identifier: Apache-2.0
"""Reason codes: every code that a program gives out comes of a golden case, and docs/rejects.md says what the table
of common/model/reject.h says."""
import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BINARY = ROOT / os.environ.get("CITYBRAIN_BIN", "build/debug") / "citybrain"
HERE = ROOT / "tests/golden/reasons"


def citybrain(*words, status=0):
    done = subprocess.run([BINARY, *map(str, words)], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == status, (done.returncode, done.stdout, done.stderr[-2000:])
    return done.stdout


def table():
    return [json.loads(line) for line in citybrain("reasons", "--json").splitlines()]


@pytest.fixture(scope="module")
def config(tmp_path_factory):
    """The shipped configuration and the feeds that are refused for every reason."""
    folder = tmp_path_factory.mktemp("reasons") / "config"
    shutil.copytree(ROOT / "config", folder)
    for path in HERE.glob("*.yaml"):
        shutil.copy(path, folder / "feeds")
    return folder


def test_items_are_refused_as_written(config):
    tap = citybrain("test", HERE / "cases", "--config", config).splitlines()
    assert len(tap) > 4 and all(line.startswith("ok ") for line in tap[2:]), tap


def test_a_case_has_no_more_events_than_its_limit(config, tmp_path):
    """What the router refuses: the 257th event of a case (the opening and its dispatch are two of them)."""
    rows = [{"no": "1", "at": f"2026-03-02 09:{i // 60:02}:{i % 60:02}"} for i in range(300)]
    path = tmp_path / "long.ndjson"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    dead = [json.loads(line) for line in citybrain(
        "try", path, "--feed", "reasons", "--config", config, "--clock", "2026-03-02T03:00:00Z",
        "--rejects").splitlines()]
    assert {line["header"]["reason"] for line in dead} == {"case_too_long"}
    assert 40 < len(dead) < 100


def test_every_reason_comes_of_a_golden_case():
    """A code counts as given out when C code other than its table names it."""
    enum = dict(re.findall(r'X\(([A-Z_]+),[\\\s]*"([a-z_]+)"', (ROOT / "common/model/reject.h").read_text()))
    assert sorted(set(enum.values()) - {"none"}) == sorted(row["reason"] for row in table())
    code = "".join(path.read_text() for folder in ("common", "services") for path in (ROOT / folder).rglob("*.c")
                   if path.name != "reject.c")
    given = {name for word, name in enum.items() if word != "NONE" and re.search(rf"\bREJECT_{word}\b", code)}
    shown = {"case_too_long"}  # the test above
    for path in [*(ROOT / "config/feeds/cases").rglob("expected.jsonl"), *HERE.rglob("expected.jsonl")]:
        lines = map(json.loads, path.read_text().splitlines())
        shown |= {line["reject"]["reason"] for line in lines if "reject" in line}
    for path in HERE.glob("records/*/expected.json"):  # run by tests/unit/ingest/test_record_cases.c
        shown.add(json.loads(path.read_text())["reason"])
    assert given - shown == set(), "these codes have no golden case"


def test_the_page_is_what_the_table_says():
    assert (ROOT / "docs/rejects.md").read_text() == citybrain("reasons", "--markdown"), "run: make docs"


def test_every_reason_is_explained_in_both_languages():
    for row in table():
        for name, text in row.items():
            assert text and text.strip() == text, (row["reason"], name)
            assert name == "reason" or bool(re.search("[一-鿿]", text)) == name.endswith("zh"), (row["reason"], name)


def test_one_reason_is_asked_for_by_name():
    assert citybrain("reasons", "bad_date").splitlines()[0] == "bad_date"
    done = subprocess.run([BINARY, "reasons", "bad_dat"], capture_output=True, text=True, timeout=60)
    assert done.returncode == 64 and 'no reason is called "bad_dat"' in done.stderr
