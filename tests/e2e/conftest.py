# SPDX-License-Identifier: Apache-2.0
"""One running district for all end-to-end tests of a session; its logs are shown when a test fails."""
import os
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
from district import ROOT, District  # noqa: E402 the folder is no package


def _shares_the_district(item):
    """Whether a test uses the district of all, below."""
    found = item._fixtureinfo.name2fixturedefs.get("district", [None])[-1]
    return found is not None and found.func is district.__wrapped__


# Lanes side by side meet nowhere but at the processor: shared, the tests in the district of all; routing and own,
# those that start what they need; late, behind own. Each takes about as long as the others.
LANES = {"late": {"test_canary.py", "test_drop.py", "test_overload.py", "test_story.py", "test_why_fates.py"},
         "routing": {"test_day.py", "test_router.py", "test_runbooks.py", "test_transform.py", "test_triggers.py", "test_triggers_slots.py",
                     "test_uncommitted.py"}}
PROOFS = {"test_views_apply.py", "test_observations.py", "test_other_log.py", "test_rebuild.py", "test_log_made_anew.py",  # make store-proof
          "test_verify.py::test_it_says_what_it_did_and_takes_the_sets_from_the_log_on_request",
          "test_verify.py::test_each_changed_cell_is_one_difference",
          # Sets or cases' rows are put back whole a minute later: in the district of all somebody may have written meanwhile.
          "test_verify.py::test_each_row_that_is_listed_by_another_day_is_one_difference",
          "test_verify.py::test_each_lead_that_is_another_is_one_difference",
          "test_verify.py::test_a_lead_that_nobody_can_say_is_no_difference",
          "test_verify.py::test_a_stand_that_is_wrong_is_a_difference"}


def _is_proof(item):
    return bool(PROOFS & {item.path.name, f"{item.path.name}::{item.name}"})


def _lane_of(item):
    for lane, files in LANES.items():
        if item.path.name in files:
            return lane
    return "shared" if _shares_the_district(item) else "own"


def pytest_collection_modifyitems(config, items):
    """E2E_LANE=shared, routing, own or late: that lane only, without the long proofs."""
    lane = os.environ.get("E2E_LANE")
    if lane:
        out = [item for item in items if _lane_of(item) != lane or _is_proof(item)]
        config.hook.pytest_deselected(items=out)
        items[:] = [item for item in items if item not in out]


def pytest_sessionstart(session):
    session.failed_in_district = False


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    report = (yield).get_result()
    if report.failed and "district" in getattr(item, "fixturenames", ()):
        item.session.failed_in_district = True


@pytest.fixture(scope="session")
def district(request):
    binaries = Path(os.environ.get("CITYBRAIN_BIN", "build/debug"))
    binaries = binaries if binaries.is_absolute() else ROOT / binaries
    district = District(binaries, HERE / "second_kind", HERE / "story", HERE / "redrive")
    try:
        try:
            district.start()
        except BaseException:
            request.session.failed_in_district = True
            raise
        yield district
    finally:
        if request.session.failed_in_district:
            district.show_logs()
        left = district.stop()
    assert left == [], f"processes were left over: {left}"
