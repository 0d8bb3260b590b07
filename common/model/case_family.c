/* SPDX-License-Identifier: Apache-2.0 */
/* One case judges by its own set, and so does the other: the child's `merged` stands in the
 * parent's set as `child_added`, at the same time. Of two cases merged into each other both
 * therefore see the earlier one first, and it makes the later one impossible. */
#include "model/case_family.h"

static bool is_of_kind(struct span id, const struct case_kind *kind)
{
    struct span rest = id, code = span_cut(&rest, ':');
    return rest.len && span_is(code, kind->code);
}

static size_t find(const struct case_family *family, struct span child)
{
    size_t at = 0;
    while (at < family->child_count && !span_equal(family->children[at].id, child))
        at++;
    return at;
}

static bool is_ours(const struct case_line *line, const struct case_kind *kind)
{
    return line->party == kind->party.router;
}

bool case_family_is_copy(const struct case_line *line, const struct kind_stage *stage,
                         const struct case_kind *kind)
{
    return is_ours(line, kind) && stage->copy_to_children && line->attribute[CASE_VIA].at;
}

bool case_family_is_silent(const struct case_family *family, const struct case_line *line,
                           const struct case_kind *kind)
{
    const struct kind_parties *party = &kind->party;
    return family->parent.at &&
           (line->party == party->lead || line->party == party->co || line->party == party->sub);
}

static bool names_present_parent(const struct case_family *family, struct span parent)
{
    return family->parent.at && (!parent.at || span_equal(parent, family->parent));
}

/* By the router: the parent refused this very merge, or it fell after the lead had been recalled.
 */
static bool is_given_back(const struct case_family *family, const struct case_line *line)
{
    struct span cause = line->attribute[CASE_CAUSE], parent = line->attribute[CASE_PARENT];
    if (family->parent.at)
        return span_equal(cause, family->merge_id) && names_present_parent(family, parent);
    return family->away.at && span_equal(cause, family->away);
}

static bool may_be_child(const struct case_family *family, const struct case_line *line,
                         const struct case_kind *kind)
{
    return is_of_kind(line->attribute[CASE_PARENT], kind) && !family->parent.at &&
           !family->child_count;
}

static bool may_have_child(const struct case_family *family, const struct case_line *line,
                           const struct case_kind *kind)
{
    struct span child = line->attribute[CASE_CHILD];
    return is_of_kind(child, kind) && !family->parent.at &&
           (find(family, child) < family->child_count || family->child_count < CASE_FAMILY_MOST);
}

/* It leaves by the merge it came by: what became of another one does not touch it. */
static bool may_lose_child(const struct case_family *family, const struct case_line *line)
{
    size_t at = find(family, line->attribute[CASE_CHILD]);
    return at < family->child_count &&
           span_equal(family->children[at].merge_id, line->attribute[CASE_CAUSE]);
}

/* The recall of a merge that has ended meanwhile comes too late. */
static bool may_recall(const struct case_family *family, const struct case_line *line)
{
    return !line->attribute[CASE_PARENT].at || !family->left.at ||
           !span_equal(line->attribute[CASE_CAUSE], family->left);
}

bool case_family_allows(const struct case_family *family, const struct case_line *line,
                        const struct kind_stage *stage, const struct case_kind *kind,
                        bool otherwise)
{
    if (case_family_is_copy(line, stage, kind))
        return family->parent.at && span_equal(line->attribute[CASE_VIA], family->parent);
    if (stage->meaning == MEANS_UNMERGED && is_ours(line, kind))
        return is_given_back(family, line);
    if (!otherwise)
        return false;
    if (stage->meaning == MEANS_MERGED)
        return may_be_child(family, line, kind);
    if (stage->meaning == MEANS_UNMERGED)
        return names_present_parent(family, line->attribute[CASE_PARENT]);
    if (stage->meaning == MEANS_RECALLED)
        return may_recall(family, line);
    if (stage->meaning == MEANS_CHILD_ADDED)
        return may_have_child(family, line, kind);
    return stage->meaning != MEANS_CHILD_REMOVED || may_lose_child(family, line);
}

static bool leave(struct case_family *family)
{
    bool had = family->parent.at || family->away.at;
    if (had)
        family->left = family->parent.at ? family->merge_id : family->away;
    family->parent = family->merge_id = family->away = SPAN_NONE;
    return had;
}

bool case_family_apply(struct case_family *family, const struct case_line *line,
                       const struct kind_stage *stage)
{
    size_t at = find(family, line->attribute[CASE_CHILD]);
    if (stage->new_round)
        leave(family);
    if (stage->meaning == MEANS_UNMERGED)
        return leave(family);
    if (stage->meaning == MEANS_MERGED) {
        family->parent = line->attribute[CASE_PARENT];
        family->merge_id = line->id;
    } else if (stage->meaning == MEANS_RECALLED && line->attribute[CASE_PARENT].at) {
        family->away = line->attribute[CASE_CAUSE];
    } else if (stage->meaning == MEANS_CHILD_ADDED) {
        family->child_count += at == family->child_count;
        family->children[at].id = line->attribute[CASE_CHILD];
        family->children[at].merge_id = line->attribute[CASE_CAUSE];
    } else if (stage->meaning == MEANS_CHILD_REMOVED) {
        family->children[at] = family->children[--family->child_count];
    }
    return false;
}
