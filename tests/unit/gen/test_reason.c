/* SPDX-License-Identifier: Apache-2.0 */
/* The reasons that are shipped, as ingest lets them go on. Run from the checkout's root. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/strbuf.h"
#include "gen/reason.h"
#include "ingest/core/remark.h"
#include "model/case_line.h"

static struct diagnostics *diagnostics;
static struct reasons reasons;

static int load(void **state)
{
    (void)state;
    diagnostics = diagnostics_new();
    reasons_load(&reasons, "config", diagnostics);
    return reasons.rows ? 0 : -1;
}

static int unload(void **state)
{
    (void)state;
    reasons_fini(&reasons);
    diagnostics_free(diagnostics);
    return 0;
}

static void no_shipped_reason_needs_a_mask(void **state)
{
    (void)state;
    const struct registry_row *row;
    struct strbuf out;
    strbuf_init(&out, 512, 4096);
    for (size_t i = 0; (row = registry_at(reasons.rows, i)); i++) {
        struct span reason = registry_cell(reasons.rows, row, "reason");
        strbuf_reset(&out);
        assert_true(remark_write(&out, reason));
        assert_true(span_equal(strbuf_span(&out), reason));
    }
    strbuf_fini(&out);
}

static void each_reason_of_a_move_is_drawn_and_no_others(void **state)
{
    (void)state;
    unsigned seen = 0;
    for (uint64_t stream = 0; stream < 100; stream++) {
        struct draw draw = draw_begin(1, stream);
        struct span reason = reasons_draw(&reasons, SPAN("held"), &draw);
        const struct registry_row *row;
        for (size_t i = 0; (row = registry_at(reasons.rows, i)); i++)
            if (span_equal(registry_cell(reasons.rows, row, "reason"), reason)) {
                assert_true(span_is(registry_cell(reasons.rows, row, "move"), "held"));
                seen |= 1u << i;
            }
    }
    assert_int_equal(__builtin_popcount(seen), 3);
    struct draw draw = draw_begin(1, 1);
    assert_null(reasons_draw(&reasons, SPAN("signed"), &draw).at);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_shipped_reason_needs_a_mask),
        cmocka_unit_test(each_reason_of_a_move_is_drawn_and_no_others),
    };
    return cmocka_run_group_tests(tests, load, unload);
}
