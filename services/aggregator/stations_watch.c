/* SPDX-License-Identifier: Apache-2.0 */
/* A connection of its own, on a pool thread, as the ledger's. */
#include "aggregator/stations_watch.h"

#include <stdio.h>
#include <stdlib.h>

#include "aggregator/station_metrics.h"
#include "aggregator/store/stations_sql.h"
#include "base/memory.h"
#include "daemon/log.h"
#include "postgres/connection.h"

#define FIRST_MS 5000
#define EVERY_MS 10000

static const char session[] = "SET default_transaction_read_only = on; SET statement_timeout = "
                              "'30s'; SET lock_timeout = '2s'; SET jit = off";

struct stations_watch {
    struct daemon *daemon;
    const struct aggregator_config *config;
    struct postgres_connection *connection;
    struct station_metrics metrics;
    char events[256];
    uv_timer_t timer;
    uv_work_t work;
    bool busy, good;
    PGresult *result; /* of a good answer, until the loop has judged it */
    struct error error;
};

static void ask(uv_work_t *work)
{
    struct stations_watch *watch = work->data;
    const char *const topic = watch->events;
    watch->error = (struct error){0};
    watch->good = postgres_connection_open(watch->connection, &watch->error);
    if (!watch->good)
        return;
    watch->result = PQexecParams(postgres_connection_handle(watch->connection), stations_sql_ask, 1,
                                 NULL, &topic, NULL, NULL, 0);
    watch->good = PQresultStatus(watch->result) == PGRES_TUPLES_OK ||
                  postgres_connection_fail(watch->connection, watch->result, &watch->error);
}

static void on_answer(uv_work_t *work, int status)
{
    struct stations_watch *watch = work->data;
    (void)status; /* never cancelled */
    watch->busy = false;
    if (!watch->good) {
        log_warn("stations.not_seen", LOG_ERROR(&watch->error));
    } else {
        struct station_report *report = stations_sql_report(watch->result, &watch->config->report);
        station_metrics_take(&watch->metrics, report);
        station_report_free(report);
    }
    PQclear(watch->result);
    watch->result = NULL;
}

static void on_timer(uv_timer_t *timer)
{
    struct stations_watch *watch = timer->data;
    if (watch->busy)
        return;
    watch->busy = true;
    uv_queue_work(daemon_loop(watch->daemon), &watch->work, ask, on_answer);
}

void stations_watch_open(struct daemon *daemon, const struct aggregator_config *config)
{
    struct stations_watch *watch = xcalloc(1, sizeof *watch);
    watch->daemon = daemon;
    watch->config = config;
    watch->connection = postgres_connection_new(config->postgres, "citybrain-stations", session);
    snprintf(watch->events, sizeof watch->events, "%sevents", config->kafka.prefix);
    station_metrics_open(&watch->metrics, daemon_metrics(daemon));
    watch->work.data = watch;
    uv_timer_init(daemon_loop(daemon), &watch->timer);
    watch->timer.data = watch;
    uv_timer_start(&watch->timer, on_timer, FIRST_MS, EVERY_MS);
}
