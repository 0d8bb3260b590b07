#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""make month: a generated span of days, played on the manual clock into a district of its own: the views, the deadlines, the
stations and the storm are what the generator says it made.   MONTH_DAYS=3 MONTH_RATE=1000"""
import json
import os
import sys
import tempfile
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS / "e2e")]
from district import running  # noqa: E402 the folder is no package

BEGINS = "2026-03-02"


def play(district, folder, days, rate):
    district.citybrain("gen", "--days", days, "--rate", rate, "--day", BEGINS, "--out", folder / "days", "--summary", folder / "sums",
                       seconds=120)
    sent = district.citybrain("send", "--timeline", folder / "days", "--step", "10m", "--clock", district.environment["CITYBRAIN_INGEST_ADMIN"],
                              check=False, seconds=3600)
    district.settle(300)
    return json.loads((folder / "sums").read_text()), sent


def checks(district, said, sent):
    """(what, found, said)"""
    yield "verdicts", f"{said['accepted']} accepted, {said['rejected']} rejected" in sent.stderr, True
    rows = district.sql("SELECT unit, sum(opened)::int, sum(closed)::int FROM api.closure_rate WHERE unit IS NOT NULL GROUP BY unit")
    leads = {unit: (n["opened"], n["closed"]) for unit, n in said["units"].items()}
    yield "opened and closed by unit", {unit: (opened, closed) for unit, opened, closed in rows if unit in leads}, leads
    overdue, = district.sql("SELECT count(*) FROM api.case_timeline WHERE stage = 'overdue' AND case_id LIKE 'request:%'")
    yield "overdue", overdue[0], said["overdue"]
    states = json.loads(district.citybrain("stations", "--json").stdout)
    told = {row["station"]: row["state"] for row in states["rows"]}
    yield "stations never heard", states["counts"]["never"], 0
    yield "the silent station is not alive", told[said["silent_station"]] != "alive", True
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
