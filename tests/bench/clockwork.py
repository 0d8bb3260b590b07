# SPDX-License-Identifier: Apache-2.0
"""CPU of every part of a district while something runs through all of them."""
import contextlib
import os
from pathlib import Path

from stage import cpu_of


def stat_of(pid):
    """(parent, CPU seconds)"""
    return int(Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[1]), cpu_of(pid)


def database_cpu(postmaster):
    """Of the postmaster and all it has forked; who is reaped counts for it."""
    total = sum(int(n) for n in Path(f"/proc/{postmaster}/stat").read_text().rsplit(")", 1)[1].split()[11:15]) \
        / os.sysconf("SC_CLK_TCK")
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError, ValueError, IndexError):
            parent, used = stat_of(int(folder.name))
            total += used if parent == postmaster else 0
    return total


def postmaster_of(stage):
    return int(next(stage.run.rglob("postmaster.pid")).read_text().split()[0])


class Clockwork:
    """CPU of every part since it was made; the daemons' since they began, where they were started for it."""

    def __init__(self, stage, daemons, postmaster):
        self.stage, self.daemons, self.postmaster = stage, daemons, postmaster
        self.began = self.now()

    def now(self):
        used = {name: cpu_of(process.pid) for name, process in self.daemons.items()}
        return {**used, "broker": cpu_of(self.stage.broker_pid), "postgres": database_cpu(self.postmaster)}

    def used(self):
        now = self.now()
        return {name: now[name] - (0 if name in self.daemons else self.began[name]) for name in now}

    def since(self):
        """Of all since it was made."""
        now = self.now()
        return {name: now[name] - self.began[name] for name in now}
