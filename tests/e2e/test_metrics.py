# SPDX-License-Identifier: Apache-2.0
"""What the daemons say of themselves while they run: every metric that an alert stands on is there, lag is told in records
and in seconds, and freshness by stage."""
import json
import re
import time

import psycopg2
import yaml

from district import ROOT, until
from test_path import LEAD, order

ADMINS = {"citybrain-ingest": "CITYBRAIN_INGEST_ADMIN", "citybrain-router": "CITYBRAIN_ROUTER_ADMIN",
          "citybrain-aggregator": "CITYBRAIN_AGGREGATOR_ADMIN"}


def scrape(district, job):
    _, body = district.http(district.environment[ADMINS[job]] + "/metrics")
    lines = body.decode().splitlines()
    told = {line.split(" ", 3)[2] for line in lines if line.startswith("# HELP ")}
    samples = {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines if line and line[0] != "#")}
    return told, samples


def test_every_metric_of_a_rule_or_a_panel_is_emitted(district):
    rules = [rule for group in yaml.safe_load((ROOT / "deploy/prometheus/citybrain.yaml").read_text())["groups"] for rule in group["rules"]]
    told = set().union(*(scrape(district, job)[0] for job in ADMINS))
    asked = [rule["expr"] for rule in rules]
    asked += [target["expr"] for path in (ROOT / "deploy/grafana").glob("*.json")
              for panel in json.loads(path.read_text(encoding="utf-8"))["panels"] for target in panel["targets"]]
    used = {re.sub(r"_(bucket|sum|count)$", "", name) for question in asked
            for name in re.findall(r"\bcitybrain_\w+", re.sub(r'"[^"]*"', "", question))}
    assert len(used) > 60 and used - told <= {"citybrain_ingest_files_total"}  # where files are dropped: test_drop.py
    page = (ROOT / "docs/metrics.md").read_text()
    assert [name for name in told if f"`{name}`" not in page] == []


def test_lag_and_freshness_are_told(district):
    def stages():
        _, samples = scrape(district, "citybrain-aggregator")
        return {stage: samples.get(f'citybrain_aggregator_freshness_seconds_count{{stage="{stage}"}}', 0)
                for stage in ("log", "read", "view", "whole")}
    before = stages()
    district.accepted("hotline", [order(f"MET{n}", 承办单位=LEAD) for n in range(20)])
    district.settle()
    until(lambda: all(now >= before[stage] + 20 for stage, now in stages().items()), "each stage has the twenty", 20)

    def most(job, unit):
        _, samples = scrape(district, job)
        return max(value for name, value in samples.items() if name.startswith(f"citybrain_kafka_lag_{unit}{{"))
    for job in ADMINS:  # ticks go on coming: who is read behind them on a busy machine comes back
        until(lambda: most(job, "seconds") < 10 and most(job, "records") < 1000, f"{job} has read nearly all", 60, 1)


def test_who_cannot_store_says_so_and_how_far_behind(district):
    """A lock that somebody forgot: nothing is stored, so nobody may look at what was read instead."""
    def told():
        status, _ = district.http(district.environment["CITYBRAIN_AGGREGATOR_ADMIN"] + "/readyz")
        _, samples = scrape(district, "citybrain-aggregator")
        return status, *(sum(value for name, value in samples.items() if name.startswith(f"citybrain_kafka_lag_{unit}{{"))
                         for unit in ("records", "seconds"))

    until(lambda: told()[0] == 200 and told()[1] == 0, "nothing is behind", 30)
    forgotten = psycopg2.connect(district.environment["CITYBRAIN_PG"])
    try:
        forgotten.cursor().execute("LOCK TABLE core.case_set IN ACCESS EXCLUSIVE MODE")
        district.accepted("hotline", [order(f"LOCK{n}", 承办单位=LEAD) for n in range(20)])
        until(lambda: (lambda status, records, seconds: status == 503 and records >= 20 and seconds > 0)(*told()),
              "the aggregator is not ready and behind", 30)
        holds = f"SELECT {forgotten.info.backend_pid} = ANY(pg_blocking_pids(pid)) FROM pg_stat_activity " \
                "WHERE application_name = 'citybrain-aggregator' AND wait_event_type = 'Lock'"  # as its runbook looks
        until(lambda: district.sql(holds) == [(True,)], "who holds the lock is found", 15)
        assert scrape(district, "citybrain-aggregator")[1]['citybrain_waiting{reason="postgres"}'] == 1  # DatabaseAway stands on it
        for _ in range(30):  # whatever step it is at, it never says that all is well
            status, records, _ = told()
            assert status == 503 and records >= 20
            time.sleep(0.1)
    finally:
        forgotten.close()
    until(lambda: told() == (200, 0, 0), "it stores again and is not behind", 30)
    assert scrape(district, "citybrain-aggregator")[1]['citybrain_waiting{reason="postgres"}'] == 0
