/* SPDX-License-Identifier: Apache-2.0 */
/* citybrain report: the district's daily and monthly tables of units, from the aggregator's API. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/charset.h"
#include "base/timestamp.h"
#include "citybrain/read_api.h"
#include "citybrain/report_rows.h"
#include "citybrain/verb.h"
#include "config/yaml.h"

#define ANSWER_BYTES ((size_t)16 << 20)
#define FORMS        3 /* of each view: by unit, of all, and as a mean */
#define DAY_MS       86400000
#define NOON_MS      (DAY_MS / 2)
#define ZONE_MS      ((int64_t)YAML_DATE_ZONE_MINUTES * 60000)

static const char report_help[] =
    "usage: citybrain report daily DATE | monthly YYYY-MM\n"
    "                        [--scope all|net] [--charset utf-8|gb18030] [--json] [--url URL]\n\n"
    "One line a unit: received, closed, closure rate, done in time, valid call-backs, 响应率,\n"
    "解决率, 满意率 and the score (三率), by the formula in force when the period began. 街乡 and\n"
    "区直单位 are ranked apart, by score, then by what came in; a unit without valid call-backs "
    "has\n"
    "no data and no rank. Two lines close it: 合并 (all orders together) and 算术平均 (the mean "
    "of\n"
    "the units' rates). While the period goes on, by the district's clock, stderr says so.\n\n"
    "  daily DATE       noon to noon: from 12:00 of the day before to 12:00 of DATE\n"
    "  monthly YYYY-MM  from the 19th of the month before to the 18th of this one\n"
    "  --scope net      without what was excluded (剔除); default all\n"
    "  --charset        of the CSV: utf-8 with a byte order mark (default), or gb18030\n"
    "  --json           numbers as the API gives them\n"
    "  --url            the aggregator's API (default $CITYBRAIN_API or http://127.0.0.1:29340);\n"
    "                   where it lets nobody in without a token, CITYBRAIN_API_TOKEN is yours\n\n"
    "  citybrain report monthly 2026-03 --charset gb18030 >2026-03.csv\n"
    "exit: 0 printed, 64 usage, 69 no API, or not for you\n";

struct wish {
    struct report_head head;
    const char *bucket, *url, *scope;
    char day[12], from[20], to[20];
    int64_t ends_ms;
    enum charset charset;
    bool json;
};

static const char *const views[] = {"three_rates", "closure_rate", "on_time"};

static bool set_daily(struct wish *wish, const char *text)
{
    int64_t ms;
    struct strbuf before = {.at = wish->from, .capacity = sizeof wish->from, .max = 19};
    if (!timestamp_parse(span_of(text), "%Y-%m-%d", 0, &ms) || strlen(text) != 10)
        return false;
    timestamp_add_date(&before, ms / DAY_MS - 1);
    strbuf_add(&before, SPAN(" 12:00"));
    snprintf(wish->to, sizeof wish->to, "%s 12:00", text);
    snprintf(wish->day, sizeof wish->day, "%s", text);
    wish->ends_ms = ms + NOON_MS - ZONE_MS;
    wish->bucket = "noon_day";
    wish->head.title = "日报";
    return true;
}

/* The month's period began on the 19th of the one before. */
static bool set_monthly(struct wish *wish, const char *text)
{
    int64_t ms;
    char first[16];
    struct civil civil;
    snprintf(first, sizeof first, "%.7s-01", text);
    if (strlen(text) != 7 || !timestamp_parse(span_of(first), "%Y-%m-%d", 0, &ms))
        return false;
    timestamp_to_civil(ms - DAY_MS, 0, &civil);
    snprintf(wish->day, sizeof wish->day, "%04u-%02u-19", (unsigned)civil.year % 10000,
             (unsigned)civil.month % 100);
    snprintf(wish->from, sizeof wish->from, "%s 00:00", wish->day);
    snprintf(wish->to, sizeof wish->to, "%.7s-19 00:00", text);
    wish->ends_ms = ms + 18 * (int64_t)DAY_MS - ZONE_MS;
    wish->bucket = "period_19";
    wish->head.title = "月报";
    return true;
}

struct asking {
    struct read_api *api;
    struct json_reader *reader;
    struct arena arena;
    struct strbuf path, answer; /* what was read borrows from the answer */
};

/* One question of several: its address is a value of theirs. */
static void add_question(struct strbuf *path, const char *question)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-/";
    strbuf_add(path, strbuf_span(path).at[path->len - 1] == '?' ? SPAN("ask=") : SPAN("&ask="));
    for (const char *at = question; *at; at++)
        if (strchr(plain, *at))
            strbuf_add_char(path, *at);
        else
            strbuf_addf(path, "%%%02X", (unsigned)(unsigned char)*at);
}

static const char *const forms[FORMS] = {"unit,", "", ""};

static void write_questions(const struct wish *wish, struct strbuf *path)
{
    char question[512];
    strbuf_add(path, SPAN("/api/together?"));
    for (size_t v = 0; v < ARRAY_LENGTH(views); v++)
        for (size_t f = 0; f < FORMS; f++) {
            snprintf(question, sizeof question, "views/%s?by=%s%s&from=%s&to=%s&scope=%s&method=%s",
                     views[v], forms[f], wish->bucket, wish->day, wish->day, wish->scope,
                     f == 2 ? "mean" : "pooled");
            add_question(path, question);
        }
    add_question(path, "units");
    add_question(path, "page"); /* who asks */
}

/* NULL: there is none, or its status is none of a good answer, which is said. */
static const struct json_value *body_of(const struct json_value *part, const char *about)
{
    int64_t status = 0;
    const struct json_value *body = part ? json_get(part, SPAN("body")) : NULL;
    if (body && json_int(part, "status", &status) && status == 200)
        return body;
    fprintf(stderr, "citybrain report: %s: %lld: %.*s%s\n", about, (long long)status,
            SPAN_ARG(body ? json_text(body, "detail") : SPAN_NONE),
            status == 429 ? "; fix: ask again in some seconds (aggregator.api_rate)" : "");
    return NULL;
}

/* Its sums and ranks are of what who asks may see: of a unit's token, that unit alone. */
static void say_whose(const struct json_value *page)
{
    const struct json_value *who = json_get(page, SPAN("who")),
                            *all = who ? json_get(who, SPAN("all")) : NULL;
    if (all && all->type == JSON_BOOL && !all->truth)
        fprintf(
            stderr,
            "仅限所见 of what %.*s may see, whose token $CITYBRAIN_API_TOKEN is: sums and ranks "
            "are of that alone\n",
            SPAN_ARG(json_text(who, "name")));
}

static int take(const struct json_value *parts, struct report_rows *rows, int64_t *now_ms)
{
    const struct json_value *part = parts->first, *body;
    for (size_t v = 0; v < ARRAY_LENGTH(views); v++)
        for (size_t f = 0; f < FORMS; f++, part = part->next) {
            if (!(body = body_of(part, views[v])))
                return VERB_UNAVAILABLE;
            (void)json_int(body, "now", now_ms);
            report_rows_add(rows, views[v], body);
        }
    if (!(body = body_of(part, "units")))
        return VERB_UNAVAILABLE;
    report_rows_name(rows, body);
    part = part->next;
    if (!(body = body_of(part, "page")))
        return VERB_UNAVAILABLE;
    say_whose(body);
    return VERB_OK;
}

/* All at once: a line of a unit and the lines below it are of the same moment. */
static int fill(struct asking *asking, const struct wish *wish, struct report_rows *rows,
                int64_t *now_ms)
{
    const struct json_value *value = NULL;
    size_t bad_at;
    write_questions(wish, &asking->path);
    int status = read_api_ask(asking->api, asking->path.at, &asking->answer);
    if (status != 0 && status != 200)
        read_api_say(asking->api, NULL, status, strbuf_span(&asking->answer));
    if (status != 200)
        return VERB_UNAVAILABLE;
    const struct json_value *parts = NULL;
    if (json_read(asking->reader, strbuf_span(&asking->answer), &asking->arena, &value, &bad_at) !=
            REJECT_NONE ||
        !(parts = json_get(value, SPAN("answers")))) {
        fputs("citybrain report: the answer is not of an aggregator's API\n", stderr);
        return VERB_UNAVAILABLE;
    }
    return take(parts, rows, now_ms);
}

static void print(const struct wish *wish, const struct report_rows *rows)
{
    struct strbuf text;
    struct arena arena;
    strbuf_init(&text, 65536, ANSWER_BYTES);
    arena_init(&arena, 2 * ANSWER_BYTES);
    if (wish->json) {
        report_rows_write_json(rows, &wish->head, &text);
    } else {
        struct charset_converter *converter = charset_converter_new();
        struct span bytes = SPAN_NONE;
        report_rows_write_csv(rows, &wish->head, &text);
        if (wish->charset == CHARSET_UTF8)
            fputs("\xEF\xBB\xBF", stdout);
        else if (charset_from_utf8(converter, wish->charset, strbuf_span(&text), &arena, &bytes) ==
                 CHARSET_OK)
            fwrite(bytes.at, 1, bytes.len, stdout);
        charset_converter_free(converter);
    }
    if (wish->json || wish->charset == CHARSET_UTF8)
        fwrite(text.at, 1, text.len, stdout);
    arena_fini(&arena);
    strbuf_fini(&text);
}

/* What is read as a month's result may be the half of it, or of a time of which nobody told. */
static void say_how_far(const struct wish *wish, const struct report_rows *rows, int64_t now_ms)
{
    struct civil now;
    if (report_rows_are_none(rows))
        fprintf(stderr, "暂无数据 no rows: nothing is known of %s to %s\n", wish->from, wish->to);
    if (now_ms <= 0 || now_ms >= wish->ends_ms)
        return;
    timestamp_to_civil(now_ms, YAML_DATE_ZONE_MINUTES, &now);
    fprintf(stderr,
            "未到期末 the period ends %s and the district's clock stands at %04d-%02d-%02d "
            "%02d:%02d: these numbers are of a part of it\n",
            wish->to, now.year, now.month, now.day, now.hour, now.minute);
}

static int report(struct wish *wish)
{
    int64_t now_ms = 0;
    struct asking asking = {.api = read_api_new("report", wish->url), .reader = json_reader_new()};
    struct report_rows *rows = report_rows_new();
    arena_init(&asking.arena, 64 << 20);
    strbuf_init(&asking.path, 2048, 8192);
    strbuf_init(&asking.answer, 65536, ANSWER_BYTES);
    wish->head.from = wish->from;
    wish->head.to = wish->to;
    wish->head.scope = wish->scope;
    int status = fill(&asking, wish, rows, &now_ms);
    report_rows_rank(rows);
    if (status == VERB_OK) {
        print(wish, rows);
        say_how_far(wish, rows, now_ms);
    }
    strbuf_fini(&asking.path);
    strbuf_fini(&asking.answer);
    arena_fini(&asking.arena);
    json_reader_free(asking.reader);
    read_api_free(asking.api);
    report_rows_free(rows);
    return status;
}

static const struct option options[] = {{"scope", 1, 0, 's'},
                                        {"charset", 1, 0, 'c'},
                                        {"json", 0, 0, 'j'},
                                        {"url", 1, 0, 'u'},
                                        {0, 0, 0, 0}};

static int run(int argc, char **argv)
{
    struct wish wish = {.scope = "all", .charset = CHARSET_UTF8};
    for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        switch (c) {
        case 's': wish.scope = optarg; break;
        case 'c':
            if (!charset_parse(span_of(optarg), &wish.charset))
                return verb_usage("report", "\"%s\" is no charset: utf-8 or gb18030", optarg);
            break;
        case 'j': wish.json = true; break;
        case 'u': wish.url = optarg; break;
        default: return verb_bad_option("report", argv);
        }
    }
    if (strcmp(wish.scope, "all") != 0 && strcmp(wish.scope, "net") != 0)
        return verb_usage("report", "\"%s\" is no scope: all or net", wish.scope);
    if (optind + 2 != argc)
        return verb_usage("report", "daily DATE or monthly YYYY-MM is needed");
    const char *what = argv[optind], *when = argv[optind + 1];
    bool daily = strcmp(what, "daily") == 0;
    if (!daily && strcmp(what, "monthly") != 0)
        return verb_usage("report", "\"%s\" is no report: daily or monthly", what);
    if (!(daily ? set_daily(&wish, when) : set_monthly(&wish, when)))
        return verb_usage("report", "\"%s\" is no %s", when,
                          daily ? "date such as 2026-03-02" : "month such as 2026-03");
    return report(&wish);
}

const struct verb verb_report = {"report",    "the daily or monthly table of units, as CSV",
                                 report_help, run,
                                 options,     "daily monthly"};
