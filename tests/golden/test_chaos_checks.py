# SPDX-License-Identifier: Apache-2.0
"""The checks of the chaos runs notice what they are there to notice; a seed is a schedule."""
import io
import struct
import sys
from collections import Counter
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS / "e2e"), str(TESTS / "chaos")]
import checks  # noqa: E402 the folders are no packages
import faults  # noqa: E402

TABLES = ("api.closure_rate", "api.response_time", "core.cell_closure_rate", "core.cell_response_time",
          "core.hist_response_time")


def left(**more):
    """What a small run left behind."""
    return {"cells": {table: Counter({("2026-03-09", "s1", 2): 1}) for table in TABLES},
            "sets": {"request:boston:1": ["1|e1|opened"], "request:12345:7": ["1|e2|opened", "1|e3|signed"]},
            "orders": {("s1", "o1"): b'{"rule":"place","due_at":1}'}, "repeated": [], **more}


def test_equal_runs_have_no_differences():
    assert checks.differences(left(), left()) == []


@pytest.mark.parametrize("name, found, said", [
    ("a cell counted twice", {"cells": {**left()["cells"], TABLES[2]: Counter({("2026-03-09", "s1", 3): 1})}},
     TABLES[2]),
    ("a row twice", {"cells": {**left()["cells"], TABLES[0]: Counter({("2026-03-09", "s1", 2): 2})}}, TABLES[0]),
    ("an order lost", {"orders": {}}, "order lost"),
    ("an order too many", {"orders": {**left()["orders"], ("s2", "o1"): b"{}"}}, "order too many"),
    ("another due time", {"orders": {("s1", "o1"): b'{"rule":"place","due_at":2}'}}, "due_at"),
    ("an order repeated", {"repeated": [("s1", "o1")]}, "order repeated"),
    ("a case lost", {"sets": {"request:boston:1": ["1|e1|opened"]}}, "set lost"),
    ("a line lost", {"sets": {**left()["sets"], "request:12345:7": ["1|e2|opened"]}}, "request:12345:7"),
])
def test_a_difference_is_named(name, found, said):
    told = checks.differences(left(**found), left())
    assert len(told) == 1 and said in told[0], (name, told)


def test_a_clean_run_that_left_nothing_is_no_measure():
    with pytest.raises(AssertionError):
        checks.differences(left(), left(cells={table: Counter() for table in TABLES}))


def test_an_acknowledged_row_is_in_the_sets_once():
    assert checks.unaccounted(left(), ["1"]) == []
    assert "lost" in checks.unaccounted(left(), ["1", "2"])[0]
    assert "never sent" in checks.unaccounted(left(), [])[0]
    twice = left(sets={"request:boston:1": ["1|e1|opened", "1|e1|opened"]})
    assert "twice" in checks.unaccounted(twice, ["1"])[0]


def test_a_seed_is_a_schedule():
    assert faults.schedule(3) == faults.schedule(3) != faults.schedule(4)
    for seed in range(1, 50):
        chains = faults.schedule(seed)
        for group in faults.GROUPS:
            frozen = sorted(fault.seconds for fault in chains[group] if fault.kind == "freeze")
            assert len(chains[group]) - len(frozen) >= 5 and len(frozen) >= 3 and frozen[-1] == 20
            assert {fault.slot for fault in chains[group]} == {1, 2}
        assert {fault.kind for fault in chains["parts"]} == {"broker", "postgres"}
        assert all(fault.unread > faults.LEAST_UNREAD for chain in chains.values() for fault in chain)
    assert faults.schedule(3, brokers=3)["parts"][-1].kind == "lose"


def batch(attributes, record):
    body = struct.pack(">ibIhiqqqhii", 0, 2, 0, attributes, 0, 0, 0, 0, 0, 0, 1) + record
    return struct.pack(">qi", 0, len(body)) + body


def marker(kind):
    return bytes([0x20, 0, 0, 0, 8]) + struct.pack(">hh", 0, kind) + bytes([12, 0, 0, 0, 0, 0, 0, 0])


def test_abort_markers_are_counted_among_records_and_commits():
    log = batch(0x10, b"\x10" + b"record") + batch(0x30, marker(1)) + batch(0x30, marker(0)) + batch(0, b"x" * 300)
    assert sum(checks._aborts(io.BytesIO(log))) == 1
