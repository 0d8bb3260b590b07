/* SPDX-License-Identifier: Apache-2.0 */
/* What a page shows it asks at once: then all of it is true of one moment, and costs one way to us
 * and one to the database. Each question goes to the handler it would have alone, by the same
 * person, and is admitted as alone; status and body stand in the answer as they would be alone.
 *
 * Of many pages that show the same each asks in the same words. Who permits an age (Cache-Control:
 * max-age) is given what was told a moment ago to another who may see the same. */
#include "aggregator/api_together.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/memory.h"

#define MOST_ASKED ((size_t)16)
#define MOST_BYTES ((size_t)8 << 20)

struct together;
struct part {
    struct together *whole;
    int status;
    struct strbuf body;
};

struct together {
    struct api_call *call;
    int64_t asked_ms;
    size_t count, left;
    struct span asked[MOST_ASKED]; /* the request's */
    struct part parts[MOST_ASKED];
};

static const struct api_parameter parameters[] = {{"ask", API_ADDRESS, NULL, 0, 0}};

static void end(struct together *together)
{
    for (size_t i = 0; i < together->count; i++)
        strbuf_fini(&together->parts[i].body);
    api_call_end(together->call);
    free(together);
}

static int64_t now_of(const struct together *together)
{
    return (int64_t)uv_now(daemon_loop(together->call->api->daemon));
}

/* Whose eyes see it, which words it is told in, what is asked. */
static void write_question(const struct api_call *call, struct strbuf *out)
{
    const struct api_asker *asker = &call->asker;
    strbuf_addf(out, "%s %.*s %.*s %d %.*s", asker->role, SPAN_ARG(asker->unit),
                SPAN_ARG(asker->station), (int)http_request_language(call->request),
                SPAN_ARG(http_request_target(call->request)));
}

/* The clock's age is in most of them, so there is nothing to keep for oneself and no tag. */
static void reply(struct http_request *request, struct span body, int64_t age_ms)
{
    char age[SPAN_DECIMAL];
    snprintf(age, sizeof age, "%lld", (long long)age_ms / 1000);
    http_request_answer(request,
                        &(struct http_answer){.status = 200,
                                              .content_type = "application/json; charset=utf-8",
                                              .body = body,
                                              .more = {{"Cache-Control", "no-store"},
                                                       {"Age", age},
                                                       {"X-Content-Type-Options", "nosniff"}}});
}

static bool is_shared(struct together *together)
{
    struct api_call *call = together->call;
    int64_t permitted =
        shared_answers_permitted(http_request_header(call->request, "Cache-Control"));
    int64_t made_ms;
    struct strbuf question;
    if (permitted == 0)
        return false;
    strbuf_init(&question, 512, 1 << 16);
    write_question(call, &question);
    struct span body = shared_answers_find(call->api->shared, strbuf_span(&question),
                                           together->asked_ms - permitted, &made_ms);
    if (body.at)
        reply(call->request, body, together->asked_ms - made_ms);
    strbuf_fini(&question);
    return body.at != NULL;
}

/* What went wrong is not for others, who ask again. */
static void share(const struct together *together, struct span body)
{
    struct strbuf question;
    for (size_t i = 0; i < together->count; i++)
        if (together->parts[i].status >= 429)
            return;
    strbuf_init(&question, 512, 1 << 16);
    write_question(together->call, &question);
    shared_answers_put(together->call->api->shared, strbuf_span(&question), together->asked_ms,
                       body);
    strbuf_fini(&question);
}

static void answer(struct together *together)
{
    struct http_request *request = together->call->request;
    struct strbuf body;
    strbuf_init(&body, (size_t)16 << 10, MOST_BYTES);
    strbuf_add(&body, SPAN("{\"answers\":["));
    for (size_t i = 0; i < together->count; i++) {
        strbuf_addf(&body, "%s\n{\"status\":%d,\"body\":", i ? "," : "", together->parts[i].status);
        strbuf_add(&body, strbuf_span(&together->parts[i].body));
        strbuf_add_char(&body, '}');
    }
    strbuf_add(&body, SPAN("]}\n"));
    if (strbuf_is_full(&body)) {
        api_reply_outcome(request, API_TOO_LARGE);
    } else {
        share(together, strbuf_span(&body));
        reply(request, strbuf_span(&body), 0);
    }
    strbuf_fini(&body);
    end(together);
}

static void on_answered(void *context, const struct http_answer *given)
{
    struct part *part = context;
    part->status = given->status;
    strbuf_init(&part->body, given->body.len, given->body.len);
    strbuf_add(&part->body, given->body);
    if (--part->whole->left == 0)
        answer(part->whole);
}

static bool take(void *context, struct span name, struct span value)
{
    struct together *together = context;
    (void)name; /* there is no other */
    if (value.len > 0 && together->count < MOST_ASKED)
        together->asked[together->count++] = value;
    return true;
}

/* The last of them may be answered at once, and then all is gone. */
static void ask_all(struct together *together)
{
    struct http_request *request = together->call->request;
    size_t count = together->left = together->count;
    struct strbuf target;
    strbuf_init(&target, 256, 1 << 16);
    for (size_t i = 0; i < count; i++) {
        struct part *part = &together->parts[i];
        part->whole = together;
        strbuf_reset(&target);
        strbuf_add(&target, SPAN("/api/"));
        strbuf_add(&target, together->asked[i]);
        http_request_ask(request, strbuf_span(&target), on_answered, part);
    }
    strbuf_fini(&target);
}

void api_together_answer(void *api, struct http_request *request)
{
    static const struct api_words words = {
        .detail = {"至少一个问题，如 ask=clock，本身不在其中",
                   "at least one question, as ask=clock, and not itself"}};
    struct api_call *call = api_call_begin(api, request, parameters, ARRAY_LENGTH(parameters));
    if (!call)
        return;
    struct together *together = xcalloc(1, sizeof *together);
    together->call = call;
    together->asked_ms = now_of(together);
    http_request_each_query(request, take, together);
    if (together->count == 0 || http_request_is_inner(request)) {
        api_reply_bad(request, "ask", &words);
        end(together);
        return;
    }
    if (is_shared(together)) {
        end(together);
        return;
    }
    api_pool_gather(((struct api *)api)->pool);
    ask_all(together);
    api_pool_asked(((struct api *)api)->pool);
}
