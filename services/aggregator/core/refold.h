/* SPDX-License-Identifier: Apache-2.0 */
/* From stored sets to what they add to views, and to the moments of their rows: what a batch does
 * without new lines. */
#pragma once

#include "aggregator/core/batch.h"

struct refold;
/* `wanted`: by index in views, which are asked for; borrowed as the rules are. */
struct refold *refold_new(const struct batch_rules *rules, const bool *wanted);
void refold_free(struct refold *refold);
void refold_clear(struct refold *refold);
/* sign +1 or -1. False: the set cannot be read; nothing was added. A kind that was taken out of the
 * files has no view, so its cases add nothing. */
bool refold_add(struct refold *refold, struct span case_id, struct span lines, int sign);
/* Of the case that was added last, until the next one is. */
struct case_moments refold_moments(const struct refold *refold);
/* What was added since refold_clear; call it once. */
const struct delta *refold_finish(struct refold *refold);
