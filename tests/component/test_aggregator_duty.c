/* SPDX-License-Identifier: Apache-2.0 */
/* A unit's orders, a station's cases and what the district publishes say of a clock that stands
 * still that it does (docs/decisions/0389). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "aggregator/store/duty_ask.h"
#include "aggregator/store/open311_ask.h"
#include "base/base.h"

#include "aggregator_store.h"

static struct aggregator_store store;

static int open_all(void **state)
{
    struct error error = {0};
    (void)state;
    return aggregator_store_open(&store) &&
                   postgres_connection_run(
                       store.reader,
                       "SET TIME ZONE 'UTC'; INSERT INTO core.kafka_offset (topic, part, "
                       "next_offset, epoch, owner, tick_ms) VALUES ('t', 0, 9, 1, 'x', "
                       "1767225600000); INSERT INTO core.case_now (case_id, kind, part, "
                       "log_offset, state, lead, order_id, station, opened_ms, due_ms, held_ms, "
                       "units, helpers, live) VALUES ('request:t:runs', 'request', 0, 1, 'open', "
                       "'a', 'o', 's', 1767225600000, 1767225601000, NULL, '{c,d}', '[{\"unit\": "
                       "\"c\", \"role\": \"co\"}]', true), ('request:t:stands', 'request', 0, 2, "
                       "'held', 'a', 'o', 's', 1767225600000, 1767225601000, 1767225600500, "
                       "'{c,d}', '[{\"unit\": \"c\", \"role\": \"co\"}, {\"unit\": \"d\", "
                       "\"role\": \"co\", \"due_ms\": 1767225602000}]', true), "
                       "('request:t:late', 'request', 0, 3, 'held', 'a', 'o', 's', 1767225600000, "
                       "1767225601000, 1767225601500, NULL, NULL, true)",
                       &error)
               ? 0
               : 1;
}

static int close_all(void **state)
{
    (void)state;
    return aggregator_store_close(&store) ? 0 : 1;
}

static void answers(struct sql_ask *ask, int column, char *answer, size_t size)
{
    size_t len = 0;
    PGresult *result =
        PQexecParams(postgres_connection_handle(store.reader), ask->sql.at, ask->count, NULL,
                     (const char *const *)ask->values, NULL, NULL, 0);
    if (PQresultStatus(result) != PGRES_TUPLES_OK)
        fail_msg("%s\n%s", PQresultErrorMessage(result), ask->sql.at);
    answer[0] = '\0';
    for (int i = 0; i < PQntuples(result) && len < size; i++)
        len += (size_t)snprintf(answer + len, size - len, "%s\n", PQgetvalue(result, i, column));
    PQclear(result);
    sql_ask_fini(ask);
}

/* What its row of that case says of its limit and of since when it stands. */
static void assert_limit(void (*list)(struct sql_ask *, const struct duty_ask *), const char *who,
                         const char *name, const char *due, const char *held)
{
    struct api_place place = {.count = 0};
    const struct duty_ask duty = {span_of(who), SPAN("t"), &place, 9};
    struct sql_ask ask;
    char said[8192], wanted[128];
    sql_ask_init(&ask);
    list(&ask, &duty);
    answers(&ask, 4, said, sizeof said);
    const char *row = strstr(said, name);
    snprintf(wanted, sizeof wanted, "\"due\":\"%s\",\"held\":%s,", due, held);
    if (!row || !memmem(row, strcspn(row, "\n"), wanted, strlen(wanted)))
        fail_msg("%s of %s: %s in %s", name, who, wanted, said);
}

#define DUE       "2026-01-01T00:00:01+00:00"
#define HELD      "\"2026-01-01T00:00:00.5+00:00\""
#define HELD_LATE "\"2026-01-01T00:00:01.5+00:00\""

static void an_order_says_since_when_its_clock_stands(void **state)
{
    (void)state;
    assert_limit(duty_ask_orders, "a", "request:t:runs", DUE, "null");
    assert_limit(duty_ask_orders, "a", "request:t:stands", DUE, HELD);
    assert_limit(duty_ask_orders, "a", "request:t:late", DUE, HELD_LATE);
    /* who helps by the case's limit, and who has one of his own, which runs on */
    assert_limit(duty_ask_orders, "c", "request:t:stands", DUE, HELD);
    assert_limit(duty_ask_orders, "d", "request:t:stands", "2026-01-01T00:00:02+00:00", "null");
    assert_limit(duty_ask_progress, "s", "request:t:runs", DUE, "null");
    assert_limit(duty_ask_progress, "s", "request:t:stands", DUE, HELD);
}

/* The standard has a moment at which it is expected alone: of a clock that stands there is none. */
static void what_stands_still_is_expected_at_no_moment(void **state)
{
    static const struct {
        const char *id, *expected;
    } cases[] = {{"request:t:runs", "2026-01-01T00:00:01+00:00\n"},
                 {"request:t:stands", "\n"},
                 {"request:t:late", "2026-01-01T00:00:01+00:00\n"}};
    char said[256];
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct sql_ask ask;
        sql_ask_init(&ask);
        open311_ask_one(&ask, span_of(cases[i].id));
        answers(&ask, 7, said, sizeof said);
        assert_string_equal(said, cases[i].expected);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_order_says_since_when_its_clock_stands),
        cmocka_unit_test(what_stands_still_is_expected_at_no_moment),
    };
    return cmocka_run_group_tests(tests, open_all, close_all);
}
