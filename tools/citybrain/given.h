/* SPDX-License-Identifier: Apache-2.0 */
/* What feeds can give to a field of cases or observations: a word that none of them makes is waited
 * for in vain, and nothing else tells. */
#pragma once

#include "config/diagnostics.h"
#include "ingest/core/mapping.h"

#define GIVEN_BYTES 64

struct given { /* whose field */
    const struct feeds *feeds;
    enum event_family family;
    struct span kind;         /* of cases; absent = any */
    const struct span *names; /* kinds of observation, or stages; none = any */
    size_t name_count;
    struct span field;
};

/* False where every version of every feed that has the field makes it of a table, a registry, word
 * lists or a constant, and none of these is that value (`*` at its end: any ending), or has it
 * among its words. Of a field that no feed has it cannot be said: others than feeds may tell it. */
bool given_may_be(const struct given *given, struct span value);
/* The nearest of what is given, in `text`; NULL where none is near. */
const char *given_nearest(const struct given *given, struct span value, char text[GIVEN_BYTES]);
/* Where it may not be: a warning that names the field, the value, and what is nearest. */
void given_warn(const struct given *given, struct span value, struct place place,
                struct diagnostics *diagnostics);
