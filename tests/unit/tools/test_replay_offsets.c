/* SPDX-License-Identifier: Apache-2.0 */
/* --offsets is typed by hand: what is not in it, twice in it or not in the log is refused, and the
 * parts stay as they were. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "citybrain/replay_offsets.h"

/* What is said of them; "" = they were read. */
static const char *said_of(const char *text)
{
    static struct error error;
    static struct replay_offsets offsets;
    offsets.count = 0;
    error = (struct error){0};
    return replay_offsets_read(&offsets, text, &error) ? "" : error.text;
}

static void a_range_is_digits_and_has_something_in_it(void **state)
{
    static const char *const wrong[] = {"",
                                        "1",
                                        "1-2",
                                        "1:",
                                        "1:2",
                                        "1:2-",
                                        "1:-2",
                                        ":1-2",
                                        "1:+1-2",
                                        "-1:1-2",
                                        "1:1-2,",
                                        ",1:1-2",
                                        "1:1-2;3:1-2",
                                        "1:1-2 ",
                                        "1:1-x",
                                        "2147483648:0-1",
                                        "1:0-9223372036854775808",
                                        "1:9223372036854775808-9223372036854775809",
                                        "18446744073709551617:0-1"};
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(wrong); i++)
        assert_non_null(strstr(said_of(wrong[i]), "is no range; fix"));
    assert_non_null(strstr(said_of("1:7-7"), "nothing in it"));
    assert_non_null(strstr(said_of("1:7-6"), "nothing in it"));
    assert_string_equal(said_of("3:1200-1500,4:0-9223372036854775807,2147483647:0-1"), "");
}

static void a_partition_is_named_once(void **state)
{
    struct replay_offsets offsets = {0};
    struct error error = {0};
    (void)state;
    assert_non_null(strstr(said_of("11:0-1,11:1-5"), "partition 11 is named twice; fix"));
    assert_true(replay_offsets_read(&offsets, "11:0-1,3:0-1", &error)); /* also in two options */
    assert_false(replay_offsets_read(&offsets, "11:1-5", &error));
    assert_non_null(strstr(error.text, "twice"));
}

static void there_is_an_end_to_ranges(void **state)
{
    struct replay_offsets offsets = {0};
    struct error error = {0};
    char text[16];
    (void)state;
    for (int i = 0; i < REPLAY_OFFSETS; i++) {
        snprintf(text, sizeof text, "%d:0-1", i);
        assert_true(replay_offsets_read(&offsets, text, &error));
    }
    assert_false(replay_offsets_read(&offsets, "99:0-1", &error));
    assert_non_null(strstr(error.text, "more than 64"));
}

enum { PARTS = 3 }; /* of which the last is empty */

static void assert_part(const struct log_copy_part *part, int64_t from, int64_t to)
{
    assert_int_equal(part->from, from);
    assert_int_equal(part->next, from);
    assert_int_equal(part->to, to);
}

static bool narrowed(const char *text, struct log_copy_part parts[PARTS], struct error *error)
{
    static const struct log_copy_part all[PARTS] = {{0, 10, 100, 10}, {1, 0, 5, 0}, {2, 7, 7, 7}};
    struct replay_offsets offsets = {0};
    memcpy(parts, all, sizeof all);
    *error = (struct error){0};
    assert_true(!text || replay_offsets_read(&offsets, text, error));
    bool good = replay_offsets_narrow(&offsets, parts, PARTS, error);
    for (size_t i = 0; i < PARTS && !good; i++)
        assert_part(&parts[i], all[i].from, all[i].to);
    return good;
}

static void what_is_named_is_taken_and_no_more(void **state)
{
    struct log_copy_part parts[PARTS];
    struct error error;
    (void)state;
    assert_true(narrowed(NULL, parts, &error)); /* none: all there is */
    assert_part(&parts[0], 10, 100);
    assert_true(narrowed("0:10-100,1:3-4", parts, &error)); /* to the last of them */
    assert_part(&parts[0], 10, 100);
    assert_part(&parts[1], 3, 4);
    assert_part(&parts[2], 7, 7);
    assert_true(narrowed("1:0-5", parts, &error)); /* the others: none of them */
    assert_part(&parts[0], 10, 10);
    assert_part(&parts[1], 0, 5);
}

static void what_is_not_in_the_log_is_refused(void **state)
{
    static const struct {
        const char *text, *says;
    } cases[] = {
        {"0:9-50", "raw/0 holds 10-100 now: 9-50 begins before it"},
        {"0:50-101", "raw/0 holds 10-100 now: 50-101 goes beyond its end"},
        {"0:100-101", "goes beyond its end"},
        {"1:0-1,0:1100-2100", "goes beyond its end"},
        {"0:9223372036854775806-9223372036854775807", "goes beyond its end"},
        {"2:7-8", "raw/2 holds nothing now"},
        {"3:0-1", "raw has no partition 3; fix: one of its 3, 0 to 2"},
        {"2147483647:0-1", "no partition"},
    };
    struct log_copy_part parts[PARTS];
    struct error error;
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        assert_false(narrowed(cases[i].text, parts, &error));
        assert_int_equal(error.kind, ERROR_REFUSED);
        assert_non_null(strstr(error.text, cases[i].says));
        assert_non_null(strstr(error.text, "fix: "));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_range_is_digits_and_has_something_in_it),
        cmocka_unit_test(a_partition_is_named_once),
        cmocka_unit_test(there_is_an_end_to_ranges),
        cmocka_unit_test(what_is_named_is_taken_and_no_more),
        cmocka_unit_test(what_is_not_in_the_log_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
