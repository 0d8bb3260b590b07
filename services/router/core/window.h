/* SPDX-License-Identifier: Apache-2.0 */
/* What pass 2 knows of one group of one trigger: the facts of its windows, what has fired, what a
 * surge is measured against. Bounded: of more than WINDOW_MOST_FACTS facts the newest are kept (a
 * surge goes on counting the others by day), of more than WINDOW_MOST_FIRED firings the newest,
 * with the facts of the others, so that nothing fires again because it was forgotten. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/span.h"
#include "base/strbuf.h"
#include "router/core/signal.h"
#include "router/core/trigger.h"
#include "router/core/window_piece.h"
#include "router/core/window_version.h"

#define WINDOW_MOST_FACTS 128
#define WINDOW_MOST_FIRED 16
#define WINDOW_SUBJECT    64 /* bytes of one that may be written by what the one before has */
#define WINDOW_MOST_DAYS  80 /* eight weeks, the horizon, and room */
#define WINDOW_MOST_BYTES ((size_t)256 << 10)

struct window_fact {
    int64_t time_ms;
    int64_t value;     /* a threshold's reading in millionths; an absence's due; else 0 */
    uint64_t distinct; /* hash of who or what is different; 0 = not known */
    struct window_version version;
    struct span id;      /* its event's, as packed_key has it */
    struct span subject; /* both borrowed from the bytes read, or from what was told */
    struct span texts;   /* of what counts and is no answer (window_texts.h) */
    bool answer, counts; /* counts: not taken back */
    struct span read; /* its bytes, as long as they say what it is; absent = it is written anew */
    const char *read_behind; /* whose texts those bytes were told by */
};

struct window_fired {
    int64_t start_ms, anchor_ms; /* the window's name; when it was full */
};

struct window_day {
    int64_t day; /* civil */
    int64_t count;
};

struct window {
    struct window_fact facts[WINDOW_MOST_FACTS + 1]; /* by time, then id */
    size_t fact_count;
    char subjects[WINDOW_MOST_FACTS][WINDOW_SUBJECT]; /* read so; as the facts were read */
    struct window_piece piece; /* what its record of the log is, where it was read */
    const char *read;          /* the bytes it was read from; NULL = nothing was read */
    const char *first_read;    /* where the bytes of the facts began; NULL = nothing was read */
    struct window_fired fired[WINDOW_MOST_FIRED + 1]; /* as they fired */
    size_t fired_count;
    struct window_day days[WINDOW_MOST_DAYS + 1]; /* surge: of facts no longer held, by day */
    size_t day_count;
    int64_t pushed_ms; /* time of the newest fact pushed out; TIMESTAMP_NONE = none */
    int64_t run_ms;    /* threshold: since when the reading pushed out last was beyond; or NONE */
    int64_t due_ms;    /* when the clock has to look at it; or NONE */
    bool held;         /* a cap delays what it fires */
};

void window_init(struct window *window);

/* What was written may be read by any version that knows its first byte. Texts borrow the bytes. */
/* Which bytes of those it was read from it has now, and where. */
struct window_runs window_write(struct strbuf *out, const struct window *window,
                                enum trigger_form form);
/* False: not what window_write wrote. */
bool window_read(struct window *window, struct span bytes, enum trigger_form *form);

enum window_change {
    WINDOW_CHANGED,
    WINDOW_REPEATED, /* known already, or an older revision */
    WINDOW_CROWDED   /* changed, and the oldest fact had to go */
};
struct window_told { /* a fact of its group */
    const struct trigger *trigger;
    const struct trigger_step *step; /* that heard it */
    const struct signal *signal;
    struct span id; /* packed_key of the signal's; absent = the signal's itself */
    struct span texts;
    int64_t heard_ms; /* windows are judged by what arrived before; what that leaves behind goes */
};
enum window_change window_take(struct window *window, const struct window_told *told);
/* What it knows of that event by that sort of step; NULL = nothing. */
const struct window_fact *window_known(const struct window *window, const struct window_told *told);
/* The newest that holds and is no answer; NULL = none. */
const struct window_fact *window_newest(const struct window *window, int64_t heard_ms);
void window_note_fired(struct window *window, int64_t start_ms, int64_t anchor_ms);
bool window_has_fired(const struct window *window, const struct trigger *trigger, int64_t start_ms,
                      int64_t anchor_ms);
/* Forgets what no fact can reach any more. False: there was nothing of that. */
bool window_expire(struct window *window, const struct trigger *trigger, int64_t clock_ms);
/* When all of it may be forgotten; TIMESTAMP_NONE = now, there is nothing. */
int64_t window_expires_ms(const struct window *window, const struct trigger *trigger);
/* Surge: facts of that day, of those heard until then. */
int64_t window_day_count(const struct window *window, int64_t day, int64_t heard_ms);

/* Civil days of the district. */
int64_t window_day_of(int64_t ms);
int64_t window_day_start(int64_t day);
