# SPDX-License-Identifier: Apache-2.0
"""What is followed to no end is stored by day, once however often it is told, and corrected in its place."""
import json

from district import ROOT, until

SAMPLE = ROOT / "config" / "feeds" / "cases" / "weather" / "sample_storm" / "input.json"


def test_weather_of_a_day_is_rows_of_that_day(district):
    items = json.loads(SAMPLE.read_text())
    items = items if isinstance(items, list) else [items]
    district.post("weather", items)
    district.settle()
    rows = "SELECT id, day, tableoid::regclass::text FROM core.observation WHERE feed = 'weather' ORDER BY id"
    before = until(lambda: district.sql(rows), "weather is stored", 20)
    assert all(part == f"core.observation_{day:%Y%m%d}" for _, day, part in before)
    district.post("weather", items)
    district.settle()
    assert district.sql(rows) == before
    told = district.citybrain("verify", "--cases", "--json", check=False, seconds=120)
    report = json.loads(told.stdout)["observations"]
    assert report["observations"] == report["stored"] >= len(before) and not report["first"], report
    unit = district.sql("SELECT unit FROM core.observation WHERE id = %s", before[0][0])[0][0]
    district.sql("UPDATE core.observation SET unit = 'nobody' WHERE id = %s RETURNING 1", before[0][0])
    told = json.loads(district.citybrain("verify", "--cases", "--json", check=False, seconds=120).stdout)
    assert told["observations"]["different"] == 1 and told["observations"]["first"][0]["id"] == before[0][0]
    district.sql("UPDATE core.observation SET unit = %s WHERE id = %s RETURNING 1", unit, before[0][0])
