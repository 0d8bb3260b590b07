/* SPDX-License-Identifier: Apache-2.0 */
/* An answer that is dear to make and asked for often: made anew at most each so often by one of
 * those who ask, given as it was to the others, and no longer than it may be believed. Pure: the
 * caller says what time it is, in ms of any clock that does not go back. */
#pragma once

#include <stdint.h>

#include "base/strbuf.h"

struct kept_answer {
    struct strbuf text; /* as it was made last; empty = nothing is kept */
    int64_t asked_ms;   /* when somebody last went to make it */
    int64_t made_ms;    /* when he did who brought it */
    int64_t for_ms, usable_ms;
};

/* Made anew after `for_ms`; not given any more after `usable_ms`, where nobody could since. */
void kept_answer_init(struct kept_answer *kept, size_t most_bytes, int64_t for_ms,
                      int64_t usable_ms);
void kept_answer_fini(struct kept_answer *kept);
/* What is kept, borrowed until it is put, and a ticket of 0; absent where the caller is to make it:
 * its ticket, which is greater, goes with what it brings. */
struct span kept_answer_take(struct kept_answer *kept, int64_t now_ms, int64_t *ticket);
/* Nothing where the ticket is 0: the caller brings what it was given, which is as old as before. */
void kept_answer_put(struct kept_answer *kept, int64_t ticket, struct span text);
