/* SPDX-License-Identifier: Apache-2.0 */
/* A thin sleeve over one libcurl easy handle: status, body and Retry-After, nothing else. */
#include "citybrain/http_client.h"

#include <curl/curl.h>

#include <stdlib.h>

#include "base/base.h"
#include "base/memory.h"

struct http_client {
    CURL *curl; /* owned */
};

struct http_client *http_client_new(void)
{
    struct http_client *client = xcalloc(1, sizeof *client);
    curl_global_init(CURL_GLOBAL_DEFAULT);
    client->curl = curl_easy_init();
    return client;
}

void http_client_free(struct http_client *client)
{
    curl_easy_cleanup(client->curl);
    free(client);
}

static size_t take_body(char *at, size_t size, size_t count, void *context)
{
    strbuf_add(context, span_from(at, size * count));
    return size * count;
}

bool http_client_call(struct http_client *client, struct http_call *call, struct error *error)
{
    CURL *curl = client->curl;
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
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    strbuf_reset(call->answer);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, call->answer);
    if (call->body.at) {
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, call->body.at);
        curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)call->body.len);
    }
    CURLcode code = curl_easy_perform(curl);
    curl_slist_free_all(headers);
    if (code != CURLE_OK)
        return error_set(error, ERROR_RETRY, (int)code, "%s: %s", call->url,
                         curl_easy_strerror(code));
    long status = 0;
    curl_off_t retry_after = 0;
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(curl, CURLINFO_RETRY_AFTER, &retry_after);
    call->status = (int)status;
    call->retry_after_s = (long)retry_after;
    return true;
}
