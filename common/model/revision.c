/* SPDX-License-Identifier: Apache-2.0 */
/* A line keeps the three numbers of a revision in base 36; here they become decimal again. */
#include "model/revision.h"

#define SOURCE_DIGITS 20 /* more than 64 bits */

static int value_of(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'a' && c <= 'z' ? c - 'a' + 10 : -1;
}

/* The last of SOURCE_DIGITS decimal digits; absent when it is no such number. */
static struct span expand(struct span number, char digits[SOURCE_DIGITS])
{
    unsigned __int128 value = 0;
    if (!number.len || number.len > 14)
        return SPAN_NONE;
    for (size_t i = 0; i < number.len; i++) {
        int digit = value_of(number.at[i]);
        if (digit < 0)
            return SPAN_NONE;
        value = value * 36 + (unsigned)digit;
    }
    for (size_t i = SOURCE_DIGITS; i-- > 0; value /= 10)
        digits[i] = (char)('0' + (int)(value % 10));
    return value ? SPAN_NONE : span_from(digits, SOURCE_DIGITS);
}

struct numbers {
    char digits[SOURCE_DIGITS];
    struct span source; /* absent = none */
    uint64_t received, mapping;
};

/* False: nothing of it is taken. */
static bool read_numbers(struct span revision, struct numbers *numbers)
{
    struct span rest = revision;
    *numbers = (struct numbers){0};
    struct span source = expand(span_cut(&rest, '.'), numbers->digits);
    bool ours = source.at && rest.at && span_to_base36(span_cut(&rest, '.'), &numbers->received) &&
                rest.at && span_to_base36(span_cut(&rest, '.'), &numbers->mapping) && rest.at &&
                numbers->received <= INT64_MAX && numbers->mapping <= INT64_MAX;
    if (ours)
        numbers->source = source;
    else
        numbers->received = numbers->mapping = 0;
    return ours;
}

void revision_mirror(char revision[REVISION_LEN + 1], struct span original, struct span behind,
                     struct span data_json)
{
    struct numbers own, other;
    read_numbers(original, &own);
    if (read_numbers(behind, &other) && other.received > own.received)
        own.received = other.received;
    if (!ids_revision(revision, own.source, (int64_t)own.received, (int64_t)own.mapping, data_json))
        (void)!ids_revision(revision, SPAN_NONE, 0, 0, data_json);
}
