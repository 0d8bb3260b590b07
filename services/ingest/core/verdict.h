/* SPDX-License-Identifier: Apache-2.0 */
/* What a sender is told of one item: the same object in the HTTP answer, in a dropped file's
 * receipt and on `citybrain-ingest --stdin`. */
#pragma once

#include <stdint.h>

#include "base/span.h"
#include "base/strbuf.h"
#include "model/reject.h"

struct verdict {
    int64_t row;
    int64_t offset;     /* in the file: of the fault where it is known, else of the item */
    struct span record; /* the source's own number; absent where it cannot be read */
    const struct reject_place *why; /* borrowed */
    enum language language;         /* of the sentence; 0 = both */
};

/* {"row":…,"verdict":"accepted"}; a rejected one with record, reason, pointer, column, offset and
 * the sentence. */
void verdict_write(struct strbuf *out, const struct verdict *verdict);
