# SPDX-License-Identifier: Apache-2.0
"""`citybrain why` and `citybrain views show` on real parts: what a case is, why it is there, and its numbers."""
import datetime
import json

from district import until

UNIT, STRANGER, CASE = "s110105001", "s110105002", "request:12345:WHY1"
CHINA = datetime.timezone(datetime.timedelta(hours=8))


def stages(district):
    return [row[0] for row in district.sql("SELECT stage FROM api.case_timeline WHERE case_id = %s ORDER BY n", CASE)]


def say(district, unit, stage):
    said = {"case": CASE, "stage": stage,
            "time": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="milliseconds")}
    url = f"{district.environment['CITYBRAIN_URL']}/v1/units/{unit}/status"
    assert district.http(url, json.dumps(said).encode(), Content_Type="application/json",
                         Authorization=f"Bearer demo-{unit}")[0] == 200


def test_a_case_is_explained(district):
    when = datetime.datetime.now(CHINA) - datetime.timedelta(hours=1)
    district.accepted("hotline", [{"工单编号": "WHY1", "诉求性质": "投诉", "问题分类": "R0105",
                                   "反映社区": "110105001901", "反映街乡": "110105001",
                                   "受理时间": when.strftime("%Y-%m-%d %H:%M:%S")}])
    until(lambda: stages(district) == ["opened", "dispatched"], "the order is dispatched", 60)
    say(district, UNIT, "signed")
    until(lambda: len(stages(district)) == 3, "signed", 60)
    say(district, STRANGER, "resolved")
    until(lambda: len(stages(district)) == 4, "a stranger's word is kept", 60)

    told = json.loads(district.citybrain("why", CASE, "--json").stdout)
    assert told["case"] == CASE and [line["stage"] for line in told["timeline"]] == stages(district)
    assert told["effects"] == ["counts", "counts", "counts", "not_yours"]
    assert (told["fold"]["stage"], told["fold"]["lead"], told["fold"]["quiet"]) == ("signed", UNIT, False)
    decision, = told["decisions"]
    data = decision["data"]
    assert decision["type"] == "cn.citybrain.case.dispatched.v1" and data["lead"] == UNIT
    assert told["fold"]["due_at"] == data["due_at"]
    assert data["rule"] == told["timeline"][1]["rule"] and len(data["bundle"]) == 22
    assert data["cause"] == told["timeline"][0]["event_id"]

    text = district.citybrain("why", CASE).stdout
    for word in (CASE, "not_yours", data["rule"], data["bundle"], data["reason"], data["due_source"], data["due_at"]):
        assert word in text

    # what cannot be answered is said, and the rest is shown
    done = district.citybrain("why", CASE, "--brokers", "127.0.0.1:1")
    assert "decisions and mappings are left out" in done.stderr and "not_yours" in done.stdout
    done = district.citybrain("why", "request:12345:NOWHY", check=False)
    assert done.returncode == 1 and done.stdout == "" and "no case" in done.stderr
    assert district.citybrain("why", CASE, "--url", "http://127.0.0.1:1", check=False).returncode == 69


def test_a_view_is_shown_by_columns_between_days(district):
    district.settle()
    show = ("views", "show", "closure_rate")
    today = datetime.datetime.now(CHINA).date()
    rows = json.loads(district.citybrain(*show, "--by", "unit,type,street", "--json").stdout)["rows"]
    measures = ["opened", "closed", "rate", "closed_in", "flow_rate"]
    assert all({"unit", "type_code", "street_code", *measures} <= row.keys() for row in rows)
    assert not {"community_code", "day"} & rows[0].keys()  # nothing that was not asked for
    mine, = (r for r in rows if (r["unit"], r["type_code"], r["street_code"]) == (UNIT, "R0105", "110105001"))
    assert mine["opened"] >= 1
    total, = json.loads(district.citybrain(*show, "--total", "--json").stdout)["rows"]
    assert total["opened"] == sum(row["opened"] for row in rows)

    days = json.loads(district.citybrain(*show, "--by", "day", "--from", str(today - datetime.timedelta(1)),
                                         "--to", str(today), "--json").stdout)["rows"]
    assert 0 < sum(row["opened"] for row in days) <= total["opened"]
    assert json.loads(district.citybrain(*show, "--to", "1999-12-31", "--json").stdout)["rows"] == []
    table = [line.split("\t") for line in district.citybrain(*show, "--by", "unit", "--total").stdout.splitlines()]
    assert table[0][:2 + len(measures)] == ["unit", "unit_name", *measures]
    assert [UNIT, "建外街道办事处"] in [row[:2] for row in table] and table[-1][:3] == ["all", "全部", str(total["opened"])]
    for wrong in (("--by", "colour"), ("--from", "yesterday")):
        done = district.citybrain(*show, *wrong, check=False)
        assert done.returncode == 64 and done.stdout == "" and done.stderr
    assert district.citybrain("views", "show", "nothing", check=False).returncode == 64
