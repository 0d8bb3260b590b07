/* SPDX-License-Identifier: Apache-2.0 */
/* Asks for what is missing first: a start at which nothing is needs no right to make roles. */
#include "aggregator/store/roles.h"

#include <stdio.h>

#include "aggregator/store/sql_file.h"
#include "base/strbuf.h"

#define MAX_UNITS_BYTES 65536

/* $1: the units' codes, separated by commas. */
static const char missing_sql[] =
    "SELECT count(*) FROM (SELECT unnest(ARRAY['owner', 'agg_writer', 'audit_writer', 'dash', "
    "'dash_all', 'open_owner']) UNION SELECT 'dash_' || unit FROM string_to_table($1, ',') AS "
    "u(unit) WHERE unit "
    "<> '') AS r(name) WHERE CASE WHEN to_regrole(quote_ident(name)) IS NULL THEN true WHEN name = "
    "'owner' THEN NOT has_database_privilege('owner', current_database(), 'CREATE') ELSE false END";

/* "desk,s110105001"; a code that occurs twice (dated rows) does no harm. */
static void write_units(struct strbuf *out, const struct registry *units)
{
    const struct registry_row *row;
    for (size_t i = 0; units && (row = registry_at(units, i)); i++)
        strbuf_addf(out, "%s%.*s", i ? "," : "", SPAN_ARG(registry_cell(units, row, "code")));
}

/* One text of one row, of a question with the units as $1. */
static bool ask(struct postgres_connection *connection, const char *sql, const char *units,
                char *answer, size_t size, struct error *error)
{
    PGresult *result =
        PQexecParams(postgres_connection_handle(connection), sql, 1, NULL, &units, NULL, NULL, 0);
    bool good = PQresultStatus(result) == PGRES_TUPLES_OK && PQntuples(result) == 1;
    if (good)
        snprintf(answer, size, "%s", PQgetvalue(result, 0, 0));
    else
        postgres_connection_fail(connection, result, error);
    PQclear(result);
    return good;
}

static bool act_as_owner(struct postgres_connection *connection, const char *units,
                         struct error *error)
{
    char may[8];
    return ask(connection,
               "SELECT to_regrole('owner') IS NOT NULL AND pg_has_role('owner', 'MEMBER') AND "
               "$1::text IS NOT NULL",
               units, may, sizeof may, error) &&
           (may[0] != 't' || postgres_connection_run(connection, "SET LOCAL ROLE owner", error));
}

bool roles_apply(struct postgres_connection *connection, const char *sql_dir,
                 const struct registry *units, struct error *error)
{
    char missing[24], set[8];
    struct strbuf codes;
    strbuf_init(&codes, 2048, MAX_UNITS_BYTES);
    write_units(&codes, units);
    bool good = !strbuf_is_full(&codes) ||
                error_set(error, ERROR_CONFIG, 0, "units.csv: the codes are longer than %d bytes",
                          MAX_UNITS_BYTES);
    good = good && ask(connection, missing_sql, codes.at, missing, sizeof missing, error);
    if (good && missing[0] != '0')
        good = ask(connection, "SELECT set_config('citybrain.units', $1, true) IS NOT NULL",
                   codes.at, set, sizeof set, error) &&
               sql_file_run(connection, sql_dir, "roles.sql", error);
    good = good && act_as_owner(connection, codes.at, error);
    strbuf_fini(&codes);
    return good;
}
