# SPDX-License-Identifier: Apache-2.0
"""Two routers that die, freeze and come back while requests come in: decisions, orders and firings are those of a
quiet run, one each."""
import datetime
import json
import os
import signal
import time
from pathlib import Path

from district import ROOT, running, until

HERE = Path(__file__).resolve().parent
CHINA = datetime.timezone(datetime.timedelta(hours=8))
UNITS = {"110105001901": "s110105001", "110105002909": "s110105002"}
ESTATES, CALLERS, CHUNKS = 40, 3, 6


def ms(when):
    return int(datetime.datetime.fromisoformat(f"{when}+08:00").timestamp() * 1000)


def requests():
    """Three callers an estate, one after the other, so every chunk touches every estate's window."""
    for n in range(ESTATES * CALLERS):
        estate, caller = n % ESTATES, n // ESTATES
        community = list(UNITS)[estate % 2]
        yield {"number": f"S{n}", "at": f"2026-03-02 08:{n % 60:02}:00", "type": "R0105", "community": community,
               "estate": f"E{estate}", "caller": f"E{estate} {caller}", "lead": UNITS[community]}


def play(district, faults):
    """All requests in chunks, a fault before each; half of them are signed; then three hours pass."""
    items = list(requests())
    size = len(items) // CHUNKS
    for chunk in range(CHUNKS):
        faults(chunk)
        district.accepted("neighbours", items[chunk * size:(chunk + 1) * size])
    faults(CHUNKS)
    district.settle(180)
    for item in items[::2]:
        said = {"case": f"request:neighbours:{item['number']}", "stage": "signed", "time": "2026-03-02T09:00:00+08:00"}
        status, body = district.http(f"{district.environment['CITYBRAIN_URL']}/v1/units/{item['lead']}/status",
                                     json.dumps(said).encode() + b"\n", Content_Type="application/x-ndjson",
                                     Authorization=f"Bearer demo-{item['lead']}")
        assert status // 100 == 2 and json.loads(body)["rejected"] == 0, body
    district.settle(120)
    faults(0)
    district.set_clock(ms("2026-03-02T12:00"))
    until(lambda: any(json.loads(district.http(f"{url}/clock")[1]).get("ticked") == ms("2026-03-02T12:00")
                      for url in district.address("CITYBRAIN_INGEST_ADMIN")), "the tick", 90)
    district.settle(180)


def outcome(district):
    """What the router said: (case, stage, id) of every event and (unit, case, kind, id) of every order, as often
    as it is on the log."""
    events, orders = [], []
    for message in district.records("cb.events"):
        event = json.loads(message.value())
        if event["source"] == "/router":
            events.append((event["subject"], event["type"], event["id"]))
    for unit in [*UNITS.values(), "desk"]:
        for message in district.records(f"cb.dispatch.{unit}"):
            order = json.loads(message.value())
            orders.append((unit, order["case"], order["kind"], order["id"]))
    return sorted(events), sorted(orders)


def run(key, faults):
    def prepare(district):
        district.environment["CITYBRAIN_PSEUDONYM_KEY"] = str(key)  # the same callers in both runs

    with running(HERE / "triggers", slots=2, clock_ms=ms("2026-03-02T09:00"), prepare=prepare) as district:
        play(district, lambda chunk: faults(district, chunk))
        return outcome(district)


def beset(district, chunk):
    """A death, a zombie that thaws after others took its partitions, a member that leaves and comes back."""
    if chunk in (1, 4):
        old = district.kill(f"router-{1 + chunk % 2}")
        district.came_back(f"router-{1 + chunk % 2}", old)
    elif chunk == 2:
        pid = district.pid("router-1")
        os.kill(pid, signal.SIGSTOP)
        time.sleep(9)  # the session ends after six
        os.kill(pid, signal.SIGCONT)
    elif chunk == 3:
        district.command(ROOT / "deploy/local/daemons", "stop", "router-2", seconds=60)
    elif chunk == 5:
        district.command(ROOT / "deploy/local/daemons", "start", "router-2", seconds=120)


def test_two_routers_beset_by_faults_say_what_a_quiet_run_says(tmp_path):
    key = tmp_path / "pseudonym.key"
    key.write_text("the same in both runs")
    quiet_events, quiet_orders = run(key, lambda district, chunk: None)
    fired = [subject for subject, kind, _ in quiet_events if kind == "cn.citybrain.case.opened.v1"]
    assert len([s for s in fired if s.startswith("proactive:e2e_cluster:")]) == ESTATES
    assert len([s for s in fired if s.startswith("proactive:e2e_unsigned:")]) == ESTATES * CALLERS // 2
    assert len(set(quiet_events)) == len(quiet_events) and len(set(quiet_orders)) == len(quiet_orders)
    events, orders = run(key, beset)
    assert events == quiet_events
    assert orders == quiet_orders
