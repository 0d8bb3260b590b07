# SPDX-License-Identifier: Apache-2.0
"""Ten times as much as is admitted, offered open-loop from many addresses, beside two thousand slow connections; then
the broker is frozen under the full load. Whoever is answered is answered 2xx, 429 or 503 with a time to come back, the
door's memory keeps to its bound, and every record that a sender was told of is in the log. The full length: make
overload; here the same, shorter."""
import asyncio
import json
import multiprocessing
import os
import random
import re
import resource
import signal
import socket
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from district import ROOT, District, until

sys.path.insert(0, str(ROOT / "tools" / "clients"))
from send import authorization  # noqa: E402 the client that is shipped

LOAD_S = int(os.environ.get("OVERLOAD_SECONDS", "6"))
FREEZE_S = int(os.environ.get("OVERLOAD_FREEZE", "7"))
DEADLINE_S = 10 if FREEZE_S > 10 else 4  # of a request; a freeze is longer
ADMITTED, OFFERED, SLOW, STATIONS, BATCH = 1000, 10_000, 2000, 40, 20
RSS_MIB, HANDS = 128, 4000  # of the sender: more than that it cannot hold at a time
FEED = "/v1/feeds/hotline"


def template():
    """An upload's lines with room for their numbers: made once, so that the sender keeps its pace."""
    when = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(time.time() + 8 * 3600))
    line = json.dumps({"工单编号": "@", "受理时间": when, "诉求性质": "投诉", "问题分类": "R0105",
                       "反映街乡": "110105001", "主要内容": "电梯" * 40}, ensure_ascii=False)
    return (line.replace("@", "O%d-%d") + "\n") * BATCH


class Client:
    """Connections from addresses of 127/8, and the tally of what they were told."""

    def __init__(self, url):
        host, port = url.rsplit("/", 1)[1].split(":")
        self.server = host, int(port)
        self.answers, self.waits, self.odd = Counter(), [], []

    async def say(self, piece, address, patience=30):
        """What came back, to its end; None: no connection. Who is answered before he has said all may
        find the door shut while he speaks, and the answer is there all the same."""
        loop = asyncio.get_running_loop()
        heard = bytearray()
        with socket.socket() as own:
            own.setblocking(False)
            own.setsockopt(socket.IPPROTO_IP, 24, 1)  # IP_BIND_ADDRESS_NO_PORT
            own.bind((address, 0))

            async def talk():
                try:
                    await loop.sock_sendall(own, piece)
                except OSError:
                    pass
                while not is_whole(heard):
                    more = await loop.sock_recv(own, 65536)
                    if not more:
                        return
                    heard.extend(more)

            try:
                await asyncio.wait_for(loop.sock_connect(own, self.server), patience)
            except (OSError, asyncio.TimeoutError):
                return None
            try:
                await asyncio.wait_for(talk(), patience)
            except (OSError, asyncio.TimeoutError):
                pass
        return bytes(heard)

    def note(self, heard):
        """The status; what may not be said is kept."""
        if not heard:
            self.answers["no connection" if heard is None else "no answer"] += 1
            return 0
        head = heard.partition(b"\r\n\r\n")[0].decode("latin-1")
        status = int(head.split(" ", 2)[1])
        self.answers[status] += 1
        wait = re.search(r"(?im)^retry-after: *(\d+)\r?$", head)
        if status in (429, 503) and wait:
            self.waits.append((status, int(wait[1])))
        elif status // 100 != 2:
            self.odd.append(heard[:300])
        return status


def is_whole(heard):
    head, found, body = heard.partition(b"\r\n\r\n")
    length = re.search(rb"(?i)content-length: *(\d+)", head)
    return bool(found and length and len(body) >= int(length[1]))


class Load(Client):
    def __init__(self, url, keys, acknowledged):
        super().__init__(url)
        self.url, self.keys, self.template = url, keys, template()
        self.list = open(acknowledged, "w")
        self.sent = self.acknowledged = self.unsent = 0
        self.late = 0.0

    async def upload(self, n):
        body = (self.template % tuple(x for i in range(BATCH) for x in (n, i))).encode()
        key = self.keys[0 if n % 2 else n // 2 % STATIONS]  # one of them sends half of it all
        signed = authorization(key, "POST", self.url + FEED, body, {})
        request = (f"POST {FEED} HTTP/1.1\r\nHost: door\r\nAuthorization: {signed}\r\nPrefer: return=minimal\r\n"
                   f"Content-Type: application/x-ndjson\r\nContent-Length: {len(body)}\r\n\r\n").encode() + body
        heard = await self.say(request, f"127.0.{1 + n % 7}.{1 + n % 250}")
        if self.note(heard) // 100 == 2:
            assert b'"accepted":%d,"rejected":0' % BATCH in heard, heard[-300:]
            self.list.write("".join(f"O{n}-{i}\n" for i in range(BATCH)))
            self.list.flush()
            os.fsync(self.list.fileno())
            self.acknowledged += BATCH

    async def offer(self, seconds):
        """Open loop: each is sent in its time, whatever became of the others."""
        begin, running = time.monotonic(), set()
        for i in range(int(seconds * OFFERED / BATCH)):
            wait = begin + i * BATCH / OFFERED - time.monotonic()
            if wait > 0:
                await asyncio.sleep(wait)
            self.late = max(self.late, -wait)
            if len(running) >= HANDS:
                self.unsent += 1
                continue
            task = asyncio.create_task(self.upload(self.sent))
            running.add(task)
            task.add_done_callback(running.discard)
            self.sent += 1
        return running

    async def run(self, freeze, thaw):
        running = await self.offer(LOAD_S)
        before = Counter(self.answers), self.acknowledged
        freeze()
        running |= await self.offer(FREEZE_S)
        thaw()
        await asyncio.gather(*running)
        return before


async def be_slow(client, n, until_s):
    """A head that never ends, again and again."""
    await asyncio.sleep(random.random() * 4)
    while time.monotonic() < until_s:
        heard = await client.say(b"POST /v1/feeds/hot", f"127.0.{8 + n % 20}.{1 + n % 250}", 8)
        client.note(heard)
        await asyncio.sleep(4)


def slow_ones(url, seconds, results):
    """In a process of their own, so that they do not keep the others from sending in time."""
    async def all_of_them():
        client = Client(url)
        until_s = time.monotonic() + seconds
        await asyncio.gather(*(be_slow(client, n, until_s) for n in range(SLOW)))
        return client.answers
    results.put(asyncio.run(all_of_them()))


@pytest.fixture()
def district(request):
    binaries = Path(os.environ.get("CITYBRAIN_BIN", "build/debug"))
    district = District(binaries if binaries.is_absolute() else ROOT / binaries)
    district.daemons = ["ingest-1"]  # doors are processes of their own
    district.environment["CITYBRAIN_SETTINGS_INGEST"] += (
        f" ingest.role=doors ingest.total_rate={ADMITTED} ingest.total_burst={ADMITTED} ingest.rate=40 ingest.burst=80 "
        f"ingest.deadline={DEADLINE_S}s")
    rows = "".join(f"st{n:03},k1,feed,hotline,source,{n:064x}\n" for n in range(STATIONS))
    (district.run / "keys.csv").write_text("station,key,kind,names,party,secret\n" + rows)
    (district.run / "keys.csv").chmod(0o600)
    try:
        district.start()
        yield district
    finally:
        assert district.stop() == []


def broker_of(district):
    rows = district.command(ROOT / "deploy/local/parts", "status", check=False).stdout.splitlines()
    return int(next(re.search(r"\b(\d{2,})\b", row)[1] for row in rows if row.startswith("kafka")))


def test_overload_is_answered_and_nothing_acknowledged_is_lost(district):
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(most, 20_000), most))
    url, door, broker = district.environment["CITYBRAIN_URL"], district.pid("ingest-1"), broker_of(district)
    keys = [{"station": f"st{n:03}", "key": "k1", "secret": f"{n:064x}"} for n in range(STATIONS)]
    load = Load(url, keys, district.run / "acknowledged")
    results = multiprocessing.Queue()
    slow = multiprocessing.Process(target=slow_ones, args=(url, LOAD_S + FREEZE_S, results), daemon=True)
    slow.start()
    begin = time.monotonic()
    try:
        answers, acknowledged = asyncio.run(load.run(
            lambda: os.kill(broker, signal.SIGSTOP), lambda: os.kill(broker, signal.SIGCONT)))
    finally:
        os.kill(broker, signal.SIGCONT)
    took = time.monotonic() - begin
    slow_answers = results.get(timeout=60)
    slow.join()
    frozen = load.answers - answers
    status = (Path("/proc") / str(door) / "status").read_text()
    peak = int(re.search(r"VmHWM:\s+(\d+)", status)[1]) / 1024

    def told(counter):
        return ", ".join(f"{name}: {count}" for name, count in sorted(counter.items(), key=str))

    for wait in (429, 503):
        seconds = [s for code, s in load.waits if code == wait]
        print(f"Retry-After of {wait}: {min(seconds, default=0)}-{max(seconds, default=0)} s, {len(seconds)} times")
    print(f"offered {OFFERED}/s for {LOAD_S} s: {told(answers)}; acknowledged {acknowledged / LOAD_S:.0f} records/s; "
          f"the sender was at most {load.late:.1f} s late and kept {load.unsent} back\nbroker frozen {FREEZE_S} s: {told(frozen)}\n"
          f"slow connections: {told(slow_answers)}\nRSS at most {peak:.1f} MiB of {RSS_MIB}; {took:.0f} s")

    assert district.pid("ingest-1") == door, "the door was started again"
    assert not load.odd, load.odd[:3]
    assert set(load.answers) <= {200, 429, 503, "no answer", "no connection"}
    assert set(slow_answers) <= {408, 429, 503, "no answer", "no connection"}
    assert load.answers["no answer"] + load.answers["no connection"] <= load.sent / 100
    assert load.unsent <= load.sent  # this machine is too busy to offer half of it
    assert load.answers[429] > 0 and load.answers[503] > 0
    assert acknowledged <= ADMITTED * (LOAD_S + 2) * 1.1
    assert acknowledged >= ADMITTED * LOAD_S * 0.3
    assert peak <= RSS_MIB
    assert all(1 <= s for _, s in load.waits) and all(5 <= s <= 60 for code, s in load.waits if code == 503)

    # it serves again, and the log has every record that somebody was told of
    until(lambda: asyncio.run(again(load)), "the door serves again", 60, 1)
    stored = {json.loads(m.value())["工单编号"] for m in district.records("cb.raw")}
    lines = (district.run / "acknowledged").read_text().split()
    lost = set(lines) - stored
    print(f"acknowledged {len(lines)}, stored {len(stored)}, lost {len(lost)}")
    assert len(lines) == load.acknowledged > 0
    assert not lost


async def again(load):
    before = load.acknowledged
    load.sent += 1
    await load.upload(load.sent + 10_000_000)
    return load.acknowledged > before
