# SPDX-License-Identifier: Apache-2.0
"""The local parts: started twice, survived when stale, gone when stopped. A run folder of its own."""
import os
import shlex
import signal
import socket
import subprocess
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PARTS = ROOT / "deploy" / "local" / "parts"


class Parts:
    """deploy/local/parts on one run folder."""

    def __init__(self, run):
        self.run = Path(run)
        self.environment = {k: v for k, v in os.environ.items() if not k.startswith("CITYBRAIN_")}
        self.environment.update(CITYBRAIN_RUN=str(run), PORT_BASE=str(int(os.environ.get("TEST_PORT_BASE", "26000")) + 1000))
        self.environment.pop("BROKERS", None)

    def __call__(self, *words, check=True, **environment):
        done = subprocess.run([PARTS, *words], env={**self.environment, **environment}, text=True,
                              stdin=subprocess.DEVNULL, capture_output=True, timeout=150)
        assert not check or done.returncode == 0, done.stderr
        return done

    def env(self):
        return dict(word.split("=", 1) for word in shlex.split(self("env").stdout))

    def pids(self):
        """Name to pid as `status` tells it, of what runs."""
        rows = (line.split("\t") for line in self("status", check=False).stdout.splitlines())
        return {row[0]: int(row[1].split()[1]) for row in rows if row[1] != "pid -"}

    def broker(self):
        host, port = self.env()["CITYBRAIN_BROKERS"].split(":")
        return host, int(port)


@pytest.fixture(scope="module")
def parts(tmp_path_factory):
    # The folders that pytest makes are its user's alone; PostgreSQL may run as another user.
    parts = Parts(tmp_path_factory.mktemp("parts") / "run")
    try:
        parts("start")
        yield parts
    finally:
        parts("wipe", check=False)


def carrying(run):
    """The processes that name the run folder in their command line."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if str(run).encode() in (folder / "cmdline").read_bytes():
                found.append(int(folder.name))
        except OSError:
            pass
    return found


def lives(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def answers(address):
    try:
        socket.create_connection(address, timeout=1).close()
        return True
    except OSError:
        return False


def listening_addresses(pid):
    """Local addresses (hexadecimal, as in /proc) that a process listens on."""
    inodes = set()
    for entry in Path(f"/proc/{pid}/fd").iterdir():
        try:
            target = os.readlink(entry)
        except OSError:
            continue
        if target.startswith("socket:["):
            inodes.add(target[8:-1])
    rows = []
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        if os.path.exists(table):
            rows += [line.split() for line in Path(table).read_text().splitlines()[1:]]
    return [row[1].split(":")[0] for row in rows if row[3] == "0A" and row[9] in inodes]


def sql(parts, statement):
    return subprocess.run(["psql", "-XAtc", statement, parts.env()["CITYBRAIN_PG"]], text=True,
                          capture_output=True, check=True).stdout.strip()


def test_started_parts_answer_and_listen_on_loopback_only(parts):
    pids = parts.pids()
    assert set(pids) == {"kafka-1", "postgres"}
    assert answers(parts.broker())
    assert sql(parts, "SELECT current_user || ' ' || current_setting('default_toast_compression')") \
        == "citybrain lz4"
    brokers = listening_addresses(pids["kafka-1"])
    loopback = {"0100007F", "0000000000000000FFFF00000100007F"}
    assert len(brokers) == 2 and set(brokers) <= loopback
    assert listening_addresses(pids["postgres"]) == []


def test_starting_twice_changes_nothing(parts):
    before = parts.pids(), parts.env()
    assert parts("start").stderr == ""
    assert (parts.pids(), parts.env()) == before


def test_another_number_of_brokers_is_refused_with_a_fix(parts):
    refused = parts("start", check=False, BROKERS="3")
    assert refused.returncode == 78
    assert "fix:" in refused.stderr and "wipe" in refused.stderr


def test_pid_files_of_another_process_are_neither_trusted_nor_killed(parts):
    parts("stop")
    with subprocess.Popen(["sleep", "300"]) as stranger:
        try:
            home = Path(parts.env()["CITYBRAIN_PG"].split()[0][len("host="):]).parent
            for note in (parts.run / "kafka/1/pid", home / "pid"):
                note.write_text(f"{stranger.pid}\n")
            (home / "data/postmaster.pid").write_text(f"{stranger.pid}\n{home}/data\n")
            assert parts("status", check=False).returncode == 69
            parts("stop")
            assert stranger.poll() is None
            parts("start")
            assert stranger.poll() is None
            assert stranger.pid not in parts.pids().values() and len(parts.pids()) == 2
        finally:
            stranger.kill()


def test_running_parts_are_found_without_their_pid_files(parts):
    before = parts.pids()
    (parts.run / "kafka/1/pid").unlink()
    assert parts.pids() == before
    parts("start")
    assert parts.pids() == before


def test_data_survives_kill_and_immediate_stop(parts):
    sql(parts, "CREATE TABLE IF NOT EXISTS kept AS SELECT 42 AS n")
    pids = parts.pids()
    parts("kill", "kafka")
    parts("stop-immediate", "postgres")
    assert parts.pids() == {}
    (parts.run / "kafka/1/formatted").unlink()
    (parts.run / "kafka/1/data/half").write_text("")  # as an interrupted format leaves it
    parts("start")
    assert sql(parts, "SELECT n FROM kept") == "42"
    assert not set(pids.values()) & set(parts.pids().values())
    assert not (parts.run / "kafka/1/data/half").exists()


def test_stop_leaves_no_process_and_no_port(parts):
    address, pids = parts.broker(), parts.pids()
    parts("stop")
    assert carrying(parts.run) == []
    assert not any(lives(pid) for pid in pids.values())
    assert not answers(address)
    assert parts("stop").stderr == ""


def test_a_port_taken_while_stopped_moves_the_block(parts):
    parts("stop")
    address = parts.broker()
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(address)
        taken.listen()
        parts("start", "kafka")
        assert parts.broker() != address and answers(parts.broker())
    parts("stop")


def test_a_hung_broker_is_not_called_up(parts):
    parts("start", "kafka")
    pid = parts.pids()["kafka-1"]
    os.kill(pid, signal.SIGSTOP)
    try:
        time.sleep(0.1)
        assert "kafka-1\tpid %d\t127.0.0.1:%d\tsilent" % (pid, parts.broker()[1]) \
            in parts("status", check=False).stdout
    finally:
        os.kill(pid, signal.SIGCONT)
    parts("stop")
