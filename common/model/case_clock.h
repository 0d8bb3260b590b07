/* SPDX-License-Identifier: Apache-2.0 */
/* A case's own clock, which stands still on hold (docs/decisions/0368): for whoever tells people of
 * its limit. */
#pragma once

#include "model/case_fold.h"

/* When it was done: resolved, or closed where nobody told of a resolution. */
int64_t case_clock_done_ms(const struct case_fold *fold);
/* Since when its clock stands still (挂账), or TIMESTAMP_NONE. */
int64_t case_clock_held_ms(const struct case_fold *fold);
/* When the clock comes, or came, to its limit: while it stands still to none that lay ahead of it.
 * What is done meanwhile is done as if the clock had run on just then. */
int64_t case_clock_due_ms(const struct case_fold *fold);
/* The same for people: a limit ahead of a clock that stands still is told where it stood. */
int64_t case_clock_limit_ms(const struct case_fold *fold);
