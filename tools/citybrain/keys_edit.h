/* SPDX-License-Identifier: Apache-2.0 */
/* Changes the daemon's file of keys: all of a change or none, one at a time, mode and owner kept.
 */
#pragma once

#include <stdbool.h>

#include "base/error.h"
#include "base/span.h"
#include "ingest/core/station_keys.h"

/* What the file holds. NULL with error->kind NONE: there is no such file yet. */
struct station_keys *keys_edit_read(const char *path, struct error *error);
/* Takes out the row of `drop` (NULL: none) and puts `row` at the end (absent: none).
 */
bool keys_edit_change(const char *path, const struct station_key *drop, struct span row,
                      struct error *error);
