/* SPDX-License-Identifier: Apache-2.0 */
/* Points in time are int64_t milliseconds since 1970-01-01T00:00:00Z, leap seconds ignored.
 * No clock is read here: time is a field of a record. Zones on this path are fixed offsets. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"
#include "base/strbuf.h"

#define TIMESTAMP_NONE INT64_MIN /* "no such time": fields that may be absent */

struct civil {
    int year, month, day, hour, minute, second, millisecond; /* month 1-12, day 1-31 */
};

/* Days since 1970-01-01 of a proleptic Gregorian date; the inverse fills *civil's date part. */
int64_t timestamp_days(int year, int month, int day);
void timestamp_civil_of_days(int64_t days, struct civil *civil);
void timestamp_to_civil(int64_t ms, int offset_minutes, struct civil *civil);
/* False when a part is out of range (month 13, 31 April, 25:00). */
bool timestamp_from_civil(const struct civil *civil, int offset_minutes, int64_t *ms);
/* Civil day number (days since 1970-01-01) of ms in a zone: the bucket of the views. */
int64_t timestamp_day(int64_t ms, int offset_minutes);

/* RFC 3339 with an offset or Z, fraction optional (cut to ms). */
bool timestamp_parse_rfc3339(struct span s, int64_t *ms);
/* strptime-like: %Y %m %d %H %M %S (two-digit parts may lack the leading zero), %f fraction,
 * %z offset or Z, %% and literal bytes; everything must match. Without %z offset_minutes holds. */
bool timestamp_parse(struct span s, const char *pattern, int offset_minutes, int64_t *ms);
/* Its parts alone; *offset_minutes is left as it was where the text names no offset. */
#define TIMESTAMP_NO_OFFSET INT32_MIN
bool timestamp_parse_civil(struct span s, const char *pattern, struct civil *civil,
                           int *offset_minutes);
/* YYYY-MM-DDTHH:MM:SS.mmmZ, always 24 characters for years 0000-9999. */
void timestamp_add_rfc3339(struct strbuf *buf, int64_t ms);
/* YYYY-MM-DD of a civil day number. */
void timestamp_add_date(struct strbuf *buf, int64_t day);

/* "UTC", "Z", "Asia/Shanghai", "+08:00", "-05:30" -> minutes east of Greenwich; false for others.
 */
bool timestamp_parse_zone(struct span s, int *offset_minutes);
/* "250ms" "30s" "15m" "24h" "7d" "2w" -> milliseconds; false for anything else. */
bool timestamp_parse_duration(struct span s, int64_t *ms);
