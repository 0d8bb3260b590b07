/* SPDX-License-Identifier: Apache-2.0 */
/* One comparison for two readers: a daemon that starts refuses where anything differs, `citybrain
 * views apply` fills what does. */
#include "aggregator/store/view_plan.h"

#include <stdio.h>
#include <string.h>

#include "aggregator/core/contribution.h"

void view_plan_hash(char hash[DIGEST_ID_LEN + 1], const struct batch_rules *rules,
                    const struct view *view)
{
    struct strbuf text;
    strbuf_init(&text, 256, 4096);
    strbuf_addf(&text, "%d|%d|%d|%.*s|%s", CASE_FOLD_VERSION, CONTRIBUTION_VERSION,
                rules->zone_minutes, SPAN_ARG(kinds_hash(rules->kinds)), view->hash);
    digest_bytes(hash, strbuf_span(&text));
    strbuf_fini(&text);
}

static size_t index_of(const struct views *views, const char *name)
{
    size_t i = 0;
    while (i < views_count(views) && strcmp(views_at(views, i)->name, name) != 0)
        i++;
    return i;
}

static bool take_row(struct view_plan *plan, const struct batch_rules *rules, const char *name,
                     const char *hash, struct error *error)
{
    char ours[DIGEST_ID_LEN + 1];
    size_t at = index_of(rules->views, name);
    if (at == views_count(rules->views)) {
        if (plan->gone_count == VIEW_PLAN_MOST)
            return error_set(error, ERROR_FATAL, 0, "core.view holds too many views");
        snprintf(plan->gone[plan->gone_count], sizeof plan->gone[0], "%s", name);
        plan->gone_count++;
        plan->differs++;
        return true;
    }
    view_plan_hash(ours, rules, views_at(rules->views, at));
    bool same = strcmp(ours, hash) == 0;
    plan->state[at] = same ? VIEW_PLAN_SAME : VIEW_PLAN_CHANGED;
    plan->differs -= same;
    return true;
}

bool view_plan_read(struct view_plan *plan, struct postgres_connection *connection,
                    const struct batch_rules *rules, struct error *error)
{
    size_t count = views_count(rules->views);
    *plan = (struct view_plan){.differs = count};
    if (count > VIEW_PLAN_MOST)
        return error_set(error, ERROR_CONFIG, 0, "%zu views are too many", count);
    for (size_t i = 0; i < count; i++)
        plan->state[i] = VIEW_PLAN_NEW;
    PGresult *rows = PQexec(postgres_connection_handle(connection),
                            "SELECT name, hash FROM core.view ORDER BY name");
    bool good = PQresultStatus(rows) == PGRES_TUPLES_OK;
    if (!good)
        postgres_connection_fail(connection, rows, error);
    for (int i = 0; good && i < PQntuples(rows); i++)
        good = take_row(plan, rules, PQgetvalue(rows, i, 0), PQgetvalue(rows, i, 1), error);
    PQclear(rows);
    return good;
}

void view_plan_say(struct strbuf *out, const struct view_plan *plan, const struct views *views)
{
    const char *comma = "";
    for (size_t i = 0; i < views_count(views); i++) {
        if (plan->state[i] == VIEW_PLAN_SAME)
            continue;
        strbuf_addf(out, "%s%s %s", comma, views_at(views, i)->name,
                    plan->state[i] == VIEW_PLAN_NEW ? "new" : "changed");
        comma = ", ";
    }
    for (size_t i = 0; i < plan->gone_count; i++) {
        strbuf_addf(out, "%s%s gone", comma, plan->gone[i]);
        comma = ", ";
    }
}
