/* SPDX-License-Identifier: Apache-2.0 */
/* A district's day as a timeline: the lives of its orders, and in order of time every item a sender
 * sends because of them. What it says of itself is exact: a day that was played shows these numbers
 * in the views. */
#pragma once

#include <stdio.h>

#include "base/strbuf.h"
#include "gen/life.h"

#define DAY_MOST_UNITS 512

enum day_item_kind {
    DAY_ROW,     /* the order as the hotline knows it then */
    DAY_STATUS,  /* its lead's word about a stage */
    DAY_REVIEW,  /* the call centre's, about who told it */
    DAY_FOREIGN, /* another unit's, which moves nothing */
    DAY_GARBLED, /* of a stage that does not exist: rejected */
    DAY_FIRST,   /* a stage that was told before its turn (gen/turn.h) */
    DAY_ASKED,   /* its lead's question */
    DAY_SAID,    /* the desk's answer, */
    DAY_ENDED,   /* and its end */
    DAY_BEAT,    /* of no order but a station: `life` is its index */
    DAY_WEATHER  /* a warning (stage signed) and its end (closed) */
};

struct day_item {
    int64_t at_ms,
        revision_ms; /* sent; and the 更新时间 of a row: earlier where it is sent again */
    size_t life;     /* index in lives */
    enum day_item_kind kind;
    enum life_stage stage;
};

struct day_unit {
    struct span code;
    int64_t opened, closed, overdue;
    int64_t valid, solved; /* call-backs that count, and those that say it is done */
};

struct day_sums {
    int64_t items;          /* lines of the timeline */
    int64_t accepted;       /* items the doors take */
    int64_t rejected;       /* and those they don't, by reason in `rejects` */
    int64_t events;         /* distinct events on the log because of them; router's not counted */
    int64_t opened, closed; /* orders, and those closed within the day */
    int64_t statuses, foreign; /* effective; of a unit that does not lead */
    int64_t repeats, corrections, adopted, overdue;
    int64_t disputed, upheld, held, reopened, merged;
    int64_t desk;                     /* what the desk said of them */
    int64_t reviewed;                 /* orders whose caller was called back */
    int64_t again;                    /* orders of a caller who had told it before */
    int64_t observations;             /* heartbeats and warnings, not among `events` */
    int64_t exported;                 /* told in the night after they were opened */
    int64_t causes[LIFE_CAUSES];      /* orders by why they were told */
    int64_t last_ms;                  /* the clock after the last step */
    int64_t rejects[LIFE_FAULTS + 1]; /* by fault; last: garbled statuses */
    struct day_unit units[DAY_MOST_UNITS];
    size_t unit_count;
};

struct day {
    struct life_day frame;
    const struct pool *pool; /* borrowed */
    struct life *lives;      /* owned, by time of opening */
    size_t life_count, life_capacity;
    size_t *position;       /* owned; of a life, by its index */
    struct day_item *items; /* owned, by time of sending */
    size_t item_count, item_capacity;
    struct day_sums sums;
};

/* A day of exactly `events` events. */
struct day *day_new(const struct life_day *frame, const struct pool *pool, int64_t events);
void day_free(struct day *day);
/* For what is told besides; nothing at TIMESTAMP_NONE. */
void day_add_item(struct day *day, int64_t at_ms, size_t life, enum day_item_kind kind,
                  enum life_stage stage);
/* One line an item; false when the file does not take it. */
bool day_write(const struct day *day, FILE *out);
/* The sums as one JSON object. */
void day_write_sums(const struct day *day, struct strbuf *out);
