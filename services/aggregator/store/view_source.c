/* SPDX-License-Identifier: Apache-2.0 */
/* A stock is kept as flows: what is entered and left. Here they are summed up over time, and each
 * level stands for every day until the next flow, up to the district's clock. What the flows of old
 * days come to stands beside them (sql/0019), and is one flow to whoever asks for later days. */
#include "aggregator/store/view_source.h"

#include "aggregator/store/view_columns.h"

static enum view_bucket bucket_of(const struct view_source *source)
{
    return source->bucket >= 0 ? (enum view_bucket)source->bucket : BUCKET_DAY;
}

static void add_day(struct strbuf *out, const struct view_source *source)
{
    view_bucket_sql(out, bucket_of(source), source->view->grain);
}

void view_source_add_groups(struct strbuf *out, const struct view_source *source,
                            const char *before)
{
    for (size_t i = 0; i < source->view->group_count; i++)
        if (source->groups[i])
            strbuf_addf(out, "%s%s", before, source->view->group_names[i]);
}

static void add_columns(struct strbuf *out, const struct view_source *source)
{
    strbuf_add(out, SPAN("SELECT true AS one, "));
    if (source->bucket >= 0)
        add_day(out, source);
    else
        strbuf_add(out, SPAN("NULL::date"));
    strbuf_add(out, SPAN(" AS day"));
    if (source->hours)
        strbuf_add(out, SPAN(", bucket::integer AS hour"));
    view_source_add_groups(out, source, ", ");
}

static void add_filters(struct strbuf *out, const struct view_source *source)
{
    int parameter = 3;
    for (size_t i = 0; i < source->view->group_count; i++)
        if (source->filtered[i])
            strbuf_addf(out, " AND %s = ANY (string_to_array($%d, ','))",
                        source->view->group_names[i], parameter++);
}

/* The cells' own days as well, which their key begins with: a longer period of a day is named by
 * its first, or by the day after. */
static void add_from(struct strbuf *out, const struct view_source *source)
{
    strbuf_add(out, SPAN(" AND ($1::date IS NULL OR day >= $1::date - 1 AND "));
    add_day(out, source);
    strbuf_add(out, SPAN(" >= $1::date)"));
}

static void add_to(struct strbuf *out, const struct view_source *source)
{
    strbuf_add(out, SPAN(" AND ($2::date IS NULL OR day <= $2::date + 31 AND "));
    add_day(out, source);
    strbuf_add(out, SPAN(" <= $2::date)"));
}

/* What is due on a later day has not been missed yet, and what of it is done would be all that is
 * told of that day. */
static void add_fallen_due(struct strbuf *out, const struct view_source *source)
{
    if (source->view->cohort == VIEW_DUE)
        strbuf_add(out, SPAN(" AND day <= (SELECT core.civil_now())::date"));
}

static void add_conditions(struct strbuf *out, const struct view_source *source)
{
    if (source->net)
        strbuf_add(out, SPAN(" AND NOT is_excluded"));
    add_filters(out, source);
    add_fallen_due(out, source);
    if (!source->ranged)
        return;
    add_from(out, source);
    add_to(out, source);
}

/* GROUP BY would take `day` for the cells' own column: places in the list instead. */
static void add_grouping_and(struct strbuf *out, const struct view_source *source, int more)
{
    int count = 2 + source->hours + more;
    for (size_t i = 0; i < source->view->group_count; i++)
        count += source->groups[i];
    strbuf_add(out, SPAN(" GROUP BY 1"));
    for (int place = 2; place <= count; place++)
        strbuf_addf(out, ", %d", place);
}

static void add_grouping(struct strbuf *out, const struct view_source *source)
{
    add_grouping_and(out, source, 0);
}

static void add_cells(struct strbuf *out, const struct view_source *source)
{
    add_columns(out, source);
    view_columns_each(out, source->view, ", sum(@) AS @");
    strbuf_addf(out, " FROM core.cell_%s WHERE ", source->view->name);
}

static void add_sums(struct strbuf *out, const struct view_source *source)
{
    strbuf_add_char(out, '(');
    add_cells(out, source);
    strbuf_add(out, SPAN("true"));
    add_conditions(out, source);
    add_grouping(out, source);
    strbuf_add(out, SPAN(") AS c"));
}

/* One row: the district's clock, and the first day that is not in the stand. There is none where a
 * bucket that begins before it is asked for, or where the clock is not that far yet. */
static void add_stand(struct strbuf *out, const struct view_source *source)
{
    strbuf_add(out, SPAN("WITH stand AS MATERIALIZED (SELECT core.civil_now() AS now"));
    if (source->ranged)
        strbuf_addf(out,
                    ", (SELECT s.until FROM core.standing AS s WHERE s.view = '%s' AND s.until <= "
                    "(core.civil_now())::date AND %s) AS until",
                    source->view->name,
                    source->bucket >= 0 ? "$1::date >= s.until"
                                        : "($2::date IS NULL OR $2::date >= s.until) AND ($1::date "
                                          "IS NULL OR true)");
    strbuf_add(out, SPAN(") "));
}

static void add_flow_conditions(struct strbuf *out, const struct view_source *source)
{
    strbuf_addf(out, "%s <= (SELECT now FROM stand)", view_bucket_sql_moment(source->view->grain));
    if (source->net)
        strbuf_add(out, SPAN(" AND NOT is_excluded"));
    add_filters(out, source);
    if (source->ranged)
        add_to(out, source);
}

/* Two conditions: a day beyond an unknown one is taken for a third of the table, one between two of
 * them for a row of two hundred. What stands is of the day before the first that it does not know.
 */
static void add_since(struct strbuf *out, const struct view_source *source)
{
    strbuf_add(out, SPAN(" UNION ALL "));
    add_cells(out, source);
    strbuf_add(out, SPAN("day >= (SELECT until FROM stand) AND day <= (SELECT now::date FROM "
                         "stand) AND "));
    add_flow_conditions(out, source);
    add_grouping(out, source);
    strbuf_add(out, SPAN(" UNION ALL SELECT true, "));
    if (source->bucket >= 0)
        view_bucket_sql_of(out, bucket_of(source), "(SELECT until - 1 FROM stand)::timestamp");
    else
        strbuf_add(out, SPAN("NULL::date"));
    view_source_add_groups(out, source, ", ");
    view_columns_each(out, source->view, ", sum(@)");
    strbuf_addf(out, " FROM core.stand_%s WHERE day < (SELECT until FROM stand)",
                source->view->name);
    if (source->net)
        strbuf_add(out, SPAN(" AND NOT is_excluded"));
    add_filters(out, source);
    add_grouping(out, source);
}

/* Flows up to now; of a range the first day is where rows begin, not where they are counted from.
 */
static void add_flows(struct strbuf *out, const struct view_source *source)
{
    strbuf_add_char(out, '(');
    add_stand(out, source);
    strbuf_add(out, SPAN("SELECT one, day"));
    view_source_add_groups(out, source, ", ");
    view_columns_each(out, source->view, ", sum(@) AS @");
    strbuf_add(out, SPAN(" FROM ("));
    add_cells(out, source);
    add_flow_conditions(out, source);
    if (source->ranged)
        strbuf_add(out, SPAN(" AND (SELECT until FROM stand) IS NULL"));
    add_grouping(out, source);
    if (source->ranged)
        add_since(out, source);
    strbuf_add(out, SPAN(") AS flow"));
    add_grouping(out, source);
    strbuf_add(out, SPAN(") AS f"));
}

static void add_levels(struct strbuf *out, const struct view_source *source)
{
    const char *step = view_bucket_sql_step(bucket_of(source));
    strbuf_add(out, SPAN("(SELECT s.one, d.day::date AS day"));
    view_source_add_groups(out, source, ", s.");
    view_columns_each(out, source->view, ", s.@");
    strbuf_add(out, SPAN(" FROM (SELECT one, day AS since, lead(day) OVER w AS until"));
    view_source_add_groups(out, source, ", ");
    view_columns_each(out, source->view, ", sum(@) OVER w AS @");
    strbuf_add(out, SPAN(" FROM "));
    add_flows(out, source);
    strbuf_add(out, SPAN(" WINDOW w AS (PARTITION BY one"));
    view_source_add_groups(out, source, ", ");
    strbuf_addf(out,
                " ORDER BY day)) AS s CROSS JOIN LATERAL generate_series(s.since::timestamp, "
                "coalesce(s.until::timestamp - %s, %s",
                step, source->ranged ? "least(" : "");
    view_bucket_sql_of(out, bucket_of(source), "(SELECT core.civil_now())");
    strbuf_addf(out, "%s::timestamp), %s) AS d(day)", source->ranged ? ", $2::date)" : "", step);
    if (source->ranged)
        strbuf_add(out, SPAN(" WHERE $1::date IS NULL OR d.day >= $1::date"));
    strbuf_add(out, SPAN(") AS c"));
}

void view_source_add(struct strbuf *out, const struct view_source *source)
{
    if (!source->view->is_stock) {
        add_sums(out, source);
        return;
    }
    if (source->bucket >= 0) {
        add_levels(out, source);
        return;
    }
    strbuf_add(out, SPAN("(SELECT * FROM "));
    add_flows(out, source);
    strbuf_add(out, SPAN(") AS c"));
}

static void add_kept(struct strbuf *out, const struct view_source *source)
{
    strbuf_addf(out, "one, day%s", source->hours ? ", hour" : "");
    view_source_add_groups(out, source, ", ");
}

/* Each bin once; what is named with a capital no group of a view is called. Most of what cells have
 * of a bin is one, so it is counted as it lies there, and taken apart when there are few of them.
 */
static void add_bins(struct strbuf *out, const struct view_source *source)
{
    strbuf_add(out, SPAN("(SELECT "));
    add_kept(out, source);
    strbuf_add(out, SPAN(", measure, bin::integer AS bin, sum(\"Times\" * n)::bigint AS n FROM ("));
    add_columns(out, source);
    strbuf_addf(out,
                ", unnest(bins) AS \"Packed\", count(*) AS \"Times\" FROM core.cell_%s WHERE true",
                source->view->name);
    add_conditions(out, source);
    add_grouping_and(out, source, 1);
    strbuf_add(out, SPAN(") AS p CROSS JOIN LATERAL core.bins_of(ARRAY[\"Packed\"]) GROUP BY "));
    add_kept(out, source);
    strbuf_add(out, SPAN(", measure, bins_of.bin HAVING sum(\"Times\" * n) > 0) AS b"));
}

/* From the cells themselves: what shows bins one a row looks with its reader's eyes, and who reads
 * what is open to all would see few. The ranks of all measures are counted in one go: a function
 * for each percentile added up all the bins once more (docs/decisions/0399). */
void view_source_add_quantiles(struct strbuf *out, const struct view_source *source)
{
    if (!source->view->has_durations)
        return;
    strbuf_add(out, SPAN(" LEFT JOIN (SELECT "));
    add_kept(out, source);
    view_columns_quantiles(out, source->view);
    strbuf_add(out, SPAN(" FROM (SELECT *, sum(n) OVER (w ORDER BY bin) AS \"Upto\", sum(n) OVER w "
                         "AS \"Total\" FROM "));
    add_bins(out, source);
    strbuf_add(out, SPAN(" WINDOW w AS (PARTITION BY "));
    add_kept(out, source);
    strbuf_add(out, SPAN(", measure)) AS q GROUP BY "));
    add_kept(out, source);
    strbuf_add(out, SPAN(") AS h ON h.one"));
    if (source->bucket >= 0)
        strbuf_add(out, SPAN(" AND h.day = c.day"));
    if (source->hours)
        strbuf_add(out, SPAN(" AND h.hour = c.hour"));
    for (size_t i = 0; i < source->view->group_count; i++)
        if (source->groups[i])
            strbuf_addf(out, " AND h.%s = c.%s", source->view->group_names[i],
                        source->view->group_names[i]);
}

/* A cell that is nothing in sum may still be rows of shards that cancel each other. */
void view_source_add_days(struct strbuf *out, const struct view_source *source)
{
    if (!view_has_formula(source->view))
        return;
    strbuf_addf(out,
                " CROSS JOIN (SELECT min(day) AS first_day, max(day) AS last_day FROM (SELECT day "
                "FROM core.cell_%s WHERE true",
                source->view->name);
    add_conditions(out, source);
    strbuf_add(out, SPAN(" GROUP BY day HAVING false"));
    view_columns_each(out, source->view, " OR sum(@) <> 0");
    strbuf_add(out, SPAN(") AS d) AS r"));
}
