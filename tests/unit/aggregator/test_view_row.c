/* SPDX-License-Identifier: Apache-2.0 */
/* Rows as the SQL views give them: what is rounded how, and what is null. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "aggregator/core/view_row.h"
#include "base/timestamp.h"

static struct codes *codes;
static struct kinds *kinds;
static struct views *views;

static const char text[] = "view: v\nof: { kind: request }\ngroup: [unit, type_code]\nmeasures:\n"
                           "  a: { count: opened }\n  b: { count: closure }\n"
                           "  r: { ratio: [b, a], empty: no_data }\n"
                           "  d: { duration: { from: opened, to: closure } }\n";

static int load(void **state)
{
    (void)state;
    struct diagnostics *diagnostics = diagnostics_new();
    codes = codes_load("config/codes.csv", diagnostics);
    kinds = codes ? kinds_load("config/kinds", codes, diagnostics) : NULL;
    views = kinds ? views_parse("v.yaml", span_of(text), kinds, diagnostics) : NULL;
    diagnostics_free(diagnostics);
    return views ? 0 : 1;
}

static int unload(void **state)
{
    (void)state;
    views_free(views);
    kinds_free(kinds);
    codes_free(codes);
    return 0;
}

static void assert_row(const char *by_text, const struct view_row *row, const char *wanted)
{
    struct view_by by;
    struct strbuf out, all;
    strbuf_init(&out, 256, 4096);
    strbuf_init(&all, 256, 4096);
    assert_true(view_by_read(&by, views_at(views, 0), span_of(by_text)));
    view_row_write(&out, views_at(views, 0), &by, row);
    /* and what the row is */
    strbuf_addf(&all,
                "%.*s,\"scope\":\"all\",\"method\":\"pooled\",\"formula\":\"always\","
                "\"n\":%lld}",
                (int)strlen(wanted) - 1, wanted, (long long)row->value[0]);
    assert_string_equal(out.at, all.at);
    strbuf_fini(&all);
    strbuf_fini(&out);
}

static void numbers_are_rounded_as_the_sql_views_round_them(void **state)
{
    (void)state;
    const struct histogram_bin bins[] = {{1, 2}, {100, 1}};
    /* a, b, d_n, d_ms */
    const int64_t value[] = {58251, 54570, 3, -5};
    struct view_row row = {.day = timestamp_days(2026, 3, 2),
                           .group = {SPAN("s110105001"), SPAN("R\"1")},
                           .value = value};
    row.spread[3].bins = bins;
    row.spread[3].count = 2;
    assert_row("", &row,
               "{\"a\":58251,\"b\":54570,\"r\":0.936808,\"d_n\":3,\"d_avg_seconds\":-0.002,"
               "\"d_p50_seconds\":0.001,\"d_p90_seconds\":0.050}");
    assert_row("day,type,unit", &row,
               "{\"day\":\"2026-03-02\",\"type_code\":\"R\\\"1\",\"unit\":\"s110105001\",\"a\":"
               "58251,\"b\":54570,\"r\":0.936808,\"d_n\":3,\"d_avg_seconds\":-0.002,"
               "\"d_p50_seconds\":0.001,\"d_p90_seconds\":0.050}");
    /* halves go away from zero: 1/2000000 is 0.0000005, -3 ms in two cases is -1.5 */
    const int64_t half[] = {2000000, 1, 2, -3};
    row.value = half;
    assert_row("", &row,
               "{\"a\":2000000,\"b\":1,\"r\":0.000001,\"d_n\":2,\"d_avg_seconds\":-0.002,"
               "\"d_p50_seconds\":0.001,\"d_p90_seconds\":0.050}");
}

static void what_has_no_data_is_null(void **state)
{
    (void)state;
    const int64_t value[] = {0, 0, 0, 0};
    const struct view_row row = {.value = value};
    assert_row("", &row,
               "{\"a\":0,\"b\":0,\"r\":null,\"d_n\":0,\"d_avg_seconds\":null,"
               "\"d_p50_seconds\":null,\"d_p90_seconds\":null}");
}

static void columns_are_the_views_own_and_once(void **state)
{
    static const char *const wrong[] = {"colour", "type,type_code", "_code",    "unit,unit", "day,",
                                        ",day",   "street_code",    "unit day", "hour"};
    struct view_by by;
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_false(view_by_read(&by, views_at(views, 0), span_of(wrong[i])));
    assert_true(view_by_read(&by, views_at(views, 0), SPAN_NONE));
    assert_int_equal(by.count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_rounded_as_the_sql_views_round_them),
        cmocka_unit_test(what_has_no_data_is_null),
        cmocka_unit_test(columns_are_the_views_own_and_once),
    };
    return cmocka_run_group_tests(tests, load, unload);
}
