/* SPDX-License-Identifier: Apache-2.0 */
/* What stays of a case that was closed some days ago: the lines on which anything the router will
 * ever decide hangs. The aggregator's archive keeps them all. */
#pragma once

#include <stddef.h>

#include "model/case_kind.h"
#include "model/case_set.h"

/* How many lines a stub of it has; all of them = it is one. */
size_t stub_keeps(const struct case_set *set, const struct case_kind *kind);
/* Drops the others. Folding what is left and any later lines decides as folding all would. */
void stub_reduce(struct case_set *set, const struct case_kind *kind);
