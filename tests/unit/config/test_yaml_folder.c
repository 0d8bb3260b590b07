/* SPDX-License-Identifier: Apache-2.0 */
/* A folder's YAML files, and nothing else of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "config/yaml_folder.h"

static char folder[] = "/tmp/citybrain-folder-XXXXXX";

static void put(const char *name)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *out = fopen(path, "w");
    assert_non_null(out);
    fclose(out);
}

static void names_yaml_files_by_their_bytes(void **state)
{
    static const char *const there[] = {"b.yaml",  "a.yaml",  "B.yaml",
                                        ".a.yaml", "a.yaml~", "a.csv"};
    static const char *const wanted[] = {"B.yaml", "a.yaml", "b.yaml"};
    struct yaml_folder files;
    char path[256];
    (void)state;
    assert_non_null(mkdtemp(folder));
    for (size_t i = 0; i < sizeof there / sizeof *there; i++)
        put(there[i]);
    yaml_folder_read(&files, folder);
    assert_int_equal(files.count, sizeof wanted / sizeof *wanted);
    for (size_t i = 0; i < files.count; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, wanted[i]);
        assert_string_equal(files.paths[i], path);
    }
    yaml_folder_fini(&files);
    for (size_t i = 0; i < sizeof there / sizeof *there; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, there[i]);
        unlink(path);
    }
    yaml_folder_read(&files, folder);
    assert_int_equal(files.count, 0);
    yaml_folder_fini(&files);
    rmdir(folder);
    yaml_folder_read(&files, folder);
    assert_int_equal(files.count, 0);
    yaml_folder_fini(&files);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_yaml_files_by_their_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
