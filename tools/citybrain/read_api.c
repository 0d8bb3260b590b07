/* SPDX-License-Identifier: Apache-2.0 */
#include "citybrain/read_api.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/memory.h"
#include "citybrain/http_client.h"
#include "model/json.h"

struct read_api {
    const char *verb, *url, *token; /* token: NULL = nobody's */
    struct http_client *client;     /* owned */
    struct strbuf path, header;
};

struct read_api *read_api_new(const char *verb, const char *url)
{
    struct read_api *api = xcalloc(1, sizeof *api);
    const char *named = url ? url : getenv("CITYBRAIN_API"), *token = getenv("CITYBRAIN_API_TOKEN");
    api->verb = verb;
    api->url = named ? named : "http://127.0.0.1:29340";
    api->token = token && *token ? token : NULL;
    api->client = http_client_new();
    strbuf_init(&api->path, 256, 8192);
    strbuf_init(&api->header, 64, 8192);
    if (api->token)
        strbuf_addf(&api->header, "Authorization: Bearer %s", api->token);
    return api;
}

void read_api_free(struct read_api *api)
{
    strbuf_fini(&api->path);
    strbuf_fini(&api->header);
    http_client_free(api->client);
    free(api);
}

bool read_api_is_somebody(const struct read_api *api)
{
    return api->token;
}

/* True: whoever asks has no way in, or not now. */
static bool is_turned_away(const struct read_api *api, const struct http_call *call)
{
    if (call->status == 401)
        fprintf(stderr, "citybrain %s: %s %s; fix: set CITYBRAIN_API_TOKEN to %s\n", api->verb,
                api->url,
                api->token ? "does not take the token of $CITYBRAIN_API_TOKEN"
                           : "lets nobody in without a token",
                api->token
                    ? "one of a unit, a station or a reader in the file that aggregator.tokens "
                      "names (it is read at the aggregator's start)"
                    : "yours (of a unit, a station or a reader in the file that aggregator.tokens "
                      "names)");
    else if (call->status == 429)
        fprintf(stderr,
                "citybrain %s: %s was asked too often; fix: ask again in %ld s (aggregator."
                "api_rate)\n",
                api->verb, api->url, call->retry_after_s > 0 ? call->retry_after_s : 1);
    return call->status == 401 || call->status == 429;
}

int read_api_ask(struct read_api *api, const char *path, struct strbuf *answer)
{
    struct error error = {0};
    strbuf_reset(&api->path);
    strbuf_addf(&api->path, "%s%s", api->url, path);
    struct http_call call = {.method = "GET",
                             .url = api->path.at,
                             .answer = answer,
                             .headers = {api->token ? api->header.at : NULL}};
    if (!http_client_call(api->client, &call, &error)) {
        fprintf(stderr,
                "citybrain %s: %s; fix: start the aggregator, or name another by --url or "
                "$CITYBRAIN_API\n",
                api->verb, error.text);
        return 0;
    }
    return is_turned_away(api, &call) ? 0 : call.status;
}

void read_api_say(const struct read_api *api, const char *about, int status, struct span answer)
{
    struct arena arena;
    struct json_reader *reader = json_reader_new();
    const struct json_value *problem = NULL;
    size_t bad_at;
    struct span detail = SPAN_NONE;
    arena_init(&arena, 1 << 20);
    if (json_read(reader, answer, &arena, &problem, &bad_at) == REJECT_NONE)
        detail = json_text(problem, "detail");
    fprintf(stderr, "citybrain %s: %s%s%d: %.*s\n", api->verb, about ? about : "",
            about ? ": " : "", status, SPAN_ARG(detail.at ? detail : answer));
    arena_fini(&arena);
    json_reader_free(reader);
}
