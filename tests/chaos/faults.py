# SPDX-License-Identifier: Apache-2.0
"""Faults by a seed: a schedule (what, whom, after how much progress, for how long) and the one who
carries it out. Each group of daemons has a chain of its own, the parts (broker, PostgreSQL) another;
the chains run side by side, so faults overlap as they like. A fault strikes only while its victim
has records unread: one that finds nothing to break proves nothing."""
import os
import random
import signal
import struct
import threading
import time
from dataclasses import dataclass, field, replace

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient
from psycopg2 import Error as PostgresError

from district import GROUPS, ROOT

KILLS, SLOTS, SESSION, LONG = 5, 2, 6, 20
MOST = 16             # faults of a chain: a zombie that met no new owner is made again
LEAST_UNREAD = 1000   # records; the plan asks for more, because offsets count markers too
PATIENCE = 60         # s: the promise of recovery
TRIES = 60            # to freeze one between two transactions
CHANCE = 120          # s: without an opportunity to strike for so long the run is invalid
WORLD = (KafkaException, PostgresError, OSError, AssertionError)  # a part or a daemon is away: asked again


class Invalid(Exception):
    """The run proves nothing: a fault found nothing to break, or broke nothing."""


@dataclass
class Fault:
    kind: str            # kill | freeze | broker | lose | postgres
    group: str           # of daemons, or "parts"
    slot: int            # of the group; the broker's number
    after: int           # records of progress since the fault before it was healed
    unread: int          # offsets the victim must not have read
    seconds: float = 0   # how long it is held
    began: float = field(default=0, compare=False)  # s since the start
    pid: int = field(default=0, compare=False)
    seen: int = field(default=0, compare=False)     # unread when it struck
    recovered: float = field(default=-1, compare=False)  # s from its healing; a killed daemon heals itself

    def victim(self):
        names = {"broker": f"kafka-{self.slot}", "lose": f"kafka-{self.slot}", "postgres": "postgres"}
        return names.get(self.kind, f"{self.group}-{self.slot}")

    def plan(self):
        held = f" for {self.seconds:.1f} s" if self.seconds else ""
        return f"{self.kind} {self.victim()}{held} after {self.after} more records, with {self.unread} unread"


def _chain(rng, group):
    """Every group: killed five times, frozen within its session, beyond it but within its transaction,
    and beyond both; over both slots. The aggregator has no transaction in Kafka: beyond its session so
    long that another owner has taken over even on a busy machine."""
    beyond = (11, 15) if group == "aggregator" else (7, 9)
    faults = [Fault("kill", group, 0, 0, 0) for _ in range(KILLS)]
    faults += [Fault("freeze", group, 0, 0, 0, round(seconds, 1))
               for seconds in (rng.uniform(0.5, 5), rng.uniform(*beyond), LONG)]
    rng.shuffle(faults)
    slots = [1 + i % SLOTS for i in range(len(faults))]
    rng.shuffle(slots)
    for fault, slot in zip(faults, slots):
        fault.slot = slot
        fault.after, fault.unread = rng.randint(500, 6000), rng.randint(LEAST_UNREAD * 3 // 2, 3000)
    return faults


def schedule(seed, brokers=1):
    """Chains of faults by name. With three brokers one of them is lost for good as well."""
    rng = random.Random(seed)
    chains = {group: _chain(rng, group) for group in GROUPS}
    parts = [Fault("broker", "parts", rng.randint(1, brokers), 0, 0, round(rng.uniform(0, 3), 1)),
             Fault("postgres", "parts", 0, 0, 0, round(rng.uniform(0, 3), 1))]
    rng.shuffle(parts)
    if brokers > 1:
        parts.append(Fault("lose", "parts", rng.randint(1, brokers), 0, 0))
    for fault in parts:
        fault.after, fault.unread = rng.randint(20000, 60000), LEAST_UNREAD * 3 // 2
    chains["parts"] = parts
    return chains


def _parts_of_assignment(data):
    """The consumer protocol's assignment: version, then topics with their partitions."""
    at, found = 6, []
    for _ in range(struct.unpack(">i", data[2:6])[0] if len(data) >= 6 else 0):
        size = struct.unpack(">h", data[at:at + 2])[0]
        topic = data[at + 2:at + 2 + size].decode()
        at += 2 + size
        count = struct.unpack(">i", data[at:at + 4])[0]
        found += [(topic, part) for part in struct.unpack(f">{count}i", data[at + 4:at + 4 + 4 * count])]
        at += 4 + 4 * count
    return found


class Look:
    """One thread's eyes on a district. Kafka's own answers, not the daemons'."""

    TOPICS = {"ingest": ["cb.raw"], "router": ["cb.events"], "aggregator": ["cb.events"]}

    def __init__(self, district):
        self.district = district
        self.admin = None
        self.seen = "nothing"  # by the last look, for who finds no opportunity

    def _groups(self, name):
        """A client asks every broker it ever heard of, and is refused for one that was lost; a new one hears
        of the living only."""
        if not self.admin:
            self.admin = AdminClient({"bootstrap.servers": self.district.environment["CITYBRAIN_BROKERS"],
                                      "reconnect.backoff.max.ms": 500, "log_level": 0})
        try:
            return self.admin.list_groups(name, timeout=3)
        except KafkaException:
            self.admin = None
            raise

    def owned(self, group, slot):
        """The partitions that the broker says this slot has; none while the group is on the move."""
        for known in self._groups(f"cb.{group}"):
            for member in known.members if known.state == "Stable" else ():
                if member.id.startswith(f"{group}-{slot}-"):
                    return set(_parts_of_assignment(member.assignment or b""))
        return set()

    def unread(self, group, slot=None):
        behind = self.district.unread(group, self.TOPICS[group])
        owned = None if slot is None else self.owned(group, slot)
        self.seen = f"{sum(behind.values())} unread, of {len(behind)} partitions, {owned and len(owned)} owned"
        return sum(count for of, count in behind.items() if owned is None or of in owned)

    def read(self, group):
        return sum(self.district.positions(group, self.TOPICS[group]).values())

    def written(self):
        return sum(self.district.ends("cb.raw").values())

    def is_ready(self, name):
        group, slot = name.split("-")
        lines = self.district.command(ROOT / "deploy/local/daemons", "status", name, check=False).stdout
        url = lines.split("\t")[2] if lines.count("\t") >= 3 else None
        return bool(url) and self.district.http(f"{url}/readyz")[0] == 200 \
            and bool(self.owned(group, int(slot)))


class Injector:
    """Carries a schedule out on a district. `say(line)` is told each fault as it strikes."""

    def __init__(self, district, chains, say):
        self.district, self.chains, self.say = district, chains, say
        self.began = time.monotonic()
        self.errors = []
        self.lock = threading.Lock()
        self.outages = self.zombies = 0  # under way
        self.knocking = False  # a part is to fall: no zombie is made before it
        self.waiting = set()
        self.fill_hands = lambda: None  # a zombie is to be made again: the aggregators get more at a time
        self.threads = [threading.Thread(target=self._run, args=(chain,), daemon=True)
                        for chain in chains.values()]

    def start(self):
        for thread in self.threads:
            thread.start()

    def is_busy(self):
        return any(thread.is_alive() for thread in self.threads) and not self.errors

    def wanted(self):
        """Chains that need something to be read."""
        return set(self.waiting)

    def finish(self):
        for thread in self.threads:
            thread.join(PATIENCE * 3)
        if self.errors:
            raise self.errors[0]
        assert not any(thread.is_alive() for thread in self.threads), "a chain of faults has not ended"

    def fired(self):
        return [fault for chain in self.chains.values() for fault in chain if fault.pid]

    def _run(self, chain):
        look = Look(self.district)
        try:
            for fault in chain:
                if self.errors:
                    return
                self._wait_for_progress(look, fault)
                while not self._strike(look, fault):  # it was dying by itself just then
                    self._wait_for_progress(look, fault)
                if self._is_zombie(fault) and len(chain) < MOST and not self._was_fenced():
                    self._ask(self.fill_hands)
                    chain.append(replace(fault, pid=0, recovered=-1))
        except BaseException as error:  # told by finish()
            self.errors.append(error)
        finally:
            self.district.close_monitors()

    def _was_fenced(self):
        return any('"fenced":true' in path.read_text(errors="replace")
                   for path in (self.district.run / "daemons").glob("aggregator-*.log"))

    def _ask(self, question, look=None):
        try:
            return question()
        except WORLD as error:
            if look:
                look.seen = f"{type(error).__name__}: {error}"
            return None

    def _progress(self, look, fault):
        return look.read(fault.group) if fault.group in GROUPS else look.written()

    def _unread(self, look, fault):
        if fault.group in GROUPS:
            return look.unread(fault.group, fault.slot)
        if fault.kind == "postgres":
            return look.unread("aggregator")
        return max(look.unread(group) for group in GROUPS)

    def _enter(self, fault):
        """A part does not fall while the zombie is made, nor the other way round: nobody would take over,
        and the one who comes back would find nothing changed."""
        part, zombie = self._is_part(fault), self._is_zombie(fault)
        with self.lock:
            if part and (self.outages or self.zombies):
                self.knocking = True
                return False
            if zombie and (self.outages or self.knocking):
                return False
            self.knocking = self.knocking and not part
            self.outages += part
            self.zombies += zombie
            return True

    @staticmethod
    def _is_part(fault):
        return fault.group not in GROUPS

    @staticmethod
    def _is_zombie(fault):
        """The one whose next commit is to meet a new owner's epoch."""
        return fault.group == "aggregator" and SESSION < fault.seconds < LONG

    def _leave(self, fault):
        with self.lock:
            self.outages -= self._is_part(fault)
            self.zombies -= self._is_zombie(fault)

    def _wait_for_progress(self, look, fault):
        """Returns entered, when there is something to break."""
        deadline, begun, at = time.monotonic() + CHANCE, None, None
        while not self.errors:
            self.waiting.add(fault.group)
            at = self._ask(lambda: self._progress(look, fault))
            begun = at if begun is None else begun
            if at is not None and at - begun >= fault.after:
                if not self._enter(fault):
                    self.waiting.discard(fault.group)
                    deadline = time.monotonic() + CHANCE
                elif (unread := self._ask(lambda: self._unread(look, fault), look) or 0) >= fault.unread:
                    fault.seen = unread
                    self.waiting.discard(fault.group)
                    return
                else:
                    self._leave(fault)
            if time.monotonic() > deadline:
                raise Invalid(f"no opportunity within {CHANCE} s to {fault.plan()}: "
                              f"{(at or 0) - (begun or 0)} records of progress; seen: {look.seen}")
            time.sleep(0.02)
        raise Invalid("another fault had no opportunity")

    def _strike(self, look, fault):
        """False: the victim was dying by itself just then."""
        strike = {"kill": self._kill, "freeze": self._freeze, "broker": self._broker, "lose": self._broker,
                  "postgres": self._postgres}[fault.kind]
        fault.began = time.monotonic() - self.began
        try:
            strike(fault)
            healed = self.began + fault.began if fault.kind == "kill" else time.monotonic()
            self._await_recovery(look, fault, healed)
        except ProcessLookupError:
            fault.pid = 0
            return False
        finally:
            self._leave(fault)
        return True

    def _await_recovery(self, look, fault, healed):
        """A daemon is ready and has partitions; after an outage every group reads on."""
        stood = {}
        if fault.group not in GROUPS:
            self.waiting.add(fault.group)

        def reads_on(group):
            at = self._ask(lambda: look.read(group))
            return at is not None and at > stood.setdefault(group, at)

        def is_back():
            if fault.group in GROUPS:
                return self._ask(lambda: look.is_ready(fault.victim()))
            return all([reads_on(group) for group in (GROUPS if fault.kind != "postgres" else ["aggregator"])])

        while not is_back():
            if time.monotonic() - healed > PATIENCE:
                raise AssertionError(f"{fault.victim()} did not recover within {PATIENCE} s "
                                     f"from {fault.kind} at {fault.began:.1f} s")
            time.sleep(0.1)
        self.waiting.discard(fault.group)
        fault.recovered = time.monotonic() - healed

    def _tell(self, fault):
        held = f" for {fault.seconds:.1f} s" if fault.seconds else ""
        self.say(f"{fault.began:7.1f} s  {fault.kind} {fault.victim()} pid {fault.pid}{held}, "
                 f"{fault.seen} unread")

    def _signal(self, fault, number):
        fault.pid = self.district.pid(fault.victim())
        os.kill(fault.pid, number)
        self._tell(fault)

    def _kill(self, fault):
        self._signal(fault, signal.SIGKILL)
        self.district.came_back(fault.victim(), fault.pid)

    def _freeze(self, fault):
        if self._is_zombie(fault):
            self._stop_between_transactions(fault)
            self._tell(fault)
        else:
            self._signal(fault, signal.SIGSTOP)
        time.sleep(fault.seconds)
        os.kill(fault.pid, signal.SIGCONT)  # nobody else ends a frozen process

    def _stop_between_transactions(self, fault):
        """With a batch in hand and none of its rows locked: its next commit must meet the new owner's
        epoch. Held inside a transaction it would keep the new owner waiting and only lose its connection."""
        fault.pid = self.district.pid(fault.victim())
        for _ in range(TRIES):
            os.kill(fault.pid, signal.SIGSTOP)
            if self._transactions_end():
                return
            os.kill(fault.pid, signal.SIGCONT)
            time.sleep(random.uniform(0, 0.2))
        raise Invalid(f"{fault.victim()} was inside a transaction whenever it was frozen")

    def _transactions_end(self):
        """Whether every transaction of an aggregator that was open just now ends within seconds. A running
        one ends by itself, however slow the machine; a frozen process's stays open."""
        frozen = "application_name = 'citybrain-aggregator' AND xact_start <= '%s'"
        now = self._ask(lambda: self.district.sql("SELECT clock_timestamp()"))
        until = time.monotonic() + 2
        while now and time.monotonic() < until:
            left = self._ask(lambda: self.district.sql(
                f"SELECT state, clock_timestamp() - state_change > interval '0.3 s' FROM pg_stat_activity "
                f"WHERE {frozen % now[0][0].isoformat()}"))
            if left is not None and not left:
                return True
            if left and ("idle in transaction", True) in left:
                return False
            time.sleep(0.05)
        return False

    def _parts(self, *words):
        return self.district.command(ROOT / "deploy/local/parts", *words, seconds=120).stdout

    def _pid_of_part(self, fault):
        """From the line of status: name, "pid N", address, word."""
        lines = self.district.command(ROOT / "deploy/local/parts", "status", check=False).stdout.splitlines()
        found = [line.split("\t")[1] for line in lines if line.split("\t")[0] == fault.victim()]
        assert found and found[0] != "pid -", lines
        fault.pid = int(found[0].split()[1])

    def _broker(self, fault):
        self._pid_of_part(fault)
        self._tell(fault)
        self._parts("kill", "kafka", str(fault.slot))
        if fault.kind == "lose":
            return
        time.sleep(fault.seconds)
        self._parts("start", "kafka", str(fault.slot))

    def _postgres(self, fault):
        self._pid_of_part(fault)
        self._tell(fault)
        self._parts("stop-immediate", "postgres")
        time.sleep(fault.seconds)
        self._parts("start", "postgres")
