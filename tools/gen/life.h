/* SPDX-License-Identifier: Apache-2.0 */
/* One order of a generated day, from the call to its end, as far as the day sees it.
 *
 * A day is played in steps: what lies in one step is received, and dispatched, at the step's end.
 * So whatever follows from an order, or from a status, lies in a later step than its cause; before
 * that a unit cannot know of it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gen/draw.h"
#include "gen/pool.h"

#define LIFE_ZONE_MINUTES 480 /* the district's civil time */
#define LIFE_BURSTS       4
#define LIFE_KINDS        6

enum life_stage { LIFE_SIGNED, LIFE_CONTACTED, LIFE_RESOLVED, LIFE_CLOSED, LIFE_STAGES };

/* What is wrong with a row, so that it is rejected. */
enum life_fault {
    LIFE_SOUND,
    LIFE_BAD_KIND,
    LIFE_BAD_DATE,
    LIFE_NO_NUMBER,
    LIFE_NO_KIND,
    LIFE_AHEAD,
    LIFE_BAD_BYTES, /* of a CSV only */
    LIFE_FAULTS
};

struct life_burst { /* one thing that many call about */
    int64_t begins_ms;
    size_t place, type;
};

/* What only a span of days has (gen/scenes.h). */
struct life_span {
    int64_t days;                           /* 0: one day, drawn as a day always was */
    int64_t silent_from_ms;                 /* until then the silent station is heard */
    int64_t rain_from_ms, rain_to_ms;       /* it pours everywhere */
    int64_t heating_from_ms, heating_to_ms; /* no heating in one street */
    size_t heating_place;
};

struct life_day {
    uint64_t seed;
    int64_t begins_ms, ends_ms, step_ms;
    int64_t clock_ms; /* the district's clock when the day begins to be fed; TIMESTAMP_NONE = before
                         it */
    size_t silent;    /* the station that is not heard */
    bool csv;         /* stations whose family is a CSV send their orders so, in GB18030 */
    struct life_burst bursts[LIFE_BURSTS];
    struct life_span span;
};

/* Why the order was told. */
enum life_cause { LIFE_USUAL, LIFE_BURST, LIFE_HEATING, LIFE_RAIN, LIFE_CAUSES };

struct life_review { /* gen/review.h */
    int64_t at_ms;   /* or NONE */
    bool valid, contacted, solved;
    size_t satisfaction; /* 满意, 基本满意, 不满意 */
};

enum life_turn_kind {
    TURN_NONE,
    TURN_DISPUTED, /* and the desk did not find so, or has not answered */
    TURN_UPHELD,
    TURN_HELD, /* 挂账, or a request for it */
    TURN_REOPENED,
    TURN_MERGED
};

struct life_turn { /* gen/turn.h */
    enum life_turn_kind kind;
    int64_t asked_ms, said_ms,
        ended_ms;               /* by the lead; by the desk, and its second word; or NONE */
    int64_t since_ms;           /* from when on the limit counts; NONE = from the opening */
    int64_t first[LIFE_STAGES]; /* what the first lead, or the first round, came to; or NONE */
    struct span lead;           /* whose word `asked` and `first` are */
    size_t parent;              /* TURN_MERGED: index of the life */
};

struct life {
    size_t index;
    int64_t opened_ms, due_ms, repeated_ms, corrected_ms, foreign_ms, garbled_ms; /* or NONE */
    int64_t
        sent_ms; /* the first row: when it was opened, or with its station's export of the night */
    enum life_cause cause;
    int64_t moment[LIFE_STAGES]; /* TIMESTAMP_NONE = not within the day */
    bool told[LIFE_STAGES]; /* by the source, in the first row: the clock was already past it */
    size_t place, corrected_place, type, kind, corrected_kind; /* POOL_NONE = not given */
    struct span lead, foreign;
    bool names_lead, csv, again; /* again: an earlier one's caller and matter (gen/again.h) */
    size_t before;               /* again: index of that one */
    int64_t limit_ms;            /* the deadline in force: the order's own, else its class's */
    bool working;                /* which counts working time */
    struct life_review review;
    struct life_turn turn;
    enum life_fault fault;
    uint64_t words; /* who calls, and what is said */
};

extern const int life_hours[24]; /* calls by the hour of the civil day */
extern const int life_kinds[LIFE_KINDS];
/* One of many, few of them often. */
size_t life_pick(struct draw *draw, const struct life_day *day, size_t count);
size_t life_neighbour(struct draw *draw, const struct life_day *day, const struct pool *pool,
                      size_t place);
/* Draws the day's frame: bursts, the silent station. */
void life_day_init(struct life_day *day, const struct pool *pool);
int64_t life_step_end(const struct life_day *day, int64_t ms);
/* When it reaches the district: its step's end, or the clock where that is later. */
int64_t life_received(const struct life_day *day, int64_t ms);
/* What the rules are asked of it. */
struct order life_order(const struct life *life, const struct pool *pool);
/* The index-th order of the day; `earlier`: those before it, by index. `turns`: it may take one. */
void life_plan(struct life *life, const struct life_day *day, const struct pool *pool, size_t index,
               const struct life *earlier, bool turns, struct arena *arena);
/* Distinct events it brings about: its opening, its stages, its turn, a call-back, a foreign unit's
 * word; 0 when faulty. */
size_t life_events(const struct life *life);
/* Leaves at most that many, by ending the life earlier. */
void life_trim(struct life *life, size_t events);
/* Its deadline passes unresolved while the day is played, the last tick being at last_ms. */
bool life_overdue(const struct life *life, const struct life_day *day, int64_t last_ms);
