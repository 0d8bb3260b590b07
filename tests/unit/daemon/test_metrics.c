/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/metrics.h"

static const struct metric_row plain = {"t_events_total", METRIC_COUNTER, NULL, "Events read."};
static const struct metric_row labelled = {"t_lag", METRIC_GAUGE, "unit", "Records behind."};
static const struct metric_row timed = {"t_wait_seconds", METRIC_HISTOGRAM, "door", "Waiting."};

static int set_up(void **state)
{
    *state = metrics_new();
    return 0;
}

static int tear_down(void **state)
{
    metrics_free(*state);
    return 0;
}

static void expect(const struct metrics *metrics, const char *wanted)
{
    struct strbuf out;
    strbuf_init(&out, 1024, 1 << 20);
    metrics_write(metrics, &out);
    assert_string_equal(out.at, wanted);
    strbuf_fini(&out);
}

static bool says(const struct metrics *metrics, const char *line)
{
    struct strbuf out;
    strbuf_init(&out, 1024, 1 << 20);
    metrics_write(metrics, &out);
    bool found = strstr(out.at, line) != NULL;
    strbuf_fini(&out);
    return found;
}

static void writes_a_row_without_label_from_the_first_moment(void **state)
{
    struct metric *metric = metrics_add(*state, &plain);
    expect(*state, "# HELP t_events_total Events read.\n# TYPE t_events_total counter\n"
                   "t_events_total 0\n");
    metric_add(metric, SPAN(""), 3);
    metric_add(metric, SPAN_NONE, 4);
    expect(*state, "# HELP t_events_total Events read.\n# TYPE t_events_total counter\n"
                   "t_events_total 7\n");
    assert_int_equal(metric_value(metric, SPAN("")), 7);
}

static void who_counts_often_keeps_the_place(void **state)
{
    struct metric *metric = metrics_add(*state, &labelled), *times = metrics_add(*state, &timed);
    struct metric_cell *b = metric_cell(metric, SPAN("b")), *slow = metric_cell(times, SPAN("d"));
    assert_true(says(*state, "t_lag{unit=\"b\"} 0\n"));
    for (int i = 0; i < 200; i++) { /* others come meanwhile */
        char label[8];
        snprintf(label, sizeof label, "u%d", i);
        metric_add(metric, span_of(label), 1);
        metric_cell_add(b, 2);
    }
    metric_add(metric, SPAN("b"), 1);
    assert_int_equal(metric_value(metric, SPAN("b")), 401);
    metric_cell_observe_ms(slow, 30);
    metric_observe_ms(times, SPAN("d"), 40000);
    assert_true(says(*state, "t_wait_seconds_bucket{door=\"d\",le=\"0.05\"} 1\n"));
    assert_true(says(*state, "t_wait_seconds_sum{door=\"d\"} 40.030000\n"));
}

static void writes_labels_in_order_and_escaped(void **state)
{
    struct metric *metric = metrics_add(*state, &labelled);
    metric_set(metric, SPAN("b"), 2);
    metric_set(metric, SPAN("a\"\\\n街"), -1);
    metric_set(metric, SPAN("b"), 5);
    expect(*state, "# HELP t_lag Records behind.\n# TYPE t_lag gauge\n"
                   "t_lag{unit=\"b\"} 5\nt_lag{unit=\"a\\\"\\\\\\n街\"} -1\n");
    assert_int_equal(metric_value(metric, SPAN("none")), 0);
}

static void writes_two_labels_of_one_row(void **state)
{
    static const struct metric_row row = {"t_bad_total", METRIC_COUNTER, "feed,reason", "Bad."};
    struct metric *metric = metrics_add(*state, &row);
    metric_add(metric, SPAN("hotline,date"), 2);
    metric_add(metric, SPAN("other"), 3);
    expect(*state, "# HELP t_bad_total Bad.\n# TYPE t_bad_total counter\n"
                   "t_bad_total{feed=\"hotline\",reason=\"date\"} 2\n"
                   "t_bad_total{feed=\"other\",reason=\"other\"} 3\n");
}

static void adds_up_a_histogram_in_seconds(void **state)
{
    struct metric *metric = metrics_add(*state, &timed);
    metric_observe_ms(metric, SPAN("x"), 1);
    metric_observe_ms(metric, SPAN("x"), 1.5);
    metric_observe_ms(metric, SPAN("x"), 60000);
    metric_observe_ms(metric, SPAN("x"), 61000);
    assert_true(says(*state, "# TYPE t_wait_seconds histogram\n"
                             "t_wait_seconds_bucket{door=\"x\",le=\"0.001\"} 1\n"
                             "t_wait_seconds_bucket{door=\"x\",le=\"0.0025\"} 2\n"));
    assert_true(says(*state, "t_wait_seconds_bucket{door=\"x\",le=\"30\"} 2\n"
                             "t_wait_seconds_bucket{door=\"x\",le=\"60\"} 3\n"
                             "t_wait_seconds_bucket{door=\"x\",le=\"+Inf\"} 4\n"
                             "t_wait_seconds_sum{door=\"x\"} 121.002500\n"
                             "t_wait_seconds_count{door=\"x\"} 4\n"));
    assert_int_equal(metric_value(metric, SPAN("x")), 4);
}

/* What takes as long as a bound says is in its bucket and not in the one before. */
static void a_bucket_ends_where_its_text_says(void **state)
{
    static const struct metric_row row = {"t_took_seconds", METRIC_HISTOGRAM, NULL, "Took."};
    static const char *const texts[] = {"0.001", "0.0025", "0.005", "0.01", "0.025",
                                        "0.05",  "0.1",    "0.25",  "0.5",  "1",
                                        "2.5",   "5",      "10",    "30",   "60"};
    struct metric *metric = metrics_add(*state, &row);
    for (size_t i = 0; i < ARRAY_LENGTH(texts); i++)
        metric_observe_ms(metric, SPAN(""), strtod(texts[i], NULL) * 1000);
    for (size_t i = 0; i < ARRAY_LENGTH(texts); i++) {
        char line[80];
        snprintf(line, sizeof line, "\nt_took_seconds_bucket{le=\"%s\"} %zu\n", texts[i], i + 1);
        if (!says(*state, line))
            fail_msg("no line %s", line);
    }
    assert_true(says(*state, "{le=\"+Inf\"} 15\nt_took_seconds_sum 109.443500\n"
                             "t_took_seconds_count 15\n"));
}

static void gathers_labels_beyond_the_most_as_other(void **state)
{
    struct metric *metric = metrics_add(*state, &labelled);
    for (int i = 0; i < 1500; i++) {
        char label[16];
        int len = snprintf(label, sizeof label, "u%d", i);
        metric_add(metric, span_from(label, (size_t)len), 1);
    }
    metric_add(metric, SPAN("u0"), 1);
    assert_int_equal(metric_value(metric, SPAN("u0")), 2);
    assert_int_equal(metric_value(metric, SPAN("u1023")), 1);
    assert_int_equal(metric_value(metric, SPAN("u1024")), 0);
    assert_int_equal(metric_value(metric, SPAN("other")), 1500 - 1024);
}

static void gives_the_same_metric_for_the_same_name(void **state)
{
    struct metric *first = metrics_add(*state, &plain);
    assert_ptr_equal(metrics_add(*state, &plain), first);
    assert_ptr_not_equal(metrics_add(*state, &labelled), first);
}

int main(void)
{
#define METRICS_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        METRICS_TEST(writes_a_row_without_label_from_the_first_moment),
        METRICS_TEST(who_counts_often_keeps_the_place),
        METRICS_TEST(writes_labels_in_order_and_escaped),
        METRICS_TEST(writes_two_labels_of_one_row),
        METRICS_TEST(adds_up_a_histogram_in_seconds),
        METRICS_TEST(a_bucket_ends_where_its_text_says),
        METRICS_TEST(gathers_labels_beyond_the_most_as_other),
        METRICS_TEST(gives_the_same_metric_for_the_same_name),
    };
    return cmocka_run_group_tests_name("metrics", tests, NULL, NULL);
}
