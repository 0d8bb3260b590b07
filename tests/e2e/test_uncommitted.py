# SPDX-License-Identifier: Apache-2.0
"""Who reads what is not committed sees work that is undone and done again, and still never two leads of
one cause: a decision's id is made of its cause (contracts §2), and it is decided again as it was."""
import datetime
import json
from collections import defaultdict

import pytest

from district import running, until

ROUNDS, MOST_ROUNDS, ORDERS = 6, 30, 300
PLACES = [("110105001", "110105001901"), ("110105002", "110105002905")]
CHINA = datetime.timezone(datetime.timedelta(hours=8))
HEADER = "工单编号,回访编号,回访时间,回访方式,是否有效回访,是否联系,是否解决,是否满意,是否重办,重办次数,回访人,回访号码,回访备注,更新时间"


@pytest.fixture(scope="module")
def twin():
    """Two slots a group."""
    with running(slots=2) as district:
        yield district


def local(minutes):
    return (datetime.datetime.now(CHINA) - datetime.timedelta(minutes=minutes)).strftime("%Y-%m-%d %H:%M:%S")


def order(number):
    """Every second one is done at once, so that it can come back."""
    street, community = PLACES[number % 2]
    row = {"工单编号": f"U{number:05}", "诉求性质": "投诉", "问题分类": "R0105", "反映社区": community,
           "反映街乡": street, "受理时间": local(60)}
    return {**row, "办结时间": local(30)} if number % 2 else row


def call_back(numbers):
    now = local(-1)  # behind the dispatch that is taken back by it
    rows = [f"U{n:05},HF{n},{now},电话,是,是,否,不满意,Y,2,,,,{now}" for n in numbers]
    return "\n".join([HEADER, *rows]).encode() + b"\n"


def kill_at_work(district, slot, tell):
    """kill -9 while orders are being written; what was open then is undone by the broker."""
    topics = [f"cb.dispatch.s{street}" for street, _ in PLACES]
    name, begun = f"router-{slot}", district.ends_of(topics)
    pid = district.pid(name)
    tell()
    until(lambda: district.ends_of(topics) != begun, "orders are being written", 60, 0.002)
    district.kill(name, pid)
    district.came_back(name, pid)


def leads(district, **how):
    """(case, cause) -> its ids, units, and how often it stands on the log."""
    found = defaultdict(lambda: (set(), set(), []))
    for message in district.records_of(["cb.events"], **how):
        said = json.loads(message.value() or b"{}")
        if said.get("type") == "cn.citybrain.case.dispatched.v1":
            ids, units, times = found[said["subject"], said["causationid"]]
            ids.add(said["id"])
            units.add(said["data"]["lead"])
            times.append(message.offset())
    return found


def undone(district):
    """How many leads stand on the log that no transaction kept, once nothing is open."""
    district.settle()
    stored = (leads(district, **{"isolation.level": level}) for level in ("read_uncommitted", "read_committed"))
    every, kept = (sum(len(times) for _, _, times in found.values()) for found in stored)
    return every - kept


def causes(district):
    """What has a lead each: where a run takes its time the triggers find that these are many, and the desk is asked."""
    found = set()
    for message in district.records("cb.events"):
        said = json.loads(message.value() or b"{}")
        is_cause = said.get("type") in ("cn.citybrain.case.opened.v1", "cn.citybrain.case.reopened.v1")
        if is_cause and said["subject"].startswith("request:"):
            found.add((said["subject"], said["id"]))
    return found


def test_nobody_ever_sees_two_leads_of_one_cause(twin):
    rounds = 0
    while rounds < ROUNDS or (rounds < MOST_ROUNDS and undone(twin) == 0):
        rows = [order(rounds * ORDERS + n) for n in range(ORDERS)]
        kill_at_work(twin, 1 + rounds % 2, lambda: twin.accepted("hotline", rows))
        rounds += 1
    twin.settle()
    back = range(1, rounds * ORDERS, 2)

    def tell():
        status, body = twin.http(f"{twin.environment['CITYBRAIN_URL']}/v1/feeds/callbacks", call_back(back),
                                 Content_Type="text/csv; charset=utf-8", Authorization="Bearer demo-callbacks")
        assert status // 100 == 2 and json.loads(body)["rejected"] == 0, body[:500]
    kill_at_work(twin, 1, tell)
    twin.settle()

    asked, committed = causes(twin), leads(twin)
    assert len(asked) == rounds * ORDERS + len(back)
    assert set(committed) == asked
    assert all(len(times) == 1 for _, _, times in committed.values())

    seen = leads(twin, **{"isolation.level": "read_uncommitted"})
    again = sum(len(times) for _, _, times in seen.values()) - len(committed)
    assert again > 0, "no kill left anything undone: nothing was tried"
    assert set(seen) == asked
    torn = {cause: (ids, units) for cause, (ids, units, _) in seen.items() if len(ids) > 1 or len(units) > 1}
    assert torn == {}

    topics = [f"cb.dispatch.s{street}" for street, _ in PLACES]
    known = {(case, next(iter(ids))): next(iter(units)) for (case, _), (ids, units, _) in committed.items()}
    for message in twin.records_of(topics, **{"isolation.level": "read_uncommitted"}):
        said = json.loads(message.value())
        if said["kind"] == "assigned":
            assert known[said["case"], said["id"]] == said["unit"] == message.topic().rsplit(".", 1)[1]
    print(f"{len(committed)} leads, {again} undone and made again")
