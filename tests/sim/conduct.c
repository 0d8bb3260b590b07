/* SPDX-License-Identifier: Apache-2.0 */
#include "conduct.h"

#include <string.h>

#include "base/base.h"
#include "router/core/case_pack.h"

#define MOST_RECORDS 4000 /* that one step may lead to */

void conduct_init(struct conduct *conduct, const struct case_flow_rules *rules)
{
    conduct->rules = rules;
    arena_init(&conduct->arena, 1 << 20);
}

void conduct_fini(struct conduct *conduct)
{
    arena_fini(&conduct->arena);
}

/* Who leads now, by what the router has saved. */
static void look_up_lead(struct conduct *conduct, const struct step *step,
                         const struct world *world)
{
    char subject[64], *now = conduct->leads[step->case_number][0];
    struct case_set set;
    static struct case_fold fold;
    struct span state = world_state(world, life_subject(subject, step->kind, step->case_number));
    arena_reset(&conduct->arena);
    if (!state.at || !case_pack_read(&set, state, &conduct->arena))
        return;
    case_fold(&fold, &set, step->kind, conduct->rules->codes);
    if (!fold.lead.len || span_is(fold.lead, now))
        return;
    memcpy(conduct->leads[step->case_number][1], now, sizeof conduct->leads[0][1]);
    span_to_cstr(fold.lead, now, sizeof conduct->leads[0][0]);
}

static struct span unit_of(struct conduct *conduct, const struct step *step,
                           const struct world *world)
{
    char(*leads)[64] = conduct->leads[step->case_number];
    switch (step->unit) {
    case UNIT_LEAD: look_up_lead(conduct, step, world); return span_of(leads[0]);
    case UNIT_FORMER: return span_of(leads[1]);
    case UNIT_OTHER: return SPAN("d_enforce");
    case UNIT_DESK: return SPAN("desk");
    case UNIT_UNKNOWN: return SPAN("nobody_x");
    case UNIT_NONE:
    case UNIT_FORMS: break;
    }
    return SPAN_NONE;
}

static void word(struct conduct *conduct, const struct step *step, struct world *world,
                 struct conduct_told *told)
{
    char subject[64], text[4096];
    struct strbuf buf = {.at = text, .capacity = sizeof text, .max = sizeof text - 1};
    struct span unit = step->what == STEP_TELL ? unit_of(conduct, step, world) : SPAN_NONE;
    life_write_event(&buf, step, unit.len ? unit : SPAN_NONE, conduct->rules->codes);
    told->key = world_keep(world, step->what == STEP_TELL
                                      ? life_subject(subject, step->kind, step->case_number)
                                      : life_observed(step));
    told->value = world_keep(world, strbuf_span(&buf));
}

static bool is_told(const struct step *step)
{
    return step->what == STEP_TELL || step->what == STEP_OBSERVE;
}

bool conduct_first(struct conduct *conduct, const struct life *life, struct world *world)
{
    memset(conduct->leads, 0, sizeof conduct->leads);
    world->faithless = true;
    world->batch = SIZE_MAX;
    for (size_t i = 0; i < life->count; i++) {
        const struct step *step = &life->steps[i];
        if (is_told(step)) {
            word(conduct, step, world, &conduct->told[i]);
            world_tell(world, conduct->told[i].key, conduct->told[i].value, i);
        } else if (step->what == STEP_TICK) {
            world_tick(world, LIFE_BEGINS + 1000 * step->at);
        } else {
            continue;
        }
        if (!world_settle(world, MOST_RECORDS))
            return false;
    }
    return true;
}

static struct world_fault fault_of(const struct step *step)
{
    return (struct world_fault){.kind = step->what == STEP_KILL   ? FAULT_KILL
                                        : step->what == STEP_MOVE ? FAULT_MOVE
                                                                  : FAULT_COMMIT,
                                .part = step->part % WORLD_ALL,
                                .after = (size_t)step->after};
}

/* A tick overtakes nothing that is there already (contracts §5), so all is read before it. */
bool conduct_again(const struct conduct *conduct, const struct life *life, struct world *world,
                   const bool *without)
{
    world->faithless = false;
    world->batch = (size_t)life->batch;
    world->compacted = life->compacted;
    for (size_t i = 0; i < life->count; i++) {
        const struct step *step = &life->steps[i];
        if (without && without[i])
            continue;
        if (is_told(step)) {
            world_tell(world, conduct->told[i].key, conduct->told[i].value, i);
            if (!life->hurry && !world_settle(world, MOST_RECORDS))
                return false;
        } else if (step->what == STEP_TICK) {
            if (!world_settle(world, MOST_RECORDS))
                return false;
            world_tick(world, LIFE_BEGINS + 1000 * step->at);
            if (!world_settle(world, MOST_RECORDS))
                return false;
        } else {
            world_await(world, fault_of(step));
        }
    }
    return world_settle(world, MOST_RECORDS);
}
