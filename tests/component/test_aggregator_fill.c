/* SPDX-License-Identifier: Apache-2.0 */
/* Views whose files change, on a PostgreSQL of their own: who starts with the new files is told
 * what to run; what is filled aside while another writes is what all sets say; and who wrote under
 * the old files writes no more. */
#include "fills.h"

/* What the views say, in one value. */
static void look(char digest[64])
{
    ask("SELECT md5(string_agg(t, E'\\n' ORDER BY t)) FROM (SELECT 's' || s::text FROM api.same AS "
        "s "
        "UNION ALL SELECT 'c' || c::text FROM api.changes AS c UNION ALL SELECT 'n' || n::text "
        "FROM "
        "api.comes AS n UNION ALL SELECT 'b' || b::text FROM api.comes_bins AS b) AS u(t)",
        digest, 64);
}

static void a_change_is_refused_and_the_command_is_named(void **state)
{
    struct error error = {0};
    (void)state;
    struct feed feed = open_feed(&here.before, 1);
    feed.to = 10;
    assert_int_equal(commit(&feed, &here.before), WRITER_DONE);
    struct writer *other = open_writer(&here.after, 1);
    assert_false(writer_apply_schema(other, &error));
    assert_int_equal(error.kind, ERROR_CONFIG);
    assert_non_null(strstr(error.text, "changes changed, comes new, goes gone"));
    assert_non_null(strstr(error.text, "citybrain views apply --execute"));
    assert_non_null(strstr(error.text, "docs/runbooks/views-changed.md"));
    assert_int_equal(number("SELECT sum(opened) FROM api.goes"), 10); /* nothing was touched */
    writer_free(other);
    writer_free(feed.writer);
}

/* What a writer commits beside the fill: so many cases are opened, or ended. */
static struct feed more(struct feed feed, int from, int to, bool ended)
{
    struct feed next = {feed.writer, feed.position, from, to, ended};
    assert_int_equal(commit(&next, &here.before), WRITER_DONE);
    return next;
}

/* Cases end, open and open again beside each step, in front of and behind what was read. */
static void what_is_filled_beside_a_writer_is_what_the_sets_say(void **state)
{
    struct error error = {0};
    char filled[64], again[64];
    (void)state;
    struct feed feed = open_feed(&here.before, 1);
    feed.to = CASES;
    assert_int_equal(commit(&feed, &here.before), WRITER_DONE);
    struct fill *fill = open_fill(&here.after, false);
    assert_int_equal(fill_look(fill)->plan.differs, 3);
    step(fill, FILL_MORE);
    feed = more(feed, 100, 4500, true);
    fill_free(fill); /* as if it was killed */
    fill = open_fill(&here.after, false);
    assert_true(fill_look(fill)->unfinished);
    assert_int_equal(fill_look(fill)->cases, 2000);
    step(fill, FILL_MORE);
    feed = more(feed, CASES, CASES + 500, false);
    step(fill, FILL_MORE); /* the last sets, new ones among them */
    feed = more(feed, CASES - 100, CASES + 600, true);
    step(fill, FILL_MORE);
    assert_true(fill_look(fill)->noted > 0);
    feed = more(feed, CASES + 600, CASES + 700, false);
    if (!fill_swap(fill, "views apply", "nobody", "a test", &error))
        fail_msg("%s", error.text);
    fill_free(fill);

    /* Who wrote is fenced, and cannot take over again. */
    feed = (struct feed){feed.writer, feed.position, 0, 50, true};
    assert_int_equal(commit(&feed, &here.before), WRITER_FENCED);
    assert_false(writer_take_over(feed.writer, &feed.position, 1, &error));
    assert_int_equal(error.kind, ERROR_FATAL);
    writer_free(feed.writer);

    assert_int_equal(number("SELECT sum(opened) FROM api.changes"), CASES + 600);
    assert_int_equal(number("SELECT count(*) FROM pg_namespace WHERE nspname = 'fill'"), 0);
    assert_int_equal(number("SELECT count(*) FROM pg_class WHERE relname LIKE '%goes%'"), 0);
    assert_int_equal(number("SELECT count(*) FROM core.audit WHERE reason = 'a test'"), 1);
    look(filled);
    fill = open_fill(&here.after, true); /* nobody writes: from the sets as they are */
    for (enum fill_result result = FILL_MORE; result != FILL_DONE;)
        assert_int_not_equal(result = fill_step(fill, &error), FILL_FAILED);
    assert_true(fill_swap(fill, "views apply", "nobody", "again", &error));
    fill_free(fill);
    look(again);
    assert_string_equal(filled, again);
}

static void who_starts_with_the_new_files_goes_on(void **state)
{
    (void)state;
    struct feed feed = open_feed(&here.after, 2);
    int64_t before = number("SELECT sum(opened) FROM api.changes");
    feed = (struct feed){feed.writer, feed.position, 20000, 20010, false};
    assert_int_equal(commit(&feed, &here.after), WRITER_DONE);
    assert_int_equal(number("SELECT sum(opened) FROM api.changes"), before + 10);
    writer_free(feed.writer);
}

static int64_t count_differing(struct fill *fill)
{
    struct error error = {0};
    struct fill_compare compare;
    if (!fill_differs(fill, &compare, &error))
        fail_msg("%s", error.text);
    return fill_compare_differing(&compare);
}

/* A rebuild: every view by the files in force, and what differs was wrong. */
static void what_was_spoiled_is_found_beside_a_writer_and_is_right_after_the_swap(void **state)
{
    struct error error = {0};
    (void)state;
    struct feed feed = open_feed(&here.after, 1);
    struct fill *fill = open_fill(&here.after, true);
    while (fill_step(fill, &error) == FILL_MORE)
        ;
    feed = (struct feed){feed.writer, feed.position, 300, 340, true};
    assert_int_equal(commit(&feed, &here.after), WRITER_DONE);
    assert_int_equal(count_differing(fill), 0);
    run("UPDATE core.cell_changes SET opened_n = opened_n + 1 WHERE day = (SELECT min(day) FROM "
        "core.cell_changes WHERE opened_n > 0)");
    int64_t spoiled =
        number("SELECT count(DISTINCT day) FROM core.cell_changes WHERE day = (SELECT "
               "min(day) FROM core.cell_changes WHERE opened_n > 0)");
    feed = (struct feed){feed.writer, feed.position, 340, 380, true};
    assert_int_equal(commit(&feed, &here.after), WRITER_DONE);
    assert_true(count_differing(fill) >= spoiled);
    if (!fill_swap(fill, "rebuild", "nobody", "spoiled", &error))
        fail_msg("%s", error.text);
    fill_free(fill);
    writer_free(feed.writer);
    assert_int_equal(number("SELECT count(*) FROM core.audit WHERE verb = 'rebuild'"), 1);

    fill = open_fill(&here.after, true);
    while (fill_step(fill, &error) == FILL_MORE)
        ;
    assert_int_equal(count_differing(fill), 0);
    assert_true(fill_drop(fill, &error));
    fill_free(fill);
}

static void only_one_fills_and_what_was_begun_can_be_thrown_away(void **state)
{
    struct error error = {0};
    (void)state;
    struct fill *fill = open_fill(&here.before, false);
    const struct schema_rules schema = {"services/aggregator/sql", &here.before, NULL};
    struct fill *second = fill_new(here.postgres.conninfo, &schema, false);
    assert_false(fill_open(second, false, &error));
    assert_int_equal(error.kind, ERROR_REFUSED);
    fill_free(second);
    assert_true(fill_drop(fill, &error));
    assert_int_equal(number("SELECT count(*) FROM pg_namespace WHERE nspname = 'fill'"), 0);
    assert_int_equal(number("SELECT count(*) FROM pg_trigger WHERE tgname LIKE 'fill%'"), 0);
    fill_free(fill);
}

static int64_t number_of(PGconn *connection, const char *sql)
{
    PGresult *result = PQexec(connection, sql);
    if (PQresultStatus(result) != PGRES_TUPLES_OK)
        fail_msg("%s: %s", sql, PQresultErrorMessage(result));
    int64_t value = strtoll(PQgetvalue(result, 0, 0), NULL, 10);
    PQclear(result);
    return value;
}

#define END_FILLER                                                                                 \
    "SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity WHERE application_name "  \
    "= 'citybrain-fill'"

/* The server may be slow to notice that the connection before is gone. */
static void reopen(struct fill *fill)
{
    struct error error = {0};
    for (int i = 0; i < 100 && !fill_open(fill, true, &error); i++) {
        if (error.kind != ERROR_RETRY || i == 99)
            fail_msg("%s", error.text);
        number("SELECT count(pg_sleep(0.1))");
    }
}

/* Its server may be slow to notice that it is gone, or be another that was promoted and knows
 * nothing of the fill; what was read so far does not count there. */
static void a_lost_connection_is_gone_on_from(void **state)
{
    struct error error = {0};
    (void)state;
    struct fill *fill = open_fill(&here.after, true);
    step(fill, FILL_MORE);
    assert_int_equal(number(END_FILLER), 1);
    assert_int_equal(fill_step(fill, &error), FILL_FAILED);
    assert_int_equal(error.kind, ERROR_RETRY);
    PGconn *old = PQconnectdb(here.postgres.conninfo); /* as if its old process was there still */
    number_of(old, "SELECT count(pg_advisory_lock(20120346))");
    assert_false(fill_open(fill, true, &error));
    assert_int_equal(error.kind, ERROR_RETRY);
    PQfinish(old);
    number("SELECT count(pg_sleep(0.2))");
    reopen(fill);
    assert_int_equal(fill_look(fill)->cases, 2000);
    step(fill, FILL_MORE);

    assert_int_equal(number(END_FILLER), 1);
    assert_int_equal(fill_step(fill, &error), FILL_FAILED);
    run("SET ROLE owner; DROP SCHEMA fill CASCADE; RESET ROLE");
    reopen(fill);
    assert_int_equal(fill_look(fill)->cases, 0);
    assert_true(fill_begin(fill, &error));
    while (fill_step(fill, &error) == FILL_MORE)
        ;
    assert_int_equal(count_differing(fill), 0);
    assert_true(fill_drop(fill, &error));
    fill_free(fill);
}

/* Whether the swap happened only the server knows: it is asked. */
static void a_swap_without_an_answer_is_asked_for(void **state)
{
    struct error error = {0};
    (void)state;
    struct fill *fill = open_fill(&here.after, true);
    while (fill_step(fill, &error) == FILL_MORE)
        ;
    assert_true(failpoint_load("fill.after_swap:error"));
    assert_false(fill_swap(fill, "rebuild", "nobody", "no answer", &error));
    assert_int_equal(error.kind, ERROR_RETRY);
    assert_true(failpoint_load(""));
    reopen(fill);
    assert_true(fill_look(fill)->swapped);
    assert_true(fill_begin(fill, &error) && fill_swap(fill, "rebuild", "nobody", "again", &error));
    assert_int_equal(number("SELECT count(*) FROM pg_namespace WHERE nspname = 'fill'"), 0);
    assert_int_equal(number("SELECT count(*) FROM core.audit WHERE reason = 'no answer'"), 1);
    fill_free(fill);
}

/* As `period freeze` does: its snapshot would find the new tables empty. */
static void who_freezes_keeps_a_swap_waiting(void **state)
{
    struct error error = {0};
    (void)state;
    struct fill *fill = open_fill(&here.after, true);
    while (fill_step(fill, &error) == FILL_MORE)
        ;
    number("SELECT count(pg_advisory_lock_shared(20120348))");
    assert_false(fill_swap(fill, "rebuild", "nobody", "too early", &error));
    assert_int_equal(error.kind, ERROR_RETRY);
    number("SELECT count(pg_advisory_unlock_shared(20120348))");
    reopen(fill);
    assert_false(fill_look(fill)->swapped);
    while (fill_step(fill, &error) == FILL_MORE)
        ;
    if (!fill_swap(fill, "rebuild", "nobody", "in time", &error))
        fail_msg("%s", error.text);
    fill_free(fill);
}

static void a_set_that_cannot_be_read_stops_it_with_the_runbook(void **state)
{
    struct error error = {0};
    (void)state;
    run("UPDATE core.case_set SET lines = 'nonsense' WHERE case_id = 'request:test:00003'");
    struct fill *fill = open_fill(&here.before, false);
    assert_int_equal(fill_step(fill, &error), FILL_FAILED);
    assert_int_equal(error.kind, ERROR_CONFIG);
    assert_non_null(strstr(error.text, "request:test:00003"));
    assert_non_null(strstr(error.text, "docs/runbooks/set-unreadable.md"));
    fill_free(fill);
    struct feed feed = open_feed(&here.after, 1);
    struct batch *batch = batch_new(&here.after, 1 << 20);
    add(batch, 3, true);
    feed.position.next = feed.position.stored + 1;
    assert_int_equal(writer_commit(feed.writer, batch, &feed.position, 1, &error), WRITER_FAILED);
    assert_int_equal(error.kind, ERROR_CONFIG);
    assert_non_null(strstr(error.text, "docs/runbooks/set-unreadable.md"));
    batch_free(batch);
    writer_free(feed.writer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_change_is_refused_and_the_command_is_named),
        cmocka_unit_test(what_is_filled_beside_a_writer_is_what_the_sets_say),
        cmocka_unit_test(who_starts_with_the_new_files_goes_on),
        cmocka_unit_test(what_was_spoiled_is_found_beside_a_writer_and_is_right_after_the_swap),
        cmocka_unit_test(only_one_fills_and_what_was_begun_can_be_thrown_away),
        cmocka_unit_test(a_lost_connection_is_gone_on_from),
        cmocka_unit_test(a_swap_without_an_answer_is_asked_for),
        cmocka_unit_test(who_freezes_keeps_a_swap_waiting),
        cmocka_unit_test(a_set_that_cannot_be_read_stops_it_with_the_runbook),
    };
    log_open("test", LOG_LEVEL_ERROR);
    return cmocka_run_group_tests(tests, open_all, close_all);
}
