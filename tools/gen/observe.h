/* SPDX-License-Identifier: Apache-2.0 */
/* What a span of days tells besides its orders: heartbeats of the stations, the warning of a storm
 * and its end. No case, and not among the events that were asked for. */
#pragma once

#include "gen/day.h"

void observe_add(struct day *day);
/* "/v1/feeds/…","item":{…} of DAY_BEAT and DAY_WEATHER. */
void observe_write(struct strbuf *out, const struct day *day, const struct day_item *item);
