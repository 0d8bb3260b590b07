/* SPDX-License-Identifier: Apache-2.0 */
/* Open time is walked day by day from the last word on: a few days for a lively one, a long holiday
 * at most. Everything is civil time of one fixed offset. */
#include "model/cadence.h"

#include "base/base.h"
#include "base/timestamp.h"

#define DAY_MINUTES 1440
#define MINUTE_MS   INT64_C(60000)
#define DAY_MS      INT64_C(86400000)
#define MOST_DAYS   1200 /* walked; whoever does not open in three years is never due */
#define MOST_EVERY  10000
#define HOLIDAY_BIT (1U << 7)
#define MONDAY_BIT  (1U << 0)

static bool read_minute(struct span text, int most, int *minute)
{
    int64_t hours, minutes;
    if (text.len != 5 || text.at[2] != ':' || text.at[0] < '0' || text.at[3] < '0' ||
        !span_to_int64(span_from(text.at, 2), &hours) ||
        !span_to_int64(span_from(text.at + 3, 2), &minutes) || minutes > 59)
        return false;
    *minute = (int)(hours * 60 + minutes);
    return *minute <= most;
}

/* "1-5,7,h" */
static bool read_days(struct span text, unsigned *days)
{
    *days = 0;
    while (text.at) {
        struct span part = span_cut(&text, ',');
        if (span_is(part, "h")) {
            *days |= HOLIDAY_BIT;
            continue;
        }
        bool range = part.len == 3 && part.at[1] == '-';
        if (!range && part.len != 1)
            return false;
        char first = part.at[0], last = part.at[part.len - 1];
        if (first < '1' || last > '7' || first > last)
            return false;
        for (char day = first; day <= last; day++)
            *days |= 1U << (day - '1');
    }
    return *days != 0;
}

static bool add_hours(struct cadence *cadence, unsigned days, struct span text)
{
    struct cadence_hours hours = {.days = days};
    struct span from = span_cut(&text, '-');
    if (!read_minute(from, DAY_MINUTES - 1, &hours.from) ||
        !read_minute(text, DAY_MINUTES, &hours.to) || cadence->hours_count == CADENCE_MOST_HOURS)
        return false;
    if (hours.to <= hours.from)
        hours.to += DAY_MINUTES;
    size_t at = cadence->hours_count++;
    for (; at > 0 && cadence->hours[at - 1].from > hours.from; at--)
        cadence->hours[at] = cadence->hours[at - 1];
    cadence->hours[at] = hours;
    return true;
}

bool cadence_parse_hours(struct cadence *cadence, struct span text)
{
    cadence->hours_count = 0;
    while (text.at) {
        struct span group = span_trim(span_cut(&text, ';'));
        unsigned days;
        if (!read_days(span_cut(&group, ' '), &days) || !group.at)
            return false;
        while (group.at)
            if (!add_hours(cadence, days, span_cut(&group, ' ')))
                return false;
    }
    return cadence->hours_count > 0;
}

bool cadence_parse_every(struct cadence *cadence, struct span text)
{
    static const struct {
        char letter;
        enum cadence_unit unit;
        int64_t factor;
    } units[] = {{'m', CADENCE_OPEN_MINUTES, 1},
                 {'h', CADENCE_OPEN_MINUTES, 60},
                 {'d', CADENCE_OPEN_DAYS, 1},
                 {'w', CADENCE_WEEKS, 1}};
    int64_t number;
    if (text.len < 2 || !span_to_int64(span_from(text.at, text.len - 1), &number) || number < 1 ||
        number > MOST_EVERY)
        return false;
    for (size_t i = 0; i < ARRAY_LENGTH(units); i++)
        if (text.at[text.len - 1] == units[i].letter) {
            cadence->unit = units[i].unit;
            cadence->every = number * units[i].factor;
            return true;
        }
    return false;
}

/* Whose hours a day has. */
static unsigned bit_of(const struct calendar *calendar, int64_t day)
{
    switch (calendar_day(calendar, day)) {
    case CALENDAR_HOLIDAY: return HOLIDAY_BIT;
    case CALENDAR_WORKDAY: return MONDAY_BIT;
    case CALENDAR_ORDINARY: break;
    }
    return 1U << (calendar_weekday(day) - 1);
}

static bool opens(const struct cadence *cadence, const struct calendar *calendar, int64_t day)
{
    unsigned bit = bit_of(calendar, day);
    for (size_t i = 0; i < cadence->hours_count; i++)
        if (cadence->hours[i].days & bit)
            return true;
    return false;
}

static int64_t start_of(int64_t day, int zone_minutes)
{
    return day * DAY_MS - zone_minutes * MINUTE_MS;
}

/* The day before counts too: its night may reach into this one. */
static int64_t after_open_time(const struct cadence *cadence, const struct calendar *calendar,
                               int zone_minutes, int64_t since_ms, int64_t open_ms)
{
    int64_t first = timestamp_day(since_ms, zone_minutes) - 1, reached_ms = since_ms;
    for (int64_t day = first; day < first + MOST_DAYS; day++) {
        unsigned bit = bit_of(calendar, day);
        int64_t start_ms = start_of(day, zone_minutes);
        for (size_t i = 0; i < cadence->hours_count; i++) {
            int64_t from_ms = start_ms + cadence->hours[i].from * MINUTE_MS;
            int64_t to_ms = start_ms + cadence->hours[i].to * MINUTE_MS;
            if (from_ms < reached_ms) /* hours that overlap count once */
                from_ms = reached_ms;
            if (!(cadence->hours[i].days & bit) || to_ms <= from_ms)
                continue;
            if (to_ms - from_ms >= open_ms)
                return from_ms + open_ms;
            open_ms -= to_ms - from_ms;
            reached_ms = to_ms;
        }
    }
    return CADENCE_NEVER;
}

/* The end of the n-th day it opens from `day` on. */
static int64_t after_open_days(const struct cadence *cadence, const struct calendar *calendar,
                               int zone_minutes, int64_t day, int64_t n)
{
    for (int64_t last = day + MOST_DAYS; day < last; day++)
        if (opens(cadence, calendar, day) && --n == 0)
            return start_of(day + 1, zone_minutes);
    return CADENCE_NEVER;
}

int64_t cadence_due(const struct cadence *cadence, const struct calendar *calendar,
                    int zone_minutes, int64_t since_ms, int64_t times)
{
    int64_t every = cadence->every * times, day = timestamp_day(since_ms, zone_minutes);
    switch (cadence->unit) {
    case CADENCE_OPEN_MINUTES:
        return after_open_time(cadence, calendar, zone_minutes, since_ms, every * MINUTE_MS);
    case CADENCE_OPEN_DAYS: return after_open_days(cadence, calendar, zone_minutes, day + 1, every);
    case CADENCE_WEEKS: return after_open_days(cadence, calendar, zone_minutes, day + every * 7, 1);
    }
    return CADENCE_NEVER;
}

bool cadence_is_open(const struct cadence *cadence, const struct calendar *calendar,
                     int zone_minutes, int64_t at_ms)
{
    int64_t today = timestamp_day(at_ms, zone_minutes);
    for (int64_t day = today - 1; day <= today; day++) {
        unsigned bit = bit_of(calendar, day);
        int64_t minute = (at_ms - start_of(day, zone_minutes)) / MINUTE_MS;
        for (size_t i = 0; i < cadence->hours_count; i++)
            if ((cadence->hours[i].days & bit) && minute >= cadence->hours[i].from &&
                minute < cadence->hours[i].to)
                return true;
    }
    return false;
}

enum cadence_state cadence_state(const struct cadence *cadence, const struct calendar *calendar,
                                 int zone_minutes, int64_t since_ms, int64_t now_ms)
{
    if (now_ms <= cadence_due(cadence, calendar, zone_minutes, since_ms, 1))
        return CADENCE_ALIVE;
    return now_ms <= cadence_due(cadence, calendar, zone_minutes, since_ms, CADENCE_SILENT_AFTER)
               ? CADENCE_LATE
               : CADENCE_SILENT;
}

const char *cadence_state_name(enum cadence_state state)
{
    static const char *const names[] = {"alive", "late", "silent"};
    return names[state];
}
