/* SPDX-License-Identifier: Apache-2.0 */
/* The members of an event's JSON as event_write writes it: in its order, no blanks, plain texts. Of
 * what is written otherwise it knows nothing, right or wrong: json.h reads it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/span.h"

/* `names` in their order; each one's text, absent where it is not there; `data`: the text behind
 * "data", or absent. All borrow `json`. False: written otherwise. */
bool event_members_read(struct span json, const struct span *names, size_t count,
                        struct span *texts, struct span *data);
