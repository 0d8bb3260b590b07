/* SPDX-License-Identifier: Apache-2.0 */
/* What is listed by days, in rows that an older program wrote. */
#include "fills.h"

/* Cases that are opened, closed an hour later and reopened after one more. */
static void commit_reopened(struct feed *feed, int from, int to)
{
    struct error error = {0};
    struct batch *batch = batch_new(&here.after, 8 << 20);
    for (int n = from; n < to; n++) {
        char case_id[48], id[32];
        snprintf(case_id, sizeof case_id, "request:test:%05d", n);
        snprintf(id, sizeof id, "%d-again", n);
        struct case_line line = {.id = span_of(id),
                                 .revision = SPAN("0.a.1.0000000000000001"),
                                 .stage = codes_number(here.codes, CODE_STAGE, SPAN("reopened")),
                                 .party = codes_number(here.codes, CODE_PARTY, SPAN("desk")),
                                 .time_ms = BASE_MS + 7200000,
                                 .recorded_ms = BASE_MS + n,
                                 .live = true};
        add(batch, n, false);
        add(batch, n, true);
        assert_true(batch_add(batch, span_of(case_id), &line));
    }
    feed->position.next = feed->position.stored + 10;
    assert_int_equal(writer_commit(feed->writer, batch, &feed->position, 1, &error), WRITER_DONE);
    feed->position.stored = feed->position.next;
    batch_free(batch);
}

/* docs/decisions/0387: a list by days says what the day's number says, as soon as that is full. */
static void rows_of_before_are_listed_by_their_days_after_the_swap(void **state)
{
    struct error error = {0};
    char sql[128];
    (void)state;
    struct feed feed = open_feed(&here.after, 1);
    commit_reopened(&feed, 30000, 30003);
    run("UPDATE core.case_now SET reopened_at = NULL");
    run("UPDATE core.case_now SET upheld_at = '{1}' WHERE case_id >= 'request:test:30000'");
    struct fill *fill = open_fill(&here.after, true);
    while (fill_step(fill, &error) == FILL_MORE)
        ;
    commit_reopened(&feed, 30003, 30005); /* one of an older program, that knows no such moments */
    run("UPDATE core.case_now SET reopened_at = NULL WHERE case_id = 'request:test:30004'");
    if (!fill_swap(fill, "views apply", "nobody", "days", &error))
        fail_msg("%s", error.text);
    fill_free(fill);
    writer_free(feed.writer);
    snprintf(sql, sizeof sql, "SELECT count(*) FROM core.case_now WHERE reopened_at = '{%lld}'",
             (long long)BASE_MS + 7200000);
    assert_int_equal(number(sql), 5);
    assert_int_equal(number("SELECT count(*) FROM core.case_now WHERE upheld_at IS NOT NULL"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_of_before_are_listed_by_their_days_after_the_swap),
    };
    log_open("test", LOG_LEVEL_ERROR);
    return cmocka_run_group_tests(tests, open_all, close_all);
}
