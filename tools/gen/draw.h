/* SPDX-License-Identifier: Apache-2.0 */
/* Lots that fall the same way on every machine: splitmix64, integers only. A stream of its own for
 * each order, so that a change in one order's life moves no other. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct draw {
    uint64_t state;
};

struct draw draw_begin(uint64_t seed, uint64_t stream);
uint64_t draw_next(struct draw *draw);
size_t draw_below(struct draw *draw, size_t count);                   /* 0 .. count - 1 */
int64_t draw_between(struct draw *draw, int64_t least, int64_t most); /* both included */
int64_t draw_skewed(struct draw *draw, int64_t least, int64_t most);  /* mostly near `least` */
bool draw_chance(struct draw *draw, int per_mille);
size_t draw_weighted(struct draw *draw, const int *weights, size_t count);
/* Log-normal: half of them below the median, two thirds within e^±sigma of it; sigma in
 * thousandths. At least 1, and never more than 4,000 times the median. */
int64_t draw_lognormal(struct draw *draw, int64_t median, int sigma);
