/* SPDX-License-Identifier: Apache-2.0 */
/* A connection of its own, on a pool thread: a slow answer keeps nobody waiting. While there is
 * none the metric stays where it was and the log says so. */
#include "aggregator/ledger_watch.h"

#include <stdlib.h>

#include "aggregator/store/ledger_sql.h"
#include "base/memory.h"
#include "daemon/log.h"
#include "postgres/connection.h"

#define FIRST_MS 5000
#define EVERY_MS 60000

static const char session[] = "SET default_transaction_read_only = on; SET statement_timeout = "
                              "'30s'; SET lock_timeout = '2s'; SET jit = off";
static const struct metric_row open_row = {
    "citybrain_aggregator_ledger_open", METRIC_GAUGE, NULL,
    "Feeds and hours of the last seven days that are over and do not close. Anything above 0: look "
    "at api.ledger WHERE NOT closes."};

struct ledger_watch {
    struct daemon *daemon;
    struct postgres_connection *connection;
    struct metric *open;
    uv_timer_t timer;
    uv_work_t work;
    bool busy, good;
    int64_t found;
    struct error error;
};

static void ask(uv_work_t *work)
{
    struct ledger_watch *watch = work->data;
    watch->error = (struct error){0};
    watch->good = postgres_connection_open(watch->connection, &watch->error);
    if (!watch->good)
        return;
    PGresult *result = PQexec(postgres_connection_handle(watch->connection), ledger_sql_open);
    watch->good = PQresultStatus(result) == PGRES_TUPLES_OK && PQntuples(result) == 1;
    if (watch->good)
        watch->found = strtoll(PQgetvalue(result, 0, 0), NULL, 10);
    else
        postgres_connection_fail(watch->connection, result, &watch->error);
    PQclear(result);
}

static void on_answer(uv_work_t *work, int status)
{
    struct ledger_watch *watch = work->data;
    (void)status; /* never cancelled */
    watch->busy = false;
    if (!watch->good) {
        log_warn("ledger.not_seen", LOG_ERROR(&watch->error));
        return;
    }
    metric_set(watch->open, SPAN(""), watch->found);
    if (watch->found > 0)
        log_warn("ledger.open", LOG_INT("feeds_and_hours", watch->found));
}

static void on_timer(uv_timer_t *timer)
{
    struct ledger_watch *watch = timer->data;
    if (watch->busy)
        return;
    watch->busy = true;
    uv_queue_work(daemon_loop(watch->daemon), &watch->work, ask, on_answer);
}

void ledger_watch_open(struct daemon *daemon, const struct aggregator_config *config)
{
    struct ledger_watch *watch = xcalloc(1, sizeof *watch);
    watch->daemon = daemon;
    watch->connection = postgres_connection_new(config->postgres, "citybrain-ledger", session);
    watch->open = metrics_add(daemon_metrics(daemon), &open_row);
    watch->work.data = watch;
    uv_timer_init(daemon_loop(daemon), &watch->timer);
    watch->timer.data = watch;
    uv_timer_start(&watch->timer, on_timer, FIRST_MS, EVERY_MS);
}
