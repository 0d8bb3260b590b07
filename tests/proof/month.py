#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""make month: a generated span of days, played on the manual clock into a district of its own: the views, the deadlines, the
stations and the scenes are what the generator says it made.   MONTH_DAYS=3 MONTH_RATE=1000"""
import json
import os
import sys
import tempfile
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS / "e2e")]
from district import ROOT, running  # noqa: E402 the folder is no package

BEGINS = "2026-03-01"  # so that even a month's heating fails in the season


def play(district, folder, days, rate):
    district.citybrain("gen", "--days", days, "--rate", rate, "--day", BEGINS, "--out", folder / "days", "--summary", folder / "sums",
                       seconds=120)
    sent = district.citybrain("send", "--timeline", folder / "days", "--step", "10m", "--clock", district.environment["CITYBRAIN_INGEST_ADMIN"],
                              check=False, seconds=3600)
    district.settle(300)
    return json.loads((folder / "sums").read_text()), sent


def mix():
    """The share of each first-level type among usual orders."""
    with open(ROOT / "config/gen/mix.csv", encoding="utf-8") as lines:
        rows = [line.strip().split(",") for line in lines if line[0] == "R"]
    weights = {code: int(weight) for code, scene, weight in rows if scene == "usual"}
    return {code: weight / sum(weights.values()) for code, weight in weights.items()}


def scenes(district, said):
    """What anybody would see who knows such a district: the real mix, every 街乡, nights, the cold street, the storm."""
    requests = "FROM api.case_now WHERE kind = 'request'"
    inside = "extract(epoch FROM opened) * 1000 BETWEEN {} AND {}"
    rows = dict(district.sql(f"SELECT left(type_code, 3), count(*)::int {requests} AND type_code IS NOT NULL GROUP BY 1"))
    total = sum(rows.values())
    bound = {code: 0.02 + 4 * (share * (1 - share) / total) ** 0.5 for code, share in mix().items()}
    yield "types as frequent as the real ones", [code for code, share in mix().items() if abs(rows.get(code, 0) / total - share) > bound[code]], []
    streets, = district.sql(f"SELECT count(DISTINCT street_code) {requests}")
    yield "街乡 with orders", streets[0], 43
    late, = district.sql("SELECT count(*) FROM api.case_timeline WHERE kind = 'request' AND stage = 'opened' AND recorded - time > '20m'")
    yield "told by an export of the night", abs(late[0] - said["exported_at_night"]) <= 2 + said["exported_at_night"] // 20, True
    cold, = district.sql(f"SELECT count(*) {requests} AND type_code = 'R0201' AND street_code = %s AND "
                         + inside.format(said["heating_from"], said["heating_from"] + 14 * 3600000), said["heating_street"])
    yield "a street without heating", cold[0] >= 0.9 * said["causes"]["heating"] > 10, True
    wet, = district.sql(f"SELECT count(*) {requests} AND type_code IN ('R1301', 'R1302', 'R0303') AND "
                        + inside.format(said["rain_from"], said["rain_to"]))
    yield "a rainstorm", wet[0] >= 0.9 * said["causes"]["rain"] > 10, True
    warned, = district.sql("SELECT count(*) FROM api.observation WHERE kind IN ('weather_alert', 'weather_lifted')")
    yield "its warning, and the end of it", warned[0], 2


def checks(district, said, sent):
    """(what, found, said)"""
    yield "verdicts", f"{said['accepted']} accepted, {said['rejected']} rejected" in sent.stderr, True
    reasons = [json.loads(line)["reason"] for line in sent.stdout.splitlines()]
    yield "rejects by reason, GB18030 among them", {reason: reasons.count(reason) for reason in said["rejects"]}, said["rejects"]
    rows = district.sql("SELECT unit, sum(opened)::int, sum(closed)::int FROM api.closure_rate WHERE unit IS NOT NULL GROUP BY unit")
    leads = {unit: (n["opened"], n["closed"]) for unit, n in said["units"].items()}
    yield "opened and closed by unit", {unit: (opened, closed) for unit, opened, closed in rows if unit in leads}, leads
    overdue, = district.sql("SELECT count(*) FROM api.case_timeline WHERE stage = 'overdue' AND case_id LIKE 'request:%'")
    yield "overdue", overdue[0], said["overdue"]
    states = json.loads(district.citybrain("stations", "--json").stdout)
    told = {row["station"]: row["state"] for row in states["rows"]}
    yield "stations never heard", states["counts"]["never"], 0
    yield "the silent station is not alive", told[said["silent_station"]] != "alive", True
    yield from scenes(district, said)
    rain, = district.sql("SELECT count(*) FROM core.case_set WHERE kind = 'proactive'")
    yield "something was found before anybody complained", rain[0] > 0, True
    verified = district.citybrain("verify", "--json", check=False, seconds=600)
    yield "differences of a recount", json.loads(verified.stdout)["differences"], 0


def main():
    days, rate = int(os.environ.get("MONTH_DAYS", "3")), int(os.environ.get("MONTH_RATE", "1000"))

    def prepare(district):
        district.environment["CITYBRAIN_SETTINGS_INGEST"] += " ingest.clock=manual kafka.commit_every=20ms"
        district.environment["CITYBRAIN_READY_TRIES"] = "0"  # the doors are ready once the clock is set

    bad = 0
    with tempfile.TemporaryDirectory(prefix="cb-month-") as folder, running(prepare=prepare) as district:
        said, sent = play(district, Path(folder), days, rate)
        print(f"{days} days: {said['items']} items, {said['opened']} orders, {said['observations']} observations")
        for what, found, wanted in checks(district, said, sent):
            good = found == wanted
            bad += not good
            print(f"  {'ok  ' if good else 'BAD '} {what}: {wanted if good and not isinstance(wanted, dict) else 'as said' if good else (found, wanted)}")
    print("month: as the generator says" if not bad else f"month: {bad} differences")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
