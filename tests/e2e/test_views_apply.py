# SPDX-License-Identifier: Apache-2.0
"""A view's file comes, changes and goes beside a running aggregator: it refuses to count by two files at once, names the
command, and after it counts by the new one from the first stored set on."""
import contextlib
import json
import re
import threading
import time

import pytest

from district import until
from test_path import LEAD, order

VIEW = """view: e2e_apply
name: 试
of: {{ kind: request }}
group: [{group}]
measures:
  opened: {{ count: opened }}
"""
SIGN = ("--as", "e2e", "--reason", "a test of views apply")


@pytest.fixture
def view(district):
    """The file of a view that nobody else has; gone again afterwards, also from the database."""
    path = district.config / "views" / "e2e_apply.yaml"
    yield path
    if path.exists():
        path.unlink()
    apply(district, "--execute", *SIGN)
    with contextlib.suppress(AssertionError):
        district.command("deploy/local/daemons", "start", "aggregator-1", seconds=60)
    until(lambda: district.sql("SELECT to_regclass('api.e2e_apply') IS NULL")[0][0], "the view is gone", 10)


def apply(district, *words, check=True):
    return district.citybrain("views", "apply", "--config", district.config, *words, check=check, seconds=120)


def by_unit(district):
    """What the view says, and what the sets say, of the same moment."""
    return district.sql("SELECT (SELECT sum(opened) FROM api.e2e_apply WHERE unit = %s), (SELECT sum(opened) FROM "
                        "api.closure_rate WHERE unit = %s)", LEAD, LEAD)[0]


class Lag(threading.Thread):
    """How old what the aggregator has not read is, at worst, while orders come in."""

    def __init__(self, district):
        super().__init__(daemon=True)
        self.district, self.ended, self.worst, self.sent = district, threading.Event(), 0, 0

    def run(self):
        ends = []
        while not self.ended.is_set():
            self.sent += 10
            self.district.accepted("hotline", [order(f"E2EA{self.sent}-{n}", 承办单位=LEAD) for n in range(10)])
            now, end = time.monotonic(), sum(self.district.ends("cb.events").values())
            ends.append((now, end))
            at = sum(self.district.aggregated().values())
            behind = [then for then, end in ends if end > at]
            self.worst = max(self.worst, now - behind[0] if behind else 0)
            time.sleep(0.05)
        self.district.close_monitors()


def test_a_new_view_is_filled_while_the_daemon_goes_on(district, view):
    district.accepted("hotline", [order(f"E2EA{n}", 承办单位=LEAD) for n in range(30)])
    district.settle()
    view.write_text(VIEW.format(group="unit"))
    plan = json.loads(apply(district, "--json").stdout)
    assert plan["views"] == [{"view": "e2e_apply", "what": "new"}] and plan["sets"] >= 0
    assert apply(district, "--execute", check=False).returncode == 64  # who, and why?
    assert apply(district, "--execute", *SIGN, "--plan", "another", check=False).returncode == 78
    assert district.sql("SELECT to_regclass('api.e2e_apply') IS NULL")[0][0]

    lag, old = Lag(district), district.pid("aggregator-1")
    lag.start()
    try:
        time.sleep(1)
        done = apply(district, "--execute", *SIGN, "--plan", plan["plan"])
        swapped = lag.worst
        assert "running aggregators are fenced" in done.stderr
        assert re.search(r"views apply: \d+ of about \d+ sets, \d+/s, 0 s left", done.stderr), done.stderr
        district.came_back("aggregator-1", old)  # fenced, ended, started anew
        time.sleep(1)
    finally:
        lag.ended.set()
        lag.join(30)
    assert swapped < 5, f"{swapped:.1f} s behind"
    district.settle()
    ours, theirs = by_unit(district)
    assert ours == theirs and ours >= 30 + lag.sent
    assert district.sql("SELECT who, reason FROM core.audit ORDER BY at DESC LIMIT 1") == [("e2e", SIGN[3])]

    # Changed again: who starts now refuses, and says what to run.
    view.write_text(VIEW.format(group="unit, type_code"))
    log = district.run / "daemons" / "aggregator-1.log"
    district.kill("aggregator-1")
    until(lambda: '"status":78' in log.read_text().splitlines()[-1], "the aggregator has refused", 30)
    said = json.loads(log.read_text().splitlines()[-2])
    assert "e2e_apply changed" in said["error"] and "citybrain views apply --execute" in said["error"], said
    assert by_unit(district) == (ours, theirs)  # the old cells are still read
    apply(district, "--execute", *SIGN)
    district.command("deploy/local/daemons", "start", "aggregator-1", seconds=60)
    assert by_unit(district) == (ours, theirs)
    assert district.sql("SELECT count(*) > 0 FROM api.e2e_apply WHERE type_code <> ''")[0][0]
    verified = district.citybrain("verify", "--cells", "--json", "--config", district.config, check=False, seconds=120)
    assert (verified.returncode, json.loads(verified.stdout)["differences"]) == (0, 0), verified.stdout[:2000]


@pytest.fixture
def many_types(district):
    """More types than one answer can name; the file as it was afterwards."""
    path = district.config / "registries" / "request_types.csv"
    was = path.read_text()
    fields = next(line for line in was.splitlines() if line.startswith("R0105,")).split(",")
    path.write_text(was + "".join(",".join([f"Z{n:05d}", fields[1], "很长的名称" * 4, *fields[3:]]) + "\n" for n in range(60000)))
    restart(district)
    yield
    path.write_text(was)
    restart(district)


def restart(district):
    district.kill("aggregator-1")
    district.command("deploy/local/daemons", "start", "aggregator-1", seconds=60)


def test_what_the_districts_files_say_has_an_end(district, many_types):
    """More than one answer holds is said to be so: half a document would be read as a fault of whoever reads it."""
    status, body = district.http(district.environment["CITYBRAIN_API"] + "/api/names")
    problem = json.loads(body)
    assert (status, problem["type"], problem["status"]) == (413, "about:blank#answer_too_large", 413)
    assert "registries/" in problem["detail"]
    assert district.http(district.environment["CITYBRAIN_API"] + "/api/views/closure_rate")[0] == 200
