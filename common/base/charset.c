/* SPDX-License-Identifier: Apache-2.0 */
/* From a sender's bytes to valid UTF-8. A converter keeps nothing from one row to the next, so a
 * damaged row harms itself only. Bytes that cannot be read are ordinary input: the caller gets
 * their offset and rejects the row. */
#include "base/charset.h"

#include <stdlib.h>
#include <strings.h>

#include "base/base.h"
#include "base/gb18030.h"
#include "base/memory.h"
#include "base/utf8.h"

struct charset_converter {
    uint16_t *two_bytes; /* owned; NULL until something is written: daemons only read */
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
    return xcalloc(1, sizeof(struct charset_converter));
}

void charset_converter_free(struct charset_converter *converter)
{
    if (converter == NULL)
        return;
    free(converter->two_bytes);
    free(converter);
}

static enum charset_result from_gb18030(struct span in, struct arena *arena, struct span *out,
                                        size_t *bad_at)
{
    size_t mark = arena->used, written;
    size_t room = in.len / 2 * 3 + 4; /* two bytes become three at most */
    char *begin = arena_take(arena, room);
    if (begin == NULL) {
        size_t aligned = (mark + 15) & ~(size_t)15;
        room = aligned < arena->size ? arena->size - aligned : 0;
        begin = room > 0 ? arena_take(arena, room) : NULL;
    }
    if (begin == NULL)
        return CHARSET_NO_MEMORY;
    enum gb18030_result result = gb18030_to_utf8(in, begin, room, bad_at, &written);
    if (result != GB18030_ALL) {
        arena_rewind(arena, mark);
        return result == GB18030_NO_ROOM ? CHARSET_NO_MEMORY : CHARSET_BAD_BYTES;
    }
    *out = span_from(begin, written);
    arena_rewind(arena, (size_t)(begin + written - arena->at));
    return CHARSET_OK;
}

enum charset_result charset_to_utf8(struct charset_converter *converter, enum charset charset,
                                    struct span in, struct arena *arena, struct span *out,
                                    size_t *bad_at)
{
    (void)converter;
    if (charset == CHARSET_GB18030 && in.len > 0)
        return from_gb18030(in, arena, out, bad_at);

    size_t valid = utf8_valid_prefix(in);
    if (valid < in.len) {
        *bad_at = valid;
        return CHARSET_BAD_BYTES;
    }
    *out = in;
    return CHARSET_OK;
}

/* Of valid UTF-8; returns its bytes. */
static size_t next_code(const unsigned char *at, uint32_t *code)
{
    if (at[0] < 0x80) {
        *code = at[0];
        return 1;
    }
    size_t len = at[0] < 0xe0 ? 2 : at[0] < 0xf0 ? 3 : 4;
    *code = at[0] & (0x7fU >> len);
    for (size_t i = 1; i < len; i++)
        *code = *code << 6 | (at[i] & 0x3fU);
    return len;
}

enum charset_result charset_from_utf8(struct charset_converter *converter, enum charset charset,
                                      struct span in, struct arena *arena, struct span *out)
{
    if (!utf8_is_valid(in))
        return CHARSET_BAD_BYTES;
    if (charset == CHARSET_UTF8) {
        *out = in;
        return CHARSET_OK;
    }
    if (converter->two_bytes == NULL) {
        converter->two_bytes = xcalloc(GB18030_CODES, sizeof *converter->two_bytes);
        gb18030_two_bytes(converter->two_bytes);
    }
    size_t len = 0;
    char *begin = arena_take(arena, 2 * in.len + 4); /* a letter of two bytes may take four */
    if (begin == NULL)
        return CHARSET_NO_MEMORY;
    for (size_t at = 0; at < in.len;) {
        uint32_t code;
        at += next_code((const unsigned char *)in.at + at, &code);
        len += gb18030_write(begin + len, code, converter->two_bytes);
    }
    *out = span_from(begin, len);
    arena_rewind(arena, (size_t)(begin + len - arena->at));
    return CHARSET_OK;
}
