/* SPDX-License-Identifier: Apache-2.0 */
/* Periods that are frozen, on a PostgreSQL of the test's own: what a stock held when the period
 * began is frozen with it, and what changes it later is an adjustment (docs/decisions/0110). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "base/timestamp.h"
#include "daemon/log.h"

#include "aggregator_store.h"

#define LEAD "u_heat"

static struct {
    struct aggregator_store store;
    struct writer *writer;
    struct writer_position position;
} here;

static int open_all(void **state)
{
    (void)state;
    if (!aggregator_store_open(&here.store))
        return 1;
    here.writer = aggregator_store_owner(&here.store, &here.position);
    return here.writer ? 0 : 1;
}

static int close_all(void **state)
{
    (void)state;
    writer_free(here.writer);
    return aggregator_store_close(&here.store) ? 0 : 1;
}

static void assert_says(const char *sql, const char *wanted)
{
    char answer[512];
    aggregator_store_ask(&here.store, sql, answer, sizeof answer);
    if (strcmp(answer, wanted) != 0)
        fail_msg("\"%s\" is not \"%s\": %s", answer, wanted, sql);
}

/* At nine in the morning of a day of 2025. */
static void tell(const char *case_id, const char *stage, int month, int day)
{
    struct error error = {0};
    char id[64];
    const struct codes *codes = here.store.rules.codes;
    int64_t ms = timestamp_days(2025, month, day) * 86400000 + 3600000;
    struct batch *batch = batch_new(&here.store.rules, 1 << 20);
    snprintf(id, sizeof id, "%s-%s", case_id, stage);
    struct case_line line = {.id = span_of(id),
                             .revision = SPAN("0.a.1.0000000000000001"),
                             .stage = codes_number(codes, CODE_STAGE, span_of(stage)),
                             .party = codes_number(codes, CODE_PARTY, SPAN("source")),
                             .time_ms = ms,
                             .recorded_ms = ms,
                             .live = true};
    line.attribute[CASE_LEAD] = SPAN(LEAD);
    assert_true(batch_add(batch, span_of(case_id), &line));
    here.position.next = here.position.stored < 0 ? 1 : here.position.stored + 1;
    if (writer_commit(here.writer, batch, &here.position, 1, &error) != WRITER_DONE)
        fail_msg("%s", error.text);
    here.position.stored = here.position.next;
    batch_free(batch);
}

/* Level of a day of the frozen period, from nothing but what is frozen. */
#define LEVEL(day)                                                                                 \
    "SELECT sum((value ->> 'open_n')::bigint) FROM core.frozen_cell WHERE period = '2025-03' AND " \
    "relation = 'cell_backlog' AND key ->> 'unit' = '" LEAD "' AND (key ->> 'day')::date <= '" day \
    "'"

/* Three are open when March begins, one of them is closed in it, and one comes. */
static void a_frozen_stock_can_be_summed_up(void **state)
{
    (void)state;
    tell("request:period:1", "opened", 1, 10);
    tell("request:period:2", "opened", 2, 10);
    tell("request:period:3", "opened", 2, 28);
    tell("request:period:4", "opened", 2, 1);
    tell("request:period:4", "closed", 2, 20); /* came and went before */
    tell("request:period:3", "closed", 3, 5);
    tell("request:period:5", "opened", 3, 7);
    assert_says(
        "SELECT core.freeze_period('2025-03', '2025-03-01', '2025-03-31', 'nobody', 'test') "
        "> 0",
        "t");
    assert_says(
        "SELECT concat_ws(' ', key ->> 'day', value ->> 'open_n') FROM core.frozen_cell WHERE "
        "relation = 'cell_backlog' AND key ->> 'bucket' = 'opening'",
        "2025-02-28 3");
    assert_says(LEVEL("2025-03-04"), "3");
    assert_says(LEVEL("2025-03-06"), "2");
    assert_says(LEVEL("2025-03-31"), "3");
    assert_says("SELECT count(*) FROM api.adjustments('2025-03')", "0");
    assert_says("SELECT count(*) FROM core.frozen_cell WHERE key ->> 'bucket' = 'opening' AND "
                "relation NOT IN ('cell_backlog', 'cell_overdue')",
                "0"); /* what is counted by the day has no balance */
}

/* Nobody told of it in January; the opening balance of March was one more. */
static void what_changes_the_balance_later_is_an_adjustment(void **state)
{
    (void)state;
    tell("request:period:6", "opened", 1, 20);
    assert_says(LEVEL("2025-03-31"), "3");
    assert_says(
        "SELECT concat_ws(' ', key ->> 'bucket', key ->> 'day', frozen ->> 'open_n', live ->> "
        "'open_n') FROM api.adjustments('2025-03') WHERE relation = 'cell_backlog'",
        "opening 2025-02-28 3 4");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_frozen_stock_can_be_summed_up),
        cmocka_unit_test(what_changes_the_balance_later_is_an_adjustment),
    };
    log_open("test", LOG_LEVEL_ERROR);
    return cmocka_run_group_tests(tests, open_all, close_all);
}
