/* SPDX-License-Identifier: Apache-2.0 */
/* When a limit ends: natural time is the clock's; working time passes only while the district's
 * offices are open, by the calendar with its holidays and 调休 days. Pure arithmetic of civil time.
 *
 * Working days are counted as the law counts days (民法典 201, 203): the day it begins on is not
 * counted, and the last one ends when the offices close. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "config/diagnostics.h"
#include "config/yaml.h"
#include "model/calendar.h"

#define LIMITS_MOST_HOURS 4

enum limit_clock { LIMIT_NATURAL, LIMIT_WORKING };

struct limit { /* an amount of time; all 0 = sets no time of its own */
    enum limit_clock clock;
    int64_t ms; /* of natural, or of open time */
    int days;   /* working days; natural ones are ms */
};

struct working_time {
    const struct calendar *calendar; /* borrowed */
    int zone_minutes;
    struct {
        int from, to; /* minutes of the day, in order */
    } open[LIMITS_MOST_HOURS];
    size_t open_count;
};

/* "15m" "24h" "7d" "2wd" (working days) "3wh" (working hours). False for anything else. */
bool limits_parse(struct limit *limit, struct span text);
/* { hours: 24, clock: natural } or { days: 2, clock: working }; no amount = no time of its own. Its
 * `name` is left to who reads it. */
bool limits_read(struct limit *limit, const struct yaml_node *node,
                 struct diagnostics *diagnostics);
/* "09:00-12:00 13:30-18:00" */
bool limits_parse_hours(struct working_time *working, struct span text);

static inline bool limits_is_set(const struct limit *limit)
{
    return limit->ms > 0 || limit->days > 0;
}
/* The moment it ends when it begins at `from_ms`. */
int64_t limits_end(const struct limit *limit, const struct working_time *working, int64_t from_ms);
/* Where that much before `end_ms` begins, for reminders and internal deadlines; of working days:
 * the same time on so many working days before. */
int64_t limits_before(const struct limit *limit, const struct working_time *working,
                      int64_t end_ms);
/* Open time between two moments; 0 where the second is not later. */
int64_t limits_open_between(const struct working_time *working, int64_t from_ms, int64_t to_ms);
