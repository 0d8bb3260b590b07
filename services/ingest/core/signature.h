/* SPDX-License-Identifier: Apache-2.0 */
/* A signed request: who says he sends it, when, under which message id, and the proof.
 *
 *   Authorization: Citybrain-HMAC station=st001,key=k1,time=1764086400,message=9f…,signature=3a…
 *
 * signature = hex of HMAC-SHA-256 with the key's 32 bytes over eight lines, joined by \n:
 *   v1, METHOD, path?query as sent, station, key, time, message, hex of SHA-256 of the body
 * and, for each header that changes what an upload means (Citybrain-…, ce-…), sorted by name, one
 * line more: the name in lower case, ':', the value without blanks at its ends. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/digest.h"
#include "base/span.h"
#include "base/strbuf.h"

#define SIGNATURE_SCHEME      "Citybrain-HMAC"
#define SIGNATURE_WINDOW_MS   300000 /* before and after our clock */
#define SIGNATURE_SECRET      32     /* bytes of a key */
#define SIGNATURE_NAME_MAX    32     /* characters of a station, of a key's name */
#define SIGNATURE_MESSAGE_MIN 16
#define SIGNATURE_MESSAGE_MAX 64
#define SIGNATURE_HEADERS_MAX 32
#define SIGNATURE_TEXT_MAX    65536

struct signature {
    struct span station, key, time, message; /* letters, digits, '-', '_', '.' */
    int64_t time_s;                          /* of the epoch */
    unsigned char mac[DIGEST_BYTES];
};

struct signed_header {
    struct span name, value;
};

/* What is signed besides. */
struct signed_request {
    struct span method, target, body; /* target: path?query, not decoded */
    const struct signed_header *headers;
    size_t header_count; /* of those that signature_covers */
};

/* Letters, digits, '-', '_' and '.': what a station, a key and a message may be called. */
bool signature_is_name(struct span name, size_t least, size_t most);
/* False: no value of that form. Spans are of `authorization`. */
bool signature_read(struct signature *signature, struct span authorization);
/* Whether a header of this name, in any case, is one of those that are signed. */
bool signature_covers(struct span name);
/* The text that is signed; false: more headers or longer ones than are taken. */
bool signature_text(struct strbuf *text, const struct signature *signature,
                    const struct signed_request *request);
void signature_mac(unsigned char mac[DIGEST_BYTES], struct span text,
                   const unsigned char secret[SIGNATURE_SECRET]);
/* The sender's side: the header's value; `mac` was made. */
void signature_write(struct strbuf *out, const struct signature *signature);
bool signature_is_timely(const struct signature *signature, int64_t now_ms);
