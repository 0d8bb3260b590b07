# SPDX-License-Identifier: Apache-2.0
"""A generated day, played on the manual clock: the views show what the generator says it made."""
import datetime
import json
import shutil
import time

import pytest

from district import ROOT, running, until

EVENTS, ENDS = 1500, "2026-03-02T12:00:00+08:00"


@pytest.fixture(scope="module")
def played(tmp_path_factory):
    """A district of its own whose clock is moved by the driver, with the day in it."""
    def prepare(district):
        district.environment["CITYBRAIN_SETTINGS_INGEST"] += " ingest.clock=manual kafka.commit_every=20ms"
        district.environment["CITYBRAIN_READY_TRIES"] = "0"  # the doors are ready once the clock is set

    folder = tmp_path_factory.mktemp("day")
    with running(prepare=prepare) as district:
        district.citybrain("gen", "--csv", "--events", EVENTS, "--ends", ENDS, "--out", folder / "day.ndjson",
                           "--summary", folder / "summary.json")
        clock = district.environment["CITYBRAIN_INGEST_ADMIN"]
        sent = district.citybrain("send", "--timeline", folder / "day.ndjson", "--step", "10m", "--clock", clock,
                                  "--acknowledged", folder / "acknowledged", check=False, seconds=240)
        district.folder, district.sent, district.clock = folder, sent, clock
        district.summary = json.loads((folder / "summary.json").read_text())
        district.settle()
        yield district


# of each case the last one: of its present lead and round
DISPATCHED = "(SELECT DISTINCT ON (case_id) case_id, lead, n FROM api.case_timeline WHERE stage = 'dispatched' ORDER BY case_id, n DESC) AS d"


def stages(district):
    return {(stage, party): n for stage, party, n in district.sql(
        "SELECT stage, party, count(*) FROM api.case_timeline GROUP BY 1, 2")}


def test_the_doors_take_and_reject_what_the_day_says(played):
    said = played.summary
    assert f"{said['accepted']} accepted, {said['rejected']} rejected" in played.sent.stderr
    reasons = [json.loads(line)["reason"] for line in played.sent.stdout.splitlines()]
    assert {r: reasons.count(r) for r in said["rejects"] if r in reasons} == \
        {r: n for r, n in said["rejects"].items() if n}
    assert played.sent.returncode == (1 if said["rejected"] else 0)


def test_the_views_show_what_the_day_says(played):
    said = played.summary
    assert (said["events"], said["opened"] > 300, said["closed"] > 100) == (EVENTS, True, True)
    rows = played.sql("SELECT unit, sum(opened)::int, sum(closed)::int FROM api.closure_rate GROUP BY unit")
    assert {unit: (opened, closed) for unit, opened, closed in rows} == \
        {unit: (n["opened"], n["closed"]) for unit, n in said["units"].items()}
    again, = played.sql("SELECT sum(again)::int FROM api.repeat")
    assert again[0] == said["again"] > 5
    rates = played.sql("SELECT unit, sum(valid)::int, sum(solved)::int FROM api.three_rates GROUP BY unit HAVING sum(valid) > 0")
    assert {unit: (valid, solved) for unit, valid, solved in rates} == \
        {unit: (n["valid"], n["solved"]) for unit, n in said["units"].items() if n["valid"]} != {}
    turns, = played.sql("SELECT sum(reopened)::int, sum(merged)::int FROM api.repeat")
    assert turns == (said["reopened"], said["merged"]) and min(said["disputed"], said["upheld"], said["held"]) > 0
    disputes, = played.sql("SELECT sum(disputed)::int, sum(returned)::int FROM api.dispute")
    assert disputes == (said["disputed"], said["upheld"])
    told = stages(played)
    assert (told[("disputed", "lead")], told[("held", "desk")]) == (said["disputed"], said["held"])


def test_timers_fire_for_the_orders_the_day_says(played):
    overdue = dict(played.sql(
        f"SELECT d.lead, count(*) FROM api.case_timeline o JOIN {DISPATCHED} ON d.case_id = o.case_id "
        "WHERE o.stage = 'overdue' AND o.rule IS DISTINCT FROM 'co_over' GROUP BY 1"))
    said = {unit: n["overdue"] for unit, n in played.summary["units"].items() if n["overdue"]}
    assert said and overdue == said


def test_nothing_is_impossible_but_the_foreign_words(played):
    """Every line stands behind what it follows, and every status is its lead's, but those planted."""
    said = played.summary
    lines = stages(played)
    assert lines[("opened", "source")] == said["opened"]
    assert lines[("dispatched", "router")] == said["opened"] + said["upheld"] + said["reopened"]  # another lead, another round
    by_units = sum(n for (_, party), n in lines.items() if party == "lead")
    foreign, = played.sql(
        "SELECT count(*) FROM api.case_timeline s WHERE s.party = 'lead' AND s.unit <> (SELECT d.lead FROM api.case_timeline d "
        "WHERE d.case_id = s.case_id AND d.stage = 'dispatched' AND d.n < s.n ORDER BY d.n DESC LIMIT 1)")
    assert (by_units, foreign[0]) == (said["statuses"] + said["foreign"], said["foreign"])
    assert sum(n for (_, party), n in lines.items() if party == "desk") == said["desk"]
    before, = played.sql(
        "SELECT count(*) FROM api.case_timeline s WHERE s.stage <> 'opened' AND s.n < (SELECT min(d.n) FROM api.case_timeline d "
        "WHERE d.case_id = s.case_id AND d.stage = 'dispatched')")
    assert before == (0,)
    moved, = played.sql("SELECT sum(sign_n)::int, sum(contact_n)::int FROM api.response_time")
    present = [played.sql(f"SELECT count(*) FROM api.case_timeline s JOIN {DISPATCHED} ON d.case_id = s.case_id AND d.n < s.n "
                          "WHERE s.party = 'lead' AND s.stage = %s", stage)[0][0] for stage in ("signed", "contacted")]
    assert moved == tuple(present)


def test_a_decision_has_the_time_of_its_step(played):
    late = played.sql(
        "SELECT o.case_id FROM api.case_timeline o JOIN api.case_timeline d ON d.case_id = o.case_id "
        "AND d.stage = 'dispatched' WHERE o.stage = 'opened' AND d.time <> to_timestamp("
        "(floor(extract(epoch FROM o.time) / 600) + 1) * 600) AND d.n = 2")
    assert late == []


def test_every_line_was_acknowledged_once(played):
    lines = (played.folder / "day.ndjson").read_text().splitlines()
    seen = []
    for line in (played.folder / "acknowledged").read_text().splitlines():
        path, _, _, _, rows = line.split(" ")
        for part in rows.split(","):
            first, _, last = part.partition("-")
            for number in range(int(first), int(last or first) + 1):
                assert json.loads(lines[number - 1])["to"] == path
                seen.append(number)
    assert sorted(seen) == list(range(1, len(lines) + 1))


def test_the_clock_stands_at_the_end_and_never_goes_back(played):
    status, body = played.http(played.clock + "/clock")
    ends = played.summary["ends"]
    assert (status, json.loads(body)) == (200, {"now": ends, "ticked": ends, "makes_ticks": True})
    status, _ = played.http(played.clock + "/clock", json.dumps({"now": played.summary["ends"] - 1}).encode(),
                            Content_Type="application/json")
    assert status == 409


def test_the_same_day_again_changes_nothing(played):
    """In steps of which one ends with the day: the clock stands, or what waits for it would go on."""
    before = played.cells()
    played.citybrain("send", "--timeline", played.folder / "day.ndjson", "--step", "4h", "--clock", played.clock,
                     check=False, seconds=120)
    played.settle()
    assert played.cells() == before


def backtest(district, *words, status=0):
    done = district.citybrain("backtest", "--json", "--limit", "10000", *words, check=False, seconds=120)
    assert done.returncode == status, (done.returncode, done.stderr[-2000:])
    return json.loads(done.stdout)


def test_the_rules_over_their_own_log_find_no_difference(played):
    told = backtest(played)
    assert told["compared"] == stages(played)[("dispatched", "router")] > 300
    assert (told["different"], told["missing"], told["unasked"], told["unreadable"]) == (0, 0, 0, 0)


def test_other_rules_over_the_log_find_exactly_what_they_change(played, tmp_path):
    """Read from the log itself: orders of one type that named no lead, in each round of theirs."""
    shutil.copytree(ROOT / "config", tmp_path / "other")
    rules = tmp_path / "other/rules/dispatch.yaml"
    rules.write_text(rules.read_text().replace(
        "entries:\n", "entries:\n  - id: desk_first\n    when: { type_code: [R0105] }\n"
                      "    then: { to: desk, say: \"先由{lead}研判\" }\n", 1))
    decided = [json.loads(m.value()) for m in played.records("cb.events") if b".dispatched." in m.value()]
    mine = {(e["subject"], e["time"]) for e in decided
            if e["data"].get("type_code") == "R0105" and not e["data"].get("adopted") and e["data"]["rule"] != "too_old"}
    told = backtest(played, "--bundle", tmp_path / "other", status=1)
    moved = {(one["case"], one["time"]) for one in told["examples"] if "lead" in one["changes"]}
    assert moved == mine and len(mine) >= 5 and told["compared"] == len(decided)
    others = [one["changes"] for one in told["examples"] if (one["case"], one["time"]) not in mine]
    assert all(set(changes) <= {"would_have", "alternatives"} for changes in others)
    day = played.summary["ends"] - 43200000
    half = backtest(played, "--bundle", tmp_path / "other", "--to",
                    datetime.datetime.fromtimestamp(day / 1000, datetime.timezone.utc).isoformat(), status=1)
    assert 0 < half["compared"] < told["compared"] and 0 < half["different"] < told["different"]


# --- make demo: in the same district, months later ---


def demo(district):
    """Without the build around it; on the real clock before and after, as a newcomer has it."""
    kept = dict(district.environment)
    district.environment.update(DEMO_EVENTS="400", CITYBRAIN_READY_TRIES="200",
                                CITYBRAIN_SETTINGS_INGEST="kafka.transaction_timeout=10s")
    try:
        before, = district.view("closure_rate")
        begun = time.time()
        done = district.command(ROOT / "deploy/local/demo", seconds=200)
        after, = district.view("closure_rate")
    finally:
        district.environment.clear()
        district.environment.update(kept)
    said = json.loads((district.run / "demo" / "summary.json").read_text())
    assert said["events"] == 400
    # Now, cut down to a step of ten minutes. "ends" is when the last of it was told: at night some steps before, late where the
    # district's clock is behind it.
    assert begun - 600 < said["begins"] / 1000 + 86400 <= time.time() and said["begins"] < said["ends"] <= time.time() * 1000
    for measure in ("opened", "closed"):
        assert int(after[measure]) - int(before[measure]) == said[measure]
    all_units, = (line.split() for line in done.stdout.splitlines() if line.split()[:1] == ["all"])
    assert (int(all_units[1]), int(all_units[2])) == (int(after["opened"]), int(after["closed"]))
    assert f"the page: {district.environment['CITYBRAIN_API']}/" in done.stdout and "区" in done.stdout
    clock = json.loads(district.http(district.clock + "/clock")[1])
    assert abs(clock["now"] / 1000 - time.time()) < 60
    return said, clock["ticked"]


def test_the_demo_feeds_a_day_that_ends_now_and_again_another(played):
    first, ticked = demo(played)
    assert first["statuses"] > 50
    later = until(lambda: json.loads(played.http(played.clock + "/clock")[1])["ticked"] > ticked and 1,
                  "ticks go on by the real clock", 60)
    assert later
    second, again = demo(played)
    assert second["opened"] > 0 and second["ends"] > ticked - 1 and (again or 0) >= second["ends"]
    numbers = played.sql("SELECT split_part(case_id, '-', 2), count(DISTINCT case_id) FROM api.case_timeline "
                         "WHERE case_id ~ '^request:12345:[0-9]{8}-[12]-' AND stage = 'opened' AND recorded > now() - interval '3 days' "
                         "GROUP BY 1 ORDER BY 1")
    assert numbers == [("1", first["opened"]), ("2", second["opened"])]
