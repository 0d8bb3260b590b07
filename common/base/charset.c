/* SPDX-License-Identifier: Apache-2.0 */
/* From a sender's bytes to valid UTF-8. One iconv handle per converter, reset before each row, so a
 * damaged row leaves nothing behind for the next. Bytes that cannot be read are ordinary input: the
 * caller gets their offset and rejects the row. */
#include "base/charset.h"

#include <errno.h>
#include <iconv.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "base/base.h"
#include "base/memory.h"
#include "base/utf8.h"

struct charset_converter {
    iconv_t gb18030;
    iconv_t to_gb18030; /* NULL until it is needed: daemons only read */
};

struct charset_word {
    const char *name;
    enum charset charset;
};

static const struct charset_word words[] = {
    {"utf-8", CHARSET_UTF8},    {"utf8", CHARSET_UTF8},      {"gb18030", CHARSET_GB18030},
    {"gbk", CHARSET_GB18030},   {"gb2312", CHARSET_GB18030}, {"gb-18030", CHARSET_GB18030},
    {"cp936", CHARSET_GB18030},
};

bool charset_parse(struct span name, enum charset *charset)
{
    for (size_t i = 0; i < ARRAY_LENGTH(words); i++) {
        size_t len = strlen(words[i].name);
        if (name.len == len && strncasecmp(name.at, words[i].name, len) == 0) {
            *charset = words[i].charset;
            return true;
        }
    }
    return false;
}

const char *charset_name(enum charset charset)
{
    switch (charset) {
    case CHARSET_UTF8: return "utf-8";
    case CHARSET_GB18030: return "gb18030";
    }
    return "";
}

size_t charset_mark_length(struct span s)
{
    static const struct span marks[] = {{"\xEF\xBB\xBF", 3}, {"\x84\x31\x95\x33", 4}};
    for (size_t i = 0; i < ARRAY_LENGTH(marks); i++)
        if (span_starts(s, marks[i]))
            return marks[i].len;
    return 0;
}

struct charset_converter *charset_converter_new(void)
{
    struct charset_converter *converter = xcalloc(1, sizeof(*converter));
    converter->gb18030 = iconv_open("UTF-8", "GB18030");
    if (converter->gb18030 == (iconv_t)-1) {
        /* Part of libc: its absence is a broken installation, seen at start and not at a record. */
        fprintf(stderr, "iconv of this system has no GB18030\n");
        abort();
    }
    return converter;
}

void charset_converter_free(struct charset_converter *converter)
{
    if (converter == NULL)
        return;
    iconv_close(converter->gb18030);
    if (converter->to_gb18030)
        iconv_close(converter->to_gb18030);
    free(converter);
}

static enum charset_result from_gb18030(iconv_t handle, struct span in, struct arena *arena,
                                        struct span *out, size_t *bad_at)
{
    size_t mark = arena->used;
    size_t room = in.len / 2 * 3 + 4; /* two bytes become three at most */
    char *begin = arena_take(arena, room);
    if (begin == NULL) {
        size_t aligned = (mark + 15) & ~(size_t)15;
        room = aligned < arena->size ? arena->size - aligned : 0;
        begin = room > 0 ? arena_take(arena, room) : NULL;
    }
    if (begin == NULL)
        return CHARSET_NO_MEMORY;

    char *from = (char *)(uintptr_t)in.at; /* iconv's signature; it does not write there */
    char *to = begin;
    size_t from_left = in.len, to_left = room;
    iconv(handle, NULL, NULL, NULL, NULL);
    if (iconv(handle, &from, &from_left, &to, &to_left) == (size_t)-1) {
        int cause = errno;
        arena_rewind(arena, mark);
        *bad_at = in.len - from_left;
        return cause == E2BIG ? CHARSET_NO_MEMORY : CHARSET_BAD_BYTES;
    }
    *out = span_from(begin, (size_t)(to - begin));
    arena_rewind(arena, (size_t)(to - arena->at));
    return CHARSET_OK;
}

enum charset_result charset_to_utf8(struct charset_converter *converter, enum charset charset,
                                    struct span in, struct arena *arena, struct span *out,
                                    size_t *bad_at)
{
    if (charset == CHARSET_GB18030 && in.len > 0)
        return from_gb18030(converter->gb18030, in, arena, out, bad_at);

    size_t valid = utf8_valid_prefix(in);
    if (valid < in.len) {
        *bad_at = valid;
        return CHARSET_BAD_BYTES;
    }
    *out = in;
    return CHARSET_OK;
}

enum charset_result charset_from_utf8(struct charset_converter *converter, enum charset charset,
                                      struct span in, struct arena *arena, struct span *out)
{
    if (charset == CHARSET_UTF8) {
        *out = in;
        return CHARSET_OK;
    }
    size_t room = 2 * in.len + 4; /* a letter of two bytes may take four */
    char *from = (char *)(uintptr_t)in.at, *begin = arena_take(arena, room), *to = begin;
    size_t from_left = in.len, to_left = room;
    if (begin == NULL)
        return CHARSET_NO_MEMORY;
    if (converter->to_gb18030 == NULL)
        converter->to_gb18030 = iconv_open("GB18030", "UTF-8");
    iconv(converter->to_gb18030, NULL, NULL, NULL, NULL);
    if (iconv(converter->to_gb18030, &from, &from_left, &to, &to_left) == (size_t)-1)
        return CHARSET_BAD_BYTES;
    *out = span_from(begin, room - to_left);
    return CHARSET_OK;
}
