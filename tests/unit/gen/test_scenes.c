/* SPDX-License-Identifier: Apache-2.0 */
/* What a generated month is like, over the shipped configuration: properties of many orders, each
 * with the room that chance needs. Run from the checkout's root. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "base/timestamp.h"
#include "gen/day.h"

#define BEGINS 1793462400000LL /* 2026-11-01, a Sunday, 00:00 in China */
#define MINUTE 60000LL
#define HOUR   (60 * MINUTE)
#define DAYS   30
#define EVENTS 240000

static struct pool pool;
static struct day *month;

static struct day *make(uint64_t seed, int64_t events)
{
    struct life_day frame = {.seed = seed,
                             .begins_ms = BEGINS,
                             .ends_ms = BEGINS + DAYS * 24 * HOUR,
                             .step_ms = 10 * MINUTE,
                             .clock_ms = TIMESTAMP_NONE,
                             .csv = true,
                             .span.days = DAYS};
    return day_new(&frame, &pool, events);
}

static int load(void **state)
{
    (void)state;
    struct error error = {0};
    if (!pool_load(&pool, "config", &error))
        return -1;
    month = make(1, EVENTS);
    return 0;
}

static int unload(void **state)
{
    (void)state;
    day_free(month);
    pool_fini(&pool);
    return 0;
}

static int by_size(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* Of values: the q-th thousandth. */
static int64_t quantile(int64_t *values, size_t count, size_t q)
{
    qsort(values, count, sizeof *values, by_size);
    return values[count * q / 1000];
}

static void assert_near(double found, double wanted, double room)
{
    if (found < wanted - room || found > wanted + room)
        fail_msg("%g, not %g ± %g", found, wanted, room);
}

/* e^-2, e^-1, e^0, e^1, e^2 of a log-normal one with sigma 1, where the normal one says so. */
static void gaps_are_lognormal(void **state)
{
    static const struct {
        size_t thousandth;
        double times;
    } wanted[] = {{23, 0.1353}, {159, 0.3679}, {500, 1}, {841, 2.7183}, {977, 7.3891}};
    enum { COUNT = 200000 };
    int64_t *values = xcalloc(COUNT, sizeof *values);
    struct draw draw = draw_begin(1, 1);
    (void)state;
    for (size_t i = 0; i < COUNT; i++)
        values[i] = draw_lognormal(&draw, 100000, 1000);
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
        assert_near((double)quantile(values, COUNT, wanted[i].thousandth) / 100000, wanted[i].times,
                    0.06 * wanted[i].times);
    for (size_t i = 0; i < COUNT; i++)
        values[i] = draw_lognormal(&draw, 100000, 0);
    assert_true(quantile(values, COUNT, 0) == 100000 && quantile(values, COUNT, 999) == 100000);
    free(values);
}

static double weight_of(const struct registry *file, const struct registry_row *row)
{
    int64_t weight = 0;
    assert_true(span_to_int64(registry_cell(file, row, "weight"), &weight));
    return (double)weight;
}

static void first_level_types_are_as_frequent_as_the_file_says(void **state)
{
    struct diagnostics *diagnostics = diagnostics_new();
    struct registry *file = registry_load("config/gen/mix.csv", diagnostics);
    const struct registry *types = pool.district.types;
    double total = 0, orders = 0;
    (void)state;
    assert_non_null(file);
    for (size_t i = 0; registry_at(file, i); i++)
        if (span_is(registry_cell(file, registry_at(file, i), "scene"), "usual"))
            total += weight_of(file, registry_at(file, i));
    for (size_t i = 0; i < month->life_count; i++)
        orders += month->lives[i].cause == LIFE_USUAL && month->lives[i].type != POOL_NONE;
    assert_true(orders > 40000);
    for (size_t i = 0; registry_at(file, i); i++) {
        const struct registry_row *row = registry_at(file, i);
        double found = 0;
        if (!span_is(registry_cell(file, row, "scene"), "usual"))
            continue;
        for (size_t n = 0; n < month->life_count; n++) {
            const struct life *life = &month->lives[n];
            if (life->cause != LIFE_USUAL || life->type == POOL_NONE)
                continue;
            const struct registry_row *type =
                registry_find(types, pool.types[life->type].code, INT64_MIN);
            found += span_equal(registry_cell(types, type, "parent_code"),
                                registry_cell(file, row, "code"));
        }
        assert_near(found / orders, weight_of(file, row) / total, 0.008);
    }
    registry_free(file);
    diagnostics_free(diagnostics);
}

/* Median and spread of what lies between receiving an order and its stages. */
static void stages_follow_in_their_time(void **state)
{
    int64_t *gaps = xcalloc(month->life_count, sizeof *gaps);
    size_t count = 0, in_time = 0, ended = 0;
    (void)state;
    for (size_t i = 0; i < month->life_count; i++) {
        const struct life *life = &month->lives[i];
        bool again = life->turn.kind == TURN_REOPENED; /* done in time, once */
        ended += again;
        in_time += again;
        if (life->moment[LIFE_SIGNED] == TIMESTAMP_NONE || life->turn.kind != TURN_NONE)
            continue; /* of another round, or by another one */
        gaps[count++] = life->moment[LIFE_SIGNED] - life->sent_ms;
        if (life->moment[LIFE_RESOLVED] == TIMESTAMP_NONE || life->limit_ms == TIMESTAMP_NONE)
            continue;
        ended++;
        in_time += life->moment[LIFE_RESOLVED] <= life->limit_ms;
    }
    assert_true(count > 30000);
    assert_near((double)quantile(gaps, count, 500) / MINUTE, 25, 2);
    assert_near((double)quantile(gaps, count, 841) / MINUTE, 25 * 2.46, 5); /* e^0.9 */
    assert_true(quantile(gaps, count, 995) > 3 * HOUR);                     /* the long tail */
    assert_near((double)in_time / (double)ended, 0.88, 0.05);
    free(gaps);
}

static int64_t minute_of_day(int64_t ms)
{
    return (ms + LIFE_ZONE_MINUTES * MINUTE) / MINUTE % 1440;
}

static void csv_stations_tell_at_night(void **state)
{
    size_t exported = 0, silent_before = 0;
    (void)state;
    for (size_t i = 0; i < month->life_count; i++) {
        const struct life *life = &month->lives[i];
        bool csv = life->place != POOL_NONE && pool.places[life->place].csv;
        assert_int_equal(life->csv, csv);
        if (!csv) {
            assert_true(life->sent_ms == life->opened_ms);
            continue;
        }
        exported++;
        assert_true(life->sent_ms > life->opened_ms &&
                    life->sent_ms <= life->opened_ms + 24 * HOUR + 40 * MINUTE);
        assert_in_range(minute_of_day(life->sent_ms), 120, 159);
        for (size_t stage = 0; stage < LIFE_STAGES; stage++)
            assert_true(life->moment[stage] == TIMESTAMP_NONE ||
                        life->moment[stage] > life->sent_ms);
        silent_before += life->opened_ms < BEGINS + DAYS * 8 * HOUR;
    }
    assert_true(exported > 2000 && silent_before > 500);
    assert_int_equal(month->sums.exported <= (int64_t)exported, true);
    assert_true(month->sums.rejects[LIFE_BAD_BYTES] > 0); /* GB18030 that is damaged */
}

static void a_station_falls_silent(void **state)
{
    size_t before = 0, after = 0;
    (void)state;
    for (size_t i = 0; i < month->life_count; i++) {
        const struct life *life = &month->lives[i];
        if (life->place == POOL_NONE || pool.places[life->place].station != month->frame.silent)
            continue;
        if (life->sent_ms < month->frame.span.silent_from_ms)
            before++;
        else
            after++;
    }
    assert_true(before > 0);
    assert_int_equal(after, 0);
}

/* Orders of a type by day of the month, in one street or everywhere. */
static void by_day(size_t counts[DAYS], const char *type, struct span street)
{
    memset(counts, 0, DAYS * sizeof *counts);
    for (size_t i = 0; i < month->life_count; i++) {
        const struct life *life = &month->lives[i];
        if (life->type == POOL_NONE || !span_is(pool.types[life->type].code, type))
            continue;
        if (street.len &&
            (life->place == POOL_NONE || !span_equal(pool.places[life->place].street, street)))
            continue;
        counts[(life->opened_ms - BEGINS) / (24 * HOUR)]++;
    }
}

static void assert_one_day_stands_out(const size_t counts[DAYS], int64_t at_ms, size_t times)
{
    size_t others = 0, day = (size_t)((at_ms - BEGINS) / (24 * HOUR));
    for (size_t i = 0; i < DAYS; i++)
        others += i == day ? 0 : counts[i];
    if (counts[day] < 30 || counts[day] * (DAYS - 1) < times * others)
        fail_msg("%zu orders on day %zu, %zu on all others", counts[day], day, others);
}

static void heating_fails_in_one_street_on_one_day(void **state)
{
    size_t counts[DAYS];
    const struct life_span *span = &month->frame.span;
    (void)state;
    by_day(counts, "R0201", pool.places[span->heating_place].street);
    assert_one_day_stands_out(counts, span->heating_from_ms, 20);
}

static void it_pours_everywhere_on_one_day(void **state)
{
    size_t counts[DAYS], streets = 0;
    struct span seen[64];
    const struct life_span *span = &month->frame.span;
    (void)state;
    by_day(counts, "R1301", SPAN_NONE);
    assert_one_day_stands_out(counts, span->rain_from_ms, 3);
    for (size_t i = 0; i < month->life_count; i++) {
        const struct life *life = &month->lives[i];
        size_t n = 0;
        if (life->cause != LIFE_RAIN)
            continue;
        assert_true(life->opened_ms >= span->rain_from_ms - 1000 &&
                    life->opened_ms < span->rain_to_ms);
        while (n < streets && !span_equal(seen[n], pool.places[life->place].street))
            n++;
        if (n == streets && streets < 64)
            seen[streets++] = pool.places[life->place].street;
    }
    assert_true(streets > 20);
}

static void all_streets_and_nearly_all_stations_are_heard(void **state)
{
    size_t stations = 0, streets = 0;
    bool *heard = xcalloc(pool.station_count, sizeof *heard);
    struct span seen[64];
    (void)state;
    for (size_t i = 0; i < month->life_count; i++) {
        const struct life *life = &month->lives[i];
        size_t n = 0;
        if (life->place == POOL_NONE)
            continue;
        if (pool.places[life->place].station != POOL_NONE)
            heard[pool.places[life->place].station] = true;
        while (n < streets && !span_equal(seen[n], pool.places[life->place].street))
            n++;
        if (n == streets && streets < 64)
            seen[streets++] = pool.places[life->place].street;
    }
    for (size_t i = 0; i < pool.station_count; i++)
        stations += heard[i];
    assert_int_equal(streets, 43);
    assert_int_equal(pool.station_count, 269);
    assert_true(stations >= 265);
    free(heard);
}

/* Each station is heard within its cadence from morning to evening, but the one that falls silent;
 * a warning comes an hour before it pours, and its end. */
static void stations_live_and_the_storm_is_announced(void **state)
{
    int64_t *last = xcalloc(pool.station_count, sizeof *last);
    size_t *beats = xcalloc(pool.station_count, sizeof *beats), warnings = 0, all = 0, hourly = 0;
    const struct life_span *span = &month->frame.span;
    (void)state;
    for (size_t i = 0; i < month->item_count; i++) {
        const struct day_item *item = &month->items[i];
        warnings += item->kind == DAY_WEATHER;
        if (item->kind == DAY_WEATHER)
            assert_true(item->at_ms == span->rain_from_ms - HOUR ||
                        item->at_ms == span->rain_to_ms);
        if (item->kind != DAY_BEAT)
            continue;
        assert_true(item->life != month->frame.silent || item->at_ms < span->silent_from_ms);
        if (last[item->life] && minute_of_day(item->at_ms) > 7 * 60 + 30)
            assert_true(item->at_ms - last[item->life] == pool.beat_ms[item->life]);
        last[item->life] = item->at_ms;
        beats[item->life]++;
        all++;
    }
    for (size_t i = 0; i < pool.station_count; i++) {
        const struct registry_row *row = registry_at(pool.station_rows, i);
        bool hour = span_is(registry_cell(pool.station_rows, row, "cadence"), "1h");
        assert_int_equal(pool.beat_ms[i] / MINUTE, hour ? 45 : 180);
        assert_true(beats[i] >= (i == month->frame.silent ? DAYS / 3 : DAYS) * (hour ? 16 : 4));
        hourly += hour;
    }
    assert_in_range(hourly, 100, 200);
    assert_int_equal(warnings, 2);
    assert_int_equal(month->sums.observations, all + warnings);
    free(last);
    free(beats);
}

static void weekends_are_quieter(void **state)
{
    size_t weekdays[7] = {0}; /* from Sunday: the month begins with one */
    (void)state;
    for (size_t i = 0; i < month->life_count; i++)
        if ((month->lives[i].opened_ms - BEGINS) / (24 * HOUR) < 28)
            weekdays[(month->lives[i].opened_ms - BEGINS) / (24 * HOUR) % 7]++;
    for (size_t i = 1; i < 6; i++)
        assert_true(weekdays[i] > weekdays[0] && weekdays[i] > weekdays[6]);
}

static void the_same_seed_is_the_same_month(void **state)
{
    char *texts[3];
    size_t lens[3];
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct day *day = make(i == 2 ? 3 : 2, 5000);
        FILE *out = open_memstream(&texts[i], &lens[i]);
        assert_true(day_write(day, out));
        fclose(out);
        day_free(day);
    }
    assert_int_equal(lens[0], lens[1]);
    assert_memory_equal(texts[0], texts[1], lens[0]);
    assert_true(lens[0] != lens[2] || memcmp(texts[0], texts[2], lens[0]) != 0);
    for (size_t i = 0; i < 3; i++)
        free(texts[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gaps_are_lognormal),
        cmocka_unit_test(first_level_types_are_as_frequent_as_the_file_says),
        cmocka_unit_test(stages_follow_in_their_time),
        cmocka_unit_test(csv_stations_tell_at_night),
        cmocka_unit_test(a_station_falls_silent),
        cmocka_unit_test(heating_fails_in_one_street_on_one_day),
        cmocka_unit_test(it_pours_everywhere_on_one_day),
        cmocka_unit_test(all_streets_and_nearly_all_stations_are_heard),
        cmocka_unit_test(stations_live_and_the_storm_is_announced),
        cmocka_unit_test(weekends_are_quieter),
        cmocka_unit_test(the_same_seed_is_the_same_month),
    };
    return cmocka_run_group_tests(tests, load, unload);
}
