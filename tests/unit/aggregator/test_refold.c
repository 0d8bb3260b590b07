/* SPDX-License-Identifier: Apache-2.0 */
/* Sets that are counted anew (docs/decisions/0082): those of a kind that is not in the files any
 * more add nothing and stop nothing; one that cannot be read stops it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "aggregator/core/refold.h"
#include "base/base.h"

static struct batch_rules rules;
static bool wanted[64];

static int load(void **state)
{
    (void)state;
    struct diagnostics *diagnostics = diagnostics_new();
    struct codes *codes = codes_load("config/codes.csv", diagnostics);
    struct kinds *kinds = codes ? kinds_load("config/kinds", codes, diagnostics) : NULL;
    struct views *views = kinds ? views_load("config/views", kinds, diagnostics) : NULL;
    rules = (struct batch_rules){codes, kinds, views, 480, NULL};
    diagnostics_free(diagnostics);
    for (size_t i = 0; i < ARRAY_LENGTH(wanted); i++)
        wanted[i] = true;
    return views && views_count(views) < ARRAY_LENGTH(wanted) ? 0 : -1;
}

static int unload(void **state)
{
    (void)state;
    views_free((struct views *)(uintptr_t)rules.views);
    kinds_free((struct kinds *)(uintptr_t)rules.kinds);
    codes_free((struct codes *)(uintptr_t)rules.codes);
    return 0;
}

/* One line: opened. */
static struct span opened(struct strbuf *out)
{
    struct case_set set = {0};
    struct arena arena;
    struct case_line line = {.id = SPAN("e1"),
                             .revision = SPAN("0.a.1.0000000000000001"),
                             .stage = codes_number(rules.codes, CODE_STAGE, SPAN("opened")),
                             .party = codes_number(rules.codes, CODE_PARTY, SPAN("source")),
                             .time_ms = 1764043200000,
                             .recorded_ms = 1764043200000,
                             .live = true};
    arena_init(&arena, 1 << 20);
    assert_true(case_set_read(&set, SPAN(""), rules.codes, &arena));
    assert_int_equal(case_set_merge(&set, &line, kinds_find(rules.kinds, SPAN("request")), &arena),
                     CASE_SET_CHANGED);
    case_set_write(out, &set, rules.codes);
    arena_fini(&arena);
    return strbuf_span(out);
}

static void a_kind_that_was_taken_out_stops_nothing(void **state)
{
    struct strbuf text;
    struct refold *refold = refold_new(&rules, wanted);
    (void)state;
    strbuf_init(&text, 256, 65536);
    struct span lines = opened(&text);
    refold_clear(refold);
    assert_true(refold_add(refold, SPAN("bygone:x:1"), SPAN("1|whatever"), +1));
    assert_true(refold_add(refold, SPAN("request:x:1"), lines, +1));
    size_t both = delta_count(refold_finish(refold));
    refold_clear(refold);
    assert_true(refold_add(refold, SPAN("request:x:1"), lines, +1));
    assert_true(both > 0);
    assert_int_equal(delta_count(refold_finish(refold)), both);
    refold_clear(refold);
    assert_false(refold_add(refold, SPAN("request:x:2"), SPAN("nonsense"), +1));
    refold_free(refold);
    strbuf_fini(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_kind_that_was_taken_out_stops_nothing),
    };
    return cmocka_run_group_tests(tests, load, unload);
}
