/* SPDX-License-Identifier: Apache-2.0 */
/* A mirror's revision orders as its original's (docs/decisions/0038). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/base.h"
#include "model/revision.h"

static const char *mirrored(const char *original, const char *behind)
{
    static char revision[REVISION_LEN + 1];
    revision_mirror(revision, span_of(original), behind ? span_of(behind) : SPAN_NONE, SPAN("{}"));
    revision[REVISION_LEN - 17] = '\0'; /* the hash is of the data */
    return revision;
}

static void keeps_the_three_numbers(void **state)
{
    (void)state;
    assert_string_equal(mirrored("0.mietlr40.1.aa", NULL),
                        "00000000000000000000.001764089942400.000001");
    assert_string_equal(mirrored("17.1.zz.aa", NULL),
                        "00000000000000000043.000000000000001.001295");
    /* an erasure: twenty nines, more than 64 bits */
    assert_string_equal(mirrored("l3r41ifs0q5tr.1.1.aa", NULL),
                        "99999999999999999999.000000000000001.000001");
}

static void is_not_received_before_what_it_stands_behind(void **state)
{
    (void)state;
    assert_string_equal(mirrored("5.a.1.aa", "9.z.7.bb"),
                        "00000000000000000005.000000000000035.000001");
    assert_string_equal(mirrored("5.z.1.aa", "9.a.7.bb"),
                        "00000000000000000005.000000000000035.000001");
}

static void a_revision_of_another_make_is_none(void **state)
{
    (void)state;
    static const char *const rows[] = {"",        "v7",      "1.2.3",
                                       "A.b.c.d", "1..1.aa", "zzzzzzzzzzzzzzz.1.1.aa"};
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++)
        assert_string_equal(mirrored(rows[i], NULL), "00000000000000000000.000000000000000.000000");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_the_three_numbers),
        cmocka_unit_test(is_not_received_before_what_it_stands_behind),
        cmocka_unit_test(a_revision_of_another_make_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
