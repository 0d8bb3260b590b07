# SPDX-License-Identifier: Apache-2.0
"""The log is lost and made anew, and the runbook's statement is typed: units that read by HTTP go on from where they were. Last of
`make store-proof`: behind it the log explains no set of before."""
import re
import time

import psycopg2
from confluent_kafka.admin import AdminClient, NewTopic

from district import ROOT, until
from test_path import LEAD, order
from test_rebuild import orders_of


def make_anew(district, topic):
    admin = AdminClient({"bootstrap.servers": district.environment["CITYBRAIN_BROKERS"]})
    parts = len(district.parts_of(topic))
    admin.delete_topics([topic])[topic].result(20)
    until(lambda: topic not in admin.list_topics(timeout=10).topics, "the topic is gone", 30)
    time.sleep(1)
    admin.create_topics([NewTopic(topic, parts, 1)])[topic].result(20)


def test_units_read_on_by_http_when_the_log_begins_anew(district):
    district.accepted("hotline", [order(f"NL-{n}", 承办单位=LEAD) for n in range(30)])
    district.settle()
    seen, after = orders_of(district)
    assert {f"request:12345:NL-{n}" for n in range(30)} <= set(seen)
    statement = re.search(r"`(update core\.kafka_offset set base[^`]+)`", (ROOT / "docs/runbooks/log-and-database.md").read_text()).group(1)
    highest = dict(district.sql("SELECT part, max(log_offset) FROM core.case_now GROUP BY part"))
    for name in ("ingest-1", "router-1", "aggregator-1"):  # the router stays: what it has read is another page's
        district.command(ROOT / "deploy/local/daemons", "stop", name)
    make_anew(district, "cb.events")
    with psycopg2.connect(district.environment["CITYBRAIN_PG_ADMIN"]) as connection, connection.cursor() as cursor:
        cursor.execute(statement)
    for name in ("aggregator-1", "ingest-1"):
        district.command(ROOT / "deploy/local/daemons", "start", name, seconds=60)
    district.accepted("hotline", [order("NL-new", 承办单位=LEAD)])
    part, place = until(lambda: district.sql("SELECT part, log_offset FROM core.case_now WHERE case_id = 'request:12345:NL-new'"),
                        "what the new log says is there", 60)[0]
    assert place > highest.get(part, -1)
    assert orders_of(district, after)[0] == []
    assert sorted(orders_of(district)[0]) == sorted(seen)
