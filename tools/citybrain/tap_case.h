/* SPDX-License-Identifier: Apache-2.0 */
/* Whose case an item of raw is: its own words do not say it, its mapping does. Nothing else of them
 * is looked at, and nothing is shown. */
#pragma once

#include <stdbool.h>

#include "ingest/core/normalise.h"

struct tap_case {
    struct codes *codes; /* owned, as all of these */
    struct kinds *kinds;
    struct feeds *feeds;
    struct normalise normalise;
    struct normalise_result result;
};

/* False when a file has an error, which was added to diagnostics; tap_case_close is due anyway. */
bool tap_case_open(struct tap_case *tap_case, const char *config_dir,
                   struct diagnostics *diagnostics);
void tap_case_close(struct tap_case *tap_case);
/* By the version of the mapping that the item came under, refused items too. */
bool tap_case_is(struct tap_case *tap_case, const struct raw_header *header, struct span value,
                 struct span case_id);
