/* SPDX-License-Identifier: Apache-2.0 */
/* What people read of a view in SQL. Cells are never deleted: one whose cases all moved away holds
 * zeros and is no row. */
#include "aggregator/store/view_columns.h"
#include "aggregator/store/view_source.h"
#include "aggregator/store/view_sql.h"

static const char day[] = "c.day";

static struct view_source source_of(const struct view *view, enum view_bucket bucket, bool net)
{
    struct view_source source = {
        .view = view, .bucket = bucket, .hours = bucket == BUCKET_HOUR, .net = net};
    for (size_t i = 0; i < view->group_count; i++)
        source.groups[i] = true;
    return source;
}

static void add_rows(struct strbuf *out, const struct view_source *source)
{
    const struct view_columns columns = {source->view, day, day, source->net};
    view_source_add_groups(out, source, ", c.");
    view_columns_measures(out, &columns);
    strbuf_add(out, SPAN(" FROM "));
    view_source_add(out, source);
    view_source_add_quantiles(out, source);
    strbuf_add(out, SPAN(" WHERE "));
    view_columns_nonzero(out, source->view, "c.");
}

static void add_first_bucket(struct strbuf *out, const struct view *view)
{
    const struct view_source source = source_of(view, view->buckets[0], false);
    strbuf_addf(out, "SELECT c.day%s", source.hours ? ", c.hour" : "");
    add_rows(out, &source);
}

/* One branch a bucket and scope: a question that names them reads no other. */
static void add_periods(struct strbuf *out, const struct view *view)
{
    const char *between = "";
    strbuf_addf(out, "CREATE VIEW api.%s_periods AS ", view->name);
    for (size_t i = 0; i < view->bucket_count; i++)
        for (int net = 0; net < 2; net++) {
            const struct view_source source = source_of(view, view->buckets[i], net);
            strbuf_addf(out, "%sSELECT '%s'::text AS bucket, c.day, %s AS hour", between,
                        view_bucket_names[source.bucket],
                        source.hours ? "c.hour" : "NULL::integer");
            add_rows(out, &source);
            between = " UNION ALL ";
        }
    strbuf_addf(out, ";\nSELECT core.show('api.%s_periods');\n", view->name);
}

/* A unit without data is in no mean; n says how many had some. */
static void add_means(struct strbuf *out, const struct view *view)
{
    if (view_group_index(view, FACT_UNIT) < 0 || !view->has_rates)
        return;
    strbuf_addf(out, "CREATE VIEW api.%s_mean AS SELECT t.bucket, t.day, t.hour", view->name);
    view_columns_means(out, view, false);
    view_columns_mean_rest(out, view);
    strbuf_add(out, SPAN(" FROM ("));
    const char *between = "";
    for (size_t i = 0; i < view->bucket_count; i++)
        for (int net = 0; net < 2; net++) {
            struct view_source source = source_of(view, view->buckets[i], net);
            const struct view_columns columns = {view, day, day, source.net};
            for (size_t g = 0; g < view->group_count; g++)
                source.groups[g] = view->groups[g] == FACT_UNIT;
            strbuf_addf(out, "%sSELECT '%s'::text AS bucket, c.day, %s AS hour, c.unit", between,
                        view_bucket_names[source.bucket],
                        source.hours ? "c.hour" : "NULL::integer");
            view_columns_measures(out, &columns);
            strbuf_add(out, SPAN(" FROM "));
            view_source_add(out, &source);
            view_source_add_quantiles(out, &source);
            between = " UNION ALL ";
        }
    strbuf_addf(out,
                ") AS t WHERE t.unit <> '' GROUP BY t.bucket, t.day, t.hour, t.scope, t.formula;\n"
                "SELECT core.show('api.%s_mean');\n",
                view->name);
}

static void add_bins(struct strbuf *out, const struct view *view)
{
    const struct view_source source = source_of(view, view->buckets[0], false);
    if (!view->has_durations)
        return;
    strbuf_addf(out, "CREATE VIEW api.%s_bins AS SELECT h.day%s", view->name,
                source.hours ? ", h.hour" : "");
    view_columns_groups(out, view, ", h.", "");
    strbuf_add(out, SPAN(", m.name AS measure, h.bin, h.n FROM (SELECT "));
    view_bucket_sql(out, view->buckets[0], view->grain);
    strbuf_addf(out, " AS day%s", source.hours ? ", bucket::integer AS hour" : "");
    view_columns_groups(out, view, ", ", "");
    strbuf_addf(out,
                ", measure, bin::integer AS bin, sum(n)::bigint AS n FROM core.hist_%s GROUP BY 1",
                view->name);
    for (size_t i = 2; i <= view->group_count + 3 + source.hours; i++)
        strbuf_addf(out, ", %zu", i);
    strbuf_add(out, SPAN(") AS h JOIN (VALUES "));
    const char *comma = "";
    for (size_t i = 0; i < view->measure_count; i++) {
        if (view->measures[i].type != VIEW_DURATION)
            continue;
        strbuf_addf(out, "%s(%zu, '%s'::text)", comma, i, view->measures[i].name);
        comma = ", ";
    }
    strbuf_addf(out,
                ") AS m(number, name) ON m.number = h.measure WHERE h.n <> 0;\n"
                "SELECT core.show('api.%s_bins');\n",
                view->name);
}

/* Everybody may read it: it acts for who may read all, and shows nothing small. */
static void add_open(struct strbuf *out, const struct view *view)
{
    strbuf_addf(out, "CREATE VIEW open.%s AS SELECT t.day%s", view->name,
                view->buckets[0] == BUCKET_HOUR ? ", t.hour" : "");
    view_columns_groups(out, view, ", t.", "");
    view_columns_open(out, view);
    strbuf_add(out, SPAN(" FROM ("));
    add_first_bucket(out, view);
    strbuf_addf(out, ") AS t;\nSELECT core.publish('open.%s');\n", view->name);
}

void view_sql_views(struct strbuf *out, const struct view *view)
{
    strbuf_addf(out, "CREATE VIEW api.%s AS ", view->name);
    add_first_bucket(out, view);
    strbuf_addf(out, ";\nSELECT core.show('api.%s');\n", view->name);
    add_periods(out, view);
    add_means(out, view);
    add_bins(out, view);
    add_open(out, view);
}

void view_sql_drop_views(struct strbuf *out, const char *name)
{
    strbuf_addf(out,
                "DROP VIEW IF EXISTS open.%s, api.%s_mean, api.%s_periods, api.%s_bins, api.%s;\n",
                name, name, name, name, name);
}
