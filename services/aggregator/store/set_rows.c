/* SPDX-License-Identifier: Apache-2.0 */
/* A flush sends what the portion before changed and asks for the next one's sets; each is folded
 * where it lies in the answer, and what comes of it goes into the arrays, that were sent by then.
 * Nothing else is kept of it. */
#include "aggregator/store/set_rows.h"

#include <stdlib.h>

#include "aggregator/store/case_now_sql.h"
#include "aggregator/store/upsert.h"
#include "base/memory.h"

#define PORTION 1000 /* cases */

struct set_rows {
    const char *remedy;
    struct upsert asked, sets, now;
    struct batch *batch; /* while it is written */
    struct batch_sink sink;
    size_t from, to; /* the portion */
};

struct set_rows *set_rows_new(const char *schema, const char *remedy)
{
    struct set_rows *rows = xcalloc(1, sizeof *rows);
    rows->remedy = remedy;
    upsert_init(&rows->asked, schema, "ask", "t");
    strbuf_addf(&rows->asked.sql,
                "SELECT s.case_id, s.lines FROM unnest($1::text[]) AS u(id) JOIN %s.case_set AS s "
                "ON s.case_id = u.id",
                schema);
    upsert_init(&rows->sets, schema, "sets", "tttt");
    strbuf_addf(&rows->sets.sql,
                "INSERT INTO %s.case_set (case_id, kind, lines, unit) SELECT * FROM "
                "unnest($1::text[], $2::text[], $3::text[], $4::text[]) ON CONFLICT (case_id) DO "
                "UPDATE SET lines = excluded.lines, unit = excluded.unit",
                schema);
    upsert_init(&rows->now, schema, "now", case_now_sql_types);
    case_now_sql_upsert(&rows->now.sql, schema);
    return rows;
}

void set_rows_free(struct set_rows *rows)
{
    if (!rows)
        return;
    upsert_fini(&rows->asked);
    upsert_fini(&rows->sets);
    upsert_fini(&rows->now);
    free(rows);
}

static void add_changed(void *context, const struct batch_case *changed)
{
    struct set_rows *rows = context;
    array_binary_add(&rows->sets.arrays[0], changed->id);
    array_binary_add(&rows->sets.arrays[1], changed->kind);
    array_binary_add(&rows->sets.arrays[2], changed->lines);
    array_binary_add(&rows->sets.arrays[3], changed->unit);
    case_now_sql_fill(rows->now.arrays, changed);
}

static bool fold(struct set_rows *rows, size_t index, struct span old, struct error *error)
{
    struct span id = batch_case_id(rows->batch, index);
    return batch_fold(rows->batch, index, old, &rows->sink) ||
           error_set(error, ERROR_CONFIG, 0, "the stored set of case %.*s cannot be read; %s",
                     SPAN_ARG(id), rows->remedy);
}

static struct span cell(const PGresult *result, int row, int column)
{
    return span_from(PQgetvalue(result, row, column), (size_t)PQgetlength(result, row, column));
}

static void forget_changed(struct set_rows *rows)
{
    upsert_reset(&rows->sets);
    upsert_reset(&rows->now);
}

static bool on_old_sets(void *context, const PGresult *result, struct error *error)
{
    struct set_rows *rows = context;
    bool good = true;
    forget_changed(rows); /* a flush sends everything before it reads an answer */
    for (int i = 0; good && i < PQntuples(result); i++) {
        size_t index = batch_find(rows->batch, cell(result, i, 0));
        if (index < rows->from || index >= rows->to)
            return error_set(error, ERROR_FATAL, 0, "a case was answered that was not asked for");
        good = fold(rows, index, cell(result, i, 1), error);
    }
    for (size_t i = rows->from; good && i < rows->to; i++)
        good = batch_is_folded(rows->batch, i) || fold(rows, i, SPAN_NONE, error);
    return good;
}

static void ask(struct set_rows *rows, struct postgres_transaction *transaction)
{
    size_t count = batch_case_count(rows->batch);
    rows->to = count - rows->from < PORTION ? count : rows->from + PORTION;
    upsert_reset(&rows->asked);
    for (size_t i = rows->from; i < rows->to; i++)
        array_binary_add(&rows->asked.arrays[0], batch_case_id(rows->batch, i));
    upsert_queue(&rows->asked, transaction, on_old_sets, rows);
}

bool set_rows_write(struct set_rows *rows, struct batch *batch, struct delta *delta,
                    struct postgres_transaction *transaction, struct error *error)
{
    rows->batch = batch;
    rows->sink = (struct batch_sink){delta, add_changed, rows};
    rows->from = 0;
    forget_changed(rows);
    do {
        ask(rows, transaction);
        if (!postgres_transaction_flush(transaction, error))
            return false;
        upsert_queue(&rows->sets, transaction, NULL, NULL);
        upsert_queue(&rows->now, transaction, NULL, NULL);
        rows->from = rows->to;
    } while (rows->from < batch_case_count(batch));
    return true;
}
