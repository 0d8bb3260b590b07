# SPDX-License-Identifier: Apache-2.0
"""From `raw` to the views (make bench-replay): a backlog of raw records through all three daemons at once, and what the
wall says beside the processors: wall x cores <= 1.4 x the CPU that ingest, router, aggregator, broker and PostgreSQL
used. The aggregator's memory is at most 64 MiB. Rates of each quarter show the slope.     usage: replay.py [RECORDS]"""
import contextlib
import json
import os
import sys
import time
from pathlib import Path

from bench import alone
from clockwork import Clockwork, postmaster_of
from orders import Orders
from stage import ROOT, Stage, peak_of, until

RECORDS = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
PREFIX = "rp."
MOST = 1.4
MOST_MIB = 64  # of the aggregator; the router holds every case in memory
PROMISED = "wall x cores <= 1.4 x CPU, the aggregator within 64 MiB"


def counted(stage, database):
    """Cases whose order was dispatched and counted."""
    with contextlib.closing(stage.connect(database)) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass('api.response_time') IS NOT NULL")
        if not cursor.fetchone()[0]:
            return 0
        cursor.execute("SELECT coalesce(sum(dispatch_n), 0) FROM core.cell_response_time")
        return int(cursor.fetchone()[0])


def main():
    binaries = Path(os.environ.get("CITYBRAIN_BIN", "build/release")).resolve()
    stage = Stage(binaries)
    stage.needed = ("raw", "events", "signals", "registry", "dead", "state.cases", "state.windows", "dispatch.<unit>",
                    "receipts.<unit>", "status.<unit>")
    lock = alone()
    try:
        stage.start()
        stage.topics(PREFIX)
        stage.load(f"{PREFIX}raw", Orders(ROOT / "config").records(RECORDS))
        stage.database("replay")
        quarters, began = [], time.monotonic()
        with stage.daemon("ingest", PREFIX, "ingest", role="normaliser") as ingest, \
                stage.daemon("router", PREFIX, "router") as router, \
                stage.daemon("aggregator", PREFIX, "aggregator", postgres=stage.conninfo("replay"),
                             api="127.0.0.1:0") as aggregator:
            daemons = {"ingest": ingest, "router": router, "aggregator": aggregator}
            clockwork = Clockwork(stage, daemons, postmaster_of(stage))

            def far():
                assert all(process.poll() is None for process in daemons.values()), "a daemon ended"
                done = counted(stage, "replay")
                while len(quarters) < 4 and done >= RECORDS * (len(quarters) + 1) // 4:
                    quarters.append(time.monotonic() - began)
                return done >= RECORDS
            until(far, f"all {RECORDS} orders are counted", 1800, 1)
            used, peaks = clockwork.used(), {name: peak_of(process.pid) for name, process in daemons.items()}
    except BaseException:
        for path in stage.run.glob("*.log"):
            print(f"--- {path.name}", *path.read_text(errors="replace").splitlines()[-10:], sep="\n", file=sys.stderr)
        raise
    finally:
        left = stage.stop()
        lock.close()
    cores = min(2, os.cpu_count() or 1)
    wall, total = quarters[-1], sum(used.values())
    steps = [b - a for a, b in zip([0.0] + quarters, quarters)]
    report = {"records": RECORDS, "wall_s": round(wall, 1), "records_a_second": round(RECORDS / wall),
              "quarters_a_second": [round(RECORDS / 4 / step) for step in steps],
              "cpu_s": {name: round(seconds, 1) for name, seconds in used.items()}, "cpu_total_s": round(total, 1),
              "wall_x_cores_over_cpu": round(wall * cores / total, 2), "peak_mib": {n: round(p, 1) for n, p in peaks.items()}}
    out = Path(os.environ.get("BENCH_OUT", ROOT / "build/bench")) / "replay.json"
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(report, indent=1) + "\n")
    print(*(f"{name:22} {value}" for name, value in report.items()), sep="\n")
    good = report["wall_x_cores_over_cpu"] <= MOST and peaks["aggregator"] <= MOST_MIB and left == []
    print("good" if good else f"NOT as promised: {PROMISED}")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
