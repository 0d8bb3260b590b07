/* SPDX-License-Identifier: Apache-2.0 */
/* Only times are told apart. All else that contribution.c and view_fact.c read of a fold is one
 * part, which every measure asks for: it changes seldom, and one that forgot it would be wrong. */
#include "aggregator/core/fold_change.h"

#include <string.h>

/* Absent and empty are two things: a child without a parent's name is none. */
static bool same_text(struct span a, struct span b)
{
    return a.at == NULL || b.at == NULL ? a.at == b.at : span_equal(a, b);
}

static bool same_leads(const struct case_fold *a, const struct case_fold *b)
{
    bool same = span_equal(a->lead, b->lead) && a->lead_count == b->lead_count;
    for (size_t i = 0; same && i < a->lead_count; i++)
        same = a->leads[i].from_ms == b->leads[i].from_ms &&
               span_equal(a->leads[i].unit, b->leads[i].unit);
    return same;
}

static bool same_helpers(const struct case_fold *a, const struct case_fold *b)
{
    bool same = a->co_count == b->co_count;
    for (size_t i = 0; same && i < a->co_count; i++) {
        const struct case_co *one = &a->co[i], *other = &b->co[i];
        same = span_equal(one->unit, other->unit) && one->due_ms == other->due_ms &&
               one->named_ms == other->named_ms && one->reported_ms == other->reported_ms &&
               one->whistled == other->whistled;
    }
    return same;
}

static bool same_pauses(const struct case_fold *a, const struct case_fold *b)
{
    bool same = a->pause_count == b->pause_count;
    for (size_t i = 0; same && i < a->pause_count; i++)
        same = a->pauses[i].from_ms == b->pauses[i].from_ms &&
               a->pauses[i].to_ms == b->pauses[i].to_ms;
    return same;
}

static bool same_former(const struct case_fold *a, const struct case_fold *b,
                        const struct case_kind *kind)
{
    bool same = a->former_count == b->former_count;
    for (size_t i = 0; same && i < a->former_count; i++)
        same = a->former[i].upheld == b->former[i].upheld &&
               same_text(a->former[i].first_rule, b->former[i].first_rule) &&
               memcmp(a->former[i].stage_ms, b->former[i].stage_ms,
                      kind->stage_count * sizeof a->former[i].stage_ms[0]) == 0;
    return same;
}

static bool same_upheld(const struct case_fold *a, const struct case_fold *b)
{
    bool same = a->upheld == b->upheld && a->upheld_count == b->upheld_count;
    for (size_t i = 0; same && i < a->upheld_count; i++)
        same = a->upheld_at[i].ms == b->upheld_at[i].ms &&
               same_text(a->upheld_at[i].rule, b->upheld_at[i].rule);
    return same;
}

static bool same_facts(const struct case_fold *a, const struct case_fold *b)
{
    bool same = a->has_opened == b->has_opened && a->excluded == b->excluded &&
                a->rounds == b->rounds && same_upheld(a, b) &&
                same_text(a->type_code, b->type_code) &&
                same_text(a->street_code, b->street_code) &&
                same_text(a->community_code, b->community_code) &&
                same_text(a->limit_class, b->limit_class) &&
                same_text(a->first_rule, b->first_rule) && same_text(a->answer, b->answer) &&
                same_text(a->parent, b->parent) && same_text(a->same_as, b->same_as);
    for (size_t i = 0; same && i < CODES_MOST_FIELDS; i++)
        same = same_text(a->field[i], b->field[i]);
    return same;
}

struct fold_change fold_change_of(const struct case_fold *before, const struct case_fold *after,
                                  const struct case_kind *kind)
{
    struct fold_change change = {0};
    for (size_t i = 0; i < kind->stage_count; i++)
        if (before->stage_ms[i] != after->stage_ms[i])
            change.stages |= UINT64_C(1) << i;
    if (before->opened_ms != after->opened_ms)
        change.of |= FOLD_OPENED;
    if (before->response_ms != after->response_ms)
        change.of |= FOLD_RESPONSE;
    if (before->resolution_ms != after->resolution_ms)
        change.of |= FOLD_RESOLUTION;
    if (before->closed != after->closed || before->closure_ms != after->closure_ms)
        change.of |= FOLD_CLOSURE;
    if (before->due_ms != after->due_ms)
        change.of |= FOLD_DUE;
    if (!same_facts(before, after) || !same_leads(before, after) || !same_helpers(before, after) ||
        !same_pauses(before, after) || !same_former(before, after, kind))
        change.of |= FOLD_REST;
    return change;
}

static void ask_moment(struct fold_change *asked, int moment)
{
    switch (moment) {
    case VIEW_OPENED:
    case VIEW_MATTER:
    case VIEW_DOUBLE: asked->of |= FOLD_OPENED; return;
    case VIEW_RESPONSE: asked->of |= FOLD_RESPONSE; return;
    case VIEW_RESOLUTION: asked->of |= FOLD_RESOLUTION; return;
    case VIEW_CLOSURE: asked->of |= FOLD_CLOSURE; return;
    case VIEW_DUE: asked->of |= FOLD_DUE | FOLD_RESOLUTION | FOLD_CLOSURE; return;
    case VIEW_DONE: asked->of |= FOLD_RESOLUTION | FOLD_CLOSURE; return;
    case VIEW_NAMED:
    case VIEW_REPORTED:
    case VIEW_UPHELD: return; /* of the rest */
    default: asked->stages |= UINT64_C(1) << (moment - VIEW_STAGE);
    }
}

struct fold_change fold_change_asked(const struct view_measure *measure)
{
    struct fold_change asked = {.of = FOLD_REST};
    if (measure->type == VIEW_RATIO || measure->type == VIEW_FORMULA)
        return (struct fold_change){0};
    ask_moment(&asked, measure->bucket);
    ask_moment(&asked, measure->from);
    ask_moment(&asked, measure->to);
    if (measure->type == VIEW_STOCK)
        asked.of |= FOLD_CLOSURE;
    for (size_t c = 0; c < measure->condition_count; c++)
        if (measure->when[c].fact == FACT_IN_TIME)
            asked.of |= FOLD_DUE | FOLD_RESOLUTION | FOLD_CLOSURE;
    return asked;
}
