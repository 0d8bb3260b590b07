/* SPDX-License-Identifier: Apache-2.0 */
/* The statements of a fill: its schema `fill` holds the cells aside, the notes, and how far it
 * came.
 */
#pragma once

#include "aggregator/core/batch.h"
#include "aggregator/store/view_plan.h"
#include "base/strbuf.h"

/* One row: about how many sets there are; whether a fill was begun. */
extern const char fill_sql_look[];
/* One row: for which contributions, the last id, all sets read, cases, notes, all views. */
extern const char fill_sql_place[];
extern const char fill_sql_swapped[]; /* whether transaction $1 was committed */
extern const char fill_sql_sets[];    /* $1 behind this id, $2 so many: id, lines */
extern const char fill_sql_forget[];  /* notes of $1 < id <= $2, or of $1 < id when $3 */
extern const char fill_sql_notes[];   /* takes $1 of them, in their order: id, before, after */
extern const char
    fill_sql_moments[];            /* $1 ids, $2 when reopened, $3 when upheld; of one the last */
extern const char fill_sql_keep[]; /* $1 last id, $2 all read, $3 cases, $4 notes */
extern const char fill_sql_drop[];

/* Whole transactions, as `owner`. */
void fill_sql_begin(struct strbuf *out, const struct views *views, const bool *wanted,
                    const char *contributions, bool all);
/* Without its COMMIT. */
void fill_sql_swap(struct strbuf *out, const struct batch_rules *rules,
                   const struct view_plan *plan, const bool *wanted);
