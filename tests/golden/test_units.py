# SPDX-License-Identifier: Apache-2.0
"""The systemd units: nothing against them, an exposure of at most 1.5, and a test of the test."""
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
UNITS = sorted(ROOT.glob("deploy/systemd/*.service"))
needs_systemd = pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="no systemd-analyze here")


def judge(*units):
    return subprocess.run([ROOT / "deploy/package/units", *units], capture_output=True, text=True, timeout=60)


@needs_systemd
def test_units_are_hardened():
    done = judge(*UNITS)
    assert done.returncode == 0, done.stdout + done.stderr
    levels = [float(level) for level in re.findall(r"exposure ([0-9.]+)", done.stdout)]
    assert len(levels) == 3 and max(levels) <= 1.5


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


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_a_unit_reloads_by_notification_and_stays_down_on_configuration(unit):
    text = unit.read_text()
    assert text.index("Type=notify\n") < text.index("Type=notify-reload\n")  # an older systemd keeps the first
    assert "RestartPreventExitStatus=64 78" in text and "Restart=always" in text and "WatchdogSec=" in text
