/* SPDX-License-Identifier: Apache-2.0 */
#include "aggregator/core/refold.h"

#include <stdlib.h>

#include "base/memory.h"

#define SCRATCH_BYTES (1 << 20)

struct refold {
    const struct batch_rules *rules;
    const bool *wanted;
    struct arena scratch; /* one case */
    struct delta *delta;
    struct case_moments moments; /* of the case; scratch */
};

struct refold *refold_new(const struct batch_rules *rules, const bool *wanted)
{
    struct refold *refold = xcalloc(1, sizeof *refold);
    refold->rules = rules;
    refold->wanted = wanted;
    arena_init(&refold->scratch, SCRATCH_BYTES);
    refold->delta = delta_new();
    return refold;
}

void refold_free(struct refold *refold)
{
    if (!refold)
        return;
    arena_fini(&refold->scratch);
    delta_free(refold->delta);
    free(refold);
}

void refold_clear(struct refold *refold)
{
    delta_clear(refold->delta);
}

bool refold_add(struct refold *refold, struct span case_id, struct span lines, int sign)
{
    struct case_set set = {0};
    struct case_fold fold;
    struct contribution contribution;
    struct span rest = case_id, kind_name = span_cut(&rest, ':');
    const struct batch_rules *rules = refold->rules;
    const struct case_kind *kind = kinds_find(rules->kinds, kind_name);
    arena_reset(&refold->scratch);
    refold->moments = (struct case_moments){SPAN_NONE, SPAN_NONE};
    if (!kind)
        return true;
    if (!case_set_read(&set, lines, rules->codes, &refold->scratch))
        return false;
    case_fold(&fold, &set, kind, rules->codes);
    refold->moments = case_now_moments(&fold, kind, &refold->scratch);
    for (size_t i = 0; i < views_count(rules->views); i++) {
        const struct view *view = views_at(rules->views, i);
        if (!refold->wanted[i] || !span_is(kind_name, view->kind))
            continue;
        contribution_of(&contribution, view, &fold, rules->zone_minutes);
        delta_add(refold->delta, i, view, &contribution, sign);
    }
    return true;
}

struct case_moments refold_moments(const struct refold *refold)
{
    return refold->moments;
}

const struct delta *refold_finish(struct refold *refold)
{
    delta_finish(refold->delta);
    return refold->delta;
}
