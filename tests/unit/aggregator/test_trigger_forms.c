/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "aggregator/core/trigger_forms.h"
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

static void what_passes_by_itself_is_known_by_its_form(void **state)
{
    static const char *const files[][2] = {
        {"a.yaml", "trigger: late\nabsence: { of: { kind: request }, before: due_at }\n"},
        {"b.yaml", "trigger: no_status\nabsence: { of: { kind: request }, within: 2d }\n"},
        {"c.yaml", "trigger: quiet\nsilence: { cadences: 3 }\n"},
        {"d.yaml", "trigger: soon\nabsence: { before: due_at }\n"},
        {"e.yaml", "trigger: [\n"},
        {"f.yaml", "7\n"},
        {"g.yaml", "silence: { cadences: 3 }\n"},
        {"h.yaml", "trigger: odd\nabsence: 7\n"},
        {"i.txt", "trigger: other\nsilence: { cadences: 3 }\n"},
    };
    char folder[] = "/tmp/cb-forms-XXXXXX", path[256];
    struct trigger_forms forms;
    (void)state;
    assert_non_null(mkdtemp(folder));
    for (size_t i = 0; i < ARRAY_LENGTH(files); i++)
        put(folder, files[i][0], files[i][1]);
    trigger_forms_load(&forms, folder);
    assert_true(span_is(strbuf_span(&forms.limits), "late,soon"));
    assert_true(span_is(strbuf_span(&forms.silences), "quiet"));
    trigger_forms_fini(&forms);
    for (size_t i = 0; i < ARRAY_LENGTH(files); i++) {
        snprintf(path, sizeof path, "%s/%s", folder, files[i][0]);
        unlink(path);
    }
    rmdir(folder);
    trigger_forms_load(&forms, folder);
    assert_int_equal(forms.limits.len + forms.silences.len, 0);
    trigger_forms_fini(&forms);
}

static void the_shipped_ones_are_these(void **state)
{
    struct trigger_forms forms;
    (void)state;
    trigger_forms_load(&forms, "config/triggers");
    assert_true(span_is(strbuf_span(&forms.limits), "near_due"));
    assert_true(span_is(strbuf_span(&forms.silences), "silent_station"));
    trigger_forms_fini(&forms);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_passes_by_itself_is_known_by_its_form),
        cmocka_unit_test(the_shipped_ones_are_these),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
