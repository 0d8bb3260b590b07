/* SPDX-License-Identifier: Apache-2.0 */
/* A mirror has the time and the order of revisions of what it mirrors and nothing of the moment it
 * is written in: said again, it is word for word the same. */
#include "router/core/merge_say.h"

#include <stdio.h>
#include <string.h>

#include "base/base.h"
#include "model/desk.h"
#include "model/ids.h"
#include "model/revision.h"
#include "router/core/emit_internal.h"

#define QUESTION 1088 /* a word and a case id */

static const struct {
    const char *rule, *reason;
} reasons[] = {
    {"parent_is_child", "目标工单已并入其他工单,恢复单独办理"},
    {MERGE_FULL, "目标工单所并工单已达上限,恢复单独办理"},
    {"parent_not_open", "并单时目标工单尚未受理,恢复单独办理"},
    {"parent_closed", "目标工单未办理即结案,恢复单独办理"},
    {"merge_fell", "并单不成立,恢复单独办理"},
};

static struct span reason_of(const char *rule)
{
    for (size_t i = 0; i < ARRAY_LENGTH(reasons); i++)
        if (strcmp(reasons[i].rule, rule) == 0)
            return span_of(reasons[i].reason);
    return SPAN_NONE;
}

static int64_t later(int64_t a, int64_t b)
{
    return a > b ? a : b; /* TIMESTAMP_NONE is the least of all */
}

struct mirror {
    struct span to, cause, about; /* `about`: what its data name as the cause */
    struct span revision, behind;
    const char *stage, *word; /* the question is word:case */
    struct span named;        /* that case */
    int64_t time_ms, recorded_ms;
};

/* Of what was said since emit_begin; the cause comes last. */
static void send(struct case_flow *flow, const struct mirror *mirror, struct outputs *outputs)
{
    char question[2 * QUESTION], revision[REVISION_LEN + 1];
    struct event event;
    struct span rest = mirror->to, kind = span_cut(&rest, ':');
    struct emit_case about = {
        .id = mirror->to, .kind = kind, .cause_id = mirror->cause, .time_ms = mirror->time_ms};
    int n = snprintf(question, sizeof question, "%s:%.*s", mirror->word, SPAN_ARG(mirror->named));
    emit_say(&flow->emit, MEMBER("cause"), mirror->about);
    if (!emit_build(&flow->emit, &about, mirror->stage, span_from(question, (size_t)n),
                    &flow->arena, &event))
        return; /* ids fit by their limits */
    revision_mirror(revision, mirror->revision, mirror->behind, event.data_json);
    event.revision = span_of(revision);
    event.recorded_ms = mirror->recorded_ms;
    emit_send_event(&flow->emit, &event, outputs);
}

void merge_say_child(struct case_flow *flow, const struct working *work, const char *stage,
                     const struct merge_word *word, struct outputs *outputs)
{
    char left[QUESTION] = "child"; /* an end is that of one merge */
    if (!span_equal(word->id, word->merge_id))
        snprintf(left, sizeof left, "left:%.*s", SPAN_ARG(word->merge_id));
    emit_begin(&flow->emit);
    emit_say(&flow->emit, MEMBER("child"), work->id);
    send(flow,
         &(struct mirror){.to = word->other,
                          .cause = word->id,
                          .about = word->merge_id,
                          .revision = word->revision,
                          .stage = stage,
                          .word = left,
                          .named = word->other,
                          .time_ms = word->time_ms,
                          .recorded_ms = later(word->recorded_ms, word->time_ms)},
         outputs);
}

/* Behind the merge even where that was recorded when it happened. */
void merge_say_refused(struct case_flow *flow, const struct working *work,
                       const struct merge_word *word, struct outputs *outputs)
{
    int64_t ms = later(word->recorded_ms, word->time_ms) + 1;
    emit_begin(&flow->emit);
    emit_say(&flow->emit, MEMBER("parent"), work->id);
    emit_say(&flow->emit, MEMBER("rule"), span_of(word->why));
    emit_say(&flow->emit, MEMBER("reason"), reason_of(word->why));
    send(flow,
         &(struct mirror){.to = word->other,
                          .cause = word->merge_id,
                          .about = word->merge_id,
                          .revision = word->revision,
                          .stage = "unmerged",
                          .word = "refused",
                          .named = work->id,
                          .time_ms = ms,
                          .recorded_ms = ms},
         outputs);
}

/* Taken back, it stands before the merge, where it has no effect; at one revision the later place
 * wins, as of any two contents. */
void merge_say_copy(struct case_flow *flow, const struct working *work,
                    const struct merge_word *copy, const struct merge_word *child, bool holds,
                    struct outputs *outputs)
{
    int64_t ms = holds ? later(copy->time_ms, child->time_ms + 1) : child->time_ms - 1;
    char via[QUESTION]; /* another merge has copies of its own */
    snprintf(via, sizeof via, "via:%.*s", SPAN_ARG(child->merge_id));
    emit_begin(&flow->emit);
    emit_say(&flow->emit, MEMBER("lead"), copy->lead);
    emit_say(&flow->emit, MEMBER("via"), work->id);
    send(flow,
         &(struct mirror){.to = child->other,
                          .cause = copy->id,
                          .about = copy->id,
                          .revision = copy->revision,
                          .behind = child->revision,
                          .stage = copy->stage,
                          .word = via,
                          .named = child->other,
                          .time_ms = ms,
                          .recorded_ms = later(ms, later(copy->recorded_ms, child->recorded_ms))},
         outputs);
}

/* ---- of the case itself ---- */

static const struct case_line *line_of(const struct working *work, const struct merge_word *child,
                                       bool joined)
{
    for (size_t i = 0; i < work->set.count; i++) {
        const struct case_line *line = &work->set.lines[i];
        int index = case_kind_stage_number(work->kind, line->stage);
        enum stage_meaning meaning = joined ? MEANS_CHILD_ADDED : MEANS_CHILD_REMOVED;
        if (index >= 0 && work->kind->stages[index].meaning == meaning &&
            span_equal(line->attribute[CASE_CHILD], child->other) &&
            span_equal(line->attribute[CASE_CAUSE], child->merge_id))
            return line;
    }
    return NULL;
}

void merge_say_duty(struct case_flow *flow, const struct working *work,
                    const struct merge_word *child, bool joined, struct outputs *outputs)
{
    const struct case_fold *fold = &work->fold;
    const struct case_line *line = line_of(work, child, joined);
    char reason[QUESTION + 64];
    struct event event;
    bool open = fold->dispatched && !fold->closed && fold->resolution_ms == TIMESTAMP_NONE;
    if (!line || !open || !fold->lead.len)
        return;
    struct emit_case about = case_flow_about(flow, work, line);
    int n = snprintf(reason, sizeof reason, joined ? "%.*s并入本件,请一并办理" : "%.*s不再并入本件",
                     SPAN_ARG(child->other));
    emit_begin(&flow->emit);
    emit_say(&flow->emit, MEMBER("lead"), fold->lead);
    emit_say(&flow->emit, MEMBER("limit_class"), fold->limit_class);
    emit_say_due(&flow->emit, fold->due_ms);
    emit_say(&flow->emit, MEMBER("rule"), joined ? SPAN("child_added") : SPAN("child_removed"));
    emit_say(&flow->emit, MEMBER("reason"), span_from(reason, (size_t)n));
    emit_say_place(&flow->emit, &about);
    emit_say(&flow->emit, MEMBER("child"), child->other);
    emit_say(&flow->emit, MEMBER("cause"), child->merge_id);
    emit_close_to_units(&flow->emit);
    emit_say(&flow->emit, MEMBER("desk_cause"), desk_of_its_own(&work->set, fold));
    if (!emit_build(&flow->emit, &about, "amended", SPAN("duty"), &flow->arena, &event))
        return;
    event.id = line->id; /* the order is a projection of what the log has already */
    emit_order(&flow->emit, &about, &event,
               &(struct emit_order){"amended", fold->lead, fold->held ? "held" : NULL}, outputs);
}

static void tell_units(struct case_flow *flow, const struct emit_case *about,
                       const struct event *event, const struct case_fold *had,
                       struct outputs *outputs)
{
    struct emit_order order = {.kind = "merged", .unit = had->lead, .state = "ended"};
    emit_send_event(&flow->emit, event, outputs);
    if (order.unit.len)
        emit_order(&flow->emit, about, event, &order, outputs);
    for (size_t i = 0; i < had->co_count; i++) {
        order.unit = had->co[i].unit;
        emit_order(&flow->emit, about, event, &order, outputs);
    }
}

/* The lead's duty is the parent's now: its order says so, and so do those of the units that help.
 */
enum reject merge_say_recall(struct case_flow *flow, struct working *work, struct outputs *outputs)
{
    char reason[QUESTION + 64], id[DIGEST_ID_LEN + 1];
    struct event event;
    const struct case_fold had = work->fold;
    if (!had.parent.at || !had.dispatched)
        return REJECT_NONE;
    const struct case_line *merged = case_flow_line(work, had.merge_id);
    struct emit_case about = case_flow_about(flow, work, merged);
    about.time_ms = case_decide_turn(&work->set, work->kind, about.time_ms);
    ids_decision(id, had.merge_id, SPAN("recall"));
    if (!merged->live || case_flow_line(work, span_of(id)))
        return REJECT_NONE;
    int n =
        snprintf(reason, sizeof reason, "已并入%.*s,由其承办单位一并办理", SPAN_ARG(had.parent));
    emit_begin(&flow->emit);
    emit_say(&flow->emit, MEMBER("lead"), had.lead);
    emit_say(&flow->emit, MEMBER("parent"), had.parent);
    emit_say(&flow->emit, MEMBER("rule"), SPAN("merged"));
    emit_say(&flow->emit, MEMBER("reason"), span_from(reason, (size_t)n));
    emit_say_place(&flow->emit, &about);
    emit_say(&flow->emit, MEMBER("cause"), about.cause_id);
    if (!emit_build(&flow->emit, &about, "recalled", SPAN("recall"), &flow->arena, &event))
        return REJECT_TOO_LARGE;
    enum reject reject = case_flow_merge_own(flow, work, &event);
    case_flow_note_recalled(work, had.lead);
    if (reject == REJECT_NONE)
        tell_units(flow, &about, &event, &had, outputs);
    return reject;
}

enum reject merge_say_fallen(struct case_flow *flow, struct working *work,
                             const struct merge_word *word, struct outputs *outputs)
{
    char question[QUESTION], id[DIGEST_ID_LEN + 1];
    struct event event;
    const struct case_line *merged = case_flow_line(work, word->merge_id), *recalled;
    if (!merged)
        return REJECT_NONE;
    int n = snprintf(question, sizeof question, "fell:%.*s", SPAN_ARG(merged->revision));
    struct span asked = span_from(question, (size_t)n);
    ids_decision(id, merged->id, asked);
    if (case_flow_line(work, span_of(id)))
        return REJECT_NONE;
    struct emit_case about = case_flow_about(flow, work, merged);
    ids_decision(id, merged->id, SPAN("recall"));
    recalled = case_flow_line(work, span_of(id));
    /* behind all that it ends: its rank is low */
    about.time_ms = later(about.time_ms, word->time_ms) + 1;
    if (recalled)
        about.time_ms = later(about.time_ms, recalled->time_ms + 1);
    emit_begin(&flow->emit);
    emit_say(&flow->emit, MEMBER("rule"), SPAN("merge_fell"));
    emit_say(&flow->emit, MEMBER("reason"), reason_of("merge_fell"));
    emit_say(&flow->emit, MEMBER("cause"), merged->id);
    if (!emit_build(&flow->emit, &about, "unmerged", asked, &flow->arena, &event))
        return REJECT_TOO_LARGE;
    enum reject reject = case_flow_merge_own(flow, work, &event);
    if (reject == REJECT_NONE)
        emit_send_event(&flow->emit, &event, outputs);
    return reject;
}
