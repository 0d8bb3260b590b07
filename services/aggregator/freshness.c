/* SPDX-License-Identifier: Apache-2.0 */
/* Stages: log = from ingest's receipt to the record on `events`, read = from there to our reading,
 * view = from there to the commit that shows it, whole = all of it. Only what a feed sent now is
 * measured: history and our own decisions have no sender who waits. */
#include "aggregator/freshness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "aggregator/store/writer.h"
#include "base/memory.h"
#include "base/timestamp.h"

struct noted {                      /* of a batch */
    int64_t *received_ms, *read_ms; /* owned */
    size_t count;
    /* When what was read of each partition was written; 0 = nothing was. */
    int64_t first_ms[WRITER_MAX_PARTITIONS], last_ms[WRITER_MAX_PARTITIONS];
};

struct behind { /* of a partition */
    bool owned;
    int64_t next, end; /* what is stored ends here; what there is, -1 = not known yet */
    int64_t stored_ms; /* when the last record that is stored was written; 0 = not known */
};

struct freshness {
    const char *topic; /* borrowed */
    size_t most;
    struct noted filling, sent;
    struct behind behind[WRITER_MAX_PARTITIONS];
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
         "Offsets between the end of each owned partition and what was read of it, by the "
         "aggregator what it has stored; markers included."},
        {"citybrain_kafka_lag_seconds", METRIC_GAUGE, "partition",
         "How long ago the record was written that was read last, of the aggregator the oldest "
         "that is not stored, while there are more; 0 when there are not."},
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
    if (record->partition >= 0 && record->partition < WRITER_MAX_PARTITIONS) {
        if (noted->last_ms[record->partition] == 0)
            noted->first_ms[record->partition] = record->timestamp_ms;
        noted->last_ms[record->partition] = record->timestamp_ms;
    }
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

static void forget(struct noted *noted)
{
    noted->count = 0;
    memset(noted->first_ms, 0, sizeof noted->first_ms);
    memset(noted->last_ms, 0, sizeof noted->last_ms);
}

void freshness_sent(struct freshness *freshness)
{
    struct noted sent = freshness->sent;
    freshness->sent = freshness->filling;
    freshness->filling = sent;
    forget(&freshness->filling);
}

void freshness_committed(struct freshness *freshness)
{
    int64_t now = now_ms();
    for (size_t i = 0; i < freshness->sent.count; i++) {
        observe(freshness->view, freshness->sent.read_ms[i], now);
        observe(freshness->whole, freshness->sent.received_ms[i], now);
    }
    for (size_t i = 0; i < WRITER_MAX_PARTITIONS; i++)
        if (freshness->sent.last_ms[i])
            freshness->behind[i].stored_ms = freshness->sent.last_ms[i];
    forget(&freshness->sent);
}

void freshness_forget(struct freshness *freshness, bool sent)
{
    forget(sent ? &freshness->sent : &freshness->filling);
}

void freshness_stored(struct freshness *freshness, int32_t partition, int64_t next)
{
    struct behind *behind = &freshness->behind[partition];
    if (!behind->owned) /* another one may have had it meanwhile */
        *behind = (struct behind){.owned = true, .end = -1};
    behind->next = next > 0 ? next : 0;
}

static void tell(struct freshness *freshness, int partition, int64_t records, int64_t behind_ms)
{
    char label[300];
    int len = snprintf(label, sizeof label, "%s/%d", freshness->topic, partition);
    metric_set(freshness->lag_records, span_from(label, (size_t)len), records);
    metric_set(freshness->lag_seconds, span_from(label, (size_t)len),
               behind_ms > 0 ? behind_ms / 1000 : 0);
}

void freshness_lost(struct freshness *freshness)
{
    for (int i = 0; i < WRITER_MAX_PARTITIONS; i++)
        if (freshness->behind[i].owned) {
            freshness->behind[i].owned = false;
            tell(freshness, i, 0, 0);
        }
}

int64_t freshness_tell(struct freshness *freshness, const struct follow *follow)
{
    int64_t unread = 0, now = now_ms();
    for (int i = 0; i < WRITER_MAX_PARTITIONS; i++) {
        struct behind *behind = &freshness->behind[i];
        int64_t end = behind->owned ? follow_end(follow, i) : -1;
        int64_t since = freshness->sent.first_ms[i]      ? freshness->sent.first_ms[i]
                        : freshness->filling.first_ms[i] ? freshness->filling.first_ms[i]
                                                         : behind->stored_ms;
        behind->end = end >= 0 ? end : behind->end;
        if (!behind->owned || behind->end < 0)
            continue;
        int64_t records = behind->end > behind->next ? behind->end - behind->next : 0;
        tell(freshness, i, records, records && since ? now - since : 0);
        unread += records;
    }
    return unread;
}
