/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a window fires. A pure function of its facts, what has fired, and the clock, so that
 * asking once more changes nothing. */
#pragma once

#include "model/calendar.h"
#include "model/stations.h"
#include "router/core/window.h"

#define WINDOW_MOST_NOTICES 32

struct window_notice { /* one that was told to every partition */
    char id[64], subject[128];
    char street[16], community[16];
    char sort[24], level[24];
    int64_t time_ms;
    struct window_version version;
    bool counts;
};

struct window_question {
    const struct trigger *trigger;
    int64_t clock_ms;              /* TIMESTAMP_NONE before the first */
    int64_t heard_ms;              /* what was received then or later is not there yet */
    int64_t since_day;             /* surge: the first day whose facts were all heard */
    const struct station *station; /* silence: its row today, or NULL: nobody is waited for */
    const struct calendar *calendar;
    const struct window_notice *notices; /* those that concern the group's place */
    size_t notice_count;
};

struct window_finding {
    int64_t start_ms;  /* names the window */
    int64_t anchor_ms; /* when it was full: a pause is counted from here */
    int64_t from_ms, to_ms;
    int64_t count, distinct;
    int64_t mean_millionths; /* surge */
    int64_t value;           /* threshold: the newest reading; absence: the due */
    bool more;               /* of its facts some were pushed out: `count` is the least it can be */
    const struct window_fact *evidence[TRIGGER_MOST_EVIDENCE]; /* newest last */
    size_t evidence_count;
    const struct window_notice *notice; /* or NULL */
};

/* The earliest finding that has not fired yet; false when there is none. */
bool window_judge(const struct window *window, const struct window_question *question,
                  struct window_finding *finding);
/* When the clock has to ask next, facts as they are now; TIMESTAMP_NONE = never. */
int64_t window_next_ms(const struct window *window, const struct window_question *question);
