/* SPDX-License-Identifier: Apache-2.0 */
/* What keeps an order from going straight on: its lead disputes it or asks for a hold, the resident
 * has it done again, the desk puts it to the one that its caller told before. From lots of its own,
 * after all else of the life is drawn. */
#pragma once

#include "gen/life.h"

void turn_none(struct life *life);
void turn_plan(struct life *life, const struct life_day *day, const struct pool *pool,
               const struct life *earlier, struct arena *arena);
/* Events it adds to those of the stages, the opening and the call-back. */
size_t turn_events(const struct life *life);
