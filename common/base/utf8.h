/* SPDX-License-Identifier: Apache-2.0 */
/* Strict UTF-8 (RFC 3629: no surrogates, no overlong forms, up to U+10FFFF). */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/span.h"

/* Returns s.len when all is valid, else the byte offset of the first sequence that is not. */
size_t utf8_valid_prefix(struct span s);
static inline bool utf8_is_valid(struct span s)
{
    return utf8_valid_prefix(s) == s.len;
}
