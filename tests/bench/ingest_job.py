# SPDX-License-Identifier: Apache-2.0
"""The job that every subject of `make bench-ingest` does, and the oracle that says what must come of it:
raw orders with two in a hundred spoiled, to canonical events with SHA-256 ids, or to dead letters.

The oracle is config/feeds/hotline.yaml written down a second time, in the plainest way."""
import base64
import contextlib
import csv
import hashlib
import io
import json
from datetime import datetime, timedelta, timezone

from orders import Orders

KINDS = {"咨询": "enquiry", "求助": "help", "投诉": "complaint", "举报": "report", "建议": "suggestion", "表扬": "praise"}
MISSING = ("", "-", "空")
FIELDS = (("type_code", "问题分类"), ("community_code", "反映社区"), ("street_code", "反映街乡"))
BEIJING = timezone(timedelta(hours=8))
AHEAD_MS = 600000
NUMBER_MAX = 128
FAULTS = ("unknown_code", "missing_field", "bad_date", "bad_json")
COLUMNS = ("工单编号", "来电人", "来电号码", "诉求性质", "问题分类", "反映社区", "反映街乡", "受理时间", "更新时间",
           "主要内容", "办结时间", "结案时间", "承办单位", "截止时间")


def spoil(order, fault):
    """The order's bytes with one fault."""
    order = dict(order)
    if fault == "unknown_code":
        order["诉求性质"] = "表白"
    elif fault == "missing_field":
        order["诉求性质"] = "-"
    elif fault == "bad_date":
        order["受理时间"] = "昨天上午"
    value = json.dumps(order, ensure_ascii=False, separators=(",", ":")).encode()
    return value[:-1] if fault == "bad_json" else value


class Job(Orders):
    """Records of `raw`: as Orders, with dirt; all dirty; or the same rows as CSV in either charset."""

    def dirty(self, count, one_in=50):
        for n, (key, value, header) in enumerate(self.records(count)):
            if n % one_in == one_in - 1:
                value = spoil(json.loads(value), FAULTS[n // one_in % len(FAULTS)])
            yield key, value, header

    def as_csv(self, count, charset):
        """Each row behind its header, so that it can be read alone."""
        for key, value, header in self.records(count):
            out, order = io.StringIO(), json.loads(value)
            writer = csv.writer(out, lineterminator="\n")
            writer.writerow(COLUMNS)
            writer.writerow([order.get(name, "") for name in COLUMNS])
            cb = json.loads(header)
            cb.update(feed="hotline_csv", ctype="text/csv", charset=charset)
            yield (key.replace(b"hotline", b"hotline_csv"), out.getvalue()[:-1].encode(charset),
                   json.dumps(cb, separators=(",", ":")).encode())


class Rejected(Exception):
    pass


def event_id(*fields):
    digest = hashlib.sha256(b"cb1")
    for field in fields:
        digest.update(len(field).to_bytes(4, "big") + field)
    return base64.urlsafe_b64encode(digest.digest()[:16])[:22].decode()


def rfc3339(ms):
    return datetime.fromtimestamp(ms / 1000, timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def cell(order, name):
    text = order.get(name)
    if text is None or text.strip(" \t\r\n") in MISSING:
        return None
    return text.strip(" \t\r\n")


def parse_time(text):
    for pattern in ("%Y-%m-%d %H:%M:%S", "%Y/%m/%d %H:%M:%S"):
        with contextlib.suppress(ValueError):
            return int(datetime.strptime(text, pattern).replace(tzinfo=BEIJING).timestamp()) * 1000
    raise Rejected("bad_date")


def data_of(order):
    kind = cell(order, "诉求性质")
    if kind is None:
        raise Rejected("missing_field")
    if kind not in KINDS:
        raise Rejected("unknown_code")
    data = {"request_kind": KINDS[kind]}
    for name, column in FIELDS:
        if cell(order, column) is not None:
            data[name] = cell(order, column)
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"))


def event_of(value, header):
    """(subject, event) of one record, both bytes. Raises Rejected with the reason."""
    try:
        order = json.loads(value.decode())
    except ValueError as error:
        raise Rejected("bad_json") from error
    number = cell(order, "工单编号")
    if number is None or len(number.encode()) > NUMBER_MAX:
        raise Rejected("bad_identity")
    revised = cell(order, "更新时间")
    source = parse_time(revised) if revised else 0
    opened = cell(order, "受理时间")
    if opened is None:
        raise Rejected("missing_field")
    time_ms = parse_time(opened)
    if time_ms > header["received"] + AHEAD_MS:
        raise Rejected("time_in_future")
    data = data_of(order)
    subject = "request:12345:" + number
    revision = "%020d.%015d.%06d.%s" % (source, header["received"], header["mapping"],
                                        hashlib.sha256(data.encode()).hexdigest()[:16])
    event = {"specversion": "1.0", "id": event_id(b"request:12345", number.encode(), b"opened"),
             "source": "/feeds/" + header["feed"], "type": "cn.citybrain.case.opened.v1", "subject": subject,
             "time": rfc3339(time_ms), "datacontenttype": "application/json",
             "recordedtime": rfc3339(header["received"]), "partitionkey": subject, "feed": header["feed"],
             "feedversion": str(header["mapping"]), "party": "source", "revision": revision}
    text = json.dumps(event, ensure_ascii=False, separators=(",", ":"))
    return subject.encode(), ('%s,"data":%s}' % (text[:-1], data)).encode()


CONTENT_TYPE = ("content-type", b"application/cloudevents+json; charset=UTF-8")


def outputs_of(records):
    """What must be written: (stream, key, value, headers) of each record."""
    for key, value, header in records:
        try:
            subject, event = event_of(value, json.loads(header))
            yield "events", subject, event, [CONTENT_TYPE]
        except Rejected as why:
            yield "dead", key, value, [("cb", b'{"reason":"%s"}' % str(why).encode())]
