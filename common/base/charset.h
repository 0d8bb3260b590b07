/* SPDX-License-Identifier: Apache-2.0 */
/* GB 18030-2022 (GBK and GB2312 are its subsets) to UTF-8 and back, whole rows at a time. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/span.h"

enum charset { CHARSET_UTF8, CHARSET_GB18030 };

/* By any of the usual names, case-insensitive (utf-8, utf8, gb18030, gbk, gb2312); false for
 * others. */
bool charset_parse(struct span name, enum charset *charset);
const char *charset_name(enum charset charset);
/* Bytes of the byte order mark which s begins with, in one of our charsets. */
#define CHARSET_MARK_MAX 4
size_t charset_mark_length(struct span s);

struct charset_converter; /* one per thread */
struct charset_converter *charset_converter_new(void);
void charset_converter_free(struct charset_converter *converter);

enum charset_result { CHARSET_OK, CHARSET_BAD_BYTES, CHARSET_NO_MEMORY };
/* *out borrows `in` for valid UTF-8, the arena otherwise. On CHARSET_BAD_BYTES *bad_at is the
 * offset in `in` of the first byte that cannot be read. */
enum charset_result charset_to_utf8(struct charset_converter *converter, enum charset charset,
                                    struct span in, struct arena *arena, struct span *out,
                                    size_t *bad_at);
/* The other way, for tools that make files: CHARSET_BAD_BYTES for what is no UTF-8. */
enum charset_result charset_from_utf8(struct charset_converter *converter, enum charset charset,
                                      struct span in, struct arena *arena, struct span *out);
