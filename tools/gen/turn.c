/* SPDX-License-Identifier: Apache-2.0 */
/* Only what a reader can count again is drawn: a turn that comes after the limit, or of an order of
 * which something else is told besides, is none. The gaps between stages stay those of the life. */
#include "gen/turn.h"

#include "base/base.h"
#include "base/timestamp.h"
#include "gen/review.h"

#define SECOND INT64_C(1000)
#define MINUTE (60 * SECOND)
#define STREAM UINT64_C(0x7475726e) /* so that no other lots move */

struct turning {
    struct life *life;
    const struct life_day *day;
    const struct pool *pool;
    const struct life *earlier;
    struct arena *arena;
    struct draw draw;
    int64_t gap[LIFE_STAGES]; /* before each stage; negative = it does not come */
};

void turn_none(struct life *life)
{
    struct life_turn *turn = &life->turn;
    *turn = (struct life_turn){.asked_ms = TIMESTAMP_NONE,
                               .said_ms = TIMESTAMP_NONE,
                               .ended_ms = TIMESTAMP_NONE,
                               .since_ms = TIMESTAMP_NONE};
    for (size_t i = 0; i < LIFE_STAGES; i++)
        turn->first[i] = TIMESTAMP_NONE;
}

size_t turn_events(const struct life *life)
{
    const struct life_turn *turn = &life->turn;
    size_t events = turn->kind == TURN_REOPENED;
    events += turn->asked_ms != TIMESTAMP_NONE;
    events += turn->said_ms != TIMESTAMP_NONE;
    events += turn->ended_ms != TIMESTAMP_NONE;
    for (size_t i = 0; i < LIFE_STAGES; i++)
        events += turn->first[i] != TIMESTAMP_NONE;
    return events;
}

static bool falls(struct turning *it, enum turn_share share)
{
    return draw_chance(&it->draw, it->pool->turns.of_thousand[share]);
}

static int64_t soonest_after(const struct turning *it, int64_t ms)
{
    return life_step_end(it->day, ms) + SECOND;
}

static int64_t within(const struct turning *it, int64_t ms)
{
    return ms < it->day->ends_ms ? ms : TIMESTAMP_NONE;
}

/* Minutes behind it, in a later step; NONE: not within the day. */
static int64_t behind(struct turning *it, int64_t ms, int64_t least, int64_t most)
{
    int64_t wait = it->day->span.days
                       ? draw_lognormal(&it->draw, (least + most / 2) * 60, 700) * SECOND
                       : draw_skewed(&it->draw, least * 60, most * 60) * SECOND;
    int64_t soonest = soonest_after(it, ms);
    return within(it, ms + wait > soonest ? ms + wait : soonest);
}

static void read_gaps(struct turning *it)
{
    int64_t before = it->life->sent_ms;
    for (size_t i = 0; i < LIFE_STAGES; i++) {
        int64_t at = it->life->moment[i];
        it->gap[i] = at == TIMESTAMP_NONE ? -1 : at - before;
        before = at == TIMESTAMP_NONE ? before : at;
    }
}

/* From that stage on, behind that moment. */
static void go_on(struct turning *it, size_t stage, int64_t before)
{
    for (; stage < LIFE_STAGES; stage++) {
        int64_t at = TIMESTAMP_NONE;
        if (before != TIMESTAMP_NONE && it->gap[stage] >= 0) {
            at = before + it->gap[stage];
            at = within(it, at > soonest_after(it, before) ? at : soonest_after(it, before));
        }
        it->life->moment[stage] = before = at;
    }
}

static bool is_before_limit(const struct turning *it, int64_t ms)
{
    return it->life->limit_ms == TIMESTAMP_NONE ||
           it->life->limit_ms > soonest_after(it, life_received(it->day, ms));
}

/* Whose limit begins anew, and how the rules see it then. */
static struct decision decide_again(struct turning *it, const struct order *order)
{
    struct decision decision;
    arena_reset(it->arena);
    decide(&decision, order, it->pool->rules, &it->pool->district,
           life_received(it->day, order->opened_ms), INT64_MAX / 2, it->arena);
    return decision;
}

/* The 街乡 where it is, else the department of its type. */
static struct span other_lead(const struct turning *it)
{
    const struct life *life = it->life;
    const struct district *district = &it->pool->district;
    int64_t day = timestamp_day(life->opened_ms, LIFE_ZONE_MINUTES);
    struct span unit = SPAN_NONE;
    if (life->place != POOL_NONE)
        unit = district_street_unit(district, it->pool->places[life->place].street, day);
    if (unit.len && !span_equal(unit, life->lead))
        return unit;
    if (life->type == POOL_NONE)
        return SPAN_NONE;
    const struct district_type type =
        district_type(district, it->pool->types[life->type].code, day);
    unit = district_department(district, &type, day);
    return unit.len && !span_equal(unit, life->lead) ? unit : SPAN_NONE;
}

static void uphold(struct turning *it, struct span lead)
{
    struct life *life = it->life;
    struct order order = life_order(life, it->pool);
    order.lead = lead;
    order.designated = true;
    order.opened_ms = life->turn.said_ms;
    const struct decision decision = decide_again(it, &order);
    life->turn.kind = TURN_UPHELD;
    life->turn.since_ms = life->turn.said_ms;
    life->turn.first[LIFE_SIGNED] = life->moment[LIFE_SIGNED];
    life->lead = lead;
    life->limit_ms = decision.due_ms;
    go_on(it, LIFE_SIGNED, life->turn.said_ms);
}

static void dispute(struct turning *it)
{
    struct life *life = it->life;
    int64_t asked = behind(it, life->moment[LIFE_SIGNED], 3, 120);
    bool decided = falls(it, TURN_SHARE_DECIDED), upheld = falls(it, TURN_SHARE_UPHELD);
    int64_t said = asked == TIMESTAMP_NONE ? asked : behind(it, asked, 15, 360);
    if (asked == TIMESTAMP_NONE)
        return;
    struct span other = other_lead(it);
    life->turn.kind = TURN_DISPUTED;
    life->turn.asked_ms = asked;
    life->turn.said_ms = said = decided ? said : TIMESTAMP_NONE;
    if (said != TIMESTAMP_NONE && upheld && other.len && is_before_limit(it, said))
        uphold(it, other);
    else
        go_on(it, LIFE_CONTACTED, said);
    review_plan(life, it->day, it->pool);
}

/* A pause moves the limit by its length; one that goes on at the end of the day lets nothing pass.
 */
static void hold(struct turning *it)
{
    struct life *life = it->life;
    int64_t asked = behind(it, life->moment[LIFE_CONTACTED], 5, 120);
    int64_t said = asked == TIMESTAMP_NONE ? asked : behind(it, asked, 15, 360);
    bool resumed = falls(it, TURN_SHARE_RESUMED);
    int64_t ended = said == TIMESTAMP_NONE ? said : behind(it, said, 60, 1440);
    if (asked == TIMESTAMP_NONE || (said != TIMESTAMP_NONE && !is_before_limit(it, said)))
        return;
    life->turn.kind = TURN_HELD;
    life->turn.asked_ms = asked;
    life->turn.said_ms = said;
    life->turn.ended_ms = ended = resumed ? ended : TIMESTAMP_NONE;
    if (ended != TIMESTAMP_NONE) {
        life->turn.since_ms = ended;
        life->limit_ms += life->limit_ms == TIMESTAMP_NONE ? 0 : ended - said;
    } else if (said != TIMESTAMP_NONE) {
        life->limit_ms = TIMESTAMP_NONE;
    }
    go_on(it, LIFE_RESOLVED, ended);
    review_plan(life, it->day, it->pool);
}

/* Of what was done in time: what is asked of a second round is its own limit, by the same lead. */
static void reopen(struct turning *it)
{
    struct life *life = it->life;
    struct order order = life_order(life, it->pool);
    order.opened_ms = life->review.at_ms;
    order.due_ms = TIMESTAMP_NONE; /* the opening's deadline was the first round's */
    order.round = 2;
    const struct decision decision = decide_again(it, &order);
    if (!span_equal(decision.lead, life->lead))
        return;
    life->turn.kind = TURN_REOPENED;
    life->turn.since_ms = life->review.at_ms;
    life->limit_ms = decision.due_ms;
    for (size_t i = 0; i < LIFE_CLOSED; i++)
        life->turn.first[i] = life->moment[i];
    go_on(it, LIFE_SIGNED, life->review.at_ms);
}

/* What was there when the desk said so, a step before it at least. */
static bool is_before(const struct turning *it, int64_t moment, int64_t said)
{
    return moment != TIMESTAMP_NONE && life_step_end(it->day, moment) <= said;
}

static bool may_take(const struct turning *it, const struct life *parent, int64_t said)
{
    int64_t after = soonest_after(it, said);
    bool open = parent->fault == LIFE_SOUND && parent->turn.kind == TURN_NONE &&
                !parent->told[LIFE_RESOLVED] && !parent->told[LIFE_CLOSED] &&
                !span_is(parent->lead, "desk");
    for (enum life_stage stage = LIFE_RESOLVED; stage < LIFE_STAGES; stage++)
        open = open && (parent->moment[stage] == TIMESTAMP_NONE || parent->moment[stage] > after);
    return open;
}

static void merge(struct turning *it)
{
    struct life *life = it->life;
    const struct life *parent = &it->earlier[life->before];
    int64_t said = behind(it, life->sent_ms, 10, 240);
    if (said == TIMESTAMP_NONE || !may_take(it, parent, said) || !is_before_limit(it, said) ||
        is_before(it, life->moment[LIFE_RESOLVED], soonest_after(it, said)))
        return;
    life->turn.kind = TURN_MERGED;
    life->turn.said_ms = said;
    life->turn.parent = life->before;
    life->limit_ms = TIMESTAMP_NONE; /* it is the parent's to do */
    life->review.at_ms = TIMESTAMP_NONE;
    for (size_t i = 0; i < LIFE_STAGES; i++)
        if (!is_before(it, life->moment[i], said))
            life->moment[i] = TIMESTAMP_NONE;
}

static bool may_turn(const struct life *life)
{
    bool told = false;
    for (size_t i = 0; i < LIFE_STAGES; i++)
        told = told || life->told[i];
    return life->fault == LIFE_SOUND && !told && life->moment[LIFE_SIGNED] != TIMESTAMP_NONE &&
           life->corrected_ms == TIMESTAMP_NONE && life->foreign_ms == TIMESTAMP_NONE &&
           life->garbled_ms == TIMESTAMP_NONE && !span_is(life->lead, "desk");
}

static bool may_reopen(const struct turning *it)
{
    const struct life *life = it->life;
    return life->review.at_ms != TIMESTAMP_NONE && life->review.valid && !life->review.solved &&
           is_before_limit(it, life->moment[LIFE_RESOLVED]);
}

void turn_plan(struct life *life, const struct life_day *day, const struct pool *pool,
               const struct life *earlier, struct arena *arena)
{
    struct turning it = {
        life, day, pool, earlier, arena, draw_begin(day->seed ^ STREAM, life->index), {0}};
    bool merges = falls(&it, TURN_SHARE_MERGED), disputes = falls(&it, TURN_SHARE_DISPUTED);
    bool holds = falls(&it, TURN_SHARE_HOLD), reopens = falls(&it, TURN_SHARE_REOPENED);
    if (!may_turn(life))
        return;
    life->turn.lead = life->lead;
    read_gaps(&it);
    if (life->again && merges)
        merge(&it);
    else if (disputes)
        dispute(&it);
    else if (holds && life->moment[LIFE_CONTACTED] != TIMESTAMP_NONE && !life->working)
        hold(&it);
    else if (reopens && may_reopen(&it))
        reopen(&it);
}
