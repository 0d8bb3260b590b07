/* SPDX-License-Identifier: Apache-2.0 */
/* The loop's numbers. Lag is the high watermark the consumer has heard of minus our own position:
 * the library's own lag knows nothing of transactional offsets. */
#include <assert.h>
#include <stdio.h>
#include <time.h>

#include "base/memory.h"
#include "daemon/metrics.h"
#include "kafka/transform_internal.h"

#include <assert.h>

static const struct metric_row rows[] = {
    {"citybrain_kafka_records_total", METRIC_COUNTER, "source",
     "Records acted for, by declared source."},
    {"citybrain_kafka_outputs_total", METRIC_COUNTER, "stream",
     "Records written, by declared stream."},
    {"citybrain_kafka_commits_total", METRIC_COUNTER, NULL,
     "Kafka transactions committed. Standing still while lag grows: the broker or the core is "
     "stuck."},
    {"citybrain_kafka_commit_seconds", METRIC_HISTOGRAM, NULL,
     "How long a commit took, offsets and state included. Above 1 s the brokers are slow."},
    {"citybrain_kafka_restore_records_total", METRIC_COUNTER, NULL,
     "Records read back from state topics."},
    {"citybrain_kafka_restore_seconds", METRIC_HISTOGRAM, NULL,
     "From an assignment to the first record after it. Above 60 s partitions stand still too "
     "long."},
    {"citybrain_kafka_phase", METRIC_GAUGE, NULL,
     "0 waiting for brokers or topics, 1 collecting, 2 resolving topics, 3 committing, 4 "
     "restoring, 5 stopped."},
    {"citybrain_kafka_lag_records", METRIC_GAUGE, "partition",
     "Offsets between the end of each owned partition and what was read of it, by the aggregator "
     "what it has stored; markers included."},
    {"citybrain_kafka_lag_seconds", METRIC_GAUGE, "partition",
     "How long ago the record was written that was read last, of the aggregator the oldest that is "
     "not stored, while there are more; 0 when there are not."},
    {"citybrain_kafka_undeliverable_total", METRIC_COUNTER, NULL,
     "Outputs whose topic does not exist. Above 0: a unit is missing its topics; run citybrain "
     "topics apply."},
    {"citybrain_kafka_poison_total", METRIC_COUNTER, NULL,
     "Records set aside because the core died at each of them three times."},
};

void transform_metrics_init(struct transform *transform)
{
    struct metrics *metrics = daemon_metrics(transform->daemon);
    struct transform_metrics *own = &transform->metrics;
    struct metric **all[] = {&own->records,       &own->outputs,  &own->commits,
                             &own->commit_time,   &own->restored, &own->restore_time,
                             &own->phase,         &own->lag,      &own->lag_seconds,
                             &own->undeliverable, &own->poison};
    static_assert(sizeof(all) / sizeof(all[0]) == ARRAY_LENGTH(rows), "a field for each row");
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++)
        *all[i] = metrics_add(metrics, &rows[i]);
    own->source_records = xcalloc(transform->spec.source_count + 1, sizeof(int64_t));
    own->stream_outputs = xcalloc(transform->spec.stream_count + 1, sizeof(int64_t));
}

void transform_metrics_commit(struct transform *transform, uint64_t took_ms)
{
    struct transform_metrics *own = &transform->metrics;
    for (size_t i = 0; i < transform->spec.source_count; i++) {
        metric_add(own->records, span_of(transform->spec.sources[i].topic), own->source_records[i]);
        own->source_records[i] = 0;
    }
    for (size_t i = 0; i < transform->spec.stream_count; i++) {
        metric_add(own->outputs, span_of(transform->spec.streams[i].topic), own->stream_outputs[i]);
        own->stream_outputs[i] = 0;
    }
    metric_add(own->commits, SPAN(""), 1);
    metric_observe_ms(own->commit_time, SPAN(""), (double)took_ms);
}

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void transform_metrics_lag(struct transform *transform)
{
    for (size_t i = 0; i < transform->inputs.count; i++) {
        const struct input *input = &transform->inputs.at[i];
        char label[KAFKA_MAX_NAME + 12];
        int64_t low, high;
        if (rd_kafka_get_watermark_offsets(transform->consumer, input->topic, input->partition,
                                           &low, &high) ||
            high < 0)
            continue;
        int len = snprintf(label, sizeof(label), "%s/%d", input->topic, (int)input->partition);
        int64_t records = high > input->position ? high - input->position : 0;
        int64_t behind_ms = records && input->written_ms ? now_ms() - input->written_ms : 0;
        metric_set(transform->metrics.lag, span_from(label, (size_t)len), records);
        metric_set(transform->metrics.lag_seconds, span_from(label, (size_t)len),
                   behind_ms > 0 ? behind_ms / 1000 : 0);
    }
}
