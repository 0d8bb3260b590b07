/* SPDX-License-Identifier: Apache-2.0 */
/* The loop: collect, commit, and everything that ends either (steps 2, 3 and 5 of the contract).
 *
 *   WAITING -> COLLECTING <-> COMMITTING       in COMMITTING and RESTORING the worker blocks on the
 * brokers, ^   \      /                the loop polls neither consumer nor producer and serves HTTP
 *             RESTORING  (RESOLVING)
 *
 * It promises that outputs, state and positions become durable together, once. Whatever is not a
 * clean commit ends the process: no undo, no seek; the successor begins at the last commit. */
#include "kafka/transform.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "daemon/log.h"
#include "kafka/message.h"
#include "kafka/transform_internal.h"

enum {
    TICK_MS = 250,
    TICKS_A_LAG = 4,
    COMPLAIN_MS = 5000,
    HELD_BESIDE = 256, /* bytes: what the library holds of an output beside its own */
};

static const char *const phase_names[] = {
#define TRANSFORM_PHASE_NAME(name) #name,
    TRANSFORM_PHASES(TRANSFORM_PHASE_NAME)
#undef TRANSFORM_PHASE_NAME
};

uint64_t transform_now_ms(void)
{
    return uv_hrtime() / 1000000;
}

void transform_set_phase(struct transform *transform, enum transform_phase phase)
{
    transform->phase = phase;
    metric_set(transform->metrics.phase, SPAN(""), phase);
}

bool transform_may_complain(struct transform *transform)
{
    uint64_t now = transform_now_ms();
    if (transform->complained_ms && now - transform->complained_ms < COMPLAIN_MS)
        return false;
    transform->complained_ms = now;
    return true;
}

bool transform_is_dirty(const struct transform *transform)
{
    for (size_t i = 0; i < transform->inputs.count; i++)
        if (transform->inputs.at[i].dirty)
            return true;
    return false;
}

void transform_die(struct transform *transform, const struct error *error)
{
    struct error last = *error;
    poison_note_leave(&transform->note); /* not a death in the core */
    if (last.kind != ERROR_CONFIG)
        last.kind = ERROR_FATAL;
    if (transaction_is_fenced(last.code))
        log_error("transform.fenced", LOG_ERROR(&last), LOG_INT("code", last.code));
    transaction_abandon(&transform->transaction);
    error_wrap(&last, "phase %s", phase_names[transform->phase]);
    daemon_die("transform.die", &last);
}

/* ---- the worker ---- */

static void work(uv_work_t *request)
{
    struct transform *transform = request->data;
    struct error *error = &transform->work_error;
    switch (transform->phase) {
    case TRANSFORM_WAITING: transform->work_fine = transform_start_work(transform, error); break;
    case TRANSFORM_RESTORING: transform->work_fine = restore_work(transform->restore, error); break;
    case TRANSFORM_RESOLVING:
        transform->work_fine = streams_refresh(transform->streams, error);
        break;
    case TRANSFORM_COMMITTING:
        transform->work_fine = transaction_commit(&transform->transaction, transform->consumer,
                                                  &transform->member, transform->offsets, error);
        break;
    case TRANSFORM_COLLECTING:
    case TRANSFORM_STOPPED: abort(); /* no work in these phases */
    }
}

static void resolved(struct transform *transform);
static void committed(struct transform *transform);

static void worked(uv_work_t *request, int status)
{
    struct transform *transform = request->data;
    (void)status;
    if (transform->draining &&
        (transform->phase == TRANSFORM_WAITING || transform->phase == TRANSFORM_RESTORING)) {
        transform_stop(transform);
        return;
    }
    if (transform->phase == TRANSFORM_RESTORING) {
        transform_rebalance_worked(transform); /* clears `working` itself */
        return;
    }
    transform->working = false;
    if (transform->phase == TRANSFORM_WAITING)
        transform_start_worked(transform);
    else if (transform->phase == TRANSFORM_RESOLVING)
        resolved(transform);
    else
        committed(transform);
}

void transform_submit(struct transform *transform)
{
    transform->working = true;
    transform->work.data = transform;
    transform->work_error = (struct error){0};
    uv_queue_work(daemon_loop(transform->daemon), &transform->work, work, worked);
}

static void on_retry(uv_timer_t *timer)
{
    transform_submit(timer->data);
}

void transform_retry(struct transform *transform, uint64_t wait_ms)
{
    transform->working = false;
    uv_timer_start(&transform->retry_timer, on_retry, wait_ms, 0);
}

/* ---- outputs ---- */

static void add_output(void *carrier, const struct output *output)
{
    struct transform *transform = carrier;
    struct error error;
    assert(transform->transaction.open);
    if (streams_produce(transform->streams, output, &error) == STREAMS_FAILED)
        transform_die(transform, &error);
    transform->transaction.outputs++;
    transform->transaction.bytes += (int64_t)message_size(output) + HELD_BESIDE;
    transform->metrics.stream_outputs[output->stream]++;
}

/* The position record goes with each offset of a partition that has a state. */
static void write_position(struct transform *transform, const struct input *input)
{
    char value[KAFKA_MAX_NAME + 64];
    restore_encode_position(input, value, sizeof(value));
    struct output output = {.key = restore_position_key, .value = span_of(value)};
    rd_kafka_error_t *cause = message_produce(transform->transaction.producer, input->of->state,
                                              input->partition, &output, NULL);
    if (!cause)
        return;
    struct error error;
    kafka_client_error(&error, ERROR_FATAL, input->of->state_name, cause);
    transform_die(transform, &error);
}

/* ---- begin and commit ---- */

static void on_commit_timer(uv_timer_t *timer)
{
    struct transform *transform = timer->data;
    if (transform->phase == TRANSFORM_COLLECTING && transform->transaction.open)
        transform_commit(transform);
}

void transform_begin(struct transform *transform)
{
    struct error error;
    if (transform->transaction.open)
        return;
    if (!transaction_begin(&transform->transaction, &error))
        transform_die(transform, &error);
    streams_begin(transform->streams);
    transform->behind = transform_is_behind(transform);
    int64_t wait_ms = transaction_longest_ms(transform->spec.settings, transform->behind);
    uv_timer_start(&transform->commit_timer, on_commit_timer, (uint64_t)wait_ms, 0);
}

static void save_states(struct transform *transform)
{
    for (size_t i = 0; i < transform->inputs.count; i++) {
        struct input *input = &transform->inputs.at[i];
        if (!input->acted)
            continue;
        input->acted = false;
        if (transform->spec.handler.save)
            transform->spec.handler.save(input->state, &transform->outputs);
    }
}

/* Offsets of every partition acted for. A transaction without offsets would not be fenced by the
 * group: one that has none (outputs written on a tick) carries those of all. */
static rd_kafka_topic_partition_list_t *gather_offsets(struct transform *transform)
{
    bool all = !transform_is_dirty(transform);
    rd_kafka_topic_partition_list_t *list =
        rd_kafka_topic_partition_list_new((int)transform->inputs.count + 1);
    for (size_t i = 0; i < transform->inputs.count; i++) {
        struct input *input = &transform->inputs.at[i];
        if (!all && !input->dirty)
            continue;
        input->dirty = false; /* set again by whatever moves while the commit is under way */
        if (input->of->state_name)
            write_position(transform, input);
        rd_kafka_topic_partition_t *partition =
            rd_kafka_topic_partition_list_add(list, input->topic, input->partition);
        partition->offset = input->position;
        partition->metadata_size = strlen(input->metadata);
        if (partition->metadata_size > 0) {
            partition->metadata = malloc(partition->metadata_size); /* the library frees it */
            if (!partition->metadata)
                abort();
            memcpy(partition->metadata, input->metadata, partition->metadata_size);
        }
    }
    return list;
}

void transform_commit(struct transform *transform)
{
    assert(transform->transaction.open && transform->inputs.count > 0);
    uv_timer_stop(&transform->commit_timer);
    if (streams_kept(transform->streams) == 0)
        save_states(transform); /* may write to a family as well */
    if (streams_kept(transform->streams) > 0) {
        transform_set_phase(transform, TRANSFORM_RESOLVING);
        transform_submit(transform);
        return;
    }
    struct error error;
    if (!streams_release(transform->streams, &error))
        transform_die(transform, &error);
    transform->offsets = gather_offsets(transform);
    transform->commit_began_ms = transform_now_ms();
    poison_note_commit(&transform->note);
    transform_set_phase(transform, TRANSFORM_COMMITTING);
    transform_submit(transform);
}

static bool is_missing(void *context, const struct output *output)
{
    struct transform *transform = context;
    metric_add(transform->metrics.undeliverable, SPAN(""), 1);
    log_warn("transform.undeliverable",
             LOG_STR("stream", transform->spec.streams[output->stream].topic),
             LOG_SPAN("suffix", output->suffix));
    return transform->spec.undeliverable &&
           transform->spec.undeliverable(transform->spec.handler.context, output);
}

static void resolved(struct transform *transform)
{
    struct error error;
    if (!transform->work_fine)
        transform_die(transform, &transform->work_error);
    if (!streams_settle(transform->streams, is_missing, transform, &error))
        transform_die(transform, &error);
    transform_commit(transform);
}

static void note_committed(struct transform *transform)
{
    for (int i = 0; i < transform->offsets->cnt; i++) {
        const rd_kafka_topic_partition_t *partition = &transform->offsets->elems[i];
        struct input *input =
            inputs_find(&transform->inputs, partition->topic, partition->partition);
        input->committed = partition->offset;
        poison_note_passed(&transform->note, input->topic_tag, input->partition, input->committed);
    }
    rd_kafka_topic_partition_list_destroy(transform->offsets);
    transform->offsets = NULL;
    poison_note_leave(&transform->note);
}

static void committed(struct transform *transform)
{
    if (!transform->work_fine)
        transform_die(transform, &transform->work_error);
    uint64_t took_ms = transform_now_ms() - transform->commit_began_ms;
    note_committed(transform);
    transform_metrics_commit(transform, took_ms);
    log_debug("transform.committed", LOG_INT("records", transform->transaction.records),
              LOG_INT("outputs", transform->transaction.outputs), LOG_INT("ms", took_ms));
    transform_set_phase(transform, TRANSFORM_COLLECTING);
    if (transform->injection.written) {
        transform->injection.written = false;
        transform->injection.committed(transform->injection.context);
    }
    if (transform->revoking)
        transform_rebalance_revoke(transform);
    if (transform->draining)
        transform_stop(transform);
    else
        wakeup_again(&transform->wakeup);
}

/* ---- from outside ---- */

/* Also what keeps an idle member in its group: max.poll.interval counts polls, not heartbeats. */
static void on_tick(uv_timer_t *timer)
{
    struct transform *transform = timer->data;
    uint64_t now = transform_now_ms();
    if (transform->phase != TRANSFORM_COLLECTING)
        return;
    rd_kafka_poll(transform->transaction.producer, 0);
    if (++transform->ticks % TICKS_A_LAG == 0)
        transform_metrics_lag(transform);
    if (!transform->transaction.open && now - transform->last_quiet_ms >= TRANSFORM_QUIET_MS &&
        transform_is_dirty(transform)) {
        transform->last_quiet_ms = now;
        transform_begin(transform);
    }
    wakeup_again(&transform->wakeup);
}

static void on_closed(void *context)
{
    struct transform *transform = context;
    if (--transform->open_handles > 0)
        return;
    log_info("transform.drained", LOG_INT("partitions", transform->inputs.count));
    transform->drained(transform->drain_context);
}

static void on_timer_closed(uv_handle_t *handle)
{
    on_closed(handle->data);
}

void transform_stop(struct transform *transform)
{
    uv_timer_t *timers[] = {&transform->commit_timer, &transform->tick_timer,
                            &transform->retry_timer};
    transform_set_phase(transform, TRANSFORM_STOPPED);
    transform->open_handles = ARRAY_LENGTH(timers) + 2;
    for (size_t i = 0; i < ARRAY_LENGTH(timers); i++)
        uv_close((uv_handle_t *)timers[i], on_timer_closed);
    wakeup_close(&transform->wakeup, on_closed);
    nudge_stop(&transform->nudge, on_closed, transform);
}

void transform_drain(struct transform *transform, void (*done)(void *), void *context)
{
    transform->draining = true;
    transform->drained = done;
    transform->drain_context = context;
    if (transform->working || transform->phase == TRANSFORM_STOPPED)
        return; /* whoever gets the answer sees `draining` */
    if (transform->phase == TRANSFORM_COLLECTING && transform->transaction.open)
        transform_commit(transform);
    else
        transform_stop(transform);
}

bool transform_inject(struct transform *transform,
                      void (*write)(void *context, struct outputs *outputs),
                      void (*committed_fn)(void *context), void *context)
{
    struct transform_injection *injection = &transform->injection;
    if (injection->pending || injection->written || transform->inputs.count == 0 ||
        transform->draining || transform->phase == TRANSFORM_RESTORING ||
        transform->phase == TRANSFORM_STOPPED)
        return false;
    *injection = (struct transform_injection){write, committed_fn, context, true, false};
    wakeup_again(&transform->wakeup);
    return true;
}

static struct input *owned(const struct transform *transform, int source, int32_t partition)
{
    if (transform->phase == TRANSFORM_RESTORING || transform->phase == TRANSFORM_WAITING)
        return NULL;
    return inputs_of_source(&transform->inputs, source, partition);
}

void transform_set_metadata(struct transform *transform, int source, int32_t partition,
                            const char *metadata)
{
    struct input *input = owned(transform, source, partition);
    if (!input || strcmp(input->metadata, metadata) == 0)
        return;
    input_set_metadata(input, metadata, strlen(metadata));
    input->dirty = true;
}

bool transform_owns(const struct transform *transform, int source, int32_t partition)
{
    return owned(transform, source, partition) != NULL;
}

bool transform_is_short_of(const struct transform *transform, const char *topic, int32_t partition,
                           int64_t offset)
{
    if (transform->phase == TRANSFORM_RESTORING || transform->phase == TRANSFORM_WAITING)
        return false;
    const struct input *input = inputs_find(&transform->inputs, topic, partition);
    return input && input->committed < offset;
}

bool transform_is_restoring(const struct transform *transform)
{
    return transform->phase == TRANSFORM_RESTORING || transform->kept.count > 0;
}

int32_t transform_stream_partitions(const struct transform *transform, int stream)
{
    return streams_partitions(transform->streams, stream);
}

void *transform_state(const struct transform *transform, int source, int32_t partition)
{
    const struct input *input = owned(transform, source, partition);
    return input ? input->state : NULL;
}

static void init_timer(struct transform *transform, uv_timer_t *timer)
{
    uv_timer_init(daemon_loop(transform->daemon), timer);
    timer->data = transform;
}

struct transform *transform_open(struct daemon *daemon, const struct transform_spec *spec,
                                 struct error *error)
{
    struct transform *transform = xcalloc(1, sizeof(*transform));
    transform->daemon = daemon;
    transform->spec = *spec;
    transform->outputs = (struct outputs){add_output, transform};
    if (!poison_note_open(&transform->note, spec->settings, error))
        return NULL;
    if (!transaction_init(&transform->transaction, spec->settings, error))
        return NULL;
    transform->consumer = transform_start_consumer(transform, error);
    if (!transform->consumer || !wakeup_open(&transform->wakeup, daemon_loop(daemon),
                                             rd_kafka_queue_get_consumer(transform->consumer),
                                             transform_collect, transform, error))
        return NULL; /* the process ends: nothing is given back */
    sources_init(&transform->sources, spec);
    transform->streams = streams_new(spec->settings, spec->streams, spec->stream_count);
    nudge_init(&transform->nudge, daemon_loop(daemon), transform->consumer,
               spec->settings->queued_bytes);
    transform_metrics_init(transform);
    init_timer(transform, &transform->commit_timer);
    init_timer(transform, &transform->tick_timer);
    init_timer(transform, &transform->retry_timer);
    uv_timer_start(&transform->tick_timer, on_tick, TICK_MS, TICK_MS);
    daemon_not_ready(daemon, "kafka", "no_broker");
    transform_set_phase(transform, TRANSFORM_WAITING);
    transform_submit(transform);
    return transform;
}
