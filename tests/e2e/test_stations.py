# SPDX-License-Identifier: Apache-2.0
"""Stations that are heard, late and silent, on real parts whose time is moved by hand over 国庆."""
import datetime
import json

import pytest

from district import NDJSON, ROOT, running, until

CHINA = datetime.timezone(datetime.timedelta(hours=8))


def ms(when):
    return int(datetime.datetime.fromisoformat(f"{when}+08:00").timestamp() * 1000)


@pytest.fixture(scope="module")
def slow():
    with running(clock_ms=ms("2026-09-30T16:00")) as district:
        yield district


def stations(district, *words):
    return json.loads(district.citybrain("stations", "--json", *words).stdout)


def at(district, when):
    """What is known of the stations once all that was received before `when` is counted."""
    district.set_clock(ms(when))
    told = until(lambda: (lambda t: t if t["now_ms"] == ms(when) else None)(stations(district)), f"it is {when}", 60)
    return told, {row["station"]: row for row in told["rows"]}


def beat(station, when):
    return {"station": station, "at": ms(when)}


def service(number, station, when):
    return {"业务流水号": number, "事项编码": "REP-WJ-001", "业务线": "卫计", "站点编码": station,
            "接件时间": when.replace("T", " ") + ":00"}


def backfill(district, feed, items):
    body = "\n".join(json.dumps(item, ensure_ascii=False) for item in items).encode()
    status, answer = district.http(f"{district.environment['CITYBRAIN_URL']}/v1/feeds/{feed}", body, Content_Type=NDJSON,
                                   Authorization=f"Bearer demo-{feed}", Citybrain_Replay="history")
    assert status // 100 == 2, answer


# st001 and st010: 4h, weekdays 09:00-17:30. st002: 1d.
def test_who_is_heard_is_late_and_silent_by_its_own_hours(slow):
    slow.accepted("heartbeat", [beat("st001", "2026-09-30T15:59"), beat("st002", "2026-09-30T15:59")])
    slow.accepted("platform", [service("PT1", "st010", "2026-09-30T15:50"), service("PT2", "st999", "2026-09-30T15:50")])
    told, row = at(slow, "2026-09-30T17:00")
    assert told["counts"] == {"alive": 3, "late": 0, "silent": 0, "never": 266, "unknown": 1}
    assert (row["st001"]["state"], row["st001"]["via"]) == ("alive", "heartbeat")
    assert (row["st010"]["state"], row["st010"]["via"]) == ("alive", "platform")
    assert row["st001"]["seen"] == "2026-09-30T16:00:00+08:00"  # when it was received, not what it told
    assert row["st001"]["due"] == "2026-10-08T11:30:00+08:00"  # 90 minutes of that day, then after 国庆
    assert row["st002"]["due"] == "2026-10-09T00:00:00+08:00"
    assert row["st999"]["state"] == "unknown" and row["st003"]["state"] == "never"

    old = slow.kill("aggregator-1")
    slow.came_back("aggregator-1", old)
    told, row = at(slow, "2026-10-07T23:00")  # seven days of holidays say nothing
    assert told["counts"]["alive"] == 3 and row["st001"]["seen"] == "2026-09-30T16:00:00+08:00"

    told, row = at(slow, "2026-10-08T11:31")
    assert row["st001"]["state"] == "late" and row["st002"]["state"] == "alive"
    slow.accepted("platform", [service("PT3", "st010", "2026-10-08T11:00")])
    # History tells nothing of today.
    backfill(slow, "heartbeat", [beat("st001", "2026-10-08T11:00"), beat("st003", "2026-10-08T11:00")])

    told, row = at(slow, "2026-10-09T12:00")  # twelve open hours are over, three of its days are not
    assert row["st001"]["state"] == "silent" and row["st001"]["seen"] == "2026-09-30T16:00:00+08:00"
    assert row["st001"]["since"] == "2026-10-09T11:00:00+08:00" and row["st002"]["since"] == "2026-10-09T00:00:00+08:00"
    assert row["st002"]["state"] == "late" and row["st003"]["state"] == "never"
    assert row["st010"]["seen"] == "2026-10-08T11:31:00+08:00"

    # The log is read again from its beginning: nothing goes back, nobody comes alive.
    before = {code: (r["seen"], r["via"], r["state"]) for code, r in row.items()}
    old = slow.pid("aggregator-1")
    slow.sql("UPDATE core.kafka_offset SET next_offset = -1, epoch = epoch + 1 RETURNING 1")
    slow.kill("aggregator-1", old)
    slow.came_back("aggregator-1", old)
    slow.settle()
    again = {r["station"]: (r["seen"], r["via"], r["state"]) for r in stations(slow)["rows"]}
    assert again == before


def test_the_command_shows_some_states_and_refuses_others(slow):
    done = slow.citybrain("stations", "--state", "silent,unknown")
    lines = [line.split("\t") for line in done.stdout.splitlines()]
    assert lines[0][:4] == ["station", "state", "seen", "via"]
    assert {line[0]: line[1] for line in lines[1:]} == {"st001": "silent", "st999": "unknown"}
    assert "1 silent, " in done.stderr and "266 never, 1 unknown, at 2026-10-09T12:00:00+08:00" in done.stderr
    assert slow.citybrain("stations", "--state", "dead", check=False).returncode == 64
    away = slow.citybrain("stations", "--url", "http://127.0.0.1:9", check=False)
    assert away.returncode == 69 and "fix: start the aggregator" in away.stderr


def test_metrics_count_by_family(slow):
    admin = slow.command(ROOT / "deploy/local/daemons", "status", "aggregator-1").stdout.split("\t")[2]

    def lines():
        _, body = slow.http(admin + "/metrics")
        return [line for line in body.decode().splitlines() if line.startswith("citybrain_aggregator_stations_")]

    wanted = {'citybrain_aggregator_stations_silent{family="platform"} 1',
              'citybrain_aggregator_stations_silent{family="platform_csv"} 0',
              'citybrain_aggregator_stations_late{family="platform_csv"} 1',
              "citybrain_aggregator_stations_unknown 1",
              f"citybrain_aggregator_stations_clock_timestamp_seconds {ms('2026-10-09T12:00') // 1000}",
              'citybrain_aggregator_stations_last_heard_timestamp_seconds{family="platform"} '
              + str(ms("2026-10-08T11:31") // 1000)}
    until(lambda: wanted <= set(lines()), "the metrics know it", 60, 1)
    assert not any("st001" in line for line in lines())
