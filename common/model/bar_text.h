/* SPDX-License-Identifier: Apache-2.0 */
/* Fields of short text records, between bars: a case's line, a signal. Bars, backslashes and line
 * feeds are escaped by a backslash; numbers are base 36 without leading zeros. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/span.h"
#include "base/strbuf.h"

void bar_text_add(struct strbuf *out, struct span text);
/* With the bar before it; TIMESTAMP_NONE leaves the field empty. */
void bar_text_add_time(struct strbuf *out, int64_t ms);

/* The next field, still escaped; *text becomes the rest, absent behind the last. */
struct span bar_text_cut(struct span *text);
/* Borrows `field` where nothing is escaped. False on an absent field, a bad escape or a full arena.
 */
bool bar_text_read(struct span field, struct arena *arena, struct span *text);
bool bar_text_read_int(struct span field, int *number);
bool bar_text_read_time(struct span field, int64_t *ms);
