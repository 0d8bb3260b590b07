/* SPDX-License-Identifier: Apache-2.0 */
/* A case's whole timeline as JSON, in codes and in words: every line, whether it counts and why
 * not, and what the case is by them. Of a caller it says nothing: his pseudonym stands in the raw
 * lines alone. */
#pragma once

#include <stdbool.h>

#include "aggregator/core/title_list.h"
#include "base/language.h"
#include "model/case_fold.h"
#include "model/registry.h"

struct case_story_names { /* borrowed; each may be NULL */
    const struct registry *units, *types, *divisions;
};

struct case_story {
    const struct codes *codes;
    const struct kinds *kinds;
    struct case_story_names names;
    const struct title_list *fields; /* told are those it names, as far as rows may be made by them
                                        (docs/decisions/0402); NULL = none */
    int zone_minutes;
    enum language language;
    bool lines;       /* the set's text too, for who folds it himself */
    bool reasons;     /* of everybody's moves */
    struct span unit; /* else those of this unit's, and all where it leads; absent = none */
};

/* False when the set cannot be read. */
bool case_story_write(const struct case_story *story, struct span case_id, struct span lines,
                      struct arena *arena, struct strbuf *out);
