# SPDX-License-Identifier: Apache-2.0
"""The ledger closes: what doors acknowledged is found, what is found is read once, and every item read is
an event that arrived, a dead letter or nothing of ours; through kill -9, and when all is sent again."""
import datetime
import json
import threading
import time
import urllib.error
from collections import Counter

from confluent_kafka import Producer

from district import ROOT, until

STREET, COMMUNITY, LEAD = "110105001", "110105001901", "s110105001"
CHINA = datetime.timezone(datetime.timedelta(hours=8))
COUNTS = ("read", "normalised", "dead", "dropped", "filtered", "events",
          "distinct_events", "repeated_events", "refused_events")
NOTHING = dict.fromkeys(COUNTS, 0)


def order(number, **more):
    now = datetime.datetime.now(CHINA) - datetime.timedelta(hours=1)
    return {"工单编号": number, "诉求性质": "投诉", "问题分类": "R0105", "反映社区": COMMUNITY, "反映街乡": STREET,
            "承办单位": LEAD, "受理时间": now.strftime("%Y-%m-%d %H:%M:%S"), "主要内容": "楼前堆物", **more}


def ledger(district, feed):
    rows = district.sql(f"SELECT {', '.join('coalesce(sum(' + c + '), 0)::bigint' for c in COUNTS)} "
                        "FROM api.ledger WHERE feed = %s", feed)
    return dict(zip(COUNTS, rows[0]))


def since(district, feed, before):
    now = ledger(district, feed)
    return {c: now[c] - before[c] for c in COUNTS}


def acknowledged(district, feed):
    """The doors' counter; it begins anew with each process."""
    _, body = district.http(district.environment["CITYBRAIN_INGEST_ADMIN"] + "/metrics")
    for line in body.decode().splitlines():
        if line.startswith(f'citybrain_ingest_acknowledged_total{{feed="{feed}"}}'):
            return int(float(line.split()[-1]))
    return 0


def post_until_taken(district, items):
    """What a sender does: the whole upload again until it has its 2xx."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            status, body = district.post("hotline", items)
            if status == 200:
                return json.loads(body)
        except (OSError, urllib.error.URLError):
            pass
        time.sleep(0.2)
    raise AssertionError("an upload was not taken within 60 s")


def post_status(district, lines):
    body = b"\n".join(lines) + b"\n"
    status, answer = district.http(f"{district.environment['CITYBRAIN_URL']}/v1/units/{LEAD}/status", body,
                                   Content_Type="application/x-ndjson", Authorization=f"Bearer demo-{LEAD}")
    assert status == 200, (status, answer)
    return json.loads(answer)


def found(district, topic, feed, begun):
    """Items on the topic since then: all, and those whose verdict was good."""
    verdicts = [json.loads(dict(m.headers())["cb"]) for m in district.records(topic, begun)]
    verdicts = [v["verdict"] for v in verdicts if v["feed"] == feed]
    return len(verdicts), verdicts.count("none")


def events(district, feed, begun):
    said = [json.loads(m.value()) for m in district.records("cb.events", begun) if m.value()]
    return Counter(e["id"] for e in said if e.get("feed") == feed)


def kill_while_behind(district, begun):
    """SIGKILL of ingest with records unread; returns how many there were."""
    def unread():
        ends, done = district.ends("cb.raw"), district.committed("cb.ingest", "cb.raw")
        return sum(ends.values()) - sum(done.values()) if sum(ends.values()) > begun + 1000 else 0
    behind = until(lambda: max(0, unread() - 200), "ingest is behind", 30, 0.005) + 200
    return district.kill("ingest-1"), behind


def closes(district):
    assert district.sql("SELECT * FROM api.ledger WHERE NOT closes") == []


def test_what_doors_acknowledge_is_read_and_counted_once_through_a_kill(district):
    status = f"cb.status.{LEAD}"
    begun = {topic: district.ends(topic) for topic in ("cb.raw", "cb.events", status)}
    before = {feed: ledger(district, feed) for feed in ("hotline", "status")}
    known = {m.value() and json.loads(m.value())["id"] for m in district.records("cb.events")}
    told = acknowledged(district, "hotline"), acknowledged(district, "status")

    # Good ones of one and of two events, three the mapping refuses, four twice in one upload.
    closed = datetime.datetime.now(CHINA).strftime("%Y-%m-%d %H:%M:%S")
    mixed = [order(f"LED{n:04}") for n in range(40)] \
        + [order(f"LED{n:04}", 结案时间=closed) for n in range(40, 50)] \
        + [order("LEDBAD", 诉求性质="闲聊"), b'{"broken', order("LEDBAD", 受理时间="soon")] \
        + [order(f"LED{n:04}") for n in range(4)]
    mixed = [i if isinstance(i, bytes) else json.dumps(i, ensure_ascii=False).encode() for i in mixed]
    answer = post_until_taken(district, mixed)
    assert (answer["accepted"], answer["rejected"]) == (54, 3)
    now = datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="milliseconds")
    said = [json.dumps({"case": f"request:12345:LED{n:04}", "stage": "signed", "time": now}).encode()
            for n in range(4)] + [b'{"case": "request:12345:LED0001", "stage": "danced"}']
    answer = post_status(district, said)
    assert (answer["accepted"], answer["rejected"]) == (4, 1)
    assert (acknowledged(district, "hotline"), acknowledged(district, "status")) == (told[0] + 57, told[1] + 5)
    district.settle()
    assert since(district, "hotline", before["hotline"]) == {
        **NOTHING, "read": 57, "normalised": 54, "dead": 3, "events": 64, "distinct_events": 60,
        "repeated_events": 4}
    assert since(district, "status", before["status"]) == {
        **NOTHING, "read": 5, "normalised": 4, "dead": 1, "events": 4, "distinct_events": 4}

    # Many more, and ingest is killed while it has them before it.
    many = [[order(f"LEDK{part}{n:04}") for n in range(1000)] for part in range(5)]
    sender = threading.Thread(target=lambda: [post_until_taken(district, part) for part in many], daemon=True)
    start = sum(district.ends("cb.raw").values())
    sender.start()
    pid, behind = kill_while_behind(district, start)
    district.came_back("ingest-1", pid)
    sender.join(90)
    assert not sender.is_alive()
    print("ingest killed with records unread:", behind)
    district.settle()

    for feed, topic in (("hotline", "cb.raw"), ("status", status)):
        items, good = found(district, topic, feed, begun[topic])
        ids = events(district, feed, begun["cb.events"])
        new = sum(1 for i in ids if i not in known)
        assert since(district, feed, before[feed]) == {
            **NOTHING, "read": items, "normalised": good, "dead": items - good, "events": sum(ids.values()),
            "distinct_events": new, "repeated_events": sum(ids.values()) - new}
        assert items >= {"hotline": 57 + 5000, "status": 5}[feed]
    closes(district)

    # All of it again: read grows by as much, nothing new is found, no cell moves.
    cells, before = district.cells(), {feed: ledger(district, feed) for feed in ("hotline", "status")}
    assert post_until_taken(district, mixed)["rejected"] == 3
    for part in many:
        post_until_taken(district, part)
    assert post_status(district, said)["rejected"] == 1
    district.settle()
    assert since(district, "hotline", before["hotline"]) == {
        **NOTHING, "read": 5057, "normalised": 5054, "dead": 3, "events": 5064, "repeated_events": 5064}
    assert since(district, "status", before["status"]) == {
        **NOTHING, "read": 5, "normalised": 4, "dead": 1, "events": 4, "repeated_events": 4}
    assert district.cells() == cells
    closes(district)


def produce(district, topic, *records):
    """What a unit's own producer does: (value, headers) each, compressed."""
    producer = Producer({"bootstrap.servers": district.environment["CITYBRAIN_BROKERS"],
                         "compression.type": "gzip", "message.max.bytes": 20_000_000})
    for value, headers in records:
        producer.produce(topic, value, key=b"request:12345:LEDS", partition=0, headers=headers)
    assert producer.flush(20) == 0


def test_no_size_and_no_form_stops_a_partition(district):
    """Near what the topics take, beyond it, unreadable, and in both modes of CloudEvents: each is an event or
    a dead letter with its reason, in the ledger, and the next record is read."""
    status = f"cb.status.{LEAD}"
    begun, pids = district.ends("cb.dead"), [district.pid(d) for d in ("ingest-1", "router-1", "aggregator-1")]
    before = {feed: ledger(district, feed) for feed in ("hotline", "status")}
    said = post_until_taken(district, [
        order("LEDL1", 主要内容="长" * 21_000),                      # all but 64 KiB of text that is dropped
        order("LEDL2", 主要内容="长" * 600_000),                     # 1.8 MB of it
        order("LEDL7", 反映街乡="1" * 60_000),                       # a code that no event holds
        b'{"x":[' + b"0," * 500_000 + b"0]}",                        # more values than memory
        order("LEDL3")])
    assert [r.get("reason") for r in said["results"]] == [None, "too_large", "value_too_long", "too_large", None]
    now = datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="milliseconds")
    event = {"specversion": "1.0", "source": "/their/system", "type": "cn.citybrain.case.signed.v1",
             "subject": "request:12345:LEDS", "time": now}
    binary = [(f"ce_{name}", value.encode()) for name, value in {**event, "id": "b1"}.items()]
    produce(district, status, (b"\xff\xfe", []), (None, []), (b"a" * 12_000_000, []),
            (b'{"phone":"13800001111"}', binary + [("content-type", b"application/json")]),
            (json.dumps({**event, "id": "s1"}).encode(), [("content-type", b"application/cloudevents+json")]))
    many = 300  # more than a case has room for
    produce(district, status, *[
        (json.dumps({**event, "subject": "request:12345:LEDL3", "id": f"m{i}"}).encode(),
         [("content-type", b"application/cloudevents+json")]) for i in range(many)])
    district.settle()

    dead = [json.loads(dict(m.headers())["cb"]) for m in district.records("cb.dead", begun)]
    found = Counter((d["reason"], d["disposition"]) for d in dead)
    beyond = found.pop(("case_too_long", "dead"))
    assert found == {
        ("too_large", "dead"): 2, ("value_too_long", "dead"): 1, ("bad_charset", "dead"): 1,
        ("bad_event", "dead"): 1, ("bad_json", "left_in_source"): 1}
    assert many - 240 <= beyond < many - 200
    left, = [d for d in dead if d["disposition"] == "left_in_source"]
    assert (left["topic"], left["unit"], left["partition"]) == (status, LEAD, 0)
    assert since(district, "hotline", before["hotline"]) == {
        **NOTHING, "read": 5, "normalised": 2, "dead": 3, "events": 2, "distinct_events": 2}
    assert since(district, "status", before["status"]) == {
        **NOTHING, "read": 5 + many, "normalised": 2 + many, "dead": 3, "events": 2 + many,
        "distinct_events": 2 + many - beyond, "refused_events": beyond}
    closes(district)
    timeline = district.sql("SELECT stage, unit FROM api.case_timeline WHERE case_id = 'request:12345:LEDS'")
    assert timeline == [("signed", LEAD)] * 2
    assert [district.pid(d) for d in ("ingest-1", "router-1", "aggregator-1")] == pids

    # What no topic can take is refused at the door, whole.
    status, body = district.post("hotline", [order("LEDL4"), order("LEDL5", 主要内容="长" * 700_000)])
    assert status == 413 and b"#2:" in body, (status, body[:300])


def test_the_ledger_is_a_view_like_others(district):
    district.accepted("hotline", [order("LEDV1")])
    district.settle()
    total, = district.view("ledger")
    rows = district.view("ledger", by="day,hour,feed,unit")
    assert sum(int(r["read"]) for r in rows) == int(total["read"]) > 0 and total["closes"] is True
    assert {r["unit"] for r in rows} == {""}
    shown = district.citybrain("views", "show", "ledger", "--by", "feed").stdout.splitlines()
    assert shown[0].split("\t")[:3] == ["feed", "read", "normalised"]
    assert any(line.startswith("hotline\t") for line in shown[1:])
    status, _ = district.http(district.environment["CITYBRAIN_API"] + "/api/views/ledger?by=feed,feed")
    assert status == 400
    tomorrow = datetime.datetime.now(CHINA).date() + datetime.timedelta(days=1)
    assert district.view("ledger", **{"from": tomorrow}) == []
    admin = district.command(ROOT / "deploy/local/daemons", "status", "aggregator-1").stdout.split("\t")[2]
    until(lambda: b"\ncitybrain_aggregator_ledger_open 0\n" in district.http(admin + "/metrics")[1],
          "the metric of what does not close", 30, 0.5)


def test_a_log_read_again_is_not_counted_again(district):
    """What an operator does to rebuild from the log: the aggregator's positions go back to the beginning."""
    again = [order("LEDW1"), order("LEDW2")]
    district.accepted("hotline", again)
    district.accepted("hotline", again)
    district.settle()
    counted = ledger(district, "hotline")
    assert counted["distinct_events"] >= 2 and counted["repeated_events"] >= 2
    before, cells = district.sql("SELECT * FROM api.ledger ORDER BY hour, feed"), district.cells()
    assert district.sql("SELECT core.add_up_ledger(0)")[0][0] > 0  # pages that are rows no more are not added again
    old = district.pid("aggregator-1")
    district.sql("UPDATE core.kafka_offset SET next_offset = -1, epoch = epoch + 1 RETURNING part")
    district.kill("aggregator-1", old)
    district.came_back("aggregator-1", old)
    district.settle()
    assert district.sql("SELECT * FROM api.ledger ORDER BY hour, feed") == before
    assert district.cells() == cells
