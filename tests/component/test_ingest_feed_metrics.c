/* SPDX-License-Identifier: Apache-2.0 */
/* Accepted, rejected by reason and last received, by feeds that are declared and no others. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "ingest/feed_metrics.h"

static struct normalise_result result(const char *feed, enum reject reject, int64_t received_ms)
{
    struct normalise_result made = {0};
    made.feed = span_of(feed);
    made.why.reject = reject;
    made.received_ms = received_ms;
    return made;
}

static void labels_are_feeds_and_reasons_that_are_declared(void **state)
{
    static struct feed_metrics feed_metrics;
    struct diagnostics *diagnostics = diagnostics_new();
    struct feeds *feeds = feeds_load("config/feeds", diagnostics);
    struct metrics *metrics = metrics_new();
    const struct normalise_result came[] = {
        result("hotline", REJECT_NONE, 5000),      result("hotline", REJECT_NONE, 9000),
        result("hotline", REJECT_NONE, 7000),      result("hotline", REJECT_DATE, 99000),
        result("heartbeat", REJECT_NONE, 3000),    result("made_up_4711", REJECT_FEED, 1000),
        result("made_up_4712", REJECT_FEED, 1000), result(NULL, REJECT_HEADER, 1000),
    };
    struct strbuf out;
    (void)state;
    assert_non_null(feeds);
    strbuf_init(&out, 4096, 1 << 20);
    feed_metrics_open(&feed_metrics, metrics, feeds);
    for (int round = 0; round < 2; round++) {
        for (size_t i = 0; i < sizeof came / sizeof *came; i++)
            feed_metrics_add(&feed_metrics, &came[i]);
        feed_metrics_show(&feed_metrics);
        feed_metrics_show(&feed_metrics); /* nothing new */
    }
    metrics_write(metrics, &out);
    static const char *const lines[] = {
        "\ncitybrain_ingest_feed_accepted_total{feed=\"hotline\"} 6\n",
        "\ncitybrain_ingest_feed_accepted_total{feed=\"heartbeat\"} 2\n",
        "\ncitybrain_ingest_feed_rejected_total{feed=\"hotline\",reason=\"bad_date\"} 2\n",
        "\ncitybrain_ingest_feed_last_received_timestamp_seconds{feed=\"hotline\"} 9\n",
        "\ncitybrain_ingest_feed_last_received_timestamp_seconds{feed=\"heartbeat\"} 3\n",
    };
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        if (!strstr(out.at, lines[i]))
            fail_msg("%s%s", lines[i], out.at);
    assert_null(strstr(out.at, "4711"));
    assert_non_null(strstr(out.at, "\ncitybrain_ingest_feed_dead_total{feed=\"hotline\"} 2\n"));
    assert_non_null(strstr(out.at, "\ncitybrain_ingest_feed_dead_total{feed=\"weather\"} 0\n"));
    assert_non_null(strstr(out.at, "{feed=\"unknown\",reason="));
    strbuf_fini(&out);
    metrics_free(metrics);
    feeds_free(feeds);
    diagnostics_free(diagnostics);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(labels_are_feeds_and_reasons_that_are_declared),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
