/* SPDX-License-Identifier: Apache-2.0 */
/* Which civil days are worked: config/registries/calendar.csv has public holidays and the days of
 * weekends that are worked for them (调休), year by year; all others go by their weekday. Days are
 * days since 1970-01-01 in the district's zone. Read-only after loading. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "config/diagnostics.h"

#define CALENDAR_WARN_DAYS 60 /* before the last known year ends */

enum calendar_kind { CALENDAR_ORDINARY, CALENDAR_HOLIDAY, CALENDAR_WORKDAY };

struct calendar;
struct calendar *calendar_load(const char *file, struct diagnostics *diagnostics);
void calendar_free(struct calendar *calendar);
/* What the file says of a day; ordinary too where it knows nothing of its year. */
enum calendar_kind calendar_day(const struct calendar *calendar, int64_t day);
bool calendar_knows(const struct calendar *calendar, int64_t day);
int calendar_weekday(int64_t day); /* 1 = Monday … 7 = Sunday */
bool calendar_is_working(const struct calendar *calendar, int64_t day);
/* A warning where less than CALENDAR_WARN_DAYS are left of it. */
void calendar_check_end(const struct calendar *calendar, int64_t today,
                        struct diagnostics *diagnostics);
