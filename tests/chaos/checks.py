# SPDX-License-Identifier: Apache-2.0
"""What a run left behind, and how it differs from another's: cells, views, sets of cases and work
orders as whole values; what the drivers hold receipts for; marks that faults leave in the logs."""
import csv
import gzip
import json
import struct
from collections import Counter

from district import shared

QUIET = "request:boston:"  # history: its revision and recorded time say when it was sent, no more


def history_file():
    data = shared()
    return data and data / "boston-311-2011" / "311_service_requests_2011.csv.gz"


def history_numbers(path):
    with gzip.open(path, "rt", newline="", encoding="utf-8") as rows:
        return [row["case_enquiry_id"] for row in csv.DictReader(rows)]


# --- what a run left behind ---


OWN_MEASURE = ["ledger", "feed_health", "refused", "observation", "backlog", "overdue"]


def _columns(district):
    """{table: {column: type}} of core's cells and bins and of api's views by time; the ledger, feeds' health
    and what was refused count repeats, other buckets are sums of the same cells, what is open or overdue rises with the clock: its cells are compared."""
    found = {}
    for table, column, kind in district.sql(
            "SELECT table_schema || '.' || table_name, column_name, data_type FROM information_schema.columns WHERE "
            r"(table_schema = 'core' AND (table_name LIKE 'cell\_%%' OR table_name LIKE 'hist\_%%')) OR "
            r"(table_schema = 'api' AND table_name <> ALL (%s) AND table_name !~ '_(periods|mean)$')", OWN_MEASURE):
        found.setdefault(table, {})[column] = kind
    return {table: columns for table, columns in found.items() if columns.keys() & {"day", "hour"}}


def cells(district):
    """{table: rows}. A cell whose cases have all moved away holds zeros and counts as none. api's views
    are made of these tables by PostgreSQL; its quantiles of history are a minute's work and left out."""
    found = {}
    for table, columns in _columns(district).items():
        some = " OR ".join(f'"{column}" <> 0' for column, kind in columns.items() if kind == "bigint")
        if table.startswith("api."):
            some = f"({some}) AND {'day' if 'day' in columns else 'hour'} >= '2020-01-01'"
        rows = district.shards_summed(table.removeprefix("core.")) if table.startswith("core.") else f"SELECT * FROM {table}"
        found[table] = Counter(district.sql(f"SELECT * FROM ({rows}) AS summed WHERE {some}"))
    return found


def sets(district):
    """{case: its lines}; of history without the time at which it was sent."""
    found = {}
    for case, lines in district.sql("SELECT case_id, lines FROM core.case_set"):
        lines = lines.strip("\n").split("\n")
        if case.startswith(QUIET):
            lines = ["|".join(f for n, f in enumerate(line.split("|")) if n not in (2, 5)) for line in lines]
        found[case] = lines
    return found


TOLD = {"core.cell_backlog", *(table + view for view in ("closure_rate", "response_time", "inflow", "matters", "on_time")
                               for table in ("api.", "core.cell_"))}  # of a generated day, at least


def orders(district):
    """{(unit, id): work order as written} and those that stand there more than once. What asks anew (`again`) is
    an order of its own: the desk decided a dispute, and that the limit is past waits for it once more."""
    known = district.monitor("e2e-reader").list_topics(timeout=10).topics
    topics = sorted(name for name in known if name.startswith("cb.dispatch."))
    written, seen = {}, Counter()
    for message in district.records_of(topics):
        order = json.loads(message.value())
        at = (message.topic()[len("cb.dispatch."):], order["id"], *filter(None, [order.get("again")]))
        seen[at] += 1
        written[at] = message.value()
    return written, sorted(at for at, count in seen.items() if count > 1)


def snapshot(district):
    district.settle()
    written, repeated = orders(district)
    return {"cells": cells(district), "sets": sets(district), "orders": written, "repeated": repeated}


# --- differences, in words; none is what we want ---


def _few(items, most=4):
    items = [str(item)[:400] for item in items]
    return "; ".join(items[:most]) + (f" and {len(items) - most} more" if len(items) > most else "")


def _beside(found, wanted):
    """Of lists, only what the other has not."""
    if not isinstance(found, list) or not isinstance(wanted, list):
        return found, wanted
    return [one for one in found if one not in wanted], [one for one in wanted if one not in found]


def _keys(name, found, wanted):
    lost = sorted(wanted.keys() - found.keys())
    more = sorted(found.keys() - wanted.keys())
    other = sorted(key for key in wanted.keys() & found.keys() if wanted[key] != found[key])
    said = [f"{name} lost: {_few(lost)}"] if lost else []
    said += [f"{name} too many: {_few(more)}"] if more else []
    for key in other[:4]:
        here, there = _beside(found[key], wanted[key])
        said.append(f"{name} {key} is {here!s:.1200}, clean {there!s:.1200}")
    return said + ([f"{len(other) - 4} more of {name} are other: {_few(other[4:])}"] if len(other) > 4 else [])


def differences(found, wanted):
    """Of two snapshots: what is lost, too much or other in `found`."""
    empty = [table for table, rows in wanted["cells"].items() if not rows and table in TOLD]
    assert len(wanted["cells"]) >= 5 and not empty, f"the clean run left a view empty: {empty}"
    said = [f"order repeated: {_few(one['repeated'])}" for one in (found, wanted) if one["repeated"]]
    for table in sorted(wanted["cells"].keys() | found["cells"].keys()):
        ours, theirs = found["cells"].get(table, Counter()), wanted["cells"].get(table, Counter())
        if ours != theirs:
            said.append(f"{table}: only here {_few((ours - theirs).items())}; "
                        f"only there {_few((theirs - ours).items())}")
    return said + _keys("set", found["sets"], wanted["sets"]) + _keys("order", found["orders"], wanted["orders"])


def unaccounted(found, numbers):
    """History's cases that are not in the sets with one `opened` each, or were never sent."""
    cases = {case: lines for case, lines in found["sets"].items() if case.startswith(QUIET)}
    wanted = {QUIET + number for number in numbers}
    said = [f"acknowledged and lost: {_few(sorted(wanted - cases.keys()))}"] if wanted - cases.keys() else []
    said += [f"never sent: {_few(sorted(cases.keys() - wanted))}"] if cases.keys() - wanted else []
    twice = [case for case, lines in cases.items() if len({line.split('|')[1] for line in lines}) != len(lines)]
    return said + ([f"an event twice in its set: {_few(twice)}"] if twice else [])


# --- marks in the logs ---


def daemon_events(district):
    """Names of logged events with their count, of all daemons; a commit that was fenced as such."""
    seen = Counter()
    for path in (district.run / "daemons").glob("*.log"):
        for line in path.read_text(errors="replace").splitlines():
            try:
                said = json.loads(line)
            except ValueError:
                continue  # cut off by a kill
            seen[said.get("event")] += 1
            if said.get("event") == "transform.fenced" or said.get("fenced") is True:
                seen["fenced"] += 1
    return seen


def aborted_transactions(district, topic="cb.events"):
    """Abort markers in a topic's log files, read as the format says and not through any client."""
    count = 0
    for path in sorted((district.run / "kafka").glob(f"*/data/{topic}-*/*.log")):
        with open(path, "rb") as log:
            count += sum(_aborts(log))
    return count


def _aborts(log):
    """A batch: offset 8, length 4, …, attributes at 21 (0x20: control), records from 61. A control
    record's key, behind six one-byte fields at most, is version and type; type 0 says abort."""
    while len(head := log.read(61)) == 61:
        size, = struct.unpack(">i", head[8:12])
        rest = log.read(size - 49)
        if struct.unpack(">h", head[21:23])[0] & 0x20 and len(rest) >= 9:
            key = rest.index(b"\x08", 3) + 1  # zigzag length 4
            yield struct.unpack(">h", rest[key + 2:key + 4])[0] == 0
