/* SPDX-License-Identifier: Apache-2.0 */
/* Every hour, on a pool thread and a connection of its own; several aggregators may ask at once. */
#include "aggregator/retention_watch.h"

#include <stdio.h>
#include <stdlib.h>

#include "aggregator/store/ledger_sql.h"
#include "aggregator/store/observations_sql.h"
#include "base/memory.h"
#include "daemon/log.h"
#include "postgres/connection.h"

#define FIRST_MS 60000
#define EVERY_MS 3600000
#define DAY_MS   86400000

/* Longer than `raw` is kept: nothing of an older hour is read for the first time but by hand. */
#define LEDGER_DAYS "35"

static const char session[] = "SET ROLE agg_writer; SET statement_timeout = '30s'";

struct retention_watch {
    struct daemon *daemon;
    struct postgres_connection *connection;
    char days[24]; /* of observations; "" = for ever */
    uv_timer_t timer;
    uv_work_t work;
    bool busy, good;
    int64_t gone, added_up;
    struct error error;
};

/* Some of what is to go; 0 = nothing more. */
static int64_t ask_once(struct retention_watch *watch, const char *sql, const char *days)
{
    int64_t gone = 0;
    PGresult *result = PQexecParams(postgres_connection_handle(watch->connection), sql, 1, NULL,
                                    &days, NULL, NULL, 0);
    watch->good = PQresultStatus(result) == PGRES_TUPLES_OK && PQntuples(result) == 1;
    if (watch->good)
        gone = strtoll(PQgetvalue(result, 0, 0), NULL, 10);
    else
        postgres_connection_fail(watch->connection, result, &watch->error);
    PQclear(result);
    return gone;
}

static void ask(uv_work_t *work)
{
    struct retention_watch *watch = work->data;
    watch->error = (struct error){0};
    watch->gone = watch->added_up = 0;
    watch->good = postgres_connection_open(watch->connection, &watch->error);
    for (int64_t gone = watch->days[0] != '\0'; watch->good && gone > 0; watch->gone += gone)
        gone = ask_once(watch, observations_sql_retain, watch->days);
    for (int64_t gone = 1; watch->good && gone > 0; watch->added_up += gone)
        gone = ask_once(watch, ledger_sql_add_up, LEDGER_DAYS);
    postgres_connection_close(watch->connection);
}

static void on_answer(uv_work_t *work, int status)
{
    struct retention_watch *watch = work->data;
    (void)status; /* never cancelled */
    watch->busy = false;
    if (!watch->good)
        log_warn("retention.failed", LOG_ERROR(&watch->error));
    else if (watch->gone > 0 || watch->added_up > 0)
        log_info("retention.done", LOG_INT("days_gone", watch->gone),
                 LOG_INT("pages_added_up", watch->added_up));
}

static void on_timer(uv_timer_t *timer)
{
    struct retention_watch *watch = timer->data;
    if (watch->busy)
        return;
    watch->busy = true;
    uv_queue_work(daemon_loop(watch->daemon), &watch->work, ask, on_answer);
}

void retention_watch_open(struct daemon *daemon, const struct aggregator_config *config)
{
    struct retention_watch *watch = xcalloc(1, sizeof *watch);
    watch->daemon = daemon;
    watch->connection = postgres_connection_new(config->postgres, "citybrain-retention", session);
    if (config->keep_observations_ms > 0)
        snprintf(watch->days, sizeof watch->days, "%lld",
                 (long long)(config->keep_observations_ms / DAY_MS));
    watch->work.data = watch;
    uv_timer_init(daemon_loop(daemon), &watch->timer);
    watch->timer.data = watch;
    uv_timer_start(&watch->timer, on_timer, FIRST_MS, EVERY_MS);
}
