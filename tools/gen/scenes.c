/* SPDX-License-Identifier: Apache-2.0 */
/* Stations whose family is a CSV tell the day's orders at two in the night. What could not be told
 * within the span, or by a station that is silent by then, is told by somebody else instead:
 * nothing is drawn that the span does not see. */
#include "gen/scenes.h"

#include "base/base.h"
#include "base/timestamp.h"

#define SECOND INT64_C(1000)
#define MINUTE (60 * SECOND)
#define HOUR   (60 * MINUTE)
#define DAY    (24 * HOUR)

#define EXPORT_AT    (2 * HOUR) /* and the station's own minutes */
#define HEATING_TIME (14 * HOUR)
#define RAIN_TIME    (5 * HOUR)

/* Of a thousand orders of one day: those of a burst, of the day without heating, of the storm. */
enum { BURST = 60, HEATING = 70, RAIN = 160 };

static int64_t civil_day(int64_t ms)
{
    return (ms + LIFE_ZONE_MINUTES * MINUTE) / DAY;
}

static int64_t midnight(int64_t day)
{
    return day * DAY - LIFE_ZONE_MINUTES * MINUTE;
}

/* A moment of the span: a day of it by its weekday, an hour by the rhythm of days. */
static int64_t time_of_span(struct draw *draw, const struct life_day *day)
{
    static const int weekdays[7] = {100, 97, 80, 68, 115, 100, 100}; /* from Thursday, 1970-01-01 */
    for (;;) {
        int64_t at = day->begins_ms + (int64_t)draw_below(draw, (size_t)day->span.days) * DAY;
        int64_t hour = (int64_t)draw_weighted(draw, life_hours, ARRAY_LENGTH(life_hours));
        int64_t wanted = hour * HOUR + draw_between(draw, 0, HOUR / SECOND - 1) * SECOND;
        int64_t of_day = (at + LIFE_ZONE_MINUTES * MINUTE) % DAY;
        at += (wanted - of_day + DAY) % DAY; /* a span may begin at noon */
        if (draw_below(draw, 115) < (size_t)weekdays[civil_day(at) % 7])
            return at;
    }
}

void scenes_init(struct life_day *day, struct draw *draw, const struct pool *pool)
{
    struct life_span *span = &day->span;
    int64_t whole = day->ends_ms - day->begins_ms, last = span->days - 1;
    span->silent_from_ms = day->begins_ms + whole / 3;
    for (size_t i = 0; i < LIFE_BURSTS; i++)
        day->bursts[i] = (struct life_burst){
            .begins_ms = time_of_span(draw, day),
            .place = draw_below(draw, pool->place_count),
            .type = draw_weighted(draw, pool->mix.weights[MIX_USUAL], pool->type_count)};
    /* Before people get up; the storm in an afternoon, on another day where there is one. */
    int64_t cold = last / 2, wet = last - last / 4;
    span->heating_from_ms = day->begins_ms + cold * DAY + 5 * HOUR;
    span->heating_to_ms = span->heating_from_ms + HEATING_TIME;
    span->heating_place = draw_below(draw, pool->place_count);
    span->rain_from_ms =
        day->begins_ms + wet * DAY + 15 * HOUR + draw_between(draw, 0, 120) * MINUTE;
    span->rain_to_ms = span->rain_from_ms + RAIN_TIME;
    if (span->rain_to_ms > day->ends_ms)
        span->rain_to_ms = day->ends_ms;
}

static enum life_cause draw_cause(struct draw *draw, const struct life_day *day,
                                  const struct pool *pool)
{
    const int share[LIFE_CAUSES] = {
        [LIFE_BURST] = BURST,
        [LIFE_HEATING] = pool->mix.has[MIX_HEATING] ? HEATING : 0,
        [LIFE_RAIN] = pool->mix.has[MIX_RAIN] ? RAIN : 0,
    };
    int64_t at = (int64_t)draw_below(draw, (size_t)day->span.days * 1000);
    for (int cause = LIFE_BURST; cause < LIFE_CAUSES; cause++) {
        at -= share[cause];
        if (at < 0)
            return (enum life_cause)cause;
    }
    return LIFE_USUAL;
}

static void draw_scene(struct life *life, struct draw *draw, const struct life_day *day,
                       const struct pool *pool)
{
    const struct life_span *span = &day->span;
    const struct life_burst *burst = &day->bursts[draw_below(draw, LIFE_BURSTS)];
    life->kind = 2;
    switch (life->cause) {
    case LIFE_BURST:
        life->opened_ms = burst->begins_ms + draw_skewed(draw, 0, 5400) * SECOND;
        life->place = life_neighbour(draw, day, pool, burst->place);
        life->type = burst->type;
        break;
    case LIFE_HEATING:
        life->opened_ms =
            span->heating_from_ms + draw_skewed(draw, 0, HEATING_TIME / SECOND - 1) * SECOND;
        life->place = life_neighbour(draw, day, pool, span->heating_place);
        life->type = draw_weighted(draw, pool->mix.weights[MIX_HEATING], pool->type_count);
        break;
    case LIFE_RAIN:
        life->opened_ms =
            draw_between(draw, span->rain_from_ms / SECOND, span->rain_to_ms / SECOND - 1) * SECOND;
        life->place = life_pick(draw, day, pool->place_count);
        life->type = draw_weighted(draw, pool->mix.weights[MIX_RAIN], pool->type_count);
        break;
    case LIFE_USUAL:
    case LIFE_CAUSES: break;
    }
    if (life->opened_ms >= day->ends_ms)
        life->opened_ms = day->ends_ms - SECOND;
}

/* When the source of a place tells what it knew at that moment. */
static int64_t told_at(const struct pool *pool, size_t place, int64_t opened_ms)
{
    if (place == POOL_NONE || !pool->places[place].csv)
        return opened_ms;
    int64_t night = midnight(civil_day(opened_ms)) + EXPORT_AT +
                    (int64_t)(pool->places[place].station % 40) * MINUTE;
    return night > opened_ms ? night : night + DAY;
}

static bool is_heard(const struct life_day *day, const struct pool *pool, size_t place, int64_t at)
{
    return at < day->ends_ms &&
           (pool->places[place].station != day->silent || at < day->span.silent_from_ms);
}

void scenes_subject(struct life *life, struct draw *draw, const struct life_day *day,
                    const struct pool *pool)
{
    life->kind = draw_weighted(draw, life_kinds, LIFE_KINDS);
    life->opened_ms = time_of_span(draw, day);
    life->place = life_pick(draw, day, pool->place_count);
    life->type = draw_weighted(draw, pool->mix.weights[MIX_USUAL], pool->type_count);
    if (draw_chance(draw, 30))
        life->type = POOL_NONE;
    life->cause = draw_cause(draw, day, pool);
    if (life->cause != LIFE_USUAL)
        draw_scene(life, draw, day, pool);
    else if (draw_chance(draw, 20))
        life->place = POOL_NONE;
    for (size_t i = 0;
         i < pool->place_count && life->place != POOL_NONE &&
         !is_heard(day, pool, life->place, told_at(pool, life->place, life->opened_ms));
         i++)
        life->place = (life->place + 1) % pool->place_count;
    life->sent_ms = told_at(pool, life->place, life->opened_ms);
    life->words = draw_next(draw);
}

int64_t scenes_gap(struct draw *draw, const struct life *life, const struct life_day *day,
                   enum life_stage stage)
{
    static const int64_t medians[LIFE_STAGES] = {25, 90, 30 * 60, 14 * 60}; /* minutes */
    static const int sigmas[LIFE_STAGES] = {900, 1000, 800, 700};
    int64_t median = medians[stage] * MINUTE;
    int64_t given =
        life->limit_ms == TIMESTAMP_NONE ? 0 : life->limit_ms - life_received(day, life->sent_ms);
    if (stage == LIFE_RESOLVED && given > 0)
        median = given * 35 / 100; /* nine of ten in time */
    return draw_lognormal(draw, median / SECOND, sigmas[stage]) * SECOND;
}

int scenes_goes_on(enum life_stage stage)
{
    static const int share[LIFE_STAGES] = {985, 980, 960, 970};
    return share[stage];
}
