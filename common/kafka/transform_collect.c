/* SPDX-License-Identifier: Apache-2.0 */
/* Step 2 of the contract, and 7: a bounded drain of the consumer, each record once through the
 * core, positions moved only by what was acted for. A commit begins here when the transaction is
 * full, when the core asks for one in the middle of a record, and around a record at which the core
 * died before. */
#include "base/base.h"
#include "daemon/log.h"
#include "kafka/message.h"
#include "kafka/transform_internal.h"

enum {
    DRAIN_RECORDS = 2000, /* then timers and sockets get their turn */
    DRAIN_MS = 5,
    MOST_OUTPUTS = 500000, /* a quarter of the producer's queue */
};

static void at_end(struct transform *transform, struct input *input, int64_t offset)
{
    if (!input || offset <= input->position)
        return;
    input->position = offset;
    input->dirty = true;
    uint64_t now = transform_now_ms();
    if (transform->transaction.open || now - transform->last_quiet_ms < TRANSFORM_QUIET_MS)
        return;
    transform->last_quiet_ms = now;
    transform_begin(transform);
}

static void take_error(struct transform *transform, struct input *input,
                       const rd_kafka_message_t *message)
{
    struct error error;
    switch ((int)message->err) {
    case RD_KAFKA_RESP_ERR__PARTITION_EOF: at_end(transform, input, message->offset); return;
    case RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET:
    case RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE:
    case RD_KAFKA_RESP_ERR__FATAL:
    case RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID:
        error_set(&error, ERROR_FATAL, (int)message->err, "%s", rd_kafka_message_errstr(message));
        transform_die(transform, &error);
    default:
        log_warn("transform.consumer_error", LOG_STR("code", rd_kafka_err2name(message->err)),
                 LOG_STR("text", rd_kafka_message_errstr(message)));
    }
}

static enum transform_result run_core(struct transform *transform, struct input *input,
                                      const struct record *record, uint32_t deaths)
{
    struct poison_record at = {input->topic_tag, input->partition, record->offset};
    if (deaths >= POISON_DEAD && transform->spec.on_poison) {
        log_error("transform.poison", LOG_STR("topic", input->topic),
                  LOG_INT("partition", input->partition), LOG_INT("offset", record->offset));
        metric_add(transform->metrics.poison, SPAN(""), 1);
        transform->spec.on_poison(input->state, record, &transform->outputs);
        return TRANSFORM_NEXT;
    }
    poison_note_enter(&transform->note, &at);
    enum transform_result result =
        transform->spec.handler.on_record(input->state, record, &transform->outputs);
    poison_note_leave(&transform->note);
    return result;
}

/* By what the consumer has heard of the ends. What a commit costs hangs on the partitions written
 * to, not on the records, and while much lies unread nobody waits for the newest one
 * (docs/decisions/0072). */
bool transform_is_behind(const struct transform *transform)
{
    int64_t unread = 0, low, high;
    for (size_t i = 0; i < transform->inputs.count; i++) {
        const struct input *input = &transform->inputs.at[i];
        if (!rd_kafka_get_watermark_offsets(transform->consumer, input->topic, input->partition,
                                            &low, &high) &&
            high > input->position)
            unread += high - input->position;
    }
    return unread >= transform->spec.settings->commit_records;
}

static bool is_full(const struct transform *transform)
{
    const struct transaction *open = &transform->transaction;
    const struct kafka_settings *settings = transform->spec.settings;
    int64_t times = transform->behind ? TRANSFORM_BEHIND_LARGER : 1;
    return open->records >= settings->commit_records ||
           open->bytes >= times * settings->commit_bytes || open->outputs >= MOST_OUTPUTS;
}

/* Takes the message: acted for and destroyed, or held until after a commit. */
static void take_record(struct transform *transform, struct input *input,
                        rd_kafka_message_t *message)
{
    struct record record;
    struct poison_record at = {input->topic_tag, input->partition, message->offset};
    uint32_t deaths = poison_note_deaths(&transform->note, &at);
    if (deaths >= POISON_ALONE && transform->transaction.open &&
        transform->transaction.records > 0) {
        transform->held = message;
        transform_commit(transform);
        return;
    }
    transform_begin(transform);
    message_to_record(message, input->source, &record);
    enum transform_result result = run_core(transform, input, &record, deaths);
    input->acted = input->dirty = true;
    transform->transaction.records++;
    if (result == TRANSFORM_AGAIN) {
        transform->held = message;
        transform_commit(transform);
        return;
    }
    input->position = message->offset + 1;
    input->written_ms = record.timestamp_ms;
    transform->metrics.source_records[input->source]++;
    rd_kafka_message_destroy(message);
    if (deaths >= POISON_ALONE || is_full(transform))
        transform_commit(transform);
}

static void nudge(struct transform *transform)
{
    const struct inputs *inputs = &transform->inputs;
    if (inputs->count == 0)
        return;
    const struct input *input = &inputs->at[transform->nudge.turn % inputs->count];
    nudge_send(&transform->nudge, input->topic, input->partition);
}

static void take(struct transform *transform, rd_kafka_message_t *message)
{
    struct input *input = message->rkt ? inputs_of_message(&transform->inputs, message) : NULL;
    if (!message->err && input && message->offset >= input->position) {
        bool due = nudge_count(&transform->nudge, message->len + message->key_len);
        take_record(transform, input, message);
        if (due)
            nudge(transform);
        return;
    }
    if (message->err)
        take_error(transform, input, message);
    rd_kafka_message_destroy(message);
}

static rd_kafka_message_t *next_message(struct transform *transform)
{
    rd_kafka_message_t *message = transform->held;
    transform->held = NULL;
    return message ? message : rd_kafka_consumer_poll(transform->consumer, 0);
}

static void write_injection(struct transform *transform)
{
    struct transform_injection *injection = &transform->injection;
    if (!injection->pending || transform->inputs.count == 0)
        return;
    transform_begin(transform);
    injection->pending = false;
    injection->written = true;
    injection->write(injection->context, &transform->outputs);
    for (size_t i = 0; i < transform->inputs.count; i++) /* it may have changed any state */
        if (transform->inputs.at[i].of->state_name)
            transform->inputs.at[i].acted = transform->inputs.at[i].dirty = true;
}

bool transform_collect(void *context)
{
    struct transform *transform = context;
    if (transform->phase != TRANSFORM_COLLECTING || transform->draining)
        return false;
    write_injection(transform);
    uint64_t until = uv_hrtime() + (uint64_t)DRAIN_MS * 1000000;
    for (int i = 0; i < DRAIN_RECORDS; i++) {
        rd_kafka_message_t *message = next_message(transform);
        if (transform->rebalance != TRANSFORM_NO_REBALANCE) {
            if (message) /* of an assignment that is over: not acted for, it comes again */
                rd_kafka_message_destroy(message);
            transform_rebalance_act(transform);
            return transform->phase == TRANSFORM_COLLECTING;
        }
        if (!message) {
            if (nudge_dry(&transform->nudge))
                nudge(transform);
            return false;
        }
        take(transform, message);
        if (transform->phase != TRANSFORM_COLLECTING)
            return false;
        if (i % 64 == 63 && uv_hrtime() >= until)
            return true;
    }
    return true;
}
