# SPDX-License-Identifier: Apache-2.0
"""Signed requests at the running door: ten thousand that are forged, expired, replayed, foreign or nobody's are all
refused by one answer and one audit line each, while an honest station is served; keys are turned over while a sender
sends; and whoever signs as docs/signing.md says is let in."""
import email.utils
import hashlib
import hmac
import http.client
import json
import os
import random
import re
import secrets
import signal
import statistics
import threading
import time
from collections import Counter
from urllib.parse import urlsplit

import pytest

from district import ROOT, until
from test_path import order

BAD = 10_000
THREADS = 4
FEED, STATUS = "/v1/feeds/hotline", "/v1/units/desk/status"


class Signer:
    """A station's side, by the standard library alone."""

    def __init__(self, path):
        said = dict(line.split("=", 1) for line in path.read_text().split())
        self.station, self.key, self.secret = said["station"], said["key"], bytes.fromhex(said["secret"])

    def sign(self, target, body, headers=(), *, age=0, secret=None, message=None, method="POST", **claim):
        """The headers of a request; what is wrong with it is named."""
        now, message = str(int(time.time()) - age), message or secrets.token_hex(16)
        station, key = claim.get("station", self.station), claim.get("key", self.key)
        lines = ["v1", method, target, station, key, now, message, hashlib.sha256(body).hexdigest()]
        lines += sorted(f"{name.lower()}:{value}" for name, value in dict(headers).items())
        mac = hmac.new(secret or self.secret, "\n".join(lines).encode(), hashlib.sha256).hexdigest()
        return {"Content-Type": "application/x-ndjson", **dict(headers), "Authorization":
                f"Citybrain-HMAC station={station},key={key},time={now},message={message},signature={mac}"}


class Connection:
    """Kept open; made anew where the door ended it."""

    def __init__(self, url):
        self.where, self.inner = urlsplit(url), None

    def post(self, target, body, headers):
        """(status, headers, body, seconds)"""
        for attempt in (1, 2):
            self.inner = self.inner or http.client.HTTPConnection(self.where.hostname, self.where.port, timeout=30)
            began = time.perf_counter()
            try:
                self.inner.request("POST", target, body, headers)
                answer = self.inner.getresponse()
                said = answer.read()
                if answer.will_close:
                    self.close()
                return answer.status, answer.headers, said, time.perf_counter() - began
            except (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError):
                self.close()
                if attempt == 2:
                    raise

    def close(self):
        if self.inner:
            self.inner.close()
        self.inner = None


@pytest.fixture(scope="module")
def stations(district):
    """Three stations and a unit; each {name: Signer}."""
    wanted = {"sg001": ["--feeds", "hotline"], "sg002": ["--feeds", "hotline_csv"], "sg003": ["--feeds", "hotline"],
              "sg_desk": ["--unit", "desk"]}
    for name, may in wanted.items():
        district.citybrain("key", "create", name, *may, "--out", district.run / f"{name}.key")
    reload_keys(district)
    return {name: Signer(district.run / f"{name}.key") for name in wanted}


def log_of(district):
    return district.run / "daemons" / "ingest-1.log"


def lines_of(district, event, since=0):
    with open(log_of(district), "rb") as log:
        log.seek(since)
        return [json.loads(line) for line in log if f'"{event}"'.encode() in line]


def reload_keys(district, event="door.credentials_read"):
    before = log_of(district).stat().st_size
    os.kill(district.pid("ingest-1"), signal.SIGHUP)
    until(lambda: lines_of(district, event, before), f"ingest says {event}", 10)


def body_of(number, **more):
    return json.dumps(order(number, **more), ensure_ascii=False).encode() + b"\n"


def post(district, signer, body, headers=(), target=FEED, **wrong):
    connection = Connection(district.environment["CITYBRAIN_URL"])
    try:
        return connection.post(target, body, signer.sign(target, body, headers, **wrong))
    finally:
        connection.close()


def refused(district):
    text = district.http(district.environment["CITYBRAIN_INGEST_ADMIN"] + "/metrics")[1].decode()
    return {reason: int(n) for reason, n in re.findall(r'citybrain_ingest_refused_total\{reason="(\w+)"\} (\d+)', text)}


def rss_kib(pid):
    with open(f"/proc/{pid}/status") as status:
        return int(re.search(r"VmRSS:\s+(\d+)", status.read())[1])


# --- ten thousand ---


class Forger:
    """Requests nobody may make. Each is one that could have been good, with one thing wrong."""

    def __init__(self, stations, heard):
        self.honest, self.other, self.desk = stations["sg001"], stations["sg002"], stations["sg_desk"]
        self.heard = heard  # (headers, body) of what was let in before
        self.makers = {"forged": self.forged, "expired": self.expired, "replayed": self.replayed,
                       "foreign": self.foreign, "unknown": self.unknown, "malformed": self.malformed,
                       "nobody": lambda lot, body: (FEED, body, {"Content-Type": "application/x-ndjson"})}

    def forged(self, lot, body):
        what = lot.randrange(6)
        if what == 0:  # another's secret
            return FEED, body, self.honest.sign(FEED, body, secret=self.other.secret)
        if what == 1:  # another address
            return FEED, body, self.honest.sign(FEED + "/check", body)
        if what == 2:  # a header more
            return FEED, body, {**self.honest.sign(FEED, body), "Citybrain-Replay": "backfill"}
        headers = self.honest.sign(FEED, body)
        if what == 3:  # another body
            at = lot.randrange(len(body))
            return FEED, body[:at] + bytes([body[at] ^ 1]) + body[at + 1:], headers
        said = headers["Authorization"]
        if what == 4:  # another message, or another time
            at = said.index("message=") + 8 + lot.randrange(32)
        else:  # another signature
            at = said.index("signature=") + 10 + lot.randrange(64)
        headers["Authorization"] = said[:at] + ("0" if said[at] != "0" else "1") + said[at + 1:]
        return FEED, body, headers

    def expired(self, lot, body):
        # a second of grace to each side: the request takes its time
        return FEED, body, self.honest.sign(FEED, body, age=lot.choice([-1, 1]) * lot.randrange(302, 100_000))

    def replayed(self, lot, body):
        headers, old = lot.choice(self.heard)
        if lot.random() < 0.5:
            return FEED, old, headers
        message = re.search("message=(\\w+)", headers["Authorization"])[1]
        return FEED, body, self.honest.sign(FEED, body, message=message)

    def foreign(self, lot, body):
        signer, target = lot.choice([(self.other, FEED), (self.desk, FEED), (self.honest, STATUS),
                                     (self.desk, "/v1/units/d_water/status"), (self.honest, "/v1/feeds/no_such")])
        return target, body, signer.sign(target, body)

    def unknown(self, lot, body):
        claim = lot.choice([{"station": "sg999"}, {"key": "k00000000-0000"}, {"station": self.desk.station}])
        return FEED, body, self.honest.sign(FEED, body, **claim)

    def malformed(self, lot, body):
        headers = self.honest.sign(FEED, body)
        said = headers["Authorization"]
        headers["Authorization"] = lot.choice([
            said[:lot.randrange(16, len(said))], said + ",more=1", "Basic YTpi", said.replace("time=", "time=-"),
            said.replace("Citybrain-HMAC", "Citybrain-SHA1"), said.replace("station=", "station=" + "a" * 40)])
        return FEED, body, headers


def flood(district, forger, share, seen, errors):
    lot = random.Random(share[0])
    connection = Connection(district.environment["CITYBRAIN_URL"])
    names = list(forger.makers)
    try:
        for n in share:
            name = names[n % len(names)]
            target, body, headers = forger.makers[name](lot, body_of(f"BAD{n}"))
            status, answer, said, seconds = connection.post(target, body, headers)
            seen.append((name, status, said, answer["WWW-Authenticate"], answer["Date"], seconds))
    except Exception as error:  # told to the test, which joins
        errors.append(error)
    finally:
        connection.close()


def serve_honestly(district, signer, done, counted, errors):
    connection = Connection(district.environment["CITYBRAIN_URL"])
    try:
        while not done.is_set():
            body = b"".join(body_of(f"GOOD{len(counted)}-{n}") for n in range(20))
            headers = signer.sign(FEED, body, {"Citybrain-Replay": "backfill"})
            status, _, said, seconds = connection.post(FEED, body, headers)
            counted.append((status, json.loads(said)["accepted"] if status == 200 else said, seconds))
    except Exception as error:  # told to the test, which joins
        errors.append(error)
    finally:
        connection.close()


def test_ten_thousand_that_may_not_come_in_do_not(district, stations):
    heard = []
    for n in range(20):
        body = body_of(f"HEARD{n}")
        headers = stations["sg001"].sign(FEED, body, {"Citybrain-Replay": "backfill"})
        connection = Connection(district.environment["CITYBRAIN_URL"])
        assert connection.post(FEED, body, headers)[0] == 200
        connection.close()
        heard.append((headers, body))
    pid, before = district.pid("ingest-1"), refused(district)
    since, stored, memory = log_of(district).stat().st_size, sum(district.ends("cb.raw").values()), rss_kib(pid)
    seen, counted, errors, done = [], [], [], threading.Event()
    forger = Forger(stations, heard)
    honest = threading.Thread(target=serve_honestly, args=(district, stations["sg003"], done, counted, errors))
    floods = [threading.Thread(target=flood, args=(district, forger, range(n, BAD, THREADS), seen, errors))
              for n in range(THREADS)]
    honest.start()
    began = time.monotonic()
    for thread in floods:
        thread.start()
    for thread in floods:
        thread.join(240)
    seconds = time.monotonic() - began
    done.set()
    honest.join(30)
    assert errors == []

    # Refused, all of them, and by nothing that tells one fault from another.
    assert len(seen) == BAD
    assert Counter(status for _, status, *_ in seen) == {401: BAD}
    assert len({(said, scheme) for _, _, said, scheme, *_ in seen}) == 1
    assert abs(email.utils.parsedate_to_datetime(seen[-1][4]).timestamp() - time.time()) < 60

    # One audit line each, with the true reason; no secret, no body.
    audit = lines_of(district, "door.refused", since)
    expected = Counter(name for name, *_ in seen)
    assert len(audit) == BAD and Counter(line["reason"] for line in audit) == expected
    assert {line["level"] for line in audit} == {"audit"} and {line["peer"] for line in audit} == {"127.0.0.1"}
    assert refused(district) == {name: before.get(name, 0) + n for name, n in expected.items()} | {
        name: n for name, n in before.items() if name not in expected}
    log = log_of(district).read_bytes()
    for word in [signer.secret.hex().encode() for signer in stations.values()] + [b"BAD1", "楼前堆物".encode()]:
        assert word not in log

    # The honest station was served all the while, and only its items are there.
    assert len(counted) >= 10 and {(status, accepted) for status, accepted, _ in counted} == {(200, 20)}
    assert district.pid("ingest-1") == pid
    items = 20 * len(counted)
    assert sum(district.ends("cb.raw").values()) - stored == items
    waits = sorted(wait for _, _, wait in counted)
    by_name = {name: statistics.median(s for n, _, _, _, _, s in seen if n == name) * 1e6 for name in expected}
    print(f"\n{BAD} refused in {seconds:.1f} s ({BAD / seconds:.0f}/s), 0 let in, {len(audit)} audit lines; meanwhile "
          f"{len(counted)} uploads of 20 from an honest station, all 200, p50 {waits[len(waits) // 2] * 1e3:.1f} ms, "
          f"max {waits[-1] * 1e3:.1f} ms; RSS {memory} -> {rss_kib(pid)} KiB; median by fault in us: "
          + ", ".join(f"{name} {us:.0f}" for name, us in sorted(by_name.items())))
    assert rss_kib(pid) - memory < 16 * 1024


# --- honest ones ---


def test_keys_are_turned_over_while_a_station_sends(district, stations):
    old, run = stations["sg001"], district.run
    counted, errors, done = [], [], threading.Event()
    sender = threading.Thread(target=serve_honestly, args=(district, old, done, counted, errors))
    sender.start()
    try:
        district.citybrain("key", "rotate", "sg001", "--out", run / "sg001-new.key")
        reload_keys(district)
        new = Signer(run / "sg001-new.key")
        assert post(district, new, body_of("ROT1"))[0] == 200
    finally:
        done.set()
        sender.join(30)
    assert errors == [] and counted and {status for status, *_ in counted} == {200}
    assert post(district, old, body_of("ROT2"))[0] == 200  # both are good
    district.citybrain("key", "retire", "sg001", old.key)
    assert post(district, old, body_of("ROT2"))[0] == 200  # until the daemon is told
    reload_keys(district)
    assert post(district, old, body_of("ROT2"))[0] == 401
    assert post(district, new, body_of("ROT3"))[0] == 200

    # A file that cannot be read whole changes nothing.
    keys = run / "keys.csv"
    text = keys.read_text()
    keys.write_text(text + "sg004,k1,feed,hotline,source,not-a-secret\n")
    reload_keys(district, "door.credentials_refused")
    assert post(district, new, body_of("ROT3"))[0] == 200
    keys.write_text(text)
    reload_keys(district)


@pytest.mark.parametrize("client", ["citybrain", "sh", "python"])
def test_whoever_signs_by_the_book_is_let_in(district, stations, tmp_path, client):
    file, key = tmp_path / "orders.ndjson", district.run / "sg003.key"
    file.write_bytes(b"".join(body_of(f"BOOK-{client}-{n}") for n in range(3)))
    url = district.environment["CITYBRAIN_URL"]
    clients = ROOT / "tools" / "clients"
    words = {"citybrain": [district.binaries / "citybrain", "send", "--key", key, "--feed", "hotline", file],
             "sh": [clients / "send.sh", key, url + FEED, file],
             "python": ["python3", clients / "send.py", key, url + FEED, file]}[client]
    environment = dict(district.environment)
    try:
        for name in [n for n in environment if n.lower().endswith("_proxy")]:
            del district.environment[name]
        done = district.command(*words)
    finally:
        district.environment = environment
    said = done.stderr if client == "citybrain" else done.stdout
    assert re.search(r"3 accepted, 0 rejected|\"accepted\": ?3, ?\"rejected\": ?0", said), said


def test_a_unit_signs_its_statuses(district, stations):
    body = json.dumps({"case": "request:12345:NOBODYS", "stage": "dispute_decided", "time": "2026-01-05T08:00:00+08:00",
                       "unit": "d_water"}).encode()
    status, _, said, _ = post(district, stations["sg_desk"], body, target=STATUS)
    assert status == 200, said
    assert post(district, stations["sg003"], body, target=STATUS)[0] == 401
