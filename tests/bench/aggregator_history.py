# SPDX-License-Identifier: Apache-2.0
"""Databases with a long past: the cases of a run again and again under older numbers and days, their cells with them, as
if the district had had them; and the cases of now, told to a database with ten times the past of another."""
import contextlib
import time

from aggregator_job import HISTORY
from verdicts import say

APART = 60  # days from one copy to the next: more than any table of the run spans
PLACES = 1 << 32  # from one copy to the next: more than any partition of the run has
CELLS = "SELECT relname FROM pg_class WHERE relnamespace = 'core'::regnamespace AND relkind = 'r' AND relname ~ '^(cell|hist)_'"
COLUMNS = "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum"
OLD_ID = "'%s' || substr(case_id, %d) || '-' || g" % (HISTORY, len(HISTORY) + 1)


class History:
    def __init__(self, stage, prefix, template, job):
        self.stage, self.prefix, self.template, self.job = stage, prefix, template, job

    def copy(self, database, table, times):
        """The past alone, the oldest first: what is told behind it comes to lie behind it."""
        def older(name):
            if name == "case_id":
                return OLD_ID
            if name == "day":
                return "day - g * %d" % APART
            if name == "log_offset":
                return "log_offset - g * %d::bigint" % PLACES
            return "%s - g * %d * 86400000::bigint" % (name, APART) if name.endswith("_ms") and table == "case_now" else name
        names = [name for name, in self.stage.ask(database, COLUMNS, "core." + table)]
        return ("CREATE TEMP TABLE seed AS TABLE core.%s" % table, "TRUNCATE core.%s" % table,
                "INSERT INTO core.%s (%s) SELECT %s FROM generate_series(%d, 1, -1) AS g CROSS JOIN LATERAL (SELECT * FROM seed WHERE g > 0 "
                "OFFSET 0) AS s" % (table, ", ".join(names), ", ".join(map(older, names)), times), "DROP TABLE seed")

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
        stage.execute(database, "SET synchronous_commit = off",
                      *(statement for table in (*tables, "case_set", "case_now") for statement in self.copy(database, table, times)))
        self.forget(database, tables)
        cells, size = stage.ask(database, "SELECT (SELECT sum(reltuples)::bigint FROM pg_class WHERE relname ~ "
                                "'^(cell|hist)_' AND relkind = 'r'), pg_database_size(current_database())")[0]
        say("%s: %d cases of long ago, %d cells, %.1f GB, in %.0f s" % (
            database, times * self.job.requests, cells, size / 1e9, time.monotonic() - began))
        return tables

    def compare(self, cases, turns=3):
        """Database CPU an event with that much past, and with ten times of it; in turns."""
        databases, found = {"short": cases, "long": 10 * cases}, {"short": [], "long": []}
        tables = {name: self.make("history_" + name, many) for name, many in databases.items()}
        for _ in range(turns):
            for name in databases:
                figures = self.stage.aggregate(self.prefix, "history_" + name, len(self.job))
                found[name].append(figures)
                say("%s past: %.2f us database, %.2f us client" % (name, figures["pg"], figures["half_us"]))
                self.forget("history_" + name, tables[name])
        for name in databases:
            with contextlib.suppress(Exception):
                self.stage.execute("postgres", 'DROP DATABASE "history_%s"' % name)
        return found
