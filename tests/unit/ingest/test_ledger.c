/* SPDX-License-Identifier: Apache-2.0 */
/* Every record read is exactly one of normalised, dead and filtered, under its feed and hour; a
 * page is written once, with the id of its first record. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "ingest/core/ledger.h"
#include "model/ids.h"

#define HOUR 1772420400000 /* 2026-03-02T03:00:00Z */

struct written {
    char text[8][8192], key[8][64];
    size_t count;
};

static void take_output(void *carrier, const struct output *output)
{
    struct written *written = carrier;
    assert_int_equal(output->stream, NORMALISE_EVENTS);
    assert_int_equal(output->partition, OUTPUT_BY_KEY);
    assert_true(written->count < 8);
    span_to_cstr(output->value, written->text[written->count], sizeof written->text[0]);
    span_to_cstr(output->key, written->key[written->count++], sizeof written->key[0]);
}

static void add(struct ledger *ledger, int64_t offset, const char *feed, int64_t received_ms,
                enum reject reject, size_t events, struct written *written)
{
    struct outputs outputs = {take_output, written};
    struct record record = {.topic = SPAN("cb.raw"), .partition = 3, .offset = offset};
    struct normalise_result result = {
        .count = events, .why.reject = reject, .feed = span_of(feed), .received_ms = received_ms};
    ledger_add(ledger, &record, &result, &outputs);
}

static void write_page(struct ledger *ledger, struct written *written)
{
    struct outputs outputs = {take_output, written};
    ledger_write(ledger, &outputs);
}

static void a_page_has_each_feed_and_hour_once(void **state)
{
    (void)state;
    struct ledger ledger;
    struct written written = {0};
    char id[DIGEST_ID_LEN + 1], member[40];
    ledger_init(&ledger);
    add(&ledger, 70, "hotline", HOUR + 5, REJECT_NONE, 2, &written);
    add(&ledger, 71, "boston_311", HOUR + 6, REJECT_NONE, 1, &written);
    add(&ledger, 72, "hotline", HOUR + 3600000, REJECT_CODE, 0, &written);
    add(&ledger, 74, "hotline", HOUR + 3599999, REJECT_NONE, 0, &written);
    add(&ledger, 75, "hotline", HOUR, REJECT_NONE, 1, &written);
    assert_int_equal(written.count, 0);
    write_page(&ledger, &written);
    assert_int_equal(written.count, 1);
    assert_string_equal(written.key[0], "ledger:cb.raw:3");
    assert_non_null(strstr(written.text[0], "\"type\":\"cn.citybrain.observation.ledger.v1\""));
    assert_non_null(strstr(written.text[0], "\"subject\":\"ledger:cb.raw:3\""));
    assert_non_null(strstr(written.text[0], "\"time\":\"2026-03-02T04:00:00.000Z\""));
    assert_non_null(strstr(written.text[0],
                           "\"data\":{\"boston_311\":{\"2026-03-02T03:00:00.000Z\":[1,1,0,0,0,1]},"
                           "\"hotline\":{\"2026-03-02T03:00:00.000Z\":[3,2,0,0,1,3],"
                           "\"2026-03-02T04:00:00.000Z\":[1,0,1,0,0,0]}}}"));
    ids_ledger(id, SPAN("cb.raw"), 3, 70);
    snprintf(member, sizeof member, "\"id\":\"%s\"", id);
    assert_non_null(strstr(written.text[0], member));

    write_page(&ledger, &written); /* nothing was read since */
    assert_int_equal(written.count, 1);
    add(&ledger, 76, "hotline", HOUR, REJECT_NONE, 1, &written);
    write_page(&ledger, &written);
    assert_int_equal(written.count, 2);
    assert_null(strstr(written.text[1], member));
    assert_non_null(strstr(written.text[1],
                           "\"data\":{\"hotline\":{\"2026-03-02T03:00:00.000Z\":[1,1,0,0,0,1]}}}"));
    ledger_fini(&ledger);
}

static void what_no_header_names_is_counted_as_unknown(void **state)
{
    (void)state;
    struct ledger ledger;
    struct written written = {0};
    char too_long[LEDGER_FEED_MAX + 2];
    memset(too_long, 'a', sizeof too_long);
    too_long[sizeof too_long - 1] = 0;
    ledger_init(&ledger);
    add(&ledger, 1, NULL, HOUR, REJECT_FEED, 0, &written);
    add(&ledger, 2, "\",\"x", HOUR, REJECT_FEED, 0, &written);
    add(&ledger, 3, too_long, HOUR, REJECT_FEED, 0, &written);
    add(&ledger, 4, "", -1, REJECT_FEED, 0, &written);
    add(&ledger, 5, too_long + 1, INT64_MAX, REJECT_FEED, 0, &written);
    write_page(&ledger, &written);
    assert_non_null(strstr(written.text[0],
                           "a\":{\"1970-01-01T00:00:00.000Z\":[1,0,1,0,0,0]},"
                           "\"unknown\":{\"1970-01-01T00:00:00.000Z\":[1,0,1,0,0,0],"
                           "\"2026-03-02T03:00:00.000Z\":[3,0,3,0,0,0]}}}"));
    ledger_fini(&ledger);
}

/* Nothing is lost where one commit has more feeds and hours than a page has rows. */
static void a_full_page_is_written_and_another_begun(void **state)
{
    (void)state;
    struct ledger ledger;
    struct written written = {0};
    char first[DIGEST_ID_LEN + 1], second[DIGEST_ID_LEN + 1];
    ledger_init(&ledger);
    for (int i = 0; i <= LEDGER_ROWS; i++)
        add(&ledger, 100 + i, "hotline", HOUR + i * INT64_C(3600000), REJECT_NONE, 1, &written);
    add(&ledger, 200, "hotline", HOUR + LEDGER_ROWS * INT64_C(3600000), REJECT_NONE, 1, &written);
    write_page(&ledger, &written);
    assert_int_equal(written.count, 2);
    ids_ledger(first, SPAN("cb.raw"), 3, 100);
    ids_ledger(second, SPAN("cb.raw"), 3, 100 + LEDGER_ROWS);
    assert_non_null(strstr(written.text[0], first));
    assert_non_null(strstr(written.text[1], second));
    assert_non_null(strstr(written.text[1], ":[2,2,0,0,0,2]}}}"));
    size_t hours = 0;
    for (const char *at = written.text[0]; (at = strstr(at, ":[1,1,0,0,0,1]")); at++)
        hours++;
    assert_int_equal(hours, LEDGER_ROWS);
    ledger_fini(&ledger);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_page_has_each_feed_and_hour_once),
        cmocka_unit_test(what_no_header_names_is_counted_as_unknown),
        cmocka_unit_test(a_full_page_is_written_and_another_begun),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
