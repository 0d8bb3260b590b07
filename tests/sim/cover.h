/* SPDX-License-Identifier: Apache-2.0 */
/* What the lives of a run were made of: how often each stage of each kind was told by each party
 * and what became of it, how cases were merged, where processes were killed. A law that was never
 * tried proves nothing: cover_report says what came too seldom. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "model/case_fold.h"
#include "model/case_kind.h"
#include "model/codes.h"
#include "world.h"

enum cover_word {
    COVER_CASES,
    COVER_TOLD,
    COVER_REPEATED,
    COVER_CORRECTED,
    COVER_STALE,
    COVER_LATE_DAYS,
    COVER_LATE_MONTHS,
    COVER_AHEAD,
    COVER_OUT_OF_ORDER,
    COVER_QUIET_AT_THE_END,
    COVER_WOKEN,
    COVER_HEADLESS,
    COVER_HEAD_CAME_LATE,
    COVER_LEADS,
    COVER_SECOND_LEADS,
    COVER_THIRD_LEADS,
    COVER_TIMERS,
    COVER_STUBS,
    COVER_FORGOTTEN,
    COVER_TOO_LONG,
    COVER_ASIDE_LEFT_OUT,
    COVER_KILL_LOST_WORK,
    COVER_FIRINGS,
    COVER_CHILDREN,
    COVER_REFUSED,
    COVER_UNMERGED,
    COVER_COPIES,
    COVER_NOWHERE,
    COVER_CHAIN,
    COVER_CYCLE,
    COVER_SAME_PARTITION,
    COVER_OTHER_PARTITION,
    COVER_HISTORY_AND_LIVE,
    COVER_WORDS
};

enum { COVER_MOST_KINDS = 16, COVER_PARTIES = 8, COVER_MOST_TRIGGERS = 64 };

struct cover {
    uint32_t lines[COVER_MOST_KINDS][CASE_KIND_MAX_STAGES][COVER_PARTIES][3]; /* by effect */
    uint32_t words[COVER_WORDS];
    uint32_t triggers[COVER_MOST_TRIGGERS]; /* firings, by place in the bundle */
};

void cover_line(struct cover *cover, const struct kinds *kinds, const struct case_kind *kind,
                int index, int party, enum line_effect effect);
static inline void cover_word(struct cover *cover, enum cover_word word)
{
    cover->words[word]++;
}
/* The tables on stdout; returns how many cells that can be reached have less than `least`. */
size_t cover_report(const struct cover *cover, const struct world *world, const struct kinds *kinds,
                    const struct codes *codes, uint32_t least);
