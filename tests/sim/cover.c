/* SPDX-License-Identifier: Apache-2.0 */
#include "cover.h"

#include <stdio.h>
#include <string.h>

#include "base/base.h"

static const char *const words[COVER_WORDS] = {
    [COVER_CASES] = "cases",
    [COVER_TOLD] = "events told",
    [COVER_REPEATED] = "told twice, word for word",
    [COVER_CORRECTED] = "corrections",
    [COVER_STALE] = "copies older than what is known",
    [COVER_LATE_DAYS] = "told days after they happened",
    [COVER_LATE_MONTHS] = "told months after they happened",
    [COVER_AHEAD] = "of a time that lies ahead",
    [COVER_OUT_OF_ORDER] = "told behind what happened later",
    [COVER_QUIET_AT_THE_END] = "cases of history alone",
    [COVER_WOKEN] = "cases of history that a live event woke",
    [COVER_HEADLESS] = "cases without an opening at the end",
    [COVER_HEAD_CAME_LATE] = "cases whose opening was not told first",
    [COVER_LEADS] = "first leads",
    [COVER_SECOND_LEADS] = "second leads",
    [COVER_THIRD_LEADS] = "third leads and more",
    [COVER_TIMERS] = "timers",
    [COVER_STUBS] = "cases that were cut down",
    [COVER_FORGOTTEN] = "cases that were forgotten",
    [COVER_TOO_LONG] = "events for which a case had no room",
    [COVER_ASIDE_LEFT_OUT] = "lives again without what had no effect",
    [COVER_KILL_LOST_WORK] = "records that a kill left uncommitted",
    [COVER_FIRINGS] = "firings of triggers",
    [COVER_CHILDREN] = "merged: cases that are children at the end",
    [COVER_REFUSED] = "merged: refused by the parent, or fallen",
    [COVER_UNMERGED] = "merged: taken back by the desk",
    [COVER_COPIES] = "merged: stages copied to a child",
    [COVER_NOWHERE] = "merged into itself, or nowhere",
    [COVER_CHAIN] = "merged into one that is merged itself",
    [COVER_CYCLE] = "merged into each other",
    [COVER_SAME_PARTITION] = "merged into one of its partition",
    [COVER_OTHER_PARTITION] = "merged into one of another partition",
    [COVER_HISTORY_AND_LIVE] = "merged: one of history, one live",
};

static size_t number_of(const struct kinds *kinds, const struct case_kind *kind)
{
    size_t i = 0;
    while (kinds_at(kinds, i) != kind)
        i++;
    return i;
}

void cover_line(struct cover *cover, const struct kinds *kinds, const struct case_kind *kind,
                int index, int party, enum line_effect effect)
{
    size_t number = number_of(kinds, kind);
    if (number < COVER_MOST_KINDS && index >= 0 && party < COVER_PARTIES)
        cover->lines[number][index][party][effect]++;
}

/* ---- which cells can be reached ---- */

/* Who is something to the case is so because of a stage; what may come behind that is never
 * impossible for him. */
static bool is_always_possible(const struct case_kind *kind, const struct kind_stage *stage,
                               int party)
{
    const struct kind_parties *known = &kind->party;
    bool helps = party == known->co || party == known->sub;
    int because = party == known->lead ? case_kind_stage(kind, SPAN("opened"))
                  : helps              ? case_kind_stage(kind, SPAN("dispatched"))
                                       : -1;
    bool bare = !stage->unless && !stage->needs && !stage->at_most && !stage->clock_stops;
    return because >= 0 && bare && (stage->after >> because & 1);
}

/* What the router says is reached where it may be; as somebody else's word it is not his to say. */
static bool is_reachable(const struct case_kind *kind, const struct kind_stage *stage, int party,
                         enum line_effect effect)
{
    const struct kind_parties *known = &kind->party;
    bool allowed = stage->parties >> party & 1;
    bool relation = party == known->lead || party == known->co || party == known->sub;
    switch (effect) {
    case LINE_COUNTS: return allowed;
    case LINE_IMPOSSIBLE:
        return allowed && party != known->router && !is_always_possible(kind, stage, party);
    case LINE_NOT_YOURS: return party != known->router && (!allowed || relation);
    }
    return false;
}

static bool has_timer(const struct case_kind *kind, enum timer_action action)
{
    for (size_t i = 0; i < kind->timer_count; i++)
        if (kind->timers[i].action == action)
            return true;
    return false;
}

/* What a router never says that has all its topics, and no timer for it. */
static bool is_unsaid(const struct case_kind *kind, const struct kind_stage *stage, int party)
{
    static const char *const names[] = {"undelivered", "delivered", "linked", "opened"};
    if (party != kind->party.router)
        return false;
    for (size_t i = 0; i < ARRAY_LENGTH(names); i++)
        if (strcmp(stage->name, names[i]) == 0)
            return strcmp(kind->code, "proactive") != 0 || strcmp(stage->name, "opened") != 0;
    return (stage->meaning == MEANS_NUDGED && !has_timer(kind, TIMER_NUDGE)) ||
           (stage->meaning == MEANS_OVERDUE && !has_timer(kind, TIMER_ESCALATE));
}

static size_t report_stage(const struct cover *cover, size_t number, const struct case_kind *kind,
                           size_t index, uint32_t least)
{
    const struct kind_stage *stage = &kind->stages[index];
    size_t short_of = 0;
    printf("  %-13s %-17s", kind->code, stage->name);
    for (int party = 1; party < COVER_PARTIES; party++) {
        printf(" ");
        for (int effect = 0; effect < 3; effect++) {
            uint32_t count = cover->lines[number][index][party][effect];
            bool wanted = is_reachable(kind, stage, party, (enum line_effect)effect) &&
                          !(effect == LINE_COUNTS && is_unsaid(kind, stage, party));
            bool missing = wanted && count < least;
            short_of += missing;
            printf("%s%u%s", effect ? "/" : " ", count, missing ? "!" : "");
        }
    }
    printf("\n");
    return short_of;
}

static size_t report_kinds(const struct cover *cover, const struct kinds *kinds,
                           const struct codes *codes, uint32_t least)
{
    const struct case_kind *kind;
    size_t short_of = 0;
    printf("lines at the end of a life: counts/impossible/not yours, by party\n  %-31s", "");
    for (int party = 1; party < COVER_PARTIES; party++) {
        struct span name = codes_text(codes, CODE_PARTY, party);
        printf("  %.*s", SPAN_ARG(name));
    }
    printf("\n");
    for (size_t number = 0; (kind = kinds_at(kinds, number)); number++)
        for (size_t i = 0; i < kind->stage_count; i++)
            short_of += report_stage(cover, number, kind, i, least);
    return short_of;
}

static size_t report_kills(const struct world *world, uint32_t least)
{
    static const char *const kinds[FAULT_KINDS] = {"killed", "moved", "committed"};
    static const char *const lasts[] = {"with nothing read",     "behind what was told",
                                        "behind a word of ours", "behind a tick",
                                        "behind a fact",         "behind a watermark"};
    size_t short_of = 0;
    for (int kind = 0; kind < FAULT_KINDS; kind++) {
        for (int last = 0; last < 6; last++) {
            size_t count = world->seen.kills[kind][last];
            bool missing = count < least;
            short_of += missing;
            printf("  %10zu%s %s %s\n", count, missing ? "!" : " ", kinds[kind], lasts[last]);
        }
    }
    return short_of;
}

static void report_triggers(const struct cover *cover, const struct world *world)
{
    const struct triggers *triggers = world->rules->bundle->triggers;
    printf("firings, by trigger\n");
    for (size_t i = 0; i < triggers_count(triggers) && i < COVER_MOST_TRIGGERS; i++)
        printf("  %10u  %s\n", cover->triggers[i], triggers_at(triggers, i)->name);
}

size_t cover_report(const struct cover *cover, const struct world *world, const struct kinds *kinds,
                    const struct codes *codes, uint32_t least)
{
    size_t short_of = report_kinds(cover, kinds, codes, least);
    printf("what happened\n");
    for (int i = 0; i < COVER_WORDS; i++) {
        bool missing = cover->words[i] < least;
        short_of += missing;
        printf("  %10u%s %s\n", cover->words[i], missing ? "!" : " ", words[i]);
    }
    report_triggers(cover, world);
    return short_of + report_kills(world, least);
}
