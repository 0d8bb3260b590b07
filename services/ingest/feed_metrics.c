/* SPDX-License-Identifier: Apache-2.0 */
/* A row a feed, made when its first item comes. Rejects are rare enough to be told at once. What
 * alerts stand on is there as 0 from the start: a counter that begins with its first hundred shows
 * no growth. */
#include "ingest/feed_metrics.h"

#include <stdio.h>
#include <string.h>

static const struct metric_row accepted_row = {
    "citybrain_ingest_feed_accepted_total", METRIC_COUNTER, "feed",
    "Items of a feed that could be read, those of which no event is made among them."};
static const struct metric_row rejected_row = {
    "citybrain_ingest_feed_rejected_total", METRIC_COUNTER, "feed,reason",
    "Items of a feed that went to dead letters, by reason: citybrain reasons says what to do. Feed "
    "unknown: the header names none that is declared."};
static const struct metric_row dead_row = {
    "citybrain_ingest_feed_dead_total", METRIC_COUNTER, "feed",
    "Items of a feed that went to dead letters, whatever the reason; 0 for a feed of which none "
    "did."};
static const struct metric_row last_row = {
    "citybrain_ingest_feed_last_received_timestamp_seconds", METRIC_GAUGE, "feed",
    "When the newest good item of a feed was received, in seconds since 1970; absent until one was "
    "read since the start. Stations are judged by the aggregator, which remembers."};

void feed_metrics_open(struct feed_metrics *feed_metrics, struct metrics *metrics,
                       const struct feeds *feeds)
{
    *feed_metrics = (struct feed_metrics){.feeds = feeds};
    feed_metrics->accepted = metrics_add(metrics, &accepted_row);
    feed_metrics->rejected = metrics_add(metrics, &rejected_row);
    feed_metrics->dead = metrics_add(metrics, &dead_row);
    feed_metrics->last = metrics_add(metrics, &last_row);
    metric_set(feed_metrics->dead, SPAN("unknown"), 0);
    const struct feed *feed;
    for (size_t i = 0; (feed = feeds_at(feeds, i)) && i < FEED_METRICS_MOST - 1; i++) {
        metric_set(feed_metrics->accepted, span_of(feed->id), 0);
        metric_set(feed_metrics->dead, span_of(feed->id), 0);
    }
}

static struct feed_metrics_row *row_of(struct feed_metrics *feed_metrics, struct span id)
{
    if (feed_metrics->current && span_is(id, feed_metrics->current->feed))
        return feed_metrics->current;
    const struct feed *feed = id.len ? feeds_find(feed_metrics->feeds, id) : NULL;
    const char *name = feed ? feed->id : "unknown";
    size_t i = 0, last = FEED_METRICS_MOST - 1;
    while (i < feed_metrics->count && i < last && strcmp(feed_metrics->rows[i].feed, name) != 0)
        i++;
    if (i == feed_metrics->count) {
        feed_metrics->rows[i].feed = i == last ? "other" : name;
        feed_metrics->count++;
    }
    return feed_metrics->current = &feed_metrics->rows[i];
}

void feed_metrics_add(struct feed_metrics *feed_metrics, const struct normalise_result *result)
{
    struct feed_metrics_row *row = row_of(feed_metrics, result->feed);
    if (result->why.reject == REJECT_NONE) {
        row->accepted++;
        if (row->last_ms < result->received_ms)
            row->last_ms = result->received_ms;
        return;
    }
    char label[128];
    int len = snprintf(label, sizeof label, "%s,%s", row->feed, reject_name(result->why.reject));
    metric_add(feed_metrics->rejected, span_from(label, (size_t)len), 1);
    metric_add(feed_metrics->dead, span_of(row->feed), 1);
}

void feed_metrics_show(struct feed_metrics *feed_metrics)
{
    for (size_t i = 0; i < feed_metrics->count; i++) {
        struct feed_metrics_row *row = &feed_metrics->rows[i];
        if (row->accepted == 0)
            continue;
        metric_add(feed_metrics->accepted, span_of(row->feed), row->accepted);
        row->accepted = 0;
        if (row->last_ms / 1000 > metric_value(feed_metrics->last, span_of(row->feed)))
            metric_set(feed_metrics->last, span_of(row->feed), row->last_ms / 1000);
    }
}
