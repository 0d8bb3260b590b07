/* SPDX-License-Identifier: Apache-2.0 */
/* What `citybrain try` says at the end: counts, why records were rejected, and the views; as text
 * or as one JSON object. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "citybrain/carrier.h"
#include "ingest/core/raw_item.h"

#define TRY_REJECT_COUNT(...) +1
enum { TRY_REJECTS = 0 REJECT_TABLE(TRY_REJECT_COUNT) };

struct try_reject {
    int64_t n, row, offset; /* row and byte of the first */
    struct reject_place why;
};

struct try_report {
    const struct bundle *bundle; /* borrowed */
    const char *feed;
    int64_t version;
    const char *view; /* NULL = all */
    const char *by;   /* "" = a total */
    struct cells_range range;
    struct try_reject rejects[TRY_REJECTS];
};

/* The columns of --by, and the view asked for, are there; else a sentence on *error. */
bool try_report_check(const struct try_report *report, struct error *error);
void try_report_add_reject(struct try_report *report, const struct raw_item *item, int64_t row);
void try_report_show(const struct try_report *report, const struct carrier *carrier, FILE *out);
void try_report_show_json(const struct try_report *report, const struct carrier *carrier,
                          FILE *out);
