/* SPDX-License-Identifier: Apache-2.0 */
#include "trial.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

void trial_init(struct trial *trial, const struct case_flow_rules *rules, struct cover *cover)
{
    trial->cover = cover;
    trial->blind = xcalloc(1, sizeof *trial->blind);
    conduct_init(&trial->conduct, rules);
    laws_init(&trial->laws, rules, cover);
    world_init(&trial->calm, rules);
    world_init(&trial->rough, rules);
}

void trial_fini(struct trial *trial)
{
    conduct_fini(&trial->conduct);
    laws_fini(&trial->laws);
    world_fini(&trial->calm);
    world_fini(&trial->rough);
    free(trial->blind);
}

static bool ends(struct trial *trial, bool ended)
{
    return ended || laws_fail(&trial->laws, SPAN("log"), "it does not end");
}

/* Without the steps that never had an effect everything is said alike. */
static bool hold_without(struct trial *trial, const struct life *life)
{
    static bool idle[LIFE_MOST_STEPS];
    if (!laws_idle(&trial->laws, idle))
        return true;
    cover_word(trial->laws.cover, COVER_ASIDE_LEFT_OUT);
    world_begin(&trial->rough);
    return ends(trial, conduct_again(&trial->conduct, life, &trial->rough, idle)) &&
           laws_compare(&trial->laws, &trial->calm, &trial->rough, ALIKE_LESSER);
}

/* What cases of several partitions tell each other within one hurry comes in any order. */
static enum laws_alike how_alike(const struct trial *trial, const struct life *life)
{
    int merged = codes_number(trial->conduct.rules->codes, CODE_STAGE, SPAN("merged"));
    for (size_t i = 0; life->hurry && i < life->count; i++)
        if (life->steps[i].what == STEP_TELL && life->steps[i].stage == merged)
            return ALIKE_AT_REST;
    return life->hurry ? ALIKE_IN_A_HURRY : ALIKE_ALL;
}

bool trial_hold(struct trial *trial, const struct life *life)
{
    struct laws *laws = &trial->laws;
    laws->why[0] = '\0';
    world_begin(&trial->calm);
    if (!ends(trial, conduct_first(&trial->conduct, life, &trial->calm)) ||
        !laws_read(laws, &trial->calm))
        return false;
    world_begin(&trial->rough);
    if (!ends(trial, conduct_again(&trial->conduct, life, &trial->rough, NULL)) ||
        !laws_compare(laws, &trial->calm, &trial->rough, how_alike(trial, life)))
        return false;
    if (life->seed % 4 == 0 && !life->hurry && !hold_without(trial, life))
        return false;
    return laws_repeat(laws, &trial->calm);
}

/* Which law: what stands between the case and the particulars. */
static struct span law_of(const char *why)
{
    struct span rest = span_of(why);
    (void)span_cut(&rest, ' ');
    return rest.at ? span_from(rest.at, rest.len < 18 ? rest.len : 18) : span_of(why);
}

static bool still_breaks(struct trial *trial, const struct life *life, size_t from, size_t count)
{
    static struct life shorter;
    char law[32];
    span_to_cstr(law_of(trial->laws.why), law, sizeof law);
    shorter = *life;
    memmove(&shorter.steps[from], &shorter.steps[from + count],
            (life->count - from - count) * sizeof shorter.steps[0]);
    shorter.count -= count;
    if (!trial_hold(trial, &shorter) && span_is(law_of(trial->laws.why), law))
        return true;
    snprintf(trial->laws.why, sizeof trial->laws.why, "life: %s", law); /* as it was */
    return false;
}

static bool drop(struct trial *trial, struct life *life, size_t size)
{
    bool any = false;
    for (size_t from = 0; from + size <= life->count;) {
        if (!still_breaks(trial, life, from, size)) {
            from++;
            continue;
        }
        memmove(&life->steps[from], &life->steps[from + size],
                (life->count - from - size) * sizeof life->steps[0]);
        life->count -= size;
        any = true;
    }
    return any;
}

void trial_shorten(struct trial *trial, struct life *life)
{
    trial->laws.cover = trial->blind;
    for (size_t size = life->count / 2; size > 0; size /= 2)
        (void)drop(trial, life, size);
    while (drop(trial, life, 1))
        ;
    if (life->hurry) {
        life->hurry = 0;
        life->hurry = trial_hold(trial, life);
    }
    (void)trial_hold(trial, life);
    trial->laws.cover = trial->cover;
}
