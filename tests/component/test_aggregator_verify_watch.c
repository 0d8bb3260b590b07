/* SPDX-License-Identifier: Apache-2.0 */
/* The note that `citybrain verify` leaves, as the aggregator tells it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "aggregator/verify_watch.h"
#include "base/base.h"

struct note {
    const char *text;
    bool good;
    int64_t at_ms, differences;
};

static void a_note_is_read_or_refused(void **state)
{
    static const struct note notes[] = {
        {"{\"at_ms\": 1796000000000, \"differences\": 0}", true, 1796000000000, 0},
        {"{\"differences\":7,\"at_ms\":1,\"more\":[]}", true, 1, 7},
        {"", false, 0, 0},
        {"{\"at_ms\": 1796000000000}", false, 0, 0},
        {"{\"at_ms\": 0, \"differences\": 0}", false, 0, 0},
        {"{\"at_ms\": 1, \"differences\": -1}", false, 0, 0},
        {"{\"at_ms\": 1, \"differences\": 3", false, 0, 0}, /* half of it */
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(notes); i++) {
        int64_t at_ms = 0, differences = 0;
        bool good = verify_watch_read(span_of(notes[i].text), &at_ms, &differences);
        assert_int_equal(good, notes[i].good);
        if (good)
            assert_true(at_ms == notes[i].at_ms && differences == notes[i].differences);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_note_is_read_or_refused)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
