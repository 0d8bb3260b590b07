/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/base.h"
#include "ingest/core/replay_table.h"

#define NOW 1764086400000

static const unsigned char seed[REPLAY_TABLE_SEED] = "not by chance 1";

static enum replay add(struct replay_table *table, const char *station, int message, int64_t now_ms)
{
    char text[32];
    snprintf(text, sizeof text, "message-%09d", message);
    return replay_table_add(table, span_of(station), span_of(text), now_ms);
}

static void a_message_is_new_once_in_ten_minutes(void **state)
{
    struct replay_table *table = replay_table_new(REPLAY_TABLE_LEAST, seed);
    (void)state;
    assert_int_equal(add(table, "st001", 1, NOW), REPLAY_NEW);
    assert_int_equal(add(table, "st001", 1, NOW), REPLAY_SEEN);
    assert_int_equal(add(table, "st001", 2, NOW + 1), REPLAY_NEW);
    assert_int_equal(add(table, "st002", 1, NOW + 1), REPLAY_NEW);
    assert_int_equal(add(table, "st001", 1, NOW + 600000), REPLAY_SEEN);
    assert_int_equal(add(table, "st001", 1, NOW + 602000), REPLAY_NEW);
    assert_int_equal(replay_table_count(table), 1);
    replay_table_free(table);
}

/* Remembered for longer than both sides of the window together, so what was forgotten is expired.
 */
static void a_clock_put_back_forgets_nothing(void **state)
{
    struct replay_table *table = replay_table_new(REPLAY_TABLE_LEAST, seed);
    (void)state;
    assert_int_equal(add(table, "st001", 1, NOW), REPLAY_NEW);
    assert_int_equal(add(table, "st001", 2, NOW - 3600000), REPLAY_NEW);
    assert_int_equal(add(table, "st001", 1, NOW - 3600000), REPLAY_SEEN);
    assert_int_equal(add(table, "st001", 2, NOW + 500000), REPLAY_SEEN);
    replay_table_free(table);
}

static void one_station_cannot_use_up_the_others_room(void **state)
{
    enum { CAPACITY = 8192, PART = CAPACITY / 2 / 1024 };
    struct replay_table *table = replay_table_new(CAPACITY, seed);
    int taken = 0, other = 0;
    (void)state;
    while (add(table, "greedy", taken, NOW) == REPLAY_NEW)
        taken++;
    assert_int_equal(taken, CAPACITY / 2 + PART);
    assert_int_equal(add(table, "greedy", taken, NOW), REPLAY_NO_ROOM);
    assert_int_equal(add(table, "greedy", 0, NOW), REPLAY_SEEN); /* and nothing was forgotten */
    while (add(table, "modest", other, NOW) == REPLAY_NEW)
        other++;
    assert_int_equal(other, PART);
    assert_int_equal(add(table, "greedy", taken, NOW + 602000), REPLAY_NEW);
    assert_int_equal(replay_table_count(table), 1);
    replay_table_free(table);
}

/* Every place full: what is remembered never exceeds what was allotted. */
static void all_stations_together_fit(void **state)
{
    struct replay_table *table = replay_table_new(REPLAY_TABLE_LEAST, seed);
    char station[16];
    (void)state;
    for (int i = 0; i < 20000; i++) {
        snprintf(station, sizeof station, "st%d", i % 5000);
        add(table, station, i, NOW);
    }
    assert_true(replay_table_count(table) <= REPLAY_TABLE_LEAST);
    assert_true(replay_table_count(table) > REPLAY_TABLE_LEAST * 9 / 10);
    replay_table_free(table);
}

/* Against the plainest table there is: a list of all that was said. */
static void agrees_with_a_list(void **state)
{
    enum { STEPS = 20000, STATIONS = 3, MESSAGES = 400 };
    static int64_t said[STATIONS][MESSAGES];
    static const char *const names[STATIONS] = {"st001", "st002", "desk"};
    struct replay_table *table = replay_table_new(REPLAY_TABLE_LEAST, seed);
    int64_t now = NOW;
    size_t seen = 0;
    (void)state;
    srand(7);
    for (int step = 0; step < STEPS; step++) {
        int station = rand() % STATIONS, message = rand() % MESSAGES;
        now += rand() % 4 * 1000;
        int64_t last = said[station][message];
        enum replay expected = last && now - last <= 600000 ? REPLAY_SEEN : REPLAY_NEW;
        assert_int_equal(add(table, names[station], message, now), expected);
        if (expected == REPLAY_NEW)
            said[station][message] = now;
        seen += expected == REPLAY_SEEN;
    }
    assert_in_range(seen, STEPS / 10, STEPS * 9 / 10); /* both happened */
    replay_table_free(table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_message_is_new_once_in_ten_minutes),
        cmocka_unit_test(a_clock_put_back_forgets_nothing),
        cmocka_unit_test(one_station_cannot_use_up_the_others_room),
        cmocka_unit_test(all_stations_together_fit),
        cmocka_unit_test(agrees_with_a_list),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
