/* SPDX-License-Identifier: Apache-2.0 */
/* Between the judges. */
#pragma once

#include "router/core/window_judge.h"

/* Is it there, as far as the clock knows: what was received before a tick came before it, what was
 * received with it may come behind. */
bool window_judge_is_heard(const struct window_question *question, const struct window_fact *fact);
bool window_judge_is_new(const struct window *window, const struct window_question *question,
                         int64_t start_ms, int64_t anchor_ms);
void window_judge_add_evidence(struct window_finding *finding, const struct window_fact *fact);
/* The facts heard of (from, to], no answers: how many, the newest of them as evidence. */
void window_judge_gather(const struct window *window, const struct window_question *question,
                         int64_t from_ms, int64_t to_ms, struct window_finding *finding);

typedef bool window_judge_fn(const struct window *window, const struct window_question *question,
                             struct window_finding *finding);
typedef int64_t window_judge_next_fn(const struct window *window,
                                     const struct window_question *question);
window_judge_fn window_judge_clock_surge, window_judge_clock_absence, window_judge_clock_silence,
    window_judge_clock_threshold, window_judge_clock_calendar;
/* When the clock has to ask, of what was heard; TIMESTAMP_NONE = never. */
window_judge_next_fn window_judge_clock_next_surge, window_judge_clock_next_absence,
    window_judge_clock_next_silence, window_judge_clock_next_threshold,
    window_judge_clock_next_calendar;
/* The earlier of two times of which either may be none. */
int64_t window_judge_clock_earlier(int64_t a, int64_t b);
