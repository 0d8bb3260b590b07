/* SPDX-License-Identifier: Apache-2.0 */
/* Strict UTF-8 (RFC 3629: no surrogates, no overlong forms, up to U+10FFFF). */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/span.h"

/* Returns s.len when all is valid, else the byte offset of the first sequence that is not. */
size_t utf8_valid_prefix(struct span s);
/* Without the byte order mark that Excel and others begin a file with. */
static inline struct span utf8_without_mark(struct span s)
{
    return span_starts(s, SPAN("\xEF\xBB\xBF")) ? span_from(s.at + 3, s.len - 3) : s;
}
static inline bool utf8_is_valid(struct span s)
{
    return utf8_valid_prefix(s) == s.len;
}

/* Bytes of a prefix, at most so many: all, else what ends with a character, and with a word where
 * one ends in its last quarter. */
size_t utf8_cut(struct span s, size_t most);
/* The text and a NUL; where it does not fit, what does and "…". `size` is at least 4. */
void utf8_fit(char *buffer, size_t size, struct span s);
