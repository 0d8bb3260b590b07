/* SPDX-License-Identifier: Apache-2.0 */
/* Rows by code, alias and day; damaged files named by line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/timestamp.h"
#include "model/registry.h"

#include "../../support/text_file.h"

static struct registry *load(const char *text)
{
    struct diagnostics *diagnostics = diagnostics_new();
    struct registry *loaded = registry_load(text_file(text), diagnostics);
    text_file_end(diagnostics);
    return loaded;
}

static void refuse_at(const char *text, int line)
{
    char place[80];
    assert_null(load(text));
    snprintf(place, sizeof place, "%s:%d", text_file_path, line);
    assert_memory_equal(shown, place, strlen(place));
}

static void finds_the_row_valid_on_the_day(void **state)
{
    (void)state;
    struct registry *registry = load("\xEF\xBB\xBF"
                                     "code,name,aliases,valid_from,valid_to\r\n# c\r\n"
                                     "a,old,x;y,,2024-01-01\r\na,\"new, name\",x,2024-01-01,\r\n");
    assert_non_null(registry);
    int64_t turn = timestamp_days(2024, 1, 1);
    const struct registry_row *old = registry_at(registry, 0), *new = registry_at(registry, 1);
    assert_null(registry_at(registry, 2));
    assert_ptr_equal(registry_find(registry, SPAN("a"), turn - 1), old);
    assert_ptr_equal(registry_find(registry, SPAN("a"), turn), new);
    assert_ptr_equal(registry_find(registry, SPAN("x"), turn - 1), old);
    assert_ptr_equal(registry_find(registry, SPAN("x"), INT64_MIN), new);
    assert_null(registry_find(registry, SPAN("y"), turn));
    assert_null(registry_find(registry, SPAN("z"), turn));
    assert_null(registry_find(registry, SPAN_NONE, turn));
    assert_true(span_is(registry_cell(registry, new, "name"), "new, name"));
    assert_null(registry_cell(registry, new, "colour").at);
    registry_free(registry);
}

static void a_code_may_pause_and_come_back(void **state)
{
    (void)state;
    struct registry *registry = load("code,name,valid_from,valid_to\n"
                                     "a,third,2025-01-01,\na,first,,2023-01-01\n"
                                     "a,second,2023-01-01,2024-01-01\n");
    assert_non_null(registry);
    static const struct {
        int year;
        const char *name;
    } asked[] = {{2022, "first"}, {2023, "second"}, {2024, NULL}, {2025, "third"}, {2030, "third"}};
    for (size_t i = 0; i < sizeof asked / sizeof *asked; i++) {
        const struct registry_row *row =
            registry_find(registry, SPAN("a"), timestamp_days(asked[i].year, 1, 1));
        if (asked[i].name)
            assert_true(span_is(registry_cell(registry, row, "name"), asked[i].name));
        else
            assert_null(row);
    }
    registry_free(registry);
}

static void refuses_damaged_files(void **state)
{
    (void)state;
    refuse_at("name\nx\n", 1);
    refuse_at("code,name\na\n", 2);
    refuse_at("code,name\na,b,c\n", 2);
    refuse_at("code,name\n,b\n", 2);
    refuse_at("code,valid_from\na,2024-13-01\n", 2);
    refuse_at("code,valid_from,valid_to\na,2024-01-02,2024-01-02\n", 2);
    refuse_at("code,valid_from,valid_to\na,,2024-01-02\na,2024-01-01,\n", 3);
    refuse_at("code,valid_from,valid_to\na,,\nb,,\na,2024-01-01,2024-02-01\n", 4);
    assert_null(load("# nothing\n"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_the_row_valid_on_the_day),
        cmocka_unit_test(a_code_may_pause_and_come_back),
        cmocka_unit_test(refuses_damaged_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
