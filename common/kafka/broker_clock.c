/* SPDX-License-Identifier: Apache-2.0 */
/* One record under way at a time, on a producer of its own: the transactional one cannot write
 * outside a transaction, and an aborted one would say nothing. An answer that does not come changes
 * nothing: then the brokers are away, and there are no ticks anyhow. The first one is waited for,
 * or a process that starts on a wrong clock would tell the time once before it knows. */
#include "kafka/broker_clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/memory.h"
#include "daemon/log.h"

#define LOOK_EVERY_MS 250
#define ASK_EVERY_MS  5000

static const struct metric_row ahead_row = {
    "citybrain_kafka_clock_ahead_seconds", METRIC_GAUGE, NULL,
    "How far this host's clock is ahead of the brokers' (below 0: behind). A minute off stops "
    "ticks, and with them every deadline: mend NTP on the host or on the broker."};

struct broker_clock {
    struct metric *ahead;
    rd_kafka_t *handle;
    char topic[KAFKA_MAX_NAME];
    uv_timer_t timer;
    int64_t asked_at, sent_ms; /* loop time; the host's */
    int64_t distance_ms;       /* of the host's time from the loop's, as it was compared */
    bool waiting, off, compared;
    bool told; /* that there is nothing to compare with */
};

static int64_t host_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Changes by as much as the host's clock is set forth or back. */
static int64_t distance_ms(void)
{
    return host_ms() - (int64_t)(uv_hrtime() / 1000000);
}

int64_t broker_clock_ahead_ms(int64_t sent_ms, int64_t appended_ms, int64_t reported_ms)
{
    if (appended_ms < sent_ms)
        return sent_ms - appended_ms;
    return appended_ms > reported_ms ? reported_ms - appended_ms : 0;
}

static bool is_too_much(int64_t ms)
{
    return ms > BROKER_CLOCK_MOST_OFF_MS || ms < -BROKER_CLOCK_MOST_OFF_MS;
}

static void judge(struct broker_clock *clock, int64_t ahead_ms)
{
    bool off = is_too_much(ahead_ms);
    metric_set(clock->ahead, SPAN(""), ahead_ms / 1000);
    if (off && !clock->off)
        log_error(
            "clock.off", LOG_INT("ahead_ms", ahead_ms),
            LOG_STR("fix", "NTP on this host or on the broker; there are no ticks until then"));
    else if (!off && clock->off)
        log_info("clock.right_again", LOG_INT("ahead_ms", ahead_ms));
    clock->off = off;
    clock->compared = true;
    clock->distance_ms = distance_ms();
}

/* That no comparison is to be had here; brokers that are away are asked again. */
static bool is_definite(rd_kafka_resp_err_t code)
{
    switch ((int)code) {
    case RD_KAFKA_RESP_ERR_NO_ERROR: /* and not LogAppendTime */
    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
    case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED: return true;
    default: return false;
    }
}

static void on_report(rd_kafka_t *handle, const rd_kafka_message_t *message, void *context)
{
    struct broker_clock *clock = context;
    rd_kafka_timestamp_type_t type;
    int64_t appended_ms = rd_kafka_message_timestamp(message, &type);
    (void)handle;
    clock->waiting = false;
    if (!message->err && type == RD_KAFKA_TIMESTAMP_LOG_APPEND_TIME) {
        judge(clock, broker_clock_ahead_ms(clock->sent_ms, appended_ms, host_ms()));
    } else if (!clock->told && is_definite(message->err)) {
        clock->told = true;
        log_warn(
            "clock.not_compared", LOG_STR("topic", clock->topic),
            LOG_STR("why", message->err ? rd_kafka_err2str(message->err) : "not LogAppendTime"),
            LOG_STR("fix", "citybrain topics apply"));
    }
}

static void ask(struct broker_clock *clock)
{
    char text[24];
    clock->sent_ms = host_ms();
    int len = snprintf(text, sizeof text, "%lld", (long long)clock->sent_ms);
    rd_kafka_resp_err_t code =
        rd_kafka_producev(clock->handle, RD_KAFKA_V_TOPIC(clock->topic), RD_KAFKA_V_PARTITION(0),
                          RD_KAFKA_V_VALUE(text, (size_t)len),
                          RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_END);
    clock->waiting = code == RD_KAFKA_RESP_ERR_NO_ERROR;
}

static void look(uv_timer_t *timer)
{
    struct broker_clock *clock = timer->data;
    int64_t loop_ms = (int64_t)uv_now(timer->loop);
    rd_kafka_poll(clock->handle, 0);
    if (clock->waiting || (clock->asked_at > 0 && loop_ms - clock->asked_at < ASK_EVERY_MS))
        return;
    clock->asked_at = loop_ms;
    ask(clock);
}

bool broker_clock_is_off(const struct broker_clock *clock)
{
    if (!clock->compared)
        return !clock->told;
    return clock->off || is_too_much(distance_ms() - clock->distance_ms);
}

struct broker_clock *broker_clock_open(struct daemon *daemon, const struct kafka_settings *settings,
                                       const char *topic, struct error *error)
{
    struct broker_clock *clock = xcalloc(1, sizeof *clock);
    rd_kafka_conf_t *conf = kafka_client_conf(settings, "clock", error);
    if (conf && (!kafka_client_set(conf, "message.timeout.ms", "10000", error) ||
                 /* or a topic that is not there would only be late */
                 !kafka_client_set(conf, "topic.metadata.propagation.max.ms", "5000", error) ||
                 !kafka_client_set(conf, "linger.ms", "0", error) ||
                 !kafka_client_set(conf, "queue.buffering.max.messages", "10", error))) {
        rd_kafka_conf_destroy(conf);
        conf = NULL;
    }
    if (conf) {
        rd_kafka_conf_set_opaque(conf, clock);
        rd_kafka_conf_set_dr_msg_cb(conf, on_report);
        clock->handle = kafka_client_new(RD_KAFKA_PRODUCER, conf, error);
    }
    if (!clock->handle) {
        free(clock);
        return NULL;
    }
    kafka_client_name(settings, topic, clock->topic, sizeof clock->topic);
    clock->ahead = metrics_add(daemon_metrics(daemon), &ahead_row);
    uv_timer_init(daemon_loop(daemon), &clock->timer);
    clock->timer.data = clock;
    uv_timer_start(&clock->timer, look, LOOK_EVERY_MS, LOOK_EVERY_MS);
    return clock;
}
