/* SPDX-License-Identifier: Apache-2.0 */
/* One item of an upload as the raw record a door writes: the HTTP door and `citybrain try` make
 * the same bytes. */
#pragma once

#include <stdint.h>

#include "base/strbuf.h"
#include "ingest/core/framing.h"
#include "ingest/core/normalise.h"

struct raw_item {
    struct strbuf value, header; /* owned; warm buffers */
    char key[96];                /* the feed, or feed#n where it is spread */
    struct reject_place why;     /* the verdict the sender gets */
    struct span record;          /* the source's own number where it can be read; until the next */
    int64_t offset;              /* in the file: of the fault where it is known, else of the item */
};

void raw_item_init(struct raw_item *item, size_t max_bytes);
void raw_item_fini(struct raw_item *item);
/* Begins with an upload as its feed's mapping says. A CSV file whose header is not the declared one
 * is stopped: the header is its one item, refused once, and no row of it is taken. */
void raw_item_begin(struct framing *framing, enum framing_form form, const struct feed *feed,
                    const struct raw_header *upload, struct span bytes, int64_t first_row,
                    int64_t first_offset, struct normalise *trial);
/* `upload` is what all items of the upload share; row, offset and verdict are filled in. `trial`
 * reads the item as the normaliser will. */
void raw_item_make(struct raw_item *item, const struct raw_header *upload, const struct feed *feed,
                   const struct framing_item *framed, struct normalise *trial);
