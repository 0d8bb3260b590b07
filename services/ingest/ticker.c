/* SPDX-License-Identifier: Apache-2.0 */
/* One tick at a time: read T, ask the ends, wait until the group has committed past them, inject.
 * The committed offset of raw/0 carries T, so a new owner goes on from it. A missing answer for raw
 * means no tick, for a status topic that it is left out of this one. If the normaliser stands
 * still, so does time; and while the host's clock is a minute off the brokers', since a T that was
 * told cannot be taken back. */
#include "ingest/ticker.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/memory.h"
#include "base/timestamp.h"
#include "daemon/log.h"
#include "model/event.h"

#define LOOK_EVERY_MS   50
#define LOOK_EVERY_HAND 10 /* manual clock: whoever moved it waits for the tick */
/* A topic of ours that is gone is never passed: only the brokers know. */
#define ASK_EVERY_MS 1000

static const struct metric_row tick_row = {
    "citybrain_ingest_tick_timestamp_seconds", METRIC_GAUGE, NULL,
    "The newest tick on events that this process wrote, in seconds since 1970. A tick follows all "
    "that "
    "was received before it: its age is how far the normaliser is behind."};
static const struct metric_row left_out_row = {
    "citybrain_ingest_tick_left_out_total", METRIC_COUNTER, NULL,
    "Partitions of status topics that a tick did not wait for, because nobody said where they end. "
    "Above 0: what a unit said there in time may be heard after its deadline fired; look at the "
    "topic's leader."};

static void took_time(void *context, struct span metadata)
{
    struct ticker *ticker = context;
    int64_t t_ms;
    if (span_to_int64(metadata, &t_ms) && t_ms > ticker->last_ms)
        ticker->last_ms = t_ms;
}

static void write_ticks(void *context, struct outputs *outputs)
{
    struct ticker *ticker = context;
    struct transform *transform = ticker->normaliser->transform;
    struct strbuf text;
    char metadata[24];
    strbuf_init(&text, 512, 4096);
    int32_t partitions = transform_stream_partitions(transform, NORMALISE_EVENTS);
    for (int32_t p = 0; p < partitions; p++) {
        strbuf_reset(&text);
        event_write_tick(&text, ticker->t_ms, p);
        outputs_add(outputs,
                    &(struct output){.stream = NORMALISE_EVENTS,
                                     .partition = p,
                                     .value = strbuf_span(&text),
                                     .headers = {{SPAN("content-type"), SPAN(EVENT_CONTENT_TYPE)}},
                                     .header_count = 1});
    }
    strbuf_fini(&text);
    snprintf(metadata, sizeof metadata, "%lld", (long long)ticker->t_ms);
    transform_set_metadata(transform, NORMALISER_RAW, 0, metadata);
}

static void ticks_committed(void *context)
{
    struct ticker *ticker = context;
    ticker->last_ms = ticker->t_ms;
    ticker->phase = TICKER_IDLE;
    metric_set(ticker->tick, SPAN(""), ticker->last_ms / 1000);
}

static void give_up(struct ticker *ticker, const char *why)
{
    ticker->phase = TICKER_IDLE;
    log_warn("ticker.no_tick", LOG_STR("why", why), LOG_INT("t_ms", ticker->t_ms));
}

static void left_out(void *context, const char *topic)
{
    struct ticker *ticker = context;
    metric_add(ticker->left_out, SPAN(""), 1);
    log_warn("ticker.left_out", LOG_STR("topic", topic), LOG_INT("t_ms", ticker->t_ms));
}

/* As the core has them. The caller frees. */
static struct tick_end *ends_of(const struct offsets_end *ends, size_t count)
{
    struct tick_end *own = xcalloc(count + 1, sizeof *own);
    for (size_t i = 0; i < count; i++)
        own[i] =
            (struct tick_end){ends[i].topic, ends[i].partition, ends[i].end, ends[i].committed};
    return own;
}

static void on_answer(void *context, const struct offsets_end *ends, size_t count,
                      const struct error *error)
{
    struct ticker *ticker = context;
    bool first = ticker->phase == TICKER_ASKING_ENDS;
    if (error && first) {
        give_up(ticker, error->text);
        return;
    }
    ticker->phase = TICKER_WAITING;
    if (error)
        return;
    struct tick_end *own = ends_of(ends, count);
    const char *why = first ? tick_targets_take(&ticker->targets, own, count) : NULL;
    bool reached = !why && tick_targets_reached(&ticker->targets, own, count);
    free(own);
    if (why)
        give_up(ticker, why);
    if (!reached)
        return;
    if (transform_inject(ticker->normaliser->transform, write_ticks, ticks_committed, ticker))
        ticker->phase = TICKER_WRITING;
}

static void ask(struct ticker *ticker, enum ticker_phase phase)
{
    static const char *const topics[] = {"raw", "status.*"}; /* the watch adds the prefix */
    if (!offsets_watch_ask(ticker->watch, topics, ARRAY_LENGTH(topics),
                           ticker->normaliser->config->kafka.group, on_answer, ticker))
        return;
    ticker->phase = phase;
    ticker->asked_ms = (int64_t)uv_now(ticker->timer.loop);
}

static bool is_short_of(const void *context, const char *topic, int32_t partition, int64_t end)
{
    return transform_is_short_of(context, topic, partition, end);
}

/* In a catch-up a tick waits long, and what it waits for lies here: three questions to the brokers
 * at each look would cost them more than the records do. */
static bool is_worth_asking(const struct ticker *ticker)
{
    return (int64_t)uv_now(ticker->timer.loop) - ticker->asked_ms >= ASK_EVERY_MS ||
           !tick_targets_ahead(&ticker->targets, is_short_of, ticker->normaliser->transform);
}

/* Is there a new T to make? Under the manual clock whenever it was moved. */
static bool is_due(struct ticker *ticker, int64_t now_ms)
{
    if (now_ms == TIMESTAMP_NONE || now_ms <= ticker->last_ms ||
        (ticker->brokers && broker_clock_is_off(ticker->brokers)))
        return false;
    int64_t loop_ms = (int64_t)uv_now(ticker->timer.loop);
    if (!ticker->clock->manual && ticker->begun_ms > 0 &&
        loop_ms - ticker->begun_ms < ticker->every_ms)
        return false;
    ticker->begun_ms = loop_ms;
    return true;
}

static void look(uv_timer_t *timer)
{
    struct ticker *ticker = timer->data;
    int64_t now_ms = ingest_clock_now(ticker->clock);
    if (!transform_owns(ticker->normaliser->transform, NORMALISER_RAW, 0)) {
        if (ticker->phase == TICKER_WAITING)
            ticker->phase = TICKER_IDLE;
        return;
    }
    if (ticker->phase == TICKER_WAITING) {
        if (is_worth_asking(ticker))
            ask(ticker, TICKER_ASKING);
    } else if (ticker->phase == TICKER_IDLE && is_due(ticker, now_ms)) {
        ticker->t_ms = now_ms;
        ask(ticker, TICKER_ASKING_ENDS);
    }
}

bool ticker_open(struct ticker *ticker, struct daemon *daemon, struct normaliser *normaliser,
                 const struct ingest_clock *clock, struct error *error)
{
    const struct ingest_config *config = normaliser->config;
    ticker->normaliser = normaliser;
    ticker->clock = clock;
    ticker->every_ms = config->tick_every_ms;
    ticker->last_ms = TIMESTAMP_NONE;
    ticker->tick = metrics_add(daemon_metrics(daemon), &tick_row);
    ticker->left_out = metrics_add(daemon_metrics(daemon), &left_out_row);
    metric_add(ticker->left_out, SPAN(""), 0); /* shown before there is anything to count */
    snprintf(ticker->raw, sizeof ticker->raw, "%sraw", config->kafka.prefix);
    ticker->targets.raw = ticker->raw;
    ticker->targets.left_out = left_out;
    ticker->targets.context = ticker;
    normaliser->took_time = took_time;
    normaliser->context = ticker;
    ticker->watch = offsets_watch_open(daemon, &config->kafka, error);
    if (ticker->watch == NULL)
        return false;
    uv_timer_init(daemon_loop(daemon), &ticker->timer);
    ticker->timer.data = ticker;
    uint64_t every = clock->manual ? LOOK_EVERY_HAND : LOOK_EVERY_MS;
    uv_timer_start(&ticker->timer, look, every, every);
    return true;
}

void ticker_nudge(struct ticker *ticker)
{
    look(&ticker->timer);
}

void ticker_stop(struct ticker *ticker)
{
    uv_timer_stop(&ticker->timer);
}
