# SPDX-License-Identifier: Apache-2.0
"""`citybrain report` over an API that says what this file says: who is ranked where, what is no data, which bytes."""
import csv
import datetime
import io
import json
import os
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlparse

import pytest

ROOT = Path(__file__).resolve().parents[2]
BINARIES = Path(os.environ.get("CITYBRAIN_BIN", ROOT / "build/debug"))
UNITS = {"s1": ("甲街道", "street"), "s2": ("乙,街道", "street"), "s3": ("丙街道", "street"), "d1": ("局", "department")}
# docs/domain.md §2.6: the published pairs, and one without a valid call-back
RATES = {"s1": (10, 8, 0.8813, 0.7343, 0.7994, 77.5), "s2": (10, 8, 0.9918, 0.8903, 0.9066, 90.7), "s3": (4, 0, None, None, None, None),
         "d1": (20, 5, 1.0, 1.0, 1.0, 100.0), "": (3, 0, None, None, None, None)}


NOW = {"ms": 0, "rows": True, "refused": None, "status": 403, "who": {"kind": "reader", "name": None, "all": True}}  # the district's clock; whether anything is known; which question is refused


def rates(orders, valid, response, solution, satisfaction, score, method="pooled", **more):
    return {**more, "orders": orders, "valid": valid, "response": response, "solution": solution, "satisfaction": satisfaction,
            "score": score, "scope": "all", "method": method, "formula": "2025-01-01", "n": orders}


def answer(view, query):
    if view == "page":
        return {"who": NOW["who"]}
    if view == "units":
        return {"units": [{"unit": code, "name": name, "kind": kind} for code, (name, kind) in UNITS.items()]}
    by, mean = query["by"][0], query["method"][0] == "mean"
    if view == "closure_rate":
        rows = [{"unit": u, "opened": 1, "closed_in": 3, "rate": 0.5, "method": "pooled"} for u in RATES] if "unit" in by else \
            [{"closed_in": 9, "rate": 0.25, "method": "pooled"}] if not mean else [{"rate": 0.5, "method": "mean"}]
    elif view == "on_time":
        rows = [{"unit": "s1", "due": 2, "rate": 1.0, "method": "pooled"}] if "unit" in by else []
    elif "unit" in by:
        rows = [rates(*found, unit=unit) for unit, found in RATES.items()]
    else:
        rows = [rates(47, 21, 0.95, 0.9, 0.9, 89.4, "mean" if mean else "pooled")] if not mean else \
            [{"response": 0.9577, "solution": 0.8749, "satisfaction": 0.902, "score": 89.4, "method": "mean", "formula": "2025-01-01", "n": 3}]
    if NOW["rows"] == "nobody's":  # all of it waits at the desk: no unit leads it
        rows = [row for row in rows if not row.get("unit")]
    return {"view": view, "now": NOW["ms"], "rows": rows if NOW["rows"] else []}


@pytest.fixture(scope="module")
def api():
    asked = []

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self):
            whole = urlparse(self.path)
            assert whole.path == "/api/together"
            parts = []
            for url in map(urlparse, parse_qs(whole.query)["ask"]):
                asked.append((url.path.rsplit("/", 1)[-1], parse_qs(url.query)))
                refused = asked[-1][0] == NOW["refused"]
                parts.append({"status": NOW["status"], "body": {"detail": "not yours"}} if refused else {"status": 200, "body": answer(*asked[-1])})
            body = json.dumps({"answers": parts}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", 0), Answers)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", asked
    server.shutdown()


def report(*words, status=0):
    done = subprocess.run([str(BINARIES / "citybrain"), "report", *words], cwd=ROOT, capture_output=True, timeout=60, check=False)
    assert done.returncode == status, done.stderr.decode()
    return done.stdout if status == 0 else done.stderr.decode()


def test_a_month_is_ranked_as_the_field_ranks(api):
    url, asked = api
    asked.clear()
    out = report("monthly", "2026-03", "--url", url)
    assert out.startswith(b"\xef\xbb\xbf") and b"\r\n" in out
    rows = list(csv.DictReader(io.StringIO(out.decode("utf-8-sig"), newline="")))
    assert [(r["类别"], r["名次"], r["单位编码"], r["综合成绩"]) for r in rows] == [
        ("街乡", "1", "s2", "90.7"), ("街乡", "2", "s1", "77.5"), ("街乡", "无数据", "s3", "无数据"),
        ("区直单位", "1", "d1", "100.0"), ("合计", "", "", "89.4"), ("合计", "", "", "89.4")]
    assert [r["方法"] for r in rows[-2:]] == ["合并", "算术平均"] and rows[-1]["受理"] == "" and rows[-2]["受理"] == "47"
    assert rows[0]["单位"] == "乙,街道" and rows[1]["响应率"] == "88.13%" and rows[1]["按时办结率"] == "100.00%"
    assert {(r["起"], r["止"], r["口径"], r["公式"]) for r in rows} == {
        ("2026-02-19 00:00", "2026-03-19 00:00", "全口径(含剔除)", "2025-01-01")}
    assert {tuple(query[name][0] for name in ("from", "to")) for view, query in asked if view not in ("units", "page")} == {
        ("2026-02-19", "2026-02-19")}


def test_all_of_it_is_asked_at_once_and_of_one_moment(api):
    url, asked = api
    asked.clear()
    report("monthly", "2026-03", "--url", url)
    assert [view for view, _ in asked] == ["three_rates"] * 3 + ["closure_rate"] * 3 + ["on_time"] * 3 + ["units", "page"]
    assert [query["by"] for view, query in asked[:3]] == [["unit,period_19"], ["period_19"], ["period_19"]]


def test_whose_sums_they_are_is_said(api, monkeypatch):
    words = [str(BINARIES / "citybrain"), "report", "monthly", "2026-03", "--url", api[0]]
    assert subprocess.run(words, capture_output=True, text=True, timeout=60, check=True).stderr == ""
    monkeypatch.setitem(NOW, "who", {"kind": "unit", "name": "d_water", "all": False})
    said = subprocess.run(words, capture_output=True, text=True, timeout=60, check=True).stderr
    assert said.startswith("仅限所见 of what d_water may see") and len(said.splitlines()) == 1, said


@pytest.mark.parametrize("refused", ["three_rates", "on_time", "units", "page"])
@pytest.mark.parametrize("status, fix", [(403, ""), (429, "; fix: ask again in some seconds (aggregator.api_rate)")])
def test_a_part_that_is_refused_is_said(api, monkeypatch, refused, status, fix):
    monkeypatch.setitem(NOW, "refused", refused)
    monkeypatch.setitem(NOW, "status", status)
    assert report("monthly", "2026-03", "--url", api[0], status=69) == f"citybrain report: {refused}: {status}: not yours{fix}\n"


def test_a_day_ends_at_noon_and_is_readable_by_old_spreadsheets(api):
    url, asked = api
    asked.clear()
    rows = list(csv.DictReader(io.StringIO(report("daily", "2026-03-01", "--scope", "net", "--charset", "gb18030", "--url", url)
                                           .decode("gb18030"), newline="")))
    assert (rows[0]["起"], rows[0]["止"], rows[0]["报告"], rows[0]["口径"]) == ("2026-02-28 12:00", "2026-03-01 12:00", "日报", "剔除后")
    assert {query["scope"][0] for view, query in asked if view not in ("units", "page")} == {"net"}
    assert all("noon_day" in query["by"][0] for view, query in asked if view not in ("units", "page"))


def test_programs_get_numbers(api):
    said = json.loads(report("monthly", "2026-01", "--json", "--url", api[0]))
    assert said["from"] == "2025-12-19 00:00" and said["rows"][1]["three_rates.response"] == 0.8813
    assert said["rows"][2]["rank"] is None and said["rows"][2]["three_rates.score"] is None


@pytest.mark.parametrize("words, ends", [(["monthly", "2026-03"], "2026-03-19 00:00"), (["daily", "2026-03-01"], "2026-03-01 12:00")])
def test_a_period_that_goes_on_or_is_empty_is_said(api, monkeypatch, words, ends):
    end = datetime.datetime.fromisoformat(ends + "+08:00")
    for minutes, known in ((-1, True), (0, True), (-60 * 24, False), (0, False), (0, "nobody's")):
        now = end + datetime.timedelta(minutes=minutes)
        monkeypatch.setitem(NOW, "ms", int(now.timestamp() * 1000))
        monkeypatch.setitem(NOW, "rows", known)
        done = subprocess.run([str(BINARIES / "citybrain"), "report", *words, "--url", api[0]], capture_output=True, text=True, timeout=60, check=True)
        goes_on = f"the period ends {ends} and the district's clock stands at {now:%Y-%m-%d %H:%M}"
        assert (goes_on in done.stderr) == (minutes < 0) and ("no rows" in done.stderr) != bool(known), done.stderr
        assert len(done.stderr.splitlines()) == (minutes < 0) + (not known)


@pytest.mark.parametrize("words, says", [
    (["weekly", "2026-03-01"], "no report"), (["daily", "2026-02-30"], "no date"), (["monthly", "2026-3"], "no month"),
    (["daily"], "daily DATE"), (["daily", "2026-03-01", "--scope", "some"], "no scope"),
    (["daily", "2026-03-01", "--charset", "latin1"], "no charset")])
def test_a_wrong_wish_is_said(words, says):
    assert says in report(*words, status=64)


def test_no_api_is_said():
    assert "--url" in report("daily", "2026-03-01", "--url", "http://127.0.0.1:1", status=69)
