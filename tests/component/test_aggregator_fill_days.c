/* SPDX-License-Identifier: Apache-2.0 */
/* What is listed by days, in rows that an older program wrote. */
#include <uv.h>

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

/* What a kind meant that is in no file now is known to its rows alone. */
static void rows_of_a_kind_that_was_taken_out_stay_as_they_are(void **state)
{
    struct error error = {0};
    (void)state;
    run("INSERT INTO core.case_now (case_id, kind, part, log_offset, state, reopened_at, "
        "upheld_at, live) VALUES ('gone:test:1', 'gone', 0, 1, 'closed', '{1}', '{2}', true); "
        "INSERT INTO core.case_set (case_id, kind, lines) VALUES ('gone:test:1', 'gone', 'x')");
    struct fill *fill = open_fill(&here.after, true);
    run("UPDATE core.case_set SET lines = 'y' WHERE case_id = 'gone:test:1'");
    while (fill_step(fill, &error) == FILL_MORE)
        ;
    if (!fill_swap(fill, "views apply", "nobody", "gone", &error))
        fail_msg("%s", error.text);
    fill_free(fill);
    assert_int_equal(number("SELECT count(*) FROM core.case_now WHERE kind = 'gone' AND "
                            "reopened_at = '{1}' AND upheld_at = '{2}'"),
                     1);
    run("DELETE FROM core.case_now WHERE kind = 'gone'; DELETE FROM core.case_set WHERE kind = "
        "'gone'");
}

/* Commits as soon as the fill waits for it. */
static void commit_when_awaited(void *argument)
{
    PGconn *connection = argument;
    for (int i = 0; i < 200; i++) {
        PGresult *result = PQexec(connection, "SELECT pg_sleep(0.05) FROM pg_locks WHERE NOT "
                                              "granted AND relation = 'core.case_set'::regclass");
        bool awaited = PQntuples(result) > 0;
        PQclear(result);
        if (awaited)
            break;
        PQclear(PQexec(connection, "SELECT pg_sleep(0.05)"));
    }
    PQclear(PQexec(connection, "COMMIT"));
}

/* An older program, whose moments are others, writes a row and its set while a fill begins. */
static void what_is_committed_while_a_fill_begins_is_put_right_too(void **state)
{
    struct error error = {0};
    uv_thread_t thread;
    (void)state;
    struct feed feed = open_feed(&here.after, 1);
    feed.from = 31001, feed.to = 31002;
    assert_int_equal(commit(&feed, &here.after), WRITER_DONE);
    writer_free(feed.writer);
    PGconn *writer = PQconnectdb(here.postgres.conninfo);
    PQclear(PQexec(writer, "BEGIN; UPDATE core.case_set SET lines = lines WHERE case_id = "
                           "'request:test:31001'; UPDATE core.case_now SET reopened_at = '{5}' "
                           "WHERE case_id = 'request:test:31001'"));
    assert_int_equal(uv_thread_create(&thread, commit_when_awaited, writer), 0);
    struct fill *fill = open_fill(&here.after, true);
    uv_thread_join(&thread);
    PQfinish(writer);
    while (fill_step(fill, &error) == FILL_MORE)
        ;
    if (!fill_swap(fill, "views apply", "nobody", "began", &error))
        fail_msg("%s", error.text);
    fill_free(fill);
    assert_int_equal(number("SELECT count(*) FROM core.case_now WHERE reopened_at = '{5}'"), 0);
}

/* One that a program began which kept no moments: the tables of this one take it away. */
static void what_an_older_program_began_is_begun_anew(void **state)
{
    struct error error = {0};
    (void)state;
    struct fill *fill = open_fill(&here.after, true);
    step(fill, FILL_MORE);
    fill_free(fill);
    run("DROP TABLE fill.moment; DELETE FROM core.migration WHERE number >= 28; DROP INDEX "
        "core.case_now_limit; CREATE INDEX case_now_due_soon ON core.case_now (due_ms); ALTER "
        "TABLE core.kafka_offset DROP COLUMN base; ALTER TABLE core.view DROP COLUMN shape; ALTER "
        "TABLE core.period DROP COLUMN shapes; DROP FUNCTION core.shape_of, core.names_of_one");
    fill = open_fill(&here.after, true);
    assert_false(fill_look(fill)->unfinished);
    step(fill, FILL_MORE);
    step(fill, FILL_DONE);
    if (!fill_swap(fill, "views apply", "nobody", "anew", &error))
        fail_msg("%s", error.text);
    fill_free(fill);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_of_before_are_listed_by_their_days_after_the_swap),
        cmocka_unit_test(rows_of_a_kind_that_was_taken_out_stay_as_they_are),
        cmocka_unit_test(what_is_committed_while_a_fill_begins_is_put_right_too),
        cmocka_unit_test(what_an_older_program_began_is_begun_anew),
    };
    log_open("test", LOG_LEVEL_ERROR);
    return cmocka_run_group_tests(tests, open_all, close_all);
}
