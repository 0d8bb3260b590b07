/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/base.h"
#include "base/murmur2.h"

/* What Java's Utils.murmur2 answers for these keys. */
static void answers_as_java_does(void **state)
{
    (void)state;
    static const struct {
        const char *key;
        int32_t hash;
    } rows[] = {{"21", -973932308},
                {"foobar", -790332482},
                {"a-little-bit-long-string", -985981536},
                {"a-little-bit-longer-string", -1486304829},
                {"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971},
                {"abc", 479470107}};
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++)
        assert_int_equal((int32_t)murmur2(span_of(rows[i].key)), rows[i].hash);
}

static void places_by_the_positive_hash(void **state)
{
    (void)state;
    /* (-973932308 & 0x7fffffff) = 1173551340; 479470107 is positive as it is */
    assert_int_equal(murmur2_partition(SPAN("21"), 12), 1173551340 % 12);
    assert_int_equal(murmur2_partition(SPAN("abc"), 12), 479470107 % 12);
    assert_int_equal(murmur2_partition(SPAN("foobar"), 1), 0);
}

static void reads_keys_that_are_not_aligned(void **state)
{
    (void)state;
    static const char keys[] = "x-a-little-bit-long-string";
    assert_int_equal((int32_t)murmur2(span_from(keys + 2, sizeof(keys) - 3)), -985981536);
}

static void takes_bytes_above_127_as_unsigned(void **state)
{
    (void)state;
    static const char *const keys[] = {"\xe5", "\xe5\xe5", "\xe5\xe5\xe5", "\xe5\xe5\xe5\xe5"};
    /* Computed with an independent reading of the algorithm in Python. */
    static const uint32_t expected[] = {0x5aef5b50U, 0xebd278f6U, 0xbb47b08dU, 0xa58e06ccU};
    for (size_t i = 0; i < ARRAY_LENGTH(keys); i++)
        assert_int_equal(murmur2(span_of(keys[i])), expected[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_as_java_does),
        cmocka_unit_test(places_by_the_positive_hash),
        cmocka_unit_test(reads_keys_that_are_not_aligned),
        cmocka_unit_test(takes_bytes_above_127_as_unsigned),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
