# SPDX-License-Identifier: Apache-2.0
"""The same live day three times, on clock: manual and with two slots a group: clean, clean again, and
under kill -9, freezes, a dead broker and a stopped PostgreSQL, together with the real requests of 2011.
Every cell, every case and every work order must be the same. More seeds: make chaos."""
import os
import sys
from pathlib import Path

import pytest

from district import ROOT

sys.path.insert(0, str(ROOT / "tests" / "chaos"))
import checks  # noqa: E402 the folder is no package
import run  # noqa: E402

EVENTS, STEP, SEED = 3000, "60m", 1


@pytest.fixture(scope="module")
def plan(tmp_path_factory):
    binaries = Path(os.environ.get("CITYBRAIN_BIN", "build/debug"))
    binaries = binaries if binaries.is_absolute() else ROOT / binaries
    return run.Plan(binaries, tmp_path_factory.mktemp("day"), EVENTS, checks.history_file(), STEP)


@pytest.fixture(scope="module")
def clean(plan, tmp_path_factory):
    return run.clean(plan, tmp_path_factory.mktemp("clean"), history=plan.history is not None)


def test_two_clean_runs_of_a_day_are_equal(plan, clean, tmp_path):
    again, _ = run.clean(plan, tmp_path, history=False)
    assert checks.differences(again, clean[0]) == []
    assert len(again["orders"]) > EVENTS / 10
    assert sum(row[-1] for row in again["cells"]["core.cell_closure_rate"].elements()) > 0


def test_a_run_under_faults_equals_a_clean_one(plan, clean, tmp_path):
    if plan.history is None:
        pytest.skip("the real inputs (../shared/data) are not here, or SHARED=none")
    faulty = run.Faulty(plan, tmp_path, SEED)
    faulty.run(clean[1])
    assert all(kills >= 5 and freezes >= 3 for kills, freezes in run.groups_of(faulty.fired()).values())
