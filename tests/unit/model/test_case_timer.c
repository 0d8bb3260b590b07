/* SPDX-License-Identifier: Apache-2.0 */
/* The moment that a timer waited for, from the lines of its case; tests/sim asks it of every life.
 */
#include "kinds.h"

#include <stdio.h>
#include <stdlib.h>

#include "model/case_timer.h"
#include "model/ids.h"

#define BASE_MS   INT64_C(1767225600000) /* 2026-01-01T00:00:00Z */
#define MINUTE_MS INT64_C(60000)
#define HOUR_MS   (60 * MINUTE_MS)
#define AT(hours) (BASE_MS + (int64_t)(hours)*HOUR_MS)
#define DUE       "1767398400000" /* AT(48) */

static struct case_set set;
static struct case_fold fold;
static int said;

struct word {
    enum case_attribute attribute;
    const char *text; /* NULL = none */
};

/* An hour after the one before it; `id` NULL = one of its own. */
static void say(const char *stage, const char *party, const char *id, const struct word *words)
{
    char own[32];
    snprintf(own, sizeof own, "event%02d", ++said);
    struct case_line line = {
        .id = arena_copy(&arena, span_of(id ? id : own)),
        .revision = SPAN("0.0.0.0123456789abcdef"),
        .stage = codes_number(codes, CODE_STAGE, span_of(stage)),
        .time_ms = AT(said),
        .recorded_ms = AT(said) + 1000,
        .unit = strcmp(party, "lead") == 0 ? SPAN("d_water") : SPAN_NONE,
        .party = codes_number(codes, CODE_PARTY, span_of(party)),
        .live = true,
    };
    for (; words && words->text; words++)
        line.attribute[words->attribute] = span_of(words->text);
    assert_int_equal(case_set_merge(&set, &line, kinds_find(kinds, SPAN("request")), &arena),
                     CASE_SET_CHANGED);
}

/* As the router says it that waited for `due_ms`, and what is found of that line. */
static int64_t fire(const char *stage, const char *timer, const char *cause, const char *limit,
                    const char *helper, int64_t due_ms)
{
    char id[DIGEST_ID_LEN + 1], question[CASE_TIMER_QUESTION];
    const struct kind_timer named = {.name = timer};
    const struct case_kind *kind = kinds_find(kinds, SPAN("request"));
    ids_decision(id, span_of(cause), case_timer_question(question, &named, due_ms));
    const struct word words[] = {{CASE_CAUSE, cause}, {CASE_RULE, timer}, {CASE_LEAD, "d_water"},
                                 {CASE_DUE, limit},   {CASE_CO, helper},  {CASE_CO, NULL}};
    say(stage, "router", id, words);
    case_fold(&fold, &set, kind, codes);
    return case_timer_fired_ms(&set, &fold, kind, set.count - 1);
}

static const struct word sent[] = {{CASE_LEAD, "d_water"}, {CASE_DUE, DUE}, {CASE_LEAD, NULL}};

static void begin(void) /* event02 is its dispatch */
{
    said = 0;
    arena_reset(&arena);
    set = (struct case_set){0};
    assert_true(case_set_make_room(&set, 32, &arena));
    say("opened", "source", NULL, NULL);
    say("dispatched", "router", NULL, sent);
}

static void each_form_has_its_moment(void **state)
{
    static const struct {
        const char *stage, *timer;
        int64_t due_ms;
    } rows[] = {
        {"nudged", "unsigned", AT(2) + 30 * MINUTE_MS},
        {"nudged", "internal", AT(24)},
        {"nudged", "near_due", AT(44)}, /* the cap: a fifth of 47 hours is more */
        {"overdue", "overdue", AT(48)},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        begin();
        assert_true(fire(rows[i].stage, rows[i].timer, "event02", DUE, NULL, rows[i].due_ms) ==
                    rows[i].due_ms);
    }
}

static void what_the_id_does_not_prove_is_not_told(void **state)
{
    (void)state;
    begin(); /* its kind said 15 minutes then */
    assert_true(fire("nudged", "unsigned", "event02", DUE, NULL, AT(2) + 15 * MINUTE_MS) ==
                TIMESTAMP_NONE);
    begin(); /* what it counted from is not there */
    assert_true(fire("nudged", "unsigned", "elsewhere", DUE, NULL, AT(2) + 30 * MINUTE_MS) ==
                TIMESTAMP_NONE);
    begin(); /* a timer that reminds makes nothing overdue */
    assert_true(fire("overdue", "unsigned", "event02", DUE, NULL, AT(2) + 30 * MINUTE_MS) ==
                TIMESTAMP_NONE);
    begin(); /* no timer's */
    assert_true(fire("escalated", "overdue", "event02", DUE, NULL, AT(48)) == TIMESTAMP_NONE);
    assert_true(case_timer_fired_ms(&set, &fold, kinds_find(kinds, SPAN("request")), 0) ==
                TIMESTAMP_NONE);
}

static void a_hold_is_no_part_of_the_time_of_which_a_share_is_left(void **state)
{
    static const char moved[] = "1767258000000"; /* AT(9): eight hours, and one on hold */
    (void)state;
    begin();
    say("signed", "lead", NULL, NULL);
    say("held", "desk", NULL, NULL);
    say("resumed", "desk", NULL, NULL);
    int64_t due_ms = AT(9) - 7 * HOUR_MS / 5;
    assert_true(fire("nudged", "near_due", "event02", moved, NULL, due_ms) == due_ms);
}

static void a_new_round_and_a_helper_have_their_own(void **state)
{
    static const char helps[] = "1767276000000"; /* AT(14) */
    static const struct word named[] = {{CASE_CO, "d_urban"}, {CASE_DUE, helps}, {CASE_CO, NULL}};
    (void)state;
    begin();
    say("resolved", "lead", NULL, NULL);
    say("reopened", "callback", NULL, NULL);
    say("dispatched", "router", NULL, sent); /* event05 */
    assert_true(fire("nudged", "unsigned", "event05", DUE, NULL, AT(5) + 30 * MINUTE_MS) ==
                AT(5) + 30 * MINUTE_MS);
    begin();
    say("whistle_blown", "lead", NULL, named);
    static const struct word told[] = {
        {CASE_CO, "d_urban"}, {CASE_DUE, helps}, {CASE_CAUSE, "event03"}, {CASE_CO, NULL}};
    say("co_assigned", "router", NULL, told);   /* event04 */
    int64_t due_ms = AT(14) - 11 * HOUR_MS / 5; /* a fifth of what he has since he was named */
    assert_true(fire("nudged", "co_near", "event04", helps, "d_urban", due_ms) == due_ms);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_form_has_its_moment),
        cmocka_unit_test(what_the_id_does_not_prove_is_not_told),
        cmocka_unit_test(a_hold_is_no_part_of_the_time_of_which_a_share_is_left),
        cmocka_unit_test(a_new_round_and_a_helper_have_their_own),
    };
    return cmocka_run_group_tests(tests, load_kinds, unload_kinds);
}
