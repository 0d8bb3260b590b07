/* SPDX-License-Identifier: Apache-2.0 */
/* What is told of a view's rows is what they are. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "aggregator/core/view_row.h"
#include "aggregator/core/view_shape.h"

static struct codes *codes;
static struct kinds *kinds;
static struct diagnostics *diagnostics;

static int load(void **state)
{
    (void)state;
    diagnostics = diagnostics_new();
    codes = codes_load("config/codes.csv", diagnostics);
    kinds = codes ? kinds_load("config/kinds", codes, diagnostics) : NULL;
    return kinds ? 0 : 1;
}

static int unload(void **state)
{
    (void)state;
    kinds_free(kinds);
    codes_free(codes);
    diagnostics_free(diagnostics);
    return 0;
}

static void assert_shape(const char *text, const char *wanted)
{
    struct strbuf out;
    struct views *views = views_parse("v.yaml", span_of(text), kinds, diagnostics);
    strbuf_init(&out, 1024, 65536);
    assert_non_null(views);
    view_shape_write(&out, views_at(views, 0));
    assert_string_equal(out.at, wanted);
    strbuf_fini(&out);
    views_free(views);
}

static void a_view_says_what_its_rows_are_made_by_and_their_columns(void **state)
{
    (void)state;
    assert_shape(
        "view: v\nname: { zh: \"三\\\"率\", en: Rates }\nof: { kind: request }\ngroup: [unit, "
        "type_code]\n"
        "buckets: [day, month]\nmeasures:\n"
        "  a: { name: { zh: 受理, en: Opened }, count: opened }\n  b: { count: closure }\n"
        "  r: { name: 率, ratio: [b, a], empty: no_data }\n"
        "  d: { name: 时长, duration: { from: opened, to: closure }, stats: [n, sum_ms, p50] }\n"
        "  f: { over: a, versions: [{ valid_from: 2026-01-01, weights: { b: 1 } }] }\n"
        "  s: { scale: 100, versions: [{ valid_from: 2025-01-01, weights: { r: 1 } }, { "
        "valid_from: "
        "2026-01-01, weights: { f: 0.6, r: 0.4 } }] }\n",
        "{\"view\":\"v\",\"name\":\"三\\\"率\",\"name_en\":\"Rates\",\"kind\":\"request\",\"each\":"
        "\"case\",\"cohort\":"
        "\"opened\",\"groups\":[\"unit\",\"type_code\"],\"buckets\":[\"day\",\"month\"],"
        "\"scopes\":[\"all\",\"net\"],\"methods\":[\"pooled\",\"mean\"],\"columns\":["
        "{\"column\":\"a\",\"measure\":\"a\",\"name\":\"受理\",\"name_en\":\"Opened\",\"form\":"
        "\"count\"},"
        "{\"column\":\"b\",\"measure\":\"b\",\"name\":\"b\",\"form\":\"count\"},"
        "{\"column\":\"r\",\"measure\":\"r\",\"name\":\"率\",\"form\":\"rate\",\"of\":[\"b\","
        "\"a\"]},"
        "{\"column\":\"d_n\",\"measure\":\"d\",\"name\":\"时长\",\"form\":\"count\",\"stat\":\"n\"}"
        ","
        "{\"column\":\"d_avg_seconds\",\"measure\":\"d\",\"name\":\"时长\",\"form\":\"seconds\","
        "\"stat\":\"avg\"},"
        "{\"column\":\"d_p50_seconds\",\"measure\":\"d\",\"name\":\"时长\",\"form\":\"seconds\","
        "\"stat\":\"p50\"},"
        "{\"column\":\"f\",\"measure\":\"f\",\"name\":\"f\",\"form\":\"rate\",\"versions\":[{"
        "\"valid_from\":\"2026-01-01\",\"weights\":{\"b\":1.0000}}]},"
        "{\"column\":\"s\",\"measure\":\"s\",\"name\":\"s\",\"form\":\"score\",\"versions\":[{"
        "\"valid_from\":\"2025-01-01\",\"weights\":{\"r\":1.0000}},{\"valid_from\":\"2026-01-01\","
        "\"weights\":{\"f\":0.6000,\"r\":0.4000}}]}]}");
}

static void what_is_not_there_is_not_offered(void **state)
{
    (void)state;
    assert_shape(
        "view: v\nof: { kind: proactive }\ngroup: [trigger]\nstock:\n"
        "  open: { name: 在办, from: opened, to: closure }\n",
        "{\"view\":\"v\",\"name\":\"v\",\"kind\":\"proactive\",\"each\":\"case\",\"cohort\":"
        "null,\"groups\":[\"trigger\"],\"buckets\":[\"day\"],\"scopes\":[\"all\"],"
        "\"methods\":[\"pooled\"],\"columns\":[{\"column\":\"open\",\"measure\":\"open\",\"name\":"
        "\"在办\","
        "\"form\":\"level\"}]}");
    assert_shape("view: v\nof: { kind: request, each: whistle }\ngroup: [unit]\nmeasures:\n"
                 "  called: { name: 吹哨, count: named }\n",
                 "{\"view\":\"v\",\"name\":\"v\",\"kind\":\"request\",\"each\":\"whistle\","
                 "\"cohort\":\"named\",\"groups\":[\"unit\"],\"buckets\":[\"day\"],\"scopes\":["
                 "\"all\",\"net\"],\"methods\":[\"pooled\"],\"columns\":[{\"column\":\"called\","
                 "\"measure\":\"called\","
                 "\"name\":\"吹哨\",\"form\":\"count\"}]}");
}

/* A row's members, each once, in the order told. */
static void assert_row_has(const struct view *view)
{
    static const int64_t value[VIEW_MAX_COLUMNS];
    const struct view_row row = {.value = value};
    struct view_column columns[VIEW_MAX_ROW_COLUMNS];
    struct view_by by;
    struct strbuf out, member;
    strbuf_init(&out, 1024, 65536);
    strbuf_init(&member, 64, 256);
    assert_true(view_by_read(&by, view, SPAN_NONE));
    view_row_write(&out, view, &by, &row);
    const char *at = out.at + 1;
    for (size_t i = 0, count = view_shape_columns(view, columns); i < count; i++) {
        strbuf_reset(&member);
        strbuf_addf(&member, "\"%s\":", columns[i].name);
        assert_memory_equal(at, member.at, member.len);
        at = strchr(at, ',') + 1;
    }
    assert_memory_equal(at, "\"scope\":", 8);
    strbuf_fini(&member);
    strbuf_fini(&out);
}

static void rows_of_every_view_have_the_columns_that_are_told(void **state)
{
    (void)state;
    struct views *views = views_load("config/views", kinds, diagnostics);
    assert_non_null(views);
    assert_true(views_count(views) > 10);
    for (size_t i = 0; i < views_count(views); i++)
        assert_row_has(views_at(views, i));
    views_free(views);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_view_says_what_its_rows_are_made_by_and_their_columns),
        cmocka_unit_test(what_is_not_there_is_not_offered),
        cmocka_unit_test(rows_of_every_view_have_the_columns_that_are_told),
    };
    return cmocka_run_group_tests_name("view_shape", tests, load, unload);
}
