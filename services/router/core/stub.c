/* SPDX-License-Identifier: Apache-2.0 */
/* Which lines may go, for every kind and whatever comes later (tests/unit/router/test_stub.c):
 *
 *  - not what a decision is made of: openings, dispatches, new rounds, resolutions, closures, what
 *    starts or stops a timer, whatever we said ourselves (a decision is made once by its id), and
 *    lines that tell type or place;
 *  - not a stage that makes another possible which would not be possible without it: s may go when
 *    each stage that may come after s may also come after everything that s itself comes after;
 *  - not what the router owes an answer to, what names or counts (helpers, disputes, pauses), what
 *    forbids another stage or takes one back;
 *  - not the only live line: a case of history alone is quiet.
 *
 * By stage and party alone, which stand in an event's id: a correction cannot make a dropped line
 * matter. */
#include "router/core/stub.h"

static bool keeps(const struct case_line *line, const struct case_kind *kind, uint64_t material)
{
    int index = case_kind_stage_number(kind, line->stage);
    bool tells = line->attribute[CASE_TYPE].at || line->attribute[CASE_STREET].at ||
                 line->attribute[CASE_COMMUNITY].at || line->attribute[CASE_PARENT].at ||
                 line->attribute[CASE_LINK].at;
    /* our own lines name their cause; nobody else's do */
    return tells || line->attribute[CASE_CAUSE].at || (index >= 0 && (material >> index & 1));
}

/* The line kept for its life alone, or set->count. */
static size_t find_live(const struct case_set *set, const struct case_kind *kind, uint64_t material)
{
    size_t live = set->count;
    for (size_t i = 0; i < set->count; i++) {
        if (!set->lines[i].live)
            continue;
        if (keeps(&set->lines[i], kind, material))
            return set->count;
        live = live == set->count ? i : live;
    }
    return live;
}

size_t stub_keeps(const struct case_set *set, const struct case_kind *kind)
{
    uint64_t material = kind->lasting;
    size_t live = find_live(set, kind, material), count = 0;
    for (size_t i = 0; i < set->count; i++)
        count += i == live || keeps(&set->lines[i], kind, material);
    return count;
}

void stub_reduce(struct case_set *set, const struct case_kind *kind)
{
    uint64_t material = kind->lasting;
    size_t live = find_live(set, kind, material), count = 0;
    for (size_t i = 0; i < set->count; i++)
        if (i == live || keeps(&set->lines[i], kind, material))
            set->lines[count++] = set->lines[i];
    set->count = count;
}
