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
    bool woke; /* the case was quiet before, or without its opening: then each counts for something
                */
};

struct story { /* one case, as its log tells it */
    struct span id;
    const struct case_kind *kind;
    struct case_set set;
    struct story_arrival *arrived; /* as they came, again and again; arena */
    size_t arrivals, room;
    struct case_fold fold;
    int leads;
    bool asked;  /* a lead, that has not come yet */
    bool silent; /* what was told last was known word for word */
    bool was_closed, was_quiet, forgotten;
    bool crowded; /* near its limits: what has no room is not said */
    bool family;  /* other cases tell it things: the log has them in another order than it heard */
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
/* After laws_read: the same life in another world has the same words and the same end. */
enum laws_alike {
    ALIKE_ALL,
    ALIKE_IN_A_HURRY, /* but for the firings: facts of several partitions arrive in any order */
    ALIKE_LESSER,     /* it went without what had no effect: what it knows may differ */
    /* cases told each other things in another order: each cause still has one lead, and at rest
     * nobody waits for one */
    ALIKE_AT_REST
};
bool laws_compare(struct laws *laws, const struct world *world, const struct world *other,
                  enum laws_alike alike);
/* After laws_read: all that was said of cases once more, to the cores as they stand. */
bool laws_repeat(struct laws *laws, struct world *world);
/* After laws_read: the steps that never had an effect; false when there is none. */
bool laws_idle(const struct laws *laws, bool idle[LIFE_MOST_STEPS]);

/* laws_family.c: counts how the cases of a life were merged. */
void laws_count_family(struct laws *laws);

/* laws_asks.c */
const struct case_line *laws_line(const struct story *story, struct span id); /* NULL = none */
/* Does the case wait for a lead, a first or another one? */
bool laws_asks_lead(const struct laws *laws, const struct story *story);

/* laws_story.c */
/* The text behind `name` in a record we wrote, up to its quote; absent where it has none. */
struct span laws_member(struct span json, const char *name);
void laws_tick(struct laws *laws, int32_t partition);
bool laws_hear(struct laws *laws, const struct world_record *record);
/* laws_desk.c */
bool laws_desk(struct laws *laws, const struct story *story, const struct world *world);

/* laws_duty.c */
bool laws_duty(struct laws *laws, const struct story *story, const struct world *world);

bool laws_end(struct laws *laws, struct story *story, const struct world *world);
/* What the router knows of a case when nothing happens any more. */
bool laws_rest(struct laws *laws, struct span id, struct span state);
bool laws_fail(struct laws *laws, struct span id, const char *format, ...) PRINTF_LIKE(3, 4);
