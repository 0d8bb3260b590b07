/* SPDX-License-Identifier: Apache-2.0 */
/* Twice a second, while somebody waits, one question asks how far the database has read the log;
 * only when that moved are all asked again. Other processes write too, so our own commits are no
 * sign. What a rebuild puts right moves the base of places (sql/0030). */
#include "aggregator/api_wait.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/memory.h"

#define LOOK_EVERY_MS 500

struct api_wait {
    struct api *api;
    uv_timer_t timer;
    struct api_call *first;
    size_t count; /* those that wait, and those of them that are asked again just now */
    bool looking;
    char seen[64];  /* how far the log was read when all were asked last */
    unsigned moves; /* how often it was found further */
    struct metric *waiting;
};

static void show(const struct api_wait *wait)
{
    metric_set(wait->waiting, SPAN(""), (int64_t)wait->count);
}

/* Those whose time is over get what there is, which is nothing; the others are asked again where
 * there may be something. Who came since the last look is asked once more in any case: what he
 * waits for may have been written between his question and that look. */
static void ask_again(struct api_wait *wait, bool moved)
{
    int64_t now_ms = (int64_t)uv_now(daemon_loop(wait->api->daemon));
    struct api_call **at = &wait->first;
    struct api_call *asked = NULL;
    while (*at) {
        struct api_call *call = *at;
        bool gone = !http_request_is_waiting(call->request);
        if (!moved && !gone && call->settled && call->until_ms > now_ms) {
            at = &call->next;
            continue;
        }
        *at = call->next;
        call->settled = true;
        call->moves = wait->moves;
        call->next = asked;
        asked = call;
    }
    while (asked) { /* a call may come back at once */
        struct api_call *call = asked;
        asked = call->next;
        api_call_ask(call);
    }
    if (!wait->first)
        uv_timer_stop(&wait->timer);
}

static void on_looked(struct api_question *question, enum api_outcome outcome, struct span body)
{
    struct api_wait *wait = question->context;
    bool moved = outcome == API_FOUND && !span_is(body, wait->seen);
    wait->looking = false;
    if (moved) {
        span_to_cstr(body, wait->seen, sizeof wait->seen);
        wait->moves++;
    }
    ask_again(wait, moved);
}

static void on_timer(uv_timer_t *timer)
{
    struct api_wait *wait = timer->data;
    struct api_question *question;
    if (wait->looking)
        return;
    question = api_pool_question(wait);
    question->answered = on_looked;
    sql_ask_add(&question->ask,
                "SELECT sum(base + next_offset)::text FROM core.kafka_offset WHERE topic = $1");
    sql_ask_take(&question->ask, span_of(wait->api->events));
    wait->looking = api_pool_ask(wait->api->pool, question);
    if (!wait->looking)
        api_pool_forget(question);
}

struct api_wait *api_wait_open(struct api *api)
{
    static const struct metric_row row = {
        "citybrain_aggregator_api_waiting", METRIC_GAUGE, NULL,
        "Requests that wait for news (wait=) right now; at most aggregator.api_waiting."};
    struct api_wait *wait = xcalloc(1, sizeof *wait);
    wait->api = api;
    wait->waiting = metrics_add(daemon_metrics(api->daemon), &row);
    uv_timer_init(daemon_loop(api->daemon), &wait->timer);
    wait->timer.data = wait;
    return wait;
}

/* What moved while it was asked may have been written behind its question. */
bool api_wait_add(struct api_wait *wait, struct api_call *call)
{
    if (!call->waits && wait->count >= (size_t)wait->api->config->api_waiting)
        return false;
    call->next = wait->first;
    wait->first = call;
    wait->count += !call->waits;
    call->waits = true;
    call->settled = call->settled && call->moves == wait->moves;
    show(wait);
    if (!uv_is_active((uv_handle_t *)&wait->timer))
        uv_timer_start(&wait->timer, on_timer, LOOK_EVERY_MS, LOOK_EVERY_MS);
    return true;
}

void api_wait_leave(struct api_wait *wait)
{
    wait->count--;
    show(wait);
}
