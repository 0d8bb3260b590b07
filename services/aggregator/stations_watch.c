/* SPDX-License-Identifier: Apache-2.0 */
/* A connection of its own, on a pool thread, as the ledger's. Labels are the families of the
 * registry: none is made by what comes in. */
#include "aggregator/stations_watch.h"

#include <stdio.h>
#include <stdlib.h>

#include "aggregator/store/stations_sql.h"
#include "base/memory.h"
#include "base/timestamp.h"
#include "daemon/log.h"
#include "postgres/connection.h"

#define FIRST_MS 5000
#define EVERY_MS 10000

static const char session[] = "SET default_transaction_read_only = on; SET statement_timeout = "
                              "'30s'; SET lock_timeout = '2s'; SET jit = off";

static const struct metric_row state_rows[STATION_UNKNOWN] = {
    [STATION_ALIVE] = {"citybrain_aggregator_stations_alive", METRIC_GAUGE, "family",
                       "Stations that were heard within their cadence, by their feed family."},
    [STATION_LATE] = {"citybrain_aggregator_stations_late", METRIC_GAUGE, "family",
                      "Stations of which one cadence of open hours passed without a word."},
    [STATION_SILENT] = {"citybrain_aggregator_stations_silent", METRIC_GAUGE, "family",
                        "Stations of which three cadences of open hours passed without a word: "
                        "citybrain stations --state silent names them."},
    [STATION_NEVER] = {"citybrain_aggregator_stations_never_heard", METRIC_GAUGE, "family",
                       "Stations of the registry that were not heard since the database was made."},
};
static const struct metric_row unknown_row = {
    "citybrain_aggregator_stations_unknown", METRIC_GAUGE, NULL,
    "Codes that events name as their station and that the registry does not have today (at most "
    "1,000): citybrain stations --state unknown names them."};
static const struct metric_row heard_row = {
    "citybrain_aggregator_stations_last_heard_timestamp_seconds", METRIC_GAUGE, "family",
    "When the family's last station was heard, in seconds since 1970. Kept over restarts."};
static const struct metric_row clock_row = {
    "citybrain_aggregator_stations_clock_timestamp_seconds", METRIC_GAUGE, NULL,
    "The district's clock by which stations are judged: all that was received before it is here. "
    "While it stands still nobody becomes silent."};

struct stations_watch {
    struct daemon *daemon;
    const struct aggregator_config *config;
    struct postgres_connection *connection;
    struct metric *states[STATION_UNKNOWN], *unknown, *heard, *clock;
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

/* A family of which nobody is in a state says so, too. */
static void forget_counts(struct stations_watch *watch, struct station_report *report)
{
    const struct station_report_row *row;
    metric_set(watch->unknown, SPAN(""), 0);
    for (size_t i = 0; (row = station_report_at(report, i)); i++)
        for (size_t state = 0; row->station && state < STATION_UNKNOWN; state++)
            metric_set(watch->states[state], row->station->family, 0);
}

static void count_row(struct stations_watch *watch, const struct station_report_row *row)
{
    if (!row->station) {
        metric_add(watch->unknown, SPAN(""), 1);
        return;
    }
    struct span family = row->station->family;
    metric_add(watch->states[row->state], family, 1);
    if (row->heard.seen_ms / 1000 > metric_value(watch->heard, family))
        metric_set(watch->heard, family, row->heard.seen_ms / 1000);
}

static void on_answer(uv_work_t *work, int status)
{
    struct stations_watch *watch = work->data;
    (void)status; /* never cancelled */
    watch->busy = false;
    if (!watch->good) {
        log_warn("stations.not_seen", LOG_ERROR(&watch->error));
    } else {
        const struct station_report_row *row;
        struct station_report *report = stations_sql_report(watch->result, &watch->config->report);
        metric_set(watch->clock, SPAN(""), station_report_now(report) / 1000);
        forget_counts(watch, report);
        for (size_t i = 0; (row = station_report_at(report, i)); i++)
            count_row(watch, row);
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
    struct metrics *metrics = daemon_metrics(daemon);
    watch->daemon = daemon;
    watch->config = config;
    watch->connection = postgres_connection_new(config->postgres, "citybrain-stations", session);
    snprintf(watch->events, sizeof watch->events, "%sevents", config->kafka.prefix);
    for (size_t i = 0; i < STATION_UNKNOWN; i++)
        watch->states[i] = metrics_add(metrics, &state_rows[i]);
    watch->unknown = metrics_add(metrics, &unknown_row);
    watch->heard = metrics_add(metrics, &heard_row);
    watch->clock = metrics_add(metrics, &clock_row);
    watch->work.data = watch;
    uv_timer_init(daemon_loop(daemon), &watch->timer);
    watch->timer.data = watch;
    uv_timer_start(&watch->timer, on_timer, FIRST_MS, EVERY_MS);
}
