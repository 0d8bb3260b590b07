# SPDX-License-Identifier: Apache-2.0
"""The page over an API of canned answers: what it shows, and what it says when something is wrong. In a browser that is led,
on a living district: make page."""
import http.server
import json
import re
import sys
import threading
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "support"))
from browser import browse  # noqa: E402

TYPES = {"html": "text/html; charset=utf-8", "js": "text/javascript", "css": "text/css", "svg": "image/svg+xml"}
NOW = 1767243600000  # 2026-01-01 13:00 in the district
CLOCK = {"now": NOW, "age_ms": 4000, "day": "2026-01-01", "zone_minutes": 480}
UNITS = [{"unit": "s110105001", "name": "建外街道办事处", "kind": "street"}, {"unit": "d_urban", "name": "区城市管理委", "kind": "department"}]


def rate(unit, opened, closed):
    return {"unit": unit, "opened": opened, "closed": closed, "rate": closed / opened if opened else None, "closed_in": closed}


def times(unit, n, p50, p90):
    row = {"unit": unit}
    for name in ("full", "dispatch", "sign", "contact", "handle"):
        row.update({f"{name}_n": n, f"{name}_avg_seconds": p50, f"{name}_p50_seconds": p50, f"{name}_p90_seconds": p90})
    return row


class Api:
    """The aggregator's API with answers of ours; `charts`: the script's bytes or None."""

    def __init__(self):
        self.clock, self.charts, self.away, self.asked = CLOCK, b"", False, []
        self.rows = {"closure_rate": [rate("s110105001", 1234, 1000), rate("d_urban", 5, 5), rate("", 2, 0)],
                     "response_time": [times("s110105001", 900, 1800, 7200), times("d_urban", 5, 90000, 200000)],
                     "inflow": [{"hour": 8, "opened": 700, "closed_in": 10}, {"hour": 13, "opened": 534, "closed_in": 990}]}

    def answer(self, address):
        path, query = address.path, parse_qs(address.query)
        if path.startswith("/api/") and self.away:
            return 503, "json", b"{}"
        if path == "/api/clock":
            return 200, "json", json.dumps(self.clock).encode()
        if path == "/api/units":
            return 200, "json", json.dumps({"units": UNITS}).encode()
        if path.startswith("/api/views/"):
            view = path.rpartition("/")[2]
            self.asked.append((view, {k: v[0] for k, v in query.items()}))
            if view not in self.rows:
                return 404, "json", b"{}"
            return 200, "json", json.dumps({"rows": self.rows[view] if "by" in query else self.rows[view][:1]}).encode()
        if path == "/echarts.min.js":
            return (200, "js", self.charts) if self.charts else (404, "json", b"{}")
        file = ROOT / "web" / (path[1:] or "index.html")
        return (200, file.suffix[1:], file.read_bytes()) if file.is_file() else (404, "json", b"{}")


@pytest.fixture
def api():
    api = Api()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            status, kind, body = api.answer(urlsplit(self.path))
            self.send_response(status)
            self.send_header("Content-Type", TYPES.get(kind, "application/json"))
            self.send_header("Content-Security-Policy", "default-src 'self'")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    api.url = f"http://127.0.0.1:{server.server_address[1]}/"
    yield api
    server.shutdown()
    server.server_close()


def errors(page):
    return [line for line in page.console if "favicon" not in line and "status of 404" not in line and "echarts" not in line]


def test_numbers_and_tables_stand_there_without_charts(api):
    page = browse(api.url)
    assert errors(page) == []
    assert (page.text("today"), page.text("rate"), page.text("opened")) == ("1,234", "81.0%", "1,234")
    assert (page.text("p50"), page.text("p90"), page.text("clock")) == ("30 分", "2.0 时", "2026-01-01 13:00:00")
    assert "08:00 700 10" in page.text("inflow_rows") and "14:00" not in page.text("inflow_rows")
    assert "图表组件未安装" in page.text("notice") and "notice" not in page.hidden and page.drawn == set()
    units = browse(api.url + "#view=units&range=all")
    assert "建外街道办事处 1234 1000 81.0%" in units.text("rates_street_rows")
    assert "区城市管理委 5 5 100.0%" in units.text("rates_other_rows") and "(未派单) 2 0 0.0%" in units.text("rates_other_rows")
    assert "区城市管理委 5 5 25.0 时 2.3 天" in browse(api.url + "#view=times&range=all").text("times_other_rows")


def test_charts_are_drawn_where_the_script_is(api):
    script = ROOT / ".run" / "web" / "echarts.min.js"
    assert script.is_file(), "ECharts is not there: make deps"
    api.charts = script.read_bytes()
    for width, view, drawn in ((1280, "overview", {"inflow"}), (500, "units", {"rates_street", "rates_other"}),
                               (1280, "times", {"times_street", "times_other"})):
        page = browse(f"{api.url}#view={view}", width)
        assert errors(page) == [] and "notice" in page.hidden
        assert page.drawn == drawn


def test_an_address_keeps_the_choice(api):
    page = browse(api.url + "#view=units&range=week&lang=en")
    assert ("closure_rate", {"from": "2025-12-26", "to": "2026-01-01", "by": "unit"}) in api.asked
    assert errors(page) == [] and page.text("title") == "Units" and "Closure rate" in page.text("units")
    api.asked.clear()
    browse(api.url + "#view=units&range=all")
    assert ("closure_rate", {"by": "unit"}) in api.asked
    api.asked.clear()
    browse(api.url)
    assert ("inflow", {"from": "2026-01-01", "to": "2026-01-01", "by": "hour"}) in api.asked


def test_old_numbers_are_called_old(api):
    api.clock = {**CLOCK, "age_ms": 600000}
    page = browse(api.url)
    assert "数据已停在 2026-01-01 13:00:00(10 分前)" in page.text("notice")
    api.clock = {"now": 0, "age_ms": None, "day": "1970-01-01", "zone_minutes": 480}
    assert "尚未走时" in browse(api.url).text("notice")


def test_an_api_that_is_away_is_said(api):
    api.away = True
    page = browse(api.url)
    assert "数据暂不可用" in page.text("notice") and page.text("today") == "" and page.text("clock") == "–"


def test_what_comes_from_data_is_text(api):
    api.rows["closure_rate"].append(rate("<img src=x onerror=alert(1)>", 3, 1))
    page = browse(api.url + "#view=units&range=all")
    assert "<img src=x onerror=alert(1)> 3 1 33.3%" in page.text("rates_other_rows") and errors(page) == []


def test_every_word_is_there_in_both_languages():
    files = {path.name: path.read_text() for path in (ROOT / "web").glob("*.js")}
    words = dict(re.findall(r"(?:^|[\s{,])(\w+): (\[\".*?\", \".*?\"\])", files.pop("words.js")))
    assert len(words) > 300
    for name, text in files.items():
        missing = set(re.findall(r'\bt\("(\w+)"', text)) - set(words)
        assert not missing, (name, missing)
        for line in text.splitlines():
            said = re.findall(r"[\u4e00-\u9fff]+", line.split(" // ")[0] if not line.startswith("//") else "")
            assert not said or "replace(" in line, (name, line)
    for key, pair in words.items():
        chinese, english = json.loads(pair)
        assert key == "other_language" or (english and not re.search(r"[\u4e00-\u9fff]", english)), key
        assert set(re.findall(r"{\w+}", chinese)) == set(re.findall(r"{\w+}", english)), key


def test_the_page_is_small():
    own = sum(path.stat().st_size for path in (ROOT / "web").iterdir())
    charts = (ROOT / ".run" / "web" / "echarts.min.js").stat().st_size
    assert own + charts <= 1500000, (own, charts)
