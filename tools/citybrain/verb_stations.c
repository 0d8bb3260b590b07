/* SPDX-License-Identifier: Apache-2.0 */
/* citybrain stations: who was heard when, and who is silent, from the aggregator's read-only API.
 */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "citybrain/http_client.h"
#include "citybrain/table.h"
#include "citybrain/verb.h"
#include "model/json.h"

#define PLAIN "abcdefghijklmnopqrstuvwxyz,"

static const char stations_help[] =
    "usage: citybrain stations [--state late,silent,…] [--json] [--url URL]\n\n"
    "Every station of config/registries/stations.csv, when it was last heard, by what, and when "
    "it\n"
    "is due. A station is heard by events of its own feed family that name it and by heartbeats;\n"
    "replays and backfills tell nothing of today.\n\n"
    "  alive    heard within its cadence\n"
    "  late     one cadence has passed without a word\n"
    "  silent   three have\n"
    "  never    not heard since the database was made\n"
    "  unknown  events name it as their station, and the registry does not have it today\n\n"
    "A cadence runs in its hours only: nights, holidays and weekends (config/registries/\n"
    "calendar.csv, with 调休) make nobody late. \"now\" is the district's clock: all that was "
    "received\n"
    "before it is counted, so nobody is silent because a daemon is behind (`citybrain lag`).\n\n"
    "The counts go to stderr. --json prints {now, counts, rows} as the API gives them.\n"
    "--url: the aggregator's API (default $CITYBRAIN_API or http://127.0.0.1:29340)\n\n"
    "  citybrain stations --state late,silent\n"
    "exit: 0 shown, 64 no such state, 69 no API\n";

static int64_t count_of(const struct json_value *counts, const char *state)
{
    int64_t n = 0;
    return json_int(counts, state, &n) ? n : 0;
}

static int show(struct span answer, bool json)
{
    static const char *const states[] = {"alive", "late", "silent", "never", "unknown"};
    struct arena arena;
    struct json_reader *reader = json_reader_new();
    const struct json_value *value = NULL;
    size_t bad_at;
    arena_init(&arena, 64 << 20);
    bool good = json_read(reader, answer, &arena, &value, &bad_at) == REJECT_NONE &&
                json_get(value, SPAN("rows"));
    if (good && json) {
        printf("%.*s\n", SPAN_ARG(answer));
    } else if (good) {
        struct span now = json_text(value, "now");
        table_show(stdout, json_get(value, SPAN("rows")));
        fputs(now.at ? "stations: " : "stations: not known yet, no tick came\n", stderr);
        for (size_t i = 0; now.at && i < ARRAY_LENGTH(states); i++)
            fprintf(stderr, "%" PRId64 " %s, ",
                    count_of(json_get(value, SPAN("counts")), states[i]), states[i]);
        if (now.at)
            fprintf(stderr, "at %.*s\n", SPAN_ARG(now));
    } else {
        fputs("citybrain stations: the answer is not of an aggregator's API\n", stderr);
    }
    arena_fini(&arena);
    json_reader_free(reader);
    return good ? VERB_OK : VERB_UNAVAILABLE;
}

static int ask(const char *url, const char *state, bool json)
{
    struct strbuf call_url, answer;
    struct error error = {0};
    struct http_client *client = http_client_new();
    strbuf_init(&answer, 65536, 64 << 20);
    strbuf_init(&call_url, 256, 4096);
    strbuf_addf(&call_url, "%s/api/stations?state=%s", url, state);
    struct http_call call = {.method = "GET", .url = call_url.at, .answer = &answer};
    int status = VERB_UNAVAILABLE;
    if (!http_client_call(client, &call, &error))
        fprintf(
            stderr,
            "citybrain stations: %s; fix: start it, or name another by --url or $CITYBRAIN_API\n",
            error.text);
    else if (call.status == 400)
        status = verb_usage(
            "stations", "--state \"%s\" is no list of alive, late, silent, never, unknown", state);
    else if (call.status != 200)
        fprintf(stderr, "citybrain stations: %d: %.*s\n", call.status,
                SPAN_ARG(strbuf_span(&answer)));
    else
        status = show(strbuf_span(&answer), json);
    strbuf_fini(&answer);
    strbuf_fini(&call_url);
    http_client_free(client);
    return status;
}

static const struct option options[] = {
    {"state", 1, 0, 's'}, {"json", 0, 0, 'j'}, {"url", 1, 0, 'u'}, {0, 0, 0, 0}};

static int run(int argc, char **argv)
{
    const char *state = "", *url = getenv("CITYBRAIN_API");
    bool json = false;
    for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        switch (c) {
        case 's': state = optarg; break;
        case 'j': json = true; break;
        case 'u': url = optarg; break;
        default: return verb_bad_option("stations", argv);
        }
    }
    if (optind != argc)
        return verb_usage("stations", "\"%s\" is not understood", argv[optind]);
    if (state[strspn(state, PLAIN)])
        return verb_usage("stations", "--state \"%s\" is no list of names", state);
    return ask(url ? url : "http://127.0.0.1:29340", state, json);
}

const struct verb verb_stations = {
    "stations", "when each station was last heard, and who is silent", stations_help, run, options,
    NULL};
