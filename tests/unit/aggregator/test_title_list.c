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

static void put(const char *folder, const char *name, const char *text)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void expect(const char *folder, const char *expected)
{
    struct title_list *list = title_list_load(folder, "trigger");
    struct strbuf out;
    strbuf_init(&out, 64, 4096);
    title_list_write(list, &out);
    assert_string_equal(out.at, expected);
    strbuf_fini(&out);
    title_list_free(list);
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

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(files_that_can_be_read_are_listed)};
    return cmocka_run_group_tests_name("title_list", tests, NULL, NULL);
}
