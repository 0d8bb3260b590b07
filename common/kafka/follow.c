/* SPDX-License-Identifier: Apache-2.0 */
/* A group consumer for a sink that keeps the offsets itself. It promises records in order per
 * partition, from where the owner said, each once per start; a record that was not taken comes
 * again. What makes repeats harmless (compare-and-set of the position) is the sink's. Waiting for
 * the sink never costs the membership: polling goes on, with nothing assigned or everything paused.
 */
#include "kafka/follow.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "daemon/log.h"
#include "kafka/ends.h"
#include "kafka/group_consumer.h"
#include "kafka/message.h"
#include "kafka/nudge.h"
#include "kafka/wakeup.h"

enum {
    DRAIN_RECORDS = 2000,
    DRAIN_MS = 5,
    TICK_MS = 500,
    ASK_MS = 5000,
    PAUSE_MS = 10000, /* full for so long: pause, and poll again */
};

enum follow_change { FOLLOW_SAME, FOLLOW_ASSIGNED, FOLLOW_REVOKED };

struct follow {
    struct daemon *daemon;
    rd_kafka_t *consumer;
    struct follow_handler handler;
    char topic[KAFKA_MAX_NAME];
    struct wakeup wakeup;
    struct nudge nudge;
    uv_timer_t timer;
    rd_kafka_topic_partition_list_t *assignment; /* what the group gave us, or NULL; owned */
    rd_kafka_topic_partition_list_t *given;      /* noted by the callback; owned */
    enum follow_change change;
    bool started;  /* the owner said from where */
    bool announce; /* tell the owner (again) what is ours */
    bool full;     /* the owner refused held[0] */
    bool paused;
    bool fresh; /* something was given since the last `drained` */
    uint64_t full_since_ms;
    rd_kafka_message_t **held;  /* not yet taken, in order; owned */
    rd_kafka_message_t *giving; /* held[0] while the owner looks at it */
    bool resume_asked;          /* by the owner, from inside */
    size_t held_count, held_capacity;
    int open_handles;
};

static uint64_t now_ms(void)
{
    return uv_hrtime() / 1000000;
}

_Noreturn static void die(int code, const char *text)
{
    struct error error;
    error_set(&error, ERROR_FATAL, code, "%s", text);
    daemon_die("follow.die", &error);
}

static void note_rebalance(rd_kafka_t *consumer, rd_kafka_resp_err_t code,
                           rd_kafka_topic_partition_list_t *partitions, void *opaque)
{
    struct follow *follow = opaque;
    if (follow->given)
        rd_kafka_topic_partition_list_destroy(follow->given);
    follow->given = NULL;
    follow->change = FOLLOW_REVOKED;
    if (code == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS) {
        follow->change = FOLLOW_ASSIGNED;
        follow->given = rd_kafka_topic_partition_list_copy(partitions);
    }
    rd_kafka_yield(consumer);
}

static void on_error(rd_kafka_t *consumer, int code, const char *reason, void *opaque)
{
    (void)opaque;
    if (code == RD_KAFKA_RESP_ERR__FATAL) {
        char text[300];
        rd_kafka_resp_err_t fatal = rd_kafka_fatal_error(consumer, text, sizeof(text));
        die((int)fatal, text);
    }
    log_warn("follow.consumer_error", LOG_STR("code", rd_kafka_err2name((rd_kafka_resp_err_t)code)),
             LOG_STR("text", reason));
}

static void drop_held(struct follow *follow)
{
    for (size_t i = 0; i < follow->held_count; i++)
        if (follow->held[i] != follow->giving)
            rd_kafka_message_destroy(follow->held[i]);
    follow->held_count = 0;
    follow->full = false;
}

static void hold(struct follow *follow, rd_kafka_message_t *message)
{
    if (follow->held_count == follow->held_capacity) {
        follow->held_capacity = follow->held_capacity ? 2 * follow->held_capacity : 8;
        follow->held = xrealloc(follow->held, follow->held_capacity * sizeof(void *));
    }
    follow->held[follow->held_count++] = message;
}

static void set_pause(struct follow *follow, bool pause)
{
    if (!follow->assignment || follow->paused == pause)
        return;
    follow->paused = pause;
    rd_kafka_resp_err_t code =
        pause ? rd_kafka_pause_partitions(follow->consumer, follow->assignment)
              : rd_kafka_resume_partitions(follow->consumer, follow->assignment);
    if (code)
        die((int)code, "pause or resume failed");
}

static void announce(struct follow *follow)
{
    struct follow_partition *partitions =
        xcalloc((size_t)follow->assignment->cnt + 1, sizeof(partitions[0]));
    follow->announce = false;
    for (int i = 0; i < follow->assignment->cnt; i++)
        partitions[i] = (struct follow_partition){follow->assignment->elems[i].partition, -1};
    log_info("follow.assigned", LOG_INT("partitions", follow->assignment->cnt));
    follow->handler.assigned(follow->handler.context, partitions, (size_t)follow->assignment->cnt);
    free(partitions);
}

static void take_change(struct follow *follow)
{
    enum follow_change change = follow->change;
    follow->change = FOLLOW_SAME;
    follow->started = follow->announce = false;
    drop_held(follow);
    if (change == FOLLOW_ASSIGNED) {
        if (follow->assignment)
            rd_kafka_topic_partition_list_destroy(follow->assignment);
        follow->assignment = follow->given;
        follow->given = NULL;
        announce(follow);
        return;
    }
    set_pause(follow, false);
    if (follow->assignment) {
        log_info("follow.revoked", LOG_INT("partitions", follow->assignment->cnt));
        follow->handler.revoked(follow->handler.context);
        rd_kafka_topic_partition_list_destroy(follow->assignment);
    }
    follow->assignment = NULL;
    rd_kafka_resp_err_t code = rd_kafka_assign(follow->consumer, NULL);
    if (code)
        die((int)code, "unassign failed");
}

static void take_error(struct follow *follow, const rd_kafka_message_t *message)
{
    switch ((int)message->err) {
    case RD_KAFKA_RESP_ERR__PARTITION_EOF:
        if (!follow->started)
            return;
        follow->fresh = true;
        follow->handler.at_end(follow->handler.context, message->partition, message->offset);
        return;
    case RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET:
    case RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE:
    case RD_KAFKA_RESP_ERR__FATAL:
    case RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID:
        die((int)message->err, rd_kafka_message_errstr(message));
    default:
        log_warn("follow.consumer_error", LOG_STR("code", rd_kafka_err2name(message->err)),
                 LOG_STR("text", rd_kafka_message_errstr(message)));
    }
}

static void nudge(struct follow *follow)
{
    const rd_kafka_topic_partition_list_t *list = follow->assignment;
    if (list && list->cnt > 0)
        nudge_send(&follow->nudge, follow->topic,
                   list->elems[follow->nudge.turn % (size_t)list->cnt].partition);
}

/* False: not taken. */
static bool give(struct follow *follow, const rd_kafka_message_t *message)
{
    struct record record;
    message_to_record(message, 0, &record);
    if (!follow->handler.on_record(follow->handler.context, &record))
        return false;
    follow->fresh = true;
    if (nudge_count(&follow->nudge, message->len + message->key_len))
        nudge(follow);
    return true;
}

/* Oldest first. False: refused, or the owner restarted meanwhile. */
static bool give_held(struct follow *follow)
{
    while (follow->held_count > 0) {
        rd_kafka_message_t *message = follow->held[0];
        bool taken = true;
        follow->giving = message;
        follow->resume_asked = false;
        if (message->err)
            take_error(follow, message);
        else
            taken = give(follow, message);
        follow->giving = NULL;
        if (follow->held_count == 0) { /* a restart from inside dropped it */
            rd_kafka_message_destroy(message);
            return false;
        }
        if (!taken && !follow->resume_asked)
            return false;
        if (!taken)
            continue;
        memmove(follow->held, follow->held + 1, --follow->held_count * sizeof(void *));
        rd_kafka_message_destroy(message);
    }
    return true;
}

static void note_full(struct follow *follow)
{
    if (!follow->started)
        return;
    follow->full = true;
    follow->full_since_ms = now_ms();
}

/* One message from the library: taken, held or dropped. False: stop draining. */
static bool take(struct follow *follow, rd_kafka_message_t *message)
{
    if (!follow->started) { /* fetched before a restart; it comes again from the stored position */
        if (message->err && message->err != RD_KAFKA_RESP_ERR__PARTITION_EOF)
            take_error(follow, message);
        rd_kafka_message_destroy(message);
        return true;
    }
    hold(follow, message);
    if (follow->full)
        return true; /* paused: what was on its way waits behind */
    if (give_held(follow))
        return true;
    if (follow->held_count > 0)
        note_full(follow);
    return false;
}

static bool collect(void *context)
{
    struct follow *follow = context;
    if (follow->open_handles > 0 || (follow->full && !follow->paused))
        return false;
    if (follow->announce && follow->assignment)
        announce(follow);
    uint64_t until = uv_hrtime() + (uint64_t)DRAIN_MS * 1000000;
    bool dry = false;
    for (int i = 0; !dry; i++) {
        rd_kafka_message_t *message = rd_kafka_consumer_poll(follow->consumer, 0);
        if (follow->change != FOLLOW_SAME) {
            if (message)
                rd_kafka_message_destroy(message);
            take_change(follow);
            return true;
        }
        dry = message == NULL;
        if (message && !take(follow, message))
            return false;
        if (i + 1 == DRAIN_RECORDS || (i % 64 == 63 && uv_hrtime() >= until))
            return true; /* called again: the library signals only what comes to an empty queue */
    }
    if (nudge_dry(&follow->nudge))
        nudge(follow);
    if (follow->fresh && !follow->full) {
        follow->fresh = false;
        follow->handler.drained(follow->handler.context);
    }
    return false;
}

/* Polls keep the membership (max.poll.interval), also while the sink is away. */
static void on_tick(uv_timer_t *timer)
{
    struct follow *follow = timer->data;
    if (follow->full && !follow->paused && now_ms() - follow->full_since_ms > PAUSE_MS)
        set_pause(follow, true);
    wakeup_again(&follow->wakeup);
}

static bool subscribe(struct follow *follow, struct error *error)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(list, follow->topic, RD_KAFKA_PARTITION_UA);
    rd_kafka_resp_err_t code = rd_kafka_subscribe(follow->consumer, list);
    rd_kafka_topic_partition_list_destroy(list);
    return !code ||
           error_set(error, ERROR_FATAL, (int)code, "subscribe: %s", rd_kafka_err2str(code));
}

struct follow *follow_open(struct daemon *daemon, const struct kafka_settings *settings,
                           const char *topic, const struct follow_handler *handler,
                           struct error *error)
{
    struct follow *follow = xcalloc(1, sizeof(*follow));
    follow->daemon = daemon;
    follow->handler = *handler;
    kafka_client_name(settings, topic, follow->topic, sizeof(follow->topic));
    follow->consumer = group_consumer_open(
        settings, "follow", "range",
        &(struct group_consumer_callbacks){follow, note_rebalance, on_error}, error);
    if (!follow->consumer || !subscribe(follow, error) ||
        !wakeup_open(&follow->wakeup, daemon_loop(daemon),
                     rd_kafka_queue_get_consumer(follow->consumer), collect, follow, error)) {
        if (follow->consumer)
            rd_kafka_destroy_flags(follow->consumer, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
        free(follow);
        return NULL;
    }
    nudge_init(&follow->nudge, daemon_loop(daemon), follow->consumer, settings->queued_bytes);
    uv_timer_init(daemon_loop(daemon), &follow->timer);
    follow->timer.data = follow;
    uv_timer_start(&follow->timer, on_tick, TICK_MS, TICK_MS);
    daemon_not_ready(daemon, "kafka", "no_assignment");
    return follow;
}

bool follow_ask_ranges(struct follow *follow, struct follow_range *ranges, size_t count,
                       struct error *error)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)count + 1);
    for (size_t i = 0; i < count; i++)
        rd_kafka_topic_partition_list_add(list, follow->topic, ranges[i].partition);
    bool good = ends_ask(follow->consumer, list, ENDS_FIRST, ASK_MS, error);
    for (size_t i = 0; i < count && good; i++)
        ranges[i].first = list->elems[i].offset;
    good = good && ends_ask(follow->consumer, list, ENDS_LAST, ASK_MS, error);
    for (size_t i = 0; i < count && good; i++)
        ranges[i].end = list->elems[i].offset;
    rd_kafka_topic_partition_list_destroy(list);
    return good;
}

void follow_start(struct follow *follow, const struct follow_partition *partitions, size_t count)
{
    if (!follow->assignment || follow->change != FOLLOW_SAME)
        return; /* taken away meanwhile */
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)count + 1);
    for (size_t i = 0; i < count; i++)
        rd_kafka_topic_partition_list_add(list, follow->topic, partitions[i].partition)->offset =
            partitions[i].next_offset >= 0 ? partitions[i].next_offset : RD_KAFKA_OFFSET_BEGINNING;
    /* A pause outlives its assignment, and a resume that met one of the library's was dropped. */
    rd_kafka_resp_err_t code = rd_kafka_resume_partitions(follow->consumer, list);
    if (!code)
        code = rd_kafka_assign(follow->consumer, list);
    rd_kafka_topic_partition_list_destroy(list);
    if (code)
        die((int)code, "assign failed");
    follow->started = true;
    daemon_ready(follow->daemon, "kafka");
    log_info("follow.started", LOG_INT("partitions", count));
    wakeup_again(&follow->wakeup);
}

int64_t follow_end(const struct follow *follow, int32_t partition)
{
    int64_t low, high;
    if (rd_kafka_get_watermark_offsets(follow->consumer, follow->topic, partition, &low, &high))
        return -1;
    return high;
}

void follow_resume(struct follow *follow)
{
    if (follow->giving)
        follow->resume_asked = true; /* the record it is about to refuse is offered again */
    if (follow->giving || !follow->full)
        return;
    follow->full = false;
    if (!give_held(follow)) {
        if (follow->held_count > 0)
            note_full(follow);
        return;
    }
    set_pause(follow, false);
    wakeup_again(&follow->wakeup);
}

void follow_committed(struct follow *follow, const struct follow_partition *partitions,
                      size_t count)
{
    if (!follow->assignment || count == 0)
        return;
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)count);
    for (size_t i = 0; i < count; i++)
        rd_kafka_topic_partition_list_add(list, follow->topic, partitions[i].partition)->offset =
            partitions[i].next_offset;
    (void)rd_kafka_commit(follow->consumer, list,
                          1); /* for lag tools: a failure is of no consequence */
    rd_kafka_topic_partition_list_destroy(list);
}

void follow_restart(struct follow *follow)
{
    drop_held(follow);
    follow->started = false;
    if (!follow->assignment)
        return;
    /* Unassigned, not paused: a resume would be numbered here and the start of a new assignment in
     * the library's thread. Where they change places on the way the later is dropped as outdated,
     * and the partition stands for ever (librdkafka 2.0.2, rd_kafka_toppar_op_serve). */
    set_pause(follow, false);
    rd_kafka_resp_err_t code = rd_kafka_assign(follow->consumer, NULL);
    if (code)
        die((int)code, "unassign failed");
    follow->announce = true;
    daemon_not_ready(follow->daemon, "kafka", "restarting");
    wakeup_again(&follow->wakeup);
}

static void on_handle_closed(void *context)
{
    struct follow *follow = context;
    if (--follow->open_handles > 0)
        return;
    drop_held(follow);
    free(follow->held);
    if (follow->assignment)
        rd_kafka_topic_partition_list_destroy(follow->assignment);
    if (follow->given)
        rd_kafka_topic_partition_list_destroy(follow->given);
    /* A static member leaves no group: closing would only wait. */
    rd_kafka_destroy_flags(follow->consumer, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
    wakeup_fini(&follow->wakeup);
    free(follow);
}

static void on_timer_closed(uv_handle_t *handle)
{
    on_handle_closed(handle->data);
}

void follow_close(struct follow *follow)
{
    follow->open_handles = 3;
    wakeup_close(&follow->wakeup, on_handle_closed);
    uv_close((uv_handle_t *)&follow->timer, on_timer_closed);
    nudge_stop(&follow->nudge, on_handle_closed, follow);
}
