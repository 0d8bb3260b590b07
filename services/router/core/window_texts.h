/* SPDX-License-Identifier: Apache-2.0 */
/* What a fact brings along for the sentence and the place of a firing, beside what its group's key
 * says: a few short texts, packed as they lie in its window. */
#pragma once

#include <stdbool.h>

#include "base/strbuf.h"
#include "router/core/signal.h"
#include "router/core/trigger.h"

#define WINDOW_TEXTS_MOST 512 /* bytes of a fact; a text that has no room is left out */

struct window_texts {
    struct signal_field all[TRIGGER_MOST_FIELDS]; /* borrow what was read, and `digits` */
    char digits[TRIGGER_MOST_FIELDS][SPAN_DECIMAL];
    size_t count;
};

/* Behind what `out` holds. */
void window_texts_write(struct strbuf *out, const struct trigger *trigger,
                        const struct signal *signal);
/* False: not what window_texts_write wrote; then there are none. */
bool window_texts_read(struct window_texts *texts, struct span bytes);
struct span window_texts_find(const struct window_texts *texts, struct span name); /* or absent */
