/* SPDX-License-Identifier: Apache-2.0 */
/* Time does not overtake what was here, and stands still for no topic that nobody can read
 * (contracts §5). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/base.h"
#include "ingest/core/tick_targets.h"

static struct tick_targets targets;
static char told[256];

static void note(void *context, const char *topic)
{
    (void)context;
    strcat(strcat(told, topic), " ");
}

static int begin(void **state)
{
    (void)state;
    memset(&targets, 0, sizeof targets);
    targets.raw = "cb.raw";
    targets.left_out = note;
    told[0] = '\0';
    return 0;
}

#define TAKE(ends)    tick_targets_take(&targets, ends, ARRAY_LENGTH(ends))
#define REACHED(ends) tick_targets_reached(&targets, ends, ARRAY_LENGTH(ends))

static void a_tick_waits_for_all_that_was_there(void **state)
{
    (void)state;
    struct tick_end ends[] = {{"cb.raw", 0, 10, 9}, {"cb.raw", 1, 5, 5}, {"cb.status.a", 0, 3, 1}};
    assert_null(TAKE(ends));
    assert_false(REACHED(ends));
    ends[0].committed = 10;
    assert_false(REACHED(ends));
    ends[2].committed = 3;
    ends[2].end = ends[0].end = 20; /* what came after does not matter */
    assert_true(REACHED(ends));
    assert_string_equal(told, "");
}

static void without_an_answer_of_raw_there_is_no_tick(void **state)
{
    (void)state;
    const struct tick_end silent[] = {{"cb.raw", 0, -1, 9}, {"cb.status.a", 0, 3, 3}};
    const struct tick_end none[] = {{"cb.status.a", 0, 3, 3}};
    assert_string_equal(TAKE(silent), "raw did not answer");
    assert_string_equal(TAKE(none), "raw is not there");
}

static void a_status_topic_without_an_answer_is_left_out_and_told(void **state)
{
    (void)state;
    const struct tick_end ends[] = {
        {"cb.raw", 0, 10, 10}, {"cb.status.a", 0, -1, 1}, {"cb.status.b", 0, 4, 4}};
    assert_null(TAKE(ends));
    assert_true(REACHED(ends));
    assert_string_equal(told, "cb.status.a ");
}

/* Nothing was written, or nobody has begun to read it. */
static void what_is_empty_or_not_subscribed_is_not_waited_for(void **state)
{
    (void)state;
    const struct tick_end ends[] = {
        {"cb.raw", 0, 0, -1}, {"cb.status.a", 0, 0, -1}, {"cb.status.b", 0, 7, -1}};
    assert_null(TAKE(ends));
    assert_true(REACHED(ends));
    assert_string_equal(told, "");
}

/* Deleted, or deleted and made anew, while the tick waits: its end is never passed. */
static void a_status_topic_that_goes_stops_no_time(void **state)
{
    (void)state;
    const struct tick_end before[] = {{"cb.raw", 0, 10, 10}, {"cb.status.a", 0, 5, 3}},
                          gone[] = {{"cb.raw", 0, 10, 10}},
                          anew[] = {{"cb.raw", 0, 10, 10}, {"cb.status.a", 0, 1, 0}},
                          silent[] = {{"cb.raw", 0, 10, 10}, {"cb.status.a", 0, -1, 3}};
    assert_null(TAKE(before));
    assert_false(REACHED(before));
    assert_true(REACHED(gone));
    assert_true(REACHED(gone));
    assert_string_equal(told, "cb.status.a "); /* once */
    assert_null(TAKE(before));
    assert_true(REACHED(anew));
    assert_null(TAKE(before));
    assert_false(REACHED(silent)); /* where it ended is known, and it will be passed */
}

static void raw_is_waited_for_whatever_it_answers_later(void **state)
{
    (void)state;
    const struct tick_end before[] = {{"cb.raw", 0, 10, 9}}, silent[] = {{"cb.raw", 0, -1, 9}},
                          gone[] = {{"cb.status.a", 0, 1, 1}};
    assert_null(TAKE(before));
    assert_false(REACHED(silent));
    assert_false(REACHED(gone));
}

static bool is_short_of(const void *context, const char *topic, int32_t partition, int64_t end)
{
    const struct tick_end *own = context;
    return strcmp(topic, own->topic) == 0 && partition == own->partition && own->committed < end;
}

static void what_is_known_not_to_be_passed_needs_no_question(void **state)
{
    (void)state;
    const struct tick_end before[] = {{"cb.raw", 0, 10, 4}, {"cb.status.a", 0, 5, 3}},
                          gone[] = {{"cb.raw", 0, 10, 4}};
    struct tick_end raw = {"cb.raw", 0, 0, 9}, status = {"cb.status.a", 0, 0, 4},
                    other = {"cb.raw", 1, 0, 0};
    assert_null(TAKE(before));
    assert_true(tick_targets_ahead(&targets, is_short_of, &raw));
    assert_true(tick_targets_ahead(&targets, is_short_of, &status));
    assert_false(tick_targets_ahead(&targets, is_short_of, &other)); /* another's, or no target */
    raw.committed = 10;
    assert_false(tick_targets_ahead(&targets, is_short_of, &raw));
    assert_false(REACHED(gone));
    assert_false(tick_targets_ahead(&targets, is_short_of, &status)); /* it is left out */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_tick_waits_for_all_that_was_there, begin),
        cmocka_unit_test_setup(without_an_answer_of_raw_there_is_no_tick, begin),
        cmocka_unit_test_setup(a_status_topic_without_an_answer_is_left_out_and_told, begin),
        cmocka_unit_test_setup(what_is_empty_or_not_subscribed_is_not_waited_for, begin),
        cmocka_unit_test_setup(a_status_topic_that_goes_stops_no_time, begin),
        cmocka_unit_test_setup(raw_is_waited_for_whatever_it_answers_later, begin),
        cmocka_unit_test_setup(what_is_known_not_to_be_passed_needs_no_question, begin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
