/* SPDX-License-Identifier: Apache-2.0 */
/* Which events tell that a station lives. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/base.h"
#include "model/sighting.h"

#define HEAD                                                                                       \
    "{\"specversion\":\"1.0\",\"id\":\"i\",\"source\":\"/feeds/x\",\"type\":\"cn.citybrain."
#define CASE HEAD "case.opened.v1\",\"subject\":\"service:platform:1\","
#define BEAT HEAD "observation.heartbeat.v1\",\"subject\":\"station:chaoyang:st001\","
#define WHEN "\"time\":\"2026-11-25T01:00:00.000Z\",\"recordedtime\":\"2026-11-25T02:00:00.000Z\","

static void feeds_tell_of_stations_and_nobody_else(void **state)
{
    (void)state;
    static const struct {
        const char *json;
        const char *station, *via; /* NULL = tells nothing */
    } cases[] = {
        {CASE WHEN "\"feed\":\"platform\",\"data\":{\"line\":\"x\",\"station\":\"st001\"}}",
         "st001", "platform"},
        {BEAT WHEN "\"feed\":\"heartbeat\",\"data\":{\"station\":\"st002\"}}", "st002",
         "heartbeat"},
        {BEAT WHEN "\"feed\":\"beats_of_a_vendor\",\"data\":{\"station\":\"st002\"}}", "st002",
         "heartbeat"},
        {CASE WHEN "\"feed\":\"platform\",\"data\":{\"line\":\"x\"}}", NULL, NULL},
        {CASE WHEN "\"feed\":\"platform\",\"data\":{\"station\":\"\"}}", NULL, NULL},
        {CASE WHEN "\"feed\":\"platform\"}", NULL, NULL},
        {CASE WHEN "\"feed\":\"platform\",\"replayof\":\"r1\",\"data\":{\"station\":\"st001\"}}",
         NULL, NULL},
        {CASE WHEN "\"feed\":\"platform\",\"causationid\":\"c\",\"data\":{\"station\":\"st001\"}}",
         NULL, NULL},
        {CASE WHEN "\"data\":{\"station\":\"st001\"}}", NULL, NULL},
        {CASE WHEN
         "\"feed\":\"platform\",\"data\":{\"station\":\"1234567890123456789012345678901234"
         "5678901234567890123456789012345\"}}",
         NULL, NULL},
    };
    struct json_reader *reader = json_reader_new();
    struct arena arena;
    arena_init(&arena, 1 << 16);
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct event event;
        struct sighting sighting;
        arena_reset(&arena);
        assert_int_equal(event_read(reader, span_of(cases[i].json), &arena, &event), REJECT_NONE);
        bool tells = sighting_of_event(&event, &sighting);
        if (tells != (cases[i].station != NULL) ||
            (tells &&
             (!span_is(sighting.station, cases[i].station) ||
              !span_is(sighting.via, cases[i].via) || sighting.seen_ms != INT64_C(1795572000000))))
            fail_msg("%zu", i);
    }
    arena_fini(&arena);
    json_reader_free(reader);
}

static void a_station_is_heard_by_its_family_or_its_heart(void **state)
{
    (void)state;
    assert_true(sighting_is_of(SPAN("platform"), SPAN("platform")));
    assert_true(sighting_is_of(SPAN("heartbeat"), SPAN("platform")));
    assert_false(sighting_is_of(SPAN("single_window"), SPAN("platform")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(feeds_tell_of_stations_and_nobody_else),
        cmocka_unit_test(a_station_is_heard_by_its_family_or_its_heart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
