/* SPDX-License-Identifier: Apache-2.0 */
/* PostgreSQL says that a lock was waited for, and neither which nor whose: it is asked afterwards.
 * Who reads waits for an exclusive lock, given or asked for before; who asks in vain himself is
 * told with those that he waits for. Of a session of another login where it comes from and what it
 * does is hidden from all but administrators. */
#include "postgres/lock_holders.h"

#include <stdlib.h>

#include "postgres/connection.h"

#define LOCK_NOT_AVAILABLE "55P03"
#define PAGE               "docs/runbooks/database-away.md"

static const char session[] =
    "SET default_transaction_read_only = on; SET statement_timeout = '5s'";

/* Advisory locks: those that fills, swaps and migrations take. Times are the district's. */
static const char holders_sql[] =
    "WITH held AS (SELECT l.pid, bool_or(l.granted) AS granted, left(string_agg(DISTINCT "
    "coalesce(n.nspname || '.' || c.relname, 'the order of fills and swaps'), ', '), 160) AS what "
    "FROM pg_locks AS l LEFT JOIN pg_class AS c ON l.locktype = 'relation' AND c.oid = l.relation "
    "LEFT JOIN pg_namespace AS n ON n.oid = c.relnamespace WHERE l.pid <> pg_backend_pid() AND "
    "l.mode = ANY ($1::text[]) AND l.database = (SELECT oid FROM pg_database WHERE datname = "
    "current_database()) AND (c.relkind IN ('r', 'p', 'v', 'm') AND n.nspname !~ "
    "'^pg_(toast|temp)' OR l.locktype = 'advisory' AND l.objid IN (20120345, 20120346, 20120348)) "
    "GROUP BY l.pid) "
    "SELECT format('%s is %s pid %s (user %s, application %s, %s)%s', h.what, CASE WHEN h.granted "
    "THEN 'locked by' ELSE 'asked for before us by' END, h.pid, a.usename, "
    "coalesce(nullif(a.application_name, ''), 'without a name'), CASE WHEN a.query = "
    "'<insufficient privilege>' THEN 'since when only an administrator is told' ELSE format('from "
    "%s, %s since %s+08:00', coalesce(host(a.client_addr), 'this host'), a.state, "
    "to_char(a.xact_start AT TIME ZONE 'Asia/Shanghai', 'YYYY-MM-DD HH24:MI:SS')) END, CASE WHEN "
    "NOT h.granted THEN ', which waits for pid ' || array_to_string(pg_blocking_pids(h.pid), ', ') "
    "END) FROM held AS h JOIN pg_stat_activity AS a USING (pid) ORDER BY h.granted DESC, "
    "a.xact_start, h.pid LIMIT 3";

bool lock_holders_is(const struct error *error)
{
    return error->kind != ERROR_NONE && error->code == (int)strtol(LOCK_NOT_AVAILABLE, NULL, 36);
}

static void add_rows(struct strbuf *out, const PGresult *result)
{
    for (int i = 0; i < PQntuples(result); i++)
        strbuf_addf(out, "%s\n", PQgetvalue(result, i, 0));
    if (PQntuples(result) == 0)
        strbuf_addf(out, "whoever held it is gone by now: ask again\n");
}

void lock_holders_add(struct strbuf *out, const char *conninfo, bool writes)
{
    const char *values[] = {
        writes ? "{AccessExclusiveLock,ExclusiveLock,ShareRowExclusiveLock,ShareLock}"
               : "{AccessExclusiveLock}"};
    struct error error = {0};
    struct postgres_connection *connection =
        postgres_connection_new(conninfo, "citybrain locks", session);
    bool good = postgres_connection_open(connection, &error);
    if (good) {
        PGresult *result = PQexecParams(postgres_connection_handle(connection), holders_sql, 1,
                                        NULL, values, NULL, NULL, 0);
        good = PQresultStatus(result) == PGRES_TUPLES_OK ||
               postgres_connection_fail(connection, result, &error);
        if (good)
            add_rows(out, result);
        PQclear(result);
    }
    if (!good)
        strbuf_addf(out, "who holds it is not known: %s\n", error.text);
    strbuf_addf(out, "fix: " PAGE ", at `lock timeout`: whether it may be ended, and how\n");
    postgres_connection_free(connection);
}
