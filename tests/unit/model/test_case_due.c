/* SPDX-License-Identifier: Apache-2.0 */
/* Who set a limit, beside the limit that the fold comes to. */
#include "kinds.h"

#include <stdio.h>

#include "model/case_due.h"

#define BASE_MS   INT64_C(1767225600000) /* 2026-01-01T00:00:00Z */
#define HOUR_MS   INT64_C(3600000)
#define AT(hours) BASE_MS + (hours)*HOUR_MS

static struct case_set set;
static struct case_fold fold;
static struct case_due due;
static int said;

struct word {
    enum case_attribute attribute;
    const char *text; /* NULL = none */
};

#define SAY(stage, party, ...)                                                                     \
    say(stage, party, (const struct word[]){__VA_ARGS__, {CASE_LEAD, NULL}})
#define DUE(text)                                                                                  \
    {                                                                                              \
        CASE_DUE, (text)                                                                           \
    }
#define LEAD(text)                                                                                 \
    {                                                                                              \
        CASE_LEAD, (text)                                                                          \
    }
#define NO_MORE                                                                                    \
    {                                                                                              \
        CASE_LEAD, NULL                                                                            \
    }

static void say(const char *stage, const char *party, const struct word *words)
{
    char id[32];
    int n = snprintf(id, sizeof id, "event%02d", ++said);
    struct case_line line = {
        .id = arena_copy(&arena, span_from(id, (size_t)n)),
        .revision = SPAN("0.0.0.0123456789abcdef"),
        .stage = codes_number(codes, CODE_STAGE, span_of(stage)),
        .time_ms = AT(said),
        .recorded_ms = AT(said) + 1000,
        .unit = strcmp(party, "lead") == 0 ? SPAN("d_water") : SPAN_NONE,
        .party = codes_number(codes, CODE_PARTY, span_of(party)),
        .live = true,
    };
    for (; words->text; words++)
        line.attribute[words->attribute] = span_of(words->text);
    const struct case_kind *kind = kinds_find(kinds, SPAN("request"));
    assert_int_equal(case_set_merge(&set, &line, kind, &arena), CASE_SET_CHANGED);
}

static void begin(void)
{
    said = 0;
    arena_reset(&arena);
    set = (struct case_set){0};
    assert_true(case_set_make_room(&set, 32, &arena));
}

static void begin_with_a_class(void)
{
    begin();
    SAY("opened", "source", NO_MORE);
    SAY("dispatched", "router", LEAD("d_water"), DUE("1767400000000"), {CASE_CLASS, "7d"});
}

/* An order with a limit of its own, that was on hold for an hour. */
static void begin_and_resume(void)
{
    begin();
    SAY("opened", "source", LEAD("d_water"), DUE("1767400000000"), {CASE_CLASS, "15d"});
    SAY("dispatched", "router", LEAD("d_water"), DUE("1767400000000"), {CASE_CLASS, "15d"});
    SAY("signed", "lead", NO_MORE);
    SAY("held", "desk", NO_MORE);
    SAY("resumed", "desk", NO_MORE);
}

/* Of the whole, and of the line said last. */
static void look(enum case_due_source now, enum case_due_source last)
{
    const struct case_kind *kind = kinds_find(kinds, SPAN("request"));
    case_fold(&fold, &set, kind, codes);
    case_due_find(&due, &set, &fold, kind);
    assert_int_equal(due.now, now);
    assert_int_equal(due.line[set.count - 1], last);
}

/* 普通诉求 15 days stand beside a time that the order brought. */
static void an_adopted_orders_own_limit_is_the_orders_whatever_its_class(void **state)
{
    (void)state;
    begin();
    SAY("opened", "source", LEAD("d_water"), DUE("1767400000000"), {CASE_CLASS, "15d"});
    look(CASE_DUE_ORDER, CASE_DUE_ORDER);
    SAY("dispatched", "router", LEAD("d_water"), DUE("1767400000000"), {CASE_CLASS, "15d"});
    look(CASE_DUE_ORDER, CASE_DUE_ORDER);
    SAY("nudged", "router", DUE("1767400000000"), {CASE_RULE, "near_due"});
    look(CASE_DUE_ORDER, CASE_DUE_ORDER);
}

static void a_class_counts_where_the_order_brings_none_until_the_desk_says_another(void **state)
{
    (void)state;
    begin();
    SAY("opened", "source", NO_MORE);
    look(CASE_DUE_NONE, CASE_DUE_NONE);
    SAY("dispatched", "router", LEAD("d_water"), DUE("1767400000000"), {CASE_CLASS, "7d"});
    look(CASE_DUE_CLASS, CASE_DUE_CLASS);
    SAY("co_assigned", "desk", {CASE_CO, "d_urban"}, DUE("1767300000000"));
    look(CASE_DUE_CLASS, CASE_DUE_HELPER);
    SAY("extended", "desk", DUE("1767500000000"));
    look(CASE_DUE_EXTENDED, CASE_DUE_EXTENDED);
}

/* The class of the one before goes with him, what the desk names comes with the next. */
static void what_is_named_with_another_lead_is_the_desks(void **state)
{
    (void)state;
    begin_with_a_class();
    SAY("assigned", "desk", LEAD("d_urban"), DUE("1767500000000"));
    look(CASE_DUE_CLASS, CASE_DUE_DESK);
    SAY("recalled", "router", {CASE_CAUSE, "event03"}, LEAD("d_water"));
    look(CASE_DUE_DESK, CASE_DUE_NONE);
    SAY("dispatched", "router", LEAD("d_urban"), DUE("1767500000000"), {CASE_CLASS, "7d"});
    look(CASE_DUE_DESK, CASE_DUE_DESK);
    assert_int_equal(fold.due_ms, INT64_C(1767500000000));
}

/* The lead that was asked for first does not come, nor does its time. */
static void of_two_words_of_the_desk_the_last_one_says_whose_it_is(void **state)
{
    (void)state;
    begin_with_a_class();
    SAY("assigned", "desk", LEAD("d_urban"), DUE("1767500000000"));
    SAY("assigned", "desk", LEAD("d_park"), NO_MORE);
    look(CASE_DUE_CLASS, CASE_DUE_NONE);
    SAY("recalled", "router", {CASE_CAUSE, "event04"}, LEAD("d_water"));
    look(CASE_DUE_NONE, CASE_DUE_NONE);
    SAY("dispatched", "router", LEAD("d_park"), DUE("1767600000000"), {CASE_CLASS, "7d"});
    look(CASE_DUE_CLASS, CASE_DUE_CLASS);
    assert_int_equal(fold.due_ms, INT64_C(1767600000000));
}

/* What a hold moved was the limit of before. */
static void what_the_desk_names_anew_no_hold_has_moved(void **state)
{
    (void)state;
    begin_and_resume();
    SAY("assigned", "desk", LEAD("d_urban"), DUE("1767500000000"));
    look(CASE_DUE_ORDER, CASE_DUE_DESK);
    assert_true(due.moved);
    SAY("recalled", "router", {CASE_CAUSE, "event06"}, LEAD("d_water"));
    look(CASE_DUE_DESK, CASE_DUE_NONE);
    assert_false(due.moved);
    assert_int_equal(fold.due_ms, INT64_C(1767500000000));
}

static void a_rejected_dispute_and_a_word_without_effect_name_none(void **state)
{
    (void)state;
    begin_with_a_class();
    SAY("disputed", "lead", NO_MORE);
    SAY("dispute_decided", "desk", {CASE_OUTCOME, "rejected"}, DUE("1767500000000"));
    look(CASE_DUE_CLASS, CASE_DUE_CLASS);
    SAY("extended", "source", DUE("1767500000000"));
    look(CASE_DUE_CLASS, CASE_DUE_NONE);
}

static void a_new_round_forgets_the_orders_and_a_hold_moves_what_is(void **state)
{
    (void)state;
    begin_and_resume();
    look(CASE_DUE_ORDER, CASE_DUE_NONE);
    assert_true(due.moved);
    assert_int_equal(fold.due_ms, INT64_C(1767400000000) + HOUR_MS);
    SAY("resolved", "lead", NO_MORE);
    SAY("reopened", "callback", NO_MORE);
    look(CASE_DUE_NONE, CASE_DUE_NONE);
    SAY("dispatched", "router", LEAD("d_water"), DUE("1767900000000"), {CASE_CLASS, "15d"},
        {CASE_CAUSE, "event07"});
    look(CASE_DUE_CLASS, CASE_DUE_CLASS);
    assert_false(due.moved);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_adopted_orders_own_limit_is_the_orders_whatever_its_class),
        cmocka_unit_test(a_class_counts_where_the_order_brings_none_until_the_desk_says_another),
        cmocka_unit_test(what_is_named_with_another_lead_is_the_desks),
        cmocka_unit_test(of_two_words_of_the_desk_the_last_one_says_whose_it_is),
        cmocka_unit_test(what_the_desk_names_anew_no_hold_has_moved),
        cmocka_unit_test(a_rejected_dispute_and_a_word_without_effect_name_none),
        cmocka_unit_test(a_new_round_forgets_the_orders_and_a_hold_moves_what_is),
    };
    return cmocka_run_group_tests_name("case_due", tests, load_kinds, unload_kinds);
}
