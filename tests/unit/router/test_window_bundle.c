/* SPDX-License-Identifier: Apache-2.0 */
/* Pass 2 when its rules are exchanged, while it runs or while it is away. */
#include "router/core/window.h"
#include "windows.h"

#define HEAD "trigger: t\nname: 例\non: { kind: request, stage: opened }\ngroup: [community_code]\n"
#define THREE                                                                                      \
    HEAD "count: { at_least: 3, within: 7d, distinct: { caller_ref: 2 } }\n"                       \
         "open: { place: same, say: \"{count}件{distinct}人\" }\n"
#define SURGE HEAD "surge: { at_least: 5 }\nopen: { place: same, say: \"{count}件\" }\n"
#define SURGE_OF_OTHERS                                                                            \
    "trigger: t\nname: 例\non: { kind: request, stage: opened, estate_code: absent }\n"           \
    "group: [community_code]\nsurge: { at_least: 5 }\n"                                            \
    "open: { place: same, say: \"{count}件\" }\n"
#define QUIET(within)                                                                              \
    "trigger: t\nname: 例\non: { kind: request, stage: dispatched }\ngroup: [case]\n"             \
    "absence: { of: { kind: request, stage: signed }, within: " within " }\n"                      \
    "open: { say: \"{case}\" }\n"
#define EITHER(first, second)                                                                      \
    "trigger: t\nname: 例\non: [" first ", " second "]\ngroup: [community_code]\n"                 \
    "count: { at_least: 2, within: 7d }\nopen: { say: \"{count}件\" }\n"

/* While it runs. */
static void exchange(const char *yaml)
{
    struct triggers *old = triggers;
    triggers = triggers_of(yaml);
    assert_non_null(triggers);
    rules.triggers = triggers;
    window_flow_set_rules(flow, &rules);
    triggers_free(old);
}

/* While it is away. */
static void exchange_between(const char *yaml)
{
    struct triggers *old = triggers;
    window_flow_save(flow, &outputs);
    window_flow_close(flow);
    triggers = triggers_of(yaml);
    assert_non_null(triggers);
    rules.triggers = triggers;
    rules.bundle = SPAN("another");
    reopen();
    triggers_free(old);
}

static void count_anew(void *context, const char *trigger, int64_t groups)
{
    assert_string_equal(trigger, "t");
    *(int64_t *)context += groups;
}

static int64_t anew(void)
{
    int64_t groups = 0;
    window_flow_each_anew(flow, count_anew, &groups);
    return groups;
}

static void windows_of_a_trigger_that_is_gone_are_forgotten(void **state)
{
    (void)state;
    begin_with(THREE);
    obey("fact 1 03-02T08:00 C caller_ref=a");
    struct triggers *none = triggers_of("trigger: u\nname: 例\non: { kind: request }\ngroup: [a]\n"
                                        "count: { at_least: 1 }\nopen: { say: x }\n");
    struct window_flow_rules other = rules;
    other.triggers = none;
    window_flow_set_rules(flow, &other);
    window_flow_save(flow, &outputs);
    assert_int_equal(window_flow_counts(flow).groups, 0);
    size_t tombstones = 0;
    for (size_t i = 0; i < kept_count; i++)
        tombstones += strcmp(kept[i].key, "t|C") == 0 && !kept[i].value;
    assert_int_equal(tombstones, 1);
    triggers_free(triggers);
    triggers = none;
    end();
}

/* What is due by the new rules is judged with the next step of the clock. */
static void other_rules_judge_what_is_there(void **state)
{
    (void)state;
    begin_with(THREE);
    obey("fact 1 03-02T08:00 C caller_ref=a");
    obey("fact 2 03-02T08:01 C caller_ref=b");
    obey("now");
    assert_int_equal(count_firings(), 0);
    struct triggers *two =
        triggers_of(HEAD "count: { at_least: 2, within: 7d, distinct: { caller_ref: 2 } }\nopen: { "
                         "place: same, say: \"{count}件\" }\n");
    struct window_flow_rules other = rules;
    other.triggers = two;
    window_flow_set_rules(flow, &other);
    obey("tick 03-02T08:05");
    assert_int_equal(count_firings(), 1);
    triggers_free(triggers);
    triggers = two;
    end();
}

/* Ten weeks of one fact a week, so that five surge. */
static void ten_weeks(void)
{
    obey("tick 2025-12-20T00:00");
    for (int week = 0; week < 10; week++) {
        int64_t day = window_day_of(at("2025-12-22T08:00")) + 7 * week;
        struct civil civil;
        timestamp_to_civil(window_day_start(day), 480, &civil);
        obeyf("fact w%d %d-%02d-%02dT08:00 C", week, civil.year, civil.month, civil.day);
        obeyf("tick %d-%02d-%02dT23:00", civil.year, civil.month, civil.day);
    }
}

static void five_more(void)
{
    for (int i = 0; i < 5; i++)
        obeyf("fact f%d 03-02T09:0%d C", i, i);
    obey("tick 03-03T00:01");
}

/* What is measured against was heard by other ears. */
static void a_trigger_of_another_shape_begins_anew(void **state)
{
    (void)state;
    for (int away = 0; away < 2; away++) {
        begin_with(SURGE);
        ten_weeks();
        (away ? exchange_between : exchange)(SURGE_OF_OTHERS);
        assert_int_equal(anew(), 1);
        assert_int_equal(window_flow_counts(flow).anew, 1);
        restart(); /* once is enough */
        assert_int_equal(anew(), 0);
        five_more();
        assert_int_equal(count_firings(), 0);
        end();
    }
}

static void a_trigger_of_the_same_shape_goes_on(void **state)
{
    (void)state;
    for (int away = 0; away < 2; away++) {
        begin_with(SURGE);
        ten_weeks();
        (away ? exchange_between
              : exchange)(HEAD "surge: { at_least: 5, sigma: 2 }\ncool_down: 2d\nconfirm: no\n"
                               "open: { say: \"又{count}件\" }\n");
        assert_int_equal(anew(), 0);
        five_more();
        assert_int_equal(count_firings(), 1);
        end();
    }
}

/* A rule that is shorter now may be due already. */
static void a_restart_with_other_rules_looks_at_what_is_due(void **state)
{
    (void)state;
    begin_with(QUIET("48h"));
    obey("fact 1 03-02T08:00 request:12345:1");
    obey("tick 03-02T10:00");
    exchange_between(QUIET("1h"));
    obey("tick 03-02T10:01");
    assert_int_equal(count_firings(), 1);
    end();
}

static void commit(void)
{
    window_flow_save(flow, &outputs);
}

/* The facts of before are there still, and the new rules would let them fire: a process that ends
 * between its first commit and the next step of the clock has not looked at them. */
static void a_restart_before_the_clock_moves_looks_all_the_same(void **state)
{
    (void)state;
    begin_with(QUIET("48h"));
    obey("fact 1 03-02T08:00 request:12345:1");
    obey("tick 03-02T10:00");
    exchange_between(QUIET("1h"));
    commit();
    restart();
    obey("tick 03-02T10:01");
    assert_int_equal(count_firings(), 1);
    commit();
    restart(); /* now it was looked at */
    obey("tick 03-02T10:02");
    assert_int_equal(count_firings(), 1);
    end();
}

/* Back to the rules of before, with nobody's in between that could be mistaken for theirs. */
static void rules_that_come_back_look_at_what_others_left(void **state)
{
    (void)state;
    begin_with(QUIET("1h"));
    obey("tick 03-02T07:00");
    commit();
    struct span first = rules.bundle;
    exchange_between(QUIET("48h"));
    obey("fact 1 03-02T08:00 request:12345:1"); /* due in two days, they say */
    commit();
    exchange_between(QUIET("1h"));
    rules.bundle = first;
    restart();
    obey("tick 03-02T10:00");
    assert_int_equal(count_firings(), 1);
    end();
}

#define OTHER                                                                                      \
    "trigger: u\nname: 例\non: { kind: request, stage: closed }\ngroup: [community_code]\n"       \
    "count: { at_least: 1, within: 1h }\nopen: { say: x }\n"

/* What it would be measured against was not heard while it was gone. */
static void a_trigger_that_was_gone_begins_anew(void **state)
{
    (void)state;
    for (int away = 0; away < 2; away++) {
        void (*change)(const char *yaml) = away ? exchange_between : exchange;
        begin_with(SURGE);
        ten_weeks();
        change(OTHER);
        commit();
        restart(); /* nothing of it is left in the state */
        obey("tick 2026-03-01T12:00");
        commit();
        change(SURGE);
        five_more();
        assert_int_equal(count_firings(), 0);
        end();
    }
}

/* What was written by one bundle is read by another. */
static void a_signal_names_what_heard_it_wherever_that_stands(void **state)
{
#define OPENED   "{ kind: request, stage: opened }"
#define REOPENED "{ kind: request, stage: reopened }"
#define CLOSED   "{ kind: request, stage: closed }"
    (void)state;
    begin_with(EITHER(OPENED, REOPENED));
    struct triggers *wrote = triggers, *reads = triggers_of(EITHER(CLOSED, OPENED));
    rules.triggers = reads;
    window_flow_set_rules(flow, &rules);
    obey("fact 1 03-02T08:00 C"); /* as `wrote` calls its first: that is the second by now */
    obey("answer 2 03-02T08:01 C");
    assert_int_equal(window_flow_counts(flow).unknown, 1); /* nobody listens to reopened */
    assert_int_equal(window_flow_counts(flow).groups, 1);
    obey("fact 3 03-02T08:02 C");
    obey("now");
    assert_int_equal(count_firings(), 1);
    triggers_free(wrote);
    triggers = reads;
    end();
}

static void partitions_may_be_many(void **state)
{
    enum { MANY = 300 };
    (void)state;
    begin_with(THREE);
    rules.partitions = MANY;
    restart();
    for (int p = 0; p < MANY; p++)
        tick(at("03-02T08:00") + p, p);
    assert_int_equal(window_flow_counts(flow).clock_ms, at("03-02T08:00"));
    restart();
    assert_int_equal(window_flow_counts(flow).clock_ms, at("03-02T08:00"));
    tick(at("03-02T09:00"), 0);
    assert_int_equal(window_flow_counts(flow).clock_ms, at("03-02T08:00") + 1);
    end();
}

/* A cap let nothing through until its facts were gone: nobody was told, so it is counted. */
static void what_a_cap_held_until_it_was_gone_is_counted(void **state)
{
    (void)state;
    begin_with(HEAD "count: { at_least: 1, within: 1h }\ncaps: { per_day: 1 }\n"
                    "open: { say: \"{count}件\" }\n");
    obey("tick 03-02T00:00");
    obey("fact 1 03-02T08:00 A");
    obey("fact 2 03-02T08:01 B");
    obey("tick 03-02T09:00");
    assert_int_equal(window_flow_counts(flow).held, 1);
    assert_int_equal(window_flow_counts(flow).lapsed, 0);
    obey("fact 2 03-02T08:01 B told=03-02T09:30 gone");
    obey("tick 03-03T00:00");
    assert_int_equal(count_firings(), 1);
    assert_int_equal(window_flow_counts(flow).lapsed, 1);
    obey("tick 03-04T00:00");
    assert_int_equal(window_flow_counts(flow).lapsed, 1);
    end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(windows_of_a_trigger_that_is_gone_are_forgotten),
        cmocka_unit_test(other_rules_judge_what_is_there),
        cmocka_unit_test(a_trigger_of_another_shape_begins_anew),
        cmocka_unit_test(a_trigger_of_the_same_shape_goes_on),
        cmocka_unit_test(a_restart_with_other_rules_looks_at_what_is_due),
        cmocka_unit_test(a_restart_before_the_clock_moves_looks_all_the_same),
        cmocka_unit_test(rules_that_come_back_look_at_what_others_left),
        cmocka_unit_test(a_trigger_that_was_gone_begins_anew),
        cmocka_unit_test(a_signal_names_what_heard_it_wherever_that_stands),
        cmocka_unit_test(partitions_may_be_many),
        cmocka_unit_test(what_a_cap_held_until_it_was_gone_is_counted),
    };
    return cmocka_run_group_tests(tests, load, unload);
}
