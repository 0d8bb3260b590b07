/* SPDX-License-Identifier: Apache-2.0 */
/* SHA-256 and what we make of it (libcrypto behind this file only). */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/span.h"

#define DIGEST_ID_LEN 22 /* base64url of 16 bytes, no padding */

/* id = base64url of the first 16 bytes of SHA-256 over "cb1" and each field as 4-byte big-endian
 * length + bytes (contracts §2). Writes 22 characters and a NUL. */
void digest_id(char id[DIGEST_ID_LEN + 1], const struct span *fields, size_t count);
/* Same alphabet and length over plain bytes: the hash of an upload, of a file, of a bundle. */
void digest_bytes(char id[DIGEST_ID_LEN + 1], struct span bytes);

struct digest; /* running hash over a stream */
struct digest *digest_new(void);
void digest_add(struct digest *digest, struct span bytes);
void digest_finish(struct digest *digest, char id[DIGEST_ID_LEN + 1]); /* frees it */
/* First 8 bytes of SHA-256 as 16 lower-case hex digits and a NUL: the data hash of a revision. */
void digest_hex16(char hex[17], struct span bytes);
/* Constant-time comparison for credentials. */
_Bool digest_equal(struct span a, struct span b);
