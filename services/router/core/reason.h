/* SPDX-License-Identifier: Apache-2.0 */
/* The one sentence of a decision: a rule's pattern with its {words} filled in. */
#pragma once

#include <stdbool.h>

#include "base/arena.h"
#include "base/span.h"
#include "config/diagnostics.h"
#include "router/core/facts.h"

struct decision;
/* {lead} {guide} {copies} {others} {street} {community} {type} {class} {named}: names, not codes;
 * what is not known leaves nothing behind. False when the arena is full. */
bool reason_write(struct span *reason, struct span pattern, const struct decision *decision,
                  const struct facts *facts, struct arena *arena);
/* A {word} that nobody fills in is an error at `place`. */
void reason_check(struct span pattern, struct place place, struct diagnostics *diagnostics);
