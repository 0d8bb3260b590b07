# SPDX-License-Identifier: Apache-2.0
"""One run of a district: the live day on a manual clock and the real requests of 2011, clean or under
the faults of a seed, to its end and to a snapshot of what it left behind. Two slots a group."""
import json
import re
import shutil
import subprocess
import time
from collections import Counter
from contextlib import contextmanager
from pathlib import Path

import checks
from district import GROUPS, ROOT, District, until
from faults import PATIENCE, SLOTS, Injector, Invalid, schedule
from load import FEED, Load, acknowledged

DAY, DAY_SEED, DAY_MS = "2026-03-09", 7, 86400 * 1000
READ_RATE = 80_000  # bytes a second from each of several brokers
FAST_RATE = 50 * READ_RATE  # of aggregators that had nothing in hand when they were frozen


class Wrong(AssertionError):
    """The run broke a promise."""


class Plan:
    """What all runs of one comparison share: the day, the history and the configuration."""

    def __init__(self, binaries, folder, events, history=None, step="30m"):
        self.binaries, self.folder, self.history, self.step = Path(binaries), Path(folder), history, step
        self.day = self.folder / "day.ndjson"
        self.config = self.folder / "config"
        shutil.copytree(ROOT / "config", self.config)
        feed = self.config / "feeds" / f"{FEED}.yaml"  # over all partitions of raw: both slots have work
        feed.write_text(feed.read_text().replace("owner: desk\n", "owner: desk\nspread: 12\n", 1))
        # Of a merge the lead of the parent is told at the clock of the parent's partition, wherever that stands when the child's is read:
        # no two runs need agree on that tick. What merges make equal is asked in make sim and tests/e2e/test_merge.py.
        turns = self.config / "gen/turns.csv"
        turns.write_text(re.sub(r"^merged,.*$", "merged,0", turns.read_text(), flags=re.M))
        subprocess.run([str(word) for word in (
            self.binaries / "citybrain", "gen", "--seed", DAY_SEED, "--events", events, "--day", DAY, "--step", step,
            "--config", self.config, "--out", self.day, "--summary", self.folder / "day.json")],
            check=True, cwd=ROOT, stderr=subprocess.DEVNULL)
        self.says = json.loads((self.folder / "day.json").read_text())

    @contextmanager
    def district(self, brokers=1, logs=None):
        """A running district; its logs are copied to `logs` when something goes wrong in it."""
        district = District(self.binaries, slots=SLOTS, brokers=brokers, clock_ms=self.says["begins"],
                            config=self.config)
        try:
            try:
                district.start()
                yield district
            except BaseException:
                district.show_logs(6)
                raise
        finally:
            if logs:
                keep_logs(district, logs)
            left = district.stop()
        assert left == [], f"processes were left over: {left}"


def keep_logs(district, folder):
    for path in [*(district.run / "daemons").glob("*.log"), *(district.run / "kafka").glob("*/server.log")]:
        name = path.name if path.parent.name == "daemons" else f"kafka-{path.parent.name}.log"
        shutil.copy(path, folder / name)


def rest(district, plan):
    """A tick behind the last word. A case that the router opened may come behind the day's last tick where it is slow; what
    waits in it for a moment that has passed is said at the next one (docs/decisions/0057)."""
    behind = plan.says["begins"] + DAY_MS + 60000
    district.settle(120)
    district.set_clock(behind)
    until(lambda: (district.sql("SELECT min(tick_ms) FROM core.kafka_offset WHERE topic = 'cb.events'")[0][0] or 0) >= behind,
          "the tick behind the day is counted in every partition", 60, 0.3)
    district.settle(120)


def play(district, plan, folder, day=True, history=False):
    """The drivers without faults, to their end: the day, then history once."""
    for one in [name for name, wanted in (("day", day), ("history", history)) if wanted]:
        load = Load(district, folder, plan, day=one == "day", senders=1 if one == "history" else 0)
        load.ending = True  # once
        load.start()
        load.finish(240)
        if one == "day":
            verdicts = f"{plan.says['accepted']} accepted, {plan.says['rejected']} rejected"
            assert verdicts in load.day_said, load.day_said
            rest(district, plan)


def clean(plan, folder, history):
    """Snapshots of a run without faults: after the day, and after the history too."""
    folder.mkdir(parents=True, exist_ok=True)
    with plan.district() as district:
        play(district, plan, folder)
        after_day = checks.snapshot(district)
        if not history:
            return after_day, None
        play(district, plan, folder, day=False, history=True)
        return after_day, checks.snapshot(district)


class Faulty:
    """A run under the faults of a seed. Its folder holds the schedule, the drivers' lists and logs."""

    def __init__(self, plan, folder, seed, brokers=1, say=print):
        self.plan, self.folder, self.seed, self.brokers = plan, Path(folder), seed, brokers
        self.chains = schedule(seed, brokers)
        self.tell, self.lines = say, []
        self.drained = self.seconds = 0
        self.folder.mkdir(parents=True, exist_ok=True)

    def say(self, line):
        self.lines.append(line)
        self.tell(line)
        (self.folder / "schedule.txt").write_text("\n".join(self.lines) + "\n")

    def fired(self):
        return [fault for chain in self.chains.values() for fault in chain if fault.pid]

    def recoveries(self):
        return sorted(fault.recovered for fault in self.fired() if fault.recovered >= 0)

    def run(self, wanted):
        """Runs, and compares with a clean run's snapshot. Raises Invalid or Wrong."""
        began = time.monotonic()
        self.say(f"seed {self.seed}, {self.brokers} broker(s)")
        for name, chain in self.chains.items():
            for fault in chain:
                self.say(f"  {name}: {fault.plan()}")
        try:
            with self.plan.district(self.brokers, self.folder) as district:
                self._under_faults(district)
                self._judge(district, wanted)
        finally:
            self.seconds = time.monotonic() - began

    @contextmanager
    def _slow_readers(self, district, injector):
        """Several brokers on one machine write slower than the router and the aggregator read: little
        would ever wait for them. A quota does what a narrow network would."""
        if self.brokers == 1:
            yield
            return
        routers = [f"cb.router-{slot}-consumer" for slot in range(1, SLOTS + 1)]
        aggregators = [f"cb.aggregator-{slot}-follow" for slot in range(1, SLOTS + 1)]
        district.limit_reading(routers + aggregators, READ_RATE)
        injector.fill_hands = lambda: district.limit_reading(aggregators, FAST_RATE)
        yield
        district.limit_reading(routers + aggregators, 0)

    def _under_faults(self, district):
        load = Load(district, self.folder, self.plan)
        injector = Injector(district, self.chains, self.say)
        load.wanted = injector.wanted
        with self._slow_readers(district, injector):
            load.start()
            try:
                injector.start()
                while injector.is_busy() and not load.errors:
                    time.sleep(0.2)
                if load.errors:
                    injector.errors.append(load.errors[0])
                injector.finish()
            except BaseException:
                load.stop()
                raise
        healed = time.monotonic()
        load.finish(240)
        ended = time.monotonic()
        district.settle(120)
        self.drained = time.monotonic() - ended
        self.say(f"{len(self.fired())} faults; the drivers ended {ended - healed:.1f} s after the last one, "
                 f"{load.passes} passes of history begun; everything was read {self.drained:.1f} s later")
        rest(district, self.plan)

    def _judge(self, district, wanted):
        began = time.monotonic()
        found = checks.snapshot(district)
        said = checks.differences(found, wanted)
        said += checks.unaccounted(found, self._acknowledged()) + self._unacknowledged()
        late = [fault for fault in self.fired() if fault.recovered > PATIENCE]
        said += [f"{fault.victim()} needed {fault.recovered:.1f} s to recover" for fault in late]
        said += [f"the backlog was read only after {self.drained:.1f} s"] if self.drained > PATIENCE else []
        said += tools_say(district)
        if said:
            raise Wrong("\n".join(said))
        events = checks.daemon_events(district)
        aborted = checks.aborted_transactions(district)
        self.say(f"equal, accounted for and verified {time.monotonic() - began:.1f} s later: "
                 f"{events['fenced']} fenced commits and {events['transform.aborted']} aborts in the daemons' logs, "
                 f"{aborted} abort markers in the topic")
        if not events["fenced"] or not aborted:
            raise Invalid("no commit was fenced, or no transaction aborted")
        if min(fault.seen for fault in self.fired()) < 1000:
            raise Invalid("a fault struck with fewer than 1,000 records unread")

    def _unacknowledged(self):
        """Lines of the day that its driver holds no receipt for, or two."""
        seen = Counter()
        for line in acknowledged(self.folder, "day"):
            for span in line[4].split(","):
                first, _, last = span.partition("-")
                seen.update(range(int(first), int(last or first) + 1))
        wanted = Counter(range(1, self.plan.says["items"] + 1))
        return [] if seen == wanted else [f"the day's receipts: lines missing {sorted((wanted - seen))[:8]}, "
                                          f"more than once {sorted((seen - wanted))[:8]}"]

    def _acknowledged(self):
        numbers, found = checks.history_numbers(self.plan.history), set()
        for path in self.folder.glob("history-*.acknowledged"):
            firsts = sorted({int(line[2]) for line in acknowledged(self.folder, path.stem)})
            for first, after in zip(firsts, firsts[1:] + [len(numbers) + 1]):
                found.update(numbers[first - 1:after - 1])
        assert found, "the drivers hold no receipt"
        return found


def tools_say(district):
    """The ledger closes, and citybrain verify recomputes from the log what the database holds: each pass of history is
    in it, so that takes as long as it takes."""
    said = [f"the ledger does not close: {row}" for row in district.sql(
        "SELECT * FROM api.ledger WHERE NOT closes ORDER BY hour, feed LIMIT 4")]
    found = sum(sum(district.ends(topic).values()) for topic in district.inputs_of("ingest"))
    read, = district.sql("SELECT sum(read)::bigint FROM api.ledger")
    if read[0] != found:
        said.append(f"{found} items stand in raw and status.*, the ledger read {read[0]}")
    verified = district.citybrain("verify", "--json", "--show", "3", check=False, seconds=900)
    return said + ([f"verify: {verified.stdout[:3000]}{verified.stderr[-600:]}"] if verified.returncode else [])


def groups_of(faults):
    return {group: (sum(f.group == group and f.kind == "kill" for f in faults),
                    sum(f.group == group and f.kind == "freeze" for f in faults)) for group in GROUPS}
