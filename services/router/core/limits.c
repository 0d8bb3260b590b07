/* SPDX-License-Identifier: Apache-2.0 */
/* Walks civil days: a few for a working limit, those of a long holiday at most. Where the calendar
 * tells nothing of a year, its days go by their weekday (and `citybrain check` warned of it). */
#include "router/core/limits.h"

#include <string.h>

#include "base/base.h"
#include "base/timestamp.h"

#define HOUR_MS     INT64_C(3600000)
#define MINUTE_MS   INT64_C(60000)
#define DAY_MS      INT64_C(86400000)
#define DAY_MINUTES 1440
#define MOST_DAYS   20000 /* walked; no limit is longer */

static int64_t smaller(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t greater(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

bool limits_parse(struct limit *limit, struct span text)
{
    static const struct {
        const char *suffix;
        int64_t ms;
    } working[] = {{"wd", 0}, {"wh", HOUR_MS}};
    *limit = (struct limit){.clock = LIMIT_NATURAL};
    for (size_t i = 0; i < ARRAY_LENGTH(working); i++) {
        int64_t number;
        if (!span_ends(text, span_of(working[i].suffix)))
            continue;
        if (!span_to_int64(span_from(text.at, text.len - 2), &number) || number < 1 ||
            number > 1000)
            return false;
        limit->clock = LIMIT_WORKING;
        limit->ms = number * working[i].ms;
        limit->days = working[i].ms ? 0 : (int)number;
        return true;
    }
    return timestamp_parse_duration(text, &limit->ms) && limit->ms > 0;
}

bool limits_read(struct limit *limit, const struct yaml_node *node, struct diagnostics *diagnostics)
{
    static const char *const known[] = {"name", "hours", "days", "clock", NULL};
    size_t errors = diagnostics_errors(diagnostics);
    int64_t hours = 0, days = 0;
    *limit = (struct limit){.clock = LIMIT_NATURAL};
    if (node->type != YAML_MAP || !yaml_only_keys(node, known, diagnostics)) {
        if (diagnostics_errors(diagnostics) == errors)
            diagnostics_add(diagnostics, node->place, "write { hours: 24, clock: natural }",
                            "this is no limit");
        return false;
    }
    const struct yaml_node *clock = yaml_get(node, "clock");
    if (yaml_get(node, "hours"))
        yaml_int(yaml_get(node, "hours"), 1, 10000, &hours, diagnostics);
    if (yaml_get(node, "days"))
        yaml_int(yaml_get(node, "days"), 1, 1000, &days, diagnostics);
    bool working = clock && clock->type == YAML_SCALAR && strcmp(clock->text, "working") == 0;
    bool natural = clock && clock->type == YAML_SCALAR && strcmp(clock->text, "natural") == 0;
    if (clock && !working && !natural)
        diagnostics_add(diagnostics, clock->place, "write natural or working", "no such clock");
    if (working && hours && days)
        diagnostics_add(diagnostics, node->place, "write one of the two",
                        "working days end when the offices close: no hours go with them");
    limit->clock = working ? LIMIT_WORKING : LIMIT_NATURAL;
    limit->days = working ? (int)days : 0;
    limit->ms = hours * HOUR_MS + (working ? 0 : days * DAY_MS);
    return diagnostics_errors(diagnostics) == errors;
}

static bool read_minute(struct span text, int *minute)
{
    int64_t hours, minutes;
    if (text.len != 5 || text.at[2] != ':' || !span_to_int64(span_from(text.at, 2), &hours) ||
        !span_to_int64(span_from(text.at + 3, 2), &minutes) || hours < 0 || minutes < 0 ||
        minutes > 59)
        return false;
    *minute = (int)(hours * 60 + minutes);
    return *minute <= DAY_MINUTES;
}

bool limits_parse_hours(struct working_time *working, struct span text)
{
    int after = 0;
    working->open_count = 0;
    for (text = span_trim(text); text.at;) {
        struct span to = span_cut(&text, ' '), from = span_cut(&to, '-');
        size_t n = working->open_count;
        if (n == LIMITS_MOST_HOURS || !read_minute(from, &working->open[n].from) ||
            !read_minute(to, &working->open[n].to) || working->open[n].from < after ||
            working->open[n].to <= working->open[n].from)
            return false;
        after = working->open[n].to;
        working->open_count++;
    }
    return working->open_count > 0;
}

static int64_t day_start(const struct working_time *working, int64_t day)
{
    return day * DAY_MS - working->zone_minutes * MINUTE_MS;
}

static int64_t day_of(const struct working_time *working, int64_t ms)
{
    return timestamp_day(ms, working->zone_minutes);
}

static bool is_working(const struct working_time *working, int64_t day)
{
    return calendar_is_working(working->calendar, day);
}

static int64_t closing(const struct working_time *working, int64_t day)
{
    return day_start(working, day) + working->open[working->open_count - 1].to * MINUTE_MS;
}

static int64_t end_of_days(const struct working_time *working, int64_t from_ms, int days)
{
    int64_t day = day_of(working, from_ms);
    for (int walked = 0; days > 0 && walked < MOST_DAYS; walked++)
        days -= is_working(working, ++day);
    return closing(working, day);
}

/* The open time between from_ms and to_ms that lies on one day; *end_ms: where `wanted` of it is
 * over, when it is enough. */
static int64_t open_on(const struct working_time *working, int64_t day, int64_t from_ms,
                       int64_t wanted_ms, int64_t *end_ms)
{
    int64_t open_ms = 0;
    if (!is_working(working, day))
        return 0;
    for (size_t i = 0; i < working->open_count; i++) {
        int64_t begin =
            greater(from_ms, day_start(working, day) + working->open[i].from * MINUTE_MS);
        int64_t end = day_start(working, day) + working->open[i].to * MINUTE_MS;
        int64_t here = greater(0, end - begin);
        if (open_ms + here >= wanted_ms) {
            *end_ms = begin + (wanted_ms - open_ms);
            return wanted_ms;
        }
        open_ms += here;
    }
    return open_ms;
}

static int64_t end_of_open(const struct working_time *working, int64_t from_ms, int64_t ms)
{
    int64_t day = day_of(working, from_ms), end_ms = from_ms;
    for (int walked = 0; ms > 0 && walked < MOST_DAYS; walked++, day++)
        ms -= open_on(working, day, from_ms, ms, &end_ms);
    return end_ms;
}

int64_t limits_end(const struct limit *limit, const struct working_time *working, int64_t from_ms)
{
    if (limit->clock == LIMIT_NATURAL)
        return from_ms + limit->ms;
    return limit->days ? end_of_days(working, from_ms, limit->days)
                       : end_of_open(working, from_ms, limit->ms);
}

/* Open time of one day up to end_ms, counted from its end; *begin_ms: where `wanted` of it begins.
 */
static int64_t open_before(const struct working_time *working, int64_t day, int64_t end_ms,
                           int64_t wanted_ms, int64_t *begin_ms)
{
    int64_t open_ms = 0;
    if (!is_working(working, day))
        return 0;
    for (size_t i = working->open_count; i-- > 0;) {
        int64_t begin = day_start(working, day) + working->open[i].from * MINUTE_MS;
        int64_t end = smaller(end_ms, day_start(working, day) + working->open[i].to * MINUTE_MS);
        int64_t here = greater(0, end - begin);
        if (open_ms + here >= wanted_ms) {
            *begin_ms = end - (wanted_ms - open_ms);
            return wanted_ms;
        }
        open_ms += here;
    }
    return open_ms;
}

int64_t limits_before(const struct limit *limit, const struct working_time *working, int64_t end_ms)
{
    if (limit->clock == LIMIT_NATURAL)
        return end_ms - limit->ms;
    int64_t day = day_of(working, end_ms), begin_ms = end_ms, ms = limit->ms;
    int days = limit->days;
    for (int walked = 0; days > 0 && walked < MOST_DAYS; walked++)
        days -= is_working(working, --day);
    if (limit->days)
        return end_ms - (day_of(working, end_ms) - day) * DAY_MS;
    for (int walked = 0; ms > 0 && walked < MOST_DAYS; walked++, day--)
        ms -= open_before(working, day, end_ms, ms, &begin_ms);
    return begin_ms;
}

int64_t limits_open_between(const struct working_time *working, int64_t from_ms, int64_t to_ms)
{
    int64_t open_ms = 0;
    for (int64_t day = day_of(working, from_ms); day <= day_of(working, to_ms); day++) {
        for (size_t i = 0; i < working->open_count && is_working(working, day); i++) {
            int64_t begin = day_start(working, day) + working->open[i].from * MINUTE_MS;
            int64_t end = day_start(working, day) + working->open[i].to * MINUTE_MS;
            open_ms += greater(0, smaller(end, to_ms) - greater(begin, from_ms));
        }
    }
    return open_ms;
}
