/* SPDX-License-Identifier: Apache-2.0 */
/* What pseudonyms are made with: a text in a file that is kept apart from the configuration. */
#pragma once

#include "config/diagnostics.h"
#include "ingest/core/mapping.h"

#define PSEUDONYM_KEY_MIN 16 /* bytes */

struct pseudonym_key {
    const char *file; /* "" = none; borrowed from the settings */
    char text[256];   /* "" = none, and no feed needs one */
};

/* Reads the file; an error is added where it cannot be used, or where a feed needs it and none is
 * named. */
void pseudonym_key_load(struct pseudonym_key *key, const struct feeds *feeds,
                        struct diagnostics *diagnostics);
