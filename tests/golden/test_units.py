# SPDX-License-Identifier: Apache-2.0
"""The systemd units: nothing against them, an exposure of at most 1.5, and a test of the test."""
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
UNITS = sorted(ROOT.glob("deploy/systemd/*.service"))
TIMERS = sorted(ROOT.glob("deploy/systemd/*.timer"))
DAEMONS = [unit for unit in UNITS if unit.stem != "citybrain-verify"]
needs_systemd = pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="no systemd-analyze here")


def judge(*units):
    return subprocess.run([ROOT / "deploy/package/units", *units], capture_output=True, text=True, timeout=60)


@needs_systemd
def test_units_are_hardened():
    done = judge(*UNITS, *TIMERS)
    assert done.returncode == 0, done.stdout + done.stderr
    levels = dict(re.findall(r"(\S+)\texposure ([0-9.]+)", done.stdout))
    assert levels.keys() == {unit.name for unit in UNITS + TIMERS} and len(UNITS) == 4
    assert max(map(float, levels.values())) <= 1.5 and min(float(levels[unit.name]) for unit in UNITS) > 0


@needs_systemd
@pytest.mark.parametrize("right, wrong", [("PrivateUsers=yes\n", ""), ("SystemCallFilter=", "SystemCalFilter=")])
def test_a_softer_or_misspelt_unit_is_refused(tmp_path, right, wrong):
    text = UNITS[0].read_text()
    assert right in text
    unit = tmp_path / UNITS[0].name
    unit.write_text(text.replace(right, wrong))
    if wrong == "":
        unit.write_text(unit.read_text().replace("NoNewPrivileges=yes\n", "").replace("ProtectSystem=strict\n", ""))
    assert judge(unit).returncode == 1


@pytest.mark.parametrize("unit", DAEMONS, ids=lambda unit: unit.stem)
def test_a_unit_reloads_by_notification_and_stays_down_on_configuration(unit):
    text = unit.read_text()
    assert text.index("Type=notify\n") < text.index("Type=notify-reload\n")  # an older systemd keeps the first
    assert "RestartPreventExitStatus=64 78" in text and "Restart=always" in text and "WatchdogSec=" in text


def test_the_recount_leaves_its_note_where_the_aggregator_reads_it():
    recount, aggregator = ((ROOT / f"deploy/systemd/citybrain-{name}.service").read_text() for name in ("verify", "aggregator"))
    note = re.search(r"^ExecStart=.* --note (\S+)$", recount, re.M)[1]
    assert f"\nEnvironment=CITYBRAIN_VERIFIED={note}\n" in aggregator
    assert note.startswith("/var/lib/" + re.search(r"^StateDirectory=(\S+)$", recount, re.M)[1] + "/")
    for same in ('Environment="CITYBRAIN_PG=', "EnvironmentFile="):  # the same database, by the same settings
        assert re.findall(f"^{same}.*", recount, re.M) == re.findall(f"^{same}.*", aggregator, re.M) != []


@pytest.mark.parametrize("timer", TIMERS, ids=lambda timer: timer.stem)
def test_a_timer_comes_with_the_aggregator_and_is_not_older_than_its_alert(timer):
    assert (timer.with_suffix(".service")).is_file()
    assert f"\nWants={timer.name}\n" in (ROOT / "deploy/systemd/citybrain-aggregator.service").read_text()
    text = timer.read_text()
    assert "WantedBy=timers.target" in text and "Persistent=yes" in text
    assert re.search(r"^OnCalendar=\*-\*-\* \d", text, re.M)  # each day: VerifyOld waits for two
    assert re.search(r"^OnActiveSec=\d+min$", text, re.M)  # and soon in a new district: it waits for one hour
