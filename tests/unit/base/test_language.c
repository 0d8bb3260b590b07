/* SPDX-License-Identifier: Apache-2.0 */
/* Accept-Language to what we speak. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/base.h"
#include "base/language.h"

static void the_greater_weight_wins_the_first_among_equals(void **state)
{
    static const struct {
        const char *header;
        enum language language;
    } rows[] = {
        {NULL, LANGUAGE_BOTH},
        {"", LANGUAGE_BOTH},
        {"*", LANGUAGE_BOTH},
        {"fr, de;q=0.9", LANGUAGE_BOTH},
        {"zh", LANGUAGE_CHINESE},
        {"zh-CN,zh;q=0.9,en;q=0.8", LANGUAGE_CHINESE},
        {"en-GB", LANGUAGE_ENGLISH},
        {"EN", LANGUAGE_ENGLISH},
        {"zh;q=0.5, en;q=0.7", LANGUAGE_ENGLISH},
        {"zh;q=0.85, en;q=0.849", LANGUAGE_CHINESE},
        {"en;q=0, zh;q=0.1", LANGUAGE_CHINESE},
        {"en;q=0", LANGUAGE_BOTH},
        {"fr, en;q=0.1", LANGUAGE_ENGLISH},
        {"zho", LANGUAGE_BOTH},
        {"en ; q=0.5 , zh ; q=0.6", LANGUAGE_CHINESE},
        {";;,,q=", LANGUAGE_BOTH},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++)
        assert_int_equal(language_of(span_of(rows[i].header)), rows[i].language);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_greater_weight_wins_the_first_among_equals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
