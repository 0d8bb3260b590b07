/* SPDX-License-Identifier: Apache-2.0 */
/* How one item was read, for a person: its cells, and of each event of the mapping whether it was
 * told, and where each field has its value from. Nothing is decided here: the normaliser is asked.
 */
#pragma once

#include "ingest/core/normalise.h"

/* Which columns' texts may stand in an event. */
void explain_columns(const struct mapping *mapping, bool shown[MAPPING_MAX_COLUMNS]);
/* Two members of a JSON object, "cells" and "events", of an item that normalise_item has just read
 * with this result. Nothing where its cells could not be made out. Texts that no event may hold are
 * told by their length alone, unless `private_too`. */
void explain_write(struct normalise *normalise, const struct feed *feed,
                   const struct raw_header *header, struct span value,
                   const struct normalise_result *result, bool private_too, struct strbuf *out);
