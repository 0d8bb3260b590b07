# SPDX-License-Identifier: Apache-2.0
"""From the door's answer to the order that its unit can read: one request of one record at a time, each sent in its
time whatever became of the others (an open loop), through a door, ingest, the router with the district's own rules and
triggers, and a reader of every dispatch topic that sees only what is committed.

usage: latency.py [SECONDS]      default 30 at each pace

The paces: the busiest hour of a day eleven times the usual (3,500 requests of twelve events, a third of a day's mean in
that hour: 16 requests a second), and 1,000 a second. Ends 1 when p99 of the first is above 5 s, or an order is missing."""
import json
import multiprocessing
import os
import re
import select
import socket
import sys
import time
from collections import deque

from confluent_kafka import Consumer, TopicPartition

import verdicts
from bench import alone
from ingest_door import PATH, authorization, write_keys
from ingest_stage import IngestStage
from orders import Orders
from stage import ROOT, until

EVENTS_A_DAY = 3500 * 12
BUSY_PACE = round(11 * EVENTS_A_DAY * 3 / 86400)
MOST_S, STRETCH_S = 5.0, 1.0
PACES = (("x11 day's busiest hour", BUSY_PACE, MOST_S), ("1,000 requests/s", 1000, None))
WARM_S, WARM_PACE = 3, 100
CONNECTIONS = 32
LAST = re.compile(rb"(?i)\r\nconnection: *close")
LENGTH = re.compile(rb"(?i)\r\ncontent-length: *(\d+)")


class LatencyStage(IngestStage):
    needed = ("raw", "events", "signals", "state.cases", "state.windows", "registry", "dead", "dispatch.<unit>",
              "receipts.<unit>")


class Sender:
    """Requests made beforehand, over connections that are kept; answers noted by case."""

    def __init__(self, port, connections=CONNECTIONS):
        self.address, self.connections = ("127.0.0.1", port), connections
        self.epoll, self.open, self.idle = select.epoll(), {}, deque()
        self.answered, self.took, self.late = {}, [], 0.0

    def connection(self):
        """An idle one; None where all that one address may have are waiting for their answers."""
        while self.idle:
            found = self.idle.popleft()
            if found.fileno() >= 0:
                return found
        if len(self.open) >= self.connections:
            return None
        made = socket.create_connection(self.address)
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.epoll.register(made, select.EPOLLIN)
        self.open[made.fileno()] = [made, b"", None, 0.0]
        return made

    def send(self, key, request):
        connection = self.connection()
        if connection is None:
            return False
        connection.sendall(request)
        state = self.open[connection.fileno()]
        state[1:] = b"", key, time.monotonic()
        return True

    def hear(self, fd):
        connection, heard, key, sent = self.open[fd]
        more = connection.recv(65536)
        now = time.monotonic()
        if not more:
            assert key is None, "the door hung up on %s" % key
            self.close(fd)
            return
        heard += more
        head, found, body = heard.partition(b"\r\n\r\n")
        length = LENGTH.search(head) if found else None
        if not length or len(body) < int(length.group(1)):
            self.open[fd][1] = heard
            return
        assert heard[9:10] == b"2", heard[:300]
        self.answered[key] = now
        self.took.append(now - sent)
        self.open[fd][1:] = b"", None, 0.0
        if LAST.search(head):  # a connection answers a hundred requests and is closed
            self.close(fd)
        else:
            self.idle.append(connection)

    def close(self, fd):
        self.epoll.unregister(fd)
        self.open.pop(fd)[0].close()

    def run(self, requests, pace):
        begin, n = time.monotonic() + 0.1, 0
        while n < len(requests) or len(self.answered) < len(requests):
            now = time.monotonic()
            while n < len(requests) and begin + n / pace <= now and self.send(*requests[n]):
                self.late = max(self.late, now - (begin + n / pace))
                n += 1
            wait = begin + n / pace - time.monotonic() if n < len(requests) else 0.1
            if wait <= 0:
                wait = 0.01 if not self.idle and len(self.open) >= self.connections else 0
            for fd, _ in self.epoll.poll(max(0.0, wait)):
                self.hear(fd)
            assert time.monotonic() < begin + len(requests) / pace + 60, "answers are missing"


def read_orders(brokers, starts, ready, stop, results):
    """When each case's first order could be read, in a process of its own."""
    consumer = Consumer({"bootstrap.servers": brokers, "group.id": "latency-reader", "enable.auto.commit": False,
                         "isolation.level": "read_committed", "auto.offset.reset": "error", "fetch.wait.max.ms": 20})
    consumer.assign([TopicPartition(topic, part, offset) for (topic, part), offset in starts.items()])
    seen = {}
    ready.set()
    while not stop.is_set():
        message = consumer.poll(0.05)
        if message is not None and not message.error():
            seen.setdefault(message.key(), time.monotonic())
    results.put(seen)


class LatencyBench:
    def __init__(self, stage, port, prefix):
        self.stage, self.port, self.prefix, self.sent = stage, port, prefix, 0
        self.orders = Orders(ROOT / "config", int(time.time()))

    def requests(self, count):
        """Signed beforehand: a signature holds for five minutes."""
        made = []
        for _ in range(count):
            order = self.orders.one(self.sent)
            self.sent += 1
            body = json.dumps(order, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
            head = ("POST %s HTTP/1.1\r\nHost: door\r\nContent-Type: application/x-ndjson; charset=utf-8\r\n"
                    "Authorization: %s\r\nContent-Length: %d\r\n\r\n" % (PATH, authorization(body), len(body)))
            made.append((b"request:12345:" + order["工单编号"].encode(), head.encode() + body))
        return made

    def run(self, pace, seconds):
        """(answers' s, latencies' s, how late the sender was), sorted."""
        stage, requests = self.stage, self.requests(int(pace * seconds))
        known = stage.monitor("e2e-reader").list_topics(timeout=10).topics
        starts = stage.ends_of(sorted(name for name in known if name.startswith(self.prefix + "dispatch.")))
        ready, stop, results = multiprocessing.Event(), multiprocessing.Event(), multiprocessing.Queue()
        reader = multiprocessing.Process(target=read_orders, args=(stage.brokers, starts, ready, stop, results),
                                         daemon=True)
        reader.start()
        sender = Sender(self.port)
        try:
            assert ready.wait(20), "the reader does not read"
            time.sleep(1)
            sender.run(requests, pace)
            time.sleep(2 * MOST_S)
        finally:
            stop.set()
        seen = results.get(timeout=30)
        reader.join(10)
        missing = [key for key in sender.answered if key not in seen]
        assert not missing, "%d orders cannot be read %g s after the last answer: %s" % (
            len(missing), 2 * MOST_S, missing[:5])
        return sorted(sender.took), sorted(max(0.0, seen[key] - at) for key, at in sender.answered.items()), sender.late


def at(values, share):
    return values[min(len(values) - 1, int(len(values) * share))]


def measure(stage, seconds):
    prefix, port, keys, metrics = "lat.", stage.free_port(), stage.run / "keys.csv", []
    stage.topics(prefix)
    write_keys(keys)
    with stage.daemon("ingest", prefix, "ingest", role="both", listen="127.0.0.1:%d" % port, keys=keys, rate=1000000,
                      burst=10000000) as ingest, stage.daemon("router", prefix, "router") as router:
        until(lambda: stage.is_open(ingest, port), "the door takes records", 60)
        bench = LatencyBench(stage, port, prefix)
        bench.run(WARM_PACE, WARM_S)
        for name, pace, must in PACES:
            took, waited, late = bench.run(pace, seconds)
            assert ingest.poll() is None and router.poll() is None
            print("%s, %d/s for %g s: answers p50 %.0f ms, p99 %.0f ms; then readable p50 %.0f ms, p99 %.0f ms, most "
                  "%.0f ms (%d requests, the sender %.0f ms late at most)" % (
                      name, pace, seconds, at(took, 0.5) * 1e3, at(took, 0.99) * 1e3, at(waited, 0.5) * 1e3,
                      at(waited, 0.99) * 1e3, waited[-1] * 1e3, len(waited), late * 1e3))
            metrics += [verdicts.metric("p50 at " + name + ", s", at(waited, 0.5), None, None, "lower"),
                        verdicts.metric("p99 at " + name + ", s", at(waited, 0.99), must, must and STRETCH_S, "lower")]
    return metrics


def main(arguments):
    if arguments[:1] in (["-h"], ["--help"]):
        print(__doc__)
        return 0
    seconds = float(arguments[0]) if arguments else 30
    lock = alone()
    stage = LatencyStage(ROOT / os.environ.get("CITYBRAIN_BIN", "build/release"))
    try:
        stage.start()
        metrics = measure(stage, seconds)
    finally:
        stage.keep_logs()
        stage.stop()
        lock.close()
    print()
    verdicts.print_metrics(metrics)
    kept, missed = verdicts.keep("latency", metrics)
    print(kept)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
