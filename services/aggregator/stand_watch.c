/* SPDX-License-Identifier: Apache-2.0 */
/* On a pool thread and a connection of its own; of several aggregators one does it at a time. While
 * it fails, answers are as right as before, and dearer. */
#include "aggregator/stand_watch.h"

#include "aggregator/store/stand_sql.h"
#include "base/memory.h"
#include "daemon/log.h"

#define FIRST_MS 3000
#define EVERY_MS 10000

static const char session[] = "SET ROLE agg_writer; SET statement_timeout = '5min'; SET "
                              "lock_timeout = '2s'; SET jit = off; SET work_mem = '32MB'; SET "
                              "client_min_messages = warning";

static const struct metric_row behind_row = {
    "citybrain_aggregator_stands_behind", METRIC_GAUGE, NULL,
    "Sums of old days that do not reach up to yesterday, one a view of stocks. For seconds after "
    "midnight each of them; for hours means that questions about stocks become dearer each day."};

struct stand_watch {
    struct daemon *daemon;
    struct metric *behind;
    struct postgres_connection *connection;
    uv_timer_t timer;
    uv_work_t work;
    bool busy, good;
    int settled, behind_count;
    struct error error;
};

static void ask(uv_work_t *work)
{
    struct stand_watch *watch = work->data;
    watch->error = (struct error){0};
    watch->good =
        postgres_connection_open(watch->connection, &watch->error) &&
        stand_sql_step(watch->connection, &watch->settled, &watch->behind_count, &watch->error);
}

static void on_answer(uv_work_t *work, int status)
{
    struct stand_watch *watch = work->data;
    (void)status; /* never cancelled */
    watch->busy = false;
    metric_set(watch->behind, SPAN(""), watch->behind_count);
    if (!watch->good)
        log_warn("stand.not_settled", LOG_ERROR(&watch->error));
    else if (watch->settled > 0)
        log_info("stand.settled", LOG_INT("views", watch->settled));
}

static void on_timer(uv_timer_t *timer)
{
    struct stand_watch *watch = timer->data;
    if (watch->busy)
        return;
    watch->busy = true;
    uv_queue_work(daemon_loop(watch->daemon), &watch->work, ask, on_answer);
}

void stand_watch_open(struct daemon *daemon, const struct aggregator_config *config)
{
    struct stand_watch *watch = xcalloc(1, sizeof *watch);
    watch->daemon = daemon;
    watch->behind = metrics_add(daemon_metrics(daemon), &behind_row);
    watch->connection = postgres_connection_new(config->postgres, "citybrain-stand", session);
    watch->work.data = watch;
    uv_timer_init(daemon_loop(daemon), &watch->timer);
    watch->timer.data = watch;
    uv_timer_start(&watch->timer, on_timer, FIRST_MS, EVERY_MS);
}
