# SPDX-License-Identifier: Apache-2.0
"""The job of tests/bench/ingest_job.py in Python, written for speed: batches, one transaction each, the C parser of
the standard library, texts put together by hand where nothing needs an escape.

usage: python_ingest.py BROKERS RAW EVENTS DEAD GROUP"""
import json
import re
import signal
import sys
from base64 import urlsafe_b64encode
from datetime import datetime
from hashlib import sha256

from confluent_kafka import Consumer, Producer, TopicPartition

KINDS = {"咨询": "enquiry", "求助": "help", "投诉": "complaint", "举报": "report", "建议": "suggestion", "表扬": "praise"}
MISSING = ("", "-", "空")
CONTENT_TYPE = [("content-type", b"application/cloudevents+json; charset=UTF-8")]
TIME = re.compile(r"\d{4}([-/])\d\d\1\d\d \d\d:\d\d:\d\d")
NEEDS_ESCAPE = re.compile(r'["\\\x00-\x1f]').search
ID_HEAD = b"cb1" + len("request:12345").to_bytes(4, "big") + b"request:12345"
ID_TAIL = len("opened").to_bytes(4, "big") + b"opened"
BATCH = 5000


class Rejected(Exception):
    pass


def cell(order, name):
    text = order.get(name)
    if text is None:
        return None
    text = text.strip()
    return None if text in MISSING else text


days = {}


def parse_time(text):
    """ms of Beijing's wall time; a day is worked out once."""
    if not TIME.fullmatch(text):
        raise Rejected("bad_date")
    day = days.get(text[:10])
    if day is None:
        try:
            day = int(datetime.fromisoformat(text[:10].replace("/", "-") + "T00:00:00+08:00").timestamp())
        except ValueError:
            raise Rejected("bad_date") from None
        days[text[:10]] = day
    hour, minute, second = int(text[11:13]), int(text[14:16]), int(text[17:19])
    if hour > 23 or minute > 59 or second > 59:
        raise Rejected("bad_date")
    return (day + hour * 3600 + minute * 60 + second) * 1000


dates = {}


def rfc3339(ms):
    day, rest = divmod(ms, 86400000)
    date = dates.get(day)
    if date is None:
        date = dates[day] = datetime.utcfromtimestamp(day * 86400).strftime("%Y-%m-%dT")
    return "%s%02d:%02d:%02d.%03dZ" % (date, rest // 3600000, rest // 60000 % 60, rest // 1000 % 60, rest % 1000)


def quoted(text):
    return json.dumps(text, ensure_ascii=False) if NEEDS_ESCAPE(text) else '"%s"' % text


def event_of(value, cb):
    try:
        order = json.loads(value)
    except ValueError:
        raise Rejected("bad_json") from None
    header = json.loads(cb)
    received, feed, mapping = header["received"], header["feed"], header["mapping"]
    number = cell(order, "工单编号")
    encoded = number.encode() if number else b""
    if number is None or len(encoded) > 128:
        raise Rejected("bad_identity")
    revised = cell(order, "更新时间")
    source = parse_time(revised) if revised else 0
    opened = cell(order, "受理时间")
    if opened is None:
        raise Rejected("missing_field")
    time_ms = parse_time(opened)
    if time_ms > received + 600000:
        raise Rejected("time_in_future")
    kind = cell(order, "诉求性质")
    if kind is None:
        raise Rejected("missing_field")
    if kind not in KINDS:
        raise Rejected("unknown_code")
    data = '{"request_kind":"%s"' % KINDS[kind]
    code = cell(order, "问题分类")
    if code:
        data += ',"type_code":' + quoted(code)
    code = cell(order, "反映社区")
    if code:
        data += ',"community_code":' + quoted(code)
    code = cell(order, "反映街乡")
    if code:
        data += ',"street_code":' + quoted(code)
    data += "}"
    digest = sha256(ID_HEAD + len(encoded).to_bytes(4, "big") + encoded + ID_TAIL).digest()
    subject = "request:12345:" + number
    said = quoted(subject)
    return subject, (
        f'{{"specversion":"1.0","id":"{urlsafe_b64encode(digest[:16]).decode()[:22]}","source":"/feeds/{feed}",'
        f'"type":"cn.citybrain.case.opened.v1","subject":{said},"time":"{rfc3339(time_ms)}",'
        f'"datacontenttype":"application/json","recordedtime":"{rfc3339(received)}","partitionkey":{said},'
        f'"feed":"{feed}","feedversion":"{mapping}","party":"source","revision":"{source:020d}.{received:015d}.'
        f'{mapping:06d}.{sha256(data.encode()).hexdigest()[:16]}","data":{data}}}')


def main(brokers, raw, events, dead, group):
    consumer = Consumer({"bootstrap.servers": brokers, "group.id": group, "enable.auto.commit": False,
                         "auto.offset.reset": "earliest", "isolation.level": "read_committed",
                         "fetch.wait.max.ms": 100})
    producer = Producer({"bootstrap.servers": brokers, "transactional.id": group, "compression.type": "lz4",
                         "linger.ms": 20, "partitioner": "murmur2_random", "queue.buffering.max.messages": 1000000})
    running = True

    def stop(*_):
        nonlocal running
        running = False
    signal.signal(signal.SIGTERM, stop)
    producer.init_transactions(30)
    consumer.subscribe([raw])
    produce = producer.produce
    while running:
        messages = consumer.consume(BATCH, timeout=0.1)
        if not messages:
            continue
        producer.begin_transaction()
        at = {}
        for message in messages:
            if message.error():
                sys.exit(str(message.error()))
            at[message.partition()] = message.offset() + 1
            value = message.value()
            try:
                subject, event = event_of(value, message.headers()[0][1])
                produce(events, event, subject, headers=CONTENT_TYPE)
            except Rejected as why:
                produce(dead, value, message.key(), headers=[("cb", b'{"reason":"%s"}' % str(why).encode())])
        producer.poll(0)
        producer.send_offsets_to_transaction([TopicPartition(raw, part, offset) for part, offset in at.items()],
                                             consumer.consumer_group_metadata())
        producer.commit_transaction()


if __name__ == "__main__":
    main(*sys.argv[1:])
