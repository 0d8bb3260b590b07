/* SPDX-License-Identifier: Apache-2.0 */
/* Draws a life. Most steps are what a case of that kind may do next by whom it may, so lives reach
 * their ends; the others are what nobody may do, what comes twice, corrected, late, too early, as
 * history, and what happens to the processes. What the router itself says is guessed here (an order
 * that is live is dispatched), so that the moves behind it become likely; the guess decides
 * nothing. */
#include <string.h>

#include "base/base.h"
#include "life.h"

#define DAY 86400

struct sketch { /* of one case */
    const struct case_kind *kind;
    uint64_t happened; /* bits of its stages */
    int told;          /* events so far */
    bool live;
};

struct draw {
    struct life *life;
    const struct codes *codes;
    uint64_t state;
    struct sketch cases[LIFE_MOST_CASES];
    int cases_count;
    int64_t now, clock; /* seconds */
    bool history;       /* all of it comes as a backfill */
    int crowd;          /* what all of them are opened with; 0 = each with its own */
    int source, desk, lead, co, sub, callback, router; /* party numbers */
};

/* splitmix64: every seed begins well. */
static uint64_t next(struct draw *draw)
{
    uint64_t z = draw->state += 0x9e3779b97f4a7c15;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
}

static int roll(struct draw *draw, int below)
{
    return (int)(next(draw) % (uint64_t)below);
}

static bool chance(struct draw *draw, int in)
{
    return roll(draw, in) == 0;
}

static int64_t long_while(struct draw *draw)
{
    switch (roll(draw, 16)) {
    case 0: return DAY * (8 + roll(draw, 40));
    case 1: return DAY * (1 + roll(draw, 20));
    case 2: return chance(draw, 8) ? DAY * (395 + roll(draw, 40)) : DAY * 7;
    case 3:
    case 4:
    case 5: return 3600 * (1 + roll(draw, 60));
    default: return 60 * (1 + roll(draw, 90));
    }
}

/* ---- what a kind allows ---- */

static bool by_router_alone(const struct draw *draw, const struct kind_stage *stage)
{
    return stage->parties == UINT32_C(1) << draw->router;
}

static bool may_come(const struct sketch *sketch, size_t index)
{
    const struct kind_stage *stage = &sketch->kind->stages[index];
    bool first = !stage->after && !(sketch->happened >> index & 1);
    return (first || (stage->after & sketch->happened)) && !(stage->unless & sketch->happened);
}

/* A stage that may come now and that somebody outside may tell; -1 = there is none. */
static int draw_possible(struct draw *draw, const struct sketch *sketch)
{
    int found = -1, count = 0;
    for (size_t i = 0; i < sketch->kind->stage_count; i++) {
        const struct kind_stage *stage = &sketch->kind->stages[i];
        bool ours = by_router_alone(draw, stage) && stage->after; /* what it opens it is told of */
        if (ours || !may_come(sketch, i))
            continue;
        bool again = sketch->happened >> i & 1;
        int weight = again || stage->counts_as == COUNTS_CLOSURE ? 1 /* ends come early enough */
                     : stage->counts_as == COUNTS_RESOLUTION     ? 2
                                                                 : 4;
        count += weight;
        if (roll(draw, count) < weight)
            found = (int)i;
    }
    return found;
}

static int draw_party(struct draw *draw, const struct kind_stage *stage, bool allowed)
{
    const int parties[] = {draw->source, draw->desk, draw->lead,
                           draw->co,     draw->sub,  draw->callback};
    int found = -1, count = 0;
    for (size_t i = 0; i < ARRAY_LENGTH(parties); i++)
        if ((stage->parties >> parties[i] & 1) == allowed && roll(draw, ++count) == 0)
            found = parties[i];
    return found >= 0 ? found : allowed ? draw->router : draw->source;
}

static enum step_unit draw_unit(struct draw *draw, int party)
{
    if (party == draw->lead) {
        static const enum step_unit foreign[] = {UNIT_FORMER, UNIT_OTHER, UNIT_NONE, UNIT_UNKNOWN};
        return roll(draw, 8) ? UNIT_LEAD : foreign[roll(draw, 4)];
    }
    if (party == draw->co || party == draw->sub)
        return chance(draw, 6) ? UNIT_LEAD : UNIT_OTHER;
    return party == draw->desk ? UNIT_DESK : UNIT_NONE;
}

static void guess(struct sketch *sketch, int index)
{
    const struct kind_stage *stage = &sketch->kind->stages[index];
    int dispatched = case_kind_stage(sketch->kind, SPAN("dispatched"));
    if (stage->new_round)
        sketch->happened &= sketch->kind->first;
    sketch->happened = (sketch->happened & ~stage->ends) | UINT64_C(1) << index;
    if ((strcmp(stage->name, "opened") == 0 || stage->new_round) && dispatched >= 0 && sketch->live)
        sketch->happened |= UINT64_C(1) << dispatched;
}

/* ---- steps ---- */

static int64_t draw_time(struct draw *draw)
{
    switch (roll(draw, 24)) {
    case 0: return draw->now + 1 + roll(draw, 600); /* ahead, as far as it may be */
    case 1: return draw->now - DAY * (1 + roll(draw, 120));
    case 2: return draw->now - DAY * 730 + roll(draw, DAY);
    case 3:
    case 4:
    case 5: return draw->now - roll(draw, 2 * DAY);
    case 6: return draw->now; /* of one moment: ranks decide */
    default: return draw->now - roll(draw, 120);
    }
}

static void tell(struct draw *draw, int number, int index, int party)
{
    struct sketch *sketch = &draw->cases[number];
    const struct kind_stage *stage = &sketch->kind->stages[index];
    bool replay = draw->history || chance(draw, 40);
    draw->now += roll(draw, 4) ? roll(draw, 300) : 0;
    sketch->live |= !replay;
    struct step step = {
        .what = STEP_TELL,
        .kind = sketch->kind,
        .stage = stage->number,
        .party = chance(draw, 60) && party == draw->source ? 0 : party,
        .case_number = number,
        .unit = draw_unit(draw, party),
        .event = stage->after || chance(draw, 5) ? sketch->told++ : 0,
        .content = draw->crowd && !stage->after ? draw->crowd : (int)(next(draw) & 0x3fffffff),
        .other = roll(draw, draw->cases_count),
        .replay = replay,
        .at = draw_time(draw),
        .recorded = draw->now,
    };
    (void)life_add(draw->life, step);
    if (stage->parties >> party & 1)
        guess(sketch, index);
}

/* A stage that its lead may tell, whether it may come or not; -1 = there is none. */
static int draw_leads(struct draw *draw, const struct case_kind *kind)
{
    int found = -1, count = 0;
    for (size_t i = 0; i < kind->stage_count; i++)
        if ((kind->stages[i].parties >> draw->lead & 1) && roll(draw, ++count) == 0)
            found = (int)i;
    return found;
}

static void tell_something(struct draw *draw, int number)
{
    struct sketch *sketch = &draw->cases[number];
    int index = roll(draw, (int)sketch->kind->stage_count);
    int kind = roll(draw, 20), possible = draw_possible(draw, sketch);
    int leads = draw->history && chance(draw, 4) ? draw_leads(draw, sketch->kind) : -1;
    if (leads >= 0) /* of history nobody is dispatched: whom the opening names speaks before that */
        tell(draw, number, leads, draw->lead);
    else if (kind < 12 && possible >= 0)
        tell(draw, number, possible, draw_party(draw, &sketch->kind->stages[possible], true));
    else if (kind < 16 && !by_router_alone(draw, &sketch->kind->stages[index]))
        tell(draw, number, index, draw_party(draw, &sketch->kind->stages[index], true));
    else
        tell(draw, number, index, draw_party(draw, &sketch->kind->stages[index], false));
}

static struct step *draw_told(struct draw *draw)
{
    struct life *life = draw->life;
    if (!life->count)
        return NULL;
    struct step *step = &life->steps[roll(draw, (int)life->count)];
    return step->what == STEP_TELL ? step : NULL;
}

/* The same once more, corrected, as an older copy, as history, or live at last. */
static void tell_again(struct draw *draw)
{
    const struct step *told = draw_told(draw);
    if (!told)
        return;
    struct step step = *told;
    switch (roll(draw, 8)) {
    case 0:
    case 1:
    case 2: break;
    case 3:
    case 4:
        step.revision += 1 + roll(draw, 2);
        step.content = (int)(next(draw) & 0x3fffffff);
        step.recorded = draw->now;
        step.at = roll(draw, 3) ? step.at : draw_time(draw);
        break;
    case 5: /* a copy of before */
        step.revision = step.revision ? step.revision - 1 : 0;
        step.content = (int)(next(draw) & 0x3fffffff);
        break;
    case 6: step.replay = 1; break;
    default:
        step.replay = 0;
        step.recorded = draw->now;
        draw->cases[step.case_number].live = true;
        break;
    }
    (void)life_add(draw->life, step);
}

static void observe(struct draw *draw)
{
    (void)life_add(draw->life, (struct step){.what = STEP_OBSERVE,
                                             .content = roll(draw, 4),
                                             .event = roll(draw, 3),
                                             .replay = draw->history,
                                             .at = draw_time(draw),
                                             .recorded = draw->now});
}

static void tick(struct draw *draw)
{
    draw->clock = draw->now += long_while(draw);
    (void)life_add(draw->life, (struct step){.what = STEP_TICK, .at = draw->clock});
}

static void strike(struct draw *draw)
{
    static const enum step_what whats[] = {STEP_KILL, STEP_KILL, STEP_KILL, STEP_MOVE, STEP_COMMIT};
    (void)life_add(draw->life, (struct step){.what = whats[roll(draw, ARRAY_LENGTH(whats))],
                                             .part = roll(draw, 6),
                                             .after = roll(draw, 5)});
}

static void step(struct draw *draw)
{
    int kind = roll(draw, 100);
    if (kind < 62)
        tell_something(draw, roll(draw, draw->cases_count));
    else if (kind < 74)
        tell_again(draw);
    else if (kind < 77)
        observe(draw);
    else if (kind < 88)
        tick(draw);
    else
        strike(draw);
}

/* ---- a whole life ---- */

static const struct case_kind *draw_kind(struct draw *draw, const struct kinds *kinds)
{
    int count = 0;
    if (roll(draw, 12) < 5)
        return kinds_find(kinds, SPAN("request"));
    if (chance(draw, 5)) /* has as many stages */
        return kinds_find(kinds, SPAN("proactive"));
    if (chance(draw, 4)) /* has the longest way */
        return kinds_find(kinds, SPAN("works"));
    if (chance(draw, 6)) /* are told by few */
        return kinds_find(kinds, SPAN("service"));
    if (chance(draw, 8))
        return kinds_find(kinds, SPAN("deliberation"));
    while (kinds_at(kinds, (size_t)count))
        count++;
    return kinds_at(kinds, (size_t)roll(draw, count));
}

static void begin(struct draw *draw, const struct kinds *kinds)
{
    draw->history = chance(draw, 10);
    const struct case_kind *kind = draw_kind(draw, kinds);
    bool usual = strcmp(kind->code, "request") == 0;
    draw->cases_count = 1 + (usual && roll(draw, 3) ? roll(draw, 3) : chance(draw, 4));
    if (usual && chance(draw, 12)) {
        draw->cases_count = LIFE_MOST_CASES;
        draw->crowd = 1 + (int)(next(draw) & 0x3ffffffe);
    }
    for (int i = 0; i < draw->cases_count; i++)
        draw->cases[i].kind = chance(draw, 4) ? draw_kind(draw, kinds) : kind;
    if (roll(draw, 4))
        tick(draw);
    for (int i = 0; i < draw->cases_count; i++) {
        int opened = case_kind_stage(draw->cases[i].kind, SPAN("opened"));
        if (roll(draw, 12)) /* or something else is told first */
            tell(draw, i, opened, draw_party(draw, &draw->cases[i].kind->stages[opened], true));
    }
}

/* Told in another order than it was recorded in. */
static void mix(struct draw *draw)
{
    struct life *life = draw->life;
    for (size_t i = 1; i < life->count; i++) {
        size_t with = i - (size_t)roll(draw, (int)(i < 6 ? i : 6)) - (i > 0);
        struct step *a = &life->steps[i], *b = &life->steps[with];
        if (a->what != STEP_TELL || b->what != STEP_TELL)
            continue;
        struct step kept = *a;
        *a = *b;
        *b = kept;
    }
}

/* More than a case may have. */
static void flood(struct draw *draw)
{
    int more = 200 + roll(draw, 120);
    for (int i = 0; i < more; i++)
        tell_something(draw, 0);
}

void life_draw(struct life *life, uint64_t seed, const struct kinds *kinds,
               const struct codes *codes)
{
    struct draw draw = {
        .life = life,
        .codes = codes,
        .state = seed,
        .source = codes_number(codes, CODE_PARTY, SPAN("source")),
        .desk = codes_number(codes, CODE_PARTY, SPAN("desk")),
        .lead = codes_number(codes, CODE_PARTY, SPAN("lead")),
        .co = codes_number(codes, CODE_PARTY, SPAN("co")),
        .sub = codes_number(codes, CODE_PARTY, SPAN("sub")),
        .callback = codes_number(codes, CODE_PARTY, SPAN("callback")),
        .router = codes_number(codes, CODE_PARTY, SPAN("router")),
    };
    life->seed = seed;
    life->count = 0;
    life->cases = 0;
    life->hurry = roll(&draw, 2);
    life->batch = 1 + roll(&draw, 6);
    life->compacted = roll(&draw, 2);
    begin(&draw, kinds);
    for (int left = 8 + roll(&draw, 44); left > 0; left--)
        step(&draw);
    if (chance(&draw, 1000))
        flood(&draw);
    if (chance(&draw, 8))
        mix(&draw);
    tick(&draw);
    draw.now += 15 * DAY; /* whatever is due, is due by now */
    tick(&draw);
}
