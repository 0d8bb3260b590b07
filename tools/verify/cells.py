# SPDX-License-Identifier: Apache-2.0
"""Sets -> cells: PostgreSQL folds the stored sets by SQL of our own (fold.sql), adds up what each case
contributes to each view, and compares every cell and every histogram bin with the stored ones."""
from pathlib import Path

from case_line import ATTRIBUTES, base36
from rules import MOMENTS

LETTER = {member: letter for letter, member in ATTRIBUTES}
BASE36 = " + ".join(
    f"(strpos('0123456789abcdefghijklmnopqrstuvwxyz', substr(d, {at}, 1)) - 1)::bigint * {36 ** (12 - at)}"
    for at in range(1, 13))


def prepare(cursor, rules, from_log):
    """Temporary tables and functions: before the snapshot begins."""
    sql = (Path(__file__).parent / "fold.sql").read_text(encoding="utf-8")
    cursor.execute("SET client_min_messages = warning; SET work_mem = '128MB'; SET jit = off")
    for name, text in (("BASE36", BASE36), ("SOURCE", "verify_set" if from_log else "core.case_set"),
                       ("STAGES", str(max(len(kind.stages) for kind in rules.kinds.values())))):
        sql = sql.replace(f"@{name}@", text)
    cursor.execute(sql)
    parties = {name: 1 << number for name, number in rules.parties.items()}
    for code, kind in rules.kinds.items():
        bits = {stage.name: 1 << n for n, stage in enumerate(kind.stages)}
        first = sum(bits[stage.name] for stage in kind.stages if not stage.after)
        for stage in kind.stages:
            cursor.execute(
                "INSERT INTO verify_stage VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
                (code, base36(stage.number), stage.name, kind.places[stage.name] + 1, signed(bits[stage.name]), stage.rank,
                 sum(parties[name] for name in stage.by), signed(sum(bits[name] for name in stage.after)),
                 signed(first), stage.counts_as, stage.new_round, signed(sum(bits[name] for name in stage.unless)),
                 signed(sum(bits[name] for name in stage.ends)), [LETTER[name] for name in stage.needs], stage.at_most,
                 stage.new_lead, stage.clock, stage.copied))
    for code, number in rules.units.items():
        cursor.execute("INSERT INTO verify_unit VALUES (%s, %s)", (base36(number), code))
    for name, number in rules.parties.items():
        cursor.execute("INSERT INTO verify_party VALUES (%s, %s, %s)", (base36(number), name, parties[name]))
    # who says nothing of itself is the source
    cursor.execute("INSERT INTO verify_party VALUES ('0', 'source', %s)", (parties["source"],))
    for view in rules.views:
        cursor.execute(want_tables(view))


def signed(bits):
    return bits - (1 << 64) if bits >> 63 else bits


def columns(view):
    """Of the view's cells, in order: (measure, is the sum of milliseconds)."""
    return [(measure, ms) for measure in view.measures for ms in ([False, True] if measure.start else [False])]


def column_name(measure, ms):
    return f"{measure.name}_{'ms' if ms else 'n'}"


def keys(view):
    return ["bucket", "day", *view.groups]


def want_tables(view):
    groups = "".join(f", {group} text" for group in view.groups)
    values = "".join(f", {column_name(*column)} bigint" for column in columns(view))
    return f"CREATE TEMP TABLE verify_cell_{view.name} (bucket text, day date{groups}{values});" \
           f"CREATE TEMP TABLE verify_hist_{view.name} (bucket text, day date{groups}, measure smallint, " \
           "bin smallint, n bigint)"


def moment_of(name, kind):
    return name if name in MOMENTS else f"stages[{kind.places[name] + 1}]"


def day_of(moment, zone):
    local = f"({moment} + {zone * 60000})"
    return f"(date '1970-01-01' + ({local} / 86400000 - ({local} % 86400000 < 0)::integer)::integer)"


def hour_of(moment, zone):
    return f"((({moment} + {zone * 60000}) % 86400000 + 86400000) % 86400000 / 3600000)"


def bucket_of(view, measure, kind, zone):
    groups = "".join(f", coalesce({group}, '') AS {group}" for group in view.groups)
    moment = moment_of(measure.bucket, kind)
    bucket = f"to_char({hour_of(moment, zone)}, 'FM00')" if view.hourly else "'day'"
    return f"SELECT {bucket} AS bucket, {day_of(moment, zone)} AS day{groups}"


def counted(view, measure, kind):
    known = {measure.bucket, measure.end} | ({measure.start} if measure.start else set())
    return f"FROM verify_fold WHERE kind = '{view.kind}' AND (opened IS NOT NULL OR double IS NOT NULL)" \
        + "".join(f" AND {moment_of(name, kind)} IS NOT NULL" for name in sorted(known))


def duration_of(measure, kind):
    return f"({moment_of(measure.end, kind)} - {moment_of(measure.start, kind)})"


def cells_sql(view, kind, zone):
    parts = []
    for measure in view.measures:
        values = []
        for other, ms in columns(view):
            value = "0" if other is not measure else duration_of(measure, kind) if ms else "1"
            values.append(f", {value}::bigint AS {column_name(other, ms)}")
        parts.append(f"{bucket_of(view, measure, kind, zone)}{''.join(values)} {counted(view, measure, kind)}")
    key = ", ".join(keys(view))
    sums = "".join(f", sum({column_name(*column)})" for column in columns(view))
    return f"INSERT INTO verify_cell_{view.name} SELECT {key}{sums} FROM ({' UNION ALL '.join(parts)}) AS c " \
           f"GROUP BY {key}"


def bins_sql(view, kind, zone):
    parts = []
    for measure in view.durations:
        duration = duration_of(measure, kind)
        # within 2 %: ceil(ln v / ln 1.04), and 1 ms is not 0
        bucket = f"CASE WHEN {duration} <= 0 THEN 0 ELSE greatest(1, ceil(ln({duration}::float8) " \
                 "/ ln(1.04::float8))) END::smallint"
        parts.append(f"{bucket_of(view, measure, kind, zone)}, {measure.number}::smallint AS measure, {bucket} AS bin "
                     f"{counted(view, measure, kind)}")
    key = ", ".join([*keys(view), "measure", "bin"])
    return f"INSERT INTO verify_hist_{view.name} SELECT {key}, count(*) FROM ({' UNION ALL '.join(parts)}) AS c " \
           f"GROUP BY {key}"


def compare_sql(table, key, values, limit):
    """Rows of zeros and rows that are not there are the same."""
    ours = ", ".join(f"coalesce(w.{value}, 0) AS want_{value}" for value in values)
    theirs = ", ".join(f"coalesce(c.{value}, 0) AS kept_{value}" for value in values)
    differs = " OR ".join(f"want_{value} <> kept_{value}" for value in values)
    there = " OR ".join(f"want_{value} <> 0 OR kept_{value} <> 0" for value in values)
    using = ", ".join(key)
    stored = f"(SELECT {using}{''.join(f', sum({value})::bigint AS {value}' for value in values)} FROM core.{table} " \
             f"GROUP BY {using})"  # a cell is the sum of its shards
    return f"WITH both_sides AS MATERIALIZED (SELECT {using}, {ours}, {theirs} FROM verify_{table} AS w " \
           f"FULL JOIN {stored} AS c USING ({using})) " \
           f"SELECT (SELECT count(*) FROM both_sides WHERE {there}) AS compared, " \
           f"(SELECT count(*) FROM both_sides WHERE {differs}) AS differences, " \
           f"(SELECT json_agg(row_to_json(d)) FROM (SELECT * FROM both_sides WHERE {differs} " \
           f"ORDER BY {using} LIMIT {int(limit)}) AS d) AS first"


def difference(row, key, values):
    return {"key": {name: row[name] for name in key},
            "sets": {name: row[f"want_{name}"] for name in values if row[f"want_{name}"] != row[f"kept_{name}"]},
            "stored": {name: row[f"kept_{name}"] for name in values if row[f"want_{name}"] != row[f"kept_{name}"]}}


def fold(cursor):
    """Within the snapshot. Returns the number of cases and the first of those with unreadable lines."""
    cursor.execute("INSERT INTO verify_fold SELECT * FROM pg_temp.verify_fold()")
    cursor.execute("ANALYZE verify_fold")
    cursor.execute("SELECT count(*) FROM verify_source")
    cases = cursor.fetchone()[0]
    cursor.execute("SELECT case_id, unreadable FROM verify_fold WHERE unreadable > 0 ORDER BY 1")
    return cases, cursor.fetchall()


def verify_view(cursor, view, kind, zone, show):
    """{cells, bins, differences, first} of one view."""
    found = {"view": view.name, "cells": 0, "bins": 0, "differences": 0, "first": []}
    tables = [("cells", f"cell_{view.name}", keys(view), [column_name(*c) for c in columns(view)],
               cells_sql(view, kind, zone))]
    if view.durations:
        tables.append(("bins", f"hist_{view.name}", [*keys(view), "measure", "bin"], ["n"], bins_sql(view, kind, zone)))
    for what, table, key, values, fill in tables:
        cursor.execute(fill)
        cursor.execute(f"ANALYZE verify_{table}")
        cursor.execute(compare_sql(table, key, values, show))
        compared, differences, first = cursor.fetchone()
        found[what] = compared
        found["differences"] += differences
        found["first"] += [{"table": f"core.{table}", **difference(row, key, values)} for row in first or []]
    found["first"] = found["first"][:show]
    return found
