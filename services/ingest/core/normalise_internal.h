/* SPDX-License-Identifier: Apache-2.0 */
/* One item on its way, shared by normalise.c and normalise_value.c. */
#pragma once

#include "ingest/core/normalise.h"

struct item {
    struct normalise *normalise;
    const struct feed *feed;
    const struct mapping *mapping;
    const struct raw_header *header;
    const struct span *cells;
    struct reject_place *why;
    struct span number, subject, revision_source;
};

/* Notes why and where; always false. column < 0 = nowhere in particular. */
bool normalise_reject(struct item *item, enum reject reject, int column);

/* A column's text without blanks around it; absent when it is one of the missing words. */
struct span normalise_value_cell(const struct item *item, int column);
/* The first column that is not missing. *column is the one to blame. */
struct span normalise_value_first(const struct item *item, const struct mapping_field *field,
                                  int *column);
bool normalise_value_moment(const struct item *item, const struct mapping_field *field,
                            struct span text, int64_t *ms);
bool normalise_value_in(const struct mapping_range *range, int64_t value);
/* One member of the data object; nothing where the field has no value. False = rejected. */
bool normalise_value_add(struct item *item, const struct mapping_field *field);
/* Do all conditions of the event hold? */
bool normalise_value_holds(const struct item *item, const struct mapping_event *event);
