/* SPDX-License-Identifier: Apache-2.0 */
/* Who had the duty and has it no more is told so: a unit that reads its orders must learn that one
 * was taken back, and the newest row of a case is all that it reads. */
#include "aggregator/core/case_now.h"

#include <stdio.h>
#include <string.h>

#include "base/base.h"
#include "base/memory.h"
#include "base/strbuf.h"
#include "model/case_clock.h"
#include "model/case_stage.h"
#include "model/desk.h"

#define MOST_PAST  16
#define MOST_BYTES 8192

struct helpers {
    struct span past[MOST_PAST]; /* units */
    size_t past_count;
    struct strbuf units, json;
};

static const char *state_of(const struct case_fold *fold)
{
    if (fold->closed)
        return "closed";
    if (fold->parent.at)
        return "merged";
    if (fold->resolution_ms != TIMESTAMP_NONE)
        return "resolved";
    if (fold->held)
        return "held";
    return fold->lead.len ? "open" : "waiting";
}

static void add_helper(struct helpers *helpers, struct span unit, const char *role)
{
    strbuf_addf(&helpers->units, "%s%.*s", helpers->units.len ? "," : "", SPAN_ARG(unit));
    strbuf_addf(&helpers->json, "%s{\"unit\":", helpers->json.len ? "," : "[");
    strbuf_add_json(&helpers->json, unit);
    strbuf_addf(&helpers->json, ",\"role\":\"%s\"", role);
}

static void add_co(struct helpers *helpers, const struct case_co *co)
{
    add_helper(helpers, co->unit, "co");
    if (co->due_ms != TIMESTAMP_NONE)
        strbuf_addf(&helpers->json, ",\"due_ms\":%lld", (long long)co->due_ms);
    if (co->told_id.at) {
        strbuf_add(&helpers->json, SPAN(",\"order\":"));
        strbuf_add_json(&helpers->json, co->told_id);
    }
    strbuf_addf(&helpers->json, ",\"reported\":%s}",
                co->reported_ms == TIMESTAMP_NONE ? "false" : "true");
}

static bool has_part(const struct case_fold *fold, struct span unit)
{
    if (span_equal(fold->lead, unit) || case_fold_co(fold, unit))
        return true;
    for (size_t i = 0; i < fold->sub_count; i++)
        if (span_equal(fold->subs[i], unit))
            return true;
    return false;
}

static void note_past(struct helpers *helpers, const struct case_fold *fold, struct span unit)
{
    if (!unit.len || has_part(fold, unit) || helpers->past_count == MOST_PAST)
        return;
    for (size_t i = 0; i < helpers->past_count; i++)
        if (span_equal(helpers->past[i], unit))
            return;
    helpers->past[helpers->past_count++] = unit;
}

/* Whoever was told of it by us, newest first. */
static void find_past(struct helpers *helpers, const struct case_set *set,
                      const struct case_fold *fold, const struct case_kind *kind)
{
    for (size_t i = set->count; i-- > 0;) {
        const struct case_line *line = &set->lines[i];
        int index = case_kind_stage_number(kind, line->stage);
        if (index < 0 || fold->effect[i] != LINE_COUNTS)
            continue;
        if (kind->stages[index].meaning == MEANS_DISPATCHED)
            note_past(helpers, fold, line->attribute[CASE_LEAD]);
        if (kind->stages[index].meaning == MEANS_CO_ASSIGNED ||
            kind->stages[index].meaning == MEANS_WHISTLE_BLOWN)
            note_past(helpers, fold, line->attribute[CASE_CO]);
    }
}

static bool write_helpers(struct case_now *now, struct helpers *helpers,
                          const struct case_fold *fold, struct arena *arena)
{
    if (fold->co_count + fold->sub_count + helpers->past_count == 0)
        return true;
    strbuf_init(&helpers->units, 64, MOST_BYTES);
    strbuf_init(&helpers->json, 256, MOST_BYTES);
    for (size_t i = 0; i < fold->co_count; i++)
        add_co(helpers, &fold->co[i]);
    for (size_t i = 0; i < fold->sub_count; i++) {
        add_helper(helpers, fold->subs[i], "sub");
        strbuf_add_char(&helpers->json, '}');
    }
    for (size_t i = 0; i < helpers->past_count; i++) {
        add_helper(helpers, helpers->past[i], "past");
        strbuf_add_char(&helpers->json, '}');
    }
    strbuf_add_char(&helpers->json, ']');
    now->units = arena_copy(arena, strbuf_span(&helpers->units));
    now->helpers = arena_copy(arena, strbuf_span(&helpers->json));
    strbuf_fini(&helpers->units);
    strbuf_fini(&helpers->json);
    return now->units.at && now->helpers.at;
}

static int64_t changed_of(const struct case_set *set)
{
    int64_t newest = TIMESTAMP_NONE;
    for (size_t i = 0; i < set->count; i++)
        newest = set->lines[i].recorded_ms > newest ? set->lines[i].recorded_ms : newest;
    return newest;
}

struct moments {
    char text[CASE_FOLD_MOST_UPHELD * SPAN_DECIMAL];
    size_t len;
};
_Static_assert(CASE_FOLD_MOST_FORMER + 1 <= CASE_FOLD_MOST_UPHELD, "room for each round's");

static void add_moment(struct moments *moments, int64_t ms)
{
    if (ms != TIMESTAMP_NONE)
        moments->len +=
            (size_t)snprintf(moments->text + moments->len, sizeof moments->text - moments->len,
                             "%s%lld", moments->len ? "," : "", (long long)ms);
}

static struct span moments_text(const struct moments *moments, struct arena *arena)
{
    return moments->len ? arena_copy(arena, span_from(moments->text, moments->len)) : SPAN_NONE;
}

/* What flows by these count, and of what counts as a double nothing (core/contribution.c). */
struct case_moments case_now_moments(const struct case_fold *fold, const struct case_kind *kind,
                                     struct arena *arena)
{
    struct moments reopened = {.len = 0}, upheld = {.len = 0};
    int index = case_kind_stage(kind, SPAN("reopened"));
    if (fold->same_as.at)
        return (struct case_moments){SPAN_NONE, SPAN_NONE};
    for (size_t i = 0; index >= 0 && i < fold->former_count; i++)
        add_moment(&reopened, fold->former[i].stage_ms[index]);
    if (index >= 0)
        add_moment(&reopened, fold->stage_ms[index]);
    for (size_t i = 0; i < fold->upheld_count; i++)
        add_moment(&upheld, fold->upheld_at[i].ms);
    return (struct case_moments){moments_text(&reopened, arena), moments_text(&upheld, arena)};
}

/* A kept field's text, by the name it has in codes.csv. */
static struct span field_of(const struct case_fold *fold, const struct codes *codes,
                            const char *name)
{
    const struct span *names = codes_fields(codes);
    for (size_t i = 0; i < CODES_MOST_FIELDS; i++)
        if (names[i].at && span_is(names[i], name))
            return fold->field[i];
    return SPAN_NONE;
}

/* Of what it leads it is asked what its order says, overdue or not; of the others what a move puts
 * to it. */
static struct span desk_cause_now(const struct case_set *set, const struct case_fold *fold,
                                  const struct case_kind *kind)
{
    struct desk_duty duty = desk_duty(set, fold, kind);
    struct span own = desk_of_its_own(set, fold);
    bool moved = duty.cause != DESK_NOTHING && (duty.cause != DESK_OVERDUE || !own.at);
    return moved ? span_of(desk_row(duty.cause)->code) : own;
}

static void take_texts(struct case_now *now, const struct case_set *set,
                       const struct case_fold *fold, const struct case_kind *kind,
                       const struct codes *codes)
{
    int stage = case_stage(set, fold, kind);
    now->stage = stage >= 0 ? span_of(kind->stages[stage].name) : SPAN_NONE;
    now->state = span_of(state_of(fold));
    now->lead = fold->lead;
    now->desk_cause = desk_cause_now(set, fold, kind);
    now->type_code = fold->type_code;
    now->street_code = fold->street_code;
    now->community_code = fold->community_code;
    now->limit_class = fold->limit_class;
    now->rule = fold->rule;
    now->station = field_of(fold, codes, "station");
    now->order_id = fold->dispatched_id;
    now->parent = fold->parent;
}

bool case_now_of(struct case_now *now, const struct case_set *set, const struct case_fold *fold,
                 const struct case_kind *kind, const struct codes *codes, struct arena *arena)
{
    struct helpers helpers = {.past_count = 0};
    *now = (struct case_now){.opened_ms = fold->opened_ms,
                             .dispatched_ms = fold->dispatched_ms,
                             .due_ms = case_clock_limit_ms(fold),
                             .held_ms = case_clock_held_ms(fold),
                             .resolved_ms = fold->resolution_ms,
                             .closed_ms = fold->closed ? fold->closure_ms : TIMESTAMP_NONE,
                             .changed_ms = changed_of(set),
                             .rounds = fold->rounds,
                             .disputes = fold->disputes,
                             .live = !fold->quiet};
    take_texts(now, set, fold, kind, codes);
    struct case_moments moments = case_now_moments(fold, kind, arena);
    now->reopened_at = moments.reopened_at;
    now->upheld_at = moments.upheld_at;
    find_past(&helpers, set, fold, kind);
    return write_helpers(now, &helpers, fold, arena);
}
