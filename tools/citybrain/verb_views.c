/* SPDX-License-Identifier: Apache-2.0 */
/* citybrain views show: a view as a table, from the aggregator's read-only API. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "citybrain/http_client.h"
#include "citybrain/table.h"
#include "citybrain/verb.h"
#include "model/json.h"

/* What stands in a URL as it is; names, columns and dates have nothing else. */
#define PLAIN "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_,-"

static const char views_help[] =
    "usage: citybrain views show NAME [--by unit,type_code,street_code,day] [--total]\n"
    "                                 [--from DATE] [--to DATE] [--json] [--url URL]\n\n"
    "NAME is closure_rate, response_time, inflow (--by hour too), any file of config/views, or\n"
    "ledger: what was read of each feed and hour and what became of it (--by day,hour,feed).\n"
    "Days are civil days of the district, both ends included. --total sums over everything (the\n"
    "default without --by). In --by \"_code\" may be left out.\n\n"
    "In a terminal columns are aligned; into a pipe or file they are separated by tabs, for cut,\n"
    "sort and spreadsheets. --json prints {view, now, rows} as the API gives them.\n"
    "--url: the aggregator's API (default $CITYBRAIN_API or http://127.0.0.1:29340)\n\n"
    "  citybrain views show closure_rate --by unit,type --from 2026-03-01 --to 2026-03-31\n"
    "exit: 0 shown, 64 no such view, column or date, 69 no API\n";

static int show(struct span answer, bool json)
{
    struct arena arena;
    struct json_reader *reader = json_reader_new();
    const struct json_value *value = NULL;
    size_t bad_at;
    int status = VERB_OK;
    if (json) {
        printf("%.*s\n", SPAN_ARG(answer));
    } else {
        arena_init(&arena, 64 << 20);
        if (json_read(reader, answer, &arena, &value, &bad_at) == REJECT_NONE &&
            json_get(value, SPAN("rows")))
            table_show(stdout, json_get(value, SPAN("rows")));
        else
            status = VERB_FAILED;
        arena_fini(&arena);
    }
    json_reader_free(reader);
    return status;
}

/* Our question was wrong (4xx), or nobody can answer now. */
static int refused(const struct http_call *call, const char *name)
{
    struct arena arena;
    struct json_reader *reader = json_reader_new();
    const struct json_value *problem = NULL;
    size_t bad_at;
    struct span answer = strbuf_span(call->answer), detail = SPAN_NONE;
    arena_init(&arena, 1 << 20);
    if (json_read(reader, answer, &arena, &problem, &bad_at) == REJECT_NONE)
        detail = json_text(problem, "detail");
    fprintf(stderr, "citybrain views: %s: %d: %.*s\nsee: citybrain views --help\n", name,
            call->status, SPAN_ARG(detail.at ? detail : answer));
    arena_fini(&arena);
    json_reader_free(reader);
    return call->status < 500 ? VERB_USAGE : VERB_UNAVAILABLE;
}

static int run(int argc, char **argv)
{
    static const struct option names[] = {
        {"by", 1, 0, 'b'},   {"total", 0, 0, 't'}, {"from", 1, 0, 'f'}, {"to", 1, 0, 'o'},
        {"json", 0, 0, 'j'}, {"url", 1, 0, 'u'},   {0, 0, 0, 0}};
    const char *by = "", *from = NULL, *to = NULL, *url = getenv("CITYBRAIN_API");
    bool json = false;
    for (int c; (c = getopt_long(argc, argv, "", names, NULL)) != -1;) {
        switch (c) {
        case 'b': by = optarg; break;
        case 't': by = ""; break;
        case 'f': from = optarg; break;
        case 'o': to = optarg; break;
        case 'j': json = true; break;
        case 'u': url = optarg; break;
        default: return verb_bad_option("views", argv);
        }
    }
    if (optind + 2 != argc || strcmp(argv[optind], "show") != 0)
        return verb_usage("views", "show NAME is needed");
    const char *const words[] = {argv[optind + 1], by, from, to};
    for (size_t i = 0; i < ARRAY_LENGTH(words); i++)
        if (words[i] && words[i][strspn(words[i], PLAIN)])
            return verb_usage("views", "\"%s\" is no name, list of columns or date", words[i]);
    struct strbuf call_url, answer;
    struct error error = {0};
    struct http_client *client = http_client_new();
    strbuf_init(&answer, 65536, 64 << 20);
    strbuf_init(&call_url, 256, 4096);
    strbuf_addf(&call_url, "%s/api/views/%s?by=%s", url ? url : "http://127.0.0.1:29340",
                argv[optind + 1], by);
    if (from)
        strbuf_addf(&call_url, "&from=%s", from);
    if (to)
        strbuf_addf(&call_url, "&to=%s", to);
    struct http_call call = {.method = "GET", .url = call_url.at, .answer = &answer};
    int status = VERB_UNAVAILABLE;
    if (!http_client_call(client, &call, &error))
        fprintf(stderr,
                "citybrain views: %s; fix: start it, or name another by --url or $CITYBRAIN_API\n",
                error.text);
    else if (call.status != 200)
        status = refused(&call, argv[optind + 1]);
    else
        status = show(strbuf_span(&answer), json);
    strbuf_fini(&answer);
    strbuf_fini(&call_url);
    http_client_free(client);
    return status;
}

const struct verb verb_views = {"views", "show a view as a table", views_help, run};
