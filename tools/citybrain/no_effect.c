/* SPDX-License-Identifier: Apache-2.0 */
/* Each case is folded once more, for what its lines came to. */
#include "citybrain/no_effect.h"

#include <string.h>

#include "model/case_fold.h"
#include "model/codes.h"

#define SCRATCH_BYTES (1 << 20)

struct search {
    struct no_effect *found;
    const struct batch_rules *rules;
    struct arena scratch;
    int router; /* the party */
};

static void note(struct search *search, struct span id, int stage)
{
    struct no_effect *found = search->found;
    if (found->case_id[0] && span_compare(id, span_of(found->case_id)) >= 0)
        return;
    span_to_cstr(id, found->case_id, sizeof found->case_id);
    span_to_cstr(codes_text(search->rules->codes, CODE_STAGE, stage), found->stage,
                 sizeof found->stage);
}

static void take_case(void *context, struct span id, struct span lines)
{
    struct search *search = context;
    struct case_set set = {0};
    struct case_fold fold;
    struct span rest = id;
    const struct case_kind *kind = kinds_find(search->rules->kinds, span_cut(&rest, ':'));
    arena_reset(&search->scratch);
    if (!kind || !case_set_read(&set, lines, search->rules->codes, &search->scratch))
        return;
    case_fold(&fold, &set, kind, search->rules->codes);
    for (size_t i = 0; fold.has_opened && i < set.count; i++) {
        if (fold.effect[i] == LINE_COUNTS || set.lines[i].party == search->router)
            continue;
        search->found->moves++;
        search->found->early += fold.reason[i] == LINE_REASON_EARLY;
        note(search, id, set.lines[i].stage);
    }
}

void no_effect_find(struct no_effect *found, const struct cells *cells,
                    const struct batch_rules *rules)
{
    struct search search = {.found = found,
                            .rules = rules,
                            .router = codes_number(rules->codes, CODE_PARTY, SPAN("router"))};
    *found = (struct no_effect){0};
    arena_init(&search.scratch, SCRATCH_BYTES);
    cells_each_set(cells, take_case, &search);
    arena_fini(&search.scratch);
}
