# SPDX-License-Identifier: Apache-2.0
"""Who holds what we waited for: PostgreSQL says neither which table it was nor whose lock, so it is asked afterwards. A reader
waits for an exclusive lock, given or asked for before."""
import contextlib

import psycopg2

PAGE = "docs/runbooks/database-away.md"
HOLDERS = """
SELECT l.pid, bool_or(l.granted), left(string_agg(DISTINCT n.nspname || '.' || c.relname, ', '), 160), a.usename,
       coalesce(nullif(a.application_name, ''), 'without a name'), a.query = '<insufficient privilege>',
       coalesce(host(a.client_addr), 'this host'), a.state, to_char(a.xact_start AT TIME ZONE 'Asia/Shanghai', 'YYYY-MM-DD HH24:MI:SS'),
       CASE WHEN NOT bool_or(l.granted) THEN array_to_string(pg_blocking_pids(l.pid), ', ') END
FROM pg_locks AS l JOIN pg_class AS c ON c.oid = l.relation JOIN pg_namespace AS n ON n.oid = c.relnamespace JOIN pg_stat_activity AS a USING (pid)
WHERE l.mode = 'AccessExclusiveLock' AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
      AND c.relkind IN ('r', 'p', 'v', 'm') AND n.nspname !~ '^pg_(toast|temp)' AND l.pid <> pg_backend_pid()
GROUP BY l.pid, a.usename, a.application_name, a.query, a.client_addr, a.state, a.xact_start
ORDER BY 2 DESC, a.xact_start, 1 LIMIT 3"""


def sentence(pid, granted, what, user, application, hidden, host, state, since, waits_for):
    verb = "locked by" if granted else "asked for before us by"
    more = "since when only an administrator is told" if hidden else f"from {host}, {state} since {since}+08:00"
    behind = "" if waits_for is None else f", which waits for pid {waits_for}"
    return f"{what} is {verb} pid {pid} (user {user}, application {application}, {more}){behind}"


def say(conninfo):
    """A line each, and where it is written what to do."""
    try:
        with contextlib.closing(psycopg2.connect(conninfo, application_name="citybrain-verify locks", connect_timeout=5)) as connection, \
                connection.cursor() as cursor:
            cursor.execute("SET statement_timeout = '5s'")
            cursor.execute(HOLDERS)
            lines = [sentence(*row) for row in cursor.fetchall()] or ["whoever held it is gone by now: ask again"]
    except psycopg2.Error as error:
        lines = [f"who holds it is not known: {str(error).splitlines()[0]}"]
    return "\n".join([*lines, f"fix: {PAGE}, at `lock timeout`: whether it may be ended, and how"])
