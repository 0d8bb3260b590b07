/* SPDX-License-Identifier: Apache-2.0 */
/* Civil time by arithmetic: no locale, no time zone database, no clock. Days are counted in eras of
 * 400 years that begin on 1 March, so the leap day is the last day of its year. Parsing is strict:
 * what is out of range or left over is refused, never rolled over into the next month. */
#include "base/timestamp.h"

#include "base/base.h"

#define DAY_MS      INT64_C(86400000)
#define ERA_DAYS    146097 /* 400 years */
#define EPOCH_SHIFT 719468 /* days from 0000-03-01 to 1970-01-01 */

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

int64_t timestamp_days(int year, int month, int day)
{
    int64_t shifted = (int64_t)year - (month <= 2); /* the year that began in March */
    int64_t era = floor_div(shifted, 400);
    int64_t year_of_era = shifted - era * 400;
    int64_t months_since_march = (month + 9) % 12;
    int64_t day_of_year = (153 * months_since_march + 2) / 5 + day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * ERA_DAYS + day_of_era - EPOCH_SHIFT;
}

void timestamp_civil_of_days(int64_t days, struct civil *civil)
{
    int64_t shifted = days + EPOCH_SHIFT;
    int64_t era = floor_div(shifted, ERA_DAYS);
    uint32_t day_of_era = (uint32_t)(shifted - era * ERA_DAYS); /* small: cheap to divide */
    /* Leap days before this day taken out, every year has 365. */
    uint32_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    uint32_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    uint32_t months_since_march = (5 * day_of_year + 2) / 153;
    civil->day = (int)(day_of_year - (153 * months_since_march + 2) / 5 + 1);
    civil->month = (int)(months_since_march < 10 ? months_since_march + 3 : months_since_march - 9);
    civil->year = (int)((int64_t)year_of_era + era * 400 + (civil->month <= 2));
}

/* ms in the zone's own wall time, split so that nothing overflows near the ends of int64_t. */
static int64_t local_day(int64_t ms, int offset_minutes, int64_t *ms_of_day)
{
    int64_t day = floor_div(ms, DAY_MS);
    int64_t rest = ms % DAY_MS + (ms % DAY_MS < 0 ? DAY_MS : 0) + (int64_t)offset_minutes * 60000;
    int64_t shift = floor_div(rest, DAY_MS);
    *ms_of_day = rest - shift * DAY_MS;
    return day + shift;
}

void timestamp_to_civil(int64_t ms, int offset_minutes, struct civil *civil)
{
    int64_t ms_of_day;
    timestamp_civil_of_days(local_day(ms, offset_minutes, &ms_of_day), civil);
    uint32_t rest = (uint32_t)ms_of_day, seconds = rest / 1000;
    civil->hour = (int)(seconds / 3600);
    civil->minute = (int)(seconds / 60 % 60);
    civil->second = (int)(seconds % 60);
    civil->millisecond = (int)(rest % 1000);
}

static int days_in_month(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    return month == 2 && leap ? 29 : days[month - 1];
}

static bool between(int value, int min, int max)
{
    return value >= min && value <= max;
}

bool timestamp_from_civil(const struct civil *civil, int offset_minutes, int64_t *ms)
{
    if (!between(civil->year, 0, 9999) || !between(civil->month, 1, 12) ||
        !between(civil->day, 1, days_in_month(civil->year, civil->month)) ||
        !between(civil->hour, 0, 23) || !between(civil->minute, 0, 59) ||
        !between(civil->second, 0, 59) || !between(civil->millisecond, 0, 999))
        return false;
    int64_t days = timestamp_days(civil->year, civil->month, civil->day);
    int64_t seconds = civil->hour * 3600 + (civil->minute - offset_minutes) * 60 + civil->second;
    *ms = days * DAY_MS + seconds * 1000 + civil->millisecond;
    return true;
}

int64_t timestamp_day(int64_t ms, int offset_minutes)
{
    int64_t rest;
    return local_day(ms, offset_minutes, &rest);
}

/* Takes between min and max digits from the front. */
static bool take_number(struct span *s, size_t min, size_t max, int *value)
{
    size_t len = 0;
    int sum = 0;
    while (len < max && len < s->len && s->at[len] >= '0' && s->at[len] <= '9')
        sum = sum * 10 + (s->at[len++] - '0');
    if (len < min)
        return false;
    *s = span_from(s->at + len, s->len - len);
    *value = sum;
    return true;
}

static bool take_byte(struct span *s, char byte)
{
    if (s->len == 0 || s->at[0] != byte)
        return false;
    *s = span_from(s->at + 1, s->len - 1);
    return true;
}

static bool take_fraction(struct span *s, int *millisecond)
{
    size_t len = 0;
    int sum = 0;
    for (; len < s->len && s->at[len] >= '0' && s->at[len] <= '9'; len++)
        if (len < 3)
            sum = sum * 10 + (s->at[len] - '0');
    if (len == 0)
        return false;
    for (size_t i = len; i < 3; i++)
        sum *= 10;
    *s = span_from(s->at + len, s->len - len);
    *millisecond = sum;
    return true;
}

/* Z, +08:00; without `colon` +0800 too. */
static bool take_offset(struct span *s, bool must_colon, int *offset_minutes)
{
    if (take_byte(s, 'Z') || take_byte(s, 'z')) {
        *offset_minutes = 0;
        return true;
    }
    bool west = take_byte(s, '-');
    int hours, minutes;
    if ((!west && !take_byte(s, '+')) || !take_number(s, 2, 2, &hours))
        return false;
    if ((!take_byte(s, ':') && must_colon) || !take_number(s, 2, 2, &minutes))
        return false;
    if (hours > 23 || minutes > 59)
        return false;
    *offset_minutes = (west ? -1 : 1) * (hours * 60 + minutes);
    return true;
}

bool timestamp_parse_rfc3339(struct span s, int64_t *ms)
{
    struct civil civil = {0};
    int offset_minutes;
    bool ok = take_number(&s, 4, 4, &civil.year) && take_byte(&s, '-') &&
              take_number(&s, 2, 2, &civil.month) && take_byte(&s, '-') &&
              take_number(&s, 2, 2, &civil.day) && (take_byte(&s, 'T') || take_byte(&s, 't')) &&
              take_number(&s, 2, 2, &civil.hour) && take_byte(&s, ':') &&
              take_number(&s, 2, 2, &civil.minute) && take_byte(&s, ':') &&
              take_number(&s, 2, 2, &civil.second);
    if (!ok || (take_byte(&s, '.') && !take_fraction(&s, &civil.millisecond)))
        return false;
    return take_offset(&s, true, &offset_minutes) && s.len == 0 &&
           timestamp_from_civil(&civil, offset_minutes, ms);
}

static bool take_directive(struct span *s, char directive, struct civil *civil, int *offset_minutes)
{
    switch (directive) {
    case 'Y': return take_number(s, 4, 4, &civil->year);
    case 'm': return take_number(s, 1, 2, &civil->month);
    case 'd': return take_number(s, 1, 2, &civil->day);
    case 'H': return take_number(s, 1, 2, &civil->hour);
    case 'M': return take_number(s, 1, 2, &civil->minute);
    case 'S': return take_number(s, 1, 2, &civil->second);
    case 'f': return take_fraction(s, &civil->millisecond);
    case 'z': return take_offset(s, false, offset_minutes);
    case '%': return take_byte(s, '%');
    default: return false;
    }
}

bool timestamp_parse_civil(struct span s, const char *pattern, struct civil *civil,
                           int *offset_minutes)
{
    *civil = (struct civil){.year = 1970, .month = 1, .day = 1};
    for (const char *at = pattern; *at != '\0'; at++) {
        bool ok =
            *at == '%' ? take_directive(&s, *++at, civil, offset_minutes) : take_byte(&s, *at);
        if (!ok)
            return false;
    }
    return s.len == 0;
}

bool timestamp_parse(struct span s, const char *pattern, int offset_minutes, int64_t *ms)
{
    struct civil civil;
    return timestamp_parse_civil(s, pattern, &civil, &offset_minutes) &&
           timestamp_from_civil(&civil, offset_minutes, ms);
}

/* Two digits. */
static char *put(char *to, int number, char after)
{
    unsigned value = (unsigned)number;
    to[0] = (char)('0' + value / 10);
    to[1] = (char)('0' + value % 10);
    to[2] = after;
    return to + 3;
}

/* YYYY-MM-DD into `to`; years of more or less than four digits are written to the buffer before. */
static char *put_date(struct strbuf *buf, char *to, const struct civil *civil, char after)
{
    if (civil->year >= 0 && civil->year <= 9999) {
        to = put(to, civil->year / 100, '0');
        to = put(to - 1, civil->year % 100, '-');
    } else {
        if (civil->year < 0)
            strbuf_add_char(buf, '-');
        strbuf_add_padded(buf, (uint64_t)(civil->year < 0 ? -(int64_t)civil->year : civil->year),
                          4);
        *to++ = '-';
    }
    to = put(to, civil->month, '-');
    return put(to, civil->day, after);
}

void timestamp_add_rfc3339(struct strbuf *buf, int64_t ms)
{
    struct civil civil;
    char text[32];
    timestamp_to_civil(ms, 0, &civil);
    char *to = put_date(buf, text, &civil, 'T');
    to = put(to, civil.hour, ':');
    to = put(to, civil.minute, ':');
    to = put(to, civil.second, '.');
    *to++ = (char)('0' + civil.millisecond / 100);
    to = put(to, civil.millisecond % 100, 'Z');
    strbuf_add(buf, span_from(text, (size_t)(to - text)));
}

void timestamp_add_date(struct strbuf *buf, int64_t day)
{
    struct civil civil;
    char text[16];
    timestamp_civil_of_days(day, &civil);
    char *to = put_date(buf, text, &civil, ' ');
    strbuf_add(buf, span_from(text, (size_t)(to - text) - 1));
}

bool timestamp_parse_zone(struct span s, int *offset_minutes)
{
    if (span_is(s, "UTC")) {
        *offset_minutes = 0;
        return true;
    }
    if (span_is(s, "Asia/Shanghai")) { /* no summer time since 1991 */
        *offset_minutes = 480;
        return true;
    }
    if (s.len == 0 || s.at[0] == 'z')
        return false;
    int minutes;
    if (!take_offset(&s, true, &minutes) || s.len > 0)
        return false;
    *offset_minutes = minutes;
    return true;
}

bool timestamp_parse_duration(struct span s, int64_t *ms)
{
    static const struct {
        const char *name;
        int64_t ms;
    } units[] = {{"ms", 1},      {"s", 1000},   {"m", 60000},
                 {"h", 3600000}, {"d", DAY_MS}, {"w", 7 * DAY_MS}};
    size_t digits = 0;
    while (digits < s.len && s.at[digits] >= '0' && s.at[digits] <= '9')
        digits++;
    int64_t count;
    if (!span_to_int64(span_from(s.at, digits), &count))
        return false;
    struct span unit = span_from(s.at + digits, s.len - digits);
    for (size_t i = 0; i < ARRAY_LENGTH(units); i++)
        if (span_is(unit, units[i].name))
            return !__builtin_mul_overflow(count, units[i].ms, ms);
    return false;
}
