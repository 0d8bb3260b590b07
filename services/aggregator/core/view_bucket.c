/* SPDX-License-Identifier: Apache-2.0 */
/* Each bucket twice: as integers for `citybrain try`, as SQL for the database. tests/e2e hold one
 * against the other. */
#include "aggregator/core/view_bucket.h"

#include "base/timestamp.h"

#define DAY_MS    86400000
#define MINUTE_MS 60000

const char *const view_bucket_names[VIEW_BUCKETS] = {"day", "hour", "noon_day", "month",
                                                     "period_19"};

int view_bucket_part(enum view_grain grain, int64_t ms, int64_t day, int zone_minutes)
{
    int minute = (int)((ms - day * DAY_MS + (int64_t)zone_minutes * MINUTE_MS) / MINUTE_MS);
    switch (grain) {
    case GRAIN_DAY: break;
    case GRAIN_HALF: return minute / 720;
    case GRAIN_HOUR: return minute / 60;
    case GRAIN_MINUTE: return minute;
    }
    return VIEW_WHOLE_DAY;
}

static char *put_digits(char *to, unsigned value)
{
    *to++ = (char)('0' + value / 10);
    *to++ = (char)('0' + value % 10);
    return to;
}

struct span view_bucket_text(enum view_grain grain, int part, char text[8])
{
    char *end = text;
    switch (grain) {
    case GRAIN_DAY: break;
    case GRAIN_HALF: return part ? SPAN("pm") : SPAN("am");
    case GRAIN_HOUR: end = put_digits(text, (unsigned)part % 24); break;
    case GRAIN_MINUTE:
        end = put_digits(text, (unsigned)part / 60 % 24);
        *end++ = ':';
        end = put_digits(end, (unsigned)part % 60);
        break;
    }
    return end > text ? span_from(text, (size_t)(end - text)) : SPAN("day");
}

static bool is_afternoon(enum view_grain grain, int part)
{
    switch (grain) {
    case GRAIN_DAY: break;
    case GRAIN_HALF: return part == 1;
    case GRAIN_HOUR: return part >= 12;
    case GRAIN_MINUTE: return part >= 720;
    }
    return false;
}

/* The first of the month of `day`, or of the one `more` months later. */
static int64_t month_of(int64_t day, int more)
{
    struct civil civil;
    timestamp_to_civil(day * DAY_MS, 0, &civil);
    int months = civil.year * 12 + civil.month - 1 + more;
    int year = months >= 0 ? months / 12 : -((11 - months) / 12);
    return timestamp_days(year, months - year * 12 + 1, 1);
}

int64_t view_bucket_day(enum view_bucket bucket, enum view_grain grain, int64_t day, int part)
{
    switch (bucket) {
    case BUCKET_DAY:
    case BUCKET_HOUR: break;
    case BUCKET_NOON_DAY: return day + is_afternoon(grain, part);
    case BUCKET_MONTH: return month_of(day, 0);
    case BUCKET_PERIOD_19: return month_of(day - 18, 0) + 18;
    }
    return day;
}

int64_t view_bucket_next(enum view_bucket bucket, int64_t day)
{
    switch (bucket) {
    case BUCKET_DAY:
    case BUCKET_HOUR:
    case BUCKET_NOON_DAY: break;
    case BUCKET_MONTH: return month_of(day, 1);
    case BUCKET_PERIOD_19: return month_of(day - 18, 1) + 18;
    }
    return day + 1;
}

void view_bucket_sql(struct strbuf *out, enum view_bucket bucket, enum view_grain grain)
{
    static const char *const afternoon[] = {
        "0", "(bucket = 'pm')::integer", "(bucket >= '12')::integer", "(bucket >= '12')::integer"};
    switch (bucket) {
    case BUCKET_DAY:
    case BUCKET_HOUR: strbuf_add(out, SPAN("day")); return;
    case BUCKET_NOON_DAY: strbuf_addf(out, "(day + %s)", afternoon[grain]); return;
    case BUCKET_MONTH: strbuf_add(out, SPAN("date_trunc('month', day::timestamp)::date")); return;
    case BUCKET_PERIOD_19:
        strbuf_add(out, SPAN("(date_trunc('month', (day - 18)::timestamp)::date + 18)"));
        return;
    }
}

void view_bucket_sql_of(struct strbuf *out, enum view_bucket bucket, const char *civil)
{
    switch (bucket) {
    case BUCKET_DAY:
    case BUCKET_HOUR: strbuf_addf(out, "(%s)::date", civil); return;
    case BUCKET_NOON_DAY: strbuf_addf(out, "(%s + interval '12 hours')::date", civil); return;
    case BUCKET_MONTH: strbuf_addf(out, "date_trunc('month', %s)::date", civil); return;
    case BUCKET_PERIOD_19:
        strbuf_addf(out, "(date_trunc('month', %s - interval '18 days')::date + 18)", civil);
        return;
    }
}

const char *view_bucket_sql_step(enum view_bucket bucket)
{
    return bucket == BUCKET_MONTH || bucket == BUCKET_PERIOD_19 ? "interval '1 month'"
                                                                : "interval '1 day'";
}

const char *view_bucket_sql_moment(enum view_grain grain)
{
    switch (grain) {
    case GRAIN_DAY: break;
    case GRAIN_HALF: return "(day + CASE bucket WHEN 'pm' THEN time '12:00' ELSE time '00:00' END)";
    case GRAIN_HOUR: return "(day + (bucket || ':00')::time)";
    case GRAIN_MINUTE: return "(day + rpad(bucket, 5, ':00')::time)";
    }
    return "day::timestamp";
}
