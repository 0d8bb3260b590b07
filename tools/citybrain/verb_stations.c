/* SPDX-License-Identifier: Apache-2.0 */
/* citybrain stations: who was heard when, and who is silent, from the aggregator's read-only API.
 */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "citybrain/read_api.h"
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
    "The counts go to stderr. --json prints {now, counts, rows} as the API gives "
    "them.\n" READ_API_HELP "\n"
    "  citybrain stations --state late,silent\n"
    "exit: 0 shown, 64 no such state, 69 no API, or not for you\n";

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
    struct strbuf path, answer;
    struct read_api *api = read_api_new("stations", url);
    strbuf_init(&answer, 65536, 64 << 20);
    strbuf_init(&path, 256, 4096);
    strbuf_addf(&path, "/api/stations?state=%s", state);
    int result = VERB_UNAVAILABLE, status = read_api_ask(api, path.at, &answer);
    if (status == 400)
        result = verb_usage(
            "stations", "--state \"%s\" is no list of alive, late, silent, never, unknown", state);
    else if (status != 0 && status != 200)
        read_api_say(api, NULL, status, strbuf_span(&answer));
    else if (status == 200)
        result = show(strbuf_span(&answer), json);
    strbuf_fini(&answer);
    strbuf_fini(&path);
    read_api_free(api);
    return result;
}

static const struct option options[] = {
    {"state", 1, 0, 's'}, {"json", 0, 0, 'j'}, {"url", 1, 0, 'u'}, {0, 0, 0, 0}};

static int run(int argc, char **argv)
{
    const char *state = "", *url = NULL;
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
    return ask(url, state, json);
}

const struct verb verb_stations = {
    "stations", "when each station was last heard, and who is silent", stations_help, run, options,
    NULL};
