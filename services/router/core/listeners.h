/* SPDX-License-Identifier: Apache-2.0 */
/* Which steps of which triggers listen to what: compiled once, asked of every event. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "config/diagnostics.h"
#include "model/case_kind.h"
#include "model/case_line.h"
#include "model/codes.h"
#include "router/core/trigger.h"

/* Where a field of a case's event is found: an attribute of its line, or one of these. */
enum {
    LISTEN_CASE = CASE_ATTRIBUTES, /* the case's id */
    LISTEN_STAGE,
    LISTEN_UNIT, /* who said it */
    LISTEN_PARTY,
    LISTEN_NOWHERE = -1
};

#define LISTENER_MOST_ASKED 8 /* predicates whose fields are found ahead */

struct listener {
    const struct trigger *trigger;
    const struct trigger_step *step;
    uint64_t stages;               /* of its kind, by index; 0 = listens to no case */
    uint64_t types;                /* bits (predicate_bits): facts of no other type are heard */
    int group[TRIGGER_MOST_GROUP]; /* where in a case's event */
    int fields[TRIGGER_MOST_FIELDS];
    int when[LISTENER_MOST_ASKED]; /* of the first of its step's predicates */
};

struct listener_list {    /* of one kind, of observations, of sightings */
    struct listener *all; /* owned by its table */
    size_t count;
    uint64_t stages; /* any listens to */
};

struct listeners;
/* NULL on error: a case does not keep what a trigger groups it by. Borrows all three. */
struct listeners *listeners_new(const struct triggers *triggers, const struct kinds *kinds,
                                const struct codes *codes, struct diagnostics *diagnostics);
void listeners_free(struct listeners *listeners);

const struct listener_list *listeners_of_kind(const struct listeners *listeners,
                                              const struct case_kind *kind);
const struct listener_list *listeners_of_observations(const struct listeners *listeners);
const struct listener_list *listeners_of_sightings(const struct listeners *listeners);
int listeners_where(struct span field, const struct codes *codes); /* in a case's event */
