# SPDX-License-Identifier: Apache-2.0
"""What a chaos run is fed with: a live day by its driver, and the real requests of 2011 as history,
over and over (a repeat changes no cell, but it is to be read like any other record) for as long as
faults want something to break. Both drivers keep their own fsynced lists of what was acknowledged."""
import os
import signal
import subprocess
import threading
import time

FEED = "boston_311"
MOST_RAW, MOST_EVENTS = 16000, 30000  # unread offsets at which the senders are held
READERS = {"router", "aggregator"}  # of events


class Load:
    def __init__(self, district, folder, plan, day=True, senders=2):
        """`senders` of history, each at another door."""
        self.district, self.folder, self.plan, self.day, self.senders = district, folder, plan, day, senders
        self.doors = district.address("CITYBRAIN_URL")
        self.passes, self.whole, self.day_said = 0, 0, ""
        self.processes, self.held, self.ending = {}, False, False
        self.errors = []
        self.wanted = lambda: {"ingest"}  # who needs something to read; nobody: history stands still
        self.thread = threading.Thread(target=self._run, daemon=True)

    def start(self):
        if self.day:
            self._launch("day")
        for n in range(self.senders):
            self._launch(f"history-{n}")
        self.thread.start()

    def finish(self, seconds):
        """No pass is begun any more. Once history has been sent whole, its senders die where they are."""
        self.ending = True
        self.thread.join(seconds)
        alive = self.thread.is_alive()
        self.stop()
        if self.errors:
            raise self.errors[0]
        assert not alive, f"the senders have not ended within {seconds} s"

    def stop(self):
        """The senders die where they are."""
        self.ending = True
        for process in list(self.processes.values()):
            if process.poll() is None:
                process.kill()
                process.wait()

    def _launch(self, name):
        if name == "day":
            words = ["--timeline", self.plan.day, "--step", self.plan.step, "--url", self.doors[0],
                     "--clock", ",".join(self.district.address("CITYBRAIN_INGEST_ADMIN"))]
        else:
            self.passes += 1
            words = ["--backfill", "--feed", FEED, "--url",
                     self.doors[int(name.split("-")[1]) % len(self.doors)], self.plan.history]
        words = [self.district.binaries / "citybrain", "send", "--tokens", self.district.config / "tokens.csv",
                 "--acknowledged", self.folder / f"{name}.acknowledged", *words]
        with open(self.folder / f"{name}.log", "ab") as log, open(self.folder / f"{name}.rejected", "ab") as rejected:
            self.processes[name] = subprocess.Popen(
                [str(word) for word in words], env=self.district.environment, stdin=subprocess.DEVNULL,
                stdout=rejected, stderr=log)

    def _hold(self):
        """Senders of history stand still while there is enough to do, or nobody asks for more."""
        wanted = self.wanted()
        try:
            enough = sum(self.district.unread("ingest", ["cb.raw"]).values()) > MOST_RAW or (
                wanted <= READERS and all(sum(self.district.unread(group).values()) > MOST_EVENTS
                                          for group in wanted))
        except Exception:  # a part is away: who knows how much there is
            enough = True
        hold = not self.ending and (enough or not wanted)
        if hold == self.held:
            return
        self.held = hold
        for name, process in self.processes.items():
            if name != "day" and process.poll() is None:
                os.kill(process.pid, signal.SIGSTOP if hold else signal.SIGCONT)

    def _run(self):
        try:
            while self._tend():
                self._hold()
                time.sleep(0.1)
        except BaseException as error:  # told by finish()
            self.errors.append(error)
        finally:
            self.district.close_monitors()

    def _tend(self):
        """False when everything has ended."""
        for name, process in list(self.processes.items()):
            status = process.poll()
            if status is None and name != "day" and self.ending and self.whole:
                process.kill()
                process.wait()
                del self.processes[name]
            if status is None:
                continue
            assert status == 0 or (status, name) == (1, "day"), \
                f"{name} ended with {status}: {self.words_of(name)}"  # 1: the day has rows to be rejected
            if name == "day":
                self.day_said = self.words_of(name)
                continue
            self.whole += 1
            if not self.ending:
                self._launch(name)
                if self.held:
                    os.kill(self.processes[name].pid, signal.SIGSTOP)
        return any(process.poll() is None for process in self.processes.values())

    def words_of(self, name):
        return (self.folder / f"{name}.log").read_text(errors="replace")[-600:]


def acknowledged(folder, name):
    """The lines of a driver's own list, as words."""
    path = folder / f"{name}.acknowledged"
    return [line.split() for line in path.read_text().splitlines()] if path.exists() else []
