# SPDX-License-Identifier: Apache-2.0
"""What brings an alert about in a living district, and what mends it. `cause` returns when the cause began."""
import os
import signal
import subprocess
import time

from confluent_kafka.admin import AdminClient

from district import ROOT, until
from test_verify import CELLS

STATION, BEAT_S, TICK_S = "st001", 5, 30
SILENT_S = 3 * 60  # three cadences of a minute
AWAY = "s110105009"  # whose topic goes away


class Cause:
    alert = ""
    also = ()  # alerts that follow from the same cause

    def __init__(self, life):
        self.life, self.district = life, life.district

    def cause(self):
        raise NotImplementedError

    def mend(self):
        raise NotImplementedError


class SilentStation(Cause):
    """Its heartbeats end. The cause begins when it is silent by its own cadence: three times a minute later."""
    alert = "StationSilent"

    def cause(self):
        self.life.beats = False
        return self.life.beaten + SILENT_S

    def mend(self):
        self.life.beats = True


class UnitParked(Cause):
    """A unit's topic is deleted; an order for it comes."""
    alert, also = "UnitParked", ("TopicMissing", "DaemonDown", "DaemonNotReady")

    def cause(self):
        topic = f"cb.dispatch.{AWAY}"
        admin = AdminClient({"bootstrap.servers": self.district.environment["CITYBRAIN_BROKERS"]})
        admin.delete_topics([topic])[topic].result(20)
        until(lambda: topic not in admin.list_topics(timeout=10).topics, "the topic is gone", 30)
        self.district.accepted("hotline", [self.life.order("AWAY", 承办单位=AWAY)])
        return time.time()

    def mend(self):
        self.district.citybrain("topics", "apply", "--config", self.district.config, seconds=60)


class DeadRatio(Cause):
    """A feed's rows go bad, one in two."""
    alert = "DeadRatio"

    def cause(self):
        self.life.dirty = True
        return time.time()

    def mend(self):
        self.life.dirty = False


class LedgerOpen(Cause):
    """An account of an hour that is over says that something was read which never came."""
    alert = "LedgerOpen"

    def cause(self):
        self.district.sql("INSERT INTO core.ledger_said VALUES (date_trunc('hour', now()) - interval '5 hours', 'hotline', "
                          "'planted', 'cb.raw:0', 7, 7, 0, 0, 0, 7) RETURNING 1")
        return time.time()

    def mend(self):
        self.district.sql("DELETE FROM core.ledger_said WHERE id = 'planted' RETURNING 1")


class VerifyMismatch(Cause):
    """A cell that no set accounts for."""
    alert = "VerifyMismatch"

    def cause(self):
        self.district.sql(CELLS["a day of nobody"])
        return time.time()

    def mend(self):
        self.district.sql("DELETE FROM core.cell_closure_rate WHERE day = '1999-01-01' RETURNING 1")


class ReloadRefused(Cause):
    """A rule that leads nowhere, and SIGHUP."""
    alert = "ReloadRefused"
    rules = "rules/dispatch.yaml"

    def reload(self, text):
        (self.district.config / self.rules).write_text(text, encoding="utf-8")
        os.kill(self.district.pid("router-1"), signal.SIGHUP)

    def cause(self):
        self.good = (self.district.config / self.rules).read_text(encoding="utf-8")
        self.reload(self.good + "  - id: nowhere\n    then: { lead: nobody }\n")
        return time.time()

    def mend(self):
        self.reload(self.good)


class DiskLow(Cause):
    """A file system of 16 MiB of its own that fills up (needs root)."""
    alert = "DiskLow"

    def cause(self):
        (self.life.disk / "full").write_bytes(b"x" * (15 << 20))
        return time.time()

    def mend(self):
        (self.life.disk / "full").unlink()


class DatabaseAway(Cause):
    """PostgreSQL ends without a checkpoint."""
    alert, also = "DatabaseAway", ("DaemonNotReady", "LagSeconds", "ClockStandsStill", "FreshnessBurning")

    def cause(self):
        began = time.time()
        self.district.command(ROOT / "deploy/local/parts", "stop-immediate", "postgres", seconds=60)
        return began

    def mend(self):
        self.district.command(ROOT / "deploy/local/parts", "start", "postgres", seconds=90)


class NormaliserStopped(Cause):
    """The process of the role normaliser ends; the doors go on."""
    alert, also = "NormaliserStopped", ("DaemonDown", "ClockStandsStill", "FreshnessBurning", "TriggersBehind")

    def cause(self):
        began = time.time()
        self.life.stop_daemon("ingest-2")
        return began

    def mend(self):
        self.life.start_ingest("ingest-2", "normaliser")


class ClockStandsStill(NormaliserStopped):
    """The same once more (twice stopped is once): no tick is written, so the views' clock stands still."""
    alert = "ClockStandsStill"


class ClockOff(Cause):
    """The wall clock of the normaliser's host goes forth by a minute and a half; no tick says so."""
    alert, also = "ClockOff", ("NormaliserStopped", "ClockStandsStill")

    def cause(self):
        self.began = time.time()
        self.life.shift.write_text("90")
        return self.began

    def mend(self):
        time.sleep(max(0, self.began + TICK_S + 5 - time.time()))
        ticked = self.life.ticked()
        self.life.shift.write_text("0")
        assert self.began - 2 * TICK_S < ticked <= self.began, f"a tick of {ticked - self.began:.0f} s after the clock went off"


def mount(folder):
    """A small file system at a folder; False where we may not."""
    folder.mkdir()
    return subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16m,mode=755", "none", str(folder)],
                          stderr=subprocess.DEVNULL, check=False).returncode == 0


def unmount(folder):
    subprocess.run(["umount", "-l", str(folder)], check=False)


# Causes of one row are there at the same time, rows follow each other.
# A router whose unit's topic goes starts again, which it could not under a bundle that it refuses.
PHASES = ((SilentStation, UnitParked, DeadRatio, LedgerOpen, VerifyMismatch, DiskLow),
          (ClockOff,), (DatabaseAway, ReloadRefused), (NormaliserStopped, ClockStandsStill))
