/* SPDX-License-Identifier: Apache-2.0 */
/* An answer may be kept by who asked and by nobody else, and is asked for anew each time: with the
 * tag that costs nothing where nothing changed. The tag is a hash of the bytes, so restarts and
 * other processes give the same. */
#include "aggregator/api_reply.h"

#include <stdio.h>
#include <string.h>

#include "base/digest.h"

static const char problem_type[] = "application/problem+json";
static const char json_type[] = "application/json; charset=utf-8";

bool api_reply_is_known(struct span list, const char *tag)
{
    while (list.at) {
        struct span one = span_trim(span_cut(&list, ','));
        if (span_starts(one, SPAN("W/")))
            one = span_from(one.at + 2, one.len - 2);
        if (span_is(one, "*") || span_is(one, tag))
            return true;
    }
    return false;
}

void api_reply_body(struct http_request *request, const char *content_type, struct span body)
{
    char id[DIGEST_ID_LEN + 1], tag[DIGEST_ID_LEN + 3];
    if (http_request_is_inner(request)) { /* nobody keeps it for itself */
        http_request_answer(request, &(struct http_answer){200, content_type, body, {{0}}});
        return;
    }
    digest_bytes(id, body);
    snprintf(tag, sizeof tag, "\"%s\"", id);
    bool known = api_reply_is_known(http_request_header(request, "If-None-Match"), tag);
    http_request_answer(request,
                        &(struct http_answer){.status = known ? 304 : 200,
                                              .content_type = content_type,
                                              .body = known ? SPAN("") : body,
                                              .more = {{"ETag", tag},
                                                       {"Cache-Control", "private, no-cache"},
                                                       {"Vary", "Authorization, Accept-Language"},
                                                       {"X-Content-Type-Options", "nosniff"}}});
}

void api_reply_json(struct http_request *request, struct span body)
{
    api_reply_body(request, json_type, body);
}

static void add_both(struct strbuf *out, enum language language, const char *const texts[2])
{
    if (language != LANGUAGE_ENGLISH)
        strbuf_add(out, span_of(texts[0]));
    if (language == LANGUAGE_BOTH)
        strbuf_add(out, SPAN(" / "));
    if (language != LANGUAGE_CHINESE)
        strbuf_add(out, span_of(texts[1]));
}

/* `parameter` may be absent. */
static void send_problem(struct http_request *request, int status, const char *code,
                         const char *const title[2], struct span detail, struct span parameter)
{
    enum language language = http_request_language(request);
    const char *tag = language_tag(language);
    struct strbuf body, words;
    strbuf_init(&body, 512, 16384);
    strbuf_init(&words, 128, 1024);
    add_both(&words, language, title);
    strbuf_addf(&body, "{\"type\":\"about:blank#%s\",\"title\":", code);
    strbuf_add_json(&body, strbuf_span(&words));
    strbuf_addf(&body, ",\"status\":%d,\"detail\":", status);
    strbuf_add_json(&body, detail);
    if (parameter.at) {
        strbuf_add(&body, SPAN(",\"parameter\":"));
        strbuf_add_json(&body, parameter);
    }
    strbuf_add(&body, SPAN("}\n"));
    struct http_answer answer = {.status = status,
                                 .content_type = problem_type,
                                 .body = strbuf_span(&body),
                                 .more = {{"Cache-Control", "no-store"}}};
    size_t n = 1;
    if (status == 503 || status == 429)
        answer.more[n++] = (struct http_header){"Retry-After", "1"};
    if (tag)
        answer.more[n] = (struct http_header){"Content-Language", tag};
    http_request_answer(request, &answer);
    strbuf_fini(&body);
    strbuf_fini(&words);
}

void api_reply_problem(struct http_request *request, int status, const char *code,
                       const struct api_words *words)
{
    struct strbuf detail;
    strbuf_init(&detail, 256, 4096);
    add_both(&detail, http_request_language(request), words->detail);
    send_problem(request, status, code, words->title, strbuf_span(&detail), SPAN_NONE);
    strbuf_fini(&detail);
}

static const char *const bad_title[2] = {"参数无效", "bad parameter"};

void api_reply_bad(struct http_request *request, const char *parameter,
                   const struct api_words *words)
{
    enum language language = http_request_language(request);
    struct strbuf detail;
    strbuf_init(&detail, 256, 4096);
    if (language != LANGUAGE_ENGLISH)
        strbuf_addf(&detail, "%s：%s", parameter, words->detail[0]);
    if (language == LANGUAGE_BOTH)
        strbuf_add(&detail, SPAN(" / "));
    if (language != LANGUAGE_CHINESE)
        strbuf_addf(&detail, "%s: %s", parameter, words->detail[1]);
    send_problem(request, 400, "bad_parameter", bad_title, strbuf_span(&detail),
                 span_of(parameter));
    strbuf_fini(&detail);
}

static bool take_query(void *context, struct span name, struct span value)
{
    return api_query_take(context, name, value);
}

bool api_reply_query(struct http_request *request, struct api_query *query,
                     const struct api_parameter *table, size_t count, int zone_minutes)
{
    struct strbuf detail;
    api_query_begin(query, table, count, zone_minutes);
    if (http_request_each_query(request, take_query, query))
        return true;
    strbuf_init(&detail, 256, 8192);
    api_query_write_fault(query, http_request_language(request), &detail);
    send_problem(request, 400, "bad_parameter", bad_title, strbuf_span(&detail), query->bad);
    strbuf_fini(&detail);
    return false;
}

void api_reply_outcome(struct http_request *request, enum api_outcome outcome)
{
    static const struct {
        int status;
        const char *code;
        struct api_words words;
    } rows[] = {
        [API_NOT_FOUND] = {404,
                           "not_found",
                           {{"没有此记录", "there is no such thing"},
                            {"没有此记录，或无权查看",
                             "nothing is known of it, or it is not yours"}}},
        [API_TOO_LARGE] = {413,
                           "answer_too_large",
                           {{"结果过大", "the answer is too large"},
                            {"请缩短日期范围、减少分组或用 limit 分页",
                             "ask for fewer days or groups, or for pages with limit"}}},
        [API_SLOW] = {503,
                      "question_too_slow",
                      {{"查询超时", "the question takes too long"},
                       {"请缩小范围后再试", "ask for less, or later"}}},
        [API_AWAY] = {503,
                      "database_away",
                      {{"数据库暂不可用", "the database is away"},
                       {"请稍后再试", "it cannot answer now; try again"}}},
    };
    api_reply_problem(request, rows[outcome].status, rows[outcome].code, &rows[outcome].words);
}

enum language api_reply_language(const struct http_request *request, struct span lang)
{
    if (lang.at)
        return span_is(lang, "en") ? LANGUAGE_ENGLISH : LANGUAGE_CHINESE;
    return http_request_language(request) == LANGUAGE_ENGLISH ? LANGUAGE_ENGLISH : LANGUAGE_CHINESE;
}
