/* SPDX-License-Identifier: Apache-2.0 */
/* One batch: the new lines of each touched case, then its old set, then what changes. Used in this
 * order: batch_add …, batch_seal, batch_fold of each case, the readers, batch_clear. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "aggregator/core/case_now.h"
#include "aggregator/core/delta.h"
#include "aggregator/core/feed_rows.h"
#include "aggregator/core/firing_rows.h"
#include "aggregator/core/ledger_rows.h"
#include "aggregator/core/observation_rows.h"
#include "aggregator/core/refused_rows.h"
#include "aggregator/core/seen_rows.h"
#include "model/case_fold.h"
#include "model/stations.h"

struct batch_rules {
    const struct codes *codes;
    const struct kinds *kinds;
    const struct views *views;
    int zone_minutes;                /* whose civil days the cells have */
    const struct stations *stations; /* NULL: none is known, refusals are of their feed alone */
};

/* A case whose set has changed. */
struct batch_case {
    struct span id, kind;
    struct span lines; /* the new set's text */
    struct span unit;  /* its present lead; empty = none */
    struct case_now now;
    int32_t partition; /* where its newest line was read */
    int64_t place;
};

/* Where to with what a fold finds. Texts are borrowed until `changed` returns. */
struct batch_sink {
    struct delta *delta; /* what the changes do to the cells; NULL: nobody asks */
    void (*changed)(void *context, const struct batch_case *changed);
    void *context;
};

struct batch_counts {
    int64_t lines, changed_cases, too_long;
};

struct batch;
struct batch *batch_new(const struct batch_rules *rules,
                        size_t arena_bytes); /* rules are borrowed */
void batch_free(struct batch *batch);
void batch_clear(struct batch *batch);
/* What is added from now on was read there: `place` grows with the offset. */
void batch_read_at(struct batch *batch, int32_t partition, int64_t place);
/* Copies. False when the batch is full: nothing was taken. */
bool batch_add(struct batch *batch, struct span case_id, const struct case_line *line);
/* The same for an event of a feed's item: what came of it is counted in that feed's row of the hour
 * it was received. */
bool batch_add_counted(struct batch *batch, struct span case_id, const struct case_line *line,
                       struct span feed);
/* An event of a feed's item that no set can take. */
bool batch_refuse(struct batch *batch, struct span feed, int64_t received_ms);
/* The rows of a ledger event; REJECT_TOO_LARGE when the batch is full. */
enum reject batch_add_ledger(struct batch *batch, const struct event *event);
/* What is no case and has no table of its own. False when the batch is full. */
bool batch_add_observation(struct batch *batch, const struct event *event);
/* What refused_rows_is_one is told of: once for each event. False when the batch is full. */
bool batch_add_refused(struct batch *batch, const struct event *event);
/* A station was heard. False when the batch is full. */
bool batch_add_sighting(struct batch *batch, const struct sighting *sighting);
/* A feed was heard. False when the batch is full. */
bool batch_add_heard(struct batch *batch, const struct event *event);
/* A trigger found something. False when the batch is full. */
bool batch_add_firing(struct batch *batch, const struct event *event);
/* Sorts the cases by id. */
void batch_seal(struct batch *batch);
size_t batch_case_count(const struct batch *batch);
struct span batch_case_id(const struct batch *batch, size_t index);
/* Its index; batch_case_count() where it is not of this batch. Quick when asked in their order. */
size_t batch_find(struct batch *batch, struct span case_id);
bool batch_is_folded(const struct batch *batch, size_t index);
/* Merges a case's new lines with its stored set, borrowed; absent: none is stored. Once each, in
 * any order. False when the stored set cannot be read. */
bool batch_fold(struct batch *batch, size_t index, struct span old, const struct batch_sink *sink);
const struct ledger_rows *batch_ledger(const struct batch *batch); /* full once all are folded */
const struct firing_rows *batch_firings(const struct batch *batch);
const struct observation_rows *batch_observations(const struct batch *batch);
const struct seen_rows *batch_seen(const struct batch *batch);
const struct feed_rows *batch_heard(const struct batch *batch);
const struct refused_rows *batch_refused(const struct batch *batch);
struct batch_counts batch_counts(const struct batch *batch);
