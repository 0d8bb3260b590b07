/* SPDX-License-Identifier: Apache-2.0 */
/* Labels are the families of the registry: none is made by what comes in. */
#include "aggregator/station_metrics.h"

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

/* A family of which nobody is in a state says so, too. */
static void forget_counts(struct station_metrics *here, struct station_report *report)
{
    const struct station_report_row *row;
    metric_set(here->unknown, SPAN(""), 0);
    for (size_t i = 0; (row = station_report_at(report, i)); i++)
        for (size_t state = 0; row->station && state < STATION_UNKNOWN; state++)
            metric_set(here->states[state], row->station->family, 0);
}

static void count_row(struct station_metrics *here, const struct station_report_row *row)
{
    if (!row->station) {
        metric_add(here->unknown, SPAN(""), 1);
        return;
    }
    struct span family = row->station->family;
    metric_add(here->states[row->state], family, 1);
    if (row->heard.seen_ms / 1000 > metric_value(here->heard, family))
        metric_set(here->heard, family, row->heard.seen_ms / 1000);
}

void station_metrics_open(struct station_metrics *here, struct metrics *metrics)
{
    here->metrics = metrics;
    for (size_t i = 0; i < STATION_UNKNOWN; i++)
        here->states[i] = metrics_add(metrics, &state_rows[i]);
    here->heard = metrics_add(metrics, &heard_row);
    here->clock = metrics_add(metrics, &clock_row);
}

/* One without a label says 0 as soon as it is there, so that of the unknown comes with the first
 * tick: before, nobody was looked for. */
void station_metrics_take(struct station_metrics *here, struct station_report *report)
{
    const struct station_report_row *row;
    int64_t now_ms = station_report_now(report);
    metric_set(here->clock, SPAN(""), now_ms / 1000);
    if (now_ms <= 0)
        return;
    here->unknown = metrics_add(here->metrics, &unknown_row); /* the same each time */
    forget_counts(here, report);
    for (size_t i = 0; (row = station_report_at(report, i)); i++)
        count_row(here, row);
}
