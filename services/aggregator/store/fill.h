/* SPDX-License-Identifier: Apache-2.0 */
/* Fills the cells of views anew from the stored sets, aside, while the aggregators go on, and swaps
 * them in. In this order: fill_open, fill_begin, fill_step until it is done, fill_swap. What was
 * done is kept in the database: a fill that was killed goes on where it stopped. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "aggregator/store/fill_compare.h"
#include "aggregator/store/schema.h"
#include "aggregator/store/view_plan.h"

enum fill_result { FILL_MORE, FILL_DONE, FILL_FAILED };

struct fill_status {
    struct view_plan plan;
    int64_t cases, total; /* read so far; about as many as there are */
    int64_t noted;        /* changes of the aggregators that were added behind the reading */
    bool all;             /* every view is filled, not only those that differ */
    bool unfinished;      /* one for the same files was begun before */
    bool other;           /* one for other files was: fill_begin throws it away */
    bool swapped;         /* our own swap, whose answer was lost, did happen */
    int migrations;       /* not applied to the database yet */
};

struct fill;
/* Borrows both. `all` fills every view, also those that are as the files say. */
struct fill *fill_new(const char *conninfo, const struct schema_rules *schema, bool all);
void fill_free(struct fill *fill);
/* Connects, brings the migrations up to date and compares; without `keeps` it only looks, and
 * leaves everything as it was. ERROR_REFUSED while another process fills. Again, after an error
 * that says so (ERROR_RETRY): finds out what happened, and goes on from there. */
bool fill_open(struct fill *fill, bool keeps, struct error *error);
/* Somebody else may fill; fill_open begins anew. */
void fill_close(struct fill *fill);
const struct fill_status *fill_look(const struct fill *fill);
/* From now on changes of sets are noted. */
bool fill_begin(struct fill *fill, struct error *error);
/* Some thousand cases, or some thousand noted changes. */
enum fill_result fill_step(struct fill *fill, struct error *error);
/* What was filled beside what is read, both of one moment; only where nothing but the notes is left
 * and the files are those in force. */
bool fill_differs(struct fill *fill, struct fill_compare *compare, struct error *error);
/* The rest of the notes, then the swap, in one transaction that lets no aggregator commit and no
 * period freeze: whoever runs is fenced. Audited. */
bool fill_swap(struct fill *fill, const char *verb, const char *who, const char *reason,
               struct error *error);
/* Throws away what was filled and notes no more. */
bool fill_drop(struct fill *fill, struct error *error);
