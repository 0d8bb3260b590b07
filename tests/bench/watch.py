# SPDX-License-Identifier: Apache-2.0
"""What watching costs each daemon: /metrics of all three scraped every five seconds, and two pages that stay open, an
overview and a wall screen (page_asks.mjs has the page's own code tell what they ask and when; each keeps its connection, as
Chromium and Prometheus do), while 1,000 events a second are lived. The part is the daemons' own figure:
CLOCK_THREAD_CPUTIME_ID around what serves /metrics, the read API and its questions' threads.

usage: watch.py [SECONDS] [EVENTS] [PAGES]      default 30 s at 1,000 events a second; so many of either page, one

Ends 1 when a daemon spends more than 3 % of its CPU on it."""
import http.client
import json
import os
import subprocess
import sys
import threading
import time
import urllib.request
from datetime import datetime, timedelta, timezone
from pathlib import Path

import verdicts
from bench import alone
from freshness import CONNECTIONS, FreshnessStage
from ingest_door import write_keys
from latency import LatencyBench, Sender
from stage import ROOT, cpu_of, until

MOST = 3.0  # % of the daemon's CPU
EVERY_S, VIEWS = 5, ("overview", "screen")
WARM_S, WARM_PACE = 3, 200
DAEMONS = ("ingest", "router", "aggregator")
HTTP = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def ask(address):
    with HTTP.open(address, timeout=10) as answer:
        return answer.read()


def metrics_of(port):
    """Each series with its value."""
    lines = ask("http://127.0.0.1:%d/metrics" % port).decode().splitlines()
    return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines if line[0] != "#")}


def sample(port):
    """(all, watching) in ms."""
    found = metrics_of(port)
    return found["citybrain_cpu_milliseconds_total"], found["citybrain_watching_cpu_milliseconds_total"]


def page_turns(view, seconds):
    """(seconds between two turns of an open page, what each of them asks)."""
    day = datetime.now(timezone(timedelta(hours=8))).date().isoformat()  # the district's
    said = subprocess.run(["node", Path(__file__).with_name("page_asks.mjs"), day, str(int(seconds) + 2), view],
                          stdout=subprocess.PIPE, check=True, timeout=60).stdout
    told = json.loads(said)
    return told["every_ms"] / 1000, told["turns"]


class Client:
    """Asks one server over one connection, and over another where that was ended."""

    def __init__(self, port):
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)

    def ask(self, path, headers):
        try:
            self.connection.request("GET", path, headers=headers)
            answer = self.connection.getresponse()
        except (http.client.RemoteDisconnected, ConnectionError):
            self.connection.close()
            self.connection.request("GET", path, headers=headers)
            answer = self.connection.getresponse()
        body = answer.read()
        if answer.status // 100 != 2:
            raise OSError("status %d" % answer.status)
        if path.startswith("/api/together"):
            bad = [one for one in json.loads(body)["answers"] if one["status"] != 200]
            if bad:
                raise OSError("inside of it: %s" % bad[0])


class Watching:
    """Scrapes and pages, each in its time, until it is ended."""

    def __init__(self, admins, api, seconds, pages):
        self.admins, self.api = admins, api
        self.done, self.asked, self.faults = threading.Event(), 0, []
        told = [page_turns(view, seconds) for view in VIEWS]
        self.threads = [threading.Thread(target=self.scrape)] + [
            threading.Thread(target=self.look, args=(n * EVERY_S / (len(VIEWS) * pages), *told[n % len(VIEWS)]))
            for n in range(len(VIEWS) * pages)]
        for one in self.threads:
            one.start()

    def get(self, client, path, headers=None):
        try:
            client.ask(path, headers or {})
        except OSError as fault:
            self.faults.append("%s: %s" % (path, fault))
        self.asked += 1

    def scrape(self):
        clients = [Client(port) for port in self.admins]
        while not self.done.wait(EVERY_S):
            for client in clients:
                self.get(client, "/metrics")

    def look(self, first, every, turns):
        client = Client(self.api)
        self.done.wait(first)
        for asked in turns:
            for one in asked:
                self.get(client, one["address"], one["headers"])
            if self.done.wait(every):
                return
        self.faults.append("no turn is left: the bench took longer than it should")

    def end(self):
        self.done.set()
        for one in self.threads:
            one.join()


def events_of(port):
    """Read by the aggregator so far, what it passes over among them."""
    return sum(value for name, value in metrics_of(port).items() if name.startswith("citybrain_aggregator_records_total"))


def load(bench, aggregator, pace, seconds):
    """Lives it; events a second, and how late the sender was."""
    requests, sender = bench.requests(int(pace * seconds)), Sender(bench.port, CONNECTIONS)
    before, began = events_of(aggregator), time.monotonic()
    sender.run(requests, pace)
    return (events_of(aggregator) - before) / (time.monotonic() - began), sender.late


def measure(stage, seconds, events, pages):
    prefix, keys = "watch.", stage.run / "keys.csv"
    door, api, *admins = (stage.free_port() for _ in range(5))
    stage.topics(prefix)
    stage.database("watch")
    write_keys(keys)
    admin = {name: "127.0.0.1:%d" % port for name, port in zip(DAEMONS, admins)}
    with stage.daemon("ingest", prefix, "ingest", admin=admin["ingest"], role="both", listen="127.0.0.1:%d" % door, keys=keys,
                      rate=1000000, burst=10000000) as ingest, \
            stage.daemon("router", prefix, "router", admin=admin["router"]) as router, \
            stage.daemon("aggregator", prefix, "aggregator", admin=admin["aggregator"], postgres=stage.conninfo("watch"),
                         api="127.0.0.1:%d" % api) as aggregator:
        daemons = (ingest, router, aggregator)
        until(lambda: stage.is_open(ingest, door), "the door takes records", 60)
        until(lambda: stage.ask("watch", "SELECT to_regclass('core.kafka_offset') IS NOT NULL")[0][0], "the schema is there", 60)
        until(lambda: stage.ask("watch", "SELECT count(*) FROM core.kafka_offset")[0][0] > 0, "partitions are taken", 60)
        bench = LatencyBench(stage, door, prefix)
        read = events_of(admins[2])
        load(bench, admins[2], WARM_PACE, WARM_S)
        time.sleep(WARM_S)  # what came of them is read by now
        a_request = max(1.0, (events_of(admins[2]) - read) / (WARM_PACE * WARM_S))  # events of it
        before = [(sample(port), cpu_of(process.pid)) for port, process in zip(admins, daemons)]
        watching = Watching(admins, api, seconds, pages)
        try:
            lived, late = load(bench, admins[2], events / a_request, seconds)
        finally:
            watching.end()
        after = [(sample(port), cpu_of(process.pid)) for port, process in zip(admins, daemons)]
        assert all(process.poll() is None for process in daemons), "a daemon ended: " + stage.last_words()
    assert not watching.faults, watching.faults[:3]
    print("%.0f events/s for %g s, the sender %.0f ms late at most; %d answers to scrapes each %d s and %d of each page, %s" % (
        lived, seconds, late * 1e3, watching.asked, EVERY_S, pages, " and ".join(VIEWS)))
    for name, ((all_, part), used), ((all_after, part_after), used_after) in zip(DAEMONS, before, after):
        whole, share = all_after - all_, part_after - part
        print("%-10s %6d ms of CPU (the kernel says %d), %d ms of it for those who watch" % (
            name, whole, (used_after - used) * 1000, share))
        yield verdicts.metric("watching, %% of the CPU of %s" % name, 100 * share / max(1, whole), MOST, None, "lower")


def main(arguments):
    if arguments[:1] in (["-h"], ["--help"]):
        print(__doc__)
        return 0
    seconds, events = float(arguments[0]) if arguments else 30, int(arguments[1]) if arguments[1:] else 1000
    pages = int(arguments[2]) if arguments[2:] else 1
    lock = alone()
    stage = FreshnessStage(ROOT / os.environ.get("CITYBRAIN_BIN", "build/release"))
    try:
        stage.start()
        metrics = list(measure(stage, seconds, events, pages))
    finally:
        stage.keep_logs()
        stage.stop()
        lock.close()
    print()
    verdicts.print_metrics(metrics)
    kept, missed = verdicts.keep("watch", metrics)
    print(kept)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
