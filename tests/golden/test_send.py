# SPDX-License-Identifier: Apache-2.0
"""`citybrain send` at a door of the test's own: which rows a part says it holds, and what it does when its list of
what was acknowledged cannot be kept. And no verb shows people what librdkafka says to a daemon's log."""
import base64
import http.server
import json
import os
import re
import subprocess
import threading
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BINARY = ROOT / os.environ.get("CITYBRAIN_BIN", "build/debug") / "citybrain"


def citybrain(*words, **environment):
    clean = {k: v for k, v in os.environ.items() if not k.startswith("CITYBRAIN_")}
    return subprocess.run([BINARY, *map(str, words)], cwd=ROOT, capture_output=True, text=True, timeout=60,
                          env={**clean, **environment})


class Door(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.parts.append((int(self.headers.get("Citybrain-Row", 0)), int(self.headers.get("Citybrain-Offset", 0)), body))
        if self.server.answers:
            status, headers, answer = self.server.answers.pop(0)
        else:
            status, headers, answer = 200, {}, {"accepted": len(body.splitlines()), "rejected": 0, "results": []}
        answer = json.dumps(answer, ensure_ascii=False).encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_):
        pass


@pytest.fixture
def door():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Door)
    server.parts, server.answers = [], []
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def send(door, path, *words):
    return citybrain("send", "--feed", "hotline", "--url", f"http://127.0.0.1:{door.server_port}", *words, path,
                     CITYBRAIN_TOKEN="a")


def items(body):
    return [line for line in body.split(b"\n") if line.strip()]


def test_parts_name_the_rows_they_hold(door, tmp_path):
    # a comma before the closing quote, a blank line now and then: neither may move the count
    rows = [b'{"n":%d,"text":"yes,"}' % n for n in range(1, 5001)]
    whole = b"".join(row + (b"\n\n" if n % 7 == 0 else b"\n") for n, row in enumerate(rows))
    (tmp_path / "a.ndjson").write_bytes(whole)
    done = send(door, tmp_path / "a.ndjson")
    assert done.returncode == 0, done.stderr
    assert len(door.parts) > 2
    expected = 1
    for row, offset, body in door.parts:
        assert row == expected and items(body)[0] == rows[row - 1]
        assert whole[offset:offset + len(body)] == body
        expected += len(items(body))
    assert expected == len(rows) + 1


def test_each_part_has_the_header_whatever_stands_before_it(door, tmp_path):
    (tmp_path / "a.csv").write_text("\n\na,b\n" + "".join(f'{n},"x\ny"\n' for n in range(1, 3001)) + "\n")
    done = send(door, tmp_path / "a.csv")
    assert done.returncode == 0, done.stderr
    assert [row for row, _, _ in door.parts] == [1, 2001]
    for row, _, body in door.parts:
        assert body.strip().startswith(b'a,b\n%d,"x\ny"\n' % row)


def test_rows_are_counted_as_the_door_counts_them(door, tmp_path):
    # the separator's own line, quotes behind another separator, rows of separators alone
    rows = "".join(f'{n};"x\n;y"\n' + (";\n" if n % 7 == 0 else "") for n in range(1, 3001))
    (tmp_path / "a.csv").write_text("\ufeffsep=;\na;b\n" + rows)
    done = send(door, tmp_path / "a.csv", "--separator", ";")
    assert done.returncode == 0, done.stderr
    assert [row for row, _, _ in door.parts] == [1, 2001]
    assert door.parts[1][2].startswith(b'a;b\n2001;"x\n;y"\n')
    assert send(door, tmp_path / "a.csv", "--separator", "x").returncode == 64


def test_a_file_that_was_stopped_is_not_sent_on(door, tmp_path):
    (tmp_path / "a.csv").write_text("a,b\n" + "1,2\n" * 5000)
    door.answers = [(200, {}, {"accepted": 0, "rejected": 1, "results": [
        {"row": 0, "verdict": "rejected", "reason": "header_drift", "pointer": "b", "offset": 2}]})]
    done = send(door, tmp_path / "a.csv")
    assert done.returncode == 1 and len(door.parts) == 1
    assert json.loads(done.stdout)["reason"] == "header_drift"
    assert "no row was taken" in done.stderr


def test_a_header_without_end_is_refused(door, tmp_path):
    (tmp_path / "a.csv").write_bytes(b'"' + b"a" * (5 << 20))
    done = send(door, tmp_path / "a.csv")
    assert done.returncode == 69 and "longer than" in done.stderr and not door.parts


def test_a_list_that_cannot_be_written_ends_the_sending(door, tmp_path):
    (tmp_path / "a.ndjson").write_text('{"n":1}\n' * 5000)
    kept = tmp_path / "kept"
    done = send(door, tmp_path / "a.ndjson", "--acknowledged", kept)
    assert done.returncode == 0 and len(kept.read_text().splitlines()) == len(door.parts) == 3
    done = send(door, tmp_path / "a.ndjson", "--acknowledged", "/dev/full")
    assert done.returncode == 69 and "acknowledged cannot be written" in done.stderr
    assert len(door.parts) == 3 + 1


def test_a_timelines_long_lines_are_whole(door, tmp_path):
    uploads = [b"a,b\n" + b"%d," % n + b"x" * 200000 + b"\n" for n in range(20)]
    with open(tmp_path / "day.ndjson", "w") as file:
        for n, upload in enumerate(uploads):
            file.write(json.dumps({"at": n, "to": "/v1/feeds/hotline", "type": "text/csv",
                                   "item": base64.b64encode(upload).decode()}, separators=(",", ":")) + "\n")
    done = citybrain("send", "--timeline", "--url", f"http://127.0.0.1:{door.server_port}", tmp_path / "day.ndjson",
                     CITYBRAIN_TOKEN="a")
    assert done.returncode == 0, done.stderr
    assert sorted(body for _, _, body in door.parts) == sorted(uploads)


def test_a_rejected_row_is_told_as_the_door_told_it(door, tmp_path):
    (tmp_path / "a.ndjson").write_text("{}\n{}\n")
    told = {"row": 2, "record": 'N"1', "reason": "bad_date", "pointer": '/"受理"\\时间', "column": 3, "offset": 7,
            "message_zh": "第 2 条“受理时间”：日期无法识别", "message_en": 'item 2, "受理时间": not a date'}
    door.answers = [(200, {}, {"accepted": 1, "rejected": 1, "results": [
        {"row": 1, "verdict": "accepted"}, {"row": 2, "verdict": "rejected", **{k: v for k, v in told.items() if k != "row"}}]})]
    done = send(door, tmp_path / "a.ndjson")
    assert done.returncode == 1 and json.loads(done.stdout) == told


def test_a_door_that_is_away_is_waited_for_as_long_as_is_said(tmp_path):
    (tmp_path / "a.ndjson").write_text("{}\n")
    for wait, least, most in (("0s", 0, 3), ("4s", 4, 9)):
        began = time.monotonic()
        done = citybrain("send", "--feed", "hotline", "--url", "http://127.0.0.1:1", "--wait", wait, tmp_path / "a.ndjson",
                         CITYBRAIN_TOKEN="a")
        assert least <= time.monotonic() - began < most
        assert done.returncode == 69 and "Couldn't connect to server; fix: start it" in done.stderr
        assert "counts nothing twice" in done.stderr and "100%" not in done.stderr
        assert ("waiting up to" in done.stderr) == (wait == "4s")  # said once it takes long, before it ends


def test_a_busy_door_is_asked_again_when_it_said(door, tmp_path):
    (tmp_path / "a.ndjson").write_text("{}\n")
    door.answers = [(429, {"Retry-After": "2"}, {"title": "太多"}), (408, {}, {}), (503, {}, {})]
    began = time.monotonic()
    done = send(door, tmp_path / "a.ndjson", "--wait", "30s")
    assert done.returncode == 0, done.stderr
    assert len(door.parts) == 4 and time.monotonic() - began >= 2
    door.answers = [(503, {}, {"title": "满"})] * 50
    done = send(door, tmp_path / "a.ndjson", "--wait", "1s")
    assert done.returncode == 69 and "answers 503" in done.stderr and "满" in done.stderr


def test_the_command_says_which_release_it_is():
    for word in ("--version", "version"):
        done = citybrain(word)
        assert done.returncode == 0 and re.fullmatch(r"citybrain \d+\.\d+\.\d+\n", done.stdout)
    daemon = subprocess.run([BINARY.parent / "citybrain-ingest", "--version"], capture_output=True, text=True, timeout=20)
    assert daemon.stdout.split()[1] == done.stdout.split()[1]


def test_without_a_broker_there_is_one_clear_message():
    done = citybrain("lag", "--brokers", "127.0.0.1:1")
    assert done.returncode == 69 and done.stdout == ""
    said = done.stderr.splitlines()
    assert len(said) == 2 and said[0].startswith("citybrain lag: ")
    assert said[1].startswith("no broker at 127.0.0.1:1; fix: ")


def test_the_tokens_are_those_of_the_configuration_in_force(tmp_path):
    (tmp_path / "tokens.csv").write_text("token,kind,name,party\ndemo-x,feed,other,source\n")
    (tmp_path / "one.ndjson").write_text("{}\n")
    words = ("send", "--url", "http://127.0.0.1:9", "--wait", "0s", "--feed", "hotline", tmp_path / "one.ndjson")
    assert f'{tmp_path}/tokens.csv has no token for "hotline"' in citybrain(*words, CITYBRAIN_CONFIG=str(tmp_path)).stderr
    (tmp_path / "tokens.csv").write_text("\ufeff#demo-x,feed,hotline,source\n #demo-y,feed,hotline,source\n")
    assert "has no token" in citybrain(*words, CITYBRAIN_CONFIG=str(tmp_path)).stderr  # what is struck out
    assert "tokens.csv has no token" not in citybrain(*words).stderr  # the checkout's own has one
