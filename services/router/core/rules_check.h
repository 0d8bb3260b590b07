/* SPDX-License-Identifier: Apache-2.0 */
/* What is wrong with rules as a whole: orders that no entry matches, entries that none ever comes
 * to, and two that both mean an order and disagree. */
#pragma once

#include "router/core/rules.h"

/* Gaps and unreachable entries are errors, overlaps and entries that can never hold are warnings.
 */
void rules_check(const struct rules *rules, const struct district *district,
                 struct diagnostics *diagnostics);
