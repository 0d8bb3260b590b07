/* SPDX-License-Identifier: Apache-2.0 */
/* One item of a day as a line of its timeline: a JSON object for an NDJSON door, or a whole upload
 * in base64 with its "type" (citybrain/timeline.h). */
#pragma once

#include "base/strbuf.h"
#include "gen/day.h"

#define ITEM_CASES "request:12345:" /* namespace of the hotline's feeds */

struct item_writer; /* what is kept warm between items */
struct item_writer *item_writer_new(void);
void item_writer_free(struct item_writer *writer);
void item_write(struct item_writer *writer, struct strbuf *out, const struct day *day,
                const struct day_item *item);
