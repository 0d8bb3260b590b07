# SPDX-License-Identifier: Apache-2.0
"""Databases with a long past: the cases of a run again and again under older numbers and days, their cells with them, as
if the district had had them. Then life goes on in both: the same cases are told to one and to the other, and the next."""
import contextlib
import time

from aggregator_job import A_DAY, DAY, HISTORY, AggregatorJob
from verdicts import say

TURNS = 9
RUNS_DAYS = 60  # more than any table of a run spans, beside the days in which its cases are opened
PLACES = 1 << 32  # from one copy to the next: more than any partition of the run has
OLDEST = 99999  # copies; the numbers of older cases sort before those of younger ones
OLD_ID = "'%s' || %d - g || '-' || substr(case_id, %d)" % (HISTORY, OLDEST, len(HISTORY) + 1)
CELLS = "SELECT relname FROM pg_class WHERE relnamespace = 'core'::regnamespace AND relkind = 'r' AND relname ~ '^(cell|hist)_'"
COLUMNS = "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum"
OPTIONS = "SELECT unnest(reloptions) FROM pg_class WHERE oid = %s::regclass"


class History:
    def __init__(self, bench, prefix, template):
        """bench: its run has been told by then, to the topic of prefix and to the template."""
        self.bench, self.stage, self.job, self.prefix, self.template = bench, bench.stage, bench.job, prefix, template
        self.days = self.job.requests // A_DAY + 1  # in which the cases of a turn are opened
        self.apart = RUNS_DAYS + self.days * TURNS  # days from one copy to the next

    # --- the past ---

    def copy(self, database, table, times):
        """The past alone, the oldest first: what is told behind it comes to lie behind it. Its pages are full: what a
        fillfactor keeps free for growth has been grown into, and a page that had room for a new row was given one."""
        def older(name):
            if name == "case_id":
                return OLD_ID
            if name == "day":
                return "day - g * %d" % self.apart
            if name == "log_offset":
                return "log_offset - g * %d::bigint" % PLACES
            is_time = name.endswith("_ms") and table == "case_now"
            return "%s - g * %d * %d::bigint" % (name, self.apart, DAY) if is_time else name
        names = [name for name, in self.stage.ask(database, COLUMNS, "core." + table)]
        kept, = (option for option, in self.stage.ask(database, OPTIONS, "core." + table) if option.startswith("fillfactor"))
        return ("CREATE TEMP TABLE seed AS TABLE core.%s" % table, "TRUNCATE core.%s" % table,
                "ALTER TABLE core.%s SET (fillfactor = 100)" % table,
                "INSERT INTO core.%s (%s) SELECT %s FROM generate_series(%d, 1, -1) AS g CROSS JOIN LATERAL "
                "(SELECT * FROM seed WHERE g > 0 OFFSET 0) AS s" % (table, ", ".join(names), ", ".join(map(older, names)), times),
                "DROP TABLE seed", "ALTER TABLE core.%s SET (%s)" % (table, kept), "VACUUM ANALYZE core.%s" % table)

    def make(self, database, cases):
        stage, began = self.stage, time.monotonic()
        times = max(1, cases // self.job.requests)
        stage.database(database, self.template)
        tables = [name for name, in stage.ask(database, CELLS)] + ["case_set", "case_now"]
        stage.execute(database, "SET synchronous_commit = off",
                      *(statement for table in tables for statement in self.copy(database, table, times)),
                      "DELETE FROM core.standing", "CHECKPOINT")  # cells were changed by hand (docs/decisions/0250)
        cells, size = stage.ask(database, "SELECT (SELECT sum(reltuples)::bigint FROM pg_class WHERE relname ~ "
                                "'^(cell|hist)_' AND relkind = 'r'), pg_database_size(current_database())")[0]
        say("%s: %d cases of long ago, %d cells, %.1f GB, in %.0f s" % (
            database, times * self.job.requests, cells, size / 1e9, time.monotonic() - began))

    # --- the present ---

    def turn(self, number):
        """The next cases: as many, opened in the days behind those of the turn before; all of them have ended by now."""
        later = (TURNS - 1 - number) * self.days * DAY
        return AggregatorJob(self.stage.config, self.job.requests, self.bench.now - later, (number + 1) * self.job.requests)

    def compare(self, cases):
        """Database CPU an event with at most that many cases of the past, and with at least ten times as many; in turns,
        each of which is told to both. A past has room for the turns."""
        databases = {"short": cases - TURNS * self.job.requests, "long": 10 * cases}
        found = {name: [] for name in databases}
        for name, many in databases.items():
            self.make("history_" + name, many)
        for number in range(TURNS):
            told = self.turn(number)
            self.bench.tell(told, self.prefix + "events")
            for name in databases:
                self.stage.execute("history_" + name, "CHECKPOINT")
                figures = self.stage.aggregate(self.prefix, "history_" + name, len(told))
                found[name].append(figures["pg"])
                say("%s past: %.2f us database, %.2f us client" % (name, figures["pg"], figures["half_us"]))
        for name in databases:
            with contextlib.suppress(Exception):
                self.stage.execute("postgres", 'DROP DATABASE "history_%s"' % name)
        return [long / short for short, long in zip(found["short"], found["long"])]
