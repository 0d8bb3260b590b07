/* SPDX-License-Identifier: Apache-2.0 */
/* A file as one upload at ingest's door: framed as its mapping and its name say, under the header
 * that all of its items share. */
#pragma once

#include "ingest/core/mapping.h"
#include "ingest/core/raw_item.h"
#include "model/raw_header.h"

struct upload_form {
    const char *path;    /* its name */
    const char *charset; /* NULL = the feed's */
    const char *hash;
    int64_t received_ms;
};

struct upload {
    const struct feed *feed;       /* borrowed, as all of these */
    const struct mapping *mapping; /* in force when it was received */
    struct framing framing;
    struct raw_header header;
};

/* False when the feed had no version then. The name's ending (.json) tells an array from lines; a
 * .gz behind it is not looked at. */
bool upload_begin(struct upload *upload, const struct feed *feed, const struct upload_form *form,
                  struct span bytes, struct normalise *trial);
bool upload_next(struct upload *upload, struct framing_item *item);
