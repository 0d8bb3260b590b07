# SPDX-License-Identifier: Apache-2.0
"""`citybrain try`: every golden case of the feeds through the three cores in one process, and the known
numbers of the real files."""
import json
import os
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BINARY = ROOT / os.environ.get("CITYBRAIN_BIN", "build/debug") / "citybrain"
CASES = sorted(p for p in (ROOT / "config/feeds/cases").glob("*/*/input.*")
               if "format: cloudevents" not in (ROOT / f"config/feeds/{p.parts[-3]}.yaml").read_text())
CLOCK = "2026-03-31T23:33:20Z"  # after every row of the cases


def attempt(*words, status=0):
    done = subprocess.run([BINARY, "try", *map(str, words)], cwd=ROOT, capture_output=True, timeout=120)
    assert done.returncode == status, (done.returncode, done.stderr.decode()[-2000:])
    done.stdout, done.stderr = done.stdout.decode(), done.stderr.decode()
    return done


def lines(text):
    return [json.loads(line) for line in text.splitlines()]


def report(*words, status=0):
    return json.loads(attempt(*words, "--json", status=status).stdout)


@pytest.fixture(scope="module")
def data():
    folder = Path(os.environ.get("SHARED") or ROOT.parent / "shared") / "data"
    if os.environ.get("SHARED") == "none" or not folder.is_dir():
        pytest.skip("the real inputs (../shared/data) are not here, or SHARED=none")
    return folder


def said_by(path):
    """What a case says of its upload: --charset where it is not its feed's, --clock of a day of its own."""
    settings = path.parent / "case.yaml"
    text = settings.read_text() if settings.exists() else ""
    charset = re.search(r"^charset: (\S+)$", text, re.M)
    received = re.search(r"^received: (\S+)$", text, re.M)
    return [*(["--charset", charset[1]] if charset else []), "--clock", received[1] if received else CLOCK]


def is_within(wanted, got):
    if isinstance(wanted, dict):
        return all(key in got and is_within(value, got[key]) for key, value in wanted.items())
    return wanted == got


@pytest.mark.parametrize("path", CASES, ids=lambda p: f"{p.parts[-3]}/{p.parts[-2]}")
def test_a_golden_case_comes_out_as_written(path):
    wanted = lines((path.parent / "expected.jsonl").read_text())
    bad = [w["reject"] for w in wanted if "reject" in w]
    done = attempt(path, "--feed", path.parts[-3], *said_by(path), "--events", "--rejects",
                   status=1 if bad else 0)
    got = [line for line in lines(done.stdout) if line.get("source") != "/router"]
    assert len(got) == len(wanted)
    for expected, line in zip(wanted, got):
        if "event" in expected:
            assert is_within(expected["event"], line)
        else:
            header = line["header"]
            assert is_within(expected["reject"], header)
            # the item as it came, in its own bytes
            value = line["value"].encode() if "value" in line else bytes.fromhex(line["value_hex"])
            assert value.split(b"\n", 1)[-1].rstrip() in path.read_bytes()
    assert f"{len(bad)} rejected" in done.stderr


def test_orders_are_decided_and_counted():
    words = (ROOT / "config/feeds/cases/hotline_csv/one_order_several_events/input.csv", "--feed",
             "hotline_csv", "--clock", CLOCK)
    made = attempt(*words, "--decisions", "--json")
    orders = lines(made.stdout)
    said = json.loads(made.stderr[made.stderr.index('{"feed"'):])
    assert said["records"] == {"read": 2, "accepted": 2, "rejected": 0}
    assert said["decisions"]["orders"] == len(orders) > 0
    assert {o["kind"] for o in orders} <= {"assigned", "copied", "nudged", "overdue", "escalated", "ended"}
    led = {o["case"]: o["lead"] for o in orders if o["kind"] == "assigned"}
    assert len(led) == said["decisions"]["made"] == 2
    rows = report(*words, "--by", "unit", "--view", "closure_rate")["views"]
    assert list(rows) == ["closure_rate"]
    assert {row["unit"]: row["opened"] for row in rows["closure_rate"]} == \
        {unit: list(led.values()).count(unit) for unit in led.values()}
    # the same file as history: counted, nothing decided
    quiet = report(*words, "--backfill")
    assert quiet["decisions"] == {"made": 0, "adopted": 0, "desk": 0, "orders": 0, "timers": 0}
    assert quiet["views"]["closure_rate"][0]["opened"] == 2


def test_an_overdue_order_shows_on_the_clock(tmp_path):
    row = {"工单编号": "T1", "诉求性质": "投诉", "问题分类": "R0105", "反映社区": "110105001901",
           "反映街乡": "110105001", "受理时间": "2026-03-02 09:00:00", "截止时间": "2026-03-03 09:00:00"}
    path = tmp_path / "orders.ndjson"
    path.write_text(json.dumps(row, ensure_ascii=False) + "\n")
    before = report(path, "--feed", "hotline", "--clock", "2026-03-03T08:59:59+08:00")
    after = report(path, "--feed", "hotline", "--clock", "2026-03-03T09:00:00+08:00")
    # near_due was four hours before
    assert (before["decisions"]["timers"], after["decisions"]["timers"]) == (1, 2)


def test_what_moves_nothing_is_told(tmp_path):
    """办结 before 受理 in one row: both are events, and the case stays open."""
    row = {"工单编号": "T1", "诉求性质": "投诉", "问题分类": "R0105", "反映社区": "110105001901",
           "反映街乡": "110105001", "受理时间": "2026-03-02 09:00:00", "办结时间": "2026-03-02 08:00:00"}
    path = tmp_path / "orders.ndjson"
    path.write_text("".join(json.dumps({**row, **more}, ensure_ascii=False) + "\n" for more in (
        {}, {"工单编号": "T2", "办结时间": "2026-03-02 10:00:00"})))
    words = (path, "--feed", "hotline", "--clock", CLOCK)
    said = report(*words)
    assert said["records"]["accepted"] == 2
    assert said["no_effect"] == {"moves": 1, "early": 1, "case": "request:12345:T1", "stage": "resolved"}
    assert "no effect  1 moves" in attempt(*words).stdout and "request:12345:T1 resolved" in attempt(*words).stdout
    path.write_text(json.dumps({**row, "办结时间": "2026-03-02 10:00:00"}, ensure_ascii=False) + "\n")
    assert report(*words)["no_effect"]["moves"] == 0 and "no effect" not in attempt(*words).stdout


def test_what_triggers_open_is_counted_apart(tmp_path):
    row = {"诉求性质": "投诉", "问题分类": "R0105", "反映社区": "110105001901", "反映街乡": "110105001", "反映小区": "e1"}
    path = tmp_path / "orders.ndjson"
    path.write_text("".join(json.dumps({**row, "工单编号": f"T{n}", "来电人标识": f"p{n}", "受理时间": f"2026-03-02 09:0{n}:00"},
                                       ensure_ascii=False) + "\n" for n in range(3)))
    words = (path, "--feed", "hotline", "--clock", "2026-03-02T12:00:00+08:00")
    said, shown = report(*words), attempt(*words).stdout
    assert (said["events"], said["cases"], said["found"]) == (3, 3, 1)
    assert "events     3 of 3 cases\ntriggers   opened 1 case 未诉先办\n" in shown


def test_an_array_and_lines_are_the_same(tmp_path):
    items = (ROOT / "config/feeds/cases/hotline/one_order_several_events/input.ndjson").read_text()
    (tmp_path / "a.ndjson").write_text(items)
    (tmp_path / "a.json").write_text("[" + ",\n".join(items.splitlines()) + "]")
    a, b = (report(tmp_path / f"a.{end}", "--feed", "hotline", "--clock", CLOCK) for end in ("ndjson", "json"))
    assert a == b and a["records"]["accepted"] == 2


@pytest.mark.parametrize("words, status, says", [
    (["--feed", "hotlin"], 78, "did you mean hotline"),
    (["--feed", "status"], 78, "files of records are taken here"),
    (["--feed", "hotline", "--by", "colour"], 78, "has the columns day,"),
    (["--feed", "hotline", "--view", "inflow", "--by", "type_code"], 78, "inflow has the columns day,hour,unit"),
    (["--feed", "hotline", "--view", "nothing"], 78, "no such view"),
    (["--feed", "hotline", "--clock", "noon"], 64, "is no time"),
    (["--feed", "hotline", "--config", "nowhere"], 78, "nowhere/"),
    ([], 64, "--feed FEED"),
])
def test_what_cannot_be_tried_is_said(words, status, says):
    path = ROOT / "config/feeds/cases/hotline/dirty/input.ndjson"
    done = attempt(path, *words, status=status)
    assert says in done.stderr and done.stdout == ""


def test_a_file_that_is_not_there():
    assert "none.csv" in attempt("none.csv", "--feed", "hotline_csv", status=69).stderr


# --- real input ---


def test_real_requests_give_the_known_numbers(data):
    said = report(data / "boston-311-2011/311_service_requests_2011.csv.gz", "--feed", "boston_311", "--backfill")
    assert said["records"] == {"read": 58251, "accepted": 58251, "rejected": 0}
    closure, = said["views"]["closure_rate"]
    assert (closure["opened"], closure["closed"], closure["rate"]) == (58251, 54570, 0.936808)
    full, = said["views"]["response_time"]
    assert full["full_n"] == 54570
    assert full["full_p50_seconds"] == pytest.approx(79835, rel=0.02)
    assert full["full_p90_seconds"] == pytest.approx(6838114, rel=0.02)
    assert said["decisions"]["orders"] == 0


def test_the_same_orders_in_another_charset_are_the_same_views(data):
    folder = data / "china-12345-a"
    by = ("--backfill", "--by", "day,type_code")
    one = report(folder / "pingshan_a.csv.gz", "--feed", "pingshan_a", *by)
    other = report(folder / "pingshan_a.gb18030.csv.gz", "--feed", "pingshan_a_gb", *by)
    assert one["views"] == other["views"] and one["records"] == other["records"]
    assert len(one["views"]["closure_rate"]) > 100


def test_hours_are_those_of_the_district(tmp_path):
    path = ROOT / "config/feeds/cases/hotline/one_order_several_events/input.ndjson"
    views = report(path, "--feed", "hotline", "--clock", CLOCK, "--by", "day,hour")["views"]
    assert set(views) == {"inflow"}
    said = [json.loads(line) for line in path.read_text().splitlines()]
    opened = {(row["受理时间"][:10], int(row["受理时间"][11:13])) for row in said}
    assert {(row["day"], row["hour"]) for row in views["inflow"] if row["opened"]} == opened
