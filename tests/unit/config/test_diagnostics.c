/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/base.h"
#include "base/strbuf.h"
#include "config/diagnostics.h"

static void collect(void *context, const char *line)
{
    strbuf_addf(context, "%s\n", line);
}

static void shows_each_finding_on_a_line_in_order(void **state)
{
    (void)state;
    struct diagnostics *d = diagnostics_new();
    struct strbuf buf;
    strbuf_init(&buf, 64, 4000);
    diagnostics_warn(d, (struct place){"a.yaml", 0, 0}, "", "odd %d", 1);
    diagnostics_add(d, (struct place){"a.yaml", 3, 7}, "write it", "bad %s", "thing");
    diagnostics_add(d, (struct place){NULL, 0, 0}, NULL, "nowhere");
    diagnostics_each(d, collect, &buf);
    assert_string_equal(buf.at, "a.yaml: warning: odd 1\n"
                                "a.yaml:3:7: error: bad thing; fix: write it\n"
                                "error: nowhere\n");
    assert_int_equal(diagnostics_errors(d), 2);
    assert_int_equal(diagnostics_warnings(d), 1);
    strbuf_fini(&buf);
    diagnostics_free(d);
}

static void outlives_the_name_of_the_file(void **state)
{
    (void)state;
    struct diagnostics *d = diagnostics_new();
    struct strbuf buf;
    strbuf_init(&buf, 64, 4000);
    char file[] = "gone.yaml";
    diagnostics_add(d, (struct place){file, 1, 1}, "", "x");
    memset(file, '!', sizeof(file) - 1);
    diagnostics_each(d, collect, &buf);
    assert_string_equal(buf.at, "gone.yaml:1:1: error: x\n");
    strbuf_fini(&buf);
    diagnostics_free(d);
}

static void makes_an_error_of_the_first_one_and_counts_the_rest(void **state)
{
    (void)state;
    struct diagnostics *d = diagnostics_new();
    struct error error = {0};
    assert_true(diagnostics_to_error(d, &error));
    diagnostics_warn(d, (struct place){"a.yaml", 1, 1}, "", "only a warning");
    assert_true(diagnostics_to_error(d, &error));
    assert_int_equal(error.kind, ERROR_NONE);
    diagnostics_add(d, (struct place){"a.yaml", 2, 1}, "mend it", "broken");
    assert_false(diagnostics_to_error(d, &error));
    assert_int_equal(error.kind, ERROR_CONFIG);
    assert_string_equal(error.text, "a.yaml:2:1: broken; fix: mend it");
    for (int i = 0; i < 40; i++) /* more than fit without growing */
        diagnostics_add(d, (struct place){"a.yaml", 3, 1}, "", "more");
    assert_false(diagnostics_to_error(d, &error));
    assert_string_equal(error.text, "a.yaml:2:1: broken; fix: mend it (and 40 more)");
    diagnostics_free(d);
}

static void keeps_the_count_readable_when_the_cause_is_cut(void **state)
{
    (void)state;
    struct diagnostics *d = diagnostics_new();
    struct error error = {0};
    char cause[3000];
    memset(cause, 'x', sizeof(cause) - 1);
    cause[sizeof(cause) - 1] = '\0';
    diagnostics_add(d, (struct place){"a.yaml", 2, 1}, "", "%s", cause);
    diagnostics_add(d, (struct place){"a.yaml", 3, 1}, "", "second");
    assert_false(diagnostics_to_error(d, &error));
    assert_non_null(strstr(error.text, "x (and 1 more)"));
    diagnostics_free(d);
}

static void finds_the_nearest_word_or_none(void **state)
{
    (void)state;
    static const char *const known[] = {"brokers", "group", "prefix", "session_timeout", "id"};
    static const struct {
        const char *word, *nearest;
    } rows[] = {{"broker", "brokers"},
                {"grp", NULL},
                {"gruop", "group"},
                {"sesion_timeuot", "session_timeout"},
                {"prefix", "prefix"},
                {"perfix", "prefix"},
                {"di", NULL},
                {"", NULL},
                {"completely_other", NULL},
                {"brkrs", NULL},
                {"groupgroup", NULL}};
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        const char *nearest = diagnostics_nearest(rows[i].word, known, ARRAY_LENGTH(known));
        if (rows[i].nearest == NULL)
            assert_null(nearest);
        else
            assert_string_equal(nearest, rows[i].nearest);
    }
    char endless[500];
    memset(endless, 'a', sizeof(endless) - 1);
    endless[sizeof(endless) - 1] = '\0';
    const char *const candidates[] = {endless};
    assert_null(diagnostics_nearest(endless, candidates, 1));
    assert_null(diagnostics_nearest("aaa", candidates, 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shows_each_finding_on_a_line_in_order),
        cmocka_unit_test(outlives_the_name_of_the_file),
        cmocka_unit_test(makes_an_error_of_the_first_one_and_counts_the_rest),
        cmocka_unit_test(keeps_the_count_readable_when_the_cause_is_cut),
        cmocka_unit_test(finds_the_nearest_word_or_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
