# SPDX-License-Identifier: Apache-2.0
"""docs/door.md names every problem the server has, under its status, and every setting of the door's limits."""
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs/door.md").read_text()


def test_every_problem_stands_under_its_status():
    table = (ROOT / "common/daemon/http_problem.h").read_text()
    problems = re.findall(r'X\(\w+, (\d+), "(\w+)"', table)
    rows = re.findall(r"^\| (\d+) \| (.*?) \|", PAGE, re.M)
    said = {(status, code) for status, codes in rows for code in re.findall(r"`(\w+)`", codes)}
    assert len(problems) > 20
    assert said == set(problems)


def test_every_limit_is_named_and_shipped_with_its_default():
    source = (ROOT / "services/ingest/ingest_config.c").read_text()
    shipped = (ROOT / "config/ingest.yaml").read_text()
    settings = dict(re.findall(r'\{"ingest\.(\w+)", SETTING_(?:INT|SIZE|DURATION),[^"]*?"(\w+)"', source))
    limits = [name for name in re.findall(r"`(\w+)`", PAGE.split("## Settings")[1].split("**Memory")[0])
              if name in settings]
    assert {"rate", "burst", "in_flight", "deadline", "drain_grace", "connections_per_station"} <= set(limits)
    assert len(limits) == 15
    for name in limits:
        assert re.search(rf"^  {name}: {settings[name]}\b", shipped, re.M), name
