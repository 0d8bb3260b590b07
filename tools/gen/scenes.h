/* SPDX-License-Identifier: Apache-2.0 */
/* A span of days as a district lives it: what is told when and where, and how long things take.
 * Everything is drawn from the order's own lots (gen/draw.h). */
#pragma once

#include "gen/life.h"

/* The frame: when the silent station falls silent, where heating fails, when it pours. */
void scenes_init(struct life_day *day, struct draw *draw, const struct pool *pool);
/* What an order is about, where, when, why, and when its source tells it. */
void scenes_subject(struct life *life, struct draw *draw, const struct life_day *day,
                    const struct pool *pool);
/* From the stage before to this one, and whether it comes at all (per mille). */
int64_t scenes_gap(struct draw *draw, const struct life *life, const struct life_day *day,
                   enum life_stage stage);
int scenes_goes_on(enum life_stage stage);
