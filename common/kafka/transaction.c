/* SPDX-License-Identifier: Apache-2.0 */
/* Outputs, state and offsets become durable together or not at all. Two fences guard it: the
 * transactional id (one process per slot) and the group's member and generation (one owner per
 * partition). A call that times out is treated as failed, never asked again in another way: the
 * process leaves and its successor's init_transactions settles what was open. */
#include "kafka/transaction.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "daemon/failpoint.h"
#include "daemon/log.h"

enum {
    START_TIMEOUT_MS = 3000, /* one attempt; more follow */
    FLUSH_MS = 2000,
    ABORT_MS = 3000,
};

static void on_delivery(rd_kafka_t *handle, const rd_kafka_message_t *message, void *opaque)
{
    (void)handle;
    struct transaction *transaction = opaque;
    if (!message->err)
        return;
    if (transaction->failed++ == 0)
        transaction->failed_code = (int)message->err;
}

static void on_error(rd_kafka_t *handle, int code, const char *reason, void *opaque)
{
    (void)handle;
    (void)opaque; /* a fatal error shows at the next call on the producer */
    log_warn("transform.producer_error",
             LOG_STR("code", rd_kafka_err2name((rd_kafka_resp_err_t)code)),
             LOG_STR("text", reason));
}

static bool configure(rd_kafka_conf_t *conf, const struct kafka_settings *settings,
                      struct error *error)
{
    char id[KAFKA_MAX_NAME];
    snprintf(id, sizeof(id), "%s%s-%d", settings->prefix, settings->group, (int)settings->slot);
    int64_t timeout_ms = settings->transaction_timeout_ms;
    return kafka_client_set(conf, "transactional.id", id, error) &&
           kafka_client_set(conf, "acks", "all", error) &&
           kafka_client_set_int(conf, "transaction.timeout.ms", timeout_ms, error) &&
           kafka_client_set_int(conf, "message.timeout.ms", timeout_ms - timeout_ms / 10, error) &&
           /* Nobody may read before the commit, which sends all that waits: until then whole
              batches are sent alone. */
           kafka_client_tune(conf, settings, "linger.ms", "1000", error) &&
           kafka_client_tune(conf, settings, "batch.size", "262144", error) &&
           kafka_client_set(conf, "delivery.report.only.error", "true", error) &&
           kafka_client_tune(conf, settings, "retry.backoff.ms", "10", error) &&
           kafka_client_tune(conf, settings, "compression.type", "lz4", error) &&
           kafka_client_tune(conf, settings, "message.max.bytes", KAFKA_MAX_RECORD_TEXT, error) &&
           /* commit_bytes bounds a transaction: the queue must never be what says no */
           kafka_client_set(conf, "queue.buffering.max.messages", "2000000", error) &&
           kafka_client_set(conf, "queue.buffering.max.kbytes", "2097151", error);
}

bool transaction_init(struct transaction *transaction, const struct kafka_settings *settings,
                      struct error *error)
{
    *transaction = (struct transaction){.settings = settings};
    rd_kafka_conf_t *conf = kafka_client_conf(settings, "producer", error);
    if (!conf)
        return false;
    if (!configure(conf, settings, error)) {
        rd_kafka_conf_destroy(conf);
        return false;
    }
    rd_kafka_conf_set_opaque(conf, transaction);
    rd_kafka_conf_set_dr_msg_cb(conf, on_delivery);
    rd_kafka_conf_set_error_cb(conf, on_error);
    transaction->producer = kafka_client_new(RD_KAFKA_PRODUCER, conf, error);
    return transaction->producer != NULL;
}

bool transaction_start(struct transaction *transaction, struct error *error)
{
    if (transaction->started)
        return true;
    rd_kafka_poll(transaction->producer, 0);
    rd_kafka_error_t *cause = rd_kafka_init_transactions(transaction->producer, START_TIMEOUT_MS);
    if (!cause) {
        transaction->started = true;
        return true;
    }
    bool useless = rd_kafka_error_is_fatal(cause) || !rd_kafka_error_is_retriable(cause);
    bool settings_wrong =
        rd_kafka_error_code(cause) == RD_KAFKA_RESP_ERR_INVALID_TRANSACTION_TIMEOUT;
    kafka_client_error(error, settings_wrong ? ERROR_CONFIG : ERROR_RETRY, "init_transactions",
                       cause);
    if (settings_wrong)
        error_wrap(error,
                   "kafka.transaction_timeout is above the broker's transaction.max.timeout.ms");
    if (!useless || settings_wrong)
        return false;
    /* This handle will say no for ever; a new one may not (a young broker, a right given
     * meanwhile). */
    const struct kafka_settings *settings = transaction->settings;
    struct error again;
    rd_kafka_destroy(transaction->producer);
    if (!transaction_init(transaction, settings, &again))
        *error = again;
    return false;
}

bool transaction_begin(struct transaction *transaction, struct error *error)
{
    rd_kafka_error_t *cause = rd_kafka_begin_transaction(transaction->producer);
    if (cause)
        return kafka_client_error(error, ERROR_FATAL, "begin_transaction", cause);
    transaction->open = true;
    transaction->records = transaction->outputs = transaction->bytes = 0;
    return true;
}

/* In a backlog longer, as far as half the time is left until the broker gives it up. */
int64_t transaction_longest_ms(const struct kafka_settings *settings, bool behind)
{
    int64_t every_ms = settings->commit_every_ms, half_ms = settings->transaction_timeout_ms / 2;
    int64_t longer_ms = TRANSACTION_BEHIND_LONGER * every_ms;
    if (longer_ms > half_ms)
        longer_ms = half_ms;
    return behind && longer_ms > every_ms ? longer_ms : every_ms;
}

static bool member_bytes(const rd_kafka_consumer_group_metadata_t *metadata, struct span *member,
                         struct error *error)
{
    void *bytes;
    size_t size;
    rd_kafka_error_t *cause = rd_kafka_consumer_group_metadata_write(metadata, &bytes, &size);
    if (cause)
        return kafka_client_error(error, ERROR_FATAL, "group metadata", cause);
    *member = span_from(bytes, size);
    return true;
}

bool transaction_member(rd_kafka_t *consumer, struct span *member, struct error *error)
{
    rd_kafka_consumer_group_metadata_t *metadata = rd_kafka_consumer_group_metadata(consumer);
    if (!metadata)
        return error_set(error, ERROR_FATAL, 0, "there is no group metadata");
    bool written = member_bytes(metadata, member, error);
    rd_kafka_consumer_group_metadata_destroy(metadata);
    return written;
}

void transaction_free_member(struct span *member)
{
    union {
        const char *from;
        void *to;
    } bytes = {member->at}; /* ours, behind a const span */
    free(bytes.to);
    *member = SPAN_NONE;
}

bool transaction_is_fenced(int code)
{
    switch (code) {
    case RD_KAFKA_RESP_ERR__FENCED:
    case RD_KAFKA_RESP_ERR_PRODUCER_FENCED:
    case RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH:
    case RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION:
    case RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID:
    case RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID: return true;
    default: return false;
    }
}

static int remaining_ms(uint64_t deadline_ns)
{
    uint64_t now = uv_hrtime();
    return now >= deadline_ns ? 1 : (int)((deadline_ns - now) / 1000000) + 1;
}

/* Retriable answers are asked again until the deadline; a time-out of ours is not one of them. */
static bool send_offsets(struct transaction *transaction,
                         const rd_kafka_consumer_group_metadata_t *metadata,
                         const rd_kafka_topic_partition_list_t *offsets, uint64_t deadline_ns,
                         struct error *error)
{
    for (;;) {
        rd_kafka_error_t *cause = rd_kafka_send_offsets_to_transaction(
            transaction->producer, offsets, metadata, remaining_ms(deadline_ns));
        if (!cause)
            return true;
        bool again =
            rd_kafka_error_is_retriable(cause) && !rd_kafka_error_txn_requires_abort(cause) &&
            rd_kafka_error_code(cause) != RD_KAFKA_RESP_ERR__TIMED_OUT && uv_hrtime() < deadline_ns;
        kafka_client_error(error, ERROR_FATAL, "send_offsets_to_transaction", cause);
        if (!again)
            return false;
        uv_sleep(10);
    }
}

static bool commit(struct transaction *transaction, uint64_t deadline_ns, struct error *error)
{
    for (;;) {
        rd_kafka_error_t *cause =
            rd_kafka_commit_transaction(transaction->producer, remaining_ms(deadline_ns));
        if (!cause)
            return true;
        bool again = rd_kafka_error_is_retriable(cause) &&
                     !rd_kafka_error_txn_requires_abort(cause) && uv_hrtime() < deadline_ns;
        kafka_client_error(error, ERROR_FATAL, "commit_transaction", cause);
        if (!again)
            return false;
        uv_sleep(10); /* since 2.0.0 the same call goes on where the last one stopped */
    }
}

/* The member must be the one the partitions were given to. Inside a process the generation changes
 * only with a rebalance callback, so a difference means that the assignment was lost and we have
 * not been told yet. */
static bool check_member(const rd_kafka_consumer_group_metadata_t *metadata,
                         const struct span *member, struct error *error)
{
    struct span now = SPAN_NONE;
    if (!member_bytes(metadata, &now, error))
        return false;
    bool same = span_equal(now, *member);
    transaction_free_member(&now);
    return same || error_set(error, ERROR_FATAL, RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION,
                             "the group has a new generation and we were not told");
}

static bool pass(const char *name, struct error *error)
{
    return !failpoint(name) || error_set(error, ERROR_FATAL, 0, "failpoint %s", name);
}

static bool commit_all(struct transaction *transaction,
                       const rd_kafka_consumer_group_metadata_t *metadata,
                       const struct span *member, const rd_kafka_topic_partition_list_t *offsets,
                       struct error *error)
{
    uint64_t deadline_ns =
        uv_hrtime() + (uint64_t)transaction->settings->transaction_timeout_ms * 1000000;
    return check_member(metadata, member, error) && pass("transform.before_send_offsets", error) &&
           send_offsets(transaction, metadata, offsets, deadline_ns, error) &&
           pass("transform.before_commit", error) && commit(transaction, deadline_ns, error);
}

bool transaction_commit(struct transaction *transaction, rd_kafka_t *consumer,
                        const struct span *member, const rd_kafka_topic_partition_list_t *offsets,
                        struct error *error)
{
    rd_kafka_consumer_group_metadata_t *metadata = rd_kafka_consumer_group_metadata(consumer);
    if (!metadata)
        return error_set(error, ERROR_FATAL, 0, "there is no group metadata");
    bool done = commit_all(transaction, metadata, member, offsets, error);
    rd_kafka_consumer_group_metadata_destroy(metadata);
    if (!done && transaction->failed)
        error_wrap(error, "%lld records were refused, the first with %s",
                   (long long)transaction->failed,
                   rd_kafka_err2name((rd_kafka_resp_err_t)transaction->failed_code));
    if (!done)
        return false;
    transaction->open = false;
    if (transaction->failed) /* cannot be: a refused record fails the commit */
        return error_set(error, ERROR_FATAL, transaction->failed_code,
                         "committed although records were refused");
    return pass("transform.after_commit", error);
}

void transaction_abandon(struct transaction *transaction)
{
    if (!transaction->open)
        return;
    rd_kafka_flush(transaction->producer,
                   FLUSH_MS); /* aborting with a first produce in flight can be fatal */
    rd_kafka_error_t *cause = rd_kafka_abort_transaction(transaction->producer, ABORT_MS);
    if (!cause) {
        log_warn("transform.aborted", LOG_INT("records", transaction->records),
                 LOG_INT("outputs", transaction->outputs));
        return;
    }
    struct error error;
    kafka_client_error(&error, ERROR_FATAL, "abort_transaction", cause);
    if (transaction_is_fenced(error.code)) /* the commit may have heard no more than a time-out */
        log_error("transform.fenced", LOG_ERROR(&error), LOG_INT("code", error.code));
    log_warn("transform.not_aborted",
             LOG_ERROR(&error)); /* the successor's init_transactions will */
}
