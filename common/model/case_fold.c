/* SPDX-License-Identifier: Apache-2.0 */
/* Walks the lines in their order and asks of each: may this party make this move, and has one of
 * the stages it comes after happened in the present round? Otherwise the line stays in the set and
 * counts for nothing. Promises to look at nothing but the set: no clock, no registry, no other
 * case, so router and aggregator fold the same set to the same case.
 * A new round begins anew from what may come first: it keeps the opening and whom that names, and
 * forgets dispatch, answers and closure. */
#include "model/case_fold.h"

#include <string.h>

struct walk {
    struct case_fold *fold;
    const struct case_kind *kind;
    int source, lead, router;       /* party numbers */
    uint64_t first, happened;       /* bits of stages: may come first; effective in this round */
    uint64_t asides;                /* tell about the case without moving it */
    const struct case_line *opened; /* effective, or NULL */
};

/* What only the router says and nobody else builds on (nudged, overdue, delivered). */
static uint64_t find_asides(const struct case_kind *kind, int router)
{
    uint64_t said_by_router = 0, built_on = 0;
    for (size_t i = 0; i < kind->stage_count; i++) {
        const struct kind_stage *stage = &kind->stages[i];
        if (stage->parties == UINT32_C(1) << router && stage->after)
            said_by_router |= UINT64_C(1) << i;
        else
            built_on |= stage->after;
    }
    return said_by_router & ~built_on;
}

static struct walk begin(struct case_fold *fold, const struct case_kind *kind,
                         const struct codes *codes)
{
    struct walk walk = {
        .fold = fold,
        .kind = kind,
        .source = codes_number(codes, CODE_PARTY, SPAN("source")),
        .lead = codes_number(codes, CODE_PARTY, SPAN("lead")),
        .router = codes_number(codes, CODE_PARTY, SPAN("router")),
    };
    for (size_t i = 0; i < kind->stage_count; i++) {
        walk.first |= kind->stages[i].after ? 0 : UINT64_C(1) << i;
        fold->stage_ms[i] = TIMESTAMP_NONE;
    }
    walk.asides = find_asides(kind, walk.router);
    return walk;
}

static enum line_effect judge(const struct walk *walk, const struct case_line *line, int index)
{
    if (index < 0)
        return LINE_IMPOSSIBLE;
    const struct kind_stage *stage = &walk->kind->stages[index];
    int party = line->party ? line->party : walk->source;
    if (party > 31 || !(stage->parties >> party & 1))
        return LINE_NOT_YOURS;
    if (party == walk->lead && (!line->unit.len || !span_equal(line->unit, walk->fold->lead)))
        return LINE_NOT_YOURS;
    if (!stage->after) /* a case opens once: a correction is the same line */
        return walk->happened >> index & 1 ? LINE_IMPOSSIBLE : LINE_COUNTS;
    return stage->after & walk->happened ? LINE_COUNTS : LINE_IMPOSSIBLE;
}

static void set_first(int64_t *moment, int64_t ms)
{
    if (*moment == TIMESTAMP_NONE)
        *moment = ms;
}

static void set_named(struct span *field, struct span value)
{
    if (value.at)
        *field = value;
}

static void set_due(struct case_fold *fold, const struct case_line *line)
{
    int64_t due_ms;
    struct span due = line->attribute[CASE_DUE];
    if (due.at && span_to_int64(due, &due_ms))
        fold->due_ms = due_ms;
}

/* What the case is about. The router copies these into its own events; there they only fill gaps,
 * or a correction of the opening would be hidden by an old copy. */
static void set_subject(struct case_fold *fold, const struct case_line *line, bool fill_only)
{
    struct span *const field[] = {&fold->type_code, &fold->street_code, &fold->community_code};
    static const enum case_attribute from[] = {CASE_TYPE, CASE_STREET, CASE_COMMUNITY};
    for (size_t i = 0; i < 3; i++)
        if (!fill_only || !field[i]->at)
            set_named(field[i], line->attribute[from[i]]);
    for (size_t i = 0; i < CODES_MOST_FIELDS; i++)
        if (!fill_only || !fold->field[i].at)
            set_named(&fold->field[i], line->attribute[CASE_FIELD + i]);
}

static void set_lead(struct case_fold *fold, const struct case_line *line)
{
    set_named(&fold->lead, line->attribute[CASE_LEAD]);
    set_named(&fold->limit_class, line->attribute[CASE_CLASS]);
    set_named(&fold->rule, line->attribute[CASE_RULE]);
    fold->adopted |= line->attribute[CASE_ADOPTED].at != NULL;
}

static void on_opened(struct walk *walk, const struct case_line *line)
{
    struct case_fold *fold = walk->fold;
    walk->opened = line;
    fold->has_opened = true;
    fold->opened_ms = line->time_ms;
    fold->recorded_ms = line->recorded_ms;
    fold->opened_id = line->id;
    fold->cause_id = line->id;
    fold->adopted = line->attribute[CASE_LEAD].at && line->attribute[CASE_CLASS].at;
    set_lead(fold, line);
    set_due(fold, line);
}

static void on_dispatched(struct walk *walk, const struct case_line *line)
{
    struct case_fold *fold = walk->fold;
    fold->dispatched = true;
    set_first(&fold->dispatched_ms, line->time_ms);
    fold->dispatched_id = line->id;
    set_lead(fold, line);
    set_due(fold, line);
}

static void on_new_round(struct walk *walk, const struct case_line *line)
{
    struct case_fold *fold = walk->fold;
    walk->happened &= walk->first;
    fold->rounds++;
    fold->dispatched = fold->closed = fold->adopted = false;
    fold->dispatched_ms = fold->response_ms = TIMESTAMP_NONE;
    fold->resolution_ms = fold->closure_ms = fold->due_ms = TIMESTAMP_NONE;
    for (size_t i = 0; i < walk->kind->stage_count; i++)
        if (!(walk->first >> i & 1))
            fold->stage_ms[i] = TIMESTAMP_NONE;
    fold->lead = fold->limit_class = fold->rule = fold->dispatched_id = SPAN_NONE;
    fold->fired = 0;
    fold->cause_id = line->id;
    if (walk->opened) {
        fold->adopted =
            walk->opened->attribute[CASE_LEAD].at && walk->opened->attribute[CASE_CLASS].at;
        set_lead(fold, walk->opened);
    }
    set_due(fold, line); /* the opening's deadline was the first round's */
}

static void count_moment(struct case_fold *fold, const struct kind_stage *stage, int64_t ms)
{
    switch (stage->counts_as) {
    case COUNTS_NOTHING: break;
    case COUNTS_RESPONSE: set_first(&fold->response_ms, ms); break;
    case COUNTS_RESOLUTION: set_first(&fold->resolution_ms, ms); break;
    case COUNTS_CLOSURE:
        fold->closed = true;
        fold->closure_ms = ms;
        break;
    }
}

static void apply(struct walk *walk, const struct case_line *line, int index)
{
    struct case_fold *fold = walk->fold;
    const struct kind_stage *stage = &walk->kind->stages[index];
    bool was_closed = fold->closed;
    if (stage->new_round)
        on_new_round(walk, line);
    if (strcmp(stage->name, "opened") == 0)
        on_opened(walk, line);
    else if (strcmp(stage->name, "dispatched") == 0)
        on_dispatched(walk, line);
    set_first(&fold->stage_ms[index], line->time_ms);
    set_subject(fold, line, line->party == walk->router);
    count_moment(fold, stage, line->time_ms);
    walk->happened |= UINT64_C(1) << index;
    bool moves = !(walk->asides >> index & 1) && (!was_closed || !fold->closed);
    if (moves)
        fold->stage = index;
}

/* Being on the log is enough: a timer whose line lost its effect to a correction must not fire
 * again for ever. */
static void note_fired(struct walk *walk, const struct case_line *line, int index)
{
    struct span rule = line->attribute[CASE_RULE];
    const char *name = index < 0 ? "" : walk->kind->stages[index].name;
    if (!rule.at || line->party != walk->router ||
        (strcmp(name, "nudged") != 0 && strcmp(name, "overdue") != 0 &&
         strcmp(name, "escalated") != 0))
        return;
    for (size_t i = 0; i < walk->kind->timer_count; i++)
        if (span_is(rule, walk->kind->timers[i].name))
            walk->fold->fired |= UINT64_C(1) << i;
}

void case_fold(struct case_fold *fold, const struct case_set *set, const struct case_kind *kind,
               const struct codes *codes)
{
    *fold = (struct case_fold){
        .quiet = true,
        .stage = -1,
        .opened_ms = TIMESTAMP_NONE,
        .dispatched_ms = TIMESTAMP_NONE,
        .response_ms = TIMESTAMP_NONE,
        .resolution_ms = TIMESTAMP_NONE,
        .closure_ms = TIMESTAMP_NONE,
        .recorded_ms = TIMESTAMP_NONE,
        .due_ms = TIMESTAMP_NONE,
        .rounds = 1,
    };
    struct walk walk = begin(fold, kind, codes);
    for (size_t i = 0; i < set->count; i++) {
        const struct case_line *line = &set->lines[i];
        int index = case_kind_stage_number(kind, line->stage);
        fold->quiet &= !line->live;
        fold->effect[i] = judge(&walk, line, index);
        if (fold->effect[i] == LINE_COUNTS)
            apply(&walk, line, index);
        note_fired(&walk, line, index);
    }
}
