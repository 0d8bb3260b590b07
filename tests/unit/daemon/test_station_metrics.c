/* SPDX-License-Identifier: Apache-2.0 */
/* Stations as /metrics tells them, before the first tick and behind it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "aggregator/station_metrics.h"
#include "base/base.h"

#define CLOCK "citybrain_aggregator_stations_clock_timestamp_seconds"
#define NOW   1790928000000LL

static void before_the_first_tick_no_station_is_counted(void **state)
{
    struct station_metrics here;
    struct strbuf out;
    struct diagnostics *diagnostics = diagnostics_new();
    struct stations *stations = stations_load("config/registries/stations.csv", diagnostics);
    struct calendar *calendar = calendar_load("config/registries/calendar.csv", diagnostics);
    struct station_report_rules rules = {stations, calendar, 480};
    struct metrics *metrics = metrics_new();
    (void)state;
    assert_true(stations && calendar);
    strbuf_init(&out, 4096, 1 << 20);
    station_metrics_open(&here, metrics);
    for (int tick = 0; tick < 2; tick++) {
        struct station_report *report = station_report_new(&rules, tick ? NOW : 0);
        station_report_hear(report, &(struct sighting){SPAN("st999"), SPAN("platform"), NOW - 1});
        station_metrics_take(&here, report);
        station_report_free(report);
        strbuf_reset(&out);
        metrics_write(metrics, &out);
        assert_non_null(strstr(out.at, tick ? CLOCK " 1790928000\n" : CLOCK " 0\n"));
        assert_int_equal(strstr(out.at, "stations_unknown 1\n") != NULL, tick);
        assert_int_equal(strstr(out.at, "stations_unknown") != NULL, tick);
        assert_int_equal(strstr(out.at, "stations_never_heard{family=\"platform\"}") != NULL, tick);
    }
    strbuf_fini(&out);
    metrics_free(metrics);
    stations_free(stations);
    calendar_free(calendar);
    diagnostics_free(diagnostics);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(before_the_first_tick_no_station_is_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
