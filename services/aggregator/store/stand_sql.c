/* SPDX-License-Identifier: Apache-2.0 */
/* Nobody waits: a writer that began before `wanted` was there is not stopped, the stand stays where
 * it is until he has ended. */
#include "aggregator/store/stand_sql.h"

#include <stdlib.h>

/* Yesterday and today are read cell by cell: what is told late is mostly of these. */
const char stand_sql_want[] =
    "INSERT INTO core.standing AS s (view, wanted) SELECT v.name, n.day FROM core.view AS v CROSS "
    "JOIN (SELECT (core.civil_now())::date - 1 AS day) AS n WHERE v.is_stock AND n.day IS NOT NULL "
    "ON CONFLICT (view) DO UPDATE SET wanted = excluded.wanted, since = NULL WHERE s.wanted < "
    "excluded.wanted";

/* Its own id is greater than that of whoever may not have seen `wanted`: who writes has his before
 * he looks. One from the future is of another server, whose data was brought here. */
const char stand_sql_ask[] =
    "UPDATE core.standing SET since = pg_current_xact_id() WHERE since IS NULL OR since >= "
    "pg_snapshot_xmax(pg_current_snapshot())";

const char stand_sql_settle[] = "SELECT count(*) FILTER (WHERE core.settle_stand(name)) FROM "
                                "core.view WHERE is_stock";

const char stand_sql_behind[] =
    "SELECT count(*) FROM core.view AS v LEFT JOIN core.standing AS s ON s.view = v.name CROSS "
    "JOIN "
    "(SELECT (core.civil_now())::date - 1 AS day) AS n WHERE v.is_stock AND n.day IS NOT NULL AND "
    "(s.until IS NULL OR s.until < n.day)";

/* Who swaps cells takes 20120348 alone (fill.c): a snapshot from before would see half of them. */
static const char be_alone[] =
    "SELECT pg_try_advisory_lock(20120349) AND pg_try_advisory_lock_shared(20120348)";
static const char be_done[] = "SELECT pg_advisory_unlock_all()";

/* The first value; NULL with *error. The caller clears it. */
static PGresult *ask(struct postgres_connection *connection, const char *sql, struct error *error)
{
    PGresult *result = PQexec(postgres_connection_handle(connection), sql);
    if (PQresultStatus(result) == PGRES_TUPLES_OK && PQntuples(result) == 1)
        return result;
    postgres_connection_fail(connection, result, error);
    PQclear(result);
    return NULL;
}

static bool count(struct postgres_connection *connection, const char *sql, int *number,
                  struct error *error)
{
    PGresult *result = ask(connection, sql, error);
    if (!result)
        return false;
    *number = (int)strtol(PQgetvalue(result, 0, 0), NULL, 10);
    PQclear(result);
    return true;
}

static bool settle(struct postgres_connection *connection, int *settled, struct error *error)
{
    return postgres_connection_run(connection, "BEGIN ISOLATION LEVEL REPEATABLE READ", error) &&
           count(connection, stand_sql_settle, settled, error) &&
           postgres_connection_run(connection, "COMMIT", error);
}

bool stand_sql_step(struct postgres_connection *connection, int *settled, int *behind,
                    struct error *error)
{
    *settled = 0;
    if (!count(connection, stand_sql_behind, behind, error))
        return false;
    PGresult *result = ask(connection, be_alone, error);
    if (!result)
        return false;
    bool alone = PQgetvalue(result, 0, 0)[0] == 't';
    PQclear(result);
    if (alone && (!postgres_connection_run(connection, stand_sql_want, error) ||
                  !postgres_connection_run(connection, stand_sql_ask, error) ||
                  !settle(connection, settled, error)))
        return false;
    PQclear(result = ask(connection, be_done, error));
    return result != NULL;
}
