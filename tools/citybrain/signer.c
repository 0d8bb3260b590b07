/* SPDX-License-Identifier: Apache-2.0 */
#include "citybrain/signer.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "base/base.h"

#define MESSAGE_BYTES 16

/* What curl will send: all behind the host. */
static struct span target_of(const char *url)
{
    const char *host = strstr(url, "://"), *path = host ? strchr(host + 3, '/') : NULL;
    return path ? span_of(path) : SPAN("/");
}

static size_t gather(const struct http_call *call, struct signed_header *headers)
{
    size_t count = 0;
    for (size_t i = 0; i < ARRAY_LENGTH(call->headers) && call->headers[i]; i++) {
        struct span value = span_of(call->headers[i]), name = span_cut(&value, ':');
        if (signature_covers(name) && value.at)
            headers[count++] = (struct signed_header){name, value};
    }
    return count;
}

bool signer_sign(const struct key_file *key, const struct http_call *call,
                 char header[SIGNER_HEADER], struct error *error)
{
    struct signed_header headers[ARRAY_LENGTH(call->headers)];
    unsigned char lot[MESSAGE_BYTES];
    char message[2 * MESSAGE_BYTES + 1], now[SPAN_DECIMAL];
    struct strbuf text, value;
    if (getrandom(lot, sizeof lot, 0) != sizeof lot)
        return error_set(error, ERROR_FATAL, errno, "no random bytes: %s", strerror(errno));
    digest_write_hex(message, lot, sizeof lot);
    struct signature signature = {.station = span_of(key->station),
                                  .key = span_of(key->key),
                                  .time = span_decimal(now, (int64_t)time(NULL)),
                                  .message = span_of(message)};
    struct signed_request request = {.method = span_of(call->method),
                                     .target = target_of(call->url),
                                     .body = call->body,
                                     .headers = headers,
                                     .header_count = gather(call, headers)};
    strbuf_init(&text, 512, SIGNATURE_TEXT_MAX);
    strbuf_init(&value, 256, SIGNER_HEADER);
    signature_text(&text, &signature, &request); /* a few short headers always fit */
    signature_mac(signature.mac, strbuf_span(&text), key->secret);
    signature_write(&value, &signature);
    snprintf(header, SIGNER_HEADER, "Authorization: %s", value.at);
    strbuf_fini(&text);
    strbuf_fini(&value);
    return true;
}
