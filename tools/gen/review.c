/* SPDX-License-Identifier: Apache-2.0 */
/* Nobody is called at night. How many are content hangs on the unit, and on whether it was in time:
 * so units differ, and a tier is not the same for all. Whom the centre employs is not told. */
#include "gen/review.h"

#include "base/timestamp.h"

#define SECOND INT64_C(1000)
#define HOUR   (3600 * SECOND)
#define DAY    (24 * HOUR)

#define OPENS  (9 * HOUR)
#define CLOSES (20 * HOUR)

/* Of a thousand: orders called back, of these somebody answered; of those where the unit said that
 * it had spoken to the resident and where it had not, who says so too. */
enum { CALLED = 850, VALID = 840, CONTACTED = 970, NOT_CONTACTED = 450, LATE = 150 };

/* The unit's own share of what is really done. */
static int done_share(struct span unit)
{
    uint64_t hash = UINT64_C(14695981039346656037);
    for (size_t i = 0; i < unit.len; i++)
        hash = (hash ^ (unsigned char)unit.at[i]) * UINT64_C(1099511628211);
    struct draw draw = draw_begin(hash, 0);
    return (int)draw_between(&draw, 660, 960);
}

/* At that moment, or when the centre opens next. */
static int64_t office_hour(int64_t ms)
{
    int64_t of_day = (ms + LIFE_ZONE_MINUTES * 60 * SECOND) % DAY;
    if (of_day >= OPENS && of_day < CLOSES)
        return ms;
    return ms - of_day + (of_day < OPENS ? 0 : DAY) + OPENS + of_day % HOUR;
}

static void draw_answers(struct life_review *review, struct draw *draw, const struct life *life)
{
    static const int content[2][3] = {{8, 27, 65}, {78, 17, 5}}; /* 满意 基本满意 不满意 */
    bool late = life->limit_ms != TIMESTAMP_NONE && life->moment[LIFE_RESOLVED] > life->limit_ms;
    bool told = life->moment[LIFE_CONTACTED] != TIMESTAMP_NONE;
    review->valid = draw_chance(draw, VALID);
    review->contacted = draw_chance(draw, told ? CONTACTED : NOT_CONTACTED);
    review->solved = draw_chance(draw, done_share(life->lead) - (late ? LATE : 0));
    review->satisfaction = draw_weighted(draw, content[review->solved], 3);
}

void review_plan(struct life *life, const struct life_day *day, const struct pool *pool)
{
    struct draw draw = draw_begin(~day->seed, life->index);
    int64_t resolved = life->moment[LIFE_RESOLVED];
    life->review.at_ms = TIMESTAMP_NONE;
    if (!pool->calls_back || resolved == TIMESTAMP_NONE || life->fault != LIFE_SOUND ||
        !draw_chance(&draw, CALLED))
        return;
    int64_t wait = day->span.days ? draw_lognormal(&draw, 20 * HOUR / SECOND, 600)
                                  : draw_skewed(&draw, 1800, 6 * HOUR / SECOND);
    int64_t at = resolved + wait * SECOND, soonest = life_step_end(day, resolved) + SECOND;
    at = office_hour(at < soonest ? soonest : at);
    if (at >= day->ends_ms || at <= day->clock_ms)
        return;
    life->review.at_ms = at;
    draw_answers(&life->review, &draw, life);
}

static void add_time(struct row *row, const char *name, int64_t ms)
{
    struct civil civil;
    timestamp_to_civil(ms, LIFE_ZONE_MINUTES, &civil);
    row_addf(row, name, "%04d-%02d-%02d %02d:%02d:%02d", civil.year, civil.month, civil.day,
             civil.hour, civil.minute, civil.second);
}

static struct span answer(const struct life_review *review, bool yes)
{
    return !review->valid ? SPAN_NONE : yes ? SPAN("是") : SPAN("否");
}

void review_fill(struct row *row, const char *number, const struct life *life)
{
    static const char *const words[] = {"满意", "基本满意", "不满意"};
    const struct life_review *review = &life->review;
    row_reset(row);
    row_add(row, "工单编号", span_of(number));
    row_addf(row, "回访编号", "HF%s-1", number);
    add_time(row, "回访时间", review->at_ms);
    row_add(row, "回访方式", SPAN("电话"));
    row_add(row, "是否有效回访", review->valid ? SPAN("是") : SPAN("否"));
    row_add(row, "是否联系", answer(review, review->contacted));
    row_add(row, "是否解决", answer(review, review->solved));
    row_add(row, "是否满意", review->valid ? span_of(words[review->satisfaction]) : SPAN_NONE);
    bool again = life->turn.kind == TURN_REOPENED;
    row_add(row, "是否重办", again ? SPAN("是") : SPAN_NONE);
    row_add(row, "重办次数", again ? SPAN("1") : SPAN_NONE);
    row_add(row, "回访人", SPAN_NONE);
    row_add(row, "回访号码", SPAN_NONE);
    row_add(row, "回访备注", SPAN_NONE);
    add_time(row, "更新时间", review->at_ms);
}
