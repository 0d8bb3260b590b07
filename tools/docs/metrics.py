#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""docs/metrics.md: every metric the daemons have, from the rows they register (struct metric_row in the sources).
usage: tools/docs/metrics.py [--check]     writes the page, or says that it is not as it should be"""
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs/metrics.md"
ROW = re.compile(r'\{\s*"(citybrain_\w+)",\s*METRIC_(\w+),\s*(NULL|"[^"]*"),\s*((?:"(?:[^"\\]|\\.)*"\s*)+)\}')
TEXT = re.compile(r'"((?:[^"\\]|\\.)*)"')
ROOMS = (("common/daemon", "Every daemon"), ("common/kafka", "Who reads from Kafka"), ("services/ingest", "ingest"),
         ("services/router", "router"), ("services/aggregator", "aggregator"))
HEAD = """# Metrics

What `/metrics` on the admin port says (Prometheus text format). One row a metric, as the daemon's own help has it; made by `make docs`.
Names are an interface: one that goes is announced in a release before. Labels are closed lists (feeds, families, units, reasons, stages,
partitions), never a record, a person or a place. Alerts on them: `deploy/prometheus/citybrain.yaml`, each with a page in
[runbooks/](runbooks/README.md); dashboards of Grafana: `deploy/grafana/`.

每行一个指标,文字即守护进程自己的说明。告警规则见 `deploy/prometheus/citybrain.yaml`,每条都有处置手册;Grafana 面板见 `deploy/grafana/`。
"""


def rows():
    """(name, kind, labels, help) of each room, each once."""
    seen = set()
    for folder, title in ROOMS:
        found = []
        for path in sorted((ROOT / folder).rglob("*.c")):
            for name, kind, label, text in ROW.findall(path.read_text(encoding="utf-8")):
                if name in seen:
                    continue
                seen.add(name)
                help_text = "".join(TEXT.findall(text)).replace('\\"', '"')
                found.append((name, kind.lower(), "" if label == "NULL" else label.strip('"').replace(",", ", "), help_text))
        yield title, sorted(found)


def page():
    out = [HEAD]
    for title, found in rows():
        out += [f"## {title}", "", "| metric | kind | labels | |", "|---|---|---|---|"]
        out += [f"| `{name}` | {kind} | {label} | {text.replace('|', '&#124;')} |" for name, kind, label, text in found] + [""]
    return "\n".join(out)


def main():
    if "--check" in sys.argv[1:]:
        if PAGE.read_text(encoding="utf-8") != page():
            print("docs/metrics.md is not what the sources say; fix: make docs", file=sys.stderr)
            return 1
        return 0
    PAGE.write_text(page(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
