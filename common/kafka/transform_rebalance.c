/* SPDX-License-Identifier: Apache-2.0 */
/* Steps 1 and 4 of the contract. The callback only takes note (it runs inside a poll); acting is
 * left to the loop. While a state is read nothing is polled: the library stands at its assign call,
 * heartbeats go on, and whatever happens to the group meanwhile shows in its metadata, which must
 * be the same at the end. */
#include <assert.h>
#include <string.h>

#include "base/memory.h"
#include "daemon/log.h"
#include "kafka/transform_internal.h"

enum {
    STUCK_MS = 120000, /* a restore without progress ends the process */
    RETRY_MS = 200,
    PROGRESS_MS = 5000,
};

void transform_rebalance_note(rd_kafka_t *consumer, rd_kafka_resp_err_t code,
                              rd_kafka_topic_partition_list_t *partitions, void *opaque)
{
    struct transform *transform = opaque;
    if (code == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS) {
        transform->rebalance = TRANSFORM_ASSIGN;
        transform->assigned = rd_kafka_topic_partition_list_copy(partitions);
    } else {
        bool lost =
            code != RD_KAFKA_RESP_ERR__REVOKE_PARTITIONS || rd_kafka_assignment_lost(consumer);
        transform->rebalance = lost ? TRANSFORM_LOST : TRANSFORM_REVOKE;
    }
    rd_kafka_yield(consumer); /* nothing of the old assignment after this */
}

static void fail(struct transform *transform, enum error_kind kind, int code, const char *text)
{
    struct error error;
    error_set(&error, kind, code, "%s", text);
    transform_die(transform, &error);
}

static void unassign(struct transform *transform)
{
    rd_kafka_resp_err_t code = rd_kafka_assign(transform->consumer, NULL);
    if (code)
        fail(transform, ERROR_FATAL, (int)code, "unassign failed");
}

void transform_rebalance_revoke(struct transform *transform)
{
    transform->revoking = false;
    if (transform->held)
        rd_kafka_message_destroy(transform->held); /* not acted for: its position was not moved */
    transform->held = NULL;
    inputs_fini(&transform->kept, &transform->spec.handler);
    transform->kept = transform->inputs;
    transform->inputs = (struct inputs){0};
    log_info("transform.revoked", LOG_INT("partitions", transform->kept.count));
    unassign(transform);
}

static void begin_assignment(struct transform *transform)
{
    assert(transform->inputs.count == 0 && !transform->transaction.open);
    inputs_init(&transform->inputs, &transform->sources, transform->assigned);
    rd_kafka_topic_partition_list_destroy(transform->assigned);
    transform->assigned = NULL;
    transaction_free_member(&transform->member);
    struct error error;
    if (!transaction_member(transform->consumer, &transform->member, &error))
        transform_die(transform, &error);
    transform->restore =
        restore_new(transform->spec.settings, transform->consumer, &transform->inputs);
    transform->restore_began_ms = transform->restore_moved_ms = transform->logged_ms =
        transform_now_ms();
    transform->work_fine = true;
    transform_set_phase(transform, TRANSFORM_RESTORING);
    if (transform->inputs.count > 0)
        daemon_not_ready(transform->daemon, "kafka", "restoring");
    transform_rebalance_worked(transform);
}

void transform_rebalance_act(struct transform *transform)
{
    enum transform_rebalance rebalance = transform->rebalance;
    transform->rebalance = TRANSFORM_NO_REBALANCE;
    switch (rebalance) {
    case TRANSFORM_NO_REBALANCE: break;
    case TRANSFORM_ASSIGN: begin_assignment(transform); break;
    case TRANSFORM_REVOKE:
        transform->revoking = true;
        if (!transform->transaction.open && transform_is_dirty(transform))
            transform_begin(transform);
        if (transform->transaction.open)
            transform_commit(transform);
        else
            transform_rebalance_revoke(transform);
        break;
    case TRANSFORM_LOST:
        if (transform->inputs.count > 0)
            fail(transform, ERROR_FATAL, RD_KAFKA_RESP_ERR__ASSIGNMENT_LOST, "assignment lost");
        unassign(transform);
        break;
    }
}

/* States of partitions that come back untouched stay; the others are given up before new ones are
 * opened. */
static void open_states(struct transform *transform)
{
    const struct transform_handler *handler = &transform->spec.handler;
    for (size_t i = 0; i < transform->inputs.count; i++) {
        struct input *input = &transform->inputs.at[i];
        struct input *old = inputs_find(&transform->kept, input->topic, input->partition);
        if (!old || !old->open || old->position == INPUT_NO_OFFSET ||
            old->committed != old->position || input->committed != old->committed ||
            strcmp(input->metadata, old->metadata) != 0)
            continue;
        input->state = old->state;
        input->open = true;
        old->open = false;
        restore_input(transform->restore, i)->kept = true;
    }
    inputs_fini(&transform->kept, handler);
    for (size_t i = 0; i < transform->inputs.count; i++) {
        struct input *input = &transform->inputs.at[i];
        if (input->open)
            continue;
        input->state = handler->open(handler->context, input->source, input->partition,
                                     span_of(input->metadata));
        input->open = true;
    }
}

static void assign(struct transform *transform)
{
    struct span now = SPAN_NONE;
    struct error error;
    if (!transaction_member(transform->consumer, &now, &error))
        transform_die(transform, &error);
    if (!span_equal(now, transform->member))
        fail(transform, ERROR_FATAL, RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION,
             "the group went on during the restore");
    transaction_free_member(&now);

    rd_kafka_topic_partition_list_t *list =
        rd_kafka_topic_partition_list_new((int)transform->inputs.count + 1);
    for (size_t i = 0; i < transform->inputs.count; i++) {
        const struct input *input = &transform->inputs.at[i];
        rd_kafka_topic_partition_list_add(list, input->topic, input->partition)->offset =
            input->position;
        log_debug("transform.begins", LOG_STR("topic", input->topic),
                  LOG_INT("partition", input->partition), LOG_INT("offset", input->position));
    }
    rd_kafka_resp_err_t code = rd_kafka_assign(transform->consumer, list);
    rd_kafka_topic_partition_list_destroy(list);
    if (code)
        fail(transform, ERROR_FATAL, (int)code, rd_kafka_err2str(code));
}

static void finish_assignment(struct transform *transform)
{
    const struct transform_handler *handler = &transform->spec.handler;
    struct error error;
    int64_t records = restore_records(transform->restore);
    if (!restore_decide(transform->restore, &error))
        transform_die(transform, &error);
    for (size_t i = 0; i < transform->inputs.count && handler->restored; i++)
        if (!restore_input(transform->restore, i)->kept)
            handler->restored(transform->inputs.at[i].state);
    restore_free(transform->restore);
    transform->restore = NULL;
    assign(transform);
    uint64_t took_ms = transform_now_ms() - transform->restore_began_ms;
    metric_add(transform->metrics.restored, SPAN(""), records);
    metric_observe_ms(transform->metrics.restore_time, SPAN(""), (double)took_ms);
    log_info("transform.restored", LOG_INT("records", records), LOG_INT("ms", took_ms));
    log_info("transform.assigned", LOG_INT("partitions", transform->inputs.count));
    daemon_ready(transform->daemon, "kafka");
    transform_set_phase(transform, TRANSFORM_COLLECTING);
    if (transform_is_dirty(transform)) /* an owner commits its start at its first assignment */
        transform_begin(transform);
    wakeup_again(&transform->wakeup);
}

static void try_again(struct transform *transform)
{
    uint64_t now = transform_now_ms();
    if (transform->work_error.kind != ERROR_RETRY || now - transform->restore_moved_ms > STUCK_MS) {
        if (transform->work_error.kind == ERROR_RETRY)
            transform->work_error.kind = ERROR_FATAL;
        transform_die(transform, &transform->work_error);
    }
    if (transform_may_complain(transform))
        log_warn("transform.restore_waits", LOG_ERROR(&transform->work_error));
    transform_retry(transform, RETRY_MS);
}

static void report_progress(struct transform *transform, int64_t before)
{
    uint64_t now = transform_now_ms();
    if (restore_records(transform->restore) != before ||
        restore_stage(transform->restore) != RESTORE_READ)
        transform->restore_moved_ms = now;
    if (now - transform->restore_moved_ms > STUCK_MS)
        fail(transform, ERROR_FATAL, 0,
             "the state's end cannot be reached: a hanging transaction?");
    if (now - transform->logged_ms < PROGRESS_MS)
        return;
    transform->logged_ms = now;
    log_info("transform.restoring", LOG_INT("records", restore_records(transform->restore)),
             LOG_INT("partitions_left", restore_left(transform->restore)));
}

/* What was read goes to the core while the worker reads on. */
static void take_step(struct transform *transform, enum restore_stage done)
{
    struct restore *restore = transform->restore;
    int64_t before = restore_records(restore);
    struct error error;
    transform->working = false;
    if (done == RESTORE_COMMITTED)
        open_states(transform);
    restore_turn(restore);
    if (restore_stage(restore) == RESTORE_READ)
        transform_submit(transform);
    if (!restore_apply(restore, &transform->spec.handler, &error))
        transform_die(transform, &error);
    report_progress(transform, before);
}

void transform_rebalance_worked(struct transform *transform)
{
    enum restore_stage stage = restore_stage(transform->restore);
    if (!transform->work_fine) {
        try_again(transform);
        return;
    }
    if (transform->working) /* there was a step: false only on the way in */
        take_step(transform, stage);
    if (transform->working)
        return;
    if (restore_stage(transform->restore) == RESTORE_DONE) {
        if (stage == RESTORE_DONE) /* an empty assignment */
            inputs_fini(&transform->kept, &transform->spec.handler);
        finish_assignment(transform);
    } else {
        transform_submit(transform);
    }
}
