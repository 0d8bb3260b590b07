/* SPDX-License-Identifier: Apache-2.0 */
/* How cases of a life were put into each other. */
#include <string.h>

#include "laws.h"

static const struct story *named(const struct laws *laws, struct span id)
{
    for (size_t i = 0; i < laws->count; i++)
        if (span_equal(laws->stories[i].id, id))
            return &laws->stories[i];
    return NULL;
}

static bool is_stage(const struct story *story, const struct case_line *line, const char *name)
{
    int index = case_kind_stage_number(story->kind, line->stage);
    return index >= 0 && strcmp(story->kind->stages[index].name, name) == 0;
}

static bool has_history_only(const struct story *story)
{
    for (size_t i = 0; i < story->set.count; i++)
        if (story->set.lines[i].live && !story->set.lines[i].attribute[CASE_CAUSE].at)
            return false;
    return true;
}

/* Has it ever said that it joins that one? */
static bool joins(const struct story *story, struct span other)
{
    for (size_t i = 0; i < story->set.count; i++)
        if (is_stage(story, &story->set.lines[i], "merged") &&
            (!other.at || span_equal(story->set.lines[i].attribute[CASE_PARENT], other)))
            return true;
    return false;
}

static void count_merge(struct laws *laws, const struct story *story, const struct case_line *line)
{
    uint32_t *words = laws->cover->words;
    struct span parent = line->attribute[CASE_PARENT];
    words[COVER_NOWHERE] += !parent.at || span_equal(parent, story->id);
    if (!parent.at || span_equal(parent, story->id))
        return;
    const struct story *other = named(laws, parent);
    bool here = world_partition(parent) == world_partition(story->id);
    words[COVER_SAME_PARTITION] += here;
    words[COVER_OTHER_PARTITION] += !here;
    words[COVER_CYCLE] += other && joins(other, story->id);
    words[COVER_CHAIN] += other && joins(other, SPAN_NONE) && !joins(other, story->id);
    words[COVER_HISTORY_AND_LIVE] += other && has_history_only(other) != has_history_only(story);
}

static void count_line(struct laws *laws, const struct story *story, const struct case_line *line)
{
    uint32_t *words = laws->cover->words;
    bool router = line->party == story->kind->party.router;
    words[COVER_COPIES] += line->attribute[CASE_VIA].at != NULL;
    if (is_stage(story, line, "unmerged"))
        words[router ? COVER_REFUSED : COVER_UNMERGED]++;
    if (is_stage(story, line, "merged"))
        count_merge(laws, story, line);
}

void laws_count_family(struct laws *laws)
{
    for (size_t i = 0; i < laws->count; i++) {
        const struct story *story = &laws->stories[i];
        laws->cover->words[COVER_CHILDREN] += story->fold.parent.at != NULL;
        for (size_t n = 0; n < story->set.count; n++)
            count_line(laws, story, &story->set.lines[n]);
    }
}
