# SPDX-License-Identifier: Apache-2.0
"""The live page of a running district, in Chromium: it shows what the API says, drawn, and no script fails."""
import datetime
import json
import sys
import urllib.error
import urllib.request

import pytest

from district import HTTP, ROOT, until
from test_path import CHINA, order

sys.path.insert(0, str(ROOT / "tests" / "support"))
from browser import browse  # noqa: E402

UNIT, NAME = "d_water", "区水务局"


def api(district, path):
    status, body = district.http(f"{district.environment['CITYBRAIN_API']}/api/{path}")
    assert status == 200, (path, status, body[:300])
    return json.loads(body)


def test_the_page_shows_what_the_api_says(district):
    now = datetime.datetime.now(CHINA)
    opened = (now - datetime.timedelta(minutes=3)).strftime("%Y-%m-%d %H:%M:%S")
    closed = (now - datetime.timedelta(minutes=1)).strftime("%Y-%m-%d %H:%M:%S")
    orders = [order(f"E2EW{n}", 承办单位=UNIT, 受理时间=opened) for n in range(7)]
    district.accepted("hotline", orders[:4] + [{**o, "结案时间": closed} for o in orders[4:]])
    district.settle()
    clock = until(lambda: (found := api(district, "clock"))["now"] > 0 and found, "the first tick", 60)
    assert clock["day"] == datetime.datetime.fromtimestamp(clock["now"] / 1000, CHINA).date().isoformat()
    assert clock["zone_minutes"] == 480 and 0 <= clock["age_ms"] < 120000
    names = {unit["unit"]: unit["name"] for unit in api(district, "units")["units"]}
    rows = [line for line in (ROOT / "config/registries/units.csv").read_text().splitlines() if line[0] != "#"]
    assert names[UNIT] == NAME and len(names) == len(rows) - 1

    page = browse(district.environment["CITYBRAIN_API"] + "/")
    assert [line for line in page.console if "favicon" not in line and "status of 404" not in line] == []
    units = browse(district.environment["CITYBRAIN_API"] + "/#view=units&range=today")
    today = {"from": clock["day"], "to": clock["day"]}
    total, = district.view("closure_rate", **today)
    times, = district.view("response_time", **today)
    month = datetime.date.fromisoformat(clock["day"]) - datetime.timedelta(days=29)
    every, = district.view("closure_rate", **{"from": month.isoformat(), "to": clock["day"]})
    shown = {name: page.text(name).replace(",", "") for name in ("today", "closed", "opened", "rate", "all_rate")}
    assert shown == {"today": str(total["opened"]), "closed": str(total["closed_in"]), "opened": str(every["opened"]),
                     "rate": f"{float(total['rate']) * 100:.1f}%", "all_rate": f"{float(every['rate']) * 100:.1f}%"}
    assert times["full_n"] > 0 and page.text("p50") != "–"
    for row in district.view("closure_rate", by="unit", **today):
        if row["opened"]:
            line = f"{names.get(row['unit'], row['unit']) or '(未派单)'} {row['opened']} {row['closed']} "
            assert line in units.text("rates_street_rows") + " " + units.text("rates_other_rows"), line
    hours = district.view("inflow", by="hour", **today)
    assert sum(row["opened"] for row in hours) == total["opened"] and hours
    for row in hours:
        if row["hour"] <= datetime.datetime.fromtimestamp(clock["now"] / 1000, CHINA).hour:
            assert f"{row['hour']:02}:00 {row['opened']} {row['closed_in']}" in page.text("inflow_rows")
    assert page.drawn == {"inflow"} and "rates_other" in units.drawn and "notice" in page.hidden
    assert district.sql("SELECT sum(opened)::int FROM api.inflow WHERE day = %s", clock["day"]) == [(total["opened"],)]


def test_a_browser_is_told_with_whom_the_page_may_speak(district):
    page, door = district.environment["CITYBRAIN_API"], district.environment["CITYBRAIN_URL"]
    with HTTP.open(page + "/main.js", timeout=20) as answer:
        policy, tag = answer.headers["Content-Security-Policy"], answer.headers["ETag"]
    assert policy.split("; ")[:2] == ["default-src 'self'", f"connect-src 'self' {door}"]
    assert district.http(page + "/main.js", If_None_Match=tag)[0] == 304
    for name in ("dom.js", "colour.css", "icon.svg"):
        assert district.http(f"{page}/{name}")[0] == 200, name
    assert district.http(page + "/..%2fconfig%2ftokens.csv")[0] == 404

    def asking(origin):
        return urllib.request.Request(f"{door}/v1/units/desk/status", method="OPTIONS",
                                      headers={"Origin": origin, "Access-Control-Request-Method": "POST"})

    with HTTP.open(asking(page), timeout=20) as answer:
        assert (answer.status, answer.headers["Access-Control-Allow-Origin"]) == (204, page)
        assert answer.headers["Access-Control-Allow-Methods"] == "POST" and not answer.headers["Access-Control-Allow-Credentials"]
    with pytest.raises(urllib.error.HTTPError) as refused:
        HTTP.open(asking("http://127.0.0.1:1"), timeout=20)
    assert refused.value.code == 405 and not refused.value.headers["Access-Control-Allow-Origin"]


def test_the_charts_script_is_served_and_kept(district):
    status, body = district.http(district.environment["CITYBRAIN_API"] + "/echarts.min.js")
    assert status == 200 and len(body) > 500000
