/* SPDX-License-Identifier: Apache-2.0 */
/* A timer's own moment, as its kind's file and the case's set say it (docs/decisions/0407). */
#pragma once

#include <stdint.h>

#include "model/case_fold.h"

#define CASE_TIMER_QUESTION 128
/* The question its event's id answers: "timer:<name>:<due>". */
struct span case_timer_question(char text[CASE_TIMER_QUESTION], const struct kind_timer *timer,
                                int64_t due_ms);

/* Of a timer that hangs on a limit, for one who has it since `start_ms`. Extensions and pauses have
 * moved the limit already. TIMESTAMP_NONE = there is no such moment. */
int64_t case_timer_before(const struct kind_timer *timer, int64_t start_ms, int64_t limit_ms,
                          int64_t paused_ms);

/* The moment that the timer waited for which made that line of the set; TIMESTAMP_NONE = no timer
 * made it, or its id does not prove what is known now: another file said it then, or what it stood
 * on was corrected. */
int64_t case_timer_fired_ms(const struct case_set *set, const struct case_fold *fold,
                            const struct case_kind *kind, size_t index);
