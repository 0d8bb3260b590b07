# SPDX-License-Identifier: Apache-2.0
"""`citybrain views show` over an API of canned answers: the same columns into every pipe, names beside codes, and the sum of all."""
import csv
import http.server
import json
import os
import pty
import subprocess
import threading
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

ROOT = Path(__file__).resolve().parents[2]
CITYBRAIN = Path(os.environ.get("CITYBRAIN_BIN", ROOT / "build/debug")) / "citybrain"
UNITS = [("", 2, 0), ("d_nobody_knows", 3, 3), ("s110105001", 7, 1)]


def rate(opened, closed, **groups):
    return {**groups, "opened": opened, "closed": closed, "rate": round(closed / opened, 4)}


ANSWERS = {"": [rate(12, 4)], "unit": [rate(opened, closed, unit=unit) for unit, opened, closed in UNITS],
           "limit_class": [rate(7, 1, limit_class="7d"), rate(5, 1, limit_class="9d")], "rule": [rate(7, 1, rule="place"), rate(5, 1, rule="adopted")],
           "trigger": [rate(7, 1, trigger="cluster")], "station": [rate(7, 1, station="st001")], "accepted_in": [rate(7, 1, accepted_in="110105001")], "risk": [rate(7, 1, risk="1"), rate(5, 1, risk="4")],
           "unit,type": [rate(7, 1, unit="s110105001", type_code="R0105")], "day": [rate(12, 4, day="2026-03-01")], "month": []}


def few(row):
    """As the API tells the public: what counts one to four is null."""
    kept = {name: None if row[name] in range(1, 5) else row[name] for name in ("opened", "closed")}
    return {**kept, "rate": None if None in kept.values() else row["rate"], "suppressed": None in kept.values()}


@pytest.fixture(scope="module")
def api():
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            asked = parse_qs(urlsplit(self.path).query)
            by = asked.get("by", [""])[0]
            rows = [{**row, **(few(row) if asked.get("audience") == ["public"] else {})} for row in ANSWERS[by]]
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps({"view": "closure_rate", "now": 1, "rows": rows}, ensure_ascii=False).encode())

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


def by_code(registry):
    lines = (ROOT / f"config/registries/{registry}.csv").read_text(encoding="utf-8").splitlines()
    return {row["code"]: row["name"] for row in csv.DictReader(line for line in lines if not line.startswith("#"))}


def show(api, *words, **how):
    return subprocess.run([CITYBRAIN, "views", "show", "closure_rate", "--url", api, *words], cwd=ROOT, capture_output=True, text=True,
                          timeout=30, check=False, **how)


def piped(api, *words):
    done = show(api, *words)
    assert (done.returncode, done.stderr) == (0, "")
    return [line.split("\t") for line in done.stdout.splitlines()]


def test_a_pipe_has_names_in_columns_of_their_own(api):
    measures = ["opened", "closed", "rate"]
    assert piped(api, "--by", "unit") == [["unit", "unit_name", *measures], ["", "-", "2", "0", "0.0"],
                                          ["d_nobody_knows", "-", "3", "3", "1.0"], ["s110105001", "建外街道办事处", "7", "1", "0.1429"]]
    header, row = piped(api, "--by", "unit,type")
    assert header == ["unit", "unit_name", "type_code", "type_name", *measures] and len(row) == len(header) and row[3] not in ("", "-")
    assert piped(api, "--by", "day")[0] == ["day", *measures] and piped(api)[0] == measures
    # Where no name can be read the columns are the same.
    assert piped(api, "--by", "unit", "--config", "/nowhere")[3] == ["s110105001", "-", "7", "1", "0.1429"]


def test_classes_rules_triggers_and_fields_of_ones_own_have_their_names(api, tmp_path):
    """Those of a configuration; a field is one of codes that has a name."""
    column = lambda by, *words: [row[:2] for row in piped(api, "--by", by, *words)]
    assert column("limit_class") == [["limit_class", "limit_class_name"], ["7d", "7天"], ["9d", "-"]]
    assert column("rule") == [["rule", "rule_name"], ["place", "属地"], ["adopted", "承接来单指定"]]
    assert column("trigger") == [["trigger", "trigger_name"], ["cluster", "同一小区集中反映"]]
    assert column("station")[1] == ["st001", by_code("stations")["st001"]] and column("accepted_in")[1] == ["110105001", "建外街道"]
    assert column("risk") == [["risk", "opened"], ["1", "7"], ["4", "5"]]
    (tmp_path / "registries").mkdir()
    (tmp_path / "registries/fields.csv").write_text("code,name,name_en\nrisk,风险,risk\nrisk:1,高,high\n", encoding="utf-8")
    assert column("risk", "--config", tmp_path) == [["risk", "risk_name"], ["1", "高"], ["4", "-"]]


def test_the_sum_of_all_is_a_last_row_where_it_is_asked_for(api):
    rows = piped(api, "--by", "unit", "--total")
    assert len(rows) == 5 and rows[-1] == ["all", "全部", "12", "4", "0.3333"]
    assert piped(api, "--by", "unit,type", "--total")[-1] == ["all", "全部", "-", "-", "12", "4", "0.3333"]
    assert piped(api, "--total") == [["opened", "closed", "rate"], ["12", "4", "0.3333"]]
    done = show(api, "--by", "unit", "--total", "--json")
    assert done.returncode == 64 and done.stdout == "" and "--json gives the rows of --by" in done.stderr
    assert json.loads(show(api, "--by", "unit", "--json").stdout)["rows"] == ANSWERS["unit"]


def test_the_office_sees_every_number_and_the_public_is_told_what_is_kept_back(api):
    assert piped(api, "--by", "unit", "--audience", "office") == piped(api, "--by", "unit")
    done = show(api, "--by", "unit", "--audience", "public", "--total")
    rows = [line.split("\t") for line in done.stdout.splitlines()]
    assert done.returncode == 0 and rows[0][-1] == "suppressed" and rows[-1] == ["s110105001", "建外街道办事处", "7", "-", "-", "true"]
    assert "3 行中 3 行有不足 5 的数未列" in done.stderr and "of 3 rows 3 keep back a count of one to four" in done.stderr
    assert "the sum is left out" in done.stderr and len(rows) == 4  # less the others it would tell the number
    done = show(api, "--by", "unit", "--audience", "public", "--json")
    assert [row["opened"] for row in json.loads(done.stdout)["rows"]] == [None, None, 7] and "keep back" in done.stderr
    assert "公开口径" not in show(api, "--by", "unit").stderr and "--audience public asks for" in show(api, "--help").stdout
    done = show(api, "--audience", "press")
    assert done.returncode == 64 and '"press" is not office or public' in done.stderr


def test_a_terminal_has_them_in_one_column(api):
    leader, follower = pty.openpty()
    subprocess.run([CITYBRAIN, "views", "show", "closure_rate", "--url", api, "--by", "unit", "--total"], cwd=ROOT, stdout=follower,
                   timeout=30, check=True)
    os.close(follower)
    text = b""
    while b"all" not in text or not text.endswith(b"\n"):
        text += os.read(leader, 65536)
    os.close(leader)
    lines = text.decode().splitlines()
    assert lines[0].split() == ["unit", "opened", "closed", "rate"]
    assert lines[3].split() == ["建外街道办事处(s110105001)", "7", "1", "0.1429"] and lines[4].split() == ["全部(all)", "12", "4", "0.3333"]


def test_no_rows_are_said_and_not_printed(api):
    done = show(api, "--by", "month")
    assert (done.returncode, done.stdout) == (0, "") and "no rows (yet)" in done.stderr
    done = show(api, "--by", "month", "--json")
    assert json.loads(done.stdout)["rows"] == [] and done.stderr == ""
