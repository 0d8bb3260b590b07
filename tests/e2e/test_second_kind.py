# SPDX-License-Identifier: Apache-2.0
"""A kind of cases that only second_kind/*.yaml and *.csv know: three stages, from a sender's bytes to both views."""
import json
from datetime import datetime, timedelta, timezone

import pytest

from district import until

CREW, STREET = "s110105001", "110105001"
CHINA = timezone(timedelta(hours=8))
NOON = datetime.now(CHINA).replace(hour=12, minute=0, second=0, microsecond=0) - timedelta(days=2)
NUMBERS = [f"P{n}" for n in range(4)]


def at(minutes):
    return (NOON + timedelta(minutes=minutes)).strftime("%Y-%m-%d %H:%M:%S")


def lamp(number, **more):
    return {"pole": number, "crew": CREW, "street": STREET, "out": at(0), **more}


def case(number):
    return f"lamp:patrol:{number}"


def says(district, number, stage, minutes):
    """The crew, by the door of its unit."""
    time_of = (NOON + timedelta(minutes=minutes)).isoformat()
    status, body = district.http(
        f"{district.environment['CITYBRAIN_URL']}/v1/units/{CREW}/status",
        json.dumps({"case": case(number), "stage": stage, "time": time_of}).encode(),
        Content_Type="application/json", Authorization=f"Bearer demo-{CREW}")
    assert status == 200 and json.loads(body)["accepted"] == 1, (status, body)


@pytest.fixture(scope="module")
def lamps(district):
    """One is dark; one has somebody there; one is restored by the patrol's word, one by its crew's."""
    district.accepted("lamp", [lamp("P0"), lamp("P1", there=at(10)), lamp("P2", there=at(20), light=at(60)), lamp("P3")])

    def opened():
        return district.sql("SELECT count(*) FROM api.case_timeline WHERE case_id LIKE 'lamp:%' AND stage = 'opened'")
    until(lambda: opened() == [(4,)], "the lamps are cases", 30)
    says(district, "P3", "climbed", 40)
    says(district, "P3", "restored", 120)
    until(lambda: len(stages(district, "P3")) == 3, "the crew was heard", 30)
    district.settle()
    return district


def stages(district, number):
    return [row[0] for row in
            district.sql("SELECT stage FROM api.case_timeline WHERE case_id = %s ORDER BY n", case(number))]


def test_its_items_are_events_and_cases(lamps):
    events = {}
    for message in lamps.records("cb.events"):
        said = json.loads(message.value() or b"{}")
        if said.get("subject", "").startswith("lamp:"):
            events.setdefault(said["subject"], set()).add(said["type"])
    prefix, suffix = "cn.citybrain.case.", ".v1"
    assert events == {case(n): {prefix + stage + suffix for stage in told} for n, told in zip(NUMBERS, (
        ["opened"], ["opened", "climbed"], ["opened", "climbed", "restored"], ["opened", "climbed", "restored"]))}
    assert [len(stages(lamps, n)) for n in NUMBERS] == [1, 2, 3, 3]


def test_its_closure_rate(lamps):
    day = NOON.date().isoformat()
    row, = lamps.view("lamp_closure_rate", by="day,unit,street_code")
    assert (row["day"], row["unit"], row["street_code"]) == (day, CREW, STREET)
    assert (row["opened"], row["closed"], float(row["rate"]), row["closed_in"]) == (4, 2, 0.5, 2)
    shown = lamps.sql("SELECT unit, opened, closed FROM api.lamp_closure_rate")
    assert shown == [(CREW, 4, 2)]


def test_its_response_time(lamps):
    row, = lamps.view("lamp_response_time", by="unit")
    minutes = {m: (row[f"{m}_n"], float(row[f"{m}_avg_seconds"]) / 60) for m in ("full", "visit", "fix")}
    assert minutes == {"full": (2, 90.0), "visit": (3, pytest.approx(70 / 3, abs=0.01)), "fix": (2, 60.0)}
    assert float(row["full_p90_seconds"]) == pytest.approx(7200, rel=0.02)


def test_a_move_its_yaml_does_not_allow_is_kept_and_counts_for_nothing(lamps):
    before = lamps.cells()
    says(lamps, "P0", "restored", 5)  # nobody was there
    until(lambda: stages(lamps, "P0") == ["opened", "restored"], "it is in the timeline", 30)
    lamps.settle()
    assert lamps.cells() == before


def test_a_stage_of_another_kind_is_rejected(lamps):
    status, body = lamps.http(
        f"{lamps.environment['CITYBRAIN_URL']}/v1/units/{CREW}/status",
        json.dumps({"case": case("P0"), "stage": "signed", "time": NOON.isoformat()}).encode(),
        Content_Type="application/json", Authorization=f"Bearer demo-{CREW}")
    assert status == 200 and json.loads(body)["results"][0]["reason"] == "unknown_stage", body


def test_it_is_in_no_view_of_requests(lamps):
    for view in "closure_rate", "response_time":
        assert lamps.sql(f"SELECT count(*) FROM api.{view} WHERE type_code = 'lamp_out'") == [(0,)]
