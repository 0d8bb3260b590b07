/* SPDX-License-Identifier: Apache-2.0 */
/* What must hold of every life, read from what stands on the logs and not from the core. */
#pragma once

#include "conduct.h"
#include "cover.h"
#include "model/case_fold.h"
#include "model/json.h"

enum { LAWS_MOST_STORIES = 32, LAWS_MOST_ARRIVALS = 2048 };

struct story_arrival {
    struct case_line line;
    size_t step;
    bool ours;
    bool counted; /* at any time */
    bool woke;    /* the case was quiet before */
};

struct story { /* one case, as its log tells it */
    struct span id;
    const struct case_kind *kind;
    struct case_set set;
    struct story_arrival *arrived; /* as they came, again and again; arena */
    size_t arrivals;
    struct case_fold fold;
    int leads;
    bool asked;  /* a lead, that has not come yet */
    bool silent; /* what was told last was known word for word */
    bool was_closed, was_quiet, forgotten;
    bool crowded;      /* near its limits: what has no room is not said */
    int64_t newest_ms; /* of what was told */
};

struct laws {
    const struct case_flow_rules *rules;
    struct json_reader *reader;
    struct arena arena; /* of a life */
    struct story stories[LAWS_MOST_STORIES];
    size_t count;
    int64_t clock_ms; /* of the partition that is read */
    struct cover *cover;
    struct strbuf text, other;
    uint64_t *hashes[2]; /* owned */
    size_t hash_capacity[2];
    uint64_t state; /* of lots */
    char why[1024]; /* "" = all hold */
};

void laws_init(struct laws *laws, const struct case_flow_rules *rules, struct cover *cover);
void laws_fini(struct laws *laws);
/* Each false with `why`. Of a world that was played without a fault and is settled: */
bool laws_read(struct laws *laws, const struct world *world);
/* After laws_read: the same life in another world has the same words and the same end. `lesser`: it
 * went without what had no effect; then what it knows may differ. */
bool laws_compare(struct laws *laws, const struct world *world, const struct world *other,
                  bool lesser);
/* After laws_read: everything once more, to the cores as they stand. */
bool laws_repeat(struct laws *laws, struct world *world);
/* After laws_read: the steps that never had an effect; false when there is none. */
bool laws_idle(const struct laws *laws, bool idle[LIFE_MOST_STEPS]);

/* laws_story.c */
void laws_tick(struct laws *laws, int32_t partition);
bool laws_hear(struct laws *laws, const struct world_record *record);
bool laws_end(struct laws *laws, struct story *story, const struct world *world);
bool laws_fail(struct laws *laws, struct span id, const char *format, ...) PRINTF_LIKE(3, 4);
