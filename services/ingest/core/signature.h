/* SPDX-License-Identifier: Apache-2.0 */
/* A signed request: who says he sends it, when, under which message id, and the proof.
 *
 *   Authorization: Citybrain-HMAC station=st001,key=k1,time=1764086400,message=9f…,signature=3a…
 *
 * signature = hex of HMAC-SHA-256 with the key's 32 bytes over eight lines, joined by \n:
 *   v1, METHOD, path?query as sent, station, key, time, message, hex of SHA-256 of the body. */
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

struct signature {
    struct span station, key, time, message; /* letters, digits, '-', '_', '.' */
    int64_t time_s;                          /* of the epoch */
    unsigned char mac[DIGEST_BYTES];
};

/* What is signed besides. */
struct signed_request {
    struct span method, target, body; /* target: path?query, not decoded */
};

/* Letters, digits, '-', '_' and '.': what a station, a key and a message may be called. */
bool signature_is_name(struct span name, size_t least, size_t most);
/* False: no value of that form. Spans are of `authorization`. */
bool signature_read(struct signature *signature, struct span authorization);
void signature_mac(unsigned char mac[DIGEST_BYTES], const struct signature *signature,
                   const struct signed_request *request,
                   const unsigned char secret[SIGNATURE_SECRET]);
/* The sender's side: the header's value; `mac` was made. */
void signature_write(struct strbuf *out, const struct signature *signature);
bool signature_is_timely(const struct signature *signature, int64_t now_ms);
