/* SPDX-License-Identifier: Apache-2.0 */
/* The view of a case, and the difference of two. Words stand in the order of the set; a set says at
 * most one a line, so a view is never longer than its set. */
#include "router/core/merge.h"

#include <string.h>

#include "model/case_family.h"
#include "router/core/case_flow_internal.h"
#include "router/core/merge_say.h"

/* ---- what a set says ---- */

/* What history alone tells is told to nobody: other cases have theirs from their own history. */

struct look {
    struct merge_view *view;
    const struct working *work;
    const struct case_line *merged; /* the case is a child by this line, or NULL */
    size_t children;
};

static bool concerns(const struct case_set *set)
{
    for (size_t i = 0; i < set->count; i++)
        if (set->lines[i].attribute[CASE_PARENT].at || set->lines[i].attribute[CASE_CHILD].at)
            return true;
    return false;
}

static struct merge_word word_of(enum merge_what what, const struct case_line *line,
                                 struct span other)
{
    return (struct merge_word){.what = what,
                               .id = line->id,
                               .other = other,
                               .merge_id = line->attribute[CASE_CAUSE],
                               .revision = line->revision,
                               .time_ms = line->time_ms,
                               .recorded_ms = line->recorded_ms};
}

static void add(struct look *look, struct merge_word word)
{
    look->view->words[look->view->count++] = word;
}

/* All words of that kind, or the ones about one case. */
static void drop(struct merge_view *view, enum merge_what what, struct span other)
{
    size_t kept = 0;
    for (size_t i = 0; i < view->count; i++)
        if (view->words[i].what != what || (other.at && !span_equal(view->words[i].other, other)))
            view->words[kept++] = view->words[i];
    view->count = kept;
}

static void look_merged(struct look *look, const struct case_line *line)
{
    struct merge_word word = word_of(MERGE_JOINS, line, line->attribute[CASE_PARENT]);
    word.merge_id = line->id;
    if (line->live)
        add(look, word);
    look->merged = line;
}

static void look_end(struct look *look, const struct case_line *line)
{
    if (!look->merged)
        return;
    struct merge_word word = word_of(MERGE_LEAVES, line, look->merged->attribute[CASE_PARENT]);
    word.merge_id = look->merged->id;
    if (word.time_ms <
        look->merged->time_ms) /* our own stands behind its cause whatever its time */
        word.time_ms = look->merged->time_ms;
    if (line->live && look->merged->live)
        add(look, word);
    look->merged = NULL;
}

static void look_child(struct look *look, const struct case_line *line, bool counts)
{
    struct span child = line->attribute[CASE_CHILD];
    if (counts) {
        size_t before = look->view->count;
        drop(look->view, MERGE_CHILD, child);
        look->children += look->view->count == before;
        add(look, word_of(MERGE_CHILD, line, child));
    } else if (look->work->fold.has_opened && child.at) {
        struct merge_word word = word_of(MERGE_REFUSES, line, child);
        word.why = look->merged                         ? "parent_is_child"
                   : look->children >= CASE_FAMILY_MOST ? MERGE_FULL
                                                        : "parent_not_open";
        add(look, word);
    }
}

static void look_copied(struct look *look, const struct case_line *line,
                        const struct kind_stage *stage)
{
    struct merge_word word = word_of(MERGE_COPIES, line, SPAN_NONE);
    word.stage = stage->name;
    word.lead = line->unit.len && line->party == look->work->kind->party.lead
                    ? line->unit
                    : line->attribute[CASE_LEAD];
    add(look, word);
}

static void look_line(struct look *look, const struct case_line *line, bool counts)
{
    const struct case_kind *kind = look->work->kind;
    int index = case_kind_stage_number(kind, line->stage);
    if (index < 0)
        return;
    const struct kind_stage *stage = &kind->stages[index];
    if (counts && kind_stage_begins_anew(stage))
        drop(look->view, MERGE_COPIES, SPAN_NONE);
    if (stage->meaning == MEANS_CHILD_ADDED)
        look_child(look, line, counts);
    if (!counts)
        return;
    if (stage->meaning == MEANS_MERGED) {
        look_merged(look, line);
    } else if (kind_stage_begins_anew(stage)) {
        look_end(look, line);
    } else if (stage->meaning == MEANS_CHILD_REMOVED) {
        drop(look->view, MERGE_CHILD, line->attribute[CASE_CHILD]);
        look->children--;
    } else if (stage->copy_to_children && line->party != kind->party.router && line->live) {
        look_copied(look, line, stage);
    }
}

/* A parent that is closed without having done anything for its children has none. */
static void look_closed(struct look *look)
{
    struct merge_view *view = look->view;
    bool done = !look->work->fold.closed;
    for (size_t i = 0; i < view->count; i++)
        done = done || view->words[i].what == MERGE_COPIES;
    for (size_t i = 0; i < view->count && !done; i++) {
        if (view->words[i].what != MERGE_CHILD)
            continue;
        view->words[i].what = MERGE_REFUSES;
        view->words[i].why = "parent_closed";
    }
}

/* Folded. */
static bool look_at(struct merge_view *view, const struct working *work, struct arena *arena)
{
    struct look look = {.view = view, .work = work};
    *view = (struct merge_view){0};
    if (!concerns(&work->set) || work->fold.quiet)
        return true;
    view->words = arena_take(arena, work->set.count * sizeof *view->words);
    for (size_t i = 0; view->words && i < work->set.count; i++)
        look_line(&look, &work->set.lines[i], work->fold.effect[i] == LINE_COUNTS);
    if (view->words)
        look_closed(&look);
    return view->words != NULL;
}

bool merge_look(struct merge_view *view, struct case_flow *flow, struct working *work)
{
    if (concerns(&work->set))
        case_fold(&work->fold, &work->set, work->kind, flow->rules->codes);
    return look_at(view, work, &flow->arena);
}

/* ---- the difference ---- */

static const struct merge_word *find(const struct merge_view *view, const struct merge_word *word)
{
    for (size_t i = 0; i < view->count; i++) {
        const struct merge_word *one = &view->words[i];
        if (one->what == word->what && span_equal(one->id, word->id) &&
            span_equal(one->other, word->other) && span_equal(one->merge_id, word->merge_id))
            return one;
    }
    return NULL;
}

static bool is_said(const struct merge_view *before, const struct merge_word *word)
{
    const struct merge_word *old = find(before, word);
    return old && old->time_ms == word->time_ms && span_equal(old->revision, word->revision);
}

/* A merge that counts no longer, or into another parent, by the revision of its line now. The place
 * is the old one: nothing hangs on it, and at one revision `child_removed` wins there. */
static void take_back(struct case_flow *flow, const struct working *work,
                      const struct merge_word *old, struct outputs *outputs)
{
    struct merge_word word = *old;
    const struct case_line *line = case_flow_line(work, old->id);
    if (!line)
        return;
    word.revision = line->revision;
    merge_say_child(flow, work, "child_removed", &word, outputs);
}

static void copy_to(struct case_flow *flow, const struct working *work,
                    const struct merge_view *before, const struct merge_view *after,
                    const struct merge_word *child, struct outputs *outputs)
{
    bool known = is_said(before, child);
    for (size_t i = 0; i < after->count; i++)
        if (after->words[i].what == MERGE_COPIES && !(known && is_said(before, &after->words[i])))
            merge_say_copy(flow, work, &after->words[i], child, true, outputs);
    for (size_t i = 0; i < before->count && known; i++) {
        struct merge_word word = before->words[i];
        const struct case_line *line =
            word.what == MERGE_COPIES && !find(after, &word) ? case_flow_line(work, word.id) : NULL;
        if (!line || span_equal(line->revision, word.revision))
            continue;
        word.revision = line->revision;
        merge_say_copy(flow, work, &word, child, false, outputs);
    }
}

static void tell_others(struct case_flow *flow, const struct working *work,
                        const struct merge_view *before, const struct merge_view *after,
                        struct outputs *outputs)
{
    for (size_t i = 0; i < before->count; i++) {
        const struct merge_word *word = &before->words[i];
        if (word->what == MERGE_JOINS && !find(after, word))
            take_back(flow, work, word, outputs);
        else if (word->what == MERGE_CHILD && !find(after, word))
            merge_say_duty(flow, work, word, false, outputs);
    }
    for (size_t i = 0; i < after->count; i++) {
        const struct merge_word *word = &after->words[i];
        if (word->what == MERGE_CHILD && !find(before, word))
            merge_say_duty(flow, work, word, true, outputs);
        if (word->what == MERGE_CHILD) /* known or not: something may be new for it */
            copy_to(flow, work, before, after, word, outputs);
        else if (word->what == MERGE_COPIES || is_said(before, word))
            continue;
        else if (word->what == MERGE_REFUSES)
            merge_say_refused(flow, work, word, outputs);
        else
            merge_say_child(flow, work, word->what == MERGE_JOINS ? "child_added" : "child_removed",
                            word, outputs);
    }
}

/* ---- what was told to be over stays over ---- */

static bool has(const struct merge_view *view, enum merge_what what, struct span merge_id)
{
    for (size_t i = 0; i < view->count; i++)
        if (view->words[i].what == what && span_equal(view->words[i].merge_id, merge_id))
            return true;
    return false;
}

/* It was told and counts no longer, or it goes on though its end was told. */
static bool is_fallen(const struct merge_view *before, const struct merge_view *after,
                      const struct merge_word *old)
{
    if (old->what == MERGE_JOINS)
        return !has(after, MERGE_JOINS, old->merge_id);
    return old->what == MERGE_LEAVES && !find(after, old) &&
           has(after, MERGE_JOINS, old->merge_id) && !has(after, MERGE_LEAVES, old->merge_id) &&
           has(before, MERGE_JOINS, old->merge_id);
}

static enum reject end_fallen(struct case_flow *flow, struct working *work,
                              const struct merge_view *before, const struct merge_view *after,
                              struct outputs *outputs)
{
    enum reject reject = REJECT_NONE;
    for (size_t i = 0; i < before->count && reject == REJECT_NONE; i++)
        if (is_fallen(before, after, &before->words[i]))
            reject = merge_say_fallen(flow, work, &before->words[i], outputs);
    return reject;
}

static bool is_none(const struct working *work, const struct merge_view *before)
{
    return work->fold.quiet || (!before->count && !concerns(&work->set));
}

enum reject merge_follow(struct case_flow *flow, struct working *work,
                         const struct merge_view *before, struct outputs *outputs)
{
    struct merge_view after;
    if (is_none(work, before))
        return REJECT_NONE;
    if (!look_at(&after, work, &flow->arena))
        return REJECT_TOO_LARGE;
    enum reject reject = end_fallen(flow, work, before, &after, outputs);
    return reject == REJECT_NONE ? merge_say_recall(flow, work, outputs) : reject;
}

enum reject merge_tell(struct case_flow *flow, const struct working *work,
                       const struct merge_view *before, struct outputs *outputs)
{
    struct merge_view after;
    if (is_none(work, before))
        return REJECT_NONE;
    if (!look_at(&after, work, &flow->arena))
        return REJECT_TOO_LARGE;
    tell_others(flow, work, before, &after, outputs);
    return REJECT_NONE;
}

void merge_turn_away(struct case_flow *flow, const struct working *work,
                     const struct case_line *line, struct outputs *outputs)
{
    int index = case_kind_stage_number(work->kind, line->stage);
    struct span child = line->attribute[CASE_CHILD];
    if (index < 0 || work->kind->stages[index].meaning != MEANS_CHILD_ADDED || !child.at)
        return;
    struct merge_word word = word_of(MERGE_REFUSES, line, child);
    word.why = MERGE_FULL;
    merge_say_refused(flow, work, &word, outputs);
}
