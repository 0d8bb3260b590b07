/* SPDX-License-Identifier: Apache-2.0 */
/* Wall clocks of zones with and without summer time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/base.h"
#include "base/zone.h"

static const struct {
    const char *zone, *wall, *utc; /* utc NULL = no such hour */
} rows[] = {
    {"UTC", "2026-03-02 09:15:00", "2026-03-02T09:15:00Z"},
    {"+08:00", "2026-03-02 09:15:00", "2026-03-02T01:15:00Z"},
    {"Asia/Shanghai", "2026-03-02 09:15:00", "2026-03-02T01:15:00Z"},
    {"Asia/Shanghai", "1988-07-01 09:15:00", "1988-07-01T01:15:00Z"}, /* built in */
    {"Asia/Urumqi", "2026-03-02 09:15:00", "2026-03-02T03:15:00Z"},
    {"America/New_York", "2011-01-15 12:00:00", "2011-01-15T17:00:00Z"},
    {"America/New_York", "2011-07-15 12:00:00", "2011-07-15T16:00:00Z"},
    {"America/New_York", "2011-03-13 01:59:59", "2011-03-13T06:59:59Z"},
    {"America/New_York", "2011-03-13 02:30:00", NULL}, /* the clocks went from 2 to 3 */
    {"America/New_York", "2011-03-13 03:00:00", "2011-03-13T07:00:00Z"},
    {"America/New_York", "2011-11-06 00:59:59", "2011-11-06T04:59:59Z"},
    {"America/New_York", "2011-11-06 01:30:00", "2011-11-06T05:30:00Z"}, /* the first of two */
    {"America/New_York", "2011-11-06 02:00:00", "2011-11-06T07:00:00Z"},
    {"Asia/Kolkata", "2026-03-02 09:15:00", "2026-03-02T03:45:00Z"},
    {"America/New_York", "2026-02-30 09:15:00", NULL},
};

static void a_wall_clock_is_read_as_its_zone_shows_it(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        struct zone *zone = zone_new(span_of(rows[i].zone));
        int64_t ms, wanted;
        if (zone == NULL)
            fail_msg("no zone %s", rows[i].zone);
        bool good = zone_parse(zone, span_of(rows[i].wall), "%Y-%m-%d %H:%M:%S", &ms);
        if (good != (rows[i].utc != NULL) ||
            (good && (!timestamp_parse_rfc3339(span_of(rows[i].utc), &wanted) || wanted != ms)))
            fail_msg("%s in %s", rows[i].wall, rows[i].zone);
        struct civil civil, said;
        int none;
        zone_to_civil(zone, good ? ms : 0, &civil);
        timestamp_parse_civil(span_of(rows[i].wall), "%Y-%m-%d %H:%M:%S", &said, &none);
        if (good && memcmp(&civil, &said, sizeof civil) != 0)
            fail_msg("%s in %s and back", rows[i].wall, rows[i].zone);
        zone_free(zone);
    }
}

static void an_offset_in_the_text_wins(void **state)
{
    (void)state;
    struct zone *zone = zone_new(SPAN("America/New_York"));
    int64_t ms;
    assert_true(zone_parse(zone, SPAN("2011-03-13 02:30 +08:00"), "%Y-%m-%d %H:%M %z", &ms));
    assert_int_equal(ms, INT64_C(1299954600000));
    zone_free(zone);
}

static void what_is_no_zone_is_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = {"",          "Mars",           "America",  "/etc/passwd",
                                        "../passwd", "Asia/Shanghai ", "zone.tab", "+25:00"};
    for (size_t i = 0; i < ARRAY_LENGTH(wrong); i++)
        if (zone_new(span_of(wrong[i])) != NULL)
            fail_msg("%s was taken", wrong[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_wall_clock_is_read_as_its_zone_shows_it),
        cmocka_unit_test(an_offset_in_the_text_wins),
        cmocka_unit_test(what_is_no_zone_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
