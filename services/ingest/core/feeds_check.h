/* SPDX-License-Identifier: Apache-2.0 */
/* Whether what feeds name is there: kinds and their stages, owners, types, fields. Asked by the
 * daemon and by `citybrain check`, once the files themselves can be read. */
#pragma once

#include <stdbool.h>

#include "ingest/core/mapping.h"
#include "model/codes.h"
#include "model/registry.h"

struct feeds_known {
    const struct codes *codes;
    const struct kinds *kinds;            /* NULL = could not be read, as each of these */
    const struct registry *units, *types; /* of registries/ */
    bool warns;                           /* also of what the daemon has no need to know: */
    const struct registry *items;         /* service_items */
};

/* False when anything is wrong; it was added. */
bool feeds_check(const struct feeds *feeds, const struct feeds_known *known,
                 struct diagnostics *diagnostics);
/* Stages alone. */
bool feeds_check_kinds(const struct feeds *feeds, const struct kinds *kinds,
                       struct diagnostics *diagnostics);
