# SPDX-License-Identifier: Apache-2.0
"""make bench-api: what the read API's answers take at 100 requests a second over a day's cases, and what they cost the
daemon. Open loop: each request has its time, and its latency counts from there whoever is late. The orders go through
the door and the daemons; where more cases are asked for than orders, their days are copied by SQL, as often as it takes, into
the past: cases, nineteen of twenty of them closed, and cells. api.py [SECONDS] [ORDERS] [CASES]"""
import datetime
import http.client
import json
import os
import random
import sys
import threading
import time
import urllib.parse
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests/e2e"), str(ROOT / "tests/bench")]
from bench import alone  # noqa: E402 the folders are no packages
from district import District, until  # noqa: E402
from orders import Orders  # noqa: E402

RATE, CLIENTS, P99_MS = 100, 24, 50.0


DAY_MS = 86400000
SPAN = 2  # civil days of the orders: they are of the last twenty hours
STAYS = "hashtext(case_id || g) % 20 = 0"  # of the past one in twenty is open still
VIEWS = ("closure_rate", "response_time", "places", "inflow")
STOCKS = ("backlog", "overdue")


def past_of(column):
    """A column of a case as it was in the g-th span of days before: nearly all of those are over."""
    back = f" - g * {SPAN * DAY_MS}::bigint"
    moved = column + back
    over = {"state": "'closed'", "stage": "'closed'", "desk_cause": "NULL", "closed_ms": f"opened_ms{back} + {DAY_MS}",
            "resolved_ms": f"opened_ms{back} + {DAY_MS // 2}"}.get(column)
    stays = moved if column.endswith("_ms") else column
    return f"CASE WHEN {STAYS} THEN {stays} ELSE {over} END" if over else stays


def insert(district, statement, *values):
    district.sql(f"WITH made AS (INSERT INTO {statement} RETURNING 0) SELECT count(*) FROM made", *values)


def columns_of(district, table, *without):
    return [name for name, in district.sql(
        "SELECT column_name FROM information_schema.columns WHERE table_schema = 'core' AND table_name = %s ORDER BY ordinal_position",
        table) if name not in without]


def copy_days(district, wanted):
    """The same days again and again under other numbers, further back each time: cases, what they are now, and the cells of
    the views that are asked, flows of stocks with their other end. As many cases as wanted."""
    (have,), = district.sql("SELECT count(*) FROM core.case_set WHERE case_id LIKE 'request:%%'")
    days = max(0, -(-wanted // max(have, 1)) - 1)
    names = columns_of(district, "case_now", "case_id")
    insert(district, "core.case_set (case_id, kind, lines, unit) SELECT case_id || '-' || g, kind, lines, unit FROM "
           "core.case_set, generate_series(1, %s) AS g WHERE case_id LIKE 'request:%%'", days)
    insert(district, f"core.case_now (case_id, {', '.join(names)}) SELECT case_id || '-' || g, "
           f"{', '.join(map(past_of, names)).replace('%', '%%')} FROM core.case_now, generate_series(1, %s) AS g "
           "WHERE case_id LIKE 'request:%%'", days)
    tables = ["case_set", "case_now"]
    for table in (f"cell_{view}" for view in VIEWS):
        cells = columns_of(district, table, "day")
        insert(district, f"core.{table} (day, {', '.join(cells)}) SELECT day - g * {SPAN}, {', '.join(cells)} FROM core.{table}, "
               "generate_series(1, %s) AS g ORDER BY 1", days)  # as they come: the cells of a day lie together
        tables.append(table)
    for table in (f"cell_{view}" for view in STOCKS):
        copy_flows(district, table, days)
        tables.append(table)
    for table in tables:
        analyze(district, f"core.{table}")
    district.sql("DELETE FROM core.standing RETURNING view")  # cells were changed by hand
    until(lambda: district.sql("SELECT count(*) FROM core.standing WHERE until IS NOT NULL")[0][0] == len(STOCKS), "the stands are made anew", 120)
    return district.sql("SELECT count(*) FROM core.case_set")[0][0], (days + 1) * SPAN


def copy_flows(district, table, days):
    """What entered left a day later, but one cell in twenty."""
    values = [name for name in columns_of(district, table) if name.endswith("_n")]
    names = columns_of(district, table, "day", "shard", *values)
    sums = ", ".join(f"sum(CASE later WHEN 0 THEN {name} ELSE -{name} END)" for name in values)
    insert(district, f"core.{table} (day, {', '.join(names + values)}, shard) SELECT day - g * {SPAN} + later, {', '.join(names)}, {sums}, 99 "
           f"FROM core.{table}, generate_series(1, %s) AS g, generate_series(0, 1) AS later WHERE later = 0 OR "
           f"hashtext(bucket || unit || type_code || g) %% 20 <> 0 GROUP BY 1, {', '.join(names)} ORDER BY 1", days)


def analyze(district, table):
    import psycopg2
    connection = psycopg2.connect(district.environment["CITYBRAIN_PG_ADMIN"])
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute(f"VACUUM ANALYZE {table}")
    connection.close()


def questions(district, seed):
    """An endless mix: mostly lists and timelines, some views, orders, the page's own."""
    pick = random.Random(seed)
    cases = [row[0] for row in district.sql("SELECT case_id FROM core.case_now ORDER BY md5(case_id) LIMIT 2000")]
    units = [row[0] for row in district.sql("SELECT lead FROM core.case_now WHERE lead IS NOT NULL GROUP BY 1 ORDER BY count(*) DESC")]
    streets = [row[0] for row in district.sql("SELECT DISTINCT street_code FROM core.case_now WHERE street_code IS NOT NULL")]
    (today,), = district.sql("SELECT (core.civil_now())::date")

    def view(days):
        first = today - datetime.timedelta(days=days - 1)
        name, by = pick.choice((("closure_rate", "unit"), ("closure_rate", "street_code"), ("closure_rate", "day"), ("closure_rate", ""),
                                ("response_time", ""), ("places", "street_code"), ("inflow", "hour")))
        return f"/api/views/{name}?by={by}&from={first}&to={today}"
    kinds = (
        (30, "timeline", lambda: f"/api/cases/{urllib.parse.quote(pick.choice(cases))}"),
        (15, "list of a unit", lambda: f"/api/cases?unit={pick.choice(units)}&limit=50"),
        (10, "list, by due", lambda: f"/api/cases?order=due&street_code={pick.choice(streets)}&limit=50"),
        (10, "list, newest", lambda: "/api/cases?limit=50"),
        (3, "by its number", lambda: f"/api/cases?number={urllib.parse.quote(pick.choice(cases).split(':', 2)[2])}"),
        (10, "orders of a unit", lambda: f"/v1/units/{pick.choice(units)}/orders?limit=50"),
        (7, "view of a day", lambda: view(1)),
        (3, "view of a week", lambda: view(7)),
        (4, "stock now", lambda: f"/api/views/{pick.choice(STOCKS)}?by={pick.choice(('', '', 'unit'))}"),
        (5, "desk", lambda: "/api/desk?limit=50"),
        (3, "clock", lambda: "/api/clock"),
        (2, "freshness", lambda: "/api/freshness"),
        (2, "open311", lambda: "/open311/v2/requests.json?page_size=50&status=open"))
    weights = [weight for weight, _, _ in kinds]
    while True:
        _, name, make = pick.choices(kinds, weights)[0]
        yield name, make()


def cpu_of(pid):
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def rss_of(pid):
    return next(int(line.split()[1]) for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmRSS")) / 1024


def run(district, seconds, seed=7):
    asked = questions(district, seed)
    plan = [(n / RATE, *next(asked)) for n in range(seconds * RATE)]
    host = urllib.parse.urlsplit(district.environment["CITYBRAIN_API"]).netloc
    began, lock, taken, left = time.monotonic() + 0.5, threading.Lock(), [], list(reversed(plan))

    def client():
        connection = http.client.HTTPConnection(host, timeout=30)
        while True:
            with lock:
                if not left:
                    return connection.close()
                at, name, path = left.pop()
            time.sleep(max(0.0, began + at - time.monotonic()))
            connection.request("GET", path)
            answer = connection.getresponse()
            size = len(answer.read())
            taken.append((name, (time.monotonic() - began - at) * 1000, answer.status, size))

    clients = [threading.Thread(target=client) for _ in range(CLIENTS)]
    for one in clients:
        one.start()
    for one in clients:
        one.join()
    return taken


def percentile(values, share):
    values = sorted(values)
    return values[min(len(values) - 1, int(share * len(values)))]


def main():
    seconds, orders, wanted = (int(word) for word in (sys.argv[1:] + ["20", "7000", "0"][len(sys.argv) - 1:]))
    district, lock = District(Path(os.environ["CITYBRAIN_BIN"])), alone()
    try:
        district.environment["CITYBRAIN_SETTINGS_INGEST"] += " ingest.rate=100000 ingest.burst=200000"
        district.start()
        source = Orders(district.config)
        for first in range(0, orders, 2000):
            district.accepted("hotline", [source.one(n) for n in range(first, min(first + 2000, orders))])
        district.settle(300)
        began = time.monotonic()
        cases, days = copy_days(district, wanted)
        print(f"{cases} cases of {days} days, copied in {time.monotonic() - began:.0f} s", flush=True)
        pid = district.pid("aggregator-1")
        run(district, 3)  # warm
        cpu, began = cpu_of(pid), time.monotonic()
        taken = run(district, seconds)
        cpu, wall = cpu_of(pid) - cpu, time.monotonic() - began
        rss = rss_of(pid)
    finally:
        district.stop()
        lock.close()
    bad = [row for row in taken if row[2] != 200]
    print(f"{'question':<18} {'n':>6} {'p50 ms':>8} {'p99 ms':>8} {'max ms':>8} {'KB':>6}")
    rows = {}
    for name in sorted({row[0] for row in taken}) + ["all"]:
        some = [row for row in taken if name in (row[0], "all")]
        times = [row[1] for row in some]
        rows[name] = {"n": len(some), "p50_ms": percentile(times, 0.5), "p99_ms": percentile(times, 0.99), "max_ms": max(times),
                      "kb": sum(row[3] for row in some) / len(some) / 1024}
        print(f"{name:<18} {len(some):>6} {rows[name]['p50_ms']:>8.1f} {rows[name]['p99_ms']:>8.1f} {max(times):>8.1f} {rows[name]['kb']:>6.1f}")
    print(f"{cases} cases, {RATE} requests/s for {seconds} s; the daemon: {cpu / wall * 100:.1f} % of a core, {rss:.0f} MiB; "
          f"{len(bad)} answers other than 200")
    folder = ROOT / "build" / "bench"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "api.json").write_text(json.dumps({"cases": cases, "rate": RATE, "seconds": seconds, "cpu_share": cpu / wall,
                                                 "rss_mib": rss, "rows": rows, "bad": len(bad)}, indent=1))
    good = not bad and rows["all"]["p99_ms"] < P99_MS
    print("bench-api:", "within" if good else "NOT within", f"p99 < {P99_MS:.0f} ms, every answer 200")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
