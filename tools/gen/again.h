/* SPDX-License-Identifier: Apache-2.0 */
/* 再次反映: the resident of an earlier order calls about the same thing again, and the call-taker
 * marks it. Drawn from lots of its own: an order that is no such repeat is what it was without. */
#pragma once

#include "gen/life.h"

/* May make an order with its subject another one's repeat; `earlier` are the life->index orders
 * drawn before it. */
void again_subject(struct life *life, const struct life_day *day, const struct pool *pool,
                   const struct life *earlier);
