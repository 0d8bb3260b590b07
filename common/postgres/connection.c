/* SPDX-License-Identifier: Apache-2.0 */
/* A connection that forgets everything when it breaks: prepared statements, open transaction and
 * all. Whoever uses it keeps what it needs to begin anew. Nothing here retries by itself and
 * nothing waits longer than connect_timeout and the session's own timeouts. */
#include "postgres/connection.h"

#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "base/memory.h"

#define MAX_PREPARED 256

struct postgres_connection {
    const char *conninfo, *application, *setup; /* borrowed */
    PGconn *pg;
    char *prepared[MAX_PREPARED]; /* owned names */
    size_t prepared_count;
};

struct postgres_connection *postgres_connection_new(const char *conninfo, const char *application,
                                                    const char *setup)
{
    struct postgres_connection *connection = xcalloc(1, sizeof *connection);
    connection->conninfo = conninfo;
    connection->application = application;
    connection->setup = setup;
    return connection;
}

void postgres_connection_close(struct postgres_connection *connection)
{
    if (connection->pg)
        PQfinish(connection->pg);
    connection->pg = NULL;
    for (size_t i = 0; i < connection->prepared_count; i++)
        free(connection->prepared[i]);
    connection->prepared_count = 0;
}

void postgres_connection_free(struct postgres_connection *connection)
{
    if (!connection)
        return;
    postgres_connection_close(connection);
    free(connection);
}

bool postgres_connection_is_open(const struct postgres_connection *connection)
{
    return connection->pg != NULL;
}

PGconn *postgres_connection_handle(const struct postgres_connection *connection)
{
    return connection->pg;
}

/* Only what no waiting mends is not worth another try: a wrong statement, a missing right. */
static enum error_kind kind_of(const char *sqlstate)
{
    /* 55000: what was a table is a view, of a newer program. */
    static const char *const hopeless[] = {"42", "22", "23", "3D", "3F", "0A", "28", "55000"};
    for (size_t i = 0; sqlstate && i < ARRAY_LENGTH(hopeless); i++)
        if (strncmp(sqlstate, hopeless[i], strlen(hopeless[i])) == 0)
            return ERROR_FATAL;
    return ERROR_RETRY;
}

bool postgres_connection_fail(struct postgres_connection *connection, const PGresult *result,
                              struct error *error)
{
    const char *state = result ? PQresultErrorField(result, PG_DIAG_SQLSTATE) : NULL;
    const char *text = result ? PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY) : NULL;
    if (!text)
        text = connection->pg ? PQerrorMessage(connection->pg) : "not connected";
    int len = (int)strcspn(text, "\n");
    int code = state ? (int)strtol(state, NULL, 36) : 0;
    error_set(error, kind_of(state), code, "PostgreSQL: %.*s%s%s", len, text, state ? " " : "",
              state ? state : "");
    postgres_connection_close(connection);
    return false;
}

/* Its own words have a number; those of a connection that failed have none, also where a server
 * answered and did not let it in. */
const char *postgres_connection_fix(const struct error *error)
{
    if (error->kind != ERROR_RETRY || error->code != 0 ||
        strncmp(error->text, "PostgreSQL: ", 12) != 0)
        return "";
    static const char *const refusals[] = {"authentication failed", "does not exist", "no pg_hba",
                                           "permission denied"};
    for (size_t i = 0; i < ARRAY_LENGTH(refusals); i++)
        if (strstr(error->text, "FATAL:") && strstr(error->text, refusals[i]))
            return "; fix: name a login and a database that it takes by ";
    return strstr(error->text, "FATAL:") ? "" : "; fix: start it, or name another by ";
}

bool postgres_connection_run(struct postgres_connection *connection, const char *sql,
                             struct error *error)
{
    if (!connection->pg)
        return postgres_connection_fail(connection, NULL, error);
    PGresult *result = PQexec(connection->pg, sql);
    ExecStatusType status = PQresultStatus(result);
    bool good = status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
    if (!good)
        postgres_connection_fail(connection, result, error);
    PQclear(result);
    return good;
}

static bool check_conninfo(const char *conninfo, struct error *error)
{
    char *why = NULL;
    PQconninfoOption *options = PQconninfoParse(conninfo, &why);
    if (options) {
        PQconninfoFree(options);
        return true;
    }
    error_set(error, ERROR_CONFIG, 0, "PostgreSQL conninfo: %.*s",
              why ? (int)strcspn(why, "\n") : 0, why ? why : "");
    PQfreemem(why);
    return false;
}

bool postgres_connection_open(struct postgres_connection *connection, struct error *error)
{
    static const char *const names[] = {"dbname",          "application_name", "connect_timeout",
                                        "client_encoding", "tcp_user_timeout", NULL};
    if (connection->pg)
        return true;
    if (!check_conninfo(connection->conninfo, error))
        return false;
    /* The first "dbname" is expanded as a conninfo; what stands behind it wins. */
    const char *values[] = {
        connection->conninfo, connection->application, "5", "UTF8", "15000", NULL};
    connection->pg = PQconnectdbParams(names, values, 1);
    if (PQstatus(connection->pg) != CONNECTION_OK) {
        postgres_connection_fail(connection, NULL, error);
        return false;
    }
    return !connection->setup || postgres_connection_run(connection, connection->setup, error);
}

bool postgres_connection_prepare_once(struct postgres_connection *connection, const char *name)
{
    for (size_t i = 0; i < connection->prepared_count; i++)
        if (strcmp(connection->prepared[i], name) == 0)
            return false;
    if (connection->prepared_count == MAX_PREPARED)
        abort(); /* names are constants or come from views: a bug */
    connection->prepared[connection->prepared_count++] = xstrdup(name);
    return true;
}
