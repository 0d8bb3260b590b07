/* SPDX-License-Identifier: Apache-2.0 */
/* Merging, as one case's set tells of it (docs/decisions/0038): whose child the case is, and which
 * children it has. Part of the fold's walk. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "model/case_kind.h"
#include "model/case_line.h"

#define CASE_FAMILY_MOST 100 /* children of a case */

struct case_family {
    struct span parent;   /* handled there; absent = the case is no child */
    struct span merge_id; /* the line that said so */
    struct span away;     /* the `merged` that the lead was recalled for; absent = none was */
    struct span left;     /* the last `merged` that was ended */
    size_t child_count;
    struct {
        struct span id, merge_id; /* by which `merged` of its own */
    } children[CASE_FAMILY_MOST]; /* only as far as counted: most cases have none */
};

/* Does our own line copy a stage of the case's parent? */
bool case_family_is_copy(const struct case_line *line, const struct kind_stage *stage,
                         const struct case_kind *kind);
/* May the line count? `otherwise`: it would, or would not, if nothing were ever merged. */
bool case_family_allows(const struct case_family *family, const struct case_line *line,
                        const struct kind_stage *stage, const struct case_kind *kind,
                        bool otherwise);
/* Whoever has an order does not speak while the parent has it. */
bool case_family_is_silent(const struct case_family *family, const struct case_line *line,
                           const struct case_kind *kind);
/* An effective line. True when it gives the case its own duty back. */
bool case_family_apply(struct case_family *family, const struct case_line *line,
                       const struct kind_stage *stage);
