/* SPDX-License-Identifier: Apache-2.0 */
/* What triggers are told: the facts of a case, which are a function of its set, and those of single
 * observations. After a change of a set the difference is written: new and changed facts, and those
 * that are facts no longer, taken back under the group they had (docs/decisions/0044). */
#pragma once

#include <stdint.h>

#include "base/arena.h"
#include "base/record.h"
#include "base/strbuf.h"
#include "model/case_fold.h"
#include "router/core/listeners.h"

struct hearing {                       /* of one partition of `events` */
    const struct listeners *listeners; /* borrowed; set by whoever owns this; NULL = nobody */
    const struct codes *codes;
    int32_t partitions; /* of `signals` */
    int64_t arrived_ms; /* what is told from now on; set by whoever owns this */
    struct strbuf key, value, old_key, old_value; /* owned; warm buffers */
    int64_t written;
};

void hearing_init(struct hearing *hearing, const struct codes *codes, int32_t partitions);
void hearing_fini(struct hearing *hearing);

struct hearing_case { /* borrowed, as long as it is looked at */
    struct span id;
    const struct case_kind *kind;
    const struct case_line *lines;
    size_t count;
    const struct case_fold *fold;
};

/* Is there anything to be told of such cases? */
bool hearing_matters(const struct hearing *hearing, const struct case_kind *kind);
/* A copy of a case that is about to change. False when the arena is full. */
bool hearing_remember(struct hearing_case *before, const struct hearing_case *now,
                      struct arena *arena);
/* A case that was not there before has no lines. */
void hearing_tell(struct hearing *hearing, const struct hearing_case *before,
                  const struct hearing_case *now, struct outputs *outputs);
/* An event that is no case's, or a word of a station, whatever it tells of. */
void hearing_tell_observation(struct hearing *hearing, const struct event *event,
                              struct outputs *outputs);
void hearing_tell_sighting(struct hearing *hearing, const struct event *event,
                           struct outputs *outputs);
/* To every partition of `signals`: so far is the clock of that partition of `events`. */
void hearing_tell_clock(struct hearing *hearing, int32_t partition, int64_t t_ms,
                        struct outputs *outputs);
