/* SPDX-License-Identifier: Apache-2.0 */
/* 回访: who told an order that was 办结 is called back; 三率 are made of the answers. From lots of
 * its own, and only in a district that has the feed (config/feeds/callbacks.yaml). */
#pragma once

#include "gen/life.h"
#include "gen/row.h"

void review_plan(struct life *life, const struct life_day *day, const struct pool *pool);
/* The call centre's row, all columns: its header is strict. */
void review_fill(struct row *row, const char *number, const struct life *life);
