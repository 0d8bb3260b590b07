/* SPDX-License-Identifier: Apache-2.0 */
/* How often somebody is to be heard, and since when he is not: hours by weekday and holiday, and a
 * cadence that runs only while it is open. No clock: "now" is what the caller's ticks say. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"
#include "model/calendar.h"

#define CADENCE_MOST_HOURS   16
#define CADENCE_SILENT_AFTER 3 /* cadences without a word; after one it is late */
#define CADENCE_NEVER        INT64_MAX

struct cadence_hours {
    unsigned days; /* bit 0 Monday … bit 6 Sunday, bit 7 holidays */
    int from, to;  /* minutes of the day; `to` beyond 1440 lies on the next day */
};

enum cadence_unit {
    CADENCE_OPEN_MINUTES, /* "30m", "4h": of the time it is open */
    CADENCE_OPEN_DAYS,    /* "1d": once on each day it opens, until that day's end */
    CADENCE_WEEKS         /* "1w": until the end of the same weekday, or of the next day it opens */
};

struct cadence {
    enum cadence_unit unit;
    int64_t every;
    struct cadence_hours hours[CADENCE_MOST_HOURS]; /* by `from` */
    size_t hours_count;
};

enum cadence_state { CADENCE_ALIVE, CADENCE_LATE, CADENCE_SILENT };

/* "1-5 08:30-11:30 13:30-17:30;6,h 09:00-12:00": days 1 (Monday) to 7, h = public holidays, which
 * else are closed; a 调休 working day has Monday's hours. An end that is not after its beginning
 * lies on the next day. */
bool cadence_parse_hours(struct cadence *cadence, struct span text);
bool cadence_parse_every(struct cadence *cadence, struct span text);

/* The last moment at which `times` cadences have not passed in silence since then;
 * CADENCE_NEVER where it hardly opens any more. */
int64_t cadence_due(const struct cadence *cadence, const struct calendar *calendar,
                    int zone_minutes, int64_t since_ms, int64_t times);
bool cadence_is_open(const struct cadence *cadence, const struct calendar *calendar,
                     int zone_minutes, int64_t at_ms);
enum cadence_state cadence_state(const struct cadence *cadence, const struct calendar *calendar,
                                 int zone_minutes, int64_t since_ms, int64_t now_ms);
const char *cadence_state_name(enum cadence_state state);
