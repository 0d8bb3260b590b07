/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "aggregator/core/kept_answer.h"
#include "base/base.h"

#define MOST   16
#define FOR    15
#define USABLE 60

static struct kept_answer kept;
static int64_t ticket;

static int begin(void **state)
{
    (void)state;
    kept_answer_init(&kept, MOST, FOR, USABLE);
    return 0;
}

static int end(void **state)
{
    (void)state;
    kept_answer_fini(&kept);
    return 0;
}

static bool is_given(int64_t now_ms, const char *text)
{
    struct span given = kept_answer_take(&kept, now_ms, &ticket);
    return given.at != NULL && span_is(given, text) && ticket == 0;
}

static bool is_to_make(int64_t now_ms)
{
    return kept_answer_take(&kept, now_ms, &ticket).at == NULL && ticket != 0;
}

static void one_of_many_makes_it_anew(void **state)
{
    (void)state;
    assert_true(is_to_make(0));
    kept_answer_put(&kept, ticket, SPAN("a"));
    assert_true(is_given(5, "a"));
    assert_true(is_given(14, "a"));
    assert_true(is_to_make(15));
    assert_true(is_given(16, "a")); /* while the one who went is not back */
    assert_true(is_to_make(30));
    kept_answer_put(&kept, ticket, SPAN("b"));
    assert_true(is_given(31, "b"));
}

/* Who was given it brings it back with his own answer: that makes it no younger. */
static void what_nobody_can_make_any_more_is_not_given(void **state)
{
    (void)state;
    assert_true(is_to_make(0));
    kept_answer_put(&kept, ticket, SPAN("a"));
    for (int64_t now = 1; now < USABLE; now++)
        if (kept_answer_take(&kept, now, &ticket).at) /* who is to make it fails */
            kept_answer_put(&kept, ticket, SPAN("a"));
    assert_true(is_to_make(USABLE));
    assert_true(is_to_make(USABLE + 1));
    kept_answer_put(&kept, ticket, SPAN("c"));
    assert_true(is_given(USABLE + 2, "c"));
}

static void who_comes_back_late_changes_nothing(void **state)
{
    (void)state;
    assert_true(is_to_make(0));
    int64_t late = ticket;
    assert_true(is_to_make(20));
    kept_answer_put(&kept, ticket, SPAN("new"));
    kept_answer_put(&kept, late, SPAN("old"));
    assert_true(is_given(21, "new"));
}

static void what_is_too_large_is_not_kept(void **state)
{
    (void)state;
    assert_true(is_to_make(0));
    kept_answer_put(&kept, ticket, SPAN("more than sixteen bytes"));
    assert_true(is_to_make(1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(one_of_many_makes_it_anew, begin, end),
        cmocka_unit_test_setup_teardown(what_nobody_can_make_any_more_is_not_given, begin, end),
        cmocka_unit_test_setup_teardown(who_comes_back_late_changes_nothing, begin, end),
        cmocka_unit_test_setup_teardown(what_is_too_large_is_not_kept, begin, end),
    };
    return cmocka_run_group_tests_name("kept_answer", tests, NULL, NULL);
}
