#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""make month: a generated span of days, played on the manual clock into a district of its own: the views, the deadlines, the
stations and the scenes are what the generator says it made.   MONTH_DAYS=3 MONTH_RATE=1000 MONTH_STEP=10m

A step costs a tick, whatever lies in it: time goes on only when everything before it was read and committed. So a longer
span has longer steps; how far it is, and how long it takes still, is told as it goes."""
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS / "e2e")]
from district import ROOT, running  # noqa: E402 the folder is no package

BEGINS = "2026-03-01"  # so that even a month's heating fails in the season


def step_of(days):
    """Minutes. A week has a thousand steps of ten, a month no more of thirty."""
    return os.environ.get("MONTH_STEP") or ("10m" if days <= 7 else "30m")


def watched(district, *words):
    """The command as it goes: what it tells of its progress is shown at once, and kept."""
    with tempfile.TemporaryFile("w+") as out:
        child = subprocess.Popen([district.binaries / "citybrain", *map(str, words)], env=district.environment, cwd=ROOT, text=True,
                                 stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.PIPE)
        said = []
        for line in child.stderr:
            print(f"  {line.rstrip()}", flush=True)
            said.append(line)
        child.wait()
        out.seek(0)
        return subprocess.CompletedProcess(words, child.returncode, out.read(), "".join(said))


def play(district, folder, days, rate):
    step = step_of(days)
    district.citybrain("gen", "--days", days, "--rate", rate, "--day", BEGINS, "--step", step, "--out", folder / "days", "--summary",
                       folder / "sums", seconds=300)
    said, began = json.loads((folder / "sums").read_text()), time.monotonic()
    print(f"{days} days in steps of {step}: {said['items']} items, {said['opened']} orders, {said['observations']} observations", flush=True)
    sent = watched(district, "send", "--timeline", folder / "days", "--step", step, "--clock", district.environment["CITYBRAIN_INGEST_ADMIN"])
    told = time.monotonic()
    district.settle(300 + 20 * days)
    print(f"  fed in {told - began:.0f} s, all of it read {time.monotonic() - told:.0f} s later", flush=True)
    return {**said, "step": step}, sent


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
    late, = district.sql("SELECT count(*) FROM api.case_timeline WHERE kind = 'request' AND stage = 'opened' "
                         "AND recorded - time > %s::interval + '10m'", said["step"])
    yield "told by an export of the night", abs(late[0] - said["exported_at_night"]) <= 2 + said["exported_at_night"] // 20, True
    cold, = district.sql(f"SELECT count(*) {requests} AND type_code = 'R0201' AND street_code = %s AND "
                         + inside.format(said["heating_from"], said["heating_from"] + 14 * 3600000), said["heating_street"])
    yield "a street without heating", cold[0] >= 0.9 * said["causes"]["heating"] > 5, True
    wet, = district.sql(f"SELECT count(*) {requests} AND type_code IN ('R1301', 'R1302', 'R0303') AND "
                        + inside.format(said["rain_from"], said["rain_to"]))
    yield "a rainstorm", wet[0] >= 0.9 * said["causes"]["rain"] > 5, True
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
    again, = district.sql("SELECT sum(again)::int FROM api.repeat")
    yield "told again by the same caller", again[0], said["again"]
    turns, = district.sql("SELECT sum(reopened)::int, sum(merged)::int FROM api.repeat")
    yield "reopened and merged", [*turns], [said["reopened"], said["merged"]]
    told = dict(district.sql("SELECT stage, count(*)::int FROM api.case_timeline WHERE stage IN ('disputed', 'held') AND case_id LIKE 'request:%' GROUP BY 1"))
    yield "disputed and held", [told.get("disputed", 0), told.get("held", 0)], [said["disputed"], said["held"]]
    rates = district.sql("SELECT unit, sum(valid)::int, sum(solved)::int FROM api.three_rates GROUP BY unit HAVING sum(valid) > 0")
    yield "call-backs by unit", {unit: (valid, solved) for unit, valid, solved in rates}, \
        {unit: (n["valid"], n["solved"]) for unit, n in said["units"].items() if n["valid"]}
    overdue, = district.sql("SELECT count(*) FROM api.case_timeline WHERE stage = 'overdue' AND case_id LIKE 'request:%' "
                            "AND rule IS DISTINCT FROM 'co_over'")  # a helper has a deadline of its own
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
        for what, found, wanted in checks(district, said, sent):
            good = found == wanted
            bad += not good
            print(f"  {'ok  ' if good else 'BAD '} {what}: {wanted if good and not isinstance(wanted, dict) else 'as said' if good else (found, wanted)}")
    print("month: as the generator says" if not bad else f"month: {bad} differences")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
