# SPDX-License-Identifier: Apache-2.0
"""What else one would take to keep the same views in PostgreSQL: statement triggers over the events, or over one flat row a
case that is given to them folded; materialized views over such rows."""
import contextlib
import time
from pathlib import Path

from aggregator_job import AT, COLUMNS, EVENT_COLUMNS, EVENT_TYPES, HISTORY, TYPES
from recorder import write_script
from stage import cpu_of

SQL = Path(__file__).resolve().parent / "peers"
VIEWS = ("closure_rate", "backlog", "on_time", "response_time")  # that every one of them keeps
BY_PLACE = ", street_code, community_code"
MEASURES = ("full", "full_net", "dispatch", "sign", "contact", "handle", "handle_net")
OURS = {
    "closure_rate": "SELECT day, unit, type_code, street_code, sum(opened_n), sum(closed_n), sum(closed_in_n) "
                    "FROM core.cell_closure_rate GROUP BY 1, 2, 3, 4",
    "backlog": "SELECT day, unit, type_code, sum(open_n) FROM core.cell_backlog GROUP BY 1, 2, 3",
    "on_time": "SELECT day, unit, type_code, limit_class, sum(due_n), sum(done_n), sum(on_time_n) FROM core.cell_on_time "
               "GROUP BY 1, 2, 3, 4",
    "response_time": "SELECT day, unit, type_code, street_code, limit_class, measure, sum(n), sum(ms) FROM "
                     "core.cell_response_time CROSS JOIN LATERAL (VALUES %s) AS m(measure, n, ms) GROUP BY 1, 2, 3, 4, 5, 6" %
                     ", ".join("(%d, %s_n, %s_ms)" % (at, name, name) for at, name in enumerate(MEASURES)),
    "response_bins": "SELECT day, unit, type_code, street_code, limit_class, measure, bin, sum(n) FROM core.hist_response_time "
                     "GROUP BY 1, 2, 3, 4, 5, 6, 7"}
KEYS = {"closure_rate": 4, "backlog": 3, "on_time": 4, "response_time": 6, "response_bins": 7}


def upsert(table, columns, types, key, condition=""):
    return ("INSERT INTO peer.%s AS t (%s) SELECT * FROM unnest(%s) ON CONFLICT (%s) DO UPDATE SET %s%s" % (
        table, ", ".join(columns), ", ".join("$%d::%s[]" % (n + 1, of) for n, of in enumerate(types)), ", ".join(columns[:key]),
        ", ".join("%s = excluded.%s" % (name, name) for name in columns[key:]), condition)).encode()


UPSERT = upsert("case_row", COLUMNS, TYPES, 1)
TELL = upsert("event", EVENT_COLUMNS, EVENT_TYPES, 2, " WHERE t.revision < excluded.revision")


def literal(values):
    return ("{%s}" % ",".join("NULL" if v is None else '"%s"' % v if isinstance(v, str) else str(v) for v in values)).encode()


def few_views(stage, name):
    """The district's configuration with those views alone, and the stock as the others keep it: by unit and type."""
    config = stage.run / name
    (config / "views").mkdir(parents=True)
    for entry in stage.config.iterdir():
        if entry.name != "views":
            (config / entry.name).symlink_to(entry)
    for view in VIEWS:
        text = (stage.config / "views" / (view + ".yaml")).read_text(encoding="utf-8")
        assert view != "backlog" or text.count(BY_PLACE) == 1, "the groups of backlog are others now"
        (config / "views" / (view + ".yaml")).write_text(text.replace(BY_PLACE, ""), encoding="utf-8")
    return config


def cells_of(stage, database, questions):
    """What stands in the views' cells; of zeros nobody keeps the same."""
    return {name: {row for row in stage.ask(database, question) if any(row[KEYS[name]:])}
            for name, question in questions.items()}


class Peers:
    def __init__(self, stage, job):
        self.stage, self.job = stage, job
        self.script, self.events = stage.run / "peer.script", stage.run / "events.script"

    def prepare(self, recorded):
        """In the transactions that the aggregator made."""
        for path, sql, batches in ((self.script, UPSERT, self.job.row_batches(recorded)),
                                   (self.events, TELL, self.job.event_batches(recorded))):
            write_script(path, ([(b"rows", sql, [literal(column) for column in zip(*rows)])] for rows in batches if rows))
        self.stage.database("peer_shape")
        self.stage.execute("peer_shape", (SQL / "cases.sql").read_text())

    def database(self, name, *files):
        self.stage.database(name, "peer_shape")
        self.stage.execute(name, *((SQL / file).read_text() for file in files))

    def run_folded(self):
        self.database("peer_run", "lists.sql", "triggers.sql")
        return self.stage.bare("peer_run", self.script, len(self.job))

    def run_triggers(self):
        self.database("peer_run", "lists.sql", "triggers.sql", "events.sql")
        return self.stage.bare("peer_run", self.events, len(self.job))

    def hold(self, database):
        """That the triggers' cells are the aggregator's."""
        theirs = {name: "SELECT * FROM peer." + name for name in OURS}
        ours, peers = cells_of(self.stage, database, OURS), cells_of(self.stage, "peer_run", theirs)
        for name in OURS:
            assert ours[name] == peers[name] != set(), "%s: %d cells are not the same, such as %s" % (
                name, len(ours[name] ^ peers[name]), sorted(ours[name] ^ peers[name], key=repr)[:4])

    def refresh(self, cases):
        """CPU seconds of making the views anew over so many cases, the second time."""
        stage, times = self.stage, -(-cases // self.job.requests)
        self.database("peer_refresh")
        stage.bare("peer_refresh", self.script, len(self.job))
        old = ["'%s' || substr(case_id, %d) || '-' || g" % (HISTORY, len(HISTORY) + 1)]
        old += ["%s - g * 60 * 86400000::bigint" % name if AT[name] >= AT["opened_ms"] else name for name in COLUMNS[1:]]
        stage.execute("peer_refresh", "INSERT INTO peer.case_row (%s) SELECT %s FROM peer.case_row, generate_series(1, %d) AS g" % (
            ", ".join(COLUMNS), ", ".join(old), times - 1), "VACUUM ANALYZE peer.case_row", (SQL / "refresh.sql").read_text())
        with contextlib.closing(stage.connect("peer_refresh")) as connection, connection.cursor() as cursor:
            connection.autocommit = True
            cursor.execute("SET work_mem = '256MB'; SET max_parallel_workers_per_gather = 0; SET jit = off")
            for name in OURS:
                cursor.execute("REFRESH MATERIALIZED VIEW peer." + name)
            pid = connection.get_backend_pid()
            used, began = cpu_of(pid), time.monotonic()
            for name in OURS:
                cursor.execute("REFRESH MATERIALIZED VIEW peer." + name)
            return {"cpu": cpu_of(pid) - used, "seconds": time.monotonic() - began, "cases": times * self.job.requests}
