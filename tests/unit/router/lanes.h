/* SPDX-License-Identifier: Apache-2.0 */
/* `events` in memory: a few partitions, each read by a flow of its own, whose words go back on the
 * log, until nothing new comes. What tests of cases in several partitions tell and ask. */
#pragma once

#include "flow.h"

#include "base/murmur2.h"
#include "model/case_fold.h"
#include "router/core/case_pack.h"

enum { LANES = 3, LANES_MOST = 4096, LANES_BYTES = 64 << 20 };

struct laned {
    char key[64];
    const char *value; /* in lanes.store */
    size_t len;
    bool ours; /* by a router */
};

struct lane {
    struct case_flow *flow;
    struct laned log[LANES_MOST];
    size_t count, next;
    struct laned state[LANES_MOST]; /* its topic */
    size_t state_count;
};

static struct {
    struct lane at[LANES];
    struct laned orders[LANES_MOST]; /* key: the unit */
    size_t order_count, dead;
    char *store;
    size_t stored;
    int running; /* whose flow speaks */
    bool idle;   /* what is said goes nowhere */
} lanes;

static inline const char *lanes_keep(struct span text)
{
    char *at = lanes.store + lanes.stored;
    assert_true(lanes.stored + text.len + 1 < LANES_BYTES);
    lanes.stored += text.len + 1;
    return span_to_cstr(text, at, text.len + 1);
}

static inline int lanes_of(struct span key)
{
    return murmur2_partition(key, LANES);
}

static inline void lanes_append(struct span key, struct span value, bool ours)
{
    struct lane *lane = &lanes.at[lanes_of(key)];
    assert_true(lane->count < LANES_MOST);
    struct laned *one = &lane->log[lane->count++];
    span_to_cstr(key, one->key, sizeof one->key);
    one->value = lanes_keep(value);
    one->ours = ours;
}

static inline void lanes_take(void *carrier, const struct output *output)
{
    struct lane *lane = &lanes.at[lanes.running];
    struct laned *one = NULL;
    (void)carrier;
    if (lanes.idle)
        return;
    if (output->stream == STREAM_EVENTS)
        lanes_append(output->key, output->value, true);
    else if (output->stream == STREAM_DEAD)
        lanes.dead++;
    else if (output->stream == STREAM_DISPATCH)
        one = &lanes.orders[lanes.order_count++ % LANES_MOST];
    else if (output->stream == STREAM_STATE_CASES)
        one = &lane->state[lane->state_count++];
    assert_true(lane->state_count < LANES_MOST);
    if (!one)
        return;
    span_to_cstr(output->stream == STREAM_DISPATCH ? output->suffix : output->key, one->key,
                 sizeof one->key);
    one->value = output->value.at ? lanes_keep(output->value) : NULL;
    one->len = output->value.len;
}

static struct outputs lanes_outputs = {lanes_take, NULL};

static inline void lanes_end(void)
{
    for (int i = 0; i < LANES; i++)
        if (lanes.at[i].flow)
            case_flow_close(lanes.at[i].flow);
    for (int i = 0; i < LANES; i++)
        lanes.at[i].flow = NULL;
}

static inline void lanes_begin(void)
{
    lanes_end();
    if (!lanes.store)
        lanes.store = xmalloc(LANES_BYTES);
    lanes.stored = lanes.order_count = lanes.dead = 0;
    for (int i = 0; i < LANES; i++) {
        struct lane *lane = &lanes.at[i];
        lane->count = lane->next = lane->state_count = 0;
        lane->flow = case_flow_open(&rules, i);
    }
}

static inline void lanes_save(int number)
{
    lanes.running = number;
    case_flow_save(lanes.at[number].flow, &lanes_outputs);
}

/* A new process with what the state topic holds. */
static inline void lanes_restart(int number)
{
    struct lane *lane = &lanes.at[number];
    lanes_save(number);
    case_flow_close(lane->flow);
    lane->flow = case_flow_open(&rules, number);
    for (size_t i = 0; i < lane->state_count; i++)
        case_flow_restore(lane->flow, span_of(lane->state[i].key),
                          span_from(lane->state[i].value, lane->state[i].len));
    case_flow_restored(lane->flow);
    assert_null(case_flow_fault(lane->flow));
}

static inline void lanes_give(int number, const struct laned *one)
{
    struct record record = {.topic = SPAN("cb.events"),
                            .partition = number,
                            .key = span_of(one->key),
                            .value = span_of(one->value)};
    lanes.running = number;
    while (case_flow_on_record(lanes.at[number].flow, &record, &lanes_outputs) == TRANSFORM_AGAIN)
        commits++;
}

/* The next record of a partition; false: there is none. */
static inline bool lanes_step(int number)
{
    struct lane *lane = &lanes.at[number];
    if (lane->next == lane->count)
        return false;
    lanes_give(number, &lane->log[lane->next++]);
    return true;
}

/* Until nothing new comes; it comes to an end. */
static inline size_t lanes_settle(void)
{
    size_t steps = 0;
    for (bool more = true; more;) {
        more = false;
        for (int i = 0; i < LANES; i++)
            while (lanes_step(i)) {
                more = true;
                assert_true(++steps < 2 * LANES_MOST);
            }
    }
    return steps;
}

static inline void lanes_tell(struct told told)
{
    struct strbuf buf;
    struct event event = event_of(&told);
    strbuf_init(&buf, 1024, 1 << 20);
    event_write(&buf, &event);
    lanes_append(event.subject, strbuf_span(&buf), false);
    strbuf_fini(&buf);
}

static inline void lanes_tick(int64_t t_ms)
{
    for (int i = 0; i < LANES; i++) {
        struct strbuf buf;
        struct lane *lane = &lanes.at[i];
        strbuf_init(&buf, 256, 4096);
        event_write_tick(&buf, t_ms, i);
        lane->log[lane->count++] =
            (struct laned){.key = "", .value = lanes_keep(strbuf_span(&buf))};
        strbuf_fini(&buf);
    }
}

/* A case as the state topic has it. */
struct laned_case {
    const struct case_kind *kind;
    struct case_set set;
    struct case_fold fold;
};

static struct arena lanes_arena;

static inline const struct laned_case *lanes_case(const char *id)
{
    static struct laned_case found;
    struct span rest = span_of(id), code = span_cut(&rest, ':'), packed = SPAN_NONE;
    int number = lanes_of(span_of(id));
    lanes_save(number);
    for (size_t i = 0; i < lanes.at[number].state_count; i++)
        if (strcmp(lanes.at[number].state[i].key, id) == 0)
            packed = span_from(lanes.at[number].state[i].value, lanes.at[number].state[i].len);
    if (!lanes_arena.at)
        arena_init(&lanes_arena, 1 << 20);
    arena_reset(&lanes_arena);
    found.kind = kinds_find(rules.kinds, code);
    assert_non_null(found.kind);
    assert_true(case_pack_read(&found.set, packed, &lanes_arena));
    case_fold(&found.fold, &found.set, found.kind, rules.codes);
    return &found;
}

/* How often a stage was said of a case by the router. */
static inline size_t lanes_said(const char *id, const char *stage)
{
    const struct lane *lane = &lanes.at[lanes_of(span_of(id))];
    char type[64];
    size_t n = 0;
    snprintf(type, sizeof type, "case.%s.v1\"", stage);
    for (size_t i = 0; i < lane->count; i++)
        n += lane->log[i].ours && strcmp(lane->log[i].key, id) == 0 &&
             strstr(lane->log[i].value, type) != NULL;
    return n;
}

/* Orders of a kind about a case. */
static inline size_t lanes_ordered(const char *id, const char *kind)
{
    char whose[96], what[64];
    size_t n = 0;
    snprintf(whose, sizeof whose, "\"case\":\"%s\"", id);
    snprintf(what, sizeof what, "\"kind\":\"%s\"", kind);
    for (size_t i = 0; i < lanes.order_count; i++)
        n += strstr(lanes.orders[i].value, whose) && strstr(lanes.orders[i].value, what);
    return n;
}
