/* SPDX-License-Identifier: Apache-2.0 */
/* Stages: log = from ingest's receipt to the record on `events`, read = from there to our reading,
 * view = from there to the commit that shows it, whole = all of it. Only what a feed sent now is
 * measured: history and our own decisions have no sender who waits. */
#include "aggregator/freshness.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "aggregator/store/writer.h"
#include "base/memory.h"
#include "base/timestamp.h"

struct noted {
    int64_t *received_ms, *read_ms; /* owned */
    size_t count;
};

struct freshness {
    const char *topic; /* borrowed */
    size_t most;
    struct noted filling, sent;
    int64_t newest_ms[WRITER_MAX_PARTITIONS];      /* when what was read last was written */
    struct metric_cell *log, *read, *view, *whole; /* the stages */
    struct metric *lag_records, *lag_seconds;
};

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

struct freshness *freshness_new(struct daemon *daemon, const char *topic, size_t most)
{
    static const struct metric_row rows[] = {
        {"citybrain_aggregator_freshness_seconds", METRIC_HISTOGRAM, "stage",
         "How old events of feeds were when they came so far: log (on the topic events), read (by "
         "the aggregator), view (committed in PostgreSQL), each since the stage before, and whole "
         "(from ingest's receipt to the view). The promise is 99 % of whole within 10 s."},
        {"citybrain_kafka_lag_records", METRIC_GAUGE, "partition",
         "Offsets between our position and the end of each owned partition, markers included."},
        {"citybrain_kafka_lag_seconds", METRIC_GAUGE, "partition",
         "How long ago the record was written that we read last, while there is more to read; 0 "
         "when there is not. What is unread is younger than that."},
    };
    struct metrics *metrics = daemon_metrics(daemon);
    struct freshness *freshness = xcalloc(1, sizeof *freshness);
    struct noted *both[] = {&freshness->filling, &freshness->sent};
    freshness->topic = topic;
    freshness->most = most;
    for (size_t i = 0; i < ARRAY_LENGTH(both); i++) {
        both[i]->received_ms = xcalloc(most, sizeof(int64_t));
        both[i]->read_ms = xcalloc(most, sizeof(int64_t));
    }
    struct metric *stages = metrics_add(metrics, &rows[0]);
    freshness->log = metric_cell(stages, SPAN("log"));
    freshness->read = metric_cell(stages, SPAN("read"));
    freshness->view = metric_cell(stages, SPAN("view"));
    freshness->whole = metric_cell(stages, SPAN("whole"));
    freshness->lag_records = metrics_add(metrics, &rows[1]);
    freshness->lag_seconds = metrics_add(metrics, &rows[2]);
    return freshness;
}

static void observe(struct metric_cell *stage, int64_t from_ms, int64_t to_ms)
{
    metric_cell_observe_ms(stage, to_ms > from_ms ? (double)(to_ms - from_ms) : 0);
}

void freshness_read(struct freshness *freshness, const struct record *record,
                    const struct event *event)
{
    struct noted *noted = &freshness->filling;
    if (record->partition >= 0 && record->partition < WRITER_MAX_PARTITIONS)
        freshness->newest_ms[record->partition] = record->timestamp_ms;
    if (event->family != EVENT_CASE || !event->feed.at || event->causationid.at ||
        event->replayof.at || event->recorded_ms == TIMESTAMP_NONE ||
        noted->count == freshness->most)
        return;
    int64_t now = now_ms();
    noted->received_ms[noted->count] = event->recorded_ms;
    noted->read_ms[noted->count++] = now;
    observe(freshness->log, event->recorded_ms, record->timestamp_ms);
    observe(freshness->read, record->timestamp_ms, now);
}

void freshness_sent(struct freshness *freshness)
{
    struct noted sent = freshness->sent;
    freshness->sent = freshness->filling;
    freshness->filling = sent;
    freshness->filling.count = 0;
}

void freshness_committed(struct freshness *freshness)
{
    int64_t now = now_ms();
    for (size_t i = 0; i < freshness->sent.count; i++) {
        observe(freshness->view, freshness->sent.read_ms[i], now);
        observe(freshness->whole, freshness->sent.received_ms[i], now);
    }
    freshness->sent.count = 0;
}

void freshness_forget(struct freshness *freshness, bool sent)
{
    if (sent)
        freshness->sent.count = 0;
    else
        freshness->filling.count = 0;
}

void freshness_lag(struct freshness *freshness, const struct follow *follow, int32_t partition,
                   int64_t next)
{
    char label[300];
    int64_t end = follow_end(follow, partition);
    if (end < 0 || partition >= WRITER_MAX_PARTITIONS)
        return;
    int len = snprintf(label, sizeof label, "%s/%d", freshness->topic, (int)partition);
    int64_t records = end > next ? end - next : 0, newest = freshness->newest_ms[partition];
    int64_t behind_ms = records && newest ? now_ms() - newest : 0;
    metric_set(freshness->lag_records, span_from(label, (size_t)len), records);
    metric_set(freshness->lag_seconds, span_from(label, (size_t)len),
               behind_ms > 0 ? behind_ms / 1000 : 0);
}
