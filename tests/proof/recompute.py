# SPDX-License-Identifier: Apache-2.0
"""The views' rows once more, from the senders' files alone: no line of the daemons' code, no configuration. Written from
docs/views.md. A row is {column: value}; rows are compared by the columns they are made by."""
import csv
import datetime
import gzip
import io
import math
from collections import defaultdict
from typing import NamedTuple, Optional

DAY, MINUTE, ZONE = 86400000, 60000, 480 * 60000
EPOCH = datetime.datetime(1970, 1, 1)
DURATION_P = (50, 90, 99)


class Case(NamedTuple):
    unit: str
    type_code: str
    street_code: str
    community_code: str
    opened: int
    closed: Optional[int] = None
    due: Optional[int] = None


# --- files -> cases ---


def milliseconds(text, zone_minutes, forms=("%Y-%m-%d %H:%M:%S",)):
    for form in forms:
        try:
            found = datetime.datetime.strptime(text, form)
        except ValueError:
            continue
        return round((found - EPOCH).total_seconds() * 1000) - zone_minutes * MINUTE
    serial = float(text)  # a spreadsheet's days since 1899-12-30
    return round(serial * 86400) * 1000 - 25569 * DAY - zone_minutes * MINUTE


def rows_of(path):
    with gzip.open(path, "rb") as file:
        return list(csv.DictReader(io.StringIO(file.read().decode("utf-8-sig"), newline="")))


def boston(row):
    return Case(row["department"], row["type"], row["neighborhood"].strip(), "", milliseconds(row["open_dt"], 0),
                milliseconds(row["closed_dt"], 0) if row["closed_dt"] else None,
                milliseconds(row["target_dt"], 0) if row["target_dt"] else None)


def pingshan(row):
    said = {name: "" if row[name] in ("-", "") else row[name]
            for name in ("DISPOSE_UNIT_ID", "SUB_TYPE_ID", "STREET_ID", "COMMUNITY_ID")}
    return Case(*said.values(), milliseconds(row["CREATE_TIME"], 480, ("%Y-%m-%d %H:%M:%S", "%Y/%m/%d %H:%M:%S")))


def teddy(row):
    forms = ("%Y/%m/%d %H:%M:%S", "%Y/%m/%d %H:%M", "%Y/%m/%d", "%Y-%m-%d %H:%M:%S")
    answered = row.get("答复时间")
    return Case("", "", "", "", milliseconds(row["留言时间"], 480, forms),
                milliseconds(answered, 480, forms) if answered else None)


FILES = {"boston_311": ("boston-311-2011/311_service_requests_2011.csv.gz", boston),
         "pingshan_a": ("china-12345-a/pingshan_a.csv.gz", pingshan),
         "teddy_replied": ("china-12345-a/teddy_replied_a.csv.gz", teddy),
         "teddy_messages": ("china-12345-a/teddy_messages_a.csv.gz", teddy),
         "teddy_unlabelled": ("china-12345-a/teddy_unlabelled_a.csv.gz", teddy)}


def cases_of(data, feed):
    path, read = FILES[feed]
    return [read(row) for row in rows_of(data / path)]


# --- time ---


def date(day):
    return (datetime.date(1970, 1, 1) + datetime.timedelta(days=day)).isoformat()


def day_number(text):
    return (datetime.date.fromisoformat(text) - datetime.date(1970, 1, 1)).days


def bucket_day(bucket, moment):
    """The day a bucket is known by: the first, of noon_day the one at whose noon it ends."""
    local = moment + ZONE + (DAY // 2 if bucket == "noon_day" else 0)
    day = local // DAY
    if bucket in ("day", "noon_day", "hour"):
        return date(day)
    civil = datetime.date(1970, 1, 1) + datetime.timedelta(days=day - (18 if bucket == "period_19" else 0))
    first = civil.replace(day=1)
    return (first + datetime.timedelta(days=18 if bucket == "period_19" else 0)).isoformat()


# --- numbers ---


def quotient(part, whole, digits):
    """part / whole, halves away from zero, as a text; None without data."""
    if not whole:
        return None
    scale = 10 ** digits
    return (2 * part * scale + whole) // (2 * whole) / scale


def percentile(lengths, percent):
    return sorted(lengths)[max(1, math.ceil(percent * len(lengths) / 100)) - 1] / 1000


def done(case):
    return case.closed


def in_time(case):
    return case.due is not None and case.closed is not None and case.closed <= case.due


# view -> (groups, [buckets], cohort's moment, {count: (moment whose bucket, must hold)}, {ratio: (part, whole)})
COUNTS = {
    "closure_rate": (("unit", "type_code", "street_code"), ("day", "noon_day", "month", "period_19"),
                     {"opened": ("opened", None), "closed": ("opened", lambda c: c.closed is not None),
                      "closed_in": ("closed", None)},
                     {"rate": ("closed", "opened"), "flow_rate": ("closed_in", "opened")}),
    "inflow": (("unit",), ("hour",), {"opened": ("opened", None), "closed_in": ("closed", None)}, {}),
    "matters": (("street_code", "type_code"), ("day",),
                {"orders": ("opened", None), "matters": ("opened", None), "doubles": ("opened", lambda c: False)}, {}),
    "places": (("street_code", "community_code", "unit"), ("day", "month", "period_19"),
               {"opened": ("opened", None), "contacted": ("opened", lambda c: False), "on_time": ("opened", in_time),
                "done": ("opened", lambda c: done(c) is not None), "closed": ("opened", lambda c: c.closed is not None)},
               {"rate": ("closed", "opened"), "done_rate": ("done", "opened"), "timely": ("on_time", "done")}),
    "on_time": (("unit", "type_code"), ("day", "noon_day", "month", "period_19"),
                {"due": ("due", None), "done": ("due", lambda c: done(c) is not None), "on_time": ("due", in_time)},
                {"rate": ("on_time", "due")}),
    "three_rates": (("unit", "type_code"), ("day", "noon_day", "month", "period_19"),
                    {"orders": ("opened", None), "valid": ("opened", lambda c: False)}, {"response": ("valid", "valid")}),
    "repeat": (("unit", "type_code", "community_code"), ("day", "month", "period_19"),
               {"opened": ("opened", None), "reopened": ("opened", lambda c: False)}, {}),
    # history dispatches nobody and calls nobody: no row at all
    "dispute": (("unit", "rule"), ("day", "month", "period_19"), {"dispatched": ("opened", lambda c: False)}, {}),
    "whistle": (("unit", "co_unit"), ("day", "month", "period_19"), {"called": ("opened", lambda c: False)}, {}),
}
DURATIONS = {"response_time": (("unit", "type_code", "street_code"), ("day", "month", "period_19"), ("full", "full_net"))}
STOCKS = {"backlog": (("unit", "type_code", "street_code", "community_code"), ("month", "period_19"), "open", lambda c: (c.opened, c.closed)),
          "overdue": (("unit", "type_code", "street_code", "community_code"), ("noon_day",), "overdue", lambda c: (c.due, done(c)))}


def key_of(case, groups, bucket, moment):
    key = tuple(getattr(case, group) for group in groups) + (bucket_day(bucket, moment),)
    return key + ((moment + ZONE) % DAY // (60 * MINUTE),) if bucket == "hour" else key


def has_come(by, moment, now):
    """What is due on a later day is no part of a rate yet."""
    return moment is not None and (by != "due" or (moment + ZONE) // DAY <= (now + ZONE) // DAY)


def counts(view, bucket, cases, now):
    groups, _, measures, ratios = COUNTS[view]
    rows = defaultdict(lambda: dict.fromkeys(measures, 0))
    for case in cases:
        for name, (by, holds) in measures.items():
            moment = getattr(case, by)
            if has_come(by, moment, now) and (holds is None or holds(case)):
                rows[key_of(case, groups, bucket, moment)][name] += 1
    for row in rows.values():
        row.update({name: quotient(row[part], row[whole], 6) for name, (part, whole) in ratios.items()})
    return {key: row for key, row in rows.items() if any(row[name] for name in measures)}


def durations(view, bucket, cases):
    groups, _, names = DURATIONS[view]
    lengths = defaultdict(list)
    for case in cases:
        if case.closed is not None and case.closed >= case.opened:  # what ends before it begins has no length
            lengths[key_of(case, groups, bucket, case.opened)].append(case.closed - case.opened)
    return {key: {f"{name}_{what}": value for name in names for what, value in [
        ("n", len(found)), ("avg_seconds", quotient(sum(found), 1000 * len(found), 3)),
        *((f"p{p}_seconds", percentile(found, p)) for p in DURATION_P)]} for key, found in lengths.items()}


def next_bucket(bucket, day):
    step = {"month": 32, "period_19": 32}.get(bucket, 1)
    later = day_number(day) + step
    return bucket_day(bucket, later * DAY - ZONE) if step > 1 else date(later)


def stocks(view, bucket, cases, now):
    """Levels at the end of each bucket, up to now."""
    groups, _, name, span_of = STOCKS[view]
    flows, last = defaultdict(lambda: defaultdict(int)), bucket_day(bucket, now)
    for case in cases:
        entered, left = span_of(case)
        if entered is None or (left is not None and left <= entered):
            continue
        of = tuple(getattr(case, group) for group in groups)
        for moment, sign in ((entered, 1), (left, -1)):
            if moment is not None and moment <= now:
                flows[of][bucket_day(bucket, moment)] += sign
    rows = {}
    for of, found in flows.items():
        level, day = 0, min(found)
        while day <= last:
            level += found.get(day, 0)
            if level:
                rows[of + (day,)] = {name: level}
            day = next_bucket(bucket, day)
    return rows


def every(cases, now):
    """(view, bucket, key columns, rows) of all that these files speak of."""
    for view, (groups, buckets, _, _) in COUNTS.items():
        for bucket in buckets:
            yield view, bucket, groups, counts(view, bucket, cases, now)
    for view, (groups, buckets, _) in DURATIONS.items():
        for bucket in buckets:
            yield view, bucket, groups, durations(view, bucket, cases)
    for view, (groups, buckets, _, _) in STOCKS.items():
        for bucket in buckets:
            yield view, bucket, groups, stocks(view, bucket, cases, now)


# --- comparison ---


def same(name, wanted, found):
    if wanted is None or found is None:
        return wanted is None and found is None
    if "_p" in name and name.endswith("_seconds"):
        return math.isclose(wanted, float(found), rel_tol=0.02, abs_tol=0.0011)
    return abs(wanted - float(found)) < 1e-9 + (0.0005 if name.endswith("avg_seconds") else 0)


def differences(wanted, found):
    """Of {key: row}: lines that say what differs, and how many numbers were compared."""
    said = [f"only here {key}: {found[key]}" for key in found.keys() - wanted.keys()]
    compared = 0
    for key, row in wanted.items():
        if key not in found:
            said.append(f"lost {key}: {row}")
            continue
        for name, value in row.items():
            compared += 1
            if not same(name, value, found[key][name]):
                said.append(f"{key} {name}: by the files {value}, found {found[key][name]}")
    return said, compared


def keyed(rows, groups, day):
    """Rows as dicts, by their groups, the column of their day, and the hour where they have one."""
    columns = (*groups, day, "hour") if rows and rows[0].get("hour") is not None else (*groups, day)
    return {tuple(row[column] for column in columns): row for row in rows}
