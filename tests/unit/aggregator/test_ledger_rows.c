/* SPDX-License-Identifier: Apache-2.0 */
/* A ledger event is taken whole or not at all; of a feed's events the first of an id is distinct,
 * every other one repeated, in whatever batches they come. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "aggregator/core/batch.h"
#include "base/memory.h"
#include "shipped.h"

#define HOUR 1772420400000 /* 2026-03-02T03:00:00Z */
#define CASE SPAN("request:test:1")

static struct codes *codes;
static struct batch_rules rules;

static int load(void **state)
{
    (void)state;
    rules = read_shipped(&codes);
    return rules.views ? 0 : 1;
}

static enum reject take(struct batch *batch, const char *data, struct arena *arena,
                        struct json_reader *reader)
{
    char text[1024];
    struct event event;
    snprintf(text, sizeof text,
             "{\"specversion\":\"1.0\",\"id\":\"i1\",\"source\":\"/ingest\",\"type\":"
             "\"cn.citybrain.observation.ledger.v1\",\"subject\":\"ledger:cb.raw:3\",\"time\":"
             "\"2026-03-02T03:00:00Z\",\"data\":%s}",
             data);
    arena_reset(arena);
    assert_int_equal(event_read(reader, span_of(text), arena, &event), REJECT_NONE);
    assert_true(ledger_rows_is_ledger(&event));
    return batch_add_ledger(batch, &event);
}

static void a_ledger_event_is_taken_whole_or_not_at_all(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "{\"hotline\":[1,1,0,0,0,1]}",
        "{\"hotline\":{\"soon\":[1,1,0,0,0,1]}}",
        "{\"hotline\":{\"2026-03-02T03:00:00.000Z\":[1,1,0,0,0]}}",
        "{\"hotline\":{\"2026-03-02T03:00:00.000Z\":[1,1,0,0,0,1,1]}}",
        "{\"hotline\":{\"2026-03-02T03:00:00.000Z\":[1,1,0,0,0,-1]}}",
        "{\"hotline\":{\"2026-03-02T03:00:00.000Z\":[1,1,0,0,0,\"1\"]}}",
        "{\"a\":{\"2026-03-02T03:00:00.000Z\":[1,1,0,0,0,1]},\"b\":7}"};
    struct arena arena;
    struct json_reader *reader = json_reader_new();
    struct batch *batch = batch_new(&rules, 1 << 16);
    arena_init(&arena, 1 << 16);
    for (size_t i = 0; i < ARRAY_LENGTH(bad); i++) {
        assert_int_equal(take(batch, bad[i], &arena, reader), REJECT_EVENT);
        assert_null(batch_ledger(batch)->said);
    }
    assert_int_equal(take(batch,
                          "{\"a\":{\"2026-03-02T03:00:00.000Z\":[7,4,2,0,1,9]},"
                          "\"b\":{\"2026-03-02T04:00:00.000Z\":[1,1,0,0,0,1]}}",
                          &arena, reader),
                     REJECT_NONE);
    const struct ledger_said *b = batch_ledger(batch)->said, *a = b->next;
    assert_null(a->next);
    assert_true(span_is(a->feed, "a") && span_is(b->feed, "b"));
    assert_true(span_is(a->id, "i1") && span_is(a->input, "cb.raw:3"));
    assert_int_equal(a->hour_ms, HOUR);
    assert_int_equal(b->hour_ms, HOUR + 3600000);
    assert_int_equal(a->count[LEDGER_ROWS_READ], 7);
    assert_int_equal(a->count[LEDGER_ROWS_FILTERED], 1);
    assert_int_equal(a->count[LEDGER_ROWS_EVENTS], 9);
    batch_free(batch);

    batch = batch_new(&rules, 200); /* no room */
    assert_int_equal(take(batch,
                          "{\"a\":{\"2026-03-02T03:00:00.000Z\":[7,4,2,0,1,9],"
                          "\"2026-03-02T04:00:00.000Z\":[1,1,0,0,0,1]}}",
                          &arena, reader),
                     REJECT_TOO_LARGE);
    assert_null(batch_ledger(batch)->said);
    batch_free(batch);
    json_reader_free(reader);
    arena_fini(&arena);
}

static bool add(struct batch *batch, const char *id, const char *revision, int64_t received_ms,
                const char *feed)
{
    struct case_line line = {.id = span_of(id),
                             .revision = span_of(revision),
                             .stage = codes_number(codes, CODE_STAGE, SPAN("opened")),
                             .time_ms = HOUR,
                             .recorded_ms = received_ms,
                             .party = codes_number(codes, CODE_PARTY, SPAN("source")),
                             .live = true};
    return feed ? batch_add_counted(batch, CASE, &line, span_of(feed))
                : batch_add(batch, CASE, &line);
}

static void keep_set(void *context, const struct batch_case *changed)
{
    char **kept = context;
    *kept = xspandup(changed->lines);
}

static char *fold(struct batch *batch, char *set)
{
    char *kept = NULL;
    const struct batch_sink sink = {.changed = keep_set, .context = &kept};
    batch_seal(batch);
    assert_true(batch_fold(batch, 0, span_of(set), &sink));
    if (!kept)
        return set;
    free(set);
    return kept;
}

static void check(const struct ledger_came *came, const char *feed, int64_t hour_ms,
                  int64_t distinct, int64_t repeated)
{
    assert_non_null(came);
    assert_true(span_is(came->feed, feed));
    assert_int_equal(came->hour_ms, hour_ms);
    assert_int_equal(came->distinct, distinct);
    assert_int_equal(came->repeated, repeated);
    assert_int_equal(came->refused, 0);
}

static void the_first_of_an_id_is_distinct_and_the_others_repeated(void **state)
{
    (void)state;
    static const char old[] = "00000000000000000000.000000000000001.000001.0000000000000000";
    static const char new[] = "00000000000000000000.000000000000002.000001.0000000000000000";
    struct batch *batch = batch_new(&rules, 1 << 16);
    add(batch, "b", old, HOUR + 3600000, "z");
    add(batch, "a", old, HOUR, "z");
    add(batch, "a", new, HOUR + 3600000, "z"); /* a correction an hour later */
    add(batch, "b", old, HOUR, "y");           /* came later, though it was received before */
    add(batch, "c", old, HOUR, NULL);
    char *set = fold(batch, NULL);
    const struct ledger_came *came = batch_ledger(batch)->came;
    check(came, "y", HOUR, 0, 1);
    check(came->next, "z", HOUR, 1, 0);
    check(came->next->next, "z", HOUR + 3600000, 1, 1);
    assert_null(came->next->next->next);

    batch_clear(batch);
    assert_null(batch_ledger(batch)->came);
    add(batch, "a", new, HOUR, "y");
    add(batch, "d", old, HOUR, "y");
    assert_true(batch_refuse(batch, SPAN("x"), HOUR - 1));
    set = fold(batch, set);
    came = batch_ledger(batch)->came;
    assert_int_equal(came->hour_ms, HOUR - 3600000);
    assert_int_equal(came->refused, 1);
    check(came->next, "y", HOUR, 1, 1);
    free(set);
    batch_free(batch);
}

static void what_a_full_case_refuses_is_neither(void **state)
{
    (void)state;
    static const char revision[] = "00000000000000000000.000000000000001.000001.0000000000000000";
    struct batch *batch = batch_new(&rules, 1 << 20);
    for (int i = 0; i < 300; i++) {
        char id[16];
        snprintf(id, sizeof id, "%d", i);
        add(batch, id, revision, HOUR, "z");
    }
    free(fold(batch, NULL));
    const struct ledger_came *came = batch_ledger(batch)->came;
    assert_int_equal(came->distinct + came->refused, 300);
    assert_int_equal(came->refused, batch_counts(batch).too_long);
    assert_true(came->refused > 0);
    assert_int_equal(came->repeated, 0);
    batch_free(batch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_ledger_event_is_taken_whole_or_not_at_all),
        cmocka_unit_test(the_first_of_an_id_is_distinct_and_the_others_repeated),
        cmocka_unit_test(what_a_full_case_refuses_is_neither),
    };
    return cmocka_run_group_tests(tests, load, NULL);
}
