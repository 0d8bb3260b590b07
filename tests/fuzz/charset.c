/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes in either charset: what is read is UTF-8 and reads back as the same bytes; what is not
 * is named by the first byte that cannot be, and everything before it can be read. */
#include "base/charset.h"
#include "base/gb18030.h"
#include "base/utf8.h"
#include "fuzz.h"

static struct arena arena;
static struct charset_converter *converter;

/* RFC 3629's grammar, byte by byte. */
static size_t plain_utf8(struct span s)
{
    size_t at = 0;
    while (at < s.len) {
        const unsigned char *b = (const unsigned char *)s.at + at;
        size_t left = s.len - at, more;
        uint32_t code;
        if (b[0] < 0x80) {
            at++;
            continue;
        }
        more = b[0] >= 0xf0 ? 3 : b[0] >= 0xe0 ? 2 : 1;
        code = b[0] & (0x3fU >> more);
        if (b[0] < 0xc2 || b[0] > 0xf4 || left <= more)
            return at;
        for (size_t i = 1; i <= more; i++) {
            if ((b[i] & 0xc0) != 0x80)
                return at;
            code = code << 6 | (b[i] & 0x3fU);
        }
        if ((more == 2 && code < 0x800) || (more == 3 && code < 0x10000) || code > 0x10ffff ||
            (code >= 0xd800 && code < 0xe000))
            return at;
        at += more + 1;
    }
    return at;
}

static void check_gb18030(struct span input, size_t cut)
{
    struct span text, back, front;
    size_t bad_at = 0, again;
    enum charset_result result =
        charset_to_utf8(converter, CHARSET_GB18030, input, &arena, &text, &bad_at);
    if (result == CHARSET_BAD_BYTES) {
        HOLDS(bad_at < input.len && (unsigned char)input.at[bad_at] >= 0x80);
        input.len = bad_at;
        result = charset_to_utf8(converter, CHARSET_GB18030, input, &arena, &text, &again);
    }
    HOLDS(result == CHARSET_OK);
    HOLDS(utf8_is_valid(text));
    HOLDS(charset_from_utf8(converter, CHARSET_GB18030, text, &arena, &back) == CHARSET_OK);
    HOLDS(span_equal(back, input));
    /* Cut anywhere, the front is the front of the text, but for the character that was cut. */
    cut = cut < input.len ? cut : input.len;
    result = charset_to_utf8(converter, CHARSET_GB18030, span_from(input.at, cut), &arena, &front,
                             &again);
    if (result == CHARSET_BAD_BYTES) {
        HOLDS(again < cut && cut - again < 4);
        HOLDS(charset_to_utf8(converter, CHARSET_GB18030, span_from(input.at, again), &arena,
                              &front, &again) == CHARSET_OK);
    }
    HOLDS(span_starts(text, front));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span input = fuzz_input(data, size), out;
    size_t cut = fuzz_choice(&input), bad_at;
    if (converter == NULL) {
        converter = charset_converter_new();
        arena_init(&arena, 1 << 19);
    }
    arena_reset(&arena);
    size_t valid = plain_utf8(input);
    HOLDS(utf8_valid_prefix(input) == valid);
    enum charset_result result =
        charset_to_utf8(converter, CHARSET_UTF8, input, &arena, &out, &bad_at);
    HOLDS((result == CHARSET_OK) == (valid == input.len));
    if (result == CHARSET_BAD_BYTES)
        HOLDS(bad_at == valid);
    struct span there, back;
    HOLDS(charset_from_utf8(converter, CHARSET_GB18030, span_from(input.at, valid), &arena,
                            &there) == CHARSET_OK);
    HOLDS(charset_to_utf8(converter, CHARSET_GB18030, there, &arena, &back, &bad_at) == CHARSET_OK);
    HOLDS(span_equal(back, span_from(input.at, valid)));
    check_gb18030(input, cut);
    return 0;
}
