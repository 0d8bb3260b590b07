/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "aggregator/core/type_groups.h"
#include "base/base.h"

static char folder[] = "/tmp/cb-groups-XXXXXX", types_path[64], path[64];
static struct registry *types;

static void put(const char *name, const char *text)
{
    FILE *file = fopen(name, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static int begin(void **state)
{
    (void)state;
    struct diagnostics *diagnostics = diagnostics_new();
    if (!mkdtemp(folder))
        return 1;
    snprintf(types_path, sizeof types_path, "%s/types.csv", folder);
    snprintf(path, sizeof path, "%s/type_groups.yaml", folder);
    put(types_path,
        "code,parent_code,name,aliases,valid_from,valid_to\n"
        "R1,,公共服务,,,\nR11,R1,供暖,暖气,,\nR12,R1,停水,,,\nR111,R11,不热,,,2026-01-01\n"
        "R111,R11,不够热,,2026-01-01,\nR2,,物业,,,\nheat,R2,供热,,,\n");
    types = registry_load(types_path, diagnostics);
    diagnostics_free(diagnostics);
    return types ? 0 : 1;
}

static int end(void **state)
{
    (void)state;
    registry_free(types);
    unlink(path);
    unlink(types_path);
    return rmdir(folder);
}

static void find_first(void *context, const char *line)
{
    char *first = context;
    if (!first[0])
        snprintf(first, 256, "%s", line);
}

/* Loads it; `says`: in what is wrong with it, NULL where nothing is. */
static struct type_groups *load(const char *text, const char *says)
{
    struct diagnostics *diagnostics = diagnostics_new();
    char first[256] = "";
    put(path, text);
    struct type_groups *groups = type_groups_load(path, types, diagnostics);
    diagnostics_each(diagnostics, find_first, first);
    if (says ? !strstr(first, says) : first[0] != '\0')
        fail_msg("\"%s\" says \"%s\", not \"%s\"", text, first, says ? says : "");
    diagnostics_free(diagnostics);
    return groups;
}

static void assert_joins(const struct type_groups *groups, const char *codes, const char *asked,
                         const char *wanted)
{
    struct strbuf out;
    strbuf_init(&out, 16, 4096);
    type_groups_join(groups, span_of(codes), span_of(asked), &out);
    assert_string_equal(out.at, wanted);
    strbuf_fini(&out);
}

static void a_group_is_its_types_and_all_below_them(void **state)
{
    (void)state;
    struct type_groups *groups = load("type_groups:\n  heating: { name: 供暖, types: [R11] }\n"
                                      "  home: { name: 居家, types: [R2, R12] }\n",
                                      NULL);
    assert_string_equal(type_groups_words(groups), "heating home");
    assert_joins(groups, NULL, "heating", "R11,R111"); /* of two rows in time one type */
    assert_joins(groups, "R2,R12", NULL, "R2,R12");
    assert_joins(groups, "R2", "home,heating", "R2,R2,R12,heat,R11,R111");
    struct strbuf out;
    strbuf_init(&out, 16, 4096);
    type_groups_write(groups, &out);
    assert_string_equal(
        out.at, "[\n{\"group\":\"heating\",\"name\":\"供暖\",\"types\":[\"R11\",\"R111\"]},"
                "\n{\"group\":\"home\",\"name\":\"居家\",\"types\":[\"R2\",\"R12\",\"heat\"]}]");
    strbuf_fini(&out);
    type_groups_free(groups);
}

static void without_a_file_there_are_none(void **state)
{
    (void)state;
    struct diagnostics *diagnostics = diagnostics_new();
    unlink(path);
    struct type_groups *groups = type_groups_load(path, types, diagnostics);
    assert_int_equal(diagnostics_errors(diagnostics), 0);
    assert_null(type_groups_words(groups));
    assert_joins(groups, "R1", NULL, "R1");
    type_groups_free(groups);
    diagnostics_free(diagnostics);
}

static void what_is_wrong_is_told(void **state)
{
    static const char *const wrong[][2] = {
        {"groups: {}\n", "type_groups"},
        {"type_groups: [heating]\n", "is a map of groups"},
        {"type_groups:\n  heating: [R11]\n", "type_groups.yaml:2:12: error: a group is a map"},
        {"type_groups:\n  heating: { name: 供暖, types: [R11, R19] }\n",
         ":2:37: error: no type \"R19\""},
        {"type_groups:\n  heating: { name: 供暖, types: [暖气] }\n", "no type \"暖气\""},
        {"type_groups:\n  heating: { name: 供暖, types: [R11, R12, R11] }\n",
         "has the type \"R11\" already"},
        {"type_groups:\n  heating: { name: 供暖, types: [] }\n", "a list that is not empty"},
        {"type_groups:\n  heating: { name: 供暖 }\n", "types"},
        {"type_groups:\n  heating: { types: [R11] }\n", "name"},
        {"type_groups:\n  heating: { nane: 供暖, types: [R11] }\n", "did you mean name"},
        {"type_groups:\n  Heating: { name: 供暖, types: [R11] }\n",
         ":2:3: error: \"Heating\" names no group"},
        {"type_groups:\n  heat: { name: 供暖, types: [R11] }\n", "\"heat\" is a type"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(wrong); i++)
        type_groups_free(load(wrong[i][0], wrong[i][1]));
}

static void more_types_than_a_group_holds_is_told(void **state)
{
    (void)state;
    struct diagnostics *diagnostics = diagnostics_new();
    struct registry *small = types;
    struct strbuf many;
    strbuf_init(&many, 1 << 14, 1 << 16);
    strbuf_add(&many, SPAN("code,parent_code,name\nR1,,公共服务\n"));
    for (int i = 0; i < 511; i++)
        strbuf_addf(&many, "R1%03d,R1,供暖\n", i);
    put(types_path, many.at);
    types = registry_load(types_path, diagnostics);
    type_groups_free(load("type_groups:\n  all: { name: 全部, types: [R1] }\n", NULL));
    registry_free(types);
    strbuf_add(&many, SPAN("R1999,R1,供暖\n"));
    put(types_path, many.at);
    types = registry_load(types_path, diagnostics);
    type_groups_free(load("type_groups:\n  all: { name: 全部, types: [R1] }\n",
                          ":2:27: error: \"all\" has more types than a group holds"));
    registry_free(types);
    types = small;
    strbuf_fini(&many);
    diagnostics_free(diagnostics);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_group_is_its_types_and_all_below_them),
        cmocka_unit_test(without_a_file_there_are_none),
        cmocka_unit_test(what_is_wrong_is_told),
        cmocka_unit_test(more_types_than_a_group_holds_is_told),
    };
    return cmocka_run_group_tests_name("type_groups", tests, begin, end);
}
