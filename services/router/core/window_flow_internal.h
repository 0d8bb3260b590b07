/* SPDX-License-Identifier: Apache-2.0 */
/* Pass 2's state of one partition, between the files that work on it. */
#pragma once

#include "base/arena.h"
#include "base/digest.h"
#include "model/json.h"
#include "router/core/emit.h"
#include "router/core/firing.h"
#include "router/core/packed.h"
#include "router/core/signal.h"
#include "router/core/window_book.h"
#include "router/core/window_flow.h"
#include "router/core/window_texts.h"

struct window_flow {
    struct window_flow_rules rules;
    int32_t partition;
    struct window_book book;
    struct window window; /* the one that is worked on */
    struct arena arena;
    struct emit emit; /* dead letters */
    struct firing_writer writer;
    struct strbuf text, texts;
    char id[PACKED_KEY];      /* of the fact that is taken */
    struct window_texts said; /* by the fact that a firing speaks of */
    int64_t *watermarks;      /* owned; by partition of `events`; NONE = none yet */
    int32_t watermark_count;
    char judged_by[DIGEST_ID_LEN + 1]; /* the bundle by which what is stored is due */
    bool clock_dirty, bundle_dirty;
    /* What is stored is due by other rules, and not all of it was looked at since; with the next
     * step of the clock it is, behind what is due in any case. */
    bool unlooked, marked;
    struct window_flow_counts counts;
    char fault[400];
};

struct window_look { /* a group that is looked at */
    const struct trigger *trigger;
    const struct trigger_step *step; /* of a fact: what heard it */
    struct window_counter *counter;
    struct case_entry *entry;
    int64_t recorded_ms; /* of the fact that is judged as it comes; TIMESTAMP_NONE = by the clock */
    bool far;            /* of a fact: it is told too late, or of a time that does not count */
    bool changed;        /* what is written of it */
    bool was_held;       /* a cap delayed it before */
};

/* window_flow_clock.c: a step of the clock of one partition of `events`. */
enum transform_result window_flow_on_watermark(struct window_flow *flow,
                                               const struct signal *signal,
                                               struct outputs *outputs);

/* window_flow.c */
/* Judges flow->window, fires, and keeps it. */
void window_flow_look(struct window_flow *flow, struct window_look *look, struct outputs *outputs);
/* The trigger of a group's key, and its counter; false where there is none any more. */
bool window_flow_trigger(struct window_flow *flow, struct span key, struct window_look *look);
/* As many watermarks as the rules say there are partitions of `events`. */
void window_flow_hold_watermarks(struct window_flow *flow);
/* The row that holds now; NULL where no registry has it. */
const struct station *window_flow_station(const struct window_flow *flow, struct span station);
