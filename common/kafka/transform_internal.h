/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by the files of the transform loop only. */
#pragma once

#include <uv.h>

#include "kafka/inputs.h"
#include "kafka/nudge.h"
#include "kafka/poison_note.h"
#include "kafka/restore.h"
#include "kafka/streams.h"
#include "kafka/transaction.h"
#include "kafka/transform.h"
#include "kafka/wakeup.h"

/* In all phases but COLLECTING the worker owns consumer and producer, or is about to. */
#define TRANSFORM_PHASES(X)                                                                        \
    X(WAITING) X(COLLECTING) X(RESOLVING) X(COMMITTING) X(RESTORING) X(STOPPED)
enum transform_phase {
#define TRANSFORM_PHASE(name) TRANSFORM_##name,
    TRANSFORM_PHASES(TRANSFORM_PHASE)
#undef TRANSFORM_PHASE
};

enum transform_rebalance {
    TRANSFORM_NO_REBALANCE,
    TRANSFORM_ASSIGN,
    TRANSFORM_REVOKE,
    TRANSFORM_LOST
};

struct transform_metrics {
    struct metric *records, *outputs, *commits, *commit_time, *restored, *restore_time, *phase,
        *lag, *lag_seconds, *undeliverable, *poison;
    int64_t *source_records, *stream_outputs; /* since the last commit; owned */
};

struct transform_injection {
    void (*write)(void *context, struct outputs *outputs);
    void (*committed)(void *context);
    void *context;
    bool pending; /* not yet written */
    bool written; /* into the open transaction */
};

struct transform {
    struct daemon *daemon;
    struct transform_spec spec;
    struct sources sources;
    struct streams *streams;
    struct transaction transaction;
    rd_kafka_t *consumer;
    struct outputs outputs;
    struct transform_metrics metrics;

    enum transform_phase phase;
    struct inputs inputs;
    struct inputs kept;       /* of the assignment before: their states may come back */
    struct span member;       /* group metadata at assignment */
    rd_kafka_message_t *held; /* polled, not acted for (to the end); NULL or owned */
    bool committing_alone;    /* the record just done is a suspect: commit before the next */
    bool behind; /* more than a usual transaction lies unread: this one may be larger */

    enum transform_rebalance rebalance; /* noted by the callback */
    rd_kafka_topic_partition_list_t *assigned;
    bool revoking; /* after this commit */

    struct restore *restore;
    uint64_t restore_began_ms, restore_moved_ms, complained_ms, last_quiet_ms, commit_began_ms,
        logged_ms;

    uv_work_t work;
    bool working, work_fine;
    struct error work_error;
    rd_kafka_topic_partition_list_t *offsets; /* of the commit under way */

    struct wakeup wakeup;
    struct nudge nudge;
    struct poison_note note;
    uv_timer_t commit_timer, tick_timer, retry_timer;
    int ticks;

    struct transform_injection injection;
    bool draining;
    int open_handles; /* still closing after the drain */
    void (*drained)(void *context);
    void *drain_context;
};

/* transform.c */
void transform_set_phase(struct transform *transform, enum transform_phase phase);
void transform_submit(struct transform *transform);                  /* the present phase's work */
void transform_retry(struct transform *transform, uint64_t wait_ms); /* the same, later */
void transform_begin(struct transform *transform);
void transform_commit(struct transform *transform);
void transform_stop(struct transform *transform);         /* drained: closes handles, says so */
bool transform_may_complain(struct transform *transform); /* once in 5 s */
bool transform_is_dirty(const struct transform *transform);
_Noreturn void transform_die(struct transform *transform, const struct error *error);
uint64_t transform_now_ms(void);

/* transform_collect.c: records through the core */
#define TRANSFORM_BEHIND_LARGER 4 /* so many times as large may a transaction be in a backlog */
bool transform_is_behind(const struct transform *transform);
#define TRANSFORM_QUIET_MS 1000 /* transactions of offsets alone: at most one in that time */
bool transform_collect(void *transform); /* the drain of its wake-up */

/* transform_start.c: until brokers and topics are there */
bool transform_start_work(struct transform *transform, struct error *error);
void transform_start_worked(struct transform *transform);
rd_kafka_t *transform_start_consumer(struct transform *transform, struct error *error);

/* transform_rebalance.c: assignments, restore, revocation */
void transform_rebalance_note(rd_kafka_t *consumer, rd_kafka_resp_err_t code,
                              rd_kafka_topic_partition_list_t *partitions, void *opaque);
void transform_rebalance_act(struct transform *transform);
void transform_rebalance_worked(struct transform *transform);
void transform_rebalance_revoke(struct transform *transform); /* after the last commit */

/* transform_metrics.c */
void transform_metrics_init(struct transform *transform);
void transform_metrics_commit(struct transform *transform,
                              uint64_t took_ms); /* counts become visible */
void transform_metrics_lag(struct transform *transform);
