# SPDX-License-Identifier: Apache-2.0
"""A unit publishes to its own topic itself, in both modes of CloudEvents, with its own producer's habits."""
import datetime
import json

from confluent_kafka import Producer

from district import until

UNIT, CASE = "s110105001", "request:12345:MODES1"
CHINA = datetime.timezone(datetime.timedelta(hours=8))


def now():
    return datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="milliseconds")


def attributes(number, stage, **more):
    said = {"specversion": "1.0", "id": f"modes-{number}", "source": "/anything", "subject": CASE, "time": now(),
            "type": f"cn.citybrain.case.{stage}.v1", "tenant": "an extension of its own", **more}
    return {name: value for name, value in said.items() if value is not None}


def publish(district, value, **headers):
    producer = Producer({"bootstrap.servers": district.environment["CITYBRAIN_BROKERS"], "acks": "all"})
    failed = []
    producer.produce(f"cb.status.{UNIT}", value, key=CASE, headers=[(k.replace("__", "-"), v) for k, v in headers.items()],
                     on_delivery=lambda error, _: failed.append(error) if error else None)
    assert producer.flush(20) == 0 and failed == []


def binary(district, said, data=b"{}"):
    publish(district, data, content__type="application/json", **{f"ce_{name}": value for name, value in said.items()})


def test_a_unit_moves_its_case_in_both_modes(district):
    when = (datetime.datetime.now(CHINA) - datetime.timedelta(hours=1)).strftime("%Y-%m-%d %H:%M:%S")
    district.accepted("hotline", [{"工单编号": "MODES1", "诉求性质": "投诉", "问题分类": "R0105",
                                   "反映社区": "110105001901", "反映街乡": "110105001", "受理时间": when}])

    def stages():
        return [row[0] for row in district.sql(
            "SELECT stage FROM api.case_timeline WHERE case_id = %s ORDER BY n", CASE)]

    until(lambda: stages() == ["opened", "dispatched"], "the order is dispatched", 60)
    binary(district, attributes(1, "signed"))
    until(lambda: stages() == ["opened", "dispatched", "signed"], "binary mode", 60)
    # structured, the media type as this producer writes it; another unit's name in the body changes nothing
    publish(district, json.dumps(attributes(2, "contacted", unit="s110105002", party="desk",
                                            data={"result_code": "ok"})).encode(),
            Content__Type='application/CloudEvents+json ; charset="utf-8"')
    until(lambda: stages() == ["opened", "dispatched", "signed", "contacted"], "structured mode", 60)
    assert district.sql("SELECT DISTINCT unit FROM api.case_timeline WHERE case_id = %s AND stage IN "
                        "('signed', 'contacted')", CASE) == [(UNIT,)]

    # what lacks something, or is in another format, is a dead letter that says what
    begun = district.ends("cb.dead")
    binary(district, attributes(3, "resolved", time=None))
    binary(district, attributes(4, "resolved", subject="\x01:a"))
    publish(district, b"[]", content__type="application/cloudevents-batch+json")
    publish(district, json.dumps(attributes(5, "resolved")).encode("utf-16"),
            content__type="application/cloudevents+json; charset=utf-16")

    def dead():
        found = [json.loads(dict(m.headers())["cb"]) for m in district.records("cb.dead", begun)]
        return sorted((d["reason"], d["pointer"]) for d in found if d["topic"] == f"cb.status.{UNIT}")

    until(lambda: len(dead()) >= 4, "the dead letters", 60)
    assert dead() == [("bad_charset", "/content-type"), ("bad_event", "/content-type"), ("bad_event", "/subject"),
                      ("bad_event", "/time")]
    assert len(stages()) == 4
