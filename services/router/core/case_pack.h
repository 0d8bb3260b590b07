/* SPDX-License-Identifier: Apache-2.0 */
/* A set as the router keeps it, in memory, on its disk and in state.cases: the same lines in about
 * half the bytes of their text (docs/decisions/0180). */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/span.h"
#include "base/strbuf.h"
#include "model/case_set.h"

/* Appends all of it. An empty set is nothing. */
void case_pack_write(struct strbuf *out, const struct case_set *set);
/* Is it what case_pack_write wrote, and not a set's text? */
bool case_pack_is(struct span packed);
/* Texts are the arena's. False when it is full, or the bytes are none that were written. */
bool case_pack_read(struct case_set *set, struct span packed, struct arena *arena);
/* To be folded and not to be kept: revisions are left out where we have written them. */
bool case_pack_read_to_fold(struct case_set *set, struct span packed, struct arena *arena);
