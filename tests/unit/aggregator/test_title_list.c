/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "aggregator/core/title_list.h"
#include "base/base.h"
#include "base/timestamp.h"

static void put(const char *folder, const char *name, const char *text)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void expect_list(struct title_list *list, const char *expected)
{
    struct strbuf out;
    strbuf_init(&out, 64, 4096);
    title_list_write(list, &out);
    assert_string_equal(out.at, expected);
    strbuf_fini(&out);
    title_list_free(list);
}

static void expect(const char *folder, const char *expected)
{
    expect_list(title_list_load(folder, "trigger"), expected);
}

/* A file that is half written is its own daemon's to refuse. */
static void files_that_can_be_read_are_listed(void **state)
{
    static const char *const names[] = {"a.yaml", "b.yaml", "c.yaml", "d.yaml", ".e.yaml", "f.txt"};
    char folder[] = "/tmp/cb-titles-XXXXXX", path[256];
    (void)state;
    assert_non_null(mkdtemp(folder));
    expect(folder, "[]");
    put(folder, "b.yaml", "trigger: cluster\nname: 同一小区\n");
    put(folder, "a.yaml", "trigger: \"a\\\"b\"\nname: x\ngroup: [line]\n");
    put(folder, "c.yaml", "trigger: [\n");
    put(folder, "d.yaml", "trigger: nameless\n");
    put(folder, ".e.yaml", "trigger: hidden\nname: hidden\n");
    put(folder, "f.txt", "trigger: other\nname: other\n");
    expect(folder, "[{\"trigger\":\"a\\\"b\",\"name\":\"x\"},"
                   "{\"trigger\":\"cluster\",\"name\":\"同一小区\"}]");
    for (size_t i = 0; i < ARRAY_LENGTH(names); i++) {
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        unlink(path);
    }
    rmdir(folder);
    expect(folder, "[]");
}

/* Whoever decides by them refuses what is wrong with them: here it has no name. */
static void classes_and_rules_are_called_as_their_file_says(void **state)
{
    char folder[] = "/tmp/cb-titles-XXXXXX", path[256];
    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/dispatch.yaml", folder);
    expect_list(title_list_load_classes(path), "[]");
    expect_list(title_list_load_rules(path), "[]");
    put(folder, "dispatch.yaml",
        "classes:\n  7d: { name: { zh: 七天, en: a week }, days: 7 }\n  1d: { days: 1 }\n"
        "  2h: { name: 两小时, hours: 2 }\n  x: 7\n  y: { name: { zh: 半 } }\n  z: { name: '' }\n"
        "entries:\n  - { id: a, name: 甲 }\n  - { id: b }\n  - c\n  - { id: [d], name: 丁 }\n"
        "  - { id: a, name: 又 }\n");
    expect_list(title_list_load_classes(path),
                "[{\"class\":\"7d\",\"name\":\"七天\",\"name_en\":\"a week\"},"
                "{\"class\":\"2h\",\"name\":\"两小时\"}]");
    expect_list(title_list_load_rules(path), "[{\"rule\":\"a\",\"name\":\"甲\"}]");
    struct title_list *list = title_list_load_classes(path);
    assert_true(span_is(title_list_find(list, SPAN("7d"), LANGUAGE_BOTH), "七天"));
    assert_true(span_is(title_list_find(list, SPAN("7d"), LANGUAGE_ENGLISH), "a week"));
    assert_true(span_is(title_list_find(list, SPAN("2h"), LANGUAGE_ENGLISH), "两小时"));
    assert_null(title_list_find(list, SPAN("1d"), LANGUAGE_CHINESE).at);
    assert_null(title_list_find(list, SPAN_NONE, LANGUAGE_CHINESE).at);
    title_list_free(list);
    put(folder, "dispatch.yaml", "classes: [7d]\nentries: { a: 甲 }\n");
    expect_list(title_list_load_classes(path), "[]");
    expect_list(title_list_load_rules(path), "[]");
    unlink(path);
    rmdir(folder);
}

static void fields_and_their_values_are_rows(void **state)
{
    char folder[] = "/tmp/cb-titles-XXXXXX", path[256];
    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/fields.csv", folder);
    expect_list(title_list_load_rows(path, "field", 0, NULL), "[]");
    put(folder, "fields.csv",
        "# ours\ncode,name,name_en\nrisk,风险,risk\nrisk:1,高,high\nrisk:2,,\nrisk:3,低,\n");
    expect_list(title_list_load_rows(path, "field", 0, NULL),
                "[{\"field\":\"risk\",\"name\":\"风险\",\"name_en\":\"risk\"},"
                "{\"field\":\"risk:1\",\"name\":\"高\",\"name_en\":\"high\"},"
                "{\"field\":\"risk:3\",\"name\":\"低\"}]");
    struct diagnostics *found = diagnostics_new();
    title_list_free(title_list_load_rows(path, "field", 0, found));
    assert_int_equal(diagnostics_errors(found), 0);
    put(folder, "fields.csv", "code,name\nrisk,\xB7\xE7\xCF\xD5\n");
    expect_list(title_list_load_rows(path, "field", 0, found), "[]");
    assert_int_equal(diagnostics_errors(found), 1);
    diagnostics_free(found);
    put(folder, "fields.csv", "code,name,kind\nst001,甲站,service\n");
    expect_list(title_list_load_rows(path, "station", 0, NULL),
                "[{\"station\":\"st001\",\"name\":\"甲站\"}]");
    unlink(path);
    rmdir(folder);
}

static void of_two_rows_of_a_code_the_one_of_the_day_stands(void **state)
{
    char folder[] = "/tmp/cb-titles-XXXXXX", path[256];
    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/stations.csv", folder);
    put(folder, "stations.csv",
        "code,name,aliases,valid_from,valid_to\nst1,旧站,,,2026-03-01\nst2,乙站,st1,,\n"
        "st1,新站,,2026-03-01,2026-06-01\n");
    const int64_t ends = timestamp_days(2026, 3, 1), all_ended = timestamp_days(2026, 6, 1);
    const struct {
        int64_t day;
        const char *name;
    } days[] = {{ends - 1, "旧站"}, {ends, "新站"}, {all_ended, "新站"}};
    for (size_t i = 0; i < ARRAY_LENGTH(days); i++) {
        char wanted[128];
        snprintf(wanted, sizeof wanted,
                 "[{\"station\":\"st1\",\"name\":\"%s\"},"
                 "{\"station\":\"st2\",\"name\":\"乙站\"}]",
                 days[i].name);
        expect_list(title_list_load_rows(path, "station", days[i].day, NULL), wanted);
    }
    unlink(path);
    rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_that_can_be_read_are_listed),
        cmocka_unit_test(classes_and_rules_are_called_as_their_file_says),
        cmocka_unit_test(fields_and_their_values_are_rows),
        cmocka_unit_test(of_two_rows_of_a_code_the_one_of_the_day_stands)};
    return cmocka_run_group_tests_name("title_list", tests, NULL, NULL);
}
