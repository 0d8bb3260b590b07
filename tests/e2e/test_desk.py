# SPDX-License-Identifier: Apache-2.0
"""The desk on real parts: what no rule can decide is shown with its reason, a person's word is audited, said at
the door, acted upon by the router and taken off the list (docs/decisions/0048)."""
import datetime
import json
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer

from district import ROOT, until

sys.path.insert(0, str(ROOT / "tests" / "support"))
from contracts import check_all  # noqa: E402 the folder is no package

CHINA = datetime.timezone(datetime.timedelta(hours=8))
STREET, OTHER = "s110105001", "s110105002"
WHO, WHY = "张三", "现场核实属建外"


def case(number):
    return f"request:12345:{number}"


def order(number, **more):
    when = datetime.datetime.now(CHINA) - datetime.timedelta(hours=1)
    return {"工单编号": number, "诉求性质": "投诉", "受理时间": when.strftime("%Y-%m-%d %H:%M:%S"), **more}


def placed(number, **more):
    return order(number, 问题分类="R0105", 反映社区="110105001901", 反映街乡="110105001", **more)


def orders(district, unit, number):
    read = (json.loads(m.value()) for m in district.records(f"cb.dispatch.{unit}"))
    return [one for one in read if one["case"] == case(number)]


def events(district, number, stage):
    read = (json.loads(m.value()) for m in district.records("cb.events"))
    return [e for e in read if e.get("subject") == case(number) and f".case.{stage}." in e["type"]]


def desk(district, *words, check=True):
    return district.citybrain("desk", *words, "--config", str(district.config), check=check)


def asked(district):
    return {one["case"]: one for one in json.loads(desk(district, "ls", "--json").stdout)}


def decide(district, number, *words, check=True):
    return desk(district, "decide", case(number), *words, "--as", WHO, "--reason", WHY, "--json", check=check)


def say(district, unit, number, stage, **data):
    said = {"case": case(number), "stage": stage, "data": data,
            "time": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="milliseconds")}
    url = f"{district.environment['CITYBRAIN_URL']}/v1/units/{unit}/status"
    assert district.http(url, json.dumps(said).encode(), Content_Type="application/json",
                         Authorization=f"Bearer demo-{unit}")[0] == 200


def audited(district, number):
    read = (json.loads(m.value()) for m in district.records("cb.audit"))
    return [one for one in read if one["arguments"].get("case") == case(number)]


def test_an_unclassified_order_is_shown_decided_and_goes_to_its_street(district):
    district.accepted("hotline", [order("DESK1")])
    until(lambda: case("DESK1") in asked(district), "it is on the list", 60, 0.5)
    one = asked(district)[case("DESK1")]
    assert (one["desk_cause"], one["name"]) == ("unclassified", "待分类")
    assert {"classified", "assigned"} <= set(one["moves"])
    assert case("DESK1") in desk(district, "ls", "--cause", "unclassified").stdout
    assert case("DESK1") not in desk(district, "ls", "--cause", "dispute").stdout
    shown = desk(district, "show", case("DESK1")).stdout
    for word in ("待分类", one["order"]["reason"], "经过", "可作决定", "assigned --lead UNIT", "classified --type CODE"):
        assert word in shown

    # what cannot be is refused before anything is said
    for words in (("held",), ("assigned",), ("assigned", "--lead", "110105001901"), ("assigned", "--lead", "nobody"),
                  ("classified", "--type", "R9999")):
        done = decide(district, "DESK1", *words, check=False)
        assert done.returncode == 1 and done.stdout == "" and done.stderr, words
    assert audited(district, "DESK1") == []

    told = json.loads(decide(district, "DESK1", "assigned", "--lead", STREET).stdout)
    assert told["ended"] and not told["refused"]
    assert {e["type"].split(".")[3] for e in told["effects"]} == {"recalled", "dispatched"}
    mine, = orders(district, STREET, "DESK1")
    assert (mine["kind"], mine["lead"], mine["cause"]) == ("assigned", STREET, told["event"])
    assert orders(district, "desk", "DESK1")[-1]["kind"] == "recalled"
    assert case("DESK1") not in asked(district)
    assert len(events(district, "DESK1", "dispatched")) == 2  # one a cause

    # who said it stands in audit and with the desk's own word, and is passed on to nobody
    entry, = audited(district, "DESK1")
    assert (entry["who"], entry["reason"], entry["event"]) == (WHO, WHY, told["event"])
    assert entry["arguments"]["lead"] == STREET and entry["arguments"]["answers"] == one["order"]["id"]
    assert check_all("audit.json", [entry]) == 1
    status, = (json.loads(m.value()) for m in district.records("cb.status.desk") if m.key() == case("DESK1").encode())
    assert (status["data"]["by"], status["data"]["reason"]) == (WHO, WHY)
    word, = events(district, "DESK1", "assigned")
    assert word["party"] == "desk" and WHO not in json.dumps(word, ensure_ascii=False)

    # it is not asked any more
    done = decide(district, "DESK1", "assigned", "--lead", OTHER, check=False)
    assert done.returncode == 1 and "not asked" in done.stderr


def test_a_dispute_is_decided_either_way(district):
    district.accepted("hotline", [placed("DESK2"), placed("DESK3")])
    for number in ("DESK2", "DESK3"):
        until(lambda: orders(district, STREET, number), "dispatched", 60)
        say(district, STREET, number, "disputed", reason="诉求人李四的小区属水务,已电13812345678")
    until(lambda: {case("DESK2"), case("DESK3")} <= set(asked(district)), "both disputes are on the list", 60, 0.5)
    one = asked(district)[case("DESK2")]
    assert one["desk_cause"] == "dispute" and one["order"]["asked_by"] == STREET
    shown = desk(district, "show", case("DESK2")).stdout
    assert "建外街道办事处" in shown and "所述理由\t诉求人***小区属水务,已电***" in shown and "13812345678" not in shown

    told = json.loads(decide(district, "DESK2", "dispute_decided", "--outcome", "upheld", "--lead", OTHER).stdout)
    assert orders(district, OTHER, "DESK2")[-1]["cause"] == told["event"]
    assert orders(district, STREET, "DESK2")[-1]["kind"] == "recalled"
    assert events(district, "DESK2", "dispute_decided")[0]["data"]["said"] == WHY
    told = json.loads(decide(district, "DESK3", "dispute_decided", "--outcome", "rejected").stdout)
    assert [e["type"].split(".")[3] for e in told["effects"]] == ["amended"]
    assert len(events(district, "DESK3", "dispatched")) == 1
    assert not {case("DESK2"), case("DESK3")} & set(asked(district))


def test_what_answers_no_question_is_said_when_it_is_due(district):
    district.accepted("hotline", [placed("DESK6"), placed("DESK7"), placed("DESK8")])
    until(lambda: all(orders(district, STREET, number) for number in ("DESK6", "DESK7", "DESK8")), "dispatched", 60)
    say(district, STREET, "DESK6", "signed")
    say(district, STREET, "DESK6", "hold_requested")
    until(lambda: asked(district).get(case("DESK6"), {}).get("desk_cause") == "hold", "a hold is asked for", 60, 0.5)
    assert decide(district, "DESK6", "merged", check=False).returncode == 1  # whereto?
    told = json.loads(decide(district, "DESK6", "held").stdout)
    assert told["ended"] and [e["type"].split(".")[3] for e in told["effects"]] == ["amended"]
    told = json.loads(decide(district, "DESK6", "resumed").stdout)
    assert [e["type"].split(".")[3] for e in told["effects"]] == ["amended"] and not told["ended"]
    assert orders(district, STREET, "DESK6")[-1]["state"] == "open"
    told = json.loads(decide(district, "DESK7", "merged", "--parent", case("DESK6")).stdout)
    assert "recalled" in {e["type"].split(".")[3] for e in told["effects"]}
    assert orders(district, STREET, "DESK7")[-1]["kind"] == "merged"

    # nothing follows: that is known as soon as the router has read it
    before = time.monotonic()
    told = json.loads(decide(district, "DESK8", "closed", "--anyway").stdout)
    assert time.monotonic() - before < 20 and told["effects"] == [] and not told["refused"]
    assert orders(district, STREET, "DESK8")[-1]["kind"] == "ended"

    # a kind has the moves it has
    done = desk(district, "decide", "lamp:patrol:X1", "held", "--anyway", "--as", WHO, "--reason", WHY, check=False)
    assert done.returncode == 1 and 'kind "lamp"' in done.stderr


class Interloper(BaseHTTPRequestHandler):
    """A door that somebody else comes through first."""

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.first()
        status, answer = self.server.district.http(
            self.server.district.environment["CITYBRAIN_URL"] + self.path, body, Content_Type=self.headers["Content-Type"],
            Authorization=self.headers["Authorization"])
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_):
        pass


def test_somebody_elses_answer_is_not_taken_for_ones_own(district):
    district.accepted("hotline", [placed("DESK9")])
    until(lambda: orders(district, STREET, "DESK9"), "dispatched", 60)
    say(district, STREET, "DESK9", "signed")
    say(district, STREET, "DESK9", "hold_requested")
    until(lambda: case("DESK9") in asked(district), "a hold is asked for", 60, 0.5)
    server = HTTPServer(("127.0.0.1", 0), Interloper)
    server.district, others = district, []
    server.first = lambda: others.append(json.loads(desk(
        district, "decide", case("DESK9"), "noted", "--as", "李四", "--reason", WHY, "--json").stdout))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        done = decide(district, "DESK9", "noted", "--url", f"http://127.0.0.1:{server.server_port}", check=False)
    finally:
        server.shutdown()
        server.server_close()
    told, (other,) = json.loads(done.stdout), others
    assert other["ended"] and not other["overtaken"]
    assert (done.returncode, told["ended"], told["overtaken"], told["effects"]) == (1, False, True, [])
    assert told["event"] != other["event"]


def test_a_decision_that_cannot_be_audited_or_said_is_not_made(district, tmp_path):
    district.accepted("hotline", [order("DESK4")])
    until(lambda: case("DESK4") in asked(district), "it is on the list", 60, 0.5)
    (tmp_path / "token").write_text("nobody's\n")
    done = decide(district, "DESK4", "closed", "--token-file", str(tmp_path / "token"), check=False)
    assert done.returncode != 0 and done.stdout == ""
    assert [one["outcome"] for one in audited(district, "DESK4")] == ["intended", "not_said"]
    assert events(district, "DESK4", "closed") == [] and case("DESK4") in asked(district)
    (tmp_path / "token").write_text("demo-desk\n")
    told = json.loads(decide(district, "DESK4", "closed", "--token-file", str(tmp_path / "token")).stdout)
    assert told["ended"] and orders(district, "desk", "DESK4")[-1]["kind"] == "ended"


def test_what_is_decided_in_a_page_is_audited_by_the_door(district):
    """docs/decisions/0130: a browser says where its page is from; nobody's word is not taken and not kept."""
    district.accepted("hotline", [order("DESKP")])
    until(lambda: case("DESKP") in asked(district), "it is on the list", 60, 0.5)
    url, page = district.environment["CITYBRAIN_URL"] + "/v1/units/desk/status", district.environment["CITYBRAIN_API"]
    now = datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="milliseconds")

    def answered(**data):
        said = {"case": case("DESKP"), "stage": "closed", "time": now, "data": data}
        status, body = district.http(url, json.dumps(said).encode(), Content_Type="application/json", Authorization="Bearer demo-desk",
                                     Origin=page)
        assert status == 200, body
        return json.loads(body)["results"][0]

    for data, lacks in (({"reason": WHY}, "/data/by"), ({"by": WHO}, "/data/reason"), ({"by": " ", "reason": WHY}, "/data/by")):
        verdict = answered(**data)
        assert (verdict["verdict"], verdict["reason"], verdict["pointer"]) == ("rejected", "missing_field", lacks)
    assert audited(district, "DESKP") == [] and not [m for m in district.records("cb.status.desk") if case("DESKP").encode() in m.value()]
    assert answered(by=WHO, reason=WHY)["verdict"] == answered(by=WHO, reason=WHY)["verdict"] == "accepted"
    until(lambda: orders(district, "desk", "DESKP")[-1]["kind"] == "ended", "it is not asked any more", 30, 0.3)
    word, = {one["id"] for one in events(district, "DESKP", "closed")}  # said twice it is one
    first, second = audited(district, "DESKP")
    assert {**first, "at": ""} == {**second, "at": ""} and check_all("audit.json", [first]) == 1
    assert (first["who"], first["reason"], first["verb"], first["outcome"], first["event"]) == (WHO, WHY, "desk decide", "intended", word)
    assert first["arguments"] == {"case": case("DESKP"), "move": "closed"}


def test_what_a_trigger_found_is_confirmed_or_declined_by_a_person(district):
    """条例 24-27: what somebody says again is looked at before a unit is asked to (config/triggers/said_again.yaml)."""
    def submitted(number):
        when = order(number)["受理时间"]
        return {"编号": number, "类型": "求助", "分类提示": "物业", "街乡": "110105001", "社区": "110105001901",
                "提交时间": when, "标题": "物业", "内容": "多次反映,仍未解决", "更新时间": when}

    def waiting():
        return sorted(c for c, one in asked(district).items() if one["desk_cause"] == "confirm" and ":said_again:" in c)

    def given(unit):
        return [json.loads(m.value())["case"] for m in district.records(f"cb.dispatch.{unit}")]

    def decided(key, move):
        return json.loads(desk(district, "decide", key, move, "--as", WHO, "--reason", WHY, "--json").stdout)

    before = set(waiting())
    district.accepted("chaowoshuo", [submitted("CWSDESK1"), submitted("CWSDESK2")])
    until(lambda: len(set(waiting()) - before) == 2, "both wait for a person", 90, 1)
    yes, no = sorted(set(waiting()) - before)
    shown = desk(district, "show", yes).stdout
    assert "未诉先办待确认" in shown and "confirmed" in shown and "declined" in shown
    told = decided(yes, "confirmed")
    assert [e["type"].split(".")[3] for e in told["effects"]] == ["dispatched"] and told["ended"]
    assert yes in given(STREET)
    told = decided(no, "declined")
    assert told["ended"] and told["effects"] == []
    assert no not in given(STREET) and not {yes, no} & set(waiting())


def test_what_is_not_understood_is_told(district):
    for words in (("show",), ("decide", "x"), ("decide", "x", "fly"), ("decide", "x", "noted"), ("ls", "--cause", "x"), ()):
        done = desk(district, *words, check=False)
        assert done.returncode == 64 and done.stdout == "" and "--help" in done.stderr, words
    done = desk(district, "show", "request:12345:NODESK", check=False)
    assert done.returncode == 1 and "not asked" in done.stderr
    assert desk(district, "ls", "--brokers", "127.0.0.1:1", check=False).returncode == 69
    help_ = district.citybrain("desk", "--help").stdout
    for word in ("待分类", "兜底", "异议", "两可", "未诉先办待确认", "超龄", "decide", "exit:"):
        assert word in help_
