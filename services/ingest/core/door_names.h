/* SPDX-License-Identifier: Apache-2.0 */
/* Whether what keys and tokens of a door are for is there: asked by the daemon at its start and by
 * `citybrain check`. */
#pragma once

#include "ingest/core/mapping.h"
#include "ingest/core/station_keys.h"
#include "model/token_names.h"

/* Each may be NULL: there is no such file, or it could not be read. */
struct door_names {
    const struct station_keys *keys;
    const struct token_table *tokens;
    const struct feeds *feeds;
    const struct registry *units;
};

void door_names_check(const struct door_names *names, struct diagnostics *diagnostics);
