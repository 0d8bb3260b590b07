/* SPDX-License-Identifier: Apache-2.0 */
/* The columns are those of case_now.h in its order, behind the case's id, kind and place in the
 * log, with `live` as the last. */
#include "aggregator/store/case_now_sql.h"

#include <assert.h>

#include "base/base.h"
#include "base/timestamp.h"

static const char *const columns[] = {"case_id", "kind", "part", "log_offset",
#define CASE_NOW_COLUMN(name) #name,
                                      CASE_NOW_TEXTS(CASE_NOW_COLUMN)
#undef CASE_NOW_COLUMN
#define CASE_NOW_COLUMN(name) #name "_ms",
                                          CASE_NOW_TIMES(CASE_NOW_COLUMN)
#undef CASE_NOW_COLUMN
#define CASE_NOW_COLUMN(name) #name,
                                              CASE_NOW_COUNTS(CASE_NOW_COLUMN)
#undef CASE_NOW_COLUMN
                                                  "live"};

enum { FIRST_FACT = 4 };

const char case_now_sql_types[] = "ttni"
#define CASE_NOW_LETTER(name) "t"
    CASE_NOW_TEXTS(CASE_NOW_LETTER)
#undef CASE_NOW_LETTER
#define CASE_NOW_LETTER(name) "i"
        CASE_NOW_TIMES(CASE_NOW_LETTER)
#undef CASE_NOW_LETTER
#define CASE_NOW_LETTER(name) "n"
            CASE_NOW_COUNTS(CASE_NOW_LETTER)
#undef CASE_NOW_LETTER
                "b";
static_assert(sizeof case_now_sql_types == ARRAY_LENGTH(columns) + 1, "one array a column");

static const char *type_of(size_t column)
{
    switch ((enum array_type)case_now_sql_types[column]) {
    case ARRAY_TEXT: return "text";
    case ARRAY_BIGINT: return "bigint";
    case ARRAY_INTEGER: return "integer";
    case ARRAY_BOOLEAN: return "boolean";
    case ARRAY_DATE:
    case ARRAY_JSON: break; /* none of the row */
    }
    return "";
}

static void add_value(struct strbuf *out, const char *column)
{
    struct span name = span_of(column);
    if (span_is(name, "units"))
        strbuf_add(out, SPAN("string_to_array(u.units, ',')"));
    else if (span_is(name, "reopened_at") || span_is(name, "upheld_at"))
        strbuf_addf(out, "string_to_array(u.%s, ',')::bigint[]", column);
    else
        strbuf_addf(out, "u.%s%s", column, span_is(name, "helpers") ? "::jsonb" : "");
}

static void add_names(struct strbuf *out)
{
    for (size_t i = 0; i < ARRAY_LENGTH(columns); i++)
        strbuf_addf(out, "%s%s", i ? ", " : "", columns[i]);
}

void case_now_sql_upsert(struct strbuf *out, const char *schema)
{
    strbuf_addf(out, "INSERT INTO %s.case_now AS n (", schema);
    add_names(out);
    strbuf_add(out, SPAN(") SELECT "));
    for (size_t i = 0; i < ARRAY_LENGTH(columns); i++) {
        strbuf_add(out, i ? SPAN(", ") : SPAN(""));
        add_value(out, columns[i]);
    }
    strbuf_add(out, SPAN(" FROM unnest("));
    for (size_t i = 0; i < ARRAY_LENGTH(columns); i++)
        strbuf_addf(out, "%s$%zu::%s[]", i ? ", " : "", i + 1, type_of(i));
    strbuf_add(out, SPAN(") AS u("));
    add_names(out);
    strbuf_add(out, SPAN(") ON CONFLICT (case_id) DO UPDATE SET kind = excluded.kind"));
    for (size_t i = 2; i < ARRAY_LENGTH(columns); i++)
        strbuf_addf(out, ", %s = excluded.%s", columns[i], columns[i]);
}

static void add_columns(struct strbuf *out, const char *of)
{
    for (size_t i = FIRST_FACT; i < ARRAY_LENGTH(columns); i++)
        strbuf_addf(out, ", %s.%s", of, columns[i]);
}

/* Whoever reads on from where he was finds what is changed here: it gets the next places of its
 * partition, and what is read from the log later the ones behind (sql/0030). */
static void add_places(struct strbuf *out, const char *schema)
{
    strbuf_addf(out,
                "DELETE FROM %s.placed;\nINSERT INTO %s.placed SELECT a.case_id, a.part, "
                "row_number() OVER (PARTITION BY a.part ORDER BY a.log_offset, a.case_id) FROM "
                "%s.case_now AS a LEFT JOIN core.case_now AS n USING (case_id) WHERE n.case_id IS "
                "NULL OR ROW(n.kind",
                schema, schema, schema);
    add_columns(out, "n");
    strbuf_add(out, SPAN(") IS DISTINCT FROM ROW(a.kind"));
    add_columns(out, "a");
    strbuf_add(out, SPAN(");\n"));
}

static void add_rows(struct strbuf *out, const char *schema)
{
    strbuf_add(out, SPAN(" SELECT a.case_id, a.kind, a.part, o.base + greatest(o.next_offset, 0) + "
                         "p.nth - 1"));
    add_columns(out, "a");
    strbuf_addf(out,
                " FROM %s.placed AS p JOIN %s.case_now AS a USING (case_id) JOIN core.kafka_offset "
                "AS o ON o.part = p.part AND o.topic = (SELECT topic FROM %s.state)",
                schema, schema, schema);
}

void case_now_sql_replace(struct strbuf *out, const char *schema)
{
    add_places(out, schema);
    strbuf_add(out, SPAN("INSERT INTO core.case_now ("));
    add_names(out);
    strbuf_add(out, SPAN(")"));
    add_rows(out, schema);
    strbuf_add(out, SPAN(" ON CONFLICT (case_id) DO UPDATE SET kind = excluded.kind"));
    for (size_t i = 2; i < ARRAY_LENGTH(columns); i++)
        strbuf_addf(out, ", %s = excluded.%s", columns[i], columns[i]);
    strbuf_addf(out,
                ";\nUPDATE core.kafka_offset AS o SET base = o.base + p.count FROM (SELECT part, "
                "count(*) FROM %s.placed GROUP BY part) AS p WHERE p.part = o.part AND o.topic = "
                "(SELECT topic FROM %s.state);\n",
                schema, schema);
    /* What a finding speaks of is no fold of its case (firing_sql.c). */
    strbuf_add(out, SPAN("UPDATE core.case_now AS n SET subject = core.subject(f.data) FROM "
                         "core.firing AS f WHERE f.case_id = n.case_id AND n.subject IS DISTINCT "
                         "FROM core.subject(f.data);\n"));
}

static void add_time(struct array_binary *array, int64_t ms)
{
    if (ms == TIMESTAMP_NONE)
        array_binary_add_null(array);
    else
        array_binary_add_int(array, ms);
}

void case_now_sql_fill(struct array_binary *arrays, const struct batch_case *changed)
{
    const struct case_now *now = &changed->now;
    size_t at = 0;
    array_binary_add(&arrays[at++], changed->id);
    array_binary_add(&arrays[at++], changed->kind);
    array_binary_add_int(&arrays[at++], changed->partition);
    array_binary_add_int(&arrays[at++], changed->place);
#define CASE_NOW_ADD(name) array_binary_add(&arrays[at++], now->name);
    CASE_NOW_TEXTS(CASE_NOW_ADD)
#undef CASE_NOW_ADD
#define CASE_NOW_ADD(name) add_time(&arrays[at++], now->name##_ms);
    CASE_NOW_TIMES(CASE_NOW_ADD)
#undef CASE_NOW_ADD
#define CASE_NOW_ADD(name) array_binary_add_int(&arrays[at++], now->name);
    CASE_NOW_COUNTS(CASE_NOW_ADD)
#undef CASE_NOW_ADD
    array_binary_add_bool(&arrays[at++], now->live);
}
