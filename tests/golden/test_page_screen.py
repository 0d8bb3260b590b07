# SPDX-License-Identifier: Apache-2.0
"""The wall screen over an API of canned answers: nothing is cut, and every line has its turn."""
import json
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
from browser import browse  # noqa: E402
from test_page import INSPECTION, NOW, api, desk_case, errors, times  # noqa: E402 F401 the fixture is theirs
from test_page_cases import NAMES, at, fired  # noqa: E402

CUT = """await one("#urgent tbody tr, #screen_urgent .none");
await new Promise((done) => setTimeout(done, 300));
const name = (box) => `${box.tagName}#${box.id}.${box.className} ${box.closest("[id]")?.id} ${box.textContent.slice(0, 20)}`;
const shown = (box) => box.offsetParent && !box.closest(".hear, .leave, .chart");
const cut = [...document.querySelectorAll("#top *, #view, #view *")].filter(shown).filter((box) => {
  const at = box.getBoundingClientRect(), way = getComputedStyle(box);
  const hides = way.overflowX !== "visible" || way.overflowY !== "visible";
  return at.right > innerWidth + 1 || at.bottom > innerHeight + 1 || (hides && (box.scrollWidth > box.clientWidth + 1 || box.scrollHeight > box.clientHeight + 1));
}).map(name);
const over = [...document.querySelectorAll("#view .tile > *, #view .cell > *, #view .panel > *")].filter(shown).filter((box) => {
  const at = box.getBoundingClientRect(), room = box.parentElement.getBoundingClientRect();
  return at.right > room.right + 1 || at.bottom > room.bottom + 1;
}).map(name);
const turns = [...document.querySelectorAll(".turn")].map((one) => one.textContent);
document.body.append(Object.assign(document.createElement("p"), { id: "answered", textContent: JSON.stringify({ cut, over, turns, size: [innerWidth, innerHeight, parseFloat(getComputedStyle(document.documentElement).fontSize)] }) }));
"""


@pytest.fixture
def busy(api):
    """A district on a bad day: everything is there, with long names."""
    streets = [{"code": f"1101050{n:02}", "parent_code": "110105", "level": "street", "name": f"{name}地区办事处"} for n, name in enumerate(["首都机场", "双井", "高碑店"] * 14 + ["东风"])]
    types = [{"code": "R0105", "parent_code": "", "name": "居民小区内生活垃圾清运不及时问题", "unit": ""}]
    api.pages["/api/names"] = {**NAMES, "divisions": streets, "types": types}
    api.pages["/api/views"] = {"views": [{**INSPECTION, "view": "response_time", "groups": ["unit", "street_code"]}]}
    api.rows["places"] = [{"street_code": row["code"], "opened": 1234, "done": 1000} for row in streets] + [{"street_code": "", "opened": 12, "done": 1}]
    api.rows["response_time"] = [{**times("", 123456, 190000, 900000), "street_code": row["code"]} for row in streets]
    api.rows.update({"backlog": [{"open": 12345, "held": 123}], "overdue": [{"overdue": 4321}]})
    cases = [{**desk_case(f"2025123100{n:04}"), "type_code": "R0105", "unit": "d_urban"} for n in range(8)]
    causes = ["emergency", "overdue", "dispute", "hold", "two_leads", "fallback", "unclassified", "unknown_unit", "too_old", "confirm", "would_have", "headless"]
    api.pages["/api/cases"] = {"now": NOW, "rows": cases, "next": None}
    api.pages["/api/desk"] = {"rows": [{**desk_case(f"E{n}"), "cause": "emergency", "type_code": "R0105"} for n in range(5)], "waiting": {cause: 1000 + n for n, cause in enumerate(causes)}, "causes": [], "next": None}
    api.pages["/api/triggers"] = {"rows": [{**fired(f"F{n}", "repeat", [], 0, {}), "reason": "同一诉求人30日内第3次反映居民小区内生活垃圾清运不及时问题(高碑店地区办事处某某社区),建议由承办单位负责人包案"} for n in range(8)], "next": None}
    api.pages["/api/stations"] = {"now_ms": NOW, "counts": {"alive": 200, "silent": 69}, "rows": [{"station": f"st{n:03}", "state": "silent" if n % 4 == 0 else "alive", "refused": 0, "seen": at("2026-01-01", 12), "street_code": "110105001"} for n in range(269)]}
    api.act = CUT
    return api


FRAME = 143  # of Chromium's window, where there is no screen too


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("width, height", [(1920, 1080), (1366, 768), (3840, 2160)])
def test_nothing_is_cut_on_the_wall_screen(busy, width, height, lang):
    page = browse(f"{busy.url}#view=screen&lang={lang}", width, height + FRAME)
    told_ = json.loads(page.text("answered"))
    assert errors(page) == [] and told_["cut"] == [] and told_["over"] == [], told_
    assert told_["size"][0] == width and abs(told_["size"][1] - height) <= FRAME and told_["size"][2] >= 12, told_
    if width == 1366:
        assert told_["turns"], "what has no room comes by turns"


def test_every_line_has_its_turn(busy):
    busy.act = """const real = Date.now, seen = new Set(), lines = () => [...document.querySelectorAll("#screen_urgent tbody tr:not([hidden]), #screen_desk li:not([hidden])")].map((line) => line.dataset.key);
await one("#urgent tbody tr");
let all = 0;
for (let n = 0; n < 12; n++) {
  Date.now = () => real() + n * 10000;
  dispatchEvent(new Event("redraw"));
  lines().forEach((key) => seen.add(key));
  all = document.querySelectorAll("#screen_urgent tbody tr, #screen_desk li").length;
}
document.body.append(Object.assign(document.createElement("p"), { id: "answered", textContent: `${seen.size} ${all} ${lines().length}` }));
"""
    seen, every, at_once = map(int, browse(f"{busy.url}#view=screen", 1366, 768 + FRAME).text("answered").split())
    assert seen == every == 5 + 8 + 12 and at_once < every


def test_the_slowest_street_stands_first_and_a_median_of_few_behind(busy):
    busy.rows["response_time"] = [{**times("", n, p50, 2 * p50), "street_code": code} for code, n, p50 in
                                  (("110105001", 40, 3600), ("110105002", 9, 7200), ("110105003", 4, 90000), ("", 50, 80000))]
    page = browse(f"{busy.url}#view=screen", 1920, 1080 + FRAME)
    assert errors(page) == [] and page.text("screen_slow") == "高碑店 2.0 时 9 件 双井 60 分 40 件 首都机场 25.0 时 4 件", page.text("screen_slow")
    assert ("response_time", {"from": "2025-12-26", "to": "2026-01-01", "by": "street_code"}) in busy.asked
    busy.pages["/api/views"]["views"][0]["groups"] = ["unit"]  # a district that does not keep it by street is not asked for it: 400
    busy.asked.clear()
    page = browse(f"{busy.url}#view=screen", 1920, 1080 + FRAME)
    assert errors(page) == [] and page.text("screen_slow") and "双井" not in page.text("screen_slow") and not [query for view, query in busy.asked if view == "response_time" and "by" in query]


def test_what_holds_is_asked_for(busy):
    browse(f"{busy.url}#view=screen", 1920, 1080 + FRAME)
    assert {query.get("over") for path, query in busy.asked if path == "/api/triggers" or path == "/api/desk" and "cause" not in query} == {"no"}
