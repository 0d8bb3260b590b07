/* SPDX-License-Identifier: Apache-2.0 */
/* SHA-256 and what we make of it (libcrypto behind this file only). */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/span.h"

#define DIGEST_ID_LEN 22 /* base64url of 16 bytes, no padding */
#define DIGEST_BYTES  32 /* of a SHA-256, of an HMAC */
#define DIGEST_HEX    64 /* the same as hex digits */

/* id = base64url of the first 16 bytes of SHA-256 over "cb1" and each field as 4-byte big-endian
 * length + bytes (contracts §2). Writes 22 characters and a NUL. */
void digest_id(char id[DIGEST_ID_LEN + 1], const struct span *fields, size_t count);
/* Same alphabet and length over plain bytes: the hash of an upload, of a file, of a bundle. */
void digest_bytes(char id[DIGEST_ID_LEN + 1], struct span bytes);

/* The same of HMAC-SHA-256: who has not the key cannot find the text by trying. */
void digest_keyed_id(char id[DIGEST_ID_LEN + 1], struct span key, struct span text);

struct digest; /* running hash over a stream */
struct digest *digest_new(void);
void digest_add(struct digest *digest, struct span bytes);
void digest_finish(struct digest *digest, char id[DIGEST_ID_LEN + 1]); /* frees it */
/* First 8 bytes of SHA-256 as 16 lower-case hex digits and a NUL: the data hash of a revision. */
void digest_hex16(char hex[17], struct span bytes);
void digest_sha256(unsigned char hash[DIGEST_BYTES], struct span bytes);
/* HMAC-SHA-256 (RFC 2104) over the parts as if they were one piece; nothing is allocated. */
void digest_hmac(unsigned char mac[DIGEST_BYTES], struct span key, const struct span *parts,
                 size_t count);
/* Lower-case hex and a NUL: 2 * count + 1 characters. */
void digest_write_hex(char *hex, const unsigned char *bytes, size_t count);
/* Exactly 2 * count hex digits, lower-case; false on anything else. */
_Bool digest_read_hex(unsigned char *bytes, size_t count, struct span hex);
/* Constant-time comparison for credentials. */
_Bool digest_equal(struct span a, struct span b);
