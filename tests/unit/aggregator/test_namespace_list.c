/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "aggregator/core/namespace_list.h"
#include "base/base.h"
#include "model/codes.h"

static void put(const char *folder, const char *name, const char *text)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void expect(const char *folder, const struct kinds *kinds, const char *expected)
{
    struct namespace_list *list = namespace_list_load(folder, kinds);
    struct strbuf out;
    strbuf_init(&out, 64, 4096);
    strbuf_add_char(&out, '[');
    namespace_list_ids(list, SPAN("N1"), &out);
    strbuf_add_char(&out, ']');
    assert_string_equal(out.at, expected);
    strbuf_fini(&out);
    namespace_list_free(list);
}

/* Each once, whatever versions and feeds share it; what no kind has is not a case's. */
static void a_number_is_looked_for_under_every_namespace_of_a_kind(void **state)
{
    static const char *const names[] = {"a.yaml", "b.yaml", "c.yaml", "d.yaml"};
    char folder[] = "/tmp/cb-spaces-XXXXXX", path[256];
    struct diagnostics *diagnostics = diagnostics_new();
    struct codes *codes = codes_load("config/codes.csv", diagnostics);
    struct kinds *kinds = kinds_load("config/kinds", codes, diagnostics);
    (void)state;
    assert_non_null(kinds);
    assert_non_null(mkdtemp(folder));
    expect(folder, kinds, "[]");
    put(folder, "a.yaml",
        "feed: a\nversions:\n  - namespace: request:12345\n"
        "  - namespace: request:chaowoshuo\n");
    put(folder, "b.yaml", "feed: b\nversions:\n  - namespace: request:12345\n  - other: x\n");
    put(folder, "c.yaml", "feed: c\nversions:\n  - namespace: stations:district\n");
    put(folder, "d.yaml", "feed: [\n");
    expect(folder, kinds, "[request:12345:N1,request:chaowoshuo:N1]");
    for (size_t i = 0; i < ARRAY_LENGTH(names); i++) {
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        unlink(path);
    }
    rmdir(folder);
    kinds_free(kinds);
    codes_free(codes);
    diagnostics_free(diagnostics);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_number_is_looked_for_under_every_namespace_of_a_kind)};
    return cmocka_run_group_tests_name("namespace_list", tests, NULL, NULL);
}
