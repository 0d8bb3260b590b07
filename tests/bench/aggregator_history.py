# SPDX-License-Identifier: Apache-2.0
"""Databases with a long past: the cases of a run again and again under older numbers and days, their cells with them, as
if the district had had them; and the cases of now, told to a database with ten times the past of another."""
import contextlib
import time

from aggregator_job import HISTORY
from verdicts import say

APART = 60  # days from one copy to the next: more than any table of the run spans
PLACES = 1 << 32  # from one copy to the next: more than any partition of the run has
VACUUMS = 20  # while the past came to be
CELLS = "SELECT relname FROM pg_class WHERE relnamespace = 'core'::regnamespace AND relkind = 'r' AND relname ~ '^(cell|hist)_'"
COLUMNS = "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum"
OLD_ID = "'%s' || substr(case_id, %d) || '-' || g" % (HISTORY, len(HISTORY) + 1)


class History:
    def __init__(self, stage, prefix, template, job):
        self.stage, self.prefix, self.template, self.job = stage, prefix, template, job

    def copy(self, database, table):
        """A statement that copies the table's seed as it was so many times before, the oldest first."""
        def older(name):
            if name == "case_id":
                return OLD_ID
            if name == "day":
                return "day - g * %d" % APART
            if name == "log_offset":
                return "log_offset - g * %d::bigint" % PLACES
            return "%s - g * %d * 86400000::bigint" % (name, APART) if name.endswith("_ms") and table == "case_now" else name
        names = [name for name, in self.stage.ask(database, COLUMNS, "core." + table)]
        return "INSERT INTO core.%s (%s) SELECT %s FROM generate_series(%%d, %%d, -1) AS g CROSS JOIN LATERAL (SELECT * FROM seed_%s WHERE g > 0 " \
            "OFFSET 0) AS s" % (table, ", ".join(names), ", ".join(map(older, names)), table)

    def live(self, database, tables, times):
        """The past alone, as it came to be: what is told behind it lies behind it, and as often as autovacuum would somebody told where
        there is room left: rows of now would else fill the last gaps of all pages there ever were, which a district has filled long ago."""
        copies = [self.copy(database, table) for table in tables]
        bounds = [times - times * n // VACUUMS for n in range(VACUUMS + 1)]
        statements = ["SET synchronous_commit = off"]
        for table in tables:
            statements += ["CREATE TEMP TABLE seed_%s AS TABLE core.%s" % (table, table), "TRUNCATE core.%s" % table]
        for first, last in zip(bounds, bounds[1:]):
            if first > last:
                statements += [copy % (first, last + 1) for copy in copies] + ["VACUUM core.%s" % table for table in tables]
        self.stage.execute(database, *statements)

    def forget(self, database, tables):
        """The cases of now were never told."""
        self.stage.execute(
            database, *("DELETE FROM core.%s WHERE day >= '%s'" % (table, self.first_day) for table in tables),
            "DELETE FROM core.case_set WHERE case_id >= 'request:12345:BR'",
            "DELETE FROM core.case_now WHERE case_id >= 'request:12345:BR'", "DELETE FROM core.ledger_came",
            "DELETE FROM core.kafka_offset", *("VACUUM ANALYZE core.%s" % table for table in (*tables, "case_set", "case_now")),
            "CHECKPOINT")

    def make(self, database, cases):
        stage, began = self.stage, time.monotonic()
        times = max(1, cases // self.job.requests)
        stage.database(database, self.template)
        tables = [name for name, in stage.ask(database, CELLS)]
        self.first_day = min(day for table in tables for day, in stage.ask(database, "SELECT min(day) FROM core." + table) if day)
        self.live(database, (*tables, "case_set", "case_now"), times)
        self.forget(database, tables)
        cells, size = stage.ask(database, "SELECT (SELECT sum(reltuples)::bigint FROM pg_class WHERE relname ~ "
                                "'^(cell|hist)_' AND relkind = 'r'), pg_database_size(current_database())")[0]
        say("%s: %d cases of long ago, %d cells, %.1f GB, in %.0f s" % (
            database, times * self.job.requests, cells, size / 1e9, time.monotonic() - began))
        return tables

    def compare(self, cases, turns=2):
        """Database CPU an event with that much past, and with ten times of it; in turns. The first is `cold`: all of the past was just
        read through, and what a running district has in memory was driven out."""
        databases, found = {"short": cases, "long": 10 * cases}, {"short": [], "long": []}
        tables = {name: self.make("history_" + name, many) for name, many in databases.items()}
        for turn in range(1 + turns):
            for name in databases:
                figures = self.stage.aggregate(self.prefix, "history_" + name, len(self.job))
                found[name].append(figures)
                say("%s past%s: %.2f us database, %.2f us client" % (name, "" if turn else ", cold", figures["pg"], figures["half_us"]))
                self.forget("history_" + name, tables[name])
        for name in databases:
            with contextlib.suppress(Exception):
                self.stage.execute("postgres", 'DROP DATABASE "history_%s"' % name)
        return found
