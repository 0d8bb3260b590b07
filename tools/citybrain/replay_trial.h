/* SPDX-License-Identifier: Apache-2.0 */
/* What a record of `raw` would do if it were read once more, by another version of its mapping: the
 * cores of ingest and router are asked, on the state the router has. The plan counts the answers;
 * who executes it writes the copies the answers say. Pure: records come in, nothing is written. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/record.h"
#include "citybrain/bundle.h"
#include "citybrain/replay_report.h"

struct replay_wish {
    const char *feed;       /* NULL = every feed */
    int64_t mapping;        /* version; 0 = each feed's newest */
    int64_t from_ms, to_ms; /* of receipt, half-open */
    const char *name;       /* of the replay: `replayof` of its copies */
    bool missing;           /* what never arrived arrives now, with all its effects */
    bool all; /* also what that version has read already, or reads as the old one did */
};

/* Received before it is replayed; what becomes of it. */
struct replay_copy {
    enum replay_fate fate;
    bool written;       /* a copy is due */
    bool live;          /* without `replayof`: a first arrival */
    struct span header; /* of the copy; valid until the next record */
};

struct replay_trial;
/* `bundle` and `wish` are borrowed. */
struct replay_trial *replay_trial_new(const struct bundle *bundle, const struct replay_wish *wish,
                                      struct replay_report *report);
void replay_trial_free(struct replay_trial *trial);
/* A record of state.cases; then all of them are there. */
void replay_trial_restore(struct replay_trial *trial, int32_t partition, struct span key,
                          struct span value);
bool replay_trial_restored(struct replay_trial *trial, struct error *error);
/* A record of raw, in its order. Counts it in the report. */
void replay_trial_take(struct replay_trial *trial, const struct record *record,
                       struct replay_copy *copy);
