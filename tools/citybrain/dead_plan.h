/* SPDX-License-Identifier: Apache-2.0 */
/* Which letters would be written again and what that would do, told from the log alone: an event
 * that is there under the same id with a revision as great or greater makes its letter needless,
 * and so does a record that says that it was that letter (docs/decisions/0068). A few hundred bytes
 * a letter. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "citybrain/dead_try.h"

struct dead_plan_letter {
    int32_t partition;
    int64_t offset;
    enum dead_fate fate;
    bool is_event;
    bool again;                    /* its record is on the log once more */
    bool writes;                   /* dead_plan_count: it would be written */
    size_t first_told, told_count; /* in plan->told */
};

struct dead_plan_counts {
    int64_t letters, accepted, rejected, left;
    int64_t there;    /* accepted, and needless */
    int64_t writes;   /* accepted, and not needless */
    int64_t first;    /* cases that get their first lead */
    int64_t corrects; /* of the writes: those that tell a known event anew */
};

struct dead_plan_tally { /* how many of a name */
    char name[96];
    int64_t count;
    struct dead_plan_tally *next;
};

struct dead_plan {
    struct dead_plan_letter *letters; /* owned, as all of these; in the order they were added */
    size_t count, capacity;
    struct dead_plan_told *told;
    size_t told_count, told_capacity;
    struct dead_plan_event *events;                  /* by id */
    struct dead_plan_case *cases;                    /* by the key of their records */
    struct dead_plan_place *places;                  /* by partition and offset */
    struct dead_plan_tally *topics;                  /* where they would go */
    struct dead_plan_tally *feeds, *rejected, *left; /* feed/version; reasons */
    int64_t oldest_ms;                               /* of the letters that are accepted */
    bool tells_registry;                             /* an event for the topic `registry` */
    struct json_reader *reader;
    struct arena arena; /* one event of the log */
};

void dead_plan_init(struct dead_plan *plan);
void dead_plan_fini(struct dead_plan *plan);
void dead_plan_add(struct dead_plan *plan, const struct dead_letter *letter,
                   const struct dead_verdict *verdict);
/* What of it is on the log. `from_ms`: only what was written since about then; 0 = all. */
bool dead_plan_look(struct dead_plan *plan, const struct kafka_settings *settings, int64_t from_ms,
                    struct error *error);
/* One record of such a topic; for tests as well. */
void dead_plan_take(struct dead_plan *plan, const struct record *record, bool has_events);
/* Decides which letters would be written. */
struct dead_plan_counts dead_plan_count(struct dead_plan *plan);
/* NULL = it was not among them. */
const struct dead_plan_letter *dead_plan_find(const struct dead_plan *plan, int32_t partition,
                                              int64_t offset);
/* Of the letters that were to be written, those whose events are there. */
int64_t dead_plan_seen(const struct dead_plan *plan);
