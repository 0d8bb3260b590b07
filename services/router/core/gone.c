/* SPDX-License-Identifier: Apache-2.0 */
#include "router/core/gone.h"

#include <string.h>

#include "model/desk.h"
#include "router/core/emit.h"

struct list {
    struct span *units;
    size_t count;
};

static void add(struct list *list, struct span unit)
{
    for (size_t i = 0; i < list->count; i++)
        if (span_equal(list->units[i], unit))
            return;
    if (unit.len && list->count < GONE_MOST_UNITS)
        list->units[list->count++] = unit;
}

/* Whom a timer of the kind tells beside whose time it is. */
static void add_of_timer(struct list *list, const struct case_kind *kind, struct span timer)
{
    for (size_t i = 0; i < kind->timer_count; i++)
        if (span_is(timer, kind->timers[i].name))
            add(list, span_of(kind->timers[i].to));
}

size_t gone_units(const struct case_set *set, const struct case_kind *kind,
                  struct span units[GONE_MOST_UNITS])
{
    struct list list = {units, 0};
    for (size_t i = 0; i < set->count; i++) {
        const struct case_line *line = &set->lines[i];
        int index = case_kind_stage_number(kind, line->stage);
        if (line->party != kind->party.router || index < 0)
            continue;
        struct span copies = line->attribute[CASE_COPIES];
        add(&list, line->attribute[CASE_LEAD]);
        add(&list, line->attribute[CASE_CO]);
        while (copies.at)
            add(&list, span_cut(&copies, ' '));
        add_of_timer(&list, kind, line->attribute[CASE_RULE]);
        if (kind->stages[index].meaning == MEANS_ESCALATED)
            add(&list, SPAN(DESK_UNIT));
    }
    return list.count;
}

static struct case_line *closure_of(const struct case_set *set, const struct case_fold *fold,
                                    const struct case_kind *kind)
{
    struct case_line *closure = NULL;
    for (size_t i = 0; i < set->count; i++) {
        int index = case_kind_stage_number(kind, set->lines[i].stage);
        if (index >= 0 && fold->effect[i] == LINE_COUNTS &&
            kind->stages[index].counts_as == COUNTS_CLOSURE)
            closure = &set->lines[i];
    }
    return closure;
}

bool gone_waits(const struct case_set *set, const struct case_fold *fold,
                const struct case_kind *kind)
{
    struct span units[GONE_MOST_UNITS];
    const struct case_line *closure = closure_of(set, fold, kind);
    return closure && !closure->attribute[CASE_GONE].at && gone_units(set, kind, units) > 0;
}

void gone_mark(struct case_set *set, const struct case_fold *fold, const struct case_kind *kind)
{
    struct case_line *closure = closure_of(set, fold, kind);
    if (closure)
        closure->attribute[CASE_GONE] = SPAN("1");
}

void gone_take_out(const struct case_set *set, const struct case_kind *kind, struct span case_id,
                   struct outputs *outputs)
{
    struct span units[GONE_MOST_UNITS];
    size_t count = gone_units(set, kind, units);
    for (size_t i = 0; i < count; i++)
        outputs_add(outputs, &(struct output){.stream = STREAM_DISPATCH,
                                              .suffix = units[i],
                                              .partition = OUTPUT_BY_KEY,
                                              .key = case_id});
}
