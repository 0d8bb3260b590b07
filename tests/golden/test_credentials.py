# SPDX-License-Identifier: Apache-2.0
"""Who is let in at a door, and what must be said for tokens to do. The broker is librdkafka's own stand-in."""
import http.client
import importlib.util
import json
import os
import signal
import socket
import subprocess
import time
from pathlib import Path

import pytest
from confluent_kafka import Producer

ROOT = Path(__file__).resolve().parents[2]
BINARIES = ROOT / os.environ.get("CITYBRAIN_BIN", "build/debug")
CLEAN = {k: v for k, v in os.environ.items() if not k.startswith("CITYBRAIN_")}
TOKEN = {"Authorization": "Bearer demo-hotline"}
FEED = "/v1/feeds/hotline"


def client():
    """tools/clients/send.py, whose signature is the one stations are told to copy."""
    spec = importlib.util.spec_from_file_location("send", ROOT / "tools" / "clients" / "send.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def free_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


@pytest.fixture(scope="module")
def brokers():
    host = Producer({"bootstrap.servers": "unused", "test.mock.num.brokers": 1, "log_level": 0})
    host.produce("cb.raw", b"the topic is there from now on", partition=0)
    assert host.flush(10) == 0
    broker, = host.list_topics(timeout=10).brokers.values()
    yield f"{broker.host}:{broker.port}"
    del host  # it lives as long


class Door:
    def __init__(self, folder, brokers, **settings):
        self.port, self.log = free_port(), folder / "log"
        words = {"kafka.brokers": brokers, "ingest.role": "doors", "ingest.listen": f"127.0.0.1:{self.port}",
                 "daemon.admin": "127.0.0.1:0", "kafka.note_dir": folder, **settings}
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                [BINARIES / "citybrain-ingest", "--config", "config/ingest.yaml",
                 *(w for name, value in words.items() for w in ("--set", f"{name}={value}"))],
                cwd=ROOT, env=CLEAN, stdout=log, stderr=log)
        deadline = time.monotonic() + 20
        while self.process.poll() is None and not (self.listens() and self.post({})[0] == 401):
            assert time.monotonic() < deadline, self.log.read_text()
            time.sleep(0.05)
        self.before = len(self.audit())

    def listens(self):
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def post(self, headers, target=FEED, body=b"{}\n"):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request("POST", target, body, {"Content-Type": "application/x-ndjson", **headers})
            answer = connection.getresponse()
            return answer.status, answer.read(), answer.headers
        finally:
            connection.close()

    def audit(self):
        return [json.loads(line)["reason"] for line in self.log.read_text().splitlines() if '"door.refused"' in line]

    def refusals(self):
        return self.audit()[self.before:]

    def stop(self):
        self.process.kill()
        self.process.wait()


@pytest.fixture
def open_door(tmp_path, brokers):
    doors = []

    def open_one(**settings):
        doors.append(Door(tmp_path, brokers, **{name.replace("__", "."): value for name, value in settings.items()}))
        return doors[-1]
    yield open_one
    for door in doors:
        door.stop()


@pytest.fixture
def key(tmp_path):
    done = subprocess.run([BINARIES / "citybrain", "key", "create", "st001", "--feeds", "hotline", "--keys", tmp_path / "keys.csv",
                           "--out", tmp_path / "st001.key"], cwd=ROOT, env=CLEAN, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return dict(line.split("=", 1) for line in (tmp_path / "st001.key").read_text().split())


def signed(key, door, target=FEED, body=b"{}\n", **headers):
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    return {**headers, "Authorization": client().authorization(key, "POST", f"http://127.0.0.1:{door.port}{target}", body, headers)}


def test_a_token_opens_nothing_as_shipped(open_door, tmp_path, key):
    door = open_door(ingest__keys=tmp_path / "keys.csv")
    assert door.post(signed(key, door))[0] == 200
    answers = [door.post(headers) for headers in (TOKEN, {}, {"Authorization": "Bearer nobody"},
                                                  {"Authorization": "Bearer"}, {"Authorization": ""})]
    assert {status for status, *_ in answers} == {401} and len({body for _, body, _ in answers}) == 1
    assert {headers["WWW-Authenticate"] for *_, headers in answers} == {"Citybrain-HMAC"}
    assert all(headers["Date"] for *_, headers in answers)
    assert door.refusals() == ["malformed", "nobody", "malformed", "malformed", "malformed"]


def test_tokens_come_in_where_it_is_said(open_door, tmp_path, key):
    door = open_door(ingest__keys=tmp_path / "keys.csv", ingest__insecure_bearer="true")
    assert [door.post(headers)[0] for headers in (TOKEN, signed(key, door))] == [200, 200]
    status, body, headers = door.post({"Authorization": "Bearer nobody"})
    assert (status, headers["WWW-Authenticate"]) == (401, "Citybrain-HMAC, Bearer")
    assert door.post({})[1] == body
    assert door.post(TOKEN, "/v1/feeds/boston_311")[0] == 403
    assert door.post(signed(key, door, "/v1/feeds/boston_311"), "/v1/feeds/boston_311")[:2] == (401, body)
    assert door.refusals() == ["unknown", "nobody", "foreign", "foreign"]


def test_address_and_headers_are_signed_as_sent(open_door, tmp_path, key):
    door = open_door(ingest__keys=tmp_path / "keys.csv")
    for target in (FEED + "?a=%E4%B8%80&&b", FEED + "/check?x", "/v1/feeds/%68otline"):
        assert door.post(signed(key, door, target), target)[0] == 200, target
    assert door.post(signed(key, door, FEED), FEED + "?a")[0] == 401
    assert door.post(signed(key, door, "/v1/feeds/%68otline"))[0] == 401
    more = signed(key, door, Citybrain_Replay="backfill", ce_id="1")
    assert door.post({k: v for k, v in more.items() if k != "ce-id"})[0] == 401
    assert door.post({**more, "Citybrain-Row": "2"})[0] == 401
    assert door.post({**more, "Citybrain-Replay": "backfil"})[0] == 401
    assert door.post(more)[0] == 200
    assert door.refusals() == ["forged"] * 5


def test_a_full_table_of_messages_is_a_reason_to_wait(open_door, tmp_path, key):
    door = open_door(ingest__keys=tmp_path / "keys.csv", ingest__remembered_messages=4096)
    statuses = {}
    connection = http.client.HTTPConnection("127.0.0.1", door.port, timeout=20)
    for n in range(2048 + 2 + 3):
        headers = signed(key, door, FEED + "/check")
        for _ in (1, 2):
            try:
                connection.request("POST", FEED + "/check", b"{}\n", {"Content-Type": "application/x-ndjson", **headers})
                answer = connection.getresponse()
                break
            except (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError):
                connection.close()
        answer.read()
        statuses.setdefault(answer.status, []).append((n, answer.headers["Retry-After"]))
    connection.close()
    assert sorted(statuses) == [200, 429] and [n for n, _ in statuses[429]] == [2050, 2051, 2052]
    assert {wait for _, wait in statuses[429]} == {"60"}
    assert door.refusals() == ["crowded"] * 3


def test_the_log_tells_the_mappings_in_force_at_the_start_and_at_sighup(open_door):
    """Of each feed that is there, in as many lines as that takes."""
    def told(door):
        lines = [json.loads(line) for line in door.log.read_text().splitlines() if '"ingest.mappings"' in line]
        assert all(line["level"] == "info" and len(line["bundle"]) == 22 and "cut" not in line for line in lines)
        return [word for line in lines for word in line["in_force"].split(" ")]

    door = open_door()
    feeds = sorted(path.stem for path in (ROOT / "config/feeds").glob("*.yaml"))
    versions = told(door)
    assert sorted(word.partition("/")[0] for word in versions) == feeds and {"hotline/1", "status/1"} <= set(versions)
    door.process.send_signal(signal.SIGHUP)
    deadline = time.monotonic() + 20
    while len(told(door)) < 2 * len(feeds):
        assert time.monotonic() < deadline, door.log.read_text()
        time.sleep(0.05)
    assert told(door) == 2 * versions


def test_a_door_that_nobody_can_enter_says_so(open_door):
    door = open_door()
    assert "door.nobody_may_come_in" in door.log.read_text() and "citybrain key create" in door.log.read_text()
    assert door.post(TOKEN)[0] == 401


def test_a_file_of_keys_that_is_not_private_stops_the_start(open_door, tmp_path, key):
    (tmp_path / "keys.csv").chmod(0o644)
    door = open_door(ingest__keys=tmp_path / "keys.csv")
    assert door.process.wait(10) == 78
    assert "chmod 600" in door.log.read_text() and key["secret"] not in door.log.read_text()
    door = open_door(ingest__keys=tmp_path / "none.csv")
    assert door.process.wait(10) == 78 and "citybrain key create" in door.log.read_text()
