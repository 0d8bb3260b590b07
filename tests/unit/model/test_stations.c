/* SPDX-License-Identifier: Apache-2.0 */
/* Stations by code and day; what a row cannot say is named by line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/timestamp.h"
#include "model/stations.h"

#include "../../support/text_file.h"

#define HEADER "code,name,community_code,street_code,family,cadence,hours,valid_from,valid_to\n"

static struct stations *load(const char *text)
{
    struct diagnostics *diagnostics = diagnostics_new();
    struct stations *loaded = stations_load(text_file(text), diagnostics);
    text_file_end(diagnostics);
    return loaded;
}

static void finds_a_station_as_it_was_that_day(void **state)
{
    (void)state;
    struct stations *stations = load(HEADER "a,一,1,2,platform,1h,1-5 09:00-17:00,,2026-01-01\n"
                                            "a,一,1,2,platform,1d,1-5 09:00-17:00,2026-01-01,\n"
                                            "b,二,1,2,platform,1w,1-7 09:00-17:00,2026-03-01,\n");
    assert_non_null(stations);
    int64_t turn = timestamp_days(2026, 1, 1);
    assert_int_equal(stations_count(stations), 3);
    assert_true(span_is(stations_find(stations, SPAN("a"), turn - 1)->every, "1h"));
    const struct station *after = stations_find(stations, SPAN("a"), turn);
    assert_true(span_is(after->every, "1d"));
    assert_int_equal(after->cadence.unit, CADENCE_OPEN_DAYS);
    assert_int_equal(after->family_place.line, 3);
    assert_null(stations_at(stations, 0, turn));
    assert_ptr_equal(stations_at(stations, 1, turn), after);
    assert_null(stations_find(stations, SPAN("b"), turn)); /* not opened yet */
    assert_null(stations_find(stations, SPAN("c"), turn)); /* nobody knows it */
    assert_null(stations_find(stations, SPAN(""), turn));
    stations_free(stations);
}

static void refuses_a_row_that_says_nothing_of_its_silence(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "a,一,1,2,,1h,1-5 09:00-17:00,,\n", "a,一,1,2,platform,,1-5 09:00-17:00,,\n",
        "a,一,1,2,platform,1h,,,\n", "a,一,1,2,platform,1h,always,,\n"};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[512], place[80];
        snprintf(text, sizeof text, "%s%s", HEADER, rows[i]);
        assert_null(load(text));
        snprintf(place, sizeof place, "%s:2:", text_file_path);
        assert_memory_equal(shown, place, strlen(place));
    }
}

static void the_shipped_stations_can_be_read(void **state)
{
    (void)state;
    struct diagnostics *diagnostics = diagnostics_new();
    struct stations *stations = stations_load("config/registries/stations.csv", diagnostics);
    assert_non_null(stations);
    assert_int_equal(stations_count(stations), 269);
    stations_free(stations);
    diagnostics_free(diagnostics);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_a_station_as_it_was_that_day),
        cmocka_unit_test(refuses_a_row_that_says_nothing_of_its_silence),
        cmocka_unit_test(the_shipped_stations_can_be_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
