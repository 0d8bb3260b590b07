/* SPDX-License-Identifier: Apache-2.0 */
/* Views whose files change, on a PostgreSQL of their own: who starts with the new files is told
 * what to run; what is filled aside while another writes is what all sets say; and who wrote under
 * the old files writes no more. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aggregator/store/fill.h"
#include "aggregator/store/writer.h"
#include "base/base.h"
#include "daemon/failpoint.h"
#include "daemon/log.h"

#include "../support/postgres_private.h"

#define BASE_MS 1767225600000LL /* 2026-01-01T00:00Z */
#define CASES   5000

static struct {
    struct postgres_private postgres;
    struct codes *codes;
    struct kinds *kinds;
    struct batch_rules before, after;
    struct postgres_connection *reader;
    char folder[32]; /* of the new view files */
} here;

static bool write_file(const char *name, const char *text)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s.yaml", here.folder, name);
    FILE *file = fopen(path, "w");
    return file && fputs(text, file) >= 0 && fclose(file) == 0;
}

/* Of three views one stays, one changes, one goes, and one is new. */
static bool load_rules(void)
{
    static const char same[] = "view: same\nof: { kind: request }\ngroup: [unit]\nmeasures:\n  "
                               "opened: { count: opened }\n",
                      changes[] =
                          "view: changes\nof: { kind: request }\ngroup: [unit]\nmeasures:\n  "
                          "opened: { count: opened }\n",
                      changed[] =
                          "view: changes\nof: { kind: request }\ngroup: [unit, type_code]\n"
                          "measures:\n  opened: { count: opened }\n  closed: { count: closed "
                          "}\n",
                      goes[] =
                          "view: goes\nof: { kind: request }\ngroup: [unit]\nmeasures:\n  opened: "
                          "{ count: opened }\n",
                      comes[] =
                          "view: comes\nof: { kind: request }\ngroup: [unit]\nmeasures:\n  full: "
                          "{ duration: { from: opened, to: closed } }\n";
    char path[128];
    struct diagnostics *diagnostics = diagnostics_new();
    here.codes = codes_load("config/codes.csv", diagnostics);
    here.kinds = kinds_load("config/kinds", here.codes, diagnostics);
    strcpy(here.folder, "/tmp/cb-views.XXXXXX");
    if (!mkdtemp(here.folder) || !write_file("same", same) || !write_file("changes", changes) ||
        !write_file("goes", goes))
        return false;
    here.before = (struct batch_rules){here.codes, here.kinds,
                                       views_load(here.folder, here.kinds, diagnostics), 480, NULL};
    snprintf(path, sizeof path, "%s/goes.yaml", here.folder);
    if (remove(path) != 0 || !write_file("changes", changed) || !write_file("comes", comes))
        return false;
    here.after = (struct batch_rules){here.codes, here.kinds,
                                      views_load(here.folder, here.kinds, diagnostics), 480, NULL};
    diagnostics_free(diagnostics);
    return here.before.views && here.after.views;
}

static struct writer *open_writer(const struct batch_rules *rules, int shard)
{
    return writer_new(&(struct writer_options){.conninfo = here.postgres.conninfo,
                                               .topic = "cb.events",
                                               .owner = "test",
                                               .shard = shard,
                                               .schema = {"services/aggregator/sql", rules, NULL}});
}

static int open_all(void **state)
{
    struct error error = {0};
    (void)state;
    if (!load_rules() || !postgres_private_start(&here.postgres))
        return 1;
    here.reader = postgres_connection_new(here.postgres.conninfo, "test", NULL);
    return postgres_connection_open(here.reader, &error) ? 0 : 1;
}

static int close_all(void **state)
{
    char command[64];
    (void)state;
    snprintf(command, sizeof command, "rm -rf %s", here.folder);
    postgres_connection_free(here.reader);
    views_free((struct views *)(uintptr_t)here.before.views);
    views_free((struct views *)(uintptr_t)here.after.views);
    kinds_free(here.kinds);
    codes_free(here.codes);
    return postgres_private_stop(&here.postgres) && system(command) == 0 ? 0 : 1; /* NOLINT */
}

static void ask(const char *sql, char *answer, size_t size)
{
    PGresult *result = PQexec(postgres_connection_handle(here.reader), sql);
    if (PQresultStatus(result) != PGRES_TUPLES_OK)
        fail_msg("%s: %s", sql, PQresultErrorMessage(result));
    snprintf(answer, size, "%s", PQntuples(result) ? PQgetvalue(result, 0, 0) : "");
    PQclear(result);
}

static int64_t number(const char *sql)
{
    char answer[64];
    ask(sql, answer, sizeof answer);
    return strtoll(answer, NULL, 10);
}

static void run(const char *sql)
{
    struct error error = {0};
    if (!postgres_connection_run(here.reader, sql, &error))
        fail_msg("%s", error.text);
}

/* An event of case n: its opening, or its end an hour and some seconds later. */
static void add(struct batch *batch, int n, bool ends)
{
    char case_id[48], id[32], type[8];
    snprintf(case_id, sizeof case_id, "request:test:%05d", n);
    snprintf(id, sizeof id, "%d-%d", n, ends);
    snprintf(type, sizeof type, "R%02d", n % 7);
    struct case_line line = {
        .id = span_of(id),
        .revision = SPAN("0.a.1.0000000000000001"),
        .stage = codes_number(here.codes, CODE_STAGE, ends ? SPAN("closed") : SPAN("opened")),
        .party = codes_number(here.codes, CODE_PARTY, SPAN("source")),
        .time_ms = BASE_MS + n + (ends ? 3600000 + 1000 * (n % 50) : 0),
        .recorded_ms = BASE_MS + n,
        .live = true};
    line.attribute[CASE_LEAD] = n % 3 ? SPAN("s110105001") : SPAN("d_urban");
    line.attribute[CASE_TYPE] = span_of(type);
    assert_true(batch_add(batch, span_of(case_id), &line));
}

struct feed {
    struct writer *writer;
    struct writer_position position;
    int from, to; /* cases of the next batch */
    bool ends;
};

static enum writer_result commit(struct feed *feed, const struct batch_rules *rules)
{
    struct error error = {0};
    struct batch *batch = batch_new(rules, 8 << 20);
    for (int n = feed->from; n < feed->to; n++)
        add(batch, n, feed->ends);
    feed->position.next = feed->position.stored + 10;
    enum writer_result result = writer_commit(feed->writer, batch, &feed->position, 1, &error);
    if (result == WRITER_DONE)
        feed->position.stored = feed->position.next;
    batch_free(batch);
    return result;
}

static struct feed open_feed(const struct batch_rules *rules, int shard)
{
    struct error error = {0};
    struct feed feed = {.writer = open_writer(rules, shard), .position = {.stored = -1}};
    if (!writer_apply_schema(feed.writer, &error) ||
        !writer_take_over(feed.writer, &feed.position, 1, &error))
        fail_msg("%s", error.text);
    return feed;
}

static void step(struct fill *fill, enum fill_result expected)
{
    struct error error = {0};
    enum fill_result result = fill_step(fill, &error);
    if (result != expected)
        fail_msg("step %d, not %d: %s", result, expected, error.text);
}

static struct fill *open_fill(const struct batch_rules *rules, bool all)
{
    static struct schema_rules schema; /* as long as the fill, of which there is one */
    struct error error = {0};
    schema = (struct schema_rules){"services/aggregator/sql", rules, NULL};
    struct fill *fill = fill_new(here.postgres.conninfo, &schema, all);
    if (!fill_open(fill, true, &error) || !fill_begin(fill, &error))
        fail_msg("%s", error.text);
    return fill;
}

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
