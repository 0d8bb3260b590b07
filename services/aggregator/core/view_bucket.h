/* SPDX-License-Identifier: Apache-2.0 */
/* Time of the views. Cells are kept at a view's grain, the coarsest of which all its buckets can be
 * summed; buckets are made when read. A day of a bucket is its first one, but of noon_day it is the
 * day at whose noon it ends (a daily report's: [D-1 12:00, D 12:00)). */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/strbuf.h"

enum view_bucket { BUCKET_DAY, BUCKET_HOUR, BUCKET_NOON_DAY, BUCKET_MONTH, BUCKET_PERIOD_19 };
#define VIEW_BUCKETS 5

enum view_grain { GRAIN_DAY, GRAIN_HALF, GRAIN_HOUR, GRAIN_MINUTE };
#define VIEW_WHOLE_DAY (-1) /* the part of a day of GRAIN_DAY */

extern const char *const view_bucket_names[VIEW_BUCKETS];
/* The part of its day: 0 1 | 0..23 | 0..1439 */
int view_bucket_part(enum view_grain grain, int64_t ms, int64_t day, int zone_minutes);
/* The cell's `bucket` in PostgreSQL: day | am pm | 00..23 | 00:00..23:59 */
struct span view_bucket_text(enum view_grain grain, int part, char text[8]);
/* The bucket that a cell's day and part fall into, by its day. */
int64_t view_bucket_day(enum view_bucket bucket, enum view_grain grain, int64_t day, int part);
/* The day of the bucket behind it. */
int64_t view_bucket_next(enum view_bucket bucket, int64_t day);
/* The same in SQL, over columns `day` and `bucket` of cells. */
void view_bucket_sql(struct strbuf *out, enum view_bucket bucket, enum view_grain grain);
/* SQL's bucket of a civil time, and the step from a bucket to the next as an interval. */
void view_bucket_sql_of(struct strbuf *out, enum view_bucket bucket, const char *civil);
const char *view_bucket_sql_step(enum view_bucket bucket);
/* When a cell's flow has happened, over the same columns: a civil time. */
const char *view_bucket_sql_moment(enum view_grain grain);
