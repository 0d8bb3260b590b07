# SPDX-License-Identifier: Apache-2.0
"""Sets -> cells: PostgreSQL folds the stored sets by SQL of our own (fold.sql), adds up what each case
contributes to each view, and compares every cell and every histogram bin with the stored ones; of stocks
also what old days come to, where that stands beside the cells, of each case's row the days it is listed by, and who
leads it: of its set as well, for by that a unit may read it."""
from pathlib import Path

from case_line import ATTRIBUTES, base36
from rules import ANSWERS, MOMENTS

LETTER = {member: letter for letter, member in ATTRIBUTES}
DAYS = ("reopened_at", "upheld_at")  # of core.case_now: what /api/cases lists by days (docs/decisions/0378)
LEADS = (("core.case_set", "unit"), ("core.case_now", "lead"))  # who may read a case's lines, whose row it is (docs/decisions/0400)
PRESENT, FORMER, UPHELD = "f", "p", "d"  # a case's rounds, in SQL: of the folded case itself, and those before; decisions that upheld a dispute
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
    return [(measure, ms) for measure in view.measures
            for ms in ([False, True] if measure.start and not view.stock else [False])]


def column_name(measure, ms):
    return f"{measure.name}_{'ms' if ms else 'n'}"


def keys(view):
    return ["bucket", "day", *view.groups, "is_excluded"]


def want_tables(view):
    groups = "".join(f", {group} text" for group in view.groups)
    values = "".join(f", {column_name(*column)} bigint" for column in columns(view))
    return f"CREATE TEMP TABLE verify_cell_{view.name} (bucket text, day date{groups}, is_excluded boolean{values});" \
           f"CREATE TEMP TABLE verify_stand_{view.name} (LIKE verify_cell_{view.name});" \
           f"CREATE TEMP TABLE verify_hist_{view.name} (bucket text, day date{groups}, is_excluded boolean, " \
           "measure smallint, bin smallint, n bigint)"


class Sql:
    """What a view's cells are made of, in SQL over folded cases f and, where it counts them, helpers h."""

    def __init__(self, view, rules, zone):
        self.view, self.kind, self.fields, self.zone = view, rules.kinds[view.kind], rules.field_numbers, zone
        self.round = PRESENT

    def rounds(self, measure):
        """What happened on a day is that day's: a flow by a stage is of every round."""
        if measure.bucket == "upheld":
            return [UPHELD]
        every = measure.flow and measure.bucket not in MOMENTS and not self.view.each
        return [PRESENT, FORMER] if every else [PRESENT]

    def moment(self, name):
        if name in ("named", "reported"):
            return f"h.{name}"
        if name == "upheld":
            return f"{UPHELD}.at"
        if name == "due" and self.round == PRESENT:
            return self.due()
        if name == "done":
            return "coalesce(f.resolution, f.closure)" if self.round == PRESENT else "NULL::bigint"
        if name not in MOMENTS:
            return f"{self.round}.stages[{self.kind.places[name] + 1}]"
        return f"f.{name}" if self.round == PRESENT or name in ("opened", "matter") else "NULL::bigint"

    def due(self):
        """While the clock stands still no limit comes that lay ahead; what is done meanwhile is done as if it ran on just then."""
        held = "(CASE WHEN f.pause_to[cardinality(f.pause_to)] IS NULL THEN f.pause_from[cardinality(f.pause_from)] END)"
        done = self.moment("done")
        return f"(CASE WHEN f.due > {held} AND ({done} > {held} OR {done} IS NULL) THEN f.due + {done} - {held} ELSE f.due END)"

    def local(self, moment):
        return f"({moment} + {self.zone * 60000})"

    def day(self, moment):
        local = self.local(moment)
        return f"(date '1970-01-01' + ({local} / 86400000 - ({local} % 86400000 < 0)::integer)::integer)"

    def bucket(self, moment):
        if self.view.grain == "day":
            return "'day'"
        minute = f"((({self.local(moment)} % 86400000 + 86400000) % 86400000) / 60000)"
        if self.view.grain == "half":
            return f"CASE WHEN {minute} < 720 THEN 'am' ELSE 'pm' END"
        hour = f"to_char({minute} / 60, 'FM00')"
        return hour if self.view.grain == "hour" else f"{hour} || ':' || to_char({minute} % 60, 'FM00')"

    def truth(self, condition):
        return f"CASE WHEN {condition} THEN 'true' ELSE 'false' END"

    def fact(self, name):
        if name in self.fields:
            return f"f.fields[{self.fields[name]}]"
        if name in ANSWERS:
            return f"CASE substr(f.answer, {ANSWERS.index(name) + 1}, 1) WHEN 'y' THEN 'yes' WHEN 'n' THEN 'no' " \
                   "WHEN 's' THEN 'satisfied' WHEN 'a' THEN 'acceptable' WHEN 'd' THEN 'dissatisfied' END"
        if name == "in_time":
            done, due = ("h.reported", "coalesce(h.due, f.due)") if self.view.each else (self.moment("done"), self.due())
            return f"CASE WHEN {done} <= {due} THEN 'true' WHEN {done} > {due} THEN 'false' END"
        if name == "cross_street":
            taken = f"f.fields[{self.fields['accepted_in']}]" if "accepted_in" in self.fields else "NULL::text"
            return f"CASE WHEN octet_length(f.community_code) >= 9 AND octet_length({taken}) >= 9 THEN " \
                   f"{self.truth(f'left(f.community_code, 9) <> left({taken}, 9)')} END"
        if name == "co_unit":
            return "h.unit"
        known = {"reopened": "f.rounds > 1", "upheld": "true" if self.round == UPHELD else f"{self.round}.upheld > 0", "child": "f.child"}
        return self.truth(known[name]) if name in known else f"{self.round if name == 'rule' else PRESENT}.{name}"

    def holds(self, condition):
        values = ", ".join("'" + value.replace("'", "''") + "'" for value in condition.values)
        fact = self.fact(condition.fact)
        one = f"string_to_array({fact}, ' ') && ARRAY[{values}]" if condition.fact == "flags" else f"{fact} IN ({values})"
        return f" AND {'NOT ' if condition.negated else ''}coalesce({one}, false)"

    def unit(self, measure):
        """Whose row it is: a cohort's is the present lead's, else who led then."""
        if self.view.each:
            return "pg_temp.verify_lead_at(f.leads, f.lead_from, h.named)"
        then = self.moment(measure.bucket) if measure.flow else self.moment(measure.end) if measure.start else None
        return f"pg_temp.verify_lead_at(f.leads, f.lead_from, {then})" if then else "f.unit"

    def key(self, moment, unit):
        groups = "".join(f", coalesce({unit if group == 'unit' else self.fact(group)}, '') AS {group}"
                         for group in self.view.groups)
        return f"SELECT {self.bucket(moment)} AS bucket, {self.day(moment)} AS day{groups}, f.excluded AS is_excluded"

    def source(self):
        helpers = " CROSS JOIN LATERAL unnest(f.helpers, f.called, f.reported, f.helper_due, f.whistled) " \
                  "AS h(unit, named, reported, due, whistled)" if self.view.each else ""
        whistled = " AND h.whistled" if self.view.each == "whistle" else ""
        return f"FROM verify_fold AS f{helpers}{{}} WHERE f.kind = '{self.view.kind}' AND (f.opened IS NOT NULL OR " \
               f"f.double IS NOT NULL){whistled}"

    def counted(self, measure):
        known = {measure.bucket, measure.end} | ({measure.start} if measure.start else set())
        lasted = f" AND {self.duration(measure)} >= 0" if measure.start else ""  # docs/decisions/0311
        each = {PRESENT: "", FORMER: f" CROSS JOIN LATERAL unnest(f.former) AS {FORMER}(rule, upheld, stages)",
                UPHELD: f" CROSS JOIN LATERAL unnest(f.upheld_at, f.upheld_rule) AS {UPHELD}(at, rule)"}[self.round]
        return self.source().format(each) + "".join(f" AND {self.moment(name)} IS NOT NULL" for name in sorted(known)) \
            + lasted + "".join(self.holds(condition) for condition in measure.when)

    def duration(self, measure):
        start, end = self.moment(measure.start), self.moment(measure.end)
        paused = f" - pg_temp.verify_paused(f.pause_from, f.pause_to, {start}, {end})" if measure.net else ""
        return f"({end} - {start}{paused})"

    def flows(self, measure):
        """A stock's: entered and left, and handed on with the lead."""
        since, until = ("p.since", "least(p.until, f.closure)") if measure.held else \
            (self.moment(measure.start), self.moment(measure.end))
        pauses = " CROSS JOIN LATERAL unnest(f.pause_from, f.pause_to) AS p(since, until)" if measure.held else ""
        leads = " CROSS JOIN LATERAL (SELECT unit, n, since, lead(since) OVER (ORDER BY n) AS until FROM unnest(f.leads, " \
                "f.lead_from) WITH ORDINALITY AS u(unit, since, n)) AS l"
        starts, ends = f"CASE WHEN l.n = 1 THEN {since} ELSE greatest({since}, l.since) END", f"least({until}, l.until)"
        inside = self.source().format(pauses + leads) + f" AND {since} IS NOT NULL AND ({ends} IS NULL OR {starts} < {ends})" \
            + "".join(self.holds(condition) for condition in measure.when)
        return [(starts, "l.unit", "1", inside), (ends, "l.unit", "-1", f"{inside} AND {ends} IS NOT NULL")]

    def parts(self):
        """Per contribution: the key, the measure's values, where they come from."""
        for measure in self.view.measures:
            if self.view.stock:
                for moment, unit, value, source in self.flows(measure):
                    yield measure, self.key(moment, unit), [value], source
                continue
            for self.round in self.rounds(measure):
                values = ["1", self.duration(measure)] if measure.start else ["1"]
                yield measure, self.key(self.moment(measure.bucket), self.unit(measure)), values, self.counted(measure)


def cells_sql(view, rules, zone):
    parts = []
    for measure, key, found, source in Sql(view, rules, zone).parts():
        values = "".join(f", {found[ms] if other is measure else 0}::bigint AS {column_name(other, ms)}"
                         for other, ms in columns(view))
        parts.append(f"{key}{values} {source}")
    key = ", ".join(keys(view))
    sums = "".join(f", sum({column_name(*column)})" for column in columns(view))
    return f"INSERT INTO verify_cell_{view.name} SELECT {key}{sums} FROM ({' UNION ALL '.join(parts)}) AS c " \
           f"GROUP BY {key}"


def bins_sql(view, rules, zone):
    parts, sql = [], Sql(view, rules, zone)
    for measure, sql.round in ((measure, one) for measure in view.durations for one in sql.rounds(measure)):
        duration = sql.duration(measure)
        # within 2 %: ceil(ln v / ln 1.04), and 1 ms is not 0
        bucket = f"CASE WHEN {duration} <= 0 THEN 0 ELSE greatest(1, ceil(ln({duration}::float8) " \
                 "/ ln(1.04::float8))) END::smallint"
        parts.append(f"{sql.key(sql.moment(measure.bucket), sql.unit(measure))}, {measure.number}::smallint AS measure, "
                     f"{bucket} AS bin {sql.counted(measure)}")
    key = ", ".join([*keys(view), "measure", "bin"])
    return f"INSERT INTO verify_hist_{view.name} SELECT {key}, count(*) FROM ({' UNION ALL '.join(parts)}) AS c " \
           f"GROUP BY {key}"


def stood(view):
    return f"day < (SELECT until FROM core.standing WHERE view = '{view.name}')"


def stand_sql(view):
    """After the cells: all of an old day are one row."""
    names = ", ".join([*keys(view)[2:], *(column_name(*column) for column in columns(view))])
    return f"INSERT INTO verify_stand_{view.name} ({names}) SELECT {names} FROM verify_cell_{view.name} WHERE {stood(view)}"


def compare_sql(table, key, values, limit, where="true"):
    """Rows of zeros and rows that are not there are the same."""
    ours = ", ".join(f"coalesce(w.{value}, 0) AS want_{value}" for value in values)
    theirs = ", ".join(f"coalesce(c.{value}, 0) AS kept_{value}" for value in values)
    differs = " OR ".join(f"want_{value} <> kept_{value}" for value in values)
    there = " OR ".join(f"want_{value} <> 0 OR kept_{value} <> 0" for value in values)
    using = ", ".join(key)
    sums = "".join(f", sum({value})::bigint AS {value}" for value in values)
    wanted = f"(SELECT {using}{sums} FROM verify_{table} GROUP BY {using})"
    stored = f"(SELECT {using}{sums} FROM core.{table} WHERE {where} GROUP BY {using})"  # a cell is the sum of its shards
    return f"WITH both_sides AS MATERIALIZED (SELECT {using}, {ours}, {theirs} FROM {wanted} AS w " \
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


# A swap brings tables whose rows our snapshot does not see: the snapshot has one of that name, and now there is another.
SWAPPED_SQL = """
SELECT count(*) FROM unnest(%s) AS u(name)
WHERE to_regclass(format('core.%%I', u.name)) IS DISTINCT FROM
      (SELECT c.oid::regclass FROM pg_class AS c WHERE c.relname = u.name AND c.relnamespace = 'core'::regnamespace)
"""


def have_changed_places(cursor, rules):
    """Since the snapshot. What was read of it cannot any more, until it ends."""
    cursor.execute(SWAPPED_SQL, ([f"cell_{view.name}" for view in rules.views],))
    return cursor.fetchone()[0] > 0


def verify_view(cursor, view, rules, zone, show):
    """{cells, bins, stands, differences, first} of one view."""
    found = {"view": view.name, "cells": 0, "bins": 0, "stands": 0, "differences": 0, "first": []}
    values = [column_name(*c) for c in columns(view)]
    tables = [("cells", f"cell_{view.name}", keys(view), values, cells_sql(view, rules, zone), "true")]
    if view.durations:
        tables.append(("bins", f"hist_{view.name}", [*keys(view), "measure", "bin"], ["n"], bins_sql(view, rules, zone), "true"))
    if view.stock:
        tables.append(("stands", f"stand_{view.name}", keys(view)[2:], values, stand_sql(view), stood(view)))
    for what, table, key, values, fill, where in tables:
        cursor.execute(fill)
        cursor.execute(f"ANALYZE verify_{table}")
        cursor.execute(compare_sql(table, key, values, show, where))
        compared, differences, first = cursor.fetchone()
        found[what] = compared
        found["differences"] += differences
        found["first"] += [{"table": f"core.{table}", **difference(row, key, values)} for row in first or []]
    found["first"] = found["first"][:show]
    return found


# None and an empty list are the same; what a kind that is in no file any more says, nobody can say anew (docs/decisions/0387).
DAYS_SQL = """
WITH wanted AS (
    SELECT f.case_id, array_remove(ARRAY(SELECT p.stages[s.place] FROM unnest(f.former) WITH ORDINALITY AS p(rule, upheld, stages, n)
                                         ORDER BY p.n) || f.stages[s.place], NULL) AS reopened_at, f.upheld_at
    FROM verify_fold AS f LEFT JOIN verify_stage AS s ON s.kind = f.kind AND s.name = 'reopened'
    WHERE f.double IS NULL
), stored AS (
    SELECT case_id, reopened_at, upheld_at FROM core.case_now WHERE kind IN (SELECT kind FROM verify_stage)
), both_sides AS MATERIALIZED (
    SELECT case_id, nullif(w.reopened_at, '{}') AS want_reopened_at, nullif(c.reopened_at, '{}') AS kept_reopened_at,
           nullif(w.upheld_at, '{}') AS want_upheld_at, nullif(c.upheld_at, '{}') AS kept_upheld_at
    FROM wanted AS w FULL JOIN stored AS c USING (case_id)
), differs AS (
    SELECT * FROM both_sides
    WHERE want_reopened_at IS DISTINCT FROM kept_reopened_at OR want_upheld_at IS DISTINCT FROM kept_upheld_at
)
SELECT (SELECT count(*) FROM both_sides WHERE coalesce(want_reopened_at, kept_reopened_at, want_upheld_at, kept_upheld_at) IS NOT NULL),
       (SELECT count(*) FROM differs),
       (SELECT json_agg(row_to_json(d)) FROM (SELECT * FROM differs ORDER BY case_id LIMIT %s) AS d)
"""


def verify_days(cursor, show):
    """{cases, differences, first} of the days that rows of cases are listed by."""
    cursor.execute(DAYS_SQL, (show,))
    cases, differences, first = cursor.fetchone()
    return {"cases": cases, "differences": differences,
            "first": [{"table": "core.case_now", **difference(row, ("case_id",), DAYS)} for row in first or []]}


# None and '' are the same. A set that is lost or too many is said by --cases; of one that cannot be read nobody knows the lead, and
# that is said already. A row that is not there names nobody.
LEADS_SQL = """
WITH stored AS (
    SELECT case_id, {column} FROM {table} WHERE kind IN (SELECT kind FROM verify_stage)
), both_sides AS MATERIALIZED (
    SELECT case_id, nullif(w.unit, '') AS want_{column}, nullif(c.{column}, '') AS kept_{column}
    FROM verify_fold AS w FULL JOIN stored AS c USING (case_id)
    WHERE coalesce(w.unreadable, 0) = 0 AND {compared}
), differs AS (
    SELECT * FROM both_sides WHERE want_{column} IS DISTINCT FROM kept_{column}
)
SELECT (SELECT count(*) FROM both_sides WHERE coalesce(want_{column}, kept_{column}) IS NOT NULL),
       (SELECT count(*) FROM differs),
       (SELECT json_agg(row_to_json(d)) FROM (SELECT * FROM differs ORDER BY case_id LIMIT %s) AS d)
"""
COMPARED = {"core.case_set": "c.case_id IN (SELECT case_id FROM verify_source)", "core.case_now": "true"}


def verify_leads(cursor, show):
    """{cases, differences, first} of who leads, by each case's set and by its row."""
    found = {"cases": 0, "differences": 0, "first": []}
    for table, column in LEADS:
        cursor.execute(LEADS_SQL.format(table=table, column=column, compared=COMPARED[table]), (show,))
        cases, differences, first = cursor.fetchone()
        found["cases"] = max(found["cases"], cases)
        found["differences"] += differences
        found["first"] += [{"table": table, **difference(row, ("case_id",), (column,))} for row in first or []]
    found["first"] = found["first"][:show]
    return found
