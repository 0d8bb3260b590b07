/* SPDX-License-Identifier: Apache-2.0 */
/* What a writer makes of durations (docs/decisions/0210) and of many cases at once (0280), and that
 * one of an older program makes nothing any more, on a PostgreSQL of its own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "base/base.h"
#include "daemon/log.h"

#include "aggregator_store.h"

#define BASE_MS 1767225600000LL /* 2026-01-01T00:00Z */

static struct aggregator_store here;

static int open_all(void **state)
{
    (void)state;
    return aggregator_store_open(&here) ? 0 : 1;
}

static int close_all(void **state)
{
    (void)state;
    return aggregator_store_close(&here) ? 0 : 1;
}

static int64_t number(const char *sql)
{
    return aggregator_store_number(&here, sql);
}

/* Told in the hour `hour`, by the n-th word about it. */
static void dispatch(struct batch *batch, int n, int word, int hour)
{
    const struct codes *codes = here.rules.codes;
    char case_id[48], id[24], revision[40];
    snprintf(case_id, sizeof case_id, "request:test:bins-%d", n);
    snprintf(id, sizeof id, "bins-%d", n);
    snprintf(revision, sizeof revision, "0.%d.1.0000000000000001", word);
    struct case_line opened = {.id = SPAN("bins-opened"),
                               .revision = SPAN("0.a.1.0000000000000001"),
                               .stage = codes_number(codes, CODE_STAGE, SPAN("opened")),
                               .party = codes_number(codes, CODE_PARTY, SPAN("source")),
                               .time_ms = BASE_MS,
                               .recorded_ms = BASE_MS,
                               .live = true};
    struct case_line dispatched = {.id = span_of(id),
                                   .revision = span_of(revision),
                                   .stage = codes_number(codes, CODE_STAGE, SPAN("dispatched")),
                                   .party = codes_number(codes, CODE_PARTY, SPAN("router")),
                                   .time_ms = BASE_MS + hour * 3600000LL,
                                   .recorded_ms = BASE_MS,
                                   .live = true};
    dispatched.attribute[CASE_LEAD] = SPAN("d_urban");
    assert_true(batch_add(batch, span_of(case_id), &opened));
    assert_true(batch_add(batch, span_of(case_id), &dispatched));
}

static void commit(struct writer *writer, struct writer_position *position, struct batch *batch)
{
    struct error error = {0};
    position->next = position->stored + 1;
    assert_int_equal(writer_commit(writer, batch, position, 1, &error), WRITER_DONE);
    position->stored = position->next;
    batch_free(batch);
}

/* One after the other into one cell, and then moved: the bins are added up once in a while, and are
 * what the durations are. */
static void durations_lie_in_their_cell(void **state)
{
    enum { CASES = 90, HOURS = 5 };
    (void)state;
    struct writer_position position;
    struct writer *writer = aggregator_store_owner(&here, &position);
    assert_non_null(writer);
    for (int n = 0; n < CASES; n++) {
        struct batch *batch = batch_new(&here.rules, 1 << 20);
        dispatch(batch, n, 1, n % HOURS);
        commit(writer, &position, batch);
    }
    assert_int_equal(number("SELECT count(*) FROM core.cell_response_time WHERE dispatch_n > 0"),
                     1);
    assert_in_range(
        number("SELECT cardinality(bins) FROM core.cell_response_time WHERE dispatch_n > 0"), HOURS,
        63);
    assert_int_equal(number("SELECT count(*) FROM (SELECT FROM core.hist_response_time GROUP BY "
                            "bin HAVING sum(n) = 18) AS b"),
                     HOURS);
    struct batch *batch = batch_new(&here.rules, 1 << 20);
    for (int n = 0; n < CASES; n++)
        dispatch(batch, n, 2, 1);
    commit(writer, &position, batch);
    assert_int_equal(number("SELECT sum(n) FROM core.hist_response_time"), CASES);
    assert_int_equal(number("SELECT count(*) FROM (SELECT FROM core.hist_response_time GROUP BY "
                            "bin HAVING sum(n) <> 0) AS b"),
                     1);
    assert_int_equal(number("SELECT cardinality(core.sum_bins(bins)) FROM core.cell_response_time "
                            "WHERE dispatch_n > 0"),
                     1);
    writer_free(writer);
}

/* The cells are the same, and he notes less beside them (docs/decisions/0250): nothing is filled
 * anew, he is fenced, and what stood is made anew. */
static void whoever_notes_less_is_fenced(void **state)
{
    (void)state;
    struct error error = {0};
    struct writer_position position;
    struct writer *older = aggregator_store_owner(&here, &position),
                  *newer = aggregator_store_writer(&here, "newer", 1);
    assert_non_null(older);
    assert_true(postgres_connection_run(
        here.reader,
        "UPDATE core.meta SET value = 'older' WHERE key = 'contributions'; INSERT INTO "
        "core.standing (view, wanted, until) VALUES ('backlog', '2026-01-01', '2026-01-01')",
        &error));
    if (!writer_apply_schema(newer, &error))
        fail_msg("%s", error.text);
    assert_int_equal(number("SELECT count(*) FROM core.standing"), 0);
    assert_int_equal(number("SELECT sum(n) FROM core.hist_response_time"), 90);
    struct batch *batch = batch_new(&here.rules, 1 << 20);
    dispatch(batch, 0, 3, 2);
    position.next = position.stored + 1;
    assert_int_equal(writer_commit(older, batch, &position, 1, &error), WRITER_FENCED);
    batch_free(batch);
    writer_free(older);
    writer_free(newer);
}

static enum writer_result open_cases(struct writer *writer, struct writer_position *position,
                                     int from, int to, struct error *error)
{
    const struct codes *codes = here.rules.codes;
    struct batch *batch = batch_new(&here.rules, 4 << 20);
    for (int n = from; n < to; n++) {
        char case_id[48];
        snprintf(case_id, sizeof case_id, "request:test:many-%d", n);
        struct case_line opened = {.id = SPAN("many"),
                                   .revision = SPAN("0.a.1.0000000000000001"),
                                   .stage = codes_number(codes, CODE_STAGE, SPAN("opened")),
                                   .party = codes_number(codes, CODE_PARTY, SPAN("source")),
                                   .time_ms = BASE_MS + n,
                                   .recorded_ms = BASE_MS,
                                   .live = true};
        opened.attribute[CASE_TYPE] = SPAN("R-many");
        assert_true(batch_add(batch, span_of(case_id), &opened));
    }
    position->next = position->stored + 1;
    enum writer_result result = writer_commit(writer, batch, position, 1, error);
    if (result == WRITER_DONE)
        position->stored = position->next;
    batch_free(batch);
    return result;
}

static void assert_many(int cases)
{
    assert_int_equal(
        number("SELECT coalesce(sum(opened), 0) FROM api.closure_rate WHERE type_code = 'R-many'"),
        cases);
    assert_int_equal(number("SELECT count(*) FROM core.case_set WHERE kind = 'request' AND case_id "
                            "LIKE '%:many-%'"),
                     cases);
    assert_int_equal(number("SELECT count(*) FROM core.case_now WHERE type_code = 'R-many'"),
                     cases);
}

/* In portions: of each some are stored, some repeat, some are new. All or none, whatever the
 * portion it fails in. */
static void of_many_cases_each_is_written_or_none_is(void **state)
{
    static const char spoil[] = "UPDATE core.case_set SET lines = 'x' || lines WHERE case_id = "
                                "'request:test:many-990' RETURNING 1", /* of the last by name */
        mend[] = "UPDATE core.case_set SET lines = substr(lines, 2) WHERE case_id = "
                 "'request:test:many-990' RETURNING 1";
    (void)state;
    struct error error = {0};
    struct writer_position position;
    struct writer *writer = aggregator_store_owner(&here, &position);
    assert_non_null(writer);
    assert_int_equal(open_cases(writer, &position, 0, 1500, &error), WRITER_DONE);
    assert_many(1500);
    assert_int_equal(open_cases(writer, &position, 700, 3000, &error), WRITER_DONE);
    assert_many(3000);
    assert_int_equal(number(spoil), 1);
    assert_int_equal(open_cases(writer, &position, 0, 3300, &error), WRITER_FAILED);
    assert_non_null(strstr(error.text, "request:test:many-990"));
    assert_non_null(strstr(error.text, "docs/runbooks/set-unreadable.md"));
    assert_many(3000);
    assert_int_equal(number(mend), 1);
    assert_int_equal(open_cases(writer, &position, 0, 3300, &error), WRITER_DONE);
    assert_many(3300);
    writer_free(writer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(durations_lie_in_their_cell),
        cmocka_unit_test(of_many_cases_each_is_written_or_none_is),
        cmocka_unit_test(whoever_notes_less_is_fenced),
    };
    log_open("test", LOG_LEVEL_ERROR);
    return cmocka_run_group_tests(tests, open_all, close_all);
}
