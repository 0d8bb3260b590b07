/* SPDX-License-Identifier: Apache-2.0 */
/* One item of a day as a line of its timeline. */
#pragma once

#include "base/strbuf.h"
#include "gen/day.h"

#define ITEM_CASES "request:12345:" /* namespace of config/feeds/hotline.yaml */

/* The order's own number: day, seed, count. */
void item_add_number(struct strbuf *out, const struct day *day, size_t life);
void item_write(struct strbuf *out, const struct day *day, const struct day_item *item);
