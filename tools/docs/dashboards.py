#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""deploy/grafana/*.json: an overview and one dashboard a daemon, from the rows below. Import them in Grafana (9 or later) or
lay them into a folder that it provisions; the data source is asked for.
usage: tools/docs/dashboards.py     writes the files"""
import json
import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[2] / "deploy/grafana"
SOURCE = {"type": "prometheus", "uid": "${source}"}
HIGH, WIDE = 7, 24

# A row of panels: (title, unit of Grafana, {legend: question}[, what is bad: a threshold]).
LAG = [("落后(记录) lag in records", "short", {"{{job}}": "sum by (job) (citybrain_kafka_lag_records)"}),
       ("落后(秒) lag in seconds", "s", {"{{job}}": "max by (job) (citybrain_kafka_lag_seconds)"}, 60)]


def quantiles(histogram, where="", by=""):
    group = f"le, {by}" if by else "le"
    legend = f"{{{{{by}}}}} " if by else ""
    return {f"{legend}p{q}": f"histogram_quantile(0.{q}, sum by ({group}) (rate({histogram}_bucket{where}[5m])))" for q in (50, 99)}


def process(job):
    """What every daemon has."""
    only = f'{{job="{job}"}}'
    return [
        [("就绪 ready", "short", {"{{instance}}": f"citybrain_ready{only}", "{{instance}} waits: {{reason}}": f"citybrain_waiting{only}"}),
         ("主循环迟滞 loop lag", "s", quantiles("citybrain_loop_lag_seconds", only), 0.5),
         ("处理器 processor", "percentunit", {"{{instance}}": f"rate(citybrain_cpu_milliseconds_total{only}[1m]) / 1000"}),
         ("内存 memory", "bytes", {"{{instance}}": f"citybrain_resident_memory_bytes{only}"}, 134217728)],
        [("磁盘剩余 disk left", "percentunit", {"{{folder}}": f"citybrain_disk_available_bytes{only} / citybrain_disk_size_bytes{only}"}),
         ("落后(记录) lag in records", "short", {"{{partition}}": f"citybrain_kafka_lag_records{only}"}),
         ("落后(秒) lag in seconds", "s", {"{{partition}}": f"citybrain_kafka_lag_seconds{only}"}, 60)]]


def commits(job):
    only = f'{{job="{job}"}}'
    return [("提交用时 commit", "s", quantiles("citybrain_kafka_commit_seconds", only), 1),
            ("读入 read", "cps", {"{{source}}": f"sum by (source) (rate(citybrain_kafka_records_total{only}[1m]))"}),
            ("写出 written", "cps", {"{{stream}}": f"sum by (stream) (rate(citybrain_kafka_outputs_total{only}[1m]))"}),
            ("提交 commits", "cps", {"{{instance}}": f"rate(citybrain_kafka_commits_total{only}[1m])"})]


DASHBOARDS = {
    "overview": ("城市大脑 citybrain: overview", [
        [("正在报警 alerts that fire", "short", {"{{alertname}}": 'count by (alertname) (ALERTS{alertstate="firing",alertname!=""})'}),
         ("进程 daemons", "short", {"{{job}}": 'sum by (job) (up{job=~"citybrain-.*"})'}),
         ("旧日合计未到昨日 sums of old days behind", "short", {"views": "min(citybrain_aggregator_stands_behind)"}, 1),
         ("时钟(秒前) the clock's age", "s", {
             "written": "time() - max(citybrain_ingest_tick_timestamp_seconds)",
             "counted": "time() - max(citybrain_aggregator_stations_clock_timestamp_seconds)"}, 90)],
        [("收件 acknowledged", "cps", {"{{feed}}": "sum by (feed) (rate(citybrain_ingest_acknowledged_total[1m]))"}),
         ("派单 orders given", "cps", {"orders": "sum(rate(citybrain_router_decisions_total[1m]))",
                                     "timers": "sum(rate(citybrain_router_timers_total[1m]))"}),
         ("从收件到可见 freshness, whole", "s", quantiles("citybrain_aggregator_freshness_seconds", '{stage="whole"}'), 10)],
        LAG,
        [("静默站点 silent stations", "short", {"{{family}}": "max by (family) (citybrain_aggregator_stations_silent)"}, 1),
         ("台账不平 ledger open", "short", {"hours": "max(citybrain_aggregator_ledger_open)"}, 1),
         ("复核差异 differences of the last recount", "short", {"differences": "max(citybrain_aggregator_verify_differences)"}, 1),
         ("待送达 orders parked", "short", {"orders": "sum(citybrain_router_parked)"}, 1)],
        [("退件率 rejected share", "percentunit", {
            "{{feed}}": "sum by (feed) (rate(citybrain_ingest_feed_dead_total[15m])) / (sum by (feed) (rate(citybrain_ingest_feed_dead_total[15m]))"
                        " + sum by (feed) (rate(citybrain_ingest_feed_accepted_total[15m])))"}, 0.01),
         ("磁盘剩余 disk left", "percentunit", {"{{folder}}": "min by (folder) (citybrain_disk_available_bytes / citybrain_disk_size_bytes)"}),
         ("内存 memory", "bytes", {"{{job}}": "max by (job) (citybrain_resident_memory_bytes)"}, 134217728)]]),
    "ingest": ("城市大脑 citybrain: ingest", [
        [("请求 requests", "cps", {"{{feed}}": "sum by (feed) (rate(citybrain_ingest_requests_total[1m]))"}),
         ("收件 acknowledged", "cps", {"{{feed}}": "sum by (feed) (rate(citybrain_ingest_acknowledged_total[1m]))"}),
         ("逐条结果 verdicts", "cps", {"{{verdict}}": "sum by (verdict) (rate(citybrain_ingest_items_total[1m]))"}),
         ("连接 connections", "short", {"{{instance}}": "citybrain_ingest_connections"})],
        [("拒收 sent away", "cps", {"{{problem}}": "sum by (problem) (rate(citybrain_ingest_shed_total[5m]))"}),
         ("不予接入 not let in", "cps", {"{{reason}}": "sum by (reason) (rate(citybrain_ingest_refused_total[5m]))"}),
         ("文件 files", "short", {"{{result}}": "sum by (result) (increase(citybrain_ingest_files_total[1h]))"})],
        [("规范化 normalised", "cps", {"{{feed}}": "sum by (feed) (rate(citybrain_ingest_feed_accepted_total[1m]))"}),
         ("退件 rejected", "cps", {"{{feed}} {{reason}}": "sum by (feed, reason) (rate(citybrain_ingest_feed_rejected_total[5m]))"}),
         ("映射版本 mapping versions", "cps", {"{{mapping}}": "sum by (mapping) (rate(citybrain_ingest_mapping_records_total[5m]))"}),
         ("事件 events", "cps", {"events": "sum(rate(citybrain_ingest_events_total[1m]))",
                                "{{verdict}}": "sum by (verdict) (rate(citybrain_ingest_records_total[1m]))"})],
        commits("citybrain-ingest"),
        [("时钟(秒前) the newest tick's age", "s", {"tick": "time() - max(citybrain_ingest_tick_timestamp_seconds)"}, 90),
         ("时钟未等待 status topics not waited for", "short", {"partitions": "sum(increase(citybrain_ingest_tick_left_out_total[1h]))"}),
         ("主机时钟差 clock off the brokers'", "s", {"{{instance}}": "citybrain_kafka_clock_ahead_seconds"}, 60),
         ("最近收件(秒前) since a feed was heard", "s", {"{{feed}}": "time() - max by (feed) (citybrain_ingest_feed_last_received_timestamp_seconds)"})],
        *process("citybrain-ingest")]),
    "router": ("城市大脑 citybrain: router", [
        [("派单 orders given", "cps", {"orders": "sum(rate(citybrain_router_decisions_total[1m]))"}),
         ("计时器 timers", "cps", {"timers": "sum(rate(citybrain_router_timers_total[1m]))"}),
         ("跟进 answers", "cps", {"answers": "sum(rate(citybrain_router_answers_total[1m]))",
                                "receipts": "sum(rate(citybrain_router_receipts_total[1m]))"}),
         ("待送达 parked", "short", {"orders": "sum(citybrain_router_parked)"}, 1)],
        [("在办 cases in memory", "short", {"cases": "sum(citybrain_router_cases)", "windows": "sum(citybrain_router_windows)"}),
         ("触发 firings", "cps", {"{{form}}": "sum by (form) (rate(citybrain_router_firings_total[5m]))",
                                 "held": "sum(rate(citybrain_router_firings_held_total[5m]))",
                                 "lapsed": "sum(rate(citybrain_router_firings_lapsed_total[5m]))"}),
         ("事实 facts", "cps", {"told": "sum(rate(citybrain_router_signals_total[1m]))", "taken": "sum(rate(citybrain_router_facts_total[1m]))",
                               "unused {{why}}": "sum by (why) (rate(citybrain_router_facts_unused_total[5m]))"}),
         ("触发器时钟(秒前) the triggers' clock", "s", {"age": "time() - min(citybrain_router_windows_clock_timestamp_seconds)"}, 600)],
        [("死信 dead", "cps", {"cases": "sum(rate(citybrain_router_dead_total[5m]))", "signals": "sum(rate(citybrain_router_signals_dead_total[5m]))"}),
         ("无主题 no topic", "short", {"outputs": "sum(increase(citybrain_kafka_undeliverable_total[10m]))"}, 1),
         ("隔离 poison", "short", {"{{job}}": "sum by (job) (increase(citybrain_kafka_poison_total[1h]))"}, 1),
         ("规则包 bundle", "short", {"{{bundle}}": "max by (bundle) (citybrain_router_bundle_info)", "stale": "max(citybrain_router_bundle_stale)",
                                    "refused": "sum(increase(citybrain_router_reload_failures_total[1h]))"})],
        [("恢复 restore", "s", quantiles("citybrain_kafka_restore_seconds", '{job="citybrain-router"}'), 60),
         ("在办集合 sets, in memory and on disk", "bytes", {"{{where}}": "sum by (where) (citybrain_router_sets_bytes)"}),
         ("阶段 phase", "short", {"{{instance}}": 'citybrain_kafka_phase{job="citybrain-router"}'})],
        commits("citybrain-router"),
        *process("citybrain-router")]),
    "aggregator": ("城市大脑 citybrain: aggregator", [
        [("读入 records", "cps", {"{{verdict}}": "sum by (verdict) (rate(citybrain_aggregator_records_total[1m]))"}),
         ("事务 batches", "cps", {"batches": "sum(rate(citybrain_aggregator_batches_total[1m]))",
                                 "cases": "sum(rate(citybrain_aggregator_changed_cases_total[1m]))"}),
         ("新鲜度 freshness by stage", "s", quantiles("citybrain_aggregator_freshness_seconds", by="stage"), 10)],
        [("台账不平 ledger open", "short", {"hours": "max(citybrain_aggregator_ledger_open)"}, 1),
         ("复核差异 recount: differences", "short", {"differences": "max(citybrain_aggregator_verify_differences)"}, 1),
         ("复核(秒前) recount: age", "s", {"age": "time() - max(citybrain_aggregator_verify_timestamp_seconds)"}, 172800),
         ("时钟(秒前) the clock's age", "s", {"age": "time() - max(citybrain_aggregator_stations_clock_timestamp_seconds)"}, 100)],
        [("站点 stations", "short", {"alive": "sum(max by (family) (citybrain_aggregator_stations_alive))", "late": "sum(max by (family) (citybrain_aggregator_stations_late))",
                                    "silent": "sum(max by (family) (citybrain_aggregator_stations_silent))",
                                    "never": "sum(max by (family) (citybrain_aggregator_stations_never_heard))",
                                    "unknown": "max(citybrain_aggregator_stations_unknown)"}),
         ("最近有声(秒前) since a family was heard", "s", {"{{family}}": "time() - max by (family) (citybrain_aggregator_stations_last_heard_timestamp_seconds)"})],
        [("查询 questions", "cps", {"{{outcome}}": "sum by (outcome) (rate(citybrain_aggregator_api_questions_total[1m]))"}),
         ("查询用时 question time", "s", quantiles("citybrain_aggregator_api_question_seconds"), 0.5),
         ("请求 requests", "cps", {"{{verdict}}": "sum by (verdict) (rate(citybrain_aggregator_api_requests_total[1m]))"}),
         ("等待中 waiting", "short", {"waiting": "sum(citybrain_aggregator_api_waiting)"})],
        *process("citybrain-aggregator")]),
}


def panel(number, place, row):
    title, unit, questions = row[:3]
    shown = {"unit": unit}
    custom = {"axisSoftMin": 0, "lineWidth": 1, "fillOpacity": 8, "showPoints": "never"}
    if len(row) > 3:
        shown["thresholds"] = {"mode": "absolute", "steps": [{"color": "green", "value": None}, {"color": "red", "value": row[3]}]}
        custom["thresholdsStyle"] = {"mode": "dashed"}
    return {"id": number, "type": "timeseries", "title": title, "gridPos": place, "datasource": SOURCE,
            "fieldConfig": {"defaults": {**shown, "custom": custom}, "overrides": []},
            "options": {"legend": {"displayMode": "list", "placement": "bottom"}, "tooltip": {"mode": "multi"}},
            "targets": [{"refId": chr(ord("A") + i), "expr": expression, "legendFormat": legend, "datasource": SOURCE}
                        for i, (legend, expression) in enumerate(questions.items())]}


def dashboard(name):
    title, rows = DASHBOARDS[name]
    panels = []
    for y, row in enumerate(rows):
        width = WIDE // len(row)
        for x, one in enumerate(row):
            place = {"x": x * width, "y": y * HIGH, "w": width, "h": HIGH}
            panels.append(panel(len(panels) + 1, place, one))
    links = [{"type": "dashboards", "title": "citybrain", "tags": ["citybrain"], "asDropdown": False, "includeVars": True, "keepTime": True}]
    return {"uid": f"citybrain-{name}", "title": title, "tags": ["citybrain"], "timezone": "browser", "schemaVersion": 37, "editable": True,
            "refresh": "10s", "time": {"from": "now-1h", "to": "now"}, "links": links, "panels": panels,
            "templating": {"list": [{"name": "source", "label": "Prometheus", "type": "datasource", "query": "prometheus"}]}}


def text(name):
    return json.dumps(dashboard(name), ensure_ascii=False, indent=1) + "\n"


def main():
    FOLDER.mkdir(exist_ok=True)
    for name in DASHBOARDS:
        (FOLDER / f"{name}.json").write_text(text(name), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
