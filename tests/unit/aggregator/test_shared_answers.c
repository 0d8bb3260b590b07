/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "aggregator/core/shared_answers.h"
#include "base/base.h"

static struct shared_answers *answers;
static int64_t made;

static int begin(void **state)
{
    (void)state;
    answers = shared_answers_new(2, 16);
    return 0;
}

static int end(void **state)
{
    (void)state;
    shared_answers_free(answers);
    return 0;
}

static void put(const char *question, int64_t made_ms, const char *text)
{
    shared_answers_put(answers, span_of(question), made_ms, span_of(text));
}

static bool is(const char *question, int64_t since_ms, const char *text)
{
    struct span found = shared_answers_find(answers, span_of(question), since_ms, &made);
    return found.at ? text && span_is(found, text) : !text;
}

static void an_answer_is_given_to_the_same_question_as_long_as_it_is_new_enough(void **state)
{
    (void)state;
    assert_true(is("a", 0, NULL));
    put("a", 100, "one");
    assert_true(is("a", 100, "one"));
    assert_int_equal(made, 100);
    assert_true(is("a", 101, NULL));
    assert_true(is("b", 0, NULL));
    put("a", 150, "two");
    assert_true(is("a", 101, "two"));
}

static void what_was_asked_for_earlier_and_comes_later_changes_nothing(void **state)
{
    (void)state;
    put("a", 200, "new");
    put("a", 100, "old");
    assert_true(is("a", 0, "new"));
}

static void the_oldest_makes_room(void **state)
{
    (void)state;
    put("a", 100, "one");
    put("b", 110, "two");
    put("a", 120, "three");
    put("c", 130, "four");
    assert_true(is("a", 0, "three") && is("b", 0, NULL) && is("c", 0, "four"));
}

static void what_is_too_large_is_not_kept_and_nothing_stands_in_its_place(void **state)
{
    (void)state;
    put("a", 100, "one");
    put("a", 200, "longer than sixteen");
    assert_true(is("a", 0, NULL));
    put("b", 300, "b");
    put("c", 310, "c");
    assert_true(is("b", 0, "b") && is("c", 0, "c"));
}

static void permits_what_max_age_says(void **state)
{
    static const struct {
        struct span said;
        int64_t ms;
    } rows[] = {
        {{0}, 0},
        {SPAN("max-age=2"), 2000},
        {SPAN("no-transform, Max-Age=2"), 2000},
        {SPAN("max-age=0"), 0},
        {SPAN("max-age=-1"), 0},
        {SPAN("max-age="), 0},
        {SPAN("max-age=two"), 0},
        {SPAN("max-age=9999999"), 60000},
        {SPAN("max-age=2, no-cache"), 0},
        {SPAN("no-store,max-age=2"), 0},
        {SPAN("min-fresh=2"), 0},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++)
        assert_int_equal(shared_answers_permitted(rows[i].said), rows[i].ms);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            an_answer_is_given_to_the_same_question_as_long_as_it_is_new_enough, begin, end),
        cmocka_unit_test_setup_teardown(what_was_asked_for_earlier_and_comes_later_changes_nothing,
                                        begin, end),
        cmocka_unit_test_setup_teardown(the_oldest_makes_room, begin, end),
        cmocka_unit_test_setup_teardown(
            what_is_too_large_is_not_kept_and_nothing_stands_in_its_place, begin, end),
        cmocka_unit_test(permits_what_max_age_says),
    };
    return cmocka_run_group_tests_name("shared_answers", tests, NULL, NULL);
}
