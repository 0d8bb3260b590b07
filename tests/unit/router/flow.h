/* SPDX-License-Identifier: Apache-2.0 */
/* A flow with an array of outputs for Kafka, over the shipped configuration: what tests of the
 * router's pass 1 tell it and ask of it. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/base.h"
#include "base/memory.h"
#include "model/event.h"
#include "router/core/case_flow.h"
#include "router/core/emit.h"

#define NOON 1764043200000LL /* 2025-11-25T04:00:00Z */
#define HOUR 3600000LL
#define DAY  (24 * HOUR)
#define CASE "request:12345:1"

struct kept {
    int stream;
    char suffix[64], key[64];
    char value[4096];
    size_t len;
    char header[512]; /* of a dead letter */
    bool gone;        /* a tombstone */
};

static struct kept kept[4096];
static size_t kept_count;
static size_t commits;     /* asked for in the middle of a record */
static struct kept *topic; /* all that was saved since begin(): the state topic */
static size_t topic_count;
static struct rule_bundle bundle;
static struct case_flow_rules rules;

static inline void keep(void *carrier, const struct output *output)
{
    (void)carrier;
    assert_true(kept_count < ARRAY_LENGTH(kept));
    struct kept *one = &kept[kept_count++];
    one->stream = output->stream;
    span_to_cstr(output->suffix, one->suffix, sizeof one->suffix);
    span_to_cstr(output->key, one->key, sizeof one->key);
    span_to_cstr(output->value, one->value, sizeof one->value);
    one->len = output->value.len;
    span_to_cstr(output->stream == STREAM_DEAD ? output->headers[0].value : SPAN(""), one->header,
                 sizeof one->header);
    one->gone = output->value.at == NULL;
}

static struct outputs outputs = {keep, NULL};

static inline int load(void **state)
{
    (void)state;
    struct diagnostics *diagnostics = diagnostics_new();
    struct codes *codes = codes_load("config/codes.csv", diagnostics);
    struct kinds *kinds = codes ? kinds_load("config/kinds", codes, diagnostics) : NULL;
    bool good = kinds && rule_bundle_load(&bundle, "config", kinds, diagnostics);
    rules = (struct case_flow_rules){.codes = codes,
                                     .kinds = kinds,
                                     .bundle = &bundle,
                                     .max_age_ms = 30 * DAY,
                                     .timers = {7 * DAY, 400 * DAY, 15 * 60000LL, 90 * DAY}};
    diagnostics_free(diagnostics);
    return good ? 0 : -1;
}

static inline int unload(void **state)
{
    (void)state;
    rule_bundle_fini(&bundle);
    kinds_free((struct kinds *)(uintptr_t)rules.kinds);
    codes_free((struct codes *)(uintptr_t)rules.codes);
    free(topic);
    return 0;
}

static inline size_t count(int stream, const char *text)
{
    size_t n = 0;
    for (size_t i = 0; i < kept_count; i++)
        n += kept[i].stream == stream && strstr(kept[i].value, text) != NULL;
    return n;
}

static inline void say(struct case_flow *flow, struct span json)
{
    struct record record = {.topic = SPAN("cb.events"), .key = SPAN(CASE), .value = json};
    while (case_flow_on_record(flow, &record, &outputs) == TRANSFORM_AGAIN)
        commits++;
}

struct told {
    const char *id, *stage, *party, *unit, *data, *replayof, *subject, *revision;
    int64_t time_ms, recorded_ms;
};

static inline struct event event_of(const struct told *told)
{
    return (struct event){
        .family = EVENT_CASE,
        .name = span_of(told->stage),
        .id = span_of(told->id),
        .source = SPAN("/feeds/hotline"),
        .subject = span_of(told->subject ? told->subject : CASE),
        .time_ms = told->time_ms,
        .recorded_ms = told->recorded_ms ? told->recorded_ms : told->time_ms + 1000,
        .party = span_of(told->party ? told->party : "source"),
        .unit = span_of(told->unit),
        .revision = span_of(told->revision
                                ? told->revision
                                : "00000000000000000000.001764000000000.000001.00000000000000aa"),
        .replayof = span_of(told->replayof),
        .data_json =
            span_of(told->data ? told->data
                               : "{\"type_code\":\"R0303\",\"community_code\":\"110105001905\"}"),
    };
}

static inline void tell(struct case_flow *flow, struct told told)
{
    struct strbuf buf;
    struct event event = event_of(&told);
    strbuf_init(&buf, 1024, 4 << 20);
    event_write(&buf, &event);
    say(flow, strbuf_span(&buf));
    strbuf_fini(&buf);
}

static inline void tick(struct case_flow *flow, int64_t t_ms)
{
    struct strbuf buf;
    strbuf_init(&buf, 256, 4096);
    event_write_tick(&buf, t_ms, 0);
    say(flow, strbuf_span(&buf));
    strbuf_fini(&buf);
}

static const struct told order = {.id = "opened-1", .stage = "opened", .time_ms = NOON};

static inline struct case_flow *begin(void)
{
    kept_count = commits = 0;
    topic_count = 0;
    return case_flow_open(&rules, 3);
}

static inline void save(struct case_flow *flow)
{
    size_t before = kept_count;
    case_flow_save(flow, &outputs);
    topic = xrealloc(topic, (topic_count + kept_count - before + 1) * sizeof *topic);
    for (size_t i = before; i < kept_count; i++) {
        assert_int_equal(kept[i].stream, STREAM_STATE_CASES);
        topic[topic_count++] = kept[i];
    }
    kept_count = before;
}

static inline struct span state_of(const struct kept *one)
{
    assert_true(one->len < sizeof one->value);
    return span_from(one->value, one->len);
}

/* Saved, and read from the state topic into a flow of its own. The old one is closed. */
static inline struct case_flow *restart(struct case_flow *flow)
{
    struct case_flow *again = case_flow_open(&rules, 3);
    save(flow);
    for (size_t i = 0; i < topic_count; i++)
        case_flow_restore(again, span_of(topic[i].key),
                          topic[i].gone ? SPAN_NONE : state_of(&topic[i]));
    case_flow_restored(again);
    assert_null(case_flow_fault(again));
    case_flow_close(flow);
    return again;
}
