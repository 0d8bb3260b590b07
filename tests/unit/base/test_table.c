/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>

#include "base/base.h"
#include "base/table.h"

enum { MANY = 5000 };

static void an_empty_table_has_nothing(void **state)
{
    struct table table = {0};
    (void)state;
    assert_null(table_find(&table, SPAN("R0105")));
    assert_null(table_find(&table, SPAN("")));
    table_fini(&table);
}

static void what_was_added_is_found_and_nothing_else(void **state)
{
    static char texts[MANY][16];
    static int values[MANY];
    struct table table = {0};
    (void)state;
    for (int i = 0; i < MANY; i++) {
        snprintf(texts[i], sizeof texts[i], "%d", i);
        table_add(&table, span_of(texts[i]), &values[i]);
    }
    for (int i = 0; i < MANY; i++) {
        char text[20];
        snprintf(text, sizeof text, "%d", i); /* another's bytes */
        assert_ptr_equal(table_find(&table, span_of(text)), &values[i]);
        snprintf(text, sizeof text, "%dx", i);
        assert_null(table_find(&table, span_of(text)));
    }
    table_fini(&table);
}

static void a_text_of_nothing_is_a_text(void **state)
{
    struct table table = {0};
    int value;
    (void)state;
    table_add(&table, SPAN(""), &value);
    assert_ptr_equal(table_find(&table, SPAN("")), &value);
    assert_null(table_find(&table, SPAN("a")));
    table_fini(&table);
}

static void a_walk_meets_each_once(void **state)
{
    static const struct span texts[] = {{"a", 1}, {"b", 1}, {"ab", 2}};
    int met[ARRAY_LENGTH(texts)] = {0};
    struct table table = {0};
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(texts); i++)
        table_add(&table, texts[i], &met[i]);
    for (size_t i = 0; i < table.place_count; i++) {
        int *one = table_at(&table, i);
        if (one)
            ++*one;
    }
    for (size_t i = 0; i < ARRAY_LENGTH(texts); i++)
        assert_int_equal(met[i], 1);
    table_fini(&table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_table_has_nothing),
        cmocka_unit_test(what_was_added_is_found_and_nothing_else),
        cmocka_unit_test(a_text_of_nothing_is_a_text),
        cmocka_unit_test(a_walk_meets_each_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
