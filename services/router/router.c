/* SPDX-License-Identifier: Apache-2.0 */
/* events ─ transform ─ case_flow_on_record ─> events, dispatch.<unit>, signals, state.cases, dead
 *              └ a unit without a topic ─ case_flow_refuse ─> state.cases; parking.c probes
 * signals ─ transform ─ window_flow_on_record ─> events, state.windows, dead
 *
 * Everything that decides is in core/; this file carries records in and numbers out. */
#include "router/router.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/base.h"
#include "base/memory.h"
#include "base/murmur2.h"
#include "daemon/log.h"
#include "kafka/transform.h"
#include "router/cellar.h"
#include "router/core/emit.h"
#include "router/core/signal_pack.h"
#include "router/parking.h"
#include "router/reload.h"
#include "router/window_pass.h"

enum { PASS_CASES, PASS_WINDOWS };

static const struct transform_source sources[] = {
    [PASS_CASES] = {"events", "state.cases", true},
    [PASS_WINDOWS] = {"signals", "state.windows", true},
};

static const struct transform_stream streams[STREAM_COUNT] = {
    [STREAM_EVENTS] = {"events", false, 0},
    [STREAM_DISPATCH] = {"dispatch.", true, 0},
    [STREAM_STATE_CASES] = {"state.cases", false, 0},
    [STREAM_DEAD] = {"dead", false, 0},
    [STREAM_SIGNALS] = {"signals", false, 0},
    [STREAM_STATE_WINDOWS] = {"state.windows", false, 0},
    [STREAM_RECEIPTS] = {"receipts.", true, 0},
};

static const struct metric_row decided_row = {
    "citybrain_router_decisions_total", METRIC_COUNTER, NULL,
    "Orders given to a lead unit. Standing still while events come in: look at "
    "rejects and at the desk's queue."};
static const struct metric_row timers_row = {
    "citybrain_router_timers_total", METRIC_COUNTER, NULL,
    "Timers that fired: nudges and escalations. They move on ticks only."};
static const struct metric_row dead_row = {
    "citybrain_router_dead_total", METRIC_COUNTER, NULL,
    "Events no case could take: unreadable, too large, of a case beyond its limits. Their dead "
    "letters name the reason."};
static const struct metric_row stubs_row = {
    "citybrain_router_stubs_total", METRIC_COUNTER, NULL,
    "Closed cases cut down to what later decisions hang on (router.stub_after)."};
static const struct metric_row signals_row = {
    "citybrain_router_signals_total", METRIC_COUNTER, NULL,
    "Facts told to triggers, taken back ones among them."};
static const struct metric_row answers_row = {
    "citybrain_router_answers_total", METRIC_COUNTER, NULL,
    "What followed from moves: recalls, helpers called, amended duties, corrections told."};
static const struct metric_row receipts_row = {
    "citybrain_router_receipts_total", METRIC_COUNTER, NULL,
    "Moves without effect that a unit was told of. Growing fast: some unit's system publishes what "
    "is not its own, or in a wrong order."};
static const struct metric_row cases_row = {
    "citybrain_router_cases", METRIC_GAUGE, "partition",
    "Cases in memory. Growing without end: look at cases that are never closed."};

struct partition {
    struct router *router;       /* borrowed */
    int pass;                    /* its source */
    struct case_flow *cases;     /* owned; of pass 1 */
    struct window_flow *windows; /* owned; of pass 2 */
    /* As far as the metrics have it, whose cells are looked up by text: told once a commit. */
    struct case_flow_counts told;
    struct window_flow_counts counted;
    int32_t number;
};

struct router {
    struct daemon *daemon;
    const struct router_config *config;
    struct case_flow_rules flow; /* of every partition; its bundle may be exchanged */
    struct transform *transform;
    struct signal_packs packs; /* of the open transaction */
    struct parking parking;
    struct window_pass windows;
    struct reload reload;
    struct cellar *cellar;
    struct metric *decided, *timers, *dead, *stubs, *signals, *answers, *receipts, *cases;
};

/* Counts of partitions are known by now: topics were looked for before anything was assigned. */
static void set_bundle(struct router *router)
{
    router->flow.signal_partitions = transform_stream_partitions(router->transform, STREAM_SIGNALS);
    signal_packs_arrange(&router->packs, router->flow.signal_partitions);
    window_pass_set_bundle(&router->windows, router->flow.bundle,
                           transform_stream_partitions(router->transform, STREAM_EVENTS));
}

static void *open_partition(void *context, int source, int32_t partition, struct span metadata)
{
    struct router *router = context;
    struct partition *state = xcalloc(1, sizeof *state);
    (void)metadata;
    state->router = router;
    state->pass = source;
    state->number = partition;
    set_bundle(router);
    if (source == PASS_CASES)
        state->cases = case_flow_open(&router->flow, partition);
    else
        state->windows = window_flow_open(&router->windows.rules, partition);
    return state;
}

static void restore(void *context, struct span key, struct span value)
{
    struct partition *state = context;
    if (state->pass == PASS_CASES)
        case_flow_restore(state->cases, key, value);
    else
        window_flow_restore(state->windows, key, value);
}

static void count_parked(struct partition *state)
{
    struct case_flow_counts counts = case_flow_counts(state->cases);
    parking_count(&state->router->parking, state->number, counts.parked, counts.removals);
}

static void restored(void *context)
{
    struct partition *state = context;
    struct error error;
    const char *fault;
    if (state->pass == PASS_CASES) {
        case_flow_restored(state->cases);
        fault = case_flow_fault(state->cases);
        state->told = case_flow_counts(state->cases);
        count_parked(state);
    } else {
        window_flow_restored(state->windows);
        fault = window_flow_fault(state->windows);
        state->counted = window_flow_counts(state->windows);
        window_pass_taken_up(&state->router->windows, state->windows, state->number);
    }
    if (!fault)
        return;
    error_set(&error, ERROR_CONFIG, 0, "%s/%d: %s", sources[state->pass].state_topic,
              (int)state->number, fault);
    daemon_die("router.state", &error);
}

static void count(struct metric *metric, int64_t more)
{
    if (more)
        metric_add(metric, SPAN(""), more);
}

static void tell_cases(struct partition *state)
{
    struct router *router = state->router;
    struct case_flow_counts now = case_flow_counts(state->cases), *told = &state->told;
    char label[16];
    count(router->decided, now.decided - told->decided);
    count(router->timers, now.timers - told->timers);
    count(router->dead, now.dead - told->dead);
    count(router->stubs, now.stubs - told->stubs);
    count(router->signals, now.signals - told->signals);
    count(router->answers, now.answered - told->answered);
    count(router->receipts, now.refused - told->refused);
    *told = now;
    snprintf(label, sizeof label, "%d", (int)state->number);
    metric_set(router->cases, span_of(label), now.cases);
    count_parked(state);
}

static void tell_windows(struct partition *state)
{
    struct window_flow_counts now = window_flow_counts(state->windows);
    window_pass_count(&state->router->windows, &state->counted, &now);
    window_pass_show(&state->router->windows, state->number, &now);
}

static enum transform_result on_record(void *context, const struct record *record,
                                       struct outputs *outputs)
{
    struct partition *state = context;
    if (state->pass == PASS_WINDOWS)
        return window_flow_on_record(state->windows, record, outputs);
    return case_flow_on_record(state->cases, record,
                               signal_packs_before(&state->router->packs, outputs));
}

static void save(void *context, struct outputs *outputs)
{
    struct partition *state = context;
    cellar_show(state->router->cellar);
    if (state->pass == PASS_WINDOWS) {
        window_flow_save(state->windows, outputs);
        tell_windows(state);
        return;
    }
    case_flow_save(state->cases, signal_packs_before(&state->router->packs, outputs));
    signal_packs_write(&state->router->packs, outputs); /* what was told before is no later */
    tell_cases(state);
}

static void close_partition(void *context)
{
    struct partition *state = context;
    if (state->pass == PASS_CASES) {
        parking_count(&state->router->parking, state->number, 0, 0); /* another owner's now */
        case_flow_close(state->cases);
    } else {
        window_pass_show(&state->router->windows, state->number,
                         &(struct window_flow_counts){.clock_ms = TIMESTAMP_NONE});
        window_flow_close(state->windows);
    }
    free(state);
}

static void on_poison(void *context, const struct record *record, struct outputs *outputs)
{
    struct partition *state = context;
    if (state->pass == PASS_CASES)
        case_flow_bury(state->cases, record, REJECT_CRASH, outputs);
    else
        window_flow_bury(state->windows, record, REJECT_CRASH, outputs);
}

/* Orders are keyed by their case, as `events` is: the case's partition keeps them. */
static bool undeliverable(void *context, const struct output *output)
{
    struct router *router = context;
    int32_t partitions = transform_stream_partitions(router->transform, STREAM_EVENTS);
    if (output->stream == STREAM_RECEIPTS)
        return true; /* for a unit without that topic: counted and logged by the loop, owed by
                        nobody */
    struct partition *state = output->stream == STREAM_DISPATCH
                                  ? transform_state(router->transform, PASS_CASES,
                                                    murmur2_partition(output->key, partitions))
                                  : NULL;
    if (state)
        case_flow_refuse(state->cases, output);
    return state != NULL;
}

static void probe(void *context, struct outputs *outputs)
{
    struct router *router = context;
    int32_t partitions = transform_stream_partitions(router->transform, STREAM_EVENTS);
    for (int32_t p = 0; p < partitions; p++) {
        struct partition *state = transform_state(router->transform, PASS_CASES, p);
        if (state)
            case_flow_probe(state->cases, outputs);
    }
}

/* Pass 1 looks into the rules anew at each record; what pass 2 computed ahead by the old ones is
 * computed again. */
static void exchanged(void *context)
{
    struct router *router = context;
    int32_t partitions = transform_stream_partitions(router->transform, STREAM_SIGNALS);
    set_bundle(router);
    for (int32_t p = 0; p < partitions; p++) {
        struct partition *state = transform_state(router->transform, PASS_WINDOWS, p);
        if (!state)
            continue;
        window_flow_set_rules(state->windows, &router->windows.rules);
        window_pass_taken_up(&router->windows, state->windows, p);
    }
}

struct router *router_open(struct daemon *daemon, const struct router_config *config,
                           struct error *error)
{
    struct router *router = xcalloc(1, sizeof *router);
    router->daemon = daemon;
    router->config = config;
    router->flow = config->flow;
    signal_packs_init(&router->packs);
    window_pass_init(&router->windows, daemon_metrics(daemon), config->most_groups);
    router->cellar =
        cellar_open(config->kafka.note_dir, config->sets_in_memory, daemon_metrics(daemon), error);
    if (!router->cellar) {
        free(router);
        return NULL;
    }
    router->flow.store = router->windows.rules.store = cellar_store(router->cellar);
    router->decided = metrics_add(daemon_metrics(daemon), &decided_row);
    router->timers = metrics_add(daemon_metrics(daemon), &timers_row);
    router->dead = metrics_add(daemon_metrics(daemon), &dead_row);
    router->stubs = metrics_add(daemon_metrics(daemon), &stubs_row);
    router->signals = metrics_add(daemon_metrics(daemon), &signals_row);
    router->answers = metrics_add(daemon_metrics(daemon), &answers_row);
    router->receipts = metrics_add(daemon_metrics(daemon), &receipts_row);
    router->cases = metrics_add(daemon_metrics(daemon), &cases_row);
    struct metric *const counters[] = {router->decided, router->timers,  router->dead,
                                       router->stubs,   router->signals, router->answers,
                                       router->receipts};
    for (size_t i = 0; i < ARRAY_LENGTH(counters); i++)
        metric_add(counters[i], SPAN(""), 0); /* shown before there is anything to count */
    struct transform_spec spec = {
        .settings = &config->kafka,
        .sources = sources,
        .source_count = ARRAY_LENGTH(sources),
        .assignor = "range",
        .streams = streams,
        .stream_count = ARRAY_LENGTH(streams),
        .handler = {router, open_partition, restore, restored, on_record, save, close_partition},
        .on_poison = on_poison,
        .undeliverable = undeliverable,
    };
    router->transform = transform_open(daemon, &spec, error);
    if (router->transform) {
        parking_open(&router->parking, daemon, router->transform, config->probe_every_ms, probe,
                     router);
        reload_open(&router->reload, daemon, router->transform, config, &router->flow, exchanged,
                    router);
        return router;
    }
    free(router);
    return NULL;
}

static void drained(void *context)
{
    struct router *router = context;
    daemon_stopped(router->daemon);
}

void router_drain(void *context)
{
    struct router *router = context;
    parking_stop(&router->parking);
    transform_drain(router->transform, drained, router);
}
