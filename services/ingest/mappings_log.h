/* SPDX-License-Identifier: Apache-2.0 */
/* Which version of each feed's mapping is in force, as the log tells it at the start and at each
 * SIGHUP: after a change of mappings it is the first thing asked. */
#pragma once

#include <stdint.h>

#include "base/span.h"
#include "ingest/core/mapping.h"

/* ingest.mappings, "hotline/3 visits/1", the newest ones where the time is not known
 * (TIMESTAMP_NONE); "visits/none" has none yet. More than a line holds go into another. */
void mappings_log(const struct feeds *feeds, int64_t now_ms, struct span bundle);
