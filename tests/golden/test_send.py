# SPDX-License-Identifier: Apache-2.0
"""`citybrain send` at a door of the test's own: which rows a part says it holds, and what it does when its list of
what was acknowledged cannot be kept. And no verb shows people what librdkafka says to a daemon's log."""
import base64
import http.server
import json
import os
import subprocess
import threading
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
        answer = json.dumps({"accepted": len(body.splitlines()), "rejected": 0, "results": []}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_):
        pass


@pytest.fixture
def door():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Door)
    server.parts = []
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


def test_without_a_broker_there_is_one_clear_message():
    done = citybrain("lag", "--brokers", "127.0.0.1:1")
    assert done.returncode == 69 and done.stdout == ""
    said = done.stderr.splitlines()
    assert len(said) == 2 and said[0].startswith("citybrain lag: ")
    assert said[1].startswith("no broker at 127.0.0.1:1; fix: ")
