/* SPDX-License-Identifier: Apache-2.0 */
/* A position and a log that do not belong together stop with the reason; reliability is here: never
 * guess, never skip (docs/runbooks/log-and-database.md). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "aggregator/core/log_place.h"

static const struct {
    const char *name;
    int64_t next, last, first, end; /* of the position, of the log */
    int64_t start;                  /* -2: refused */
    bool looks;
    const char *said;
} places[] = {
    {"nothing read yet", -1, -1, 0, 100, -1, false, NULL},
    {"nothing read yet of a log that was cut", -1, -1, 50, 100, -1, false, NULL},
    {"in the middle", 60, 58, 0, 100, 58, true, NULL},
    {"at the end", 100, 99, 0, 100, 99, true, NULL},
    {"at the end, the record before is gone by age", 100, 99, 100, 100, 100, false, NULL},
    {"at the beginning of what is left", 60, 59, 60, 100, 60, false, NULL},
    {"put back by hand", 10, 58, 0, 100, 10, false, NULL},
    {"written before records were remembered", 60, -1, 0, 100, 60, false, NULL},
    {"beyond the end", 101, 99, 0, 100, -2, false, "the log ends at 100"},
    {"beyond an empty log", 5, 4, 0, 0, -2, false, "the log ends at 0"},
    {"before the beginning", 59, 58, 60, 100, -2, false, "the log begins at 60"},
};

static void a_position_begins_where_it_can_be_looked_at(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        struct error error = {0};
        int64_t start = 0;
        bool looks = false;
        const struct log_place place = {
            "cb.events", 3, places[i].next, places[i].last, places[i].first, places[i].end};
        bool good = log_place_start(&place, &start, &looks, &error);
        if (good != (places[i].said == NULL))
            fail_msg("%s: %s", places[i].name, error.text);
        if (good && (start != places[i].start || looks != places[i].looks))
            fail_msg("%s: from %lld", places[i].name, (long long)start);
        if (good)
            continue;
        assert_int_equal(error.kind, ERROR_CONFIG);
        assert_non_null(strstr(error.text, places[i].said));
        assert_non_null(strstr(error.text, "cb.events/3"));
        assert_non_null(strstr(error.text, "docs/runbooks/log-and-database.md"));
    }
}

static void another_record_in_its_place_is_another_log(void **state)
{
    struct error error = {0};
    char mark[LOG_PLACE_MARK];
    const struct log_place place = {"cb.events", 3, 60, 58, 0, 100};
    struct record record = {
        .offset = 58, .timestamp_ms = 1767225600000, .key = SPAN("a"), .value = SPAN("{}")};
    (void)state;
    struct log_mark of = log_mark_of(&record);
    log_mark_write(mark, &of);
    assert_true(log_place_check(&place, mark, &record, &error));
    struct record later = record, other = record, longer = record, behind = record;
    later.timestamp_ms++;
    other.key = SPAN("b");
    longer.value = SPAN("{ }");
    behind.offset++;
    const struct record *const wrong[] = {&later, &other, &longer, &behind, NULL};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_false(log_place_check(&place, mark, wrong[i], &error));
        assert_int_equal(error.kind, ERROR_CONFIG);
        assert_non_null(strstr(error.text, mark));
        assert_non_null(strstr(error.text, "docs/runbooks/log-and-database.md"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_position_begins_where_it_can_be_looked_at),
        cmocka_unit_test(another_record_in_its_place_is_another_log),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
