/* SPDX-License-Identifier: Apache-2.0 */
/* Answers that many ask for in the same words: who permits it is given what another was told a
 * moment ago. Bounded in number and bytes, the oldest makes room. Pure: the caller says what time
 * it is, in ms of a clock that does not go back. */
#pragma once

#include <stdint.h>

#include "base/span.h"

struct shared_answers;
struct shared_answers *shared_answers_new(size_t most, size_t most_bytes_each);
void shared_answers_free(struct shared_answers *answers);

/* How old an answer may be for who sent this Cache-Control (RFC 9111 §5.2.1.1): ms of max-age, 0
 * where it is absent or permits none. */
int64_t shared_answers_permitted(struct span cache_control);
/* What was told to `question` at `since_ms` or later, and when; borrowed until the next put. Absent
 * where there is none. */
struct span shared_answers_find(const struct shared_answers *answers, struct span question,
                                int64_t since_ms, int64_t *made_ms);
/* `made_ms`: when it was asked for, so that it is at least as new. One that is too large is not
 * kept. */
void shared_answers_put(struct shared_answers *answers, struct span question, int64_t made_ms,
                        struct span text);
