# SPDX-License-Identifier: Apache-2.0
"""A second PostgreSQL that follows the first one of a district, and disks that can be full: what deploy/local/parts,
which starts one server on whatever disk there is, has no word for."""
import os
import pwd
import shutil
import subprocess
import time
from pathlib import Path

import psycopg2

from district import until

BIN = max(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda bin: int(bin.parent.name))
MOUNTED = {"data": "400m", "wal": "160m"}


def as_owner(data):
    """The words before a command that runs as the owner of a cluster; the server does not run as root."""
    owner = pwd.getpwuid(os.stat(data).st_uid)
    return [] if owner.pw_uid == os.getuid() else ["setpriv", f"--reuid={owner.pw_uid}", f"--regid={owner.pw_gid}",
                                                   "--clear-groups", "--"]


def run(*words, seconds=60):
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True, timeout=seconds, cwd="/")
    assert done.returncode == 0, f"{words}: {done.stderr[-800:]}"
    return done.stdout


def socket_of(conninfo):
    return dict(word.split("=", 1) for word in conninfo.split())["host"]


class Standby:
    """Streams from the district's server. `uri` names both, for whoever wants the one that can be written."""

    def __init__(self, district):
        first = socket_of(district.environment["CITYBRAIN_PG"])
        self.home = district.run / "standby"
        self.socket = self.home / "socket"
        self.words = as_owner(Path(first).parent / "data")
        owner = os.stat(Path(first).parent / "data")
        for folder in (self.home, self.socket):
            folder.mkdir()
            os.chown(folder, owner.st_uid, owner.st_gid)
        run(*self.words, BIN / "pg_basebackup", "-h", first, "-U", "postgres", "-D", self.home / "data", "-R", "-X", "stream",
            "-c", "fast")
        with open(self.home / "data" / "postgresql.auto.conf", "a", encoding="utf-8") as settings:
            settings.write(f"unix_socket_directories = '{self.socket}'\n")
        self.control("start", "-w")
        self.conninfo = district.environment["CITYBRAIN_PG"]
        self.promoted = self.conninfo.replace(first, str(self.socket))
        self.uri = f"postgresql:///citybrain?host={first},{self.socket}&user=citybrain&target_session_attrs=read-write"

    def control(self, *words):
        run(*self.words, BIN / "pg_ctl", "-D", self.home / "data", "-l", self.home / "server.log", *words)

    def ask(self, statement):
        connection = psycopg2.connect(host=str(self.socket), user="postgres", dbname="citybrain")
        connection.autocommit = True
        try:
            with connection.cursor() as cursor:
                cursor.execute(statement)
                return cursor.fetchall() if cursor.description else None
        finally:
            connection.close()

    def pause(self):
        until(lambda: self.ask("SELECT count(*) FROM pg_stat_wal_receiver WHERE status = 'streaming'") == [(1,)], "it streams", 20)
        self.ask("ALTER SYSTEM SET primary_conninfo = ''")
        self.ask("SELECT pg_reload_conf()")
        until(lambda: self.ask("SELECT count(*) FROM pg_stat_wal_receiver") == [(0,)], "it streams no more", 20)

    def promote(self):
        self.control("promote", "-w")

    def stop(self):
        if (self.home / "data" / "postmaster.pid").exists():
            self.control("stop", "-m", "immediate")
        shutil.rmtree(self.home, ignore_errors=True)


class small_disks:  # noqa: N801 read as a verb where it is used
    """The district's server on two file systems of a few hundred megabytes, data and WAL. Called, it undoes that."""

    def __init__(self, district):
        self.homes = {"data": district.run / "postgres", "wal": district.run / "wal"}
        for name, home in self.homes.items():
            home.mkdir(mode=0o755, exist_ok=True)
            run("mount", "-t", "tmpfs", "-o", f"size={MOUNTED[name]},mode=755", "none", home)
        district.command("deploy/local/parts", "start", "postgres", seconds=120)
        district.command("deploy/local/parts", "stop", "postgres", seconds=60)
        data = self.homes["data"] / "data"
        owner = os.stat(data)
        shutil.move(str(data / "pg_wal"), str(self.homes["wal"] / "pg_wal"))
        for folder in [self.homes["wal"], *self.homes["wal"].rglob("*")]:
            os.chown(folder, owner.st_uid, owner.st_gid)
        (data / "pg_wal").symlink_to(self.homes["wal"] / "pg_wal")
        with open(data / "postgresql.auto.conf", "a", encoding="utf-8") as settings:
            settings.write("max_wal_size = '96MB'\nmin_wal_size = '32MB'\n")

    def fill(self, name, refused, seconds):
        """Until somebody says so and so many seconds longer; then there is space again. What was said last."""
        ballast = self.homes[name] / "ballast"
        try:
            with open(ballast, "wb", buffering=0) as file:
                while not refused():
                    try:
                        file.write(b"\0" * (1 << 20))
                    except OSError:  # as full as can be; what the server frees it gets no more
                        time.sleep(0.1)
            time.sleep(seconds)
        finally:
            ballast.unlink(missing_ok=True)
        said = [line for line in (self.homes["data"] / "server.log").read_text(errors="replace").splitlines()
                if "No space left" in line]
        assert said, "no server said that the disk is full"
        return said[-1].split("] ", 1)[-1][:80]

    def __call__(self):
        for home in self.homes.values():
            subprocess.run(["umount", "-l", str(home)], check=False)
            shutil.rmtree(home, ignore_errors=True)
