# SPDX-License-Identifier: Apache-2.0
"""The page over an API of canned answers: what it shows, and what it says when something is wrong. In a browser that is led,
on a living district: make page."""
import http.server
import json
import re
import subprocess
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


# What a person does: `act` of an Api stands behind these words, in a script beside the page's own.
HANDS = """const found = async (question) => { for (;;) { const it = question(); if (it) return it; await new Promise((done) => setTimeout(done, 20)); } };
const one = (words) => found(() => document.querySelector(words));
const signIn = async (token) => {
  const form = await one("#sign_in");
  form.querySelector("#person").value = "王";
  form.querySelector("#token").value = token;
  form.requestSubmit();
};
"""


class Api:
    """The aggregator's API with answers of ours; `charts`: the script's bytes or None; `token`: who has another is nobody; `guarded`: what
    is not for nobody."""

    def __init__(self):
        self.clock, self.charts, self.away, self.asked, self.pages = CLOCK, b"", False, [], {}
        self.requests = []
        self.token, self.act, self.said, self.elsewhere, self.guarded = None, "", [], threading.Event(), ()
        self.rows = {"closure_rate": [rate("s110105001", 1234, 1000), rate("d_urban", 5, 5), rate("", 2, 0)],
                     "response_time": [times("s110105001", 900, 1800, 7200), times("d_urban", 5, 90000, 200000)],
                     "inflow": [{"hour": 8, "opened": 700, "closed_in": 10}, {"hour": 13, "opened": 534, "closed_in": 990}]}

    def answer(self, address, credential=None):
        path, query = address.path, parse_qs(address.query)
        if path.startswith("/api/") and self.away:
            return 503, "json", b"{}"
        if path.startswith("/api/") and self.token and credential != f"Bearer {self.token}":
            return 401, "json", b"{}"
        if path in self.guarded and not credential:
            return 403, "json", b"{}"
        if path == "/api/together":
            found = [self.answer(urlsplit(f"/api/{one}"), credential) for one in query["ask"]]
            return 200, "json", json.dumps({"answers": [{"status": status, "body": json.loads(body)} for status, _, body in found]}).encode()
        if path == "/api/clock":
            return 200, "json", json.dumps(self.clock).encode()
        if path == "/api/units":
            return 200, "json", json.dumps({"units": UNITS}).encode()
        if path in ("/api/names", "/api/views", "/api/cases", "/api/stations", "/api/page", "/api/desk", "/api/freshness", "/api/triggers", "/api/feeds", "/api/refused") or path.startswith("/api/cases/"):
            self.asked.append((path, {k: v[0] for k, v in query.items()}))
            found = self.pages.get(path)
            found = found(self.asked[-1][1]) if callable(found) else found
            return (200, "json", json.dumps(found).encode()) if found else (404, "json", b"{}")
        if path.startswith("/api/views/"):
            view = path.rpartition("/")[2]
            self.asked.append((view, {k: v[0] for k, v in query.items()}))
            if view not in self.rows:
                return 404, "json", b"{}"
            found = self.rows[view](self.asked[-1][1]) if callable(self.rows[view]) else self.rows[view]
            return 200, "json", json.dumps({"rows": found if "by" in query else found[:1]}).encode()
        if path == "/echarts.min.js":
            return (200, "js", self.charts) if self.charts else (404, "json", b"{}")
        if path == "/drawn":
            self.elsewhere.set()
            return 200, "json", b"{}"
        if path == "/act.js":
            return 200, "js", (HANDS + self.act).encode()
        if path == "/" and self.act:
            return 200, "html", (ROOT / "web" / "index.html").read_bytes().replace(b"</body>", b'<script type="module" src="act.js"></script></body>')
        file = ROOT / "web" / (path[1:] or "index.html")
        return (200, file.suffix[1:], file.read_bytes()) if file.is_file() else (404, "json", b"{}")


@pytest.fixture
def api():
    api = Api()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            api.requests.append((self.path, self.headers["Cache-Control"]))
            status, kind, body = api.answer(urlsplit(self.path), self.headers["Authorization"])
            self.send_response(status)
            self.send_header("Content-Type", TYPES.get(kind, "application/json"))
            self.send_header("Content-Security-Policy", "default-src 'self'")
            self.end_headers()
            self.wfile.write(body)

        def do_POST(self):
            """The door, which answers when the page has drawn something else."""
            api.said.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            api.elsewhere.wait(20)
            body = b'{"accepted": 1, "rejected": 0, "results": []}'
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
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
    return [line for line in page.console if not re.search("favicon|status of 40[134]|echarts", line)]


def test_numbers_and_tables_stand_there_without_charts(api):
    page = browse(api.url)
    assert errors(page) == []
    assert (page.text("today"), page.text("rate"), page.text("opened")) == ("1,234", "81.0%", "1,234")
    assert (page.text("p50"), page.text("p90"), page.text("clock")) == ("约 30 分", "约 2.0 时", "2026-01-01 13:00:00")
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


def test_a_view_or_a_range_that_nobody_named_so_is_told(api):
    api.rows["places"] = [{"street_code": "110105001", "opened": 3, "contacted": 0, "done": 0, "on_time": 0, "closed": 0, "doubles": 0}]
    for address, lang, said in (("view=nosuch", "zh", "页面 nosuch(未知):以总览代之"), ("view=nosuch", "en", "View nosuch (unknown): the overview instead"), ("view=constructor", "zh", "页面 constructor(未知):以总览代之")):
        page = browse(f"{api.url}#{address}&lang={lang}")
        assert errors(page) == [] and page.text("unknown_view") == said and page.text("today") == "1,234", page.text("view")
    for view in ("units", "place"):
        api.asked.clear()
        page = browse(f"{api.url}#view={view}&range=ever")
        assert errors(page) == [] and page.text("unknown_range") == "时段 ever(未知):按今日" and "unknown_view" not in page.texts
        assert any(query.get("from") == query.get("to") == "2026-01-01" for _, query in api.asked)
    api.act = """const chosen = [...(await one("#unknown_range")).parentNode.querySelectorAll("a[aria-current]")].map((way) => way.textContent).join();
document.body.append(Object.assign(document.createElement("p"), { id: "answered", textContent: chosen }));
"""
    page = browse(f"{api.url}#view=units&range=ever&lang=en")
    assert page.text("unknown_range") == "Range ever (unknown): today instead" and page.text("answered") == "Today"
    api.act = ""
    for address in ("", "#view=units&range=week", "#view=place&range=ever&from=2025-12-30", "#view="):  # days of one's own win
        assert not {"unknown_range", "unknown_view"} & set(browse(api.url + address).texts), address


def test_an_hour_that_is_not_over_is_held_against_as_much_of_yesterdays(api):
    api.rows["inflow"] = [{"hour": 8, "opened": 60, "closed_in": 0}, {"hour": 10, "opened": 600, "closed_in": 0}, {"hour": 11, "opened": 7, "closed_in": 0}]
    api.clock = {**CLOCK, "now": NOW - 3 * 3600000 + 60000}
    for before, said in ((1, "约 70"), (0, "数据不全")):  # of a district that began yesterday, at some hour, nothing is known of before
        api.rows["closure_rate"] = lambda query, before=before: [rate("", 5 if query["from"] == query["to"] else 5 + 667 + before, 1)]
        assert browse(api.url).text("yesterday_note") == said


def test_a_quiet_hour_of_yesterday_is_no_gap(api):
    """Since when the district listens says the ledger; of one that listened before yesterday, whoever called in the morning or did not, all is there."""
    api.clock = {**CLOCK, "now": NOW - 3 * 3600000 + 60000}
    api.rows["closure_rate"] = lambda query: [rate("", 5 if query["from"] == query["to"] else 700, 1)]
    began, quiet, nothing = "2025-12-31T10:00:00+08:00", [{"hour": 10, "opened": 600, "closed_in": 0}, {"hour": 11, "opened": 7, "closed_in": 0}], []
    for first, rows, said in ((began, quiet, "数据不全"), ("2025-12-30T23:00:00+08:00", quiet, "约 10"), ("2025-12-30T16:00:00+00:00", quiet, "数据不全"),
                              ("2025-11-02T00:00:00+08:00", nothing, "约 0"), (began, nothing, ""), (None, nothing, "")):
        api.pages["/api/freshness"], api.rows["inflow"] = {**FRESH, "first_hour": first}, rows
        page = browse(api.url)
        assert errors(page) == [] and page.text("yesterday_note") == said, (first, rows)
        assert f"03:00 0 0 {'0' if said.startswith('约') else '–'}" in page.text("inflow_rows"), page.text("inflow_rows")
    api.rows["inflow"] = quiet
    api.pages.clear()  # a unit may not ask since when: its own cases from before tell
    assert browse(api.url).text("yesterday_note") == "约 10"


def test_the_bench_asks_what_the_page_asks(api):
    script = ROOT / "tests" / "bench" / "page_asks.mjs"
    for view, most in (("overview", 1), ("screen", 2)):
        told = json.loads(subprocess.run(["node", script, CLOCK["day"], "2", view], stdout=subprocess.PIPE, check=True).stdout)
        api.requests.clear()
        browse(f"{api.url}#view={view}")
        first, second = ([(one["address"], one["headers"]["Cache-Control"]) for one in turn] for turn in told["turns"])
        asked = [one for one in api.requests if one[0].startswith("/api/") and one[0] not in ("/api/units", "/api/names", "/api/page", "/api/views")]
        assert asked[:len(first)] == first and set(asked) == set(first + second)  # and after five seconds once more
        assert told["every_ms"] == 5000 and all(path.startswith("/api/together?") for path, _ in asked) and len(second) <= most


def test_what_the_head_says_is_a_line_whatever_it_is(api):
    api.act = """await one("#status a[href*=stations]");
await new Promise((done) => setTimeout(done, 100));
const sizes = [...document.querySelectorAll("#status .status")].map((sign) => sign.getBoundingClientRect()).map(({ top, height }) => `${top} ${height}`);
document.body.append(Object.assign(document.createElement("p"), { id: "answered", textContent: [...new Set(sizes)].join() }));
"""
    api.pages["/api/desk"] = {"rows": [], "waiting": {}, "causes": [], "next": None}
    for counts, said in (({"never": 1}, "1 个从未上报"), ({"silent": 2, "never": 1}, "2 个静默"), ({"alive": 3}, "无静默")):
        api.pages["/api/stations"] = {"counts": counts, "rows": []}
        page = browse(api.url)
        assert said in page.text("status") and len(page.text("answered").split(",")) == 1, page.text("answered")
        assert 10 < float(page.text("answered").split()[1]) < 30


HEAD = """await one("#came:not(:empty)");
await one("#status a[href*=desk]");
const tops = [...document.querySelectorAll("#top .row > *")].map((box) => box.getBoundingClientRect()).map(({ top, bottom }) => Math.round((top + bottom) / 2));
const words = [...document.querySelectorAll("#status > li")].map((box) => Math.round(box.getBoundingClientRect().top));
document.body.append(Object.assign(document.createElement("p"), { id: "answered", textContent: `${Math.max(...tops) - Math.min(...tops)} ${new Set(words).size} ${document.querySelector("#top .row").scrollWidth <= innerWidth} ${[...document.querySelectorAll("#top .row > *, #status > li")].map((b) => b.id + b.className + Math.round(b.getBoundingClientRect().width)).join(";")}` }));
"""


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_head_is_one_row_at_1440(api, lang):
    api.act = HEAD
    api.pages["/api/names"] = {"divisions": [{"code": "110105", "parent_code": "1101", "level": "district", "name": "北京市朝阳区"}]}
    api.pages["/api/freshness"] = FRESH
    api.pages["/api/stations"] = {"counts": {"silent": 12}, "rows": []}
    api.pages["/api/desk"] = {"rows": [], "waiting": {"emergency": 12, "overdue": 1234}, "causes": [], "next": None}
    off, rows, fits, told = browse(f"{api.url}#lang={lang}", 1440, 900).text("answered").split(maxsplit=3)
    assert int(off) < 6 and (rows, fits) == ("1", "true"), told


FRESH = {"now": NOW, "age_ms": 4000, "partitions": [], "feeds": [], "ledger_open": 0, "newest_change": "2026-01-01T12:59:00+08:00",
         "first_hour": "2025-06-01T08:00:00+08:00", "newest_record": "2026-01-01T12:40:04+08:00"}
COUNTS = dict.fromkeys(("normalised", "dropped", "filtered", "events", "distinct_events", "repeated_events", "refused_events"), 0)


def reason(feed, code, rows, zh=None, en=None):
    return {"feed": feed, "reason": code, "zh": zh, "en": en, "rows": rows, "first": "2026-01-01T08:00:00+08:00", "last": "2026-01-01T09:30:00+08:00"}


def test_the_head_tells_the_newest_record_from_the_newest_tick(api):
    page = browse(api.url)
    assert page.text("age") == "4 秒前" and page.text("came") == ""  # who may not ask is told nothing of it
    api.pages["/api/freshness"] = FRESH
    page = browse(api.url)
    assert errors(page) == [] and (page.text("age"), page.text("came")) == ("4 秒前", "最新来件 20 分前")
    assert browse(api.url + "#lang=en").text("came") == "newest 20 min ago"
    assert "读取 ● 跟上" in page.text("status")
    for newest, said in (("2026-01-01T12:00:04+08:00", "读取 ○ 已读完,60 分无新件"), (None, "读取 ○ 尚无来件")):  # whoever has read all keeps up with nothing
        api.pages["/api/freshness"] = {**FRESH, "newest_record": newest}
        assert said in browse(api.url).text("status")
    api.pages["/api/freshness"]["partitions"] = [{"behind_ms": 90000}]
    assert "读取 ◆ 落后" in browse(api.url).text("status")


def test_the_ledger_says_why_rows_were_refused_and_how_old_the_newest_is(api):
    api.pages["/api/freshness"] = FRESH
    api.rows["ledger"] = [{"feed": "hotline", "read": 20, "dead": 7, "closes": True, **COUNTS}, {"feed": "visits", "read": 3, "dead": 0, "closes": True, **COUNTS}]
    api.pages["/api/feeds"] = {"now_ms": NOW, "rows": [
        {"feed": "hotline", "newest": "2026-01-01T12:59:04+08:00", "due": None, "late": False},
        {"feed": "platform", "newest": "2025-12-31T16:00:04+08:00", "due": "2026-01-01T10:00:00+08:00", "late": True}]}
    api.pages["/api/refused"] = {"now": NOW, "total": 2, "rows": [reason("hotline", "bad_date", 4, "日期无法识别", "no such date"), reason("hotline", "brand_new", 1)]}
    page = browse(api.url + "#view=ledger")
    assert errors(page) == [] and ("/api/refused", {"from": "2026-01-01", "to": "2026-01-01"}) in api.asked
    account, told = page.text("account"), page.text("reasons")
    assert "hotline 60 秒前 20" in account and "visits – 3" in account
    assert "platform ◐ 21.0 时前 迟 0" in account  # of today there is nothing: it has its row all the same
    assert "hotline 日期无法识别 bad_date 4 57.1% 01-01 08:00 01-01 09:30 citybrain dead ls --feed hotline --code bad_date --since 2026-01-01" in told
    assert "hotline brand_new brand_new 1 14.3%" in told  # of a newer ingest: by its name
    assert "hotline (当时未记原因) 2 28.6% – – citybrain dead ls --feed hotline --since 2026-01-01" in told  # and it adds up to 7
    assert page.text("fresh_record") == "20 分" and "feed=hotline" in page.links
    api.asked.clear()
    english = browse(api.url + "#view=ledger&feed=hotline&range=all&lang=en")
    assert ("/api/refused", {"feed": "hotline"}) in api.asked and "hotline no such date bad_date 4" in english.text("reasons")
    assert "--since" not in english.text("reasons") and "21.0 h ago late" in english.text("account")
    api.pages["/api/refused"] = {"now": NOW, "total": 153, "rows": [reason(f"f{n}", "bad_date", 1, "日期", "date") for n in range(153)]}
    api.rows["ledger"] = []
    page = browse(api.url + "#view=ledger")
    assert page.text("reasons").count("bad_date 1") == 100 and page.text("reasons_of") == "已列 100 / 153"
    api.pages["/api/refused"] = {"now": NOW, "total": 0, "rows": []}
    assert "此时段没有拒收" in browse(api.url + "#view=ledger").text("view")


def test_a_station_says_since_when_it_is_silent_and_why_its_rows_were_refused(api):
    nothing = {"via": None, "due": None, "cadence": "4h", "hours": None, "family": "platform", "street_code": None, "refused": 0, "seen": "2025-12-30T10:00:00+08:00"}
    stations = [{**nothing, "station": "st001", "name": "甲", "state": "silent", "since": "2025-12-31T13:30:00+08:00"},
                {**nothing, "station": "st002", "name": "乙", "state": "alive", "since": None, "refused": 3}]
    api.pages["/api/stations"] = {"now_ms": NOW, "counts": {}, "rows": stations}
    page = browse(api.url + "#view=stations&state=silent&station=st001")
    assert errors(page) == [] and "静默自 2025-12-31 13:30" in page.text("view")
    assert "st001 甲 ■ 静默 自 2025-12-31 13:30" in page.text("station_rows") and page.text("wall_of") == "已列 1 / 2"
    api.pages["/api/refused"] = {"now": NOW, "total": 1, "rows": [reason("platform", "missing_field", 3, "必填项为空", "missing")]}
    page = browse(api.url + "#view=stations&station=st002")
    assert ("/api/refused", {"from": "2026-01-01", "to": "2026-01-01", "station": "st002"}) in api.asked and "wall_of" not in page.texts
    assert "platform 必填项为空 missing_field 3 100.0%" in page.text("station_reasons")
    assert "citybrain dead ls --feed platform --code missing_field --station st002 --since 2026-01-01" in page.text("station_reasons")


def test_before_the_first_tick_no_station_is_judged(api):
    counts = dict.fromkeys(("alive", "late", "silent", "never", "unknown"))
    api.clock = {**CLOCK, "now": 0, "age_ms": None, "day": "1970-01-01"}
    api.pages["/api/stations"] = {"now_ms": 0, "now": None, "counts": counts, "closed": None, "rows": []}
    page = browse(api.url + "#view=stations")
    assert errors(page) == [] and "尚不可知" in page.text("not_known") and "站点○等待第一个时刻" in page.text("status").replace(" ", ""), page.text("status")
    assert "无静默" not in page.text("status") and "not known" in browse(api.url + "#view=stations&lang=en").text("not_known")


def test_who_is_only_outside_its_hours_is_marked_and_listed_and_hours_are_words(api):
    nothing = {"via": None, "due": None, "cadence": "4h", "family": "platform", "street_code": None, "refused": 0, "seen": "2025-12-30T10:00:00+08:00", "state": "alive", "since": None}
    stations = [{**nothing, "station": "st001", "name": "甲", "hours": "1-5 08:30-11:30 13:30-17:30;6,h 20:00-08:00", "open": False}, {**nothing, "station": "st002", "name": "乙", "hours": "1-7,h 09:00-17:00", "open": True},
                {**nothing, "station": "st003", "name": "丙", "hours": "always", "open": True}]
    api.pages["/api/stations"] = {"now_ms": NOW, "counts": {}, "closed": 1, "rows": stations}
    page = browse(api.url + "#view=stations&state=closed&station=st001")
    words = page.text("view")
    assert errors(page) == [] and "其中 ☾ 非开放时间 1" in words and "其中 ●" not in words and page.text("wall_of") == "已列 1 / 3" and "● 在线 ☾ 非开放时间" in page.text("station_rows")
    assert "周一至周五 08:30–11:30、13:30–17:30;周六、节假日 20:00–次日08:00(现在未开放)" in words, words
    assert "Mon–Sun, public holidays 09:00–17:00 (open now)" in browse(api.url + "#view=stations&station=st002&lang=en").text("view")
    assert "always(现在开放)" in browse(api.url + "#view=stations&station=st003").text("view")


def test_old_numbers_are_called_old(api):
    api.clock = {**CLOCK, "age_ms": 600000}
    page = browse(api.url)
    assert "数据已停在 2026-01-01 13:00:00(10 分前)" in page.text("notice")
    api.clock = {"now": 0, "age_ms": None, "day": "1970-01-01", "zone_minutes": 480}
    assert "尚未走时" in browse(api.url).text("notice")


def test_days_that_are_none_are_no_days(api):
    api.rows["three_rates"], api.pages["/api/cases"] = [], {"now": NOW, "rows": [], "next": None}
    for address, view, day in (("#view=units&from=2026-13-99&to=2026-02-30", "closure_rate", "2025-12-26"), ("#view=cases&from=2026-02-30&to=2026-13-99", "/api/cases", None)):
        api.asked.clear()
        page = browse(api.url + address)
        assert errors(page) == [] and "暂不可用" not in page.text("notice")
        assert [query.get("from") for name, query in api.asked if name == view][0] == day
    assert browse(api.url + "#view=rates&period=days&range=all").text("rates_days") == "全部"


def test_an_api_that_is_away_is_said(api):
    api.away = True
    page = browse(api.url)
    assert "数据暂不可用" in page.text("notice") and page.text("today") == "" and page.text("clock") == "–"


def test_who_is_asked_who_he_is_signs_in_on_any_view(api):
    api.token = "its own"
    api.act = 'await signIn("its own"); await one("#today");'
    page = browse(api.url)
    assert page.text("today") == "1,234" and "sign_in" not in page.texts and "需要凭据" not in page.text("notice")
    api.act = 'await signIn("another"); await one("#sign_in .bad");'
    assert "凭据无效" in browse(api.url).text("sign_in")


def test_at_the_desk_the_way_in_is_folded_and_opens_by_a_press(api):
    api.pages["/api/desk"] = {"rows": [], "waiting": {}, "causes": [], "next": None}
    api.act = """const form = await one("#sign_in"), fold = form.closest("details"), told = [Boolean(fold) && !fold.open];
fold?.querySelector("summary").click();
dispatchEvent(new Event("redraw"));
told.push(fold?.open, document.querySelector("#person") === form.querySelector("#person"));
document.body.append(Object.assign(document.createElement("p"), { id: "folded", textContent: told.join(" ") }));
"""
    assert browse(api.url + "#view=desk").text("folded") == "true true true"
    api.token = "its own"  # where nothing else can be done it stands open
    api.act = """const form = await one("#sign_in");
document.body.append(Object.assign(document.createElement("p"), { id: "folded", textContent: String(Boolean(form.closest("details:not([open])"))) }));
"""
    assert browse(api.url + "#view=desk").text("folded") == "false"


def test_who_signs_out_leaves_nothing_behind(api):
    api.token = "its own"
    case = {"case": "request:12345:N1", "kind": "request", "cause": "fallback", "state": "waiting"}
    api.pages.update({"/api/page": {"door": "", "who": {"kind": "unit", "name": "desk", "all": True}}, "/api/desk": {"rows": [case], "waiting": {"fallback": 1}, "causes": [], "next": None}})
    api.act = """await signIn("its own");
const seen = (await one("#queue a")).textContent;
(await one("#identity button")).click();
dispatchEvent(new Event("redraw"));
await one("#notice:not([hidden])");
document.body.append(Object.assign(document.createElement("p"), { id: "answered", textContent: seen }));
"""
    page = browse(api.url + "#view=desk")
    assert "N1" in page.text("answered")
    assert "sign_in" in page.texts and page.text("queue") == page.text("status") == "" and "N1" not in page.text("view")


def test_counts_under_way_when_somebody_leaves_are_his(api):
    api.guarded, api.pages["/api/desk"] = ("/api/desk",), {"rows": [], "waiting": {"fallback": 5}, "causes": [], "next": None}
    api.act = """const [{ credential }, { forgetSeldom }, { askStatus }] = await Promise.all([import("./credential.js"), import("./api.js"), import("./status.js")]), ask = fetch;
await one("#today");
globalThis.fetch = (address, more) => {
  const answer = ask(address, more);
  if (more?.headers?.Authorization && address.includes("desk%3Flimit")) { credential.forget(); forgetSeldom(); }
  return answer;
};
credential.take("its own", "王");
forgetSeldom();
const his = (await askStatus()).waiting, next = (await askStatus()).waiting;
document.body.append(Object.assign(document.createElement("p"), { id: "answered", textContent: `${his} ${next ?? "none"}` }));
"""
    assert browse(api.url).text("answered") == "5 none"


def desk_case(number):
    return {"case": f"request:12345:{number}", "kind": "request", "state": "open", "cause": "overdue", "desk_cause": "overdue", "unit": "d_urban",
            "opened": "2026-01-01T08:00:00+08:00", "due": "2026-01-01T09:00:00+08:00", "timeline": []}


def test_what_is_said_about_one_case_is_not_told_of_another(api):
    api.pages["/api/page"] = {"door": "", "who": {"kind": "unit", "name": "desk", "all": True}}
    api.pages["/api/desk"] = {"rows": [desk_case("N1"), desk_case("N2")], "waiting": {"overdue": 2}, "causes": [{"cause": "overdue", "answers": "supervised noted"}], "next": None}
    api.pages.update({f"/api/cases/request%3A12345%3A{number}": desk_case(number) for number in ("N1", "N2")})
    api.act = """await signIn("its own");
(await one("#move_noted")).click();
const reason = await one("#decide_reason");
reason.value = "已知悉";
reason.dispatchEvent(new Event("input"));
(await one("#decide")).requestSubmit();
new MutationObserver(() => document.querySelector("#asked_title").textContent.endsWith("N2") && fetch("drawn")).observe(document.querySelector("#view"), { childList: true, subtree: true });
history.replaceState(null, "", location.hash.replace("N1", "N2"));
dispatchEvent(new HashChangeEvent("hashchange"));
await found(() => performance.getEntriesByType("resource").some((one) => one.name.endsWith("/status") && one.responseEnd));
await new Promise((done) => setTimeout(done, 300));
document.body.append(Object.assign(document.createElement("p"), { id: "answered", textContent: "yes" }));
"""
    page = browse(api.url + "#view=desk&case=request:12345:N1")
    assert [(one["case"], one["stage"], one["data"]["reason"]) for one in api.said] == [("request:12345:N1", "noted", "已知悉")]
    assert "N2" in page.text("asked_title") and "decide" in page.texts and page.text("answered") == "yes"
    assert "outcome" not in page.texts


def test_who_decides_reads_what_the_trigger_found(api):
    name, sentence = "proactive:crowded:3f9a2c", "440305002901 七日内 2 起无证经营"
    one = {"case": name, "kind": "proactive", "state": "waiting", "desk_cause": "confirm", "opened": "2026-01-01T12:00:00+08:00", "timeline": []}
    fired = {"case": name, "trigger": "crowded", "fired": "2026-01-01T12:00:00+08:00", "reason": sentence, "group": {"community_code": "440305002901"}, "count": 2,
             "evidence": ["inspection:market:XC0101", "inspection:market:XC0102"], "state": "waiting", "desk_cause": "confirm"}
    api.pages["/api/names"] = {"triggers": [{"trigger": "crowded", "name": "无证经营聚集"}]}
    api.pages["/api/desk"] = {"rows": [{**one, "cause": "confirm", "trigger": "crowded", "reason": sentence}, {**desk_case("N1"), "trigger": None, "reason": None}],
                              "waiting": {"confirm": 1, "overdue": 1}, "causes": [{"cause": "confirm", "answers": "confirmed declined"}], "next": None}
    api.pages.update({"/api/triggers": {"rows": [fired], "next": None}, f"/api/cases/{name.replace(':', '%3A')}": one, "/api/cases/request%3A12345%3AN1": desk_case("N1")})
    page = browse(f"{api.url}#view=desk&case={name}")
    assert errors(page) == [] and ("/api/triggers", {"case": name}) in api.asked
    assert "无证经营聚集" in page.text("queue") and sentence in page.text("queue") and "3f9a2c" not in page.text("queue") and "N1" in page.text("queue")
    for shown in (page, browse(f"{api.url}#view=case&case={name}")):
        for words in ("无证经营聚集", sentence, "2 件", "依据 2 条 XC0101 XC0102"):
            assert words in shown.text("finding"), shown.text("finding")
    api.asked.clear()
    page = browse(f"{api.url}#view=case&case=request:12345:N1")
    assert errors(page) == [] and "finding" not in page.texts
    assert {tuple(query) for path, query in api.asked if path == "/api/triggers"} == {("evidence", "limit")}  # what opened it is asked of no other kind


def test_what_comes_from_data_is_text(api):
    api.rows["closure_rate"].append(rate("<img src=x onerror=alert(1)>", 3, 1))
    page = browse(api.url + "#view=units&range=all")
    assert "<img src=x onerror=alert(1)> 3 1 33.3%" in page.text("rates_other_rows") and errors(page) == []


# --- any view there is ---

INSPECTION = {"view": "inspection", "name": "巡查问题", "kind": "inspection", "each": "case", "cohort": "opened", "groups": ["unit", "street_code"],
              "buckets": ["day", "month"], "scopes": ["all"], "methods": ["pooled", "mean"], "columns": [
                  {"column": "opened", "measure": "opened", "name": "发现", "form": "count"}, {"column": "rate", "measure": "rate", "name": "整改率", "form": "rate"},
                  {"column": "mend_n", "measure": "mend", "name": "整改时长", "form": "count", "stat": "n"},
                  {"column": "mend_p50_seconds", "measure": "mend", "name": "整改时长", "form": "seconds", "stat": "p50"},
                  {"column": "mark", "measure": "mark", "name": "得分", "form": "score"}]}


def inspected(opened, rate_, **by):
    return {**by, "opened": opened, "rate": rate_, "mend_n": opened, "mend_p50_seconds": 7200, "mark": rate_ and rate_ * 100, "scope": "all", "method": "pooled",
            "formula": "2026-01-01", "n": opened}


@pytest.fixture
def inspection(api):
    api.pages["/api/views"] = {"views": [{**INSPECTION, "view": "closure_rate", "name": "办结率", "kind": "request"}, INSPECTION]}
    api.pages["/api/names"] = {"kinds": [{"kind": "inspection", "name": "巡查"}]}
    api.rows["inspection"] = [inspected(3, 1 / 3, unit="d_urban"), inspected(1234, 0.5, unit="s110105001"), inspected(2, None, unit="")]
    api.rows["inspection"][0]["street_code"] = "110105001"
    return api


def test_a_view_of_an_adopters_own_is_a_table(inspection):
    page = browse(inspection.url + "#view=figures&name=inspection&range=month")
    assert errors(page) == [] and page.text("title") == "指标 · 巡查问题"
    days = {"from": "2025-12-03", "to": "2026-01-01"}
    assert ("inspection", {**days, "by": "unit"}) in inspection.asked and ("inspection", days) in inspection.asked  # rows, and their sum
    assert len([view for view, _ in inspection.asked if view == "inspection"]) == 2  # after five seconds not once more: it may be dear
    table = page.text("figures")
    for words in ("承办单位 发现 ▼ 整改率 整改时长 件数 整改时长 中位数 得分", "区城市管理委 3 33.3% 3 2.0 时 33.33", "建外街道办事处 1,234 50.0% 1,234 2.0 时 50.00", "(未派单) 2 无数据 2 2.0 时 无数据",
                  "合计 3 33.3%"):
        assert words in table, table
    assert table.index("1,234") < table.index("区城市管理委")  # the most first
    assert "公式自 2026-01-01" in page.text("view") and "citybrain views show inspection --by unit" in page.text("view")
    assert "#range=month&from=2025-12-03&to=2026-01-01&view=cases&kind=inspection&unit=d_urban" in page.links.splitlines()
    assert [link for link in page.links.splitlines() if "by=month" in link and "name=inspection" in link] and "范围" not in page.text("view")


def test_what_a_district_made_itself_is_called_as_it_says(inspection):
    """Limit classes, rules, fields and their values: in one language or in two."""
    inspection.pages["/api/names"] = {"limit_classes": [{"class": "7d", "name": "七天", "name_en": "a week"}], "rules": [{"rule": "R0105", "name": "巡查归局"}],
                                      "stations": [{"station": "st001", "name": "建外便民站"}],
                                      "fields": [{"field": "risk", "name": "风险", "name_en": "Risk"}, {"field": "risk:1", "name": "高", "name_en": "high"}]}
    own = {**INSPECTION, "groups": ["limit_class", "rule", "risk", "station"]}
    inspection.pages["/api/views"] = {"views": [own]}
    inspection.rows["inspection"] = [inspected(7, 1, limit_class="7d", rule="R0105", risk="1", station="st001"), inspected(5, 1, limit_class="9d", rule="adopted", risk="4")]
    table = lambda by, **more: browse(inspection.url + f"#view=figures&name=inspection&by={by}" + "".join(f"&{k}={v}" for k, v in more.items())).text("figures")
    for by, words in (("limit_class", ("时限等级 发现", "七天 7", "9d 5")), ("rule", ("规则 发现", "巡查归局 7", "承接来单指定 5")), ("risk", ("风险 发现", "高 7", "4 5")), ("station", ("站点 发现", "建外便民站 7"))):
        shown = table(by)
        assert all(one in shown for one in words), shown
    assert "a week 7" in table("limit_class", lang="en") and "Risk 发现" in table("risk", lang="en") and "high 7" in table("risk", lang="en")
    one = {**desk_case("N1"), "limit_class": "7d", "timeline": [{"event_id": "1", "time": "2026-01-01T08:00:00+08:00", "recorded": "2026-01-01T08:00:00+08:00",
           "stage": "dispatched", "party": "router", "effect": "counts", "words": "派单给区城市管理委", "rule": "R0105", "live": True}]}
    inspection.pages["/api/cases/request%3A12345%3AN1"] = one
    page = browse(inspection.url + "#view=case&case=request:12345:N1")
    assert errors(page) == [] and "七天" in page.text("view") and "7d" not in page.text("view") and "规则 巡查归局" in page.text("timeline")


def test_what_has_two_names_is_called_by_the_one_of_the_switch(inspection):
    columns = [{**one, **({"name_en": "Put right"} if one["column"] == "rate" else {})} for one in INSPECTION["columns"]]
    inspection.pages["/api/views"] = {"views": [{**INSPECTION, "name_en": "Inspections", "columns": columns, "groups": ["type_code", "trigger", "feed"]}]}
    inspection.pages["/api/names"] = {"kinds": [{"kind": "inspection", "name": "巡查", "name_en": "Inspection"}], "triggers": [{"trigger": "t1", "name": "聚集", "name_en": "Many"}],
                                      "feeds": [{"feed": "f1", "name": "来源"}], "types": [{"code": "R02", "parent_code": "", "name": "公共服务", "name_en": "Utilities"}],
                                      "type_groups": [{"group": "heating", "name": "供暖", "name_en": "Heating", "types": ["R02"]}]}
    inspection.rows["inspection"] = [inspected(7, 1, type_code="R02", trigger="t1", feed="f1")]
    page = browse(inspection.url + "#view=figures&name=inspection&by=type_code,trigger&lang=en&type=heating")
    assert errors(page) == [] and page.text("title") == "Figures · Inspections" and "Put right" in page.text("figures") and "Utilities Many 7" in page.text("figures")
    assert "Inspection" in page.text("view") and "Heating" in page.text("view")
    assert "来源 7" in browse(inspection.url + "#view=figures&name=inspection&by=feed&lang=en").text("figures")  # it has no other
    page = browse(inspection.url + "#view=figures&name=inspection&by=type_code,trigger")
    assert page.text("title") == "指标 · 巡查问题" and "公共服务 聚集 7" in page.text("figures") and "整改率" in page.text("figures")


def test_the_views_are_listed_and_lead_to_their_pages(inspection):
    page = browse(inspection.url + "#view=figures&lang=en")
    assert errors(page) == [] and page.text("title") == "Figures"
    listed = page.text("view_list")
    assert listed.index("巡查问题") < listed.index("办结率") and "Lead unit · Street" in listed and "发现 · 整改率 · 整改时长 · 得分" in listed
    assert {"#lang=en&view=figures&name=inspection", "#lang=en&view=units"} <= set(page.links.splitlines())


def test_a_view_by_days_and_of_all(inspection):
    inspection.rows["inspection"] = [inspected(3, 1, month="2025-12-01"), inspected(2, 1, month="2026-01-01")]
    page = browse(inspection.url + "#view=figures&name=inspection&by=month,nothing,day&range=all")
    assert ("inspection", {"by": "month"}) in inspection.asked and "2025-12 3 100.0%" in page.text("figures")
    assert "#range=all&from=2025-12-01&to=2025-12-31&view=cases&kind=inspection" in page.links.splitlines()
    assert page.text("figures").index("2026-01") < page.text("figures").index("2025-12")  # the newest first
    inspection.pages["/api/page"] = {"door": "", "who": {"kind": "unit", "name": "d_urban", "all": False}}
    page = browse(inspection.url + "#view=figures&name=inspection&by=total")
    assert "仅含本单位" in page.text("view")  # whose rows and sum are its own
    assert errors(page) == [] and "合计 3 100.0% 3 2.0 时 100.00" in page.text("figures")


def test_a_mean_of_units_is_of_rates_alone(inspection):
    inspection.rows["inspection"] = [{"street_code": "110105001", "rate": 0.25, "mark": None, "scope": "all", "method": "mean", "formula": "always", "n": 2}]
    page = browse(inspection.url + "#view=figures&name=inspection&by=street_code&method=mean")
    assert "发生街乡 整改率 ▼ 得分 单位数" in page.text("figures") and "110105001 25.0% 无数据 2" in page.text("figures")
    inspection.asked.clear()
    browse(inspection.url + "#view=figures&name=inspection&by=unit&method=mean")
    assert not [query for view, query in inspection.asked if view == "inspection" and "method" in query]  # not by them


def test_a_view_by_two_of_its_groups_for_the_public(inspection):
    few = {**inspected(None, None, unit="d_urban", street_code="110105001"), "suppressed": True}
    inspection.rows["inspection"] = [few, inspected(40, 0.5, unit="d_urban", street_code="110105002")]
    page = browse(inspection.url + "#view=figures&name=inspection&by=unit,street_code&audience=public&range=all")
    assert ("inspection", {"by": "unit,street_code", "audience": "public"}) in inspection.asked and ("inspection", {"audience": "public"}) in inspection.asked
    assert errors(page) == [] and "按承办单位 × 发生街乡" in page.text("figures") and "区城市管理委 110105002 40 50.0%" in page.text("figures")
    assert "区城市管理委 110105001 不足 5 不足 5" in page.text("figures")
    assert "#range=all&view=cases&kind=inspection&unit=d_urban&street=110105002" in page.links.splitlines()
    assert "合计" not in page.text("figures")  # less the others it would be what was left out
    inspection.rows["inspection"] = [inspected(40, 0.5, unit="d_urban", street_code="110105002")]
    assert "合计" in browse(inspection.url + "#view=figures&name=inspection&by=unit,street_code&audience=public&range=all").text("figures")


def test_of_many_numbers_those_of_one_measure(inspection):
    inspection.pages["/api/views"]["views"][1] = {**INSPECTION, "columns": [*INSPECTION["columns"], {"column": "wait_n", "measure": "wait", "name": "等待", "form": "count", "stat": "n"}]}
    page = browse(inspection.url + "#view=figures&name=inspection&col=mend&range=all")
    assert errors(page) == [] and "承办单位 整改时长 件数 ▼ 整改时长 中位数 建外街道办事处 1,234 2.0 时 区城市管理委 3" in page.text("figures")
    assert [link for link in page.links.splitlines() if "col=wait" in link]


def test_the_picture_of_a_view_is_of_what_it_is_sorted_by(inspection):
    inspection.charts = (ROOT / ".run" / "web" / "echarts.min.js").read_bytes()
    page = browse(inspection.url + "#view=figures&name=inspection&sort=figures.rate.down")
    assert errors(page) == [] and page.drawn == {"values"} and page.text("values_title") == "整改率"
    assert "仅含本单位" not in page.text("view")
    assert page.text("values_rows") == "承办单位 承办单位 整改率 建外街道办事处 50.0% 区城市管理委 33.3%"
    inspection.rows["inspection"] = [inspected(3, 1, day="2025-12-30"), inspected(2, 1, day="2025-12-31")]
    page = browse(inspection.url + "#view=figures&name=inspection&by=day&range=all")
    assert errors(page) == [] and page.drawn == {"values"} and "2025-12-30 3 2025-12-31 2" in page.text("values_rows")


def test_a_row_leads_to_a_list_of_just_what_it_counts_or_to_none(inspection):
    def lists(words="", **view):
        inspection.pages["/api/views"]["views"][1] = {**INSPECTION, "scopes": ["all", "net"], **view}
        page = browse(inspection.url + "#view=figures&name=inspection&range=all" + words)
        assert errors(page) == [] and "区城市管理委" in page.text("figures")
        return [link for link in page.links.splitlines() if "view=cases" in link and link.endswith("unit=d_urban")]
    assert lists() == ["#range=all&view=cases&kind=inspection&unit=d_urban"]
    assert lists(cohort="due") == []  # a list is of days of opening
    assert lists("&scope=net") == []  # and has the excluded too
    level = {"column": "opened", "name": "在办", "form": "level"}
    assert lists(cohort=None, columns=[{**level, "measure": "open"}]) == [f"#range=all&view=cases&kind=inspection&{NOT_CLOSED}&unit=d_urban"]
    assert lists(cohort=None, columns=[{**level, "measure": "overdue"}]) == ["#range=all&view=cases&kind=inspection&overdue=yes&unit=d_urban"]
    assert lists(cohort=None, columns=[{**level, "measure": "at_the_office"}]) == []


def test_where_a_view_left_nothing_out_that_is_said(inspection):
    inspection.pages["/api/views"]["views"][1] = {**INSPECTION, "scopes": ["all", "net"]}
    page = browse(inspection.url + "#view=figures&name=inspection&scope=net")
    assert errors(page) == [] and page.text("none_excluded") == "没有剔除,与全口径相同"
    assert browse(inspection.url + "#view=figures&name=inspection&scope=net&lang=en").text("none_excluded") == "Nothing was excluded: the same as all"
    assert "none_excluded" not in browse(inspection.url + "#view=figures&name=inspection").texts
    rows = inspection.rows["inspection"]
    mean = [{"street_code": "110105001", "rate": 0.25, "mark": None, "scope": "all", "method": "mean", "formula": "always", "n": 2}]
    inspection.rows["inspection"] = lambda query: mean if query.get("method") == "mean" else [inspected(1233 if query.get("scope") == "net" else 1234, 0.5)]
    for words in ("", "&by=street_code&method=mean"):  # means of units may be equal where something was left out
        page = browse(inspection.url + "#view=figures&name=inspection&scope=net" + words)
        assert errors(page) == [] and "none_excluded" not in page.texts
    for none in ([], [{**rows[0], "n": 0}], [{**rows[0], "n": None, "suppressed": True}]):  # of nothing, and of too few, nobody knows
        inspection.rows["inspection"] = none
        assert "none_excluded" not in browse(inspection.url + "#view=figures&name=inspection&scope=net").texts


def test_a_view_by_its_rules_calls_them_as_its_kind_does(inspection):
    inspection.pages["/api/names"] = {"kinds": [{"kind": "inspection", "name": "巡查", "stages": {"sealed": ["查封", "sealed up"]}}, {"kind": "request", "name": "诉求", "stages": {"sealed": ["封存", "put away"]}}]}
    inspection.pages["/api/views"]["views"][1] = {**INSPECTION, "groups": ["rule"]}
    inspection.rows["inspection"] = [inspected(3, 1, rule="sealed")]
    page = browse(inspection.url + "#view=figures&name=inspection&by=rule")
    assert errors(page) == [] and "查封 3" in page.text("figures") and "封存" not in page.text("view")


def test_a_view_that_is_empty_or_not_there_says_so(inspection):
    inspection.rows["inspection"] = []
    page = browse(inspection.url + "#view=figures&name=inspection")
    assert errors(page) == [] and "此时段无数据" in page.text("view") and "全部" in page.text("view")
    page = browse(inspection.url + "#view=figures&name=another")
    assert "没有视图 another" in page.text("no_view") and "巡查问题" in page.text("view_list")
    del inspection.rows["inspection"]
    assert "没有此记录" in browse(inspection.url + "#view=figures&name=inspection").text("view")


# --- what an operator asks: docs/page.md ---


def test_what_a_list_was_narrowed_to_is_told(api):
    api.pages["/api/cases"] = {"now": NOW, "rows": [], "next": None}
    page = browse(api.url + "#view=cases&unit=d_urban&from=2025-12-30&to=2025-12-31&state=open")
    assert ("/api/cases", {"unit": "d_urban", "from": "2025-12-30", "to": "2026-01-01", "state": "open", "limit": "100"}) in api.asked
    assert errors(page) == [] and "单位 全部 区城市管理委" in page.text("view") and "受理于 全部 今日 近 7 日 2025-12-30 – 2025-12-31" in page.text("view")
    assert "单位" not in browse(api.url + "#view=cases").text("view")


def test_units_say_what_they_sent_back_and_lead_to_what_is_late(api):
    api.rows["overdue"] = [{"unit": "d_urban", "overdue": 3}]
    assert "异议" not in browse(api.url + "#view=units").text("units")
    api.rows["dispute"] = [{"unit": "s110105001", "dispatched": 0, "upheld": 0, "disputed": 41, "returned": 30, "upheld_in": 32}, {"unit": "d_urban", "dispatched": 30, "upheld": 30, "disputed": 0, "returned": 0}]
    page = browse(api.url + "#view=units")
    assert errors(page) == [] and "退单成立 提出异议 其中成立 成立率" in page.text("units") and "41 30 73.2%" in page.text("units") and "0 0 –" in page.text("units")
    assert "view=cases&kind=request&unit=d_urban&overdue=yes&order=due" in page.links
    # who disputed leads it no more: of all together there is a list
    assert page.links.count("did=upheld&did_from=2025-12-26&did_to=2026-01-01") == 1 and "裁定成立的,不论何日提出" in page.text("units_defined")
    # a view without that column says nothing of it
    api.rows["dispute"] = [{key: value for key, value in row.items() if key != "upheld_in"} for row in api.rows["dispute"]]
    page = browse(api.url + "#view=units")
    assert errors(page) == [] and "– 41 30 73.2%" in page.text("units") and "– 41 30 73.2%" in page.text("units").split("合计")[1] and "did=upheld" not in page.links
    api.asked.clear()
    assert "异议" not in browse(api.url + "#view=units&type=R0201").text("units")  # it is counted by rule, not by type
    assert "dispute" not in [view for view, _ in api.asked]


def test_a_rate_says_what_it_is_of(inspection):
    """What falls due tomorrow the view itself leaves out."""
    assert "到期(时限在这些天内的" in browse(f"{inspection.url}#view=units").text("units_defined")
    columns = [{**one, "of": ["mended", "opened"]} if one["column"] == "rate" else one for one in INSPECTION["columns"]]
    columns.append({"column": "mended", "measure": "mended", "name": "已整改", "form": "count"})
    inspection.pages["/api/views"]["views"][1] = {**INSPECTION, "columns": columns}
    page = browse(inspection.url + "#view=figures&name=inspection")
    assert errors(page) == []
    assert page.text("figures_defined").replace(" ;", ";") == "整改率 = 已整改 ÷ 发现;时长算给结束时的承办单位,计数算给现在的(按自己的日子计的,算给当时的)"
    for way in "street_code", "total":  # whose it is makes no difference there
        assert browse(f"{inspection.url}#view=figures&name=inspection&by={way}").text("figures_defined") == "整改率 = 已整改 ÷ 发现"
    inspection.pages["/api/views"]["views"][1] = {**INSPECTION, "columns": columns, "cohort": "due"}
    said = browse(inspection.url + "#view=figures&name=inspection&by=month").text("figures_defined")
    assert "整改率 = 已整改 ÷ 发现" in said and "到期 = 时限在今日及以前的" in said


def test_a_list_says_how_many_there_are(api):
    api.rows["backlog"], api.rows["overdue"] = [{"unit": "d_urban", "open": 324, "held": 1}], [{"unit": "d_urban", "overdue": 7}]
    api.rows["places"] = [{"unit": "d_urban", "opened": 30, "doubles": 2}]
    api.pages["/api/cases"] = {"now": NOW, "rows": [desk_case("N1"), desk_case("N2")], "next": "1"}
    for words, said in ((f"&unit=d_urban&{NOT_CLOSED}", "已列 2 / 324 件"), ("&unit=d_urban&overdue=yes&order=due", "已列 2 / 7 件"), ("&street=110105001&from=2025-12-01&to=2025-12-02", "已列 2 / 32 件"),
                        (f"&street=110105001&{NOT_CLOSED}", "已列 2 件,后面还有")):  # of a place there is no stock
        page = browse(f"{api.url}#view=cases&kind=request{words}")
        assert errors(page) == [] and page.text("agreement") == f"● {said}"
    assert ("places", {"street_code": "110105001", "from": "2025-12-01", "to": "2025-12-02"}) in api.asked
    api.pages["/api/cases"]["next"] = None
    assert browse(f"{api.url}#view=cases&kind=request&{NOT_CLOSED}").text("agreement") == "● 已列 2 件"  # the clock may have gone on between


NOT_CLOSED = "state=waiting%2Copen%2Cheld%2Cresolved%2Cmerged"  # as long as a stock counts it


def test_a_number_leads_to_the_cases_it_counts(api):
    api.rows["backlog"], api.rows["overdue"] = [{"unit": "d_urban", "open": 7, "held": 1}], [{"unit": "d_urban", "overdue": 3}]
    api.pages["/api/cases"] = {"now": NOW, "rows": [], "next": None}
    links = browse(api.url + "#view=overview&from=2025-12-01&to=2025-12-02").links.splitlines()
    # what is most urgent is of requests too, as are the numbers beside it
    assert [query for path, query in api.asked if path == "/api/cases"][0] == {"kind": "request", "order": "due", "limit": "8"}
    assert "#view=cases&kind=request&order=due" in links and "#view=cases&kind=request" in links
    assert "#from=2026-01-01&to=2026-01-01&view=cases&kind=request" in links  # 今日受理
    assert f"#view=cases&kind=request&{NOT_CLOSED}" in links and "#view=cases&kind=request&overdue=yes&order=due" in links
    links = browse(api.url + "#view=units&from=2025-12-01&to=2025-12-02").links.splitlines()
    assert links.count(f"#view=cases&kind=request&unit=d_urban&{NOT_CLOSED}") == 3  # in two tiers, and in the table
    page = browse(api.url + "#view=times&from=2025-12-01&to=2025-12-02")
    assert "#view=cases&unit=d_urban&kind=request&state=waiting%2Copen%2Cheld&order=due" in page.links.splitlines()


def test_a_place_says_what_is_open_and_overdue_there_now(api):
    counted = {"street_code": "110105001", "opened": 2, "contacted": 2, "done": 1, "on_time": 1, "closed": 1}
    api.rows["places"], api.rows["backlog"], api.rows["overdue"] = [counted], [{"street_code": "110105001", "open": 5, "held": 1}], [{"street_code": "110105001", "overdue": 3}]
    groups = ["unit", "type_code", "street_code"]
    api.pages["/api/views"] = {"views": [{**INSPECTION, "view": view, "groups": [*groups, "community_code"]} for view in ("backlog", "overdue")]}
    page = browse(api.url + "#view=place&range=week")
    assert errors(page) == [] and page.text("agreement") == "● 1 行之和与合计一致" and (page.text("sum_open"), page.text("sum_overdue")) == ("5", "3")
    assert "110105001 2 2 1 1 1 50.0% 100.0% 50.0% 5 3" in page.text("places") and "不论哪天受理" in page.text("places_defined")
    # as they are now, whatever days were chosen; and as lists
    assert [query for view, query in api.asked if view == "overdue"][:2] == [{}, {"by": "street_code"}]
    assert "#range=week&view=cases&kind=request&street=110105001&overdue=yes&order=due" in page.links.splitlines()
    assert f"#range=week&view=cases&kind=request&street=110105001&{NOT_CLOSED}" in page.links.splitlines()
    # where nothing was opened in these days something may still be late; and what does not add up is told
    api.rows["overdue"].append({"street_code": "110105002", "overdue": 4})
    page = browse(api.url + "#view=place&range=week")
    assert errors(page) == [] and page.text("agreement") == "▲ 各行之和与合计不符:超期未办" and "110105002 0 0 0 0 0 无数据 无数据 无数据 0 4" in page.text("places")
    api.asked.clear()
    api.pages["/api/cases"] = {"now": NOW, "rows": [desk_case("N1"), desk_case("N2")], "next": "1"}
    assert browse(f"{api.url}#view=cases&kind=request&street=110105001&{NOT_CLOSED}").text("agreement") == "● 已列 2 / 5 件"
    assert browse(api.url + "#view=cases&kind=request&community=110105001002&overdue=yes&order=due").text("agreement") == "● 已列 2 / 3 件"
    assert ("backlog", {"street_code": "110105001"}) in api.asked and ("overdue", {"community_code": "110105001002"}) in api.asked
    # a district that keeps them by fewer sees them as far down as they go
    api.pages["/api/views"]["views"][1]["groups"] = groups
    api.asked.clear()
    page = browse(api.url + "#view=place&range=week&street=110105001")
    assert errors(page) == [] and page.text("sum_open") == "5" and not page.text("sum_overdue")
    assert [query for view, query in api.asked if view in ("backlog", "overdue")][:2] == [{"street_code": "110105001"}, {"street_code": "110105001", "by": "community_code"}]
    assert "overdue" not in [view for view, _ in api.asked]


def test_the_communities_of_all_streets_stand_beside_each_other_the_latest_first(api):
    api.pages["/api/names"] = {"divisions": [{"code": "110105001", "parent_code": "110105", "level": "street", "name": "建外街道办事处"},
                                             {"code": "110105001002", "parent_code": "110105001", "level": "community", "name": "光华里社区"}]}
    api.pages["/api/views"] = {"views": [{**INSPECTION, "view": view, "groups": ["unit", "street_code", "community_code"]} for view in ("backlog", "overdue")]}
    counted = {"opened": 2, "contacted": 2, "done": 1, "on_time": 1, "closed": 1}
    api.rows["places"] = [{"community_code": "110105002003", **counted, "opened": 9}, {"community_code": "110105001002", **counted}]
    api.rows["backlog"], api.rows["overdue"] = [{"community_code": "110105001002", "open": 5, "held": 0}], [{"community_code": "110105001002", "overdue": 3}]
    page = browse(api.url + "#view=place&range=week&of=community")
    assert errors(page) == [] and "建外街道办事处 光华里社区 2 2 1 1 1 50.0% 100.0% 50.0% 5 3 110105002003 9" in page.text("places"), page.text("places")
    assert ("overdue", {"by": "community_code"}) in api.asked and ("places", {"from": "2025-12-26", "to": "2026-01-01", "by": "community_code"}) in api.asked
    links = page.links.splitlines()
    assert "#view=place&range=week&street=110105001&community=110105001002" in links and "#view=place&range=week" in links
    assert "#range=week&view=cases&kind=request&street=110105001&community=110105001002&overdue=yes&order=due" in links
    assert "#view=place&range=week&of=community" in browse(api.url + "#view=place&range=week").links.splitlines()
    assert "of=community" not in browse(api.url + "#view=place&range=week&street=110105001").links


NAMES = {"types": [{"code": code, "parent_code": code[:3] if len(code) > 3 else "", "name": name} for code, name in
                   (("R02", "公共服务"), ("R0201", "供暖不热"), ("R0202", "供暖收费"), ("R0203", "停水"), ("R03", "物业"), ("R0301", "物业收费"))],
         "type_groups": [{"group": "heating", "name": "供暖", "types": ["R0201", "R0202"]}]}
ASKED = [("", {}), ("R0201", {"type_code": "R0201"}), ("R02", {"type_code": "R02,R0201,R0202,R0203"}), ("heating", {"type_group": "heating"}),
         ("heating,R03,R0203", {"type_code": "R03,R0203,R0301", "type_group": "heating"})]


def test_types_are_chosen_one_several_or_by_what_they_are_called_together(api):
    api.pages["/api/names"], api.pages["/api/cases"] = NAMES, {"now": NOW, "rows": [], "next": None}
    for view in ("backlog", "overdue", "on_time", "repeat"):
        api.rows[view] = [{"unit": "d_urban", "open": 7, "overdue": 3, "opened": 1, "due": 1, "on_time": 1, "rate": 1}]
    for page_, views in (("units", ("closure_rate", "on_time", "backlog", "overdue")), ("times", ("response_time", "closure_rate")), ("repeats", ("repeat",)), ("cases", ("/api/cases",))):
        for words, wanted in ASKED if page_ == "units" else ASKED[-1:]:
            api.asked.clear()
            page = browse(f"{api.url}#view={page_}&type={words}")
            assert errors(page) == []
            told = [{name: value for name, value in query.items() if name.startswith("type_")} for view, query in api.asked if view in views]
            assert told and all(one == wanted for one in told), (page_, words, told)
    page = browse(api.url + "#view=times&type=heating%2CR0301")
    assert "合称" in page.text("view") or "供暖 ×" in page.text("view")
    assert {"#view=times&type=R0301", "#view=times&type=heating"} <= set(page.links.splitlines())  # each can be taken out
    assert "#view=cases&unit=d_urban&kind=request&type=heating%2CR0301&state=waiting%2Copen%2Cheld&order=due" in page.links.splitlines()


def test_a_select_of_types_keeps_what_was_chosen_and_adds_to_it(api):
    api.pages["/api/names"] = NAMES
    api.act = """const pick = (select, value) => { select.value = value; select.dispatchEvent(new Event("change")); };
const fields = () => [...document.querySelectorAll(".controls select")];
await found(() => fields().length === 1 && document.body.dataset.drawn);
const first = fields()[0].textContent;
pick(fields()[0], "heating");
await found(() => fields().length === 2);
pick(fields()[1], "R0301");
await found(() => document.querySelectorAll(".controls a[data-key]").length === 2);
document.body.append(Object.assign(document.createElement("p"), { id: "answered", textContent: [first.slice(0, 6), location.hash, fields()[0].selectedOptions[0].textContent,
  fields()[1].value, [...fields()[1].options].some((one) => one.value === "heating")].join("|") }));
"""
    assert browse(api.url + "#view=times").text("answered") == "全部类型供暖|#view=times&type=heating%2CR0301|供暖、物业收费||false"


def test_any_view_by_types_is_asked_of_some(inspection):
    inspection.pages["/api/names"] = {**inspection.pages["/api/names"], **NAMES}
    inspection.pages["/api/views"]["views"][1] = {**INSPECTION, "groups": ["unit", "type_code"]}
    page = browse(inspection.url + "#view=figures&name=inspection&range=all&type=heating")
    assert errors(page) == [] and ("inspection", {"by": "unit", "type_group": "heating"}) in inspection.asked and ("inspection", {"type_group": "heating"}) in inspection.asked
    assert "#range=all&view=cases&kind=inspection&type=heating&unit=d_urban" in page.links.splitlines()
    assert "citybrain views show" not in page.text("view")  # which cannot be asked of some
    inspection.pages["/api/views"]["views"][1] = INSPECTION
    inspection.asked.clear()
    assert "再加" not in browse(inspection.url + "#view=figures&name=inspection&range=all&type=heating").text("view")
    assert ("inspection", {"by": "unit"}) in inspection.asked  # its rows know no types


def test_units_are_held_against_each_other_over_a_week_where_nobody_says_which_days(api):
    week, today = {"from": "2025-12-26", "to": "2026-01-01"}, {"from": "2026-01-01", "to": "2026-01-01"}
    for view, name in (("units", "closure_rate"), ("times", "response_time")):
        for words, days in (("", week), ("&range=today", today)):
            api.asked.clear()
            page = browse(f"{api.url}#view={view}{words}")
            assert (name, {**days, "by": "unit"}) in api.asked
            assert f"#view={view}" in page.links.splitlines()  # its own choice, which needs no word
    page = browse(api.url)
    assert "#range=today&view=units" in page.links.splitlines()  # today's rate is of today
    assert "#view=units" in page.links.splitlines()


def test_rates_are_by_rank_and_who_has_none_is_last(api):
    def rated(unit, valid, score):
        return {"unit": unit, "orders": 9, "reviewed": valid, "valid": valid, "response": 1, "solution": 0.5, "satisfaction": 0.5, "score": score, "formula": "2025-01-01"}
    api.rows["three_rates"] = [rated("a_none", 0, None), rated("b", 3, "55.10"), rated("c", 3, "91.00"), rated("d_mixed", 3, None), rated("e", 2, "91.00"), rated("f", 2, "9.50")]
    page = browse(api.url + "#view=rates")
    assert errors(page) == []
    told = page.text("rates")
    places = [told.index(f" {words} ") for words in ("c 1", "e 1", "b 3", "f 4", "d_mixed 不排名", "a_none 不排名")]
    assert places == sorted(places) and told.rstrip().endswith("无数据"), told
    assert all(words in page.text("view") for words in ("= 联系到的 ÷ 有效回访", "= 解决的 ÷ 有效回访", "= 满意(基本满意折算) ÷ 有效回访"))
    assert "满意率 = (满意 + 0.9 × 基本满意) ÷ 有效回访" in page.text("rates_defined") and "不足 5 件" in page.text("rates_defined")
    told = browse(api.url + "#view=rates&sort=rates.score.up").text("rates")
    places = [told.index(f" {words} ") for words in ("f 4", "b 3", "c 1", "a_none 不排名")]
    assert places == sorted(places), told


def test_streets_are_ranked_apart_as_in_the_report(api):
    """By score, then by orders; who is nobody has no rank, however good his score."""
    def rated(unit, orders, score):
        return {"unit": unit, "orders": orders, "reviewed": 9, "valid": 9, "response": 1, "solution": 0.5, "satisfaction": 0.5, "score": score, "formula": "2025-01-01"}
    api.rows["three_rates"] = [rated("", 90, "99.00"), rated("d_urban", 9, "80.00"), rated("d_more", 12, "80.00"), rated("s110105001", 9, "70.00"), rated("d_less", 9, "60.00")]
    page = browse(api.url + "#view=rates")
    assert errors(page) == []
    told = page.text("rates")
    places = [told.index(f" {words} ") for words in ("建外街道办事处 1 街乡", "d_more 1 区直单位", "区城市管理委 2 区直单位", "d_less 3 区直单位", "不排名 –")]
    assert places == sorted(places), told


def test_where_nothing_was_excluded_that_is_said(api):
    rated = {"unit": "b", "orders": 9, "reviewed": 3, "valid": 3, "response": 1, "solution": 0.5, "satisfaction": 0.5, "score": "55.10", "formula": "2025-01-01"}
    api.rows["three_rates"] = [rated]
    assert browse(api.url + "#view=rates&scope=net").text("none_excluded") == "没有剔除,与全口径相同"
    assert "none_excluded" not in browse(api.url + "#view=rates").texts
    api.rows["three_rates"] = lambda query: [{**rated, "orders": 8 if query.get("scope") == "net" else 9}]
    page = browse(api.url + "#view=rates&scope=net")
    assert errors(page) == [] and "none_excluded" not in page.texts


def test_the_score_says_what_weighs_how_much(api):
    versions = [{"valid_from": "2019-01-01", "weights": {"response": 0.2, "solution": 0.4, "satisfaction": 0.4}}, {"valid_from": "2025-01-01", "weights": {"response": 0.125, "own": 0.875}}]
    api.pages["/api/views"] = {"views": [{"view": "three_rates", "groups": ["unit"], "columns": [{"column": "own", "name": "自评"}, {"column": "score", "name": "综合成绩", "form": "score", "versions": versions}]}]}
    rated = {"unit": "b", "orders": 9, "reviewed": 3, "valid": 3, "response": 1, "solution": 0.5, "satisfaction": 0.5, "score": "55.10", "formula": "2019-01-01"}
    api.rows["three_rates"] = [rated]
    page = browse(api.url + "#view=rates")
    assert errors(page) == [] and page.text("weights") == "响应 20 % · 解决 40 % · 满意 40 %"
    assert browse(api.url + "#view=rates&lang=en").text("weights") == "response 20 % · solution 40 % · satisfaction 40 %"
    api.rows["three_rates"] = [{**rated, "formula": "2025-01-01"}]
    assert browse(api.url + "#view=rates").text("weights") == "响应 12.5 % · 自评 87.5 %"
    api.rows["three_rates"] = [{**rated, "formula": "2024-07-01"}]  # of another formula of the view, dated anew
    assert browse(api.url + "#view=rates").text("weights") == "响应 20 % · 解决 40 % · 满意 40 %"
    api.rows["three_rates"] = [{**rated, "formula": "mixed", "score": None}]
    assert "weights" not in browse(api.url + "#view=rates").texts


def test_what_two_systems_tell_is_listed_and_counted_once(api):
    api.rows["places"] = [{"unit": "d_urban", "opened": 1, "contacted": 1, "done": 1, "on_time": 1, "closed": 0, "doubles": 1}]
    api.pages["/api/cases"] = {"now": NOW, "rows": [desk_case("N1"), desk_case("N2")], "next": None}
    assert browse(api.url + "#view=place&unit=d_urban").text("agreement") == "● 已列 2 / 2 件 · 其中双系统重复 1 件,不计入受理"
    api.rows["places"][0]["doubles"] = 0
    assert browse(api.url + "#view=place&unit=d_urban").text("agreement") == "▲ 已列 2 / 1 件"


def test_who_has_nothing_done_is_among_the_slow(api):
    api.rows["response_time"] = [times("s110105001", 900, 1800, 7200)]
    page = browse(api.url + "#view=times")
    assert "另有 2 个有受理而还没有一件走到这一步" in " ".join(sum(page.texts.values(), []))
    assert errors(page) == [] and "区城市管理委 5 0 – –" in page.text("times_other_rows") and "建外街道办事处 1,234 900" in page.text("times_street_rows")


def line(n, stage, party, hour, words):
    time = f"2026-01-01T{hour:02}:00:00+08:00"
    return {"n": n, "stage": stage, "party": party, "words": words, "time": time, "recorded": time, "live": True, "effect": "counts", "event_id": str(n)}


def test_a_late_case_says_what_was_done_last(api):
    name = "request:12345:N1"
    lines = [line(1, "opened", "source", 8, "受理"), line(2, "dispatched", "router", 9, "派单"), line(3, "signed", "lead", 10, "已签收"),
             line(4, "contacted", "lead", 10, "已联系诉求人"), line(5, "overdue", "router", 12, "超期")]
    one = {"case": name, "kind": "request", "state": "open", "unit": "d_urban", "opened": lines[0]["time"], "due": lines[4]["time"], "timeline": lines}
    api.pages[f"/api/cases/{name.replace(':', '%3A')}"] = one
    page = browse(f"{api.url}#view=case&case={name}")
    assert errors(page) == [] and "最近一步:已联系诉求人(3.0 时前),此后无进展。" in page.text("why") and "已过 60 分" in page.text("why")
    api.pages[f"/api/cases/{name.replace(':', '%3A')}"] = {**one, "timeline": lines[:2]}
    assert "最近一步" not in browse(f"{api.url}#view=case&case={name}").text("why")  # it says instead what does not follow


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
