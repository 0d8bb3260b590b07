/* SPDX-License-Identifier: Apache-2.0 */
/* When a case waits for a lead: in the words of the design, not in those of the router. */
#include "laws.h"
#include "model/ids.h"
#include "model/registry.h"

const struct case_line *laws_line(const struct story *story, struct span id)
{
    for (size_t i = 0; i < story->set.count; i++)
        if (span_equal(story->set.lines[i].id, id))
            return &story->set.lines[i];
    return NULL;
}

/* A cause has one answer, whatever becomes of that by a correction. */
static bool is_answered(const struct story *story, struct span cause, const char *question)
{
    char id[DIGEST_ID_LEN + 1];
    ids_decision(id, cause, span_of(question));
    return laws_line(story, span_of(id)) != NULL;
}

/* What history tells of a live case changes its state only, but for its opening. */
static bool asks_first(const struct story *story)
{
    const struct case_fold *fold = &story->fold;
    const struct case_line *cause = laws_line(story, fold->cause_id);
    bool acts = cause && (cause->live || span_equal(cause->id, fold->opened_id));
    int dispatched = case_kind_stage(story->kind, SPAN("dispatched"));
    bool over = fold->closed || fold->resolution_ms != TIMESTAMP_NONE;
    bool may = dispatched >= 0 && story->kind->stages[dispatched].after & fold->happened;
    return fold->has_opened && acts && !fold->quiet && !fold->dispatched && !over && may &&
           !fold->parent.at && !is_answered(story, fold->cause_id, "lead");
}

static bool is_unit(const struct laws *laws, struct span unit, int64_t time_ms)
{
    const struct registry *units = laws->rules->bundle->district.units;
    return registry_find(units, unit, timestamp_day(time_ms, 480)) != NULL;
}

/* Another lead, because of a move: the present one is recalled first. Whom nobody knows leads
 * nothing. */
static bool asks_another(const struct laws *laws, const struct story *story)
{
    const struct case_fold *fold = &story->fold;
    bool over = fold->closed || fold->resolution_ms != TIMESTAMP_NONE;
    if (!fold->lead_cause_id.at || !fold->dispatched || fold->quiet || over || fold->parent.at ||
        case_kind_stage(story->kind, SPAN("recalled")) < 0)
        return false;
    const struct case_line *cause = laws_line(story, fold->lead_cause_id);
    int index = case_kind_stage_number(story->kind, cause->stage);
    bool names = story->kind->stages[index].meaning != MEANS_CLASSIFIED;
    struct span lead = names ? cause->attribute[CASE_LEAD] : SPAN_NONE;
    return cause->live && !is_answered(story, cause->id, "recall") &&
           !is_answered(story, cause->id, "lead") &&
           (!lead.at || is_unit(laws, lead, cause->time_ms));
}

bool laws_asks_lead(const struct laws *laws, const struct story *story)
{
    return asks_first(story) || asks_another(laws, story);
}
