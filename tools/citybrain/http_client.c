/* SPDX-License-Identifier: Apache-2.0 */
/* A thin sleeve over libcurl's easy handles, one a call under way, and the multi handle that keeps
 * their connections: status, body and Retry-After, nothing else. */
#include "citybrain/http_client.h"

#include <curl/curl.h>

#include <stdlib.h>

#include "base/base.h"
#include "base/memory.h"

struct http_client {
    CURLM *multi;                    /* owned */
    CURL *easy[HTTP_CLIENT_AT_ONCE]; /* owned; made when first needed */
};

struct http_client *http_client_new(void)
{
    struct http_client *client = xcalloc(1, sizeof *client);
    curl_global_init(CURL_GLOBAL_DEFAULT);
    client->multi = curl_multi_init();
    return client;
}

void http_client_free(struct http_client *client)
{
    for (size_t i = 0; i < HTTP_CLIENT_AT_ONCE; i++)
        curl_easy_cleanup(client->easy[i]);
    curl_multi_cleanup(client->multi);
    free(client);
}

static size_t take_body(char *at, size_t size, size_t count, void *context)
{
    strbuf_add(context, span_from(at, size * count));
    return size * count;
}

static struct curl_slist *prepare(CURL *curl, struct http_call *call)
{
    struct curl_slist *headers = NULL;
    for (size_t i = 0; i < ARRAY_LENGTH(call->headers) && call->headers[i]; i++)
        headers = curl_slist_append(headers, call->headers[i]);
    headers = curl_slist_append(headers, "Expect:"); /* 100-continue costs a round trip a part */
    curl_easy_reset(curl);
    curl_easy_setopt(curl, CURLOPT_URL, call->url);
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, call->method);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(curl, CURLOPT_NOPROXY, "*"); /* daemons listen on loopback */
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, 120L);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, 10L);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    strbuf_reset(call->answer);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, call->answer);
    if (call->body.at) {
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, call->body.at);
        curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)call->body.len);
    }
    call->status = 0;
    call->retry_after_s = 0;
    return headers;
}

static void finish(CURL *curl, struct http_call *call, CURLcode code, struct error *error)
{
    long status = 0;
    curl_off_t retry_after = 0;
    if (code != CURLE_OK) {
        error_set(error, ERROR_RETRY, (int)code, "%s: %s", call->url, curl_easy_strerror(code));
        return;
    }
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(curl, CURLINFO_RETRY_AFTER, &retry_after);
    call->status = (int)status;
    call->retry_after_s = (long)retry_after;
}

static void take_finished(struct http_client *client, struct http_call *calls, size_t count,
                          struct error *error)
{
    int left;
    for (CURLMsg *said; (said = curl_multi_info_read(client->multi, &left));)
        for (size_t i = 0; said->msg == CURLMSG_DONE && i < count; i++)
            if (client->easy[i] == said->easy_handle)
                finish(client->easy[i], &calls[i], said->data.result, error);
}

void http_client_call_all(struct http_client *client, struct http_call *calls, size_t count,
                          struct error *error)
{
    struct curl_slist *headers[HTTP_CLIENT_AT_ONCE];
    int running = 1;
    *error = (struct error){0};
    for (size_t i = 0; i < count; i++) {
        if (!client->easy[i])
            client->easy[i] = curl_easy_init();
        headers[i] = prepare(client->easy[i], &calls[i]);
        curl_multi_add_handle(client->multi, client->easy[i]);
    }
    while (running) {
        if (curl_multi_perform(client->multi, &running) != CURLM_OK)
            break; /* those without a status are taken as unanswered */
        take_finished(client, calls, count, error);
        if (running)
            curl_multi_poll(client->multi, NULL, 0, 1000, NULL);
    }
    for (size_t i = 0; i < count; i++) {
        curl_multi_remove_handle(client->multi, client->easy[i]);
        curl_slist_free_all(headers[i]);
        if (calls[i].status == 0 && error->kind == ERROR_NONE)
            error_set(error, ERROR_RETRY, 0, "%s: no answer", calls[i].url);
    }
}

bool http_client_call(struct http_client *client, struct http_call *call, struct error *error)
{
    struct error said;
    http_client_call_all(client, call, 1, &said);
    if (call->status == 0)
        *error = said;
    return call->status != 0;
}
