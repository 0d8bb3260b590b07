/* SPDX-License-Identifier: Apache-2.0 */
/* Whether the feeds and units that tokens and keys are for are there: one that is not is never
 * asked for, and whoever holds its credential is refused without knowing why. No cell of a row is
 * told, for tokens and keys are nobody's to read. */
#pragma once

#include <stddef.h>

#include "model/registry.h"
#include "model/token_table.h"

struct token_names {          /* borrowed */
    const char *const *feeds; /* NULL = not known here */
    size_t feed_count;
    const struct registry *units; /* NULL = could not be read */
};

/* "a;b"; what is wrong is added, at its own place behind `place`. */
void token_names_feeds(const struct token_names *known, struct span names, struct place place,
                       struct diagnostics *diagnostics);
void token_names_units(const struct token_names *known, struct span name, struct place place,
                       struct diagnostics *diagnostics);
/* Of every token. */
void token_names_check(const struct token_names *known, const struct token_table *tokens,
                       struct diagnostics *diagnostics);
