/* SPDX-License-Identifier: Apache-2.0 */
/* Days are made before the batch's transaction and may be gone by then, where retention took them:
 * the batch is then refused as a whole, and written again over days that were asked for anew. */
#include "aggregator/store/observations_sql.h"

#include <stdlib.h>

#include "aggregator/store/upsert.h"
#include "base/memory.h"

#define KNOWN_DAYS   512
#define DAYS_AT_ONCE 16
#define NO_PARTITION "23514"

struct observations_sql {
    struct upsert rows, days;
    int64_t known[KNOWN_DAYS]; /* a ring */
    size_t known_count;
};

static const char rows_sql[] =
    "INSERT INTO core.observation AS o (day, id, kind, feed, subject, unit, revision, data, "
    "time_ms, "
    "recorded_ms, live) SELECT * FROM unnest($1::date[], $2::text[], $3::text[], $4::text[], "
    "$5::text[], $6::text[], $7::text[], $8::json[], $9::bigint[], $10::bigint[], $11::boolean[]) "
    "ORDER BY 1, 2 ON CONFLICT (day, id) DO UPDATE SET "
    "kind = CASE WHEN excluded.revision > o.revision THEN excluded.kind ELSE o.kind END, "
    "feed = CASE WHEN excluded.revision > o.revision THEN excluded.feed ELSE o.feed END, "
    "subject = CASE WHEN excluded.revision > o.revision THEN excluded.subject ELSE o.subject END, "
    "unit = CASE WHEN excluded.revision > o.revision THEN excluded.unit ELSE o.unit END, "
    "data = CASE WHEN excluded.revision > o.revision THEN excluded.data ELSE o.data END, "
    "time_ms = CASE WHEN excluded.revision > o.revision THEN excluded.time_ms ELSE o.time_ms END, "
    "revision = greatest(excluded.revision, o.revision), "
    "recorded_ms = least(excluded.recorded_ms, o.recorded_ms), live = excluded.live OR o.live "
    "WHERE excluded.revision > o.revision OR excluded.recorded_ms < o.recorded_ms OR "
    "(excluded.live "
    "AND NOT o.live)";

const char observations_sql_retain[] = "SELECT core.forget_observations($1::integer)";

struct observations_sql *observations_sql_new(void)
{
    struct observations_sql *sql = xcalloc(1, sizeof *sql);
    upsert_init(&sql->days, "core", "observation_days", "d");
    strbuf_add(&sql->days.sql, SPAN("SELECT core.make_observation_days($1::date[])"));
    upsert_init(&sql->rows, "core", "observations", "dttttttjiib");
    strbuf_add(&sql->rows.sql, span_of(rows_sql));
    return sql;
}

void observations_sql_free(struct observations_sql *sql)
{
    if (!sql)
        return;
    upsert_fini(&sql->days);
    upsert_fini(&sql->rows);
    free(sql);
}

void observations_sql_forget(struct observations_sql *sql)
{
    sql->known_count = 0;
}

static bool is_known(struct observations_sql *sql, int64_t day)
{
    size_t count = sql->known_count < KNOWN_DAYS ? sql->known_count : KNOWN_DAYS;
    for (size_t i = 0; i < count; i++)
        if (sql->known[i] == day)
            return true;
    sql->known[sql->known_count++ % KNOWN_DAYS] = day;
    return false;
}

static void add_row(struct observations_sql *sql, const struct observation_row *row)
{
    struct array_binary *at = sql->rows.arrays;
    const struct span texts[] = {row->id,   row->kind,     row->feed, row->subject,
                                 row->unit, row->revision, row->data};
    array_binary_add_date(&at[0], row->day);
    for (size_t i = 0; i < ARRAY_LENGTH(texts); i++)
        array_binary_add(&at[1 + i], texts[i]);
    array_binary_add_int(&at[8], row->time_ms);
    array_binary_add_int(&at[9], row->recorded_ms);
    array_binary_add_bool(&at[10], row->live);
}

bool observations_sql_make_days(struct observations_sql *sql, const struct observation_rows *rows,
                                struct postgres_transaction *transaction, struct error *error)
{
    for (size_t at = 0; at < rows->day_count;) {
        upsert_reset(&sql->days);
        for (; at < rows->day_count && sql->days.arrays[0].count < DAYS_AT_ONCE; at++)
            if (!is_known(sql, rows->days[at]))
                array_binary_add_date(&sql->days.arrays[0], rows->days[at]);
        if (sql->days.arrays[0].count == 0)
            continue;
        postgres_transaction_begin(transaction);
        upsert_queue(&sql->days, transaction, NULL, NULL);
        if (!postgres_transaction_commit(transaction, error)) {
            observations_sql_forget(sql);
            return false;
        }
    }
    return true;
}

void observations_sql_queue(struct observations_sql *sql, const struct observation_rows *rows,
                            struct postgres_transaction *transaction)
{
    upsert_reset(&sql->rows);
    for (const struct observation_row *row = rows->first; row; row = row->next)
        add_row(sql, row);
    upsert_queue(&sql->rows, transaction, NULL, NULL);
}

bool observations_sql_lacks_day(const struct error *error)
{
    return error->code == (int)strtol(NO_PARTITION, NULL, 36);
}
