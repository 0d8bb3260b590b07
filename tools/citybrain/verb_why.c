/* SPDX-License-Identifier: Apache-2.0 */
/* citybrain why: a case's timeline and what it folds to, from the aggregator's read-only API. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "citybrain/http_client.h"
#include "citybrain/verb.h"

static const char why_help[] =
    "usage: citybrain why CASE [--url URL]\n\n"
    "CASE is the whole id, for instance request:12345:2026112400017. Prints one JSON\n"
    "object: the case's events in order, each with who said it and whether it counts.\n"
    "--url: the aggregator's API (default $CITYBRAIN_API or http://127.0.0.1:29340)\n";

static int run(int argc, char **argv)
{
    static const struct option names[] = {{"url", 1, 0, 'u'}, {0, 0, 0, 0}};
    const char *url = getenv("CITYBRAIN_API");
    for (int c; (c = getopt_long(argc, argv, "", names, NULL)) != -1;) {
        if (c != 'u')
            return verb_usage("why", "unknown option");
        url = optarg;
    }
    if (optind + 1 != argc)
        return verb_usage("why", "one CASE is needed");
    char call_url[1024];
    struct strbuf answer;
    struct error error = {0};
    struct http_client *client = http_client_new();
    strbuf_init(&answer, 65536, 16 << 20);
    snprintf(call_url, sizeof call_url, "%s/api/cases/%s", url ? url : "http://127.0.0.1:29340",
             argv[optind]);
    struct http_call call = {.method = "GET", .url = call_url, .answer = &answer};
    int status = VERB_UNAVAILABLE;
    if (!http_client_call(client, &call, &error))
        fprintf(stderr, "citybrain why: %s\n", error.text);
    else if (call.status != 200)
        fprintf(stderr, "citybrain why: %d: %.*s\n", call.status, SPAN_ARG(strbuf_span(&answer)));
    else {
        printf("%.*s\n", SPAN_ARG(strbuf_span(&answer)));
        status = VERB_OK;
    }
    strbuf_fini(&answer);
    http_client_free(client);
    return status;
}

const struct verb verb_why = {"why", "one case: its events, who said what, what counts", why_help,
                              run};
