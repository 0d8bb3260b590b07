# SPDX-License-Identifier: Apache-2.0
"""Keys are made and turned over by `citybrain key`; `citybrain send --key` and the two small clients sign with them.
The door here is the test's own and reckons the signature by itself, from the written form in docs/signing.md."""
import hashlib
import hmac
import http.server
import json
import os
import re
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BINARY = ROOT / os.environ.get("CITYBRAIN_BIN", "build/debug") / "citybrain"
CLIENTS = ROOT / "tools" / "clients"
CLEAN = {k: v for k, v in os.environ.items() if not k.startswith("CITYBRAIN_") and not k.lower().endswith("_proxy")}


def run(*words, cwd=ROOT, **environment):
    return subprocess.run([*map(str, words)], cwd=cwd, capture_output=True, text=True, timeout=60,
                          env={**CLEAN, **environment})


def key(folder, *words):
    return run(BINARY, "key", *words, "--config", ROOT / "config", cwd=folder, CITYBRAIN_KEYS="keys.csv")


def secret_of(path):
    return dict(line.split("=", 1) for line in Path(path).read_text().split())["secret"]


def rows(folder):
    return [line.split(",") for line in (folder / "keys.csv").read_text().splitlines()[1:]]


# --- keys ---


def test_a_key_is_made_turned_over_and_ended(tmp_path):
    done = key(tmp_path, "create", "st001", "--feeds", "hotline,hotline_csv")
    assert done.returncode == 0, done.stderr
    station, first, path = done.stdout.split()
    assert (station, path) == ("st001", "st001.key")
    secret = secret_of(tmp_path / path)
    assert re.fullmatch("[0-9a-f]{64}", secret)
    assert rows(tmp_path) == [["st001", first, "feed", "hotline;hotline_csv", "source", secret]]
    for name in ("st001.key", "keys.csv"):
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600
    done = key(tmp_path, "rotate", "st001", "--out", "new.key")
    second = done.stdout.split()[1]
    assert second != first and secret_of(tmp_path / "new.key") not in (secret, "")
    assert [row[1:5] for row in rows(tmp_path)] == [[name, "feed", "hotline;hotline_csv", "source"] for name in (first, second)]
    done = key(tmp_path, "rotate", "st001", "--out", "third.key")
    assert done.returncode == 78 and f"citybrain key retire st001 {first}" in done.stderr
    assert not (tmp_path / "third.key").exists() and not (tmp_path / "keys.csv.new").exists()
    assert key(tmp_path, "retire", "st001", first).returncode == 0
    assert [row[1] for row in rows(tmp_path)] == [second]
    for words in (["ls"], ["ls", "--json"]):
        shown = key(tmp_path, *words).stdout
        assert second in shown and secret_of(tmp_path / "new.key") not in shown
    assert json.loads(shown) == {"station": "st001", "key": second, "kind": "feed", "names": "hotline;hotline_csv", "party": "source"}


def test_a_key_ends_where_the_file_begins_with_a_mark(tmp_path):
    (tmp_path / "keys.csv").write_bytes(b"\xef\xbb\xbf" + f"desk,k1,unit,desk,callback,{'0f' * 32}\r\ndesk,k2,unit,desk,callback,{'0e' * 32}\r\n".encode())
    (tmp_path / "keys.csv").chmod(0o600)
    done = key(tmp_path, "retire", "desk", "k1")
    assert done.returncode == 0 and [line.split(",")[1] for line in (tmp_path / "keys.csv").read_text().splitlines()] == ["k2"], done.stderr


def test_what_others_wrote_into_the_file_stays(tmp_path):
    (tmp_path / "keys.csv").write_text("# kept by the operator\nstation,key,kind,names,party,secret\n"
                                       f"desk,k1,unit,desk,callback,{'0f' * 32}")
    (tmp_path / "keys.csv").chmod(0o640)
    assert key(tmp_path, "create", "water", "--unit", "d_water").returncode == 0
    lines = (tmp_path / "keys.csv").read_text().splitlines()
    assert lines[0] == "# kept by the operator" and lines[2].startswith("desk,k1,") and len(lines) == 4
    assert re.match(r"water,k\d{8}-[0-9a-f]{4},unit,d_water,lead,", lines[3])
    assert stat.S_IMODE((tmp_path / "keys.csv").stat().st_mode) == 0o640


@pytest.mark.parametrize("words, status, says", [
    ([], 64, "create, rotate, retire or ls?"),
    (["create", "st001"], 64, "needs --feeds or --unit"),
    (["create", "st001", "--feeds", "a", "--unit", "b"], 64, "one of them"),
    (["create", "st001", "--feeds", "hotline", "--party", "desk"], 64, "--party goes with --unit"),
    (["create", "desk", "--unit", "desk", "--party", "d e"], 78, "is no party"),
    (["create", "站点", "--feeds", "hotline"], 64, "letters, digits"),
    (["create", "st001", "--feeds", "hotlin"], 78, 'no feed "hotlin"'),
    (["create", "st001", "--feeds", "../codes"], 78, "no feed"),
    (["create", "st001", "--unit", "d_watr"], 78, 'no unit "d_watr"'),
    (["create", "st001", "--feeds", "hotline", "--out", "/no/such/folder/k"], 69, "cannot be made"),
    (["rotate", "st001"], 78, "citybrain key create"),
    (["retire", "st001"], 64, "STATION and KEY"),
    (["retire", "st001", "k1"], 78, "citybrain key ls"),
    (["ls", "st001"], 64, "no more words"),
])
def test_a_wrong_wish_is_named_and_changes_nothing(tmp_path, words, status, says):
    done = key(tmp_path, *words)
    assert (done.returncode, done.stdout) == (status, "") and says in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_an_open_or_torn_file_is_refused(tmp_path):
    key(tmp_path, "create", "st001", "--feeds", "hotline")
    before = (tmp_path / "keys.csv").read_text()
    (tmp_path / "keys.csv").chmod(0o644)
    done = key(tmp_path, "rotate", "st001", "--out", "n.key")
    assert done.returncode == 78 and "chmod 600" in done.stderr
    (tmp_path / "keys.csv").chmod(0o600)
    (tmp_path / "keys.csv.new").touch()
    done = key(tmp_path, "rotate", "st001", "--out", "n.key")
    assert done.returncode == 69 and "another change is under way" in done.stderr
    assert (tmp_path / "keys.csv").read_text() == before and (tmp_path / "keys.csv.new").exists()
    assert not (tmp_path / "n.key").exists()


# --- signing ---


class Door(http.server.BaseHTTPRequestHandler):
    """Checks the signature as docs/signing.md says; answers 503 as often as it was told to."""

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        scheme, _, rest = self.headers["Authorization"].partition(" ")
        said = dict(part.split("=", 1) for part in rest.split(","))
        text = "\n".join(["v1", "POST", self.path, said["station"], said["key"], said["time"], said["message"],
                          hashlib.sha256(body).hexdigest()])
        for name, value in sorted((n.lower(), v.strip()) for n, v in self.headers.items()
                                  if n.lower().startswith(("citybrain-", "ce-"))):
            text += f"\n{name}:{value}"
        mac = hmac.new(bytes.fromhex(self.server.secret), text.encode(), hashlib.sha256).hexdigest()
        good = scheme == "Citybrain-HMAC" and mac == said["signature"] and abs(time.time() - int(said["time"])) < 30
        self.server.seen.append((good, said["message"], body, dict(self.headers)))
        status = 503 if len(self.server.seen) <= self.server.busy else 200 if good else 401
        answer = json.dumps({"accepted": 1, "rejected": 0, "results": []}).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_):
        pass


@pytest.fixture
def door(tmp_path):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Door)
    server.seen, server.busy = [], 0
    assert key(tmp_path, "create", "st001", "--feeds", "hotline").returncode == 0
    server.secret = secret_of(tmp_path / "st001.key")
    (tmp_path / "orders.ndjson").write_text('{"工单编号":"N1"}\n', encoding="utf-8")
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


SENDERS = {
    "citybrain": lambda url, key, file: [BINARY, "send", "--feed", "hotline", "--url", url, "--key", key, file],
    "sh": lambda url, key, file: [CLIENTS / "send.sh", key, url + "/v1/feeds/hotline", file],
    "python": lambda url, key, file: [sys.executable, CLIENTS / "send.py", key, url + "/v1/feeds/hotline", file],
}


@pytest.mark.parametrize("name", SENDERS)
def test_each_attempt_is_signed_anew(door, tmp_path, name):
    door.busy = 1
    url = f"http://127.0.0.1:{door.server_port}"
    done = run(*SENDERS[name](url, tmp_path / "st001.key", tmp_path / "orders.ndjson"))
    assert done.returncode == 0, done.stderr
    assert [good for good, *_ in door.seen] == [True, True]
    assert len({message for _, message, *_ in door.seen}) == 2
    assert {body for _, _, body, _ in door.seen} == {(tmp_path / "orders.ndjson").read_bytes()}
    assert door.secret not in done.stdout + done.stderr


@pytest.mark.parametrize("name", SENDERS)
def test_a_refusal_ends_it(door, tmp_path, name):
    door.secret = "00" * 32
    url = f"http://127.0.0.1:{door.server_port}"
    done = run(*SENDERS[name](url, tmp_path / "st001.key", tmp_path / "orders.ndjson"))
    assert done.returncode == (69 if name == "citybrain" else 1) and len(door.seen) == 1


def test_what_send_says_beside_the_body_is_signed(door, tmp_path):
    done = run(BINARY, "send", "--backfill", "--feed", "hotline", "--url", f"http://127.0.0.1:{door.server_port}",
               "--key", tmp_path / "st001.key", tmp_path / "orders.ndjson")
    assert done.returncode == 0, done.stderr
    (good, _, _, headers), = door.seen
    assert good and headers["Citybrain-Replay"] == "backfill" and "Citybrain-Upload" in headers


def test_a_key_that_others_can_read_or_nobody_can_is_refused(door, tmp_path):
    url = f"http://127.0.0.1:{door.server_port}"
    path = tmp_path / "st001.key"
    path.chmod(0o640)
    done = run(*SENDERS["citybrain"](url, path, tmp_path / "orders.ndjson"))
    assert done.returncode == 78 and "chmod 600" in done.stderr
    path.chmod(0o600)
    for text in ("", "station=a\nkey=b\n", path.read_text().replace("secret", "secrte"), path.read_text()[:-5]):
        (tmp_path / "bad.key").write_text(text)
        (tmp_path / "bad.key").chmod(0o600)
        done = run(*SENDERS["citybrain"](url, tmp_path / "bad.key", tmp_path / "orders.ndjson"))
        assert done.returncode == 78 and "is no key" in done.stderr
    done = run(*SENDERS["citybrain"](url, tmp_path / "none.key", tmp_path / "orders.ndjson"))
    assert done.returncode == 78 and "citybrain key create --help" in done.stderr
    assert door.seen == []


def test_the_example_in_the_manual_is_right():
    text = (ROOT / "docs" / "signing.md").read_text(encoding="utf-8")
    lines = re.findall(r"^\| .* \| .* \| `(.*)` \|$", text, re.M)
    assert len(lines) == 9 and lines[0] == "v1" and lines[7] == hashlib.sha256(b'{"n":1}\n').hexdigest()
    mac = hmac.new(bytes(range(32)), "\n".join(lines).encode(), hashlib.sha256).hexdigest()
    header, = re.findall(r"^Authorization: (.*)$", text, re.M)
    assert header == "Citybrain-HMAC station={3},key={4},time={5},message={6},signature={mac}".format(*lines, mac=mac)
    assert f"`{mac}`" in text


@pytest.mark.parametrize("client", ["send.sh", "send.py"])
def test_the_clients_stay_short(client):
    code = [line for line in (CLIENTS / client).read_text().splitlines()
            if line.strip() and not line.lstrip().startswith(("#", '"""'))]
    assert len(code) <= 30
