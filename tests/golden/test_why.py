# SPDX-License-Identifier: Apache-2.0
"""What `citybrain why` says of a set alone, from an API that is an array; the log is librdkafka's own stand-in, with nothing of
the case unless it is told. Decisions are shown on real parts (tests/e2e/test_why_fates.py)."""
import csv
import http.server
import json
import os
import shutil
import subprocess
import threading
from contextlib import contextmanager
from pathlib import Path

import pytest
from confluent_kafka import Producer

ROOT = Path(__file__).resolve().parents[2]
BINARY = ROOT / os.environ.get("CITYBRAIN_BIN", "build/debug") / "citybrain"
CASE, NINE = "request:12345:1", 1772413200000  # 2026-03-02T09:00+08:00
DAY, MINUTE = 86400000, 60000
with open(ROOT / "config/codes.csv", encoding="utf-8") as _file:
    CODES = {(row[0], row[2]): int(row[1]) for row in csv.reader(_file) if len(row) > 2 and row[1].isdigit()}


def base36(number):
    text = ""
    while number or not text:
        number, digit = divmod(number, 36)
        text = "0123456789abcdefghijklmnopqrstuvwxyz"[digit] + text
    return text


def line(n, stage, party, unit="", mapping=1, **said):
    at = base36(NINE + n * MINUTE)
    return "|".join(["1", f"{n:022}", f"0.{at}.{base36(mapping)}.00000000000000aa", base36(CODES["stage", stage]), at, at,
                     f"={unit}" if unit else "0", base36(CODES["party", party]), "v=1", *(f"{k}={v}" for k, v in said.items())])


@pytest.fixture(scope="module", autouse=True)
def log():
    """Of events, and where it is."""
    global BROKERS
    host = Producer({"bootstrap.servers": "unused", "test.mock.num.brokers": 1, "log_level": 0, "partitioner": "murmur2_random"})
    host.produce("cb.events", b"{}", b"the topic is there from now on", partition=0)
    assert host.flush(10) == 0
    broker, = host.list_topics(timeout=10).brokers.values()
    BROKERS = f"{broker.host}:{broker.port}"
    yield host


@contextmanager
def api(*lines, case=CASE):
    answer = json.dumps({"case": case, "kind": case.split(":")[0], "timeline": [], "lines": "\n".join(lines)}).encode()

    class Answers(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_):
            pass

    server = http.server.HTTPServer(("127.0.0.1", 0), Answers)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def asked(*lines, case=CASE, config="config", words=()):
    with api(*lines, case=case) as url:
        done = subprocess.run([BINARY, "why", case, "--url", url, "--brokers", BROKERS, "--config", config, *words], cwd=ROOT,
                              capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done


def why(*lines, case=CASE, config="config"):
    return asked(*lines, case=case, config=config).stdout


def told(*lines):
    """What each line is said to tell, by its stage."""
    rows = [row.split("\t") for row in why(*lines).split("\n经过\n")[1].split("\n\n")[0].splitlines()[1:]]
    return {row[5].split("(")[1][:-1]: row[7].strip() for row in rows}


OPENED = line(0, "opened", "source", t="R0303", s="110105001", d=NINE + 7 * DAY, c="7d")


def test_who_extends_says_until_when():
    said = told(OPENED, line(5, "extended", "desk", "desk", d=NINE + 10 * DAY))
    assert said["extended"] == "截止 2026-03-12 09:00:00"
    assert said["opened"].startswith("截止 2026-03-09 09:00:00 时限类别 7天(7d) 诉求类型 ")


def test_what_the_caller_answered_is_in_words():
    said = told(OPENED, line(7, "resolved", "lead", "s110105001"), line(8, "reviewed", "callback", "desk", y="yynd"))
    assert said["reviewed"] == "有效回访 是 已联系 是 已解决 否 满意度 不满意"
    said = told(OPENED, line(7, "resolved", "lead", "s110105001"), line(8, "reviewed", "callback", "desk", y="n---"))
    assert said["reviewed"] == "有效回访 否"


def test_a_link_says_how_and_to_what():
    for relation, word in (("same_as", "同一事项"), ("part_of", "属于"), ("grew_from", "源自")):
        said = told(OPENED, line(6, "linked", "desk", "desk", j=f"{relation}:project:x:1"))
        assert said["linked"] == f"{word}({relation}) project:x:1"


def test_a_question_to_the_desk_is_told_in_front():
    """A case without its opening, of which the router has asked; the answer ends it."""
    asked = line(20, "escalated", "router", r="headless", u=f"{5:022}")
    lines = [line(5, "signed", "lead", "s110105001"), asked]
    assert "\n待研判\t无受理记录(headless)\n" in why(*lines)
    assert "待研判" not in why(*lines, line(30, "noted", "desk", "desk"))


def test_limit_classes_rules_and_triggers_are_called_as_their_files_say():
    assert "时限类别 7天(7d)" in told(OPENED)["opened"]
    sent = line(3, "dispatched", "router", l="s110105001", c="7d", r="place")
    assert told(OPENED, sent)["dispatched"].endswith("规则 属地(place)")
    assert told(OPENED, line(3, "dispatched", "router", l="s110105001", r="nobodys"))["dispatched"].endswith("规则 nobodys")
    found = [line(0, "opened", "router", t="R0303", **{"7": "cluster"}), line(1, "confirmed", "router", r="cluster", u=f"{0:022}")]
    assert "规则 同一小区集中反映(cluster)" in why(*found, case="proactive:cluster:1")
    # a move that is answered is called as its kind calls it
    taken = [line(0, "opened", "source"), line(4, "linked", "desk", "desk", r="accepted")]
    assert "规则 受理(accepted)" in why(*taken, case="service:counter:1")


def test_a_kind_of_ones_own_calls_its_stages_by_its_own_names(tmp_path):
    """And what it cannot come to is told like everybody's."""
    own = tmp_path / "config"
    shutil.copytree(ROOT / "config", own)
    with open(own / "codes.csv", "a", encoding="utf-8") as file:
        file.write("stage,501,rectified\nstage,502,sealed\nkind,501,inspection\n")
    (own / "kinds/inspection.yaml").write_text("""kind: inspection
name: 巡查问题
stages:
  opened:    { name: 发现, rank: 10, by: [source] }
  rectified: { name: { zh: 整改, en: put right }, rank: 30, by: [source], after: [opened], counts_as: resolution }
  sealed:    { rank: 35, by: [source], after: [rectified] }
  closed:    { rank: 40, by: [source], after: [sealed], counts_as: closure }
""", encoding="utf-8")
    CODES["stage", "rectified"], CODES["stage", "sealed"] = 501, 502
    lines = [line(0, "opened", "source"), line(5, "closed", "source"), line(6, "rectified", "source"), line(7, "sealed", "source")]
    said = why(*lines, case="inspection:market:1", config=own)
    rows = [row.split("\t") for row in said.split("\n经过\n")[1].split("\n\n")[0].splitlines()[1:]]
    assert [row[5] for row in rows] == ["发现(opened)", "归档(closed)", "整改(rectified)", "sealed"]
    assert [row[6] for row in rows] == ["计入", "不计(impossible):前置环节尚未发生", "计入", "计入"]
    assert "现状\tsealed" in said.splitlines() and "现状\t整改(rectified)" in why(*lines[:3], case="inspection:market:1", config=own)


def test_the_head_says_whose_the_limit_is():
    due = ["截止", "2026-03-09 09:00:00+08:00", "依据 来单(order)"]
    assert [row.split("\t") for row in why(OPENED).splitlines() if row.startswith("截止")] == [due]
    later = why(OPENED, line(5, "dispatched", "router", l="d_water", c="7d", d=NINE + 7 * DAY), line(9, "extended", "desk", "desk", d=NINE + 10 * DAY))
    assert "截止\t2026-03-12 09:00:00+08:00\t依据 延期(extended)" in later


def test_done_on_hold_its_limit_is_the_one_the_page_tells():
    """docs/decisions/0368: what is done while the clock stands still is done as if it had run on just then."""
    lines = [OPENED, line(5, "dispatched", "router", s="110105001", l="s110105001", d=NINE + 7 * DAY, u=f"{0:022}", c="7d"),
             line(6, "signed", "lead", "s110105001"), line(7, "held", "desk", "desk")]
    due = lambda text: [row for row in text.splitlines() if row.startswith("截止\t")][0].split("\t")
    assert due(why(*lines))[1] == "2026-03-09 09:00:00+08:00" and "顺延" not in due(why(*lines))[-1]
    done = due(why(*lines, line(67, "resolved", "lead", "s110105001")))
    assert done[1] == "2026-03-09 10:00:00+08:00" and done[-1] == "已按挂账顺延", done


def tell(log, case, *told):
    """Of each line's event, by which version of its mapping."""
    for n, version in told:
        event = {"id": f"{n:022}", "revision": f"{0:020}.{NINE + n * MINUTE:015}.{version:06}.00000000000000aa",
                 "feed": "status" if n else "hotline", "feedversion": str(version)}
        log.produce("cb.events", json.dumps(event).encode(), case.encode())
    assert log.flush(10) == 0


def test_each_event_tells_the_mapping_that_made_it(log):
    """Without a decision asked for too, and told again by its revision; an event that is off the log is counted."""
    case = "request:12345:mapped"
    lines = [line(0, "opened", "source", mapping=3), line(3, "signed", "lead", "s110105001"), line(5, "noted", "desk", "desk")]
    tell(log, case, (0, 2), (3, 1), (0, 3), (0, 2))  # the first told again by a newer one, and by the old one after it
    done = asked(*lines, case=case)
    made = [row.split("\t")[7].partition("映射版本(feedversion) ")[2] for row in done.stdout.split("\n经过\n")[1].splitlines()[1:4]]
    assert made == ["hotline/3", "status/1", ""]
    assert "1 of 3 events are no longer on the log" in done.stderr
    assert json.loads(asked(*lines, case=case, words=["--json"]).stdout)["mappings"] == [
        {"feed": "hotline", "version": 3}, {"feed": "status", "version": 1}, None]


def test_a_mapping_is_told_where_nothing_is_missing(log):
    """Every line has had an event when the one that holds comes last."""
    case = "request:12345:whole"
    lines = [line(0, "opened", "source", mapping=3), line(3, "signed", "lead", "s110105001")]
    tell(log, case, (0, 2), (3, 1), (0, 3))
    done = asked(*lines, case=case, words=["--json"])
    assert done.stderr == "" and json.loads(done.stdout)["mappings"] == [{"feed": "hotline", "version": 3}, {"feed": "status", "version": 1}]


def test_whose_token_is_given_no_lines_is_told():
    """Folded as if there were none it was a case that nobody had told of."""
    class Answers(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps({"case": CASE, "kind": "request", "state": "open", "timeline": []}).encode())

        def log_message(self, *_):
            pass

    server = http.server.HTTPServer(("127.0.0.1", 0), Answers)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    done = subprocess.run([BINARY, "why", CASE, "--url", f"http://127.0.0.1:{server.server_port}", "--brokers", BROKERS], cwd=ROOT,
                          capture_output=True, text=True, timeout=60)
    server.shutdown()
    server.server_close()
    assert (done.returncode, done.stdout) == (69, "") and "to readers and the desk only; fix: set CITYBRAIN_API_TOKEN" in done.stderr
