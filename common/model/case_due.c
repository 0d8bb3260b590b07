/* SPDX-License-Identifier: Apache-2.0 */
/* The order's own deadline holds against every class, and what the desk says later against the
 * order's; a recall forgets the class's alone. That is what case_fold_apply.c does with times; here
 * it is said of whom each one is. What a line tells stays: the router's `due_source` is in its
 * event and not in the line, and lines of before could not be made equal to it. */
#include "model/case_due.h"

#include "base/base.h"
#include "model/case_clock.h"

struct walk {
    struct case_due *due;
    const struct case_kind *kind;
    const struct case_line *opened;
    enum case_due_source own, asked; /* the order's own; what asks for another lead named one */
    bool by_class, dispatched, desk_leads, held;
};

static bool has_due(const struct case_line *line)
{
    return line->attribute[CASE_DUE].len > 0;
}

static enum case_due_source said_by(const struct walk *walk, const struct case_line *line)
{
    if (!line || !has_due(line))
        return CASE_DUE_NONE;
    return line->party == walk->kind->party.desk ? CASE_DUE_DESK : CASE_DUE_ORDER;
}

static enum case_due_source now(const struct walk *walk)
{
    return walk->own != CASE_DUE_NONE ? walk->own : walk->by_class ? CASE_DUE_CLASS : CASE_DUE_NONE;
}

/* A deadline without a class is nobody's but the order's, which a correction left without it. */
static void on_dispatched(struct walk *walk, const struct case_line *line)
{
    walk->dispatched = true;
    walk->desk_leads = span_is(line->attribute[CASE_LEAD], "desk");
    if (walk->own != CASE_DUE_NONE)
        return;
    walk->by_class = has_due(line) && line->attribute[CASE_CLASS].len > 0;
    walk->due->moved = false;
    if (has_due(line) && !walk->by_class)
        walk->own = CASE_DUE_ORDER;
}

/* What is asked last counts: who names another lead and no time takes back the time that was named
 * before. A classification asks only while the desk leads. */
static void on_new_lead(struct walk *walk, const struct kind_stage *stage,
                        const struct case_line *line)
{
    if (stage->meaning == MEANS_DISPUTE_DECIDED &&
        !span_is(line->attribute[CASE_OUTCOME], "upheld"))
        return;
    if (stage->meaning == MEANS_CLASSIFIED) {
        walk->asked = walk->desk_leads ? CASE_DUE_NONE : walk->asked;
        return;
    }
    if (walk->dispatched)
        walk->asked = said_by(walk, line);
    else if (has_due(line))
        walk->own = said_by(walk, line);
}

static void on_recalled(struct walk *walk, const struct case_line *line)
{
    walk->dispatched = walk->by_class = false;
    if (walk->asked != CASE_DUE_NONE && !line->attribute[CASE_PARENT].at) {
        walk->own = walk->asked;
        walk->due->moved = false;
    }
    walk->asked = CASE_DUE_NONE;
}

/* The order names another one after all: what was extended before counts no more. */
static void on_amended(struct walk *walk, const struct case_line *line)
{
    if (walk->opened && has_due(line) && span_is(line->attribute[CASE_RULE], CASE_RULE_CORRECTED) &&
        span_equal(line->attribute[CASE_DUE], walk->opened->attribute[CASE_DUE]))
        walk->own = said_by(walk, walk->opened);
}

static void run_clock(struct walk *walk)
{
    walk->due->moved |= walk->held && now(walk) != CASE_DUE_NONE;
    walk->held = false;
}

/* Of a round what its beginning names; who is no child any more has the order's own again. */
static void begin_anew(struct walk *walk, const struct kind_stage *stage,
                       const struct case_line *line)
{
    walk->own = said_by(walk, stage->new_round ? line : walk->opened);
    walk->asked = CASE_DUE_NONE;
    walk->by_class = walk->dispatched = walk->held = walk->due->moved = false;
}

static void apply(struct walk *walk, const struct case_line *line, int index)
{
    const struct kind_stage *stage = &walk->kind->stages[index];
    if (kind_stage_begins_anew(stage))
        begin_anew(walk, stage, line);
    switch ((int)stage->meaning) {
    case MEANS_OPENED:
        walk->opened = line;
        walk->own = said_by(walk, line);
        break;
    case MEANS_DISPATCHED: on_dispatched(walk, line); break;
    case MEANS_RECALLED:
        run_clock(walk);
        on_recalled(walk, line);
        break;
    case MEANS_EXTENDED:
        walk->own = CASE_DUE_EXTENDED;
        walk->due->moved = false;
        break;
    case MEANS_AMENDED: on_amended(walk, line); break;
    default: break;
    }
    if (stage->new_lead)
        on_new_lead(walk, stage, line);
    if (stage->clock_stops)
        walk->held = true;
    else if (stage->clock_runs)
        run_clock(walk);
}

/* What it says itself, or who set what it repeats. */
static enum case_due_source of_line(const struct walk *walk, const struct case_line *line,
                                    int index)
{
    if (!has_due(line))
        return CASE_DUE_NONE;
    if (line->attribute[CASE_CO].len)
        return CASE_DUE_HELPER;
    bool asks = walk->kind->stages[index].new_lead && walk->asked != CASE_DUE_NONE;
    return asks ? walk->asked : now(walk);
}

void case_due_find(struct case_due *due, const struct case_set *set, const struct case_fold *fold,
                   const struct case_kind *kind)
{
    struct walk walk = {.due = due, .kind = kind};
    due->moved = false;
    for (size_t i = 0; i < set->count; i++) {
        const struct case_line *line = &set->lines[i];
        int index = case_kind_stage_number(kind, line->stage);
        due->line[i] = CASE_DUE_NONE;
        if (index < 0 || fold->effect[i] != LINE_COUNTS)
            continue;
        apply(&walk, line, index);
        due->line[i] = (uint8_t)of_line(&walk, line, index);
    }
    due->now = fold->due_ms == TIMESTAMP_NONE ? CASE_DUE_NONE : now(&walk);
    due->moved |= case_clock_limit_ms(fold) != fold->due_ms; /* done on hold */
    due->moved &= due->now != CASE_DUE_NONE;
}

struct span case_due_name(enum case_due_source source)
{
    static const char *const names[] = {NULL, "order", "class", "desk", "extended", "helper"};
    return span_of(names[source]);
}
