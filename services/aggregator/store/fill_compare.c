/* SPDX-License-Identifier: Apache-2.0 */
#include "aggregator/store/fill_compare.h"

#include <assert.h>
#include <stdio.h>

/* What is a number is a sum, all else of a row its key; bins are compared as hist_NAME shows them.
 */
const char fill_compare_columns[] =
    "SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) FILTER (WHERE atttypid <> "
    "'bigint'::regtype AND attname <> 'shard'), string_agg(format('sum(%1$I)::bigint AS %1$I', "
    "attname), ', ' ORDER BY attnum) FILTER (WHERE atttypid = 'bigint'::regtype), "
    "string_agg(format('sum(%I) <> 0', attname), ' OR ' ORDER BY attnum) FILTER (WHERE atttypid = "
    "'bigint'::regtype) FROM pg_attribute WHERE attrelid = ('fill.' || $1)::regclass AND attnum > "
    "0 AND NOT attisdropped AND attname <> 'bins'";

static void add(struct fill_compare *compare, const char *prefix, const char *view)
{
    assert(compare->count < FILL_COMPARE_TABLES);
    struct fill_table *table = &compare->tables[compare->count++];
    *table = (struct fill_table){0};
    snprintf(table->name, sizeof table->name, "%s_%s", prefix, view);
}

void fill_compare_init(struct fill_compare *compare, const struct views *views, const bool *wanted)
{
    compare->count = 0;
    for (size_t i = 0; i < views_count(views); i++) {
        const struct view *view = views_at(views, i);
        if (!wanted[i])
            continue;
        add(compare, "cell", view->name);
        if (view->has_durations)
            add(compare, "hist", view->name);
    }
}

void fill_compare_sql(struct strbuf *out, const char *table, const char *keys, const char *sums,
                      const char *held)
{
    static const char *const sides[] = {"core", "fill"};
    for (int i = 0; i < 2; i++)
        strbuf_addf(out, "%s%s AS MATERIALIZED (SELECT %s, %s FROM %s.%s GROUP BY %s HAVING %s)",
                    i ? ", " : "WITH ", i ? "there" : "here", keys, sums, sides[i], table, keys,
                    held);
    strbuf_addf(out,
                " SELECT (SELECT count(*) FROM there), (SELECT count(*) FROM (SELECT DISTINCT %s "
                "FROM ((TABLE here EXCEPT TABLE there) UNION ALL (TABLE there EXCEPT TABLE here)) "
                "AS d) AS apart)",
                keys);
}

int64_t fill_compare_differing(const struct fill_compare *compare)
{
    int64_t differing = 0;
    for (size_t i = 0; i < compare->count; i++)
        differing += compare->tables[i].differing;
    return differing;
}
