/* SPDX-License-Identifier: Apache-2.0 */
/* A case that is over long since leaves the topics of the units: by a record without a value in
 * each that ever got an order of it. Whom that was its own lines say, also as a stub. */
#pragma once

#include <stdbool.h>

#include "base/record.h"
#include "model/case_fold.h"

#define GONE_MOST_UNITS 64

/* Whom the router sent orders of this case, each once; codes borrowed from the set. */
size_t gone_units(const struct case_set *set, const struct case_kind *kind,
                  struct span units[GONE_MOST_UNITS]);
/* A closed case: there are orders, and nobody took them out since it closed. */
bool gone_waits(const struct case_set *set, const struct case_fold *fold,
                const struct case_kind *kind);
/* A record without a value for each of those units. */
void gone_take_out(const struct case_set *set, const struct case_kind *kind, struct span case_id,
                   struct outputs *outputs);
/* On the line that closed it: another closure begins anew. */
void gone_mark(struct case_set *set, const struct case_fold *fold, const struct case_kind *kind);
