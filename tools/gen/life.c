/* SPDX-License-Identifier: Apache-2.0 */
/* Draws come in a fixed order, so a seed means the same day for ever. Who leads is asked of the
 * router's own decide(): units report on what is really theirs. */
#include "gen/life.h"

#include "base/base.h"
#include "base/timestamp.h"
#include "gen/again.h"
#include "gen/review.h"
#include "gen/scenes.h"
#include "gen/turn.h"

#define SECOND INT64_C(1000)
#define MINUTE (60 * SECOND)
#define HOUR   (60 * MINUTE)

/* Calls by the hour of the civil day. */
const int life_hours[24] = {2,  1,  1,  1,  1,  2,  4,  8,  13, 16, 15, 12,
                            10, 11, 13, 14, 13, 11, 10, 10, 9,  7,  5,  3};
/* 咨询 求助 投诉 举报 建议 表扬, as item.c names them */
const int life_kinds[LIFE_KINDS] = {20, 30, 35, 5, 7, 3};

static bool is_light(size_t kind)
{
    return kind == 0 || kind >= 4; /* may be answered by the hotline itself */
}

int64_t life_step_end(const struct life_day *day, int64_t ms)
{
    return ms - ms % day->step_ms + day->step_ms;
}

int64_t life_received(const struct life_day *day, int64_t ms)
{
    int64_t end = life_step_end(day, ms);
    return end > day->clock_ms ? end : day->clock_ms;
}

/* The permutation spreads the busiest over the whole list. */
size_t life_pick(struct draw *draw, const struct life_day *day, size_t count)
{
    size_t at = (size_t)draw_skewed(draw, 0, (int64_t)count - 1);
    return (at * 7919 + (size_t)(day->seed % count)) % count;
}

static size_t not_silent(const struct life_day *day, const struct pool *pool, size_t place)
{
    while (pool->places[place].station == day->silent)
        place = (place + 1) % pool->place_count;
    return place;
}

/* A community of the same street, nearby in the registry. */
size_t life_neighbour(struct draw *draw, const struct life_day *day, const struct pool *pool,
                      size_t place)
{
    for (int i = 0; i < 8; i++) {
        size_t other = place + (size_t)draw_between(draw, 0, 12);
        if (other < 6 || (other -= 6) >= pool->place_count)
            continue;
        if (span_equal(pool->places[other].street, pool->places[place].street) &&
            pool->places[other].station != day->silent)
            return other;
    }
    return place;
}

static int64_t time_of_day(struct draw *draw, const struct life_day *day)
{
    int64_t hour = (int64_t)draw_weighted(draw, life_hours, ARRAY_LENGTH(life_hours));
    int64_t wanted = hour * HOUR + draw_between(draw, 0, HOUR / SECOND - 1) * SECOND;
    int64_t begins = (day->begins_ms + LIFE_ZONE_MINUTES * MINUTE) % (24 * HOUR);
    int64_t after = (wanted - begins + 24 * HOUR) % (24 * HOUR);
    return day->begins_ms + after % (day->ends_ms - day->begins_ms);
}

void life_day_init(struct life_day *day, const struct pool *pool)
{
    struct draw draw = draw_begin(day->seed, UINT64_MAX);
    day->silent = draw_below(&draw, pool->station_count);
    if (day->span.days) {
        scenes_init(day, &draw, pool);
        return;
    }
    for (size_t i = 0; i < LIFE_BURSTS; i++)
        day->bursts[i] = (struct life_burst){
            .begins_ms = time_of_day(&draw, day),
            .place = not_silent(day, pool, draw_below(&draw, pool->place_count)),
            .type = draw_below(&draw, pool->type_count)};
}

/* Where, what and when: one of the day's bursts, or a call like any other. */
static void draw_subject(struct life *life, struct draw *draw, const struct life_day *day,
                         const struct pool *pool)
{
    life->kind = draw_weighted(draw, life_kinds, LIFE_KINDS);
    life->opened_ms = time_of_day(draw, day);
    life->place = not_silent(day, pool, life_pick(draw, day, pool->place_count));
    life->type = draw_chance(draw, 30) ? POOL_NONE : life_pick(draw, day, pool->type_count);
    if (draw_chance(draw, 100)) {
        const struct life_burst *burst = &day->bursts[draw_below(draw, LIFE_BURSTS)];
        int64_t at = burst->begins_ms + draw_skewed(draw, 0, 5400) * SECOND;
        life->kind = 2;
        life->opened_ms = at < day->ends_ms ? at : day->ends_ms - SECOND;
        life->place = life_neighbour(draw, day, pool, burst->place);
        life->type = burst->type;
        life->cause = LIFE_BURST;
    } else if (draw_chance(draw, 20)) {
        life->place = POOL_NONE;
    }
    life->words = draw_next(draw);
}

struct order life_order(const struct life *life, const struct pool *pool)
{
    struct order order = {.opened_ms = life->opened_ms, .due_ms = life->due_ms};
    if (life->type != POOL_NONE)
        order.type_code = pool->types[life->type].code;
    if (life->place != POOL_NONE) {
        order.community_code = pool->places[life->place].code;
        order.street_code = pool->places[life->place].street;
    }
    if (life->names_lead)
        order.lead = life->lead;
    return order;
}

static void ask_router(struct life *life, const struct life_day *day, const struct pool *pool,
                       struct arena *arena)
{
    struct decision decision;
    const struct order order = life_order(life, pool);
    arena_reset(arena);
    decide(&decision, &order, pool->rules, &pool->district, life_received(day, life->sent_ms),
           INT64_MAX / 2, arena);
    life->lead = decision.lead;
    life->limit_ms = decision.due_ms;
    const struct rule_class *class = rules_class(pool->rules, decision.limit_class);
    life->working = class && class->limit.clock == LIMIT_WORKING;
}

/* The city names a lead for one order in four, now and then another one than we would. */
static void draw_lead(struct life *life, struct draw *draw, const struct life_day *day,
                      const struct pool *pool, struct arena *arena)
{
    bool named = draw_chance(draw, 250), other = draw_chance(draw, 100);
    size_t unit = draw_below(draw, pool->unit_count);
    int64_t limit = draw_between(draw, 1, 7) * 24 * HOUR;
    int64_t short_limit = draw_between(draw, 60, 300) * MINUTE;
    if (draw_chance(draw, 60))
        life->due_ms = life->opened_ms + short_limit;
    else if (named)
        life->due_ms = life->opened_ms + limit;
    ask_router(life, day, pool, arena);
    named = named && !span_is(life->lead, "desk");
    if (!named)
        return;
    life->names_lead = true;
    if (other)
        life->lead = pool->units[unit];
    ask_router(life, day, pool, arena);
}

/* The next stage, in a later step than the one before; *before moves on to it. */
static void add_stage(struct life *life, const struct life_day *day, enum life_stage stage,
                      int64_t delay_ms, int64_t *before)
{
    int64_t at = *before + delay_ms, soonest = life_step_end(day, *before) + SECOND;
    if (at < soonest)
        at = soonest;
    *before = at;
    if (at >= day->ends_ms)
        return;
    bool late = at <= day->clock_ms;
    if (late && stage < LIFE_RESOLVED)
        return; /* nobody but the unit would have told us */
    life->moment[stage] = at;
    life->told[stage] = late;
}

static void draw_stages(struct life *life, struct draw *draw, const struct life_day *day)
{
    static const int64_t least[] = {2, 5, 20, 15}, most[] = {120, 300, 1200, 360}; /* minutes */
    static const int goes_on[] = {940, 930, 850, 880};
    bool direct = is_light(life->kind) && draw_chance(draw, 400);
    bool desk = span_is(life->lead, "desk");
    int64_t before = life->sent_ms;
    for (enum life_stage stage = LIFE_SIGNED; stage < LIFE_STAGES; stage++) {
        int64_t delay = day->span.days
                            ? scenes_gap(draw, life, day, stage)
                            : draw_skewed(draw, least[stage] * 60, most[stage] * 60) * SECOND;
        bool on = draw_chance(draw, day->span.days ? scenes_goes_on(stage) : goes_on[stage]);
        if ((direct || desk) && stage != LIFE_CLOSED)
            continue; /* the desk's own work is not played */
        if (!on || (desk && !direct))
            break;
        add_stage(life, day, stage, delay, &before);
    }
}

/* A moment of a later step within the day, or none. */
static int64_t later(struct draw *draw, const struct life_day *day, const struct life *life,
                     bool wanted)
{
    int64_t at = life_step_end(day, life->sent_ms) + SECOND +
                 draw_skewed(draw, 0, 6 * HOUR / SECOND) * SECOND;
    return wanted && at < day->ends_ms ? at : TIMESTAMP_NONE;
}

static void draw_accidents(struct life *life, struct draw *draw, const struct life_day *day,
                           const struct pool *pool)
{
    life->repeated_ms = later(draw, day, life, draw_chance(draw, 20));
    life->corrected_ms = later(draw, day, life, draw_chance(draw, 30));
    life->foreign_ms = later(draw, day, life, draw_chance(draw, 4));
    life->garbled_ms = later(draw, day, life, draw_chance(draw, 3));
    life->corrected_kind = draw_below(draw, LIFE_KINDS);
    life->corrected_place =
        life->place == POOL_NONE ? POOL_NONE : life_neighbour(draw, day, pool, life->place);
    life->foreign = pool->units[draw_below(draw, pool->unit_count)];
    if (span_equal(life->foreign, life->lead) || life->foreign_ms <= day->clock_ms)
        life->foreign_ms = TIMESTAMP_NONE;
    if (life->garbled_ms <= day->clock_ms)
        life->garbled_ms = TIMESTAMP_NONE;
    if (draw_chance(draw, 12)) {
        size_t faults = LIFE_FAULTS - (life->csv ? 1 : 2);
        life->fault = LIFE_BAD_KIND + (enum life_fault)draw_below(draw, faults);
        life->repeated_ms = life->corrected_ms = TIMESTAMP_NONE;
    }
}

void life_plan(struct life *life, const struct life_day *day, const struct pool *pool, size_t index,
               const struct life *earlier, bool turns, struct arena *arena)
{
    struct draw draw = draw_begin(day->seed, index);
    *life = (struct life){.index = index, .due_ms = TIMESTAMP_NONE};
    for (size_t i = 0; i < LIFE_STAGES; i++)
        life->moment[i] = TIMESTAMP_NONE;
    turn_none(life);
    if (day->span.days) {
        scenes_subject(life, &draw, day, pool);
    } else {
        draw_subject(life, &draw, day, pool);
        life->sent_ms = life->opened_ms;
    }
    again_subject(life, day, pool, earlier);
    life->csv = day->csv && life->place != POOL_NONE && pool->places[life->place].csv;
    draw_lead(life, &draw, day, pool, arena);
    draw_stages(life, &draw, day);
    draw_accidents(life, &draw, day, pool);
    /* A row that tells of an end names who brought it about. */
    if (life->told[LIFE_RESOLVED] || life->told[LIFE_CLOSED]) {
        life->names_lead = !span_is(life->lead, "desk");
        life->limit_ms = life->due_ms;
        life->corrected_ms = TIMESTAMP_NONE;
    }
    review_plan(life, day, pool);
    if (turns)
        turn_plan(life, day, pool, earlier, arena);
}

size_t life_events(const struct life *life)
{
    size_t events = 1 + (life->foreign_ms != TIMESTAMP_NONE);
    events += life->review.at_ms != TIMESTAMP_NONE;
    events += turn_events(life);
    for (size_t i = 0; i < LIFE_STAGES; i++)
        events += life->moment[i] != TIMESTAMP_NONE;
    return life->fault == LIFE_SOUND ? events : 0;
}

void life_trim(struct life *life, size_t events)
{
    if (life_events(life) > events)
        life->foreign_ms = TIMESTAMP_NONE;
    if (life_events(life) > events)
        life->review.at_ms = TIMESTAMP_NONE;
    for (size_t i = LIFE_STAGES; i > 0 && life_events(life) > events; i--) {
        life->moment[i - 1] = TIMESTAMP_NONE;
        life->told[i - 1] = false;
    }
}

/* The router's timer fires on the first tick that is not before the deadline and after the
 * dispatch, unless the end came with an earlier step. */
bool life_overdue(const struct life *life, const struct life_day *day, int64_t last_ms)
{
    bool anew = life->turn.since_ms != TIMESTAMP_NONE;
    int64_t received = life_received(day, anew ? life->turn.since_ms : life->sent_ms);
    int64_t fires = life_step_end(day, received);
    if (life->fault != LIFE_SOUND || life->limit_ms == TIMESTAMP_NONE)
        return false;
    if (life->limit_ms > received)
        fires = life_step_end(day, life->limit_ms - 1);
    for (enum life_stage stage = LIFE_RESOLVED; stage <= LIFE_CLOSED; stage++) {
        int64_t at = life->moment[stage];
        if (at != TIMESTAMP_NONE && (life->told[stage] || life_received(day, at) < fires))
            return false;
    }
    return fires <= last_ms;
}
