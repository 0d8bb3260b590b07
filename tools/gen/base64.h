/* SPDX-License-Identifier: Apache-2.0 */
/* Base64 (RFC 4648 §4) for uploads in a timeline: bytes that no JSON string can hold. */
#pragma once

#include <stdbool.h>

#include "base/strbuf.h"

void base64_write(struct strbuf *out, struct span bytes);
/* Appends the bytes; false when the text is no padded base64. */
bool base64_read(struct strbuf *out, struct span text);
