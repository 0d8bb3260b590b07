/* SPDX-License-Identifier: Apache-2.0 */
/* How far the cells that are read differ from those filled aside: sums by key on both sides, so
 * that it does not matter over which shards a cell is spread, and a cell of zeros is none. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "aggregator/core/view.h"
#include "base/strbuf.h"

#define FILL_COMPARE_TABLES 128U /* cells and bins of as many views as a plan has */

struct fill_table {
    char name[72];
    int64_t cells, differing; /* aside; in either */
};

struct fill_compare {
    struct fill_table tables[FILL_COMPARE_TABLES];
    size_t count;
};

/* The tables of the wanted views. */
void fill_compare_init(struct fill_compare *compare, const struct views *views, const bool *wanted);
/* One row: cells aside, and how many differ. Columns are asked of the catalogue by `fill_columns`:
 * $1 table: keys, sums, and what makes a cell one. */
extern const char fill_compare_columns[];
void fill_compare_sql(struct strbuf *out, const char *table, const char *keys, const char *sums,
                      const char *held);
int64_t fill_compare_differing(const struct fill_compare *compare);
