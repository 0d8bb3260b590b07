/* SPDX-License-Identifier: Apache-2.0 */
/* A queue stands for the topics: the passes write to its end while its front is read.
 * TRANSFORM_AGAIN means the same record again, as after a commit. */
#include "citybrain/passes.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/murmur2.h"
#include "model/event.h"
#include "router/core/emit.h"
#include "router/core/window_flow.h"

#define PARTITIONS  12
#define MOST_GROUPS 1000000 /* of a trigger: here nobody else needs the memory */

struct queued {
    struct queued *next;
    bool signal; /* of signals, else of events */
    int32_t partition;
    int64_t written_ms;
    size_t key_len, value_len;
    char bytes[]; /* key, value */
};

struct passes {
    struct passes_watch watch;
    struct case_flow_rules rules;
    struct window_flow_rules window_rules;
    struct case_flow *cases[PARTITIONS];     /* owned */
    struct window_flow *windows[PARTITIONS]; /* owned */
    struct queued *first, **last;
    int64_t events_next[PARTITIONS], signals_next[PARTITIONS];
    int64_t written_ms; /* of the record being read: what follows from it is written then */
};

struct passes *passes_new(const struct case_flow_rules *rules, const struct passes_watch *watch)
{
    struct passes *passes = xcalloc(1, sizeof *passes);
    passes->watch = *watch;
    passes->last = &passes->first;
    passes->rules = *rules;
    passes->rules.signal_partitions = PARTITIONS;
    passes->window_rules = (struct window_flow_rules){.triggers = rules->bundle->triggers,
                                                      .district = &rules->bundle->district,
                                                      .stations = rules->bundle->stations,
                                                      .calendar = rules->bundle->district.calendar,
                                                      .bundle = span_of(rules->bundle->hash),
                                                      .partitions = PARTITIONS,
                                                      .most_groups = MOST_GROUPS};
    for (int32_t i = 0; i < PARTITIONS; i++) {
        passes->cases[i] = case_flow_open(&passes->rules, i);
        passes->windows[i] = window_flow_open(&passes->window_rules, i);
    }
    return passes;
}

void passes_free(struct passes *passes)
{
    for (int32_t i = 0; i < PARTITIONS; i++) {
        case_flow_close(passes->cases[i]);
        window_flow_close(passes->windows[i]);
    }
    for (struct queued *one = passes->first, *next; one; one = next) {
        next = one->next;
        free(one);
    }
    free(passes);
}

static void add(struct passes *passes, bool signal, int32_t partition, struct span key,
                struct span value, int64_t written_ms)
{
    struct queued *queued = xmalloc(sizeof *queued + key.len + value.len);
    *queued = (struct queued){
        .signal = signal,
        .partition = partition == OUTPUT_BY_KEY ? murmur2_partition(key, PARTITIONS) : partition,
        .written_ms = written_ms,
        .key_len = key.len,
        .value_len = value.len};
    if (key.len)
        memcpy(queued->bytes, key.at, key.len);
    if (value.len)
        memcpy(queued->bytes + key.len, value.at, value.len);
    *passes->last = queued;
    passes->last = &queued->next;
}

void passes_add(struct passes *passes, int32_t partition, struct span key, struct span value,
                int64_t written_ms)
{
    add(passes, false, partition, key, value, written_ms);
}

void passes_add_tick(struct passes *passes, int64_t t_ms)
{
    struct strbuf text;
    strbuf_init(&text, 512, 4096);
    for (int32_t i = 0; i < PARTITIONS; i++) {
        strbuf_reset(&text);
        event_write_tick(&text, t_ms, i);
        passes_add(passes, i, SPAN_NONE, strbuf_span(&text), t_ms);
    }
    strbuf_fini(&text);
}

static void from_router(void *context, const struct output *output)
{
    struct passes *passes = context;
    bool signal = output->stream == STREAM_SIGNALS;
    if (signal || output->stream == STREAM_EVENTS)
        add(passes, signal, output->partition, output->key, output->value, passes->written_ms);
    if (passes->watch.said)
        passes->watch.said(passes->watch.context, output);
}

static void deliver(struct passes *passes, const struct queued *queued)
{
    struct outputs outputs = {from_router, passes};
    int32_t p = queued->partition;
    struct record record = {
        .source = queued->signal,
        .topic = queued->signal ? SPAN("cb.signals") : SPAN("cb.events"),
        .partition = p,
        .offset = queued->signal ? passes->signals_next[p]++ : passes->events_next[p]++,
        .timestamp_ms = queued->written_ms,
        .key = queued->key_len ? span_from(queued->bytes, queued->key_len) : SPAN_NONE,
        .value = span_from(queued->bytes + queued->key_len, queued->value_len),
        .headers = {{SPAN("content-type"), SPAN(EVENT_CONTENT_TYPE)}},
        .header_count = queued->signal ? 0 : 1,
    };
    passes->written_ms = queued->written_ms;
    enum transform_result result;
    do
        result = queued->signal ? window_flow_on_record(passes->windows[p], &record, &outputs)
                                : case_flow_on_record(passes->cases[p], &record, &outputs);
    while (result == TRANSFORM_AGAIN);
    if (passes->watch.event && !queued->signal)
        passes->watch.event(passes->watch.context, &record);
}

void passes_run(struct passes *passes)
{
    while (passes->first) {
        struct queued *queued = passes->first;
        deliver(passes, queued);
        passes->first = queued->next;
        if (!passes->first)
            passes->last = &passes->first;
        free(queued);
    }
}

struct case_flow_counts passes_counts(const struct passes *passes)
{
    struct case_flow_counts all = case_flow_counts(passes->cases[0]);
    for (int32_t i = 1; i < PARTITIONS; i++) {
        struct case_flow_counts flow = case_flow_counts(passes->cases[i]);
        all.decided += flow.decided;
        all.adopted += flow.adopted;
        all.desk += flow.desk;
        all.timers += flow.timers;
        all.too_long += flow.too_long;
        all.cases += flow.cases;
    }
    return all;
}

int64_t passes_firings(const struct passes *passes)
{
    int64_t firings = 0;
    for (int32_t i = 0; i < PARTITIONS; i++)
        firings += (int64_t)window_flow_counts(passes->windows[i]).firings;
    return firings;
}
