/* SPDX-License-Identifier: Apache-2.0 */
/* A life: what happens to a few cases, step by step, and to the processes that follow them. A step
 * is a handful of numbers, so a life can be shortened, written as text and kept as a test; what it
 * says on the log is a function of the step and, where it speaks for the lead, of who leads then.
 *
 *   tell kind=request stage=signed party=lead case=0 at=3600 unit=1
 *   observe content=2 at=7200           what is no case's: weather, an outage, a station's beat
 *   tick at=86400
 *   kill part=2 after=3
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"
#include "base/strbuf.h"
#include "model/case_kind.h"
#include "model/codes.h"

enum { LIFE_MOST_STEPS = 1024, LIFE_MOST_CASES = 4 };
#define LIFE_BEGINS 1764043200000LL /* 2025-11-25T04:00:00Z; steps count seconds from it */

enum step_what {
    STEP_TELL,
    STEP_OBSERVE,
    STEP_TICK,
    STEP_KILL,
    STEP_MOVE,
    STEP_COMMIT,
    STEP_WHATS
};
enum step_unit {
    UNIT_NONE,
    UNIT_LEAD,
    UNIT_FORMER,
    UNIT_OTHER,
    UNIT_DESK,
    UNIT_UNKNOWN,
    UNIT_FORMS
};

struct step {
    enum step_what what;
    /* tell */
    const struct case_kind *kind;
    int stage; /* codes number */
    int party; /* codes number; 0 = the event names none */
    int case_number;
    enum step_unit unit;
    int event;            /* which of the case's events of this stage and party */
    int revision;         /* the source's */
    int content;          /* what it says, as life_data has it */
    int other;            /* the case it points to */
    int replay;           /* carries replayof */
    int64_t at, recorded; /* seconds; a tick's T is `at` */
    /* faults */
    int part, after;
};

struct life {
    uint64_t seed;
    struct step steps[LIFE_MOST_STEPS];
    size_t count;
    int cases;
    int hurry;     /* what is told between two ticks comes at once */
    int batch;     /* records of a transaction under faults */
    int compacted; /* state is read compacted */
};

/* What an observation is about. */
struct span life_observed(const struct step *step);
/* A case's id: by its number in its life, as its kind's sources number them. */
struct span life_subject(char text[64], const struct case_kind *kind, int case_number);
/* Adds a step; false when there is no room. */
bool life_add(struct life *life, struct step step);
/* The event as it stands on the log. `unit`: whom it speaks for, absent = nobody. */
void life_write_event(struct strbuf *out, const struct step *step, struct span unit,
                      const struct codes *codes);

/* As text, a step a line, and back; false: *bad says which word. */
void life_write(struct strbuf *out, const struct life *life, const struct codes *codes);
bool life_read(struct life *life, struct span text, const struct kinds *kinds,
               const struct codes *codes, char bad[128]);

/* The random life of a seed. */
void life_draw(struct life *life, uint64_t seed, const struct kinds *kinds,
               const struct codes *codes);
