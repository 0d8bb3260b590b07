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

static void refuse_at(const char *text, int line, int col)
{
    char place[80];
    assert_null(load(text));
    snprintf(place, sizeof place, "%s:%d:%d:", text_file_path, line, col);
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
    refuse_at("name\nx\n", 1, 1);
    refuse_at("code,name\na\n", 2, 2);
    refuse_at("code,name\na,市,c\n", 2, 5);
    refuse_at("code,name\n,b\n", 2, 1);
    refuse_at("code,valid_from\na,2024-13-01\n", 2, 3);
    refuse_at("code,valid_from,valid_to\na,2024-01-02,2024-01-02\n", 2, 14);
    refuse_at("code,valid_from,valid_to\na,,2024-01-02\na,2024-01-01,\n", 3, 1);
    refuse_at("code,valid_from,valid_to\na,,\nb,,\na,2024-01-01,2024-02-01\n", 4, 1);
    refuse_at("code,name,valid_to\na,\"x\"y,\n", 2, 5);
    assert_non_null(strstr(shown, "a quote that does not go around a cell"));
    refuse_at("code,name,valid_to\na,\"南\n街\",\nb,\"\"\"b\"\"\",20\n", 4, 11);
    assert_null(load("# nothing\n"));
}

static void a_cell_stands_where_it_is_written(void **state)
{
    (void)state;
    struct registry *registry = load("code,name,aliases,note\n"
                                     "a,南山,\"x\"\"x;y\", n\nb,\"南\n街\",z;yy,\n");
    assert_non_null(registry);
    const struct registry_row *a = registry_at(registry, 0), *b = registry_at(registry, 1);
    struct span aliases = registry_cell(registry, b, "aliases");
    const struct {
        const struct registry_row *row;
        struct span text;
        int line, col;
    } asked[] = {
        {a, registry_cell(registry, a, "code"), 2, 1},
        {a, registry_cell(registry, a, "name"), 2, 3},
        {a, registry_cell(registry, a, "aliases"), 2, 6}, /* its quotes undone elsewhere */
        {a, registry_cell(registry, a, "note"), 2, 16},
        {a, registry_cell(registry, a, "colour"), 2, 1},
        {b, registry_cell(registry, b, "name"), 3, 4},
        {b, aliases, 4, 4},
        {b, span_from(aliases.at + 2, 2), 4, 6},
        {b, registry_cell(registry, b, "note"), 4, 9},
    };
    for (size_t i = 0; i < sizeof asked / sizeof *asked; i++) {
        struct place place = registry_place(registry, asked[i].row, asked[i].text);
        assert_int_equal(place.line, asked[i].line);
        assert_int_equal(place.col, asked[i].col);
    }
    registry_free(registry);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_the_row_valid_on_the_day),
        cmocka_unit_test(a_code_may_pause_and_come_back),
        cmocka_unit_test(refuses_damaged_files),
        cmocka_unit_test(a_cell_stands_where_it_is_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
