# SPDX-License-Identifier: Apache-2.0
"""A position that is not of this log stops the aggregator with the reason and the runbook's name; nothing is guessed,
nothing skipped, and what was there stays as it was."""
import json

import pytest

from district import ROOT, until

WHERE = "topic = 'cb.events' AND part = (SELECT part FROM core.kafka_offset WHERE last_offset > 0 ORDER BY part LIMIT 1)"


@pytest.fixture
def stopped(district):
    """Positions are put back and the daemon runs again, whatever happened."""
    district.settle()
    kept = district.sql(f"SELECT part, next_offset, last_mark FROM core.kafka_offset WHERE {WHERE}")[0]
    yield kept
    district.sql("UPDATE core.kafka_offset SET next_offset = %s, last_mark = %s WHERE part = %s RETURNING 1",
                 kept[1], kept[2], kept[0])
    district.command(ROOT / "deploy/local/daemons", "start", "aggregator-1", seconds=60)
    district.settle()


def refusal(district):
    """What it said last, once it has ended with 78."""
    log = district.run / "daemons" / "aggregator-1.log"
    until(lambda: '"status":78' in log.read_text().splitlines()[-1], "the aggregator has refused", 60)
    return json.loads(log.read_text().splitlines()[-2])


@pytest.mark.parametrize("change, said", [
    ("last_mark = '1767225600000.0badcafe.7'", "another log, the topic was made anew"),
    ("next_offset = next_offset + 100000", "the topic was made anew, or lost its end"),
])
def test_a_log_that_is_not_the_positions_own_is_not_read(district, stopped, change, said):
    district.sql(f"UPDATE core.kafka_offset SET {change}, epoch = epoch + 1 WHERE {WHERE} RETURNING 1")
    district.kill("aggregator-1")
    before = district.cells()  # what a tick brought until then is in it
    told = refusal(district)
    assert said in told["error"] and f"cb.events/{stopped[0]}" in told["error"], told
    assert "docs/runbooks/log-and-database.md" in told["error"]
    assert (ROOT / "docs/runbooks/log-and-database.md").exists()
    assert district.cells() == before
