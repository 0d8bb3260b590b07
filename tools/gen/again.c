/* SPDX-License-Identifier: Apache-2.0 */
/* The time stays the repeat's own, so the rhythm of days does too: it is the earlier order that is
 * looked for. Not among those of a CSV: an export has neither a mark nor the caller's sign. */
#include "gen/again.h"

#include "base/timestamp.h"

#define HOUR  INT64_C(3600000)
#define SOON  (2 * HOUR)       /* nobody asks again before that */
#define LATE  (30 * 24 * HOUR) /* and whoever does later is not taken for the same */
#define TRIES 16

/* Of a thousand usual orders those whose caller would; some find nothing to come back to. So four
 * in a hundred are told again: a believable share, nobody has published one. */
#define WOULD 50

static bool is_heard(const struct life_day *day, const struct pool *pool, const struct life *life,
                     size_t place)
{
    return pool->places[place].station != day->silent ||
           (day->span.days && life->opened_ms < day->span.silent_from_ms);
}

/* 求助, 投诉 and 举报 that were taken; what cannot be said is no matter to come back to. */
static bool may_return(const struct life *first, const struct life *life,
                       const struct life_day *day, const struct pool *pool)
{
    int64_t passed = life->opened_ms - first->opened_ms;
    return first->fault == LIFE_SOUND && first->kind >= 1 && first->kind <= 3 &&
           first->type != POOL_NONE && first->place != POOL_NONE &&
           !pool->places[first->place].csv && passed >= SOON && passed <= LATE &&
           is_heard(day, pool, life, first->place);
}

void again_subject(struct life *life, const struct life_day *day, const struct pool *pool,
                   const struct life *earlier)
{
    struct draw draw = draw_begin(day->seed, UINT64_MAX - 1 - life->index);
    if (life->cause != LIFE_USUAL || !draw_chance(&draw, WOULD))
        return;
    for (int i = 0; i < TRIES && life->index > 0 && !life->again; i++) {
        const struct life *first = &earlier[draw_below(&draw, life->index)];
        if (!may_return(first, life, day, pool))
            continue;
        life->again = true;
        life->before = first->index;
        life->kind = first->kind;
        life->place = first->place;
        life->type = first->type;
        life->words = first->words; /* the same person, the same spot */
        life->sent_ms = life->opened_ms;
    }
}
