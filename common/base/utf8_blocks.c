/* SPDX-License-Identifier: Apache-2.0 */
/* Three tables of sixteen, asked by the high and low half of a byte and the high half of the byte
 * behind it: each entry is the set of faults that such a half can be part of, and a fault is there
 * where all three agree (Keiser and Lemire, "Validating UTF-8 in less than one instruction per
 * byte"). What the tables cannot see is which third and fourth bytes must be tails; two comparisons
 * say that. A block with a fault, and the rest behind the last block, are the caller's. */
#include "base/utf8_blocks.h"

#if defined(__x86_64__)
#include <stdbool.h>
#include <tmmintrin.h>

enum {
    TOO_SHORT = 1 << 0, /* a lead without its tail */
    TOO_LONG = 1 << 1,  /* a tail behind ASCII */
    OVERLONG_3 = 1 << 2,
    TOO_LARGE = 1 << 3,
    SURROGATE = 1 << 4,
    OVERLONG_2 = 1 << 5,
    OVERLONG_4 = 1 << 6, /* and F5 to FF with a second byte of 80 to 8F */
    TWO_TAILS = 1 << 7,  /* right only as a third or fourth byte */
    ANY_LOW = TOO_SHORT | TOO_LONG | TWO_TAILS,
    LARGE = ANY_LOW | TOO_LARGE | OVERLONG_4,
    TAIL = TOO_LONG | OVERLONG_2 | TWO_TAILS,
};

struct blocks {
    __m128i before, faults;
    bool quiet; /* the block before was ASCII */
};

#define SSSE3 __attribute__((target("ssse3")))

SSSE3 static __m128i high_half(__m128i bytes)
{
    return _mm_and_si128(_mm_srli_epi16(bytes, 4), _mm_set1_epi8(0x0f));
}

SSSE3 static void check(struct blocks *blocks, __m128i bytes)
{
    const __m128i lead_high = _mm_setr_epi8(
        TOO_LONG, TOO_LONG, TOO_LONG, TOO_LONG, TOO_LONG, TOO_LONG, TOO_LONG, TOO_LONG,
        (char)TWO_TAILS, (char)TWO_TAILS, (char)TWO_TAILS, (char)TWO_TAILS, TOO_SHORT | OVERLONG_2,
        TOO_SHORT, TOO_SHORT | OVERLONG_3 | SURROGATE, TOO_SHORT | TOO_LARGE | OVERLONG_4);
    const __m128i lead_low = _mm_setr_epi8(
        (char)(ANY_LOW | OVERLONG_2 | OVERLONG_3 | OVERLONG_4), (char)(ANY_LOW | OVERLONG_2),
        (char)ANY_LOW, (char)ANY_LOW, (char)(ANY_LOW | TOO_LARGE), (char)LARGE, (char)LARGE,
        (char)LARGE, (char)LARGE, (char)LARGE, (char)LARGE, (char)LARGE, (char)LARGE,
        (char)(LARGE | SURROGATE), (char)LARGE, (char)LARGE);
    const __m128i next_high = _mm_setr_epi8(
        TOO_SHORT, TOO_SHORT, TOO_SHORT, TOO_SHORT, TOO_SHORT, TOO_SHORT, TOO_SHORT, TOO_SHORT,
        (char)(TAIL | OVERLONG_3 | OVERLONG_4), (char)(TAIL | OVERLONG_3 | TOO_LARGE),
        (char)(TAIL | SURROGATE | TOO_LARGE), (char)(TAIL | SURROGATE | TOO_LARGE), TOO_SHORT,
        TOO_SHORT, TOO_SHORT, TOO_SHORT);
    __m128i one = _mm_alignr_epi8(bytes, blocks->before, 15),
            two = _mm_alignr_epi8(bytes, blocks->before, 14),
            three = _mm_alignr_epi8(bytes, blocks->before, 13);
    __m128i faults = _mm_shuffle_epi8(lead_high, high_half(one));
    faults =
        _mm_and_si128(faults, _mm_shuffle_epi8(lead_low, _mm_and_si128(one, _mm_set1_epi8(0x0f))));
    faults = _mm_and_si128(faults, _mm_shuffle_epi8(next_high, high_half(bytes)));
    /* 80 and more where the byte two before begins three bytes, or the one three before four. */
    __m128i must = _mm_or_si128(_mm_subs_epu8(two, _mm_set1_epi8((char)(0xe0 - 0x80))),
                                _mm_subs_epu8(three, _mm_set1_epi8((char)(0xf0 - 0x80))));
    must = _mm_and_si128(must, _mm_set1_epi8((char)0x80));
    blocks->faults = _mm_xor_si128(must, faults);
    blocks->before = bytes;
}

/* True while all is well. */
SSSE3 static bool take(struct blocks *blocks, const char *at)
{
    __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)at);
    bool quiet = _mm_movemask_epi8(bytes) == 0;
    if (quiet && blocks->quiet)
        return true;
    check(blocks, bytes);
    blocks->quiet = quiet;
    return _mm_movemask_epi8(_mm_cmpeq_epi8(blocks->faults, _mm_setzero_si128())) == 0xffff;
}

SSSE3 static size_t skip(struct span s)
{
    struct blocks blocks = {_mm_setzero_si128(), _mm_setzero_si128(), true};
    size_t at = 0;
    while (s.len - at >= sizeof(__m128i) && take(&blocks, s.at + at))
        at += sizeof(__m128i);
    /* The sequence that is not yet complete is looked at once more. */
    for (size_t back = 1; back <= 3 && back <= at; back++)
        if ((unsigned char)s.at[at - back] >= 0xc0)
            return at - back;
    return at;
}

size_t utf8_blocks_skip(struct span s)
{
    return s.len >= sizeof(__m128i) && __builtin_cpu_supports("ssse3") ? skip(s) : 0;
}
#else
size_t utf8_blocks_skip(struct span s)
{
    (void)s;
    return 0;
}
#endif
