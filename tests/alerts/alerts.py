# SPDX-License-Identifier: Apache-2.0
"""make alerts: a living district beside Debian's Prometheus (scrape 5 s, the shipped rules). What eleven alerts tell of is
brought about; each must fire within two minutes of its cause, clear once it is mended, and no other alert may fire.
    ONLY="DatabaseAway DeadRatio"    some of them
Causes that do not disturb each other are there at the same time. Exit 1 when one did not fire or clear in time."""
import datetime
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "e2e")]

import causes  # noqa: E402 the folders are no packages
from district import ROOT, District, binaries  # noqa: E402
from prometheus import SUBSTITUTIONS, Prometheus  # noqa: E402

FIRES_S, CLEARS_S, QUIET_S = 120, 180, 45
CHINA = datetime.timezone(datetime.timedelta(hours=8))


class Life:
    """The district and what goes on in it: heartbeats, orders, bad rows when wanted, a recount again and again."""

    def __init__(self, folder):
        self.beats, self.dirty, self.beaten, self.number, self.errors = True, False, 0.0, 0, []
        self.ending = threading.Event()
        self.disk, self.note, self.shift = folder / "disk", folder / "verified.json", folder / "shift"
        self.preload = folder / "shift_clock.so"
        subprocess.run(["cc", "-O2", "-shared", "-fPIC", HERE / "shift_clock.c", "-o", self.preload], check=True)
        config = folder / "config"
        shutil.copytree(ROOT / "config", config)
        stations = config / "registries/stations.csv"
        lines = stations.read_text(encoding="utf-8").splitlines(keepends=True)
        place = next(i for i, line in enumerate(lines) if line.startswith(f"{causes.STATION},"))
        cells = lines[place].split(",")
        cells[6], cells[7] = "1m", '"1-7,h 00:00-24:00"'
        lines[place] = ",".join(cells)
        stations.write_text("".join(lines), encoding="utf-8")
        self.district = District(binaries(), config=config)
        self.settings = self.district.environment["CITYBRAIN_SETTINGS_INGEST"]
        self.mounted = causes.mount(self.disk)

    def start(self):
        district = self.district
        district.daemons = ["router-1", "aggregator-1"]
        district.environment["CITYBRAIN_SETTINGS_ROUTER"] += " router.probe_every=20s"
        district.environment["CITYBRAIN_SETTINGS_AGGREGATOR"] = f"aggregator.verified={self.note} daemon.disks={self.disk}"
        district.start()
        self.start_ingest("ingest-2", "normaliser")
        self.start_ingest("ingest-1", "doors")
        self.threads = [threading.Thread(target=self.again, args=how, daemon=True)
                        for how in ((self.beat, causes.BEAT_S), (self.load, 2), (self.recount, 15))]
        for thread in self.threads:
            thread.start()

    def start_ingest(self, name, role):
        """Doors and normaliser are processes of their own, as in production; the normaliser's wall clock can be moved."""
        environment = self.district.environment
        environment["CITYBRAIN_SETTINGS_INGEST"] = f"{self.settings} ingest.role={role}"
        if role == "normaliser":
            environment.update(LD_PRELOAD=str(self.preload), SHIFT_CLOCK=str(self.shift))
        try:
            self.district.command(ROOT / "deploy/local/daemons", "start", name, seconds=90)
        finally:
            environment.pop("LD_PRELOAD", None)

    def stop_daemon(self, name):
        self.district.command(ROOT / "deploy/local/daemons", "stop", name, seconds=60)

    def again(self, work, every_s):
        while not self.ending.is_set():
            try:
                work()
            except Exception as error:  # the district may be in a bad state: that is what is tried here
                self.errors.append(f"{work.__name__}: {error}"[:200])
            self.ending.wait(every_s)

    def beat(self):
        if self.beats:
            now = time.time()
            self.district.accepted("heartbeat", [{"station": causes.STATION, "at": int(now * 1000)}])
            self.beaten = now

    def order(self, mark, **more):
        self.number += 1
        when = datetime.datetime.now(CHINA) - datetime.timedelta(minutes=5)
        return {"工单编号": f"{mark}{self.number}", "诉求性质": "投诉", "问题分类": "R0105", "反映社区": "110105001901",
                "反映街乡": "110105001", "受理时间": when.strftime("%Y-%m-%d %H:%M:%S"), "主要内容": "楼前堆物", **more}

    def load(self):
        rows = [self.order("A") for _ in range(4)]
        if self.dirty:
            rows += [self.order("B", 受理时间="昨天上午") for _ in range(4)]
        status, body = self.district.post("hotline", rows)
        assert status // 100 == 2, (status, body[:200])

    def recount(self):
        self.district.citybrain("verify", "--note", self.note, "--config", self.district.config, check=False, seconds=120)

    def place(self, name, slot=1):
        host, port = self.district.environment[name].removeprefix("http://").rsplit(":", 1)
        return f"{host}:{int(port) + 5 * (slot - 1)}"

    def ticked(self):
        """The newest tick that the normaliser wrote."""
        return json.loads(self.district.http(f"http://{self.place('CITYBRAIN_INGEST_ADMIN', 2)}/clock")[1])["ticked"] / 1000

    def targets(self):
        place = self.place
        return {"citybrain-ingest": [place("CITYBRAIN_INGEST_ADMIN"), place("CITYBRAIN_INGEST_ADMIN", 2)],
                "citybrain-router": [place("CITYBRAIN_ROUTER_ADMIN")],
                "citybrain-aggregator": [place("CITYBRAIN_AGGREGATOR_ADMIN")]}

    def stop(self):
        self.ending.set()
        for thread in getattr(self, "threads", []):
            thread.join(130)
        left = self.district.stop()
        if self.mounted:
            causes.unmount(self.disk)
        return left


def clock(when):
    return time.strftime("%H:%M:%S", time.localtime(when)) if when else "-"


class Row:
    def __init__(self, cause):
        self.cause, self.began, self.fired, self.mended, self.cleared = cause, None, None, None, None

    def is_good(self):
        return self.fired is not None and self.cleared is not None

    def __str__(self):
        fired = f"{max(0, self.fired - self.began):8.0f}" if self.fired else "   never"
        cleared = f"{self.cleared - self.mended:8.0f}" if self.cleared else "   never"
        return f"{self.cause.alert:18} {clock(self.began)}  {fired}  {cleared}  {(self.cause.__doc__ or '').splitlines()[0]}"


def wait(rows, done, ask, seconds):
    """Until each is done or its time is over; `seconds` are counted from each one's own beginning."""
    waiting = list(rows)
    while waiting:
        time.sleep(0.5)
        for row in list(waiting):
            when = ask(row)
            if when:
                done(row, when)
            if when or time.time() > seconds(row):
                waiting.remove(row)


def play(phase, prometheus):
    rows = [Row(cause) for cause in phase]
    asked = time.time()
    for row in rows:
        row.began = row.cause.cause()
        print(f"{clock(time.time())} {row.cause.alert}: brought about", file=sys.stderr)
    wait(rows, lambda row, when: setattr(row, "fired", when), lambda row: prometheus.seen(row.cause.alert, True, asked),
         lambda row: row.began + FIRES_S)
    for row in rows:
        row.cause.mend()
        row.mended = time.time()
        print(f"{clock(row.mended)} {row.cause.alert}: {'fired' if row.fired else 'did not fire'}, mended", file=sys.stderr, flush=True)
    wait([row for row in rows if row.fired], lambda row, when: setattr(row, "cleared", when),
         lambda row: prometheus.seen(row.cause.alert, False, row.mended), lambda row: row.mended + CLEARS_S)
    print(*rows, sep="\n", file=sys.stderr)
    return rows


def quiet(prometheus, expected):
    """The next cause is brought about when nothing fires any more but what is explained."""
    deadline = time.time() + CLEARS_S
    while prometheus.firing - expected and time.time() < deadline:
        time.sleep(1)


def run(folder):
    life = Life(folder)
    only = set(os.environ.get("ONLY", "").split())
    phases = [[cause(life) for cause in phase if not only or cause.alert in only] for phase in causes.PHASES]
    left_out = [] if life.mounted else [cause.alert for phase in phases for cause in phase if isinstance(cause, causes.DiskLow)]
    phases = [[cause for cause in phase if cause.alert not in left_out] for phase in phases]
    prometheus, rows, expected = None, [], set()
    try:
        life.start()
        prometheus = Prometheus(folder / "prometheus", life.targets())
        prometheus.start()
        time.sleep(QUIET_S)
        assert prometheus.firing == set(), f"without a cause: {prometheus.firing}"
        for phase in filter(None, phases):
            rows += play(phase, prometheus)
            # An hour's window remembers for an hour; a topic that was missing is told of for ten minutes.
            expected |= {alert for cause in phase for alert in cause.also if alert in ("FreshnessBurning", "TopicMissing")}
            quiet(prometheus, expected | {row.cause.alert for row in rows if not row.cleared})
    finally:
        if prometheus:
            prometheus.stop()
        if sys.exc_info()[0] or not all(row.is_good() for row in rows):
            life.district.show_logs()
            print(*life.errors[-10:], sep="\n", file=sys.stderr)
        left = life.stop()
    assert left == [], f"processes were left over: {left}"
    named = {alert for phase in phases for cause in phase for alert in (cause.alert, *cause.also)}
    strange = sorted({alert for _, alert, fires in prometheus.changes if fires} - named)
    return rows, left_out, strange


def main():
    with tempfile.TemporaryDirectory(prefix="cb-alerts-", dir="/tmp") as folder:
        os.chmod(folder, 0o755)
        rows, left_out, strange = run(Path(folder))
    print(f"{'alert':18} {'cause at':8}  fired s  cleared s  cause")
    print(*rows, sep="\n")
    for alert in left_out:
        print(f"{alert:18} not tried: needs root to mount a small file system")
    for alert, changes in SUBSTITUTIONS.items():
        print(f"{alert} with " + ", ".join(f"{here} for {shipped}" for shipped, here in changes))
    bad = [row.cause.alert for row in rows if not row.is_good()]
    for alert in strange:
        print(f"{alert} fired without a cause")
    good = sum(row.is_good() for row in rows)
    print(f"alerts: {good} of {len(rows)} fired within {FIRES_S} s and cleared" + (f"; not: {', '.join(bad)}" if bad else ""))
    return 1 if bad or strange else 0


if __name__ == "__main__":
    sys.exit(main())
