# SPDX-License-Identifier: Apache-2.0
"""The HTTP door on the running system: CloudEvents of a feed to the end of the path, and a door that leaves
under load."""
import http.client
import json
import threading
import time
from collections import Counter
from urllib.parse import urlsplit

from district import ROOT, until
from test_path import case, order

FEED, AUTHORIZATION = "/v1/feeds/hotline", {"Authorization": "Bearer demo-hotline"}


def test_three_modes_of_cloudevents_and_a_plain_record_are_one_kind_of_event(district):
    numbers = {mode: f"CE-{mode}" for mode in ("plain", "structured", "batch", "binary")}

    def event(mode):
        return {"specversion": "1.0", "id": mode, "source": "/vendor", "type": "order.made",
                "data": order(numbers[mode])}

    def post(body, **headers):
        status, answer = district.http(district.environment["CITYBRAIN_URL"] + FEED,
                                       json.dumps(body, ensure_ascii=False).encode(), **AUTHORIZATION, **headers)
        assert status == 200 and json.loads(answer)["accepted"] == 1, (status, answer[:500])

    post(order(numbers["plain"]), Content_Type="application/json")
    post(event("structured"), Content_Type="application/cloudevents+json")
    post([event("batch")], Content_Type="application/cloudevents-batch+json")
    post(order(numbers["binary"]), Content_Type="application/json", ce_specversion="1.0", ce_id="binary",
         ce_source="/vendor", ce_type="order.made")

    def known():
        return {row[0] for row in district.sql("SELECT DISTINCT case_id FROM api.case_timeline WHERE case_id LIKE %s "
                                               "AND stage = 'dispatched'", case("CE-%"))}

    until(lambda: len(known()) == 4, "all four are dispatched", 60)
    events = [json.loads(m.value()) for m in district.records("cb.events")]
    opened = {e["subject"]: e for e in events
              if e.get("subject", "").startswith(case("CE-")) and e["type"].endswith(".opened.v1")}
    assert len({json.dumps(e["data"], sort_keys=True) for e in opened.values()}) == 1
    assert {e["source"] for e in opened.values()} == {"/feeds/hotline"}


class Sender(threading.Thread):
    """One upload after the other, each on a connection of its own."""

    def __init__(self, url, n, told):
        super().__init__(daemon=True)
        self.address, self.n, self.told = urlsplit(url).netloc, n, told
        self.acknowledged, self.stopping = [], False

    def run(self):
        i = 0
        while not self.stopping:
            i += 1
            numbers = [f"LEAVE-{self.n}-{i}-{k}" for k in range(5)]
            body = "".join(json.dumps(order(number), ensure_ascii=False) + "\n" for number in numbers).encode()
            connection = http.client.HTTPConnection(self.address, timeout=20)
            try:
                connection.connect()
            except OSError:
                self.told["nobody there"] += 1
                time.sleep(0.05)
                continue
            try:
                connection.request("POST", FEED, body, {**AUTHORIZATION, "Content-Type": "application/x-ndjson"})
                answer = connection.getresponse()
                said = answer.read()
                self.told[answer.status] += 1
                if answer.status == 200:
                    assert json.loads(said)["accepted"] == 5
                    self.acknowledged += numbers
                else:
                    assert answer.headers["Retry-After"], answer.headers
            except (OSError, http.client.HTTPException) as error:
                self.told[f"no answer: {error!r}"] += 1
            finally:
                connection.close()
            time.sleep(0.02)


def test_a_door_leaves_when_everybody_has_his_answer(district):
    begun, told = district.ends("cb.raw"), Counter()
    senders = [Sender(district.environment["CITYBRAIN_URL"], n, told) for n in range(4)]
    for sender in senders:
        sender.start()
    log = next((district.run / "daemons").glob("ingest-1.log"))
    try:
        for _ in range(3):
            time.sleep(1)
            seen = len(log.read_bytes())
            district.command(ROOT / "deploy/local/daemons", "stop", "ingest-1")
            said = log.read_bytes()[seen:].decode(errors="replace")
            assert "drain_deadline" not in said, said[-1000:]
            district.command(ROOT / "deploy/local/daemons", "start", "ingest-1")
    finally:
        for sender in senders:
            sender.stopping = True
        for sender in senders:
            sender.join(30)
    acknowledged = [number for sender in senders for number in sender.acknowledged]
    print(f"told {dict(told)}; acknowledged {len(acknowledged)}")
    assert set(told) <= {200, 503, "nobody there"}, told
    assert told[200] > 20 and told["nobody there"] > 0
    stored = {json.loads(m.value()).get("工单编号") for m in district.records("cb.raw", begun)}
    assert set(acknowledged) <= stored
