/* SPDX-License-Identifier: Apache-2.0 */
/* A place in the log as a cursor: of each partition the next offset to read. Rows carry the place
 * of what changed them last, so whoever reads on from his cursor misses nothing and is told of each
 * change once, whatever was restarted or rebuilt in between. Partitions that are not named begin
 * at 0. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"
#include "base/strbuf.h"

#define API_PLACE_MOST 256 /* partitions */

struct api_place {
    size_t count;
    struct {
        int32_t part;
        int64_t next;
    } at[API_PLACE_MOST]; /* by partition */
};

/* "0.1a-3.2f"; false when it is none. */
bool api_place_read(struct api_place *place, struct span text);
void api_place_write(struct strbuf *out, const struct api_place *place);
/* Up to and with this offset all is read; it never goes back. False when there are too many. */
bool api_place_move(struct api_place *place, int32_t part, int64_t offset);
