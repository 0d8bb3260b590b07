# SPDX-License-Identifier: Apache-2.0
"""`citybrain explain`: one record through every stage, and nothing of a person in what can be passed on."""
import json
import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BINARY = ROOT / os.environ.get("CITYBRAIN_BIN", "build/debug") / "citybrain"
CASES = ROOT / "config/feeds/cases"
CLOCK = ("--clock", "2026-03-31T23:33:20Z")


def citybrain(*words):
    return subprocess.run([BINARY, *map(str, words)], cwd=ROOT, capture_output=True, text=True, timeout=60)


def explain(path, feed, *words, status=0):
    done = citybrain("explain", path, "--feed", feed, *CLOCK, *words)
    assert done.returncode == status, (done.returncode, done.stderr)
    return done.stdout


def said(path, feed, *words, status=0):
    return json.loads(explain(path, feed, "--json", *words, status=status))


def cases():
    """Of each form one: CSV in both charsets, NDJSON, an array, nested, observations, a registry."""
    for feed in ("platform_csv", "callbacks", "direct", "weather", "outage", "registry_halls"):
        path = next(CASES.glob(f"{feed}/sample_dirty/input.*"))
        yield pytest.param(path, path.parts[-3], id=f"{path.parts[-3]}/{path.parts[-2]}")


@pytest.mark.parametrize("path, feed", cases())
def test_it_says_what_try_says(path, feed):
    tried = citybrain("try", path, "--feed", feed, *CLOCK, "--events", "--rejects").stdout.splitlines()
    lines = [line for line in map(json.loads, tried) if line.get("source") != "/router"]
    row = 0
    while lines:
        row += 1
        got = said(f"{path}:{row}", feed, status=1 if "header" in lines[0] else 0)
        if "header" in lines[0]:
            header = lines.pop(0)["header"]
            assert (got["row"], got["verdict"]["reason"]) == (header["row"], header["reason"])
            assert got["verdict"]["pointer"] == header["pointer"] and got["lines"] == [] == got["orders"]
            continue
        told = [event["event"] for event in got["events"] if "event" in event]
        for event in told:
            event.pop("recordedtime")
            wanted = lines.pop(0)
            wanted.pop("recordedtime")
            # an upload's hash stands in no event; ids and revisions are those of the file
            assert event == wanted
        for event in got["events"]:
            data = event.get("event", {}).get("data", {})
            values = {f["field"]: f["value"] for f in event["fields"] if f.get("value") and f["field"] != "time"}
            assert {k: v for k, v in data.items() if k != "aliases"} == values


def test_the_way_of_each_field_is_shown():
    shown = explain(CASES / "hotline/one_order_several_events/input.ndjson:2", "hotline")
    for text in ("1 分帧 frame", "2 字符集 charset", "3 单元格 cells", "4 判定 verdict", "5 事件 events", "6 事项行",
                 "7 派单", "码表 table request_kinds  →  help", "assigned", "HL0002"):
        assert text in shown, text
    fields = {f["field"]: f for f in said(CASES / "hotline/one_order_several_events/input.ndjson:2",
                                          "hotline")["events"][0]["fields"]}
    assert fields["request_kind"] == {"field": "request_kind", "class": "public", "from": "诉求性质", "text": "求助",
                                      "by": "table", "table": "request_kinds", "value": "help"}
    assert fields["contact"]["from"] == "来电人 来电号码" and fields["contact"]["withheld"] == 3


def test_a_byte_that_cannot_be_read_is_shown_where_it_is():
    path = CASES / "hotline_csv/dirty/input.csv"
    got = said(f"{path}:2", "hotline_csv", status=1)
    assert path.read_bytes()[got["verdict"]["byte_offset"]] == int(got["charset"]["bad_bytes"].split()[0], 16) == 0xFF
    assert "cells" not in got and "无法识别" in explain(f"{path}:2", "hotline_csv", status=1)


def test_what_no_event_may_hold_is_not_shown_unless_asked(tmp_path):
    rows = [json.loads(line) for line in
            (CASES / "hotline/one_order_several_events/input.ndjson").read_text().splitlines()]
    rows[0].update({"来电人": "金丝雀", "来电号码": "19900001111", "主要内容": "金丝雀在一号楼", "备注": "金丝雀"})
    path = tmp_path / "one.ndjson"
    path.write_text(json.dumps(rows[0], ensure_ascii=False))
    for words in ((), ("--json",)):
        shown = explain(path, "hotline", *words)
        assert "金丝雀" not in shown and "19900001111" not in shown
        assert "金丝雀" in explain(path, "hotline", "--private", *words)


def test_columns_that_no_field_names_are_named():
    got = said(CASES / "forum13/more_columns_are_left_out/input.csv", "forum13")
    assert got["unmapped"] == ["浏览数", "楼主"]


def test_a_stage_that_was_not_told_says_which_condition_fails():
    events = said(CASES / "hotline/one_order_several_events/input.ndjson", "hotline")["events"]
    assert [(e["name"], e["holds"]) for e in events] == [("opened", True), ("resolved", False), ("closed", False)]
    assert events[1]["when"] == [{"column": "办结时间", "holds": False}]


@pytest.mark.parametrize("words, status, says", [
    (["explain"], 64, "one FILE[:ROW] and --feed FEED are needed"),
    (["explain", "nothing.csv", "--feed", "hotline"], 69, "nothing.csv"),
    (["explain", "README.md:99999", "--feed", "hotline"], 69, "has no row 99999"),
    (["explain", "README.md", "--feed", "hotlin"], 78, "did you mean hotline"),
    (["explain", "README.md", "--feed", "status"], 78, "is what units say of cases"),
    (["explain", "README.md:x", "--feed", "hotline"], 64, "is no row"),
    (["explain", "README.md", "--feed", "hotline", "--clock", "noon"], 64, "is no time"),
])
def test_what_cannot_be_explained_is_said(words, status, says):
    done = citybrain(*words)
    assert done.returncode == status and says in done.stderr and done.stdout == ""
