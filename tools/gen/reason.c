/* SPDX-License-Identifier: Apache-2.0 */
#include "gen/reason.h"

#include <stdio.h>
#include <unistd.h>

#include "base/base.h"
#include "model/case_line.h"

static const char *const moves[] = {"disputed", "upheld",  "rejected", "hold_requested",
                                    "held",     "resumed", "merged"};

static bool is_move(struct span move)
{
    for (size_t i = 0; i < ARRAY_LENGTH(moves); i++)
        if (span_is(move, moves[i]))
            return true;
    return false;
}

static void check_row(const struct registry *rows, const struct registry_row *row,
                      struct diagnostics *diagnostics)
{
    struct span move = registry_cell(rows, row, "move");
    struct span reason = registry_cell(rows, row, "reason");
    if (!is_move(move))
        diagnostics_add(diagnostics, registry_place(rows, row, move),
                        "write disputed, upheld, rejected, hold_requested, held, resumed or merged",
                        "move cannot be \"%.*s\"", SPAN_ARG(move));
    else if (!reason.len || reason.len > CASE_LINE_SAID)
        diagnostics_add(diagnostics, registry_place(rows, row, reason), "write a sentence",
                        "reason has %zu bytes, not 1 to %d", reason.len, CASE_LINE_SAID);
}

void reasons_load(struct reasons *reasons, const char *config_dir, struct diagnostics *diagnostics)
{
    char path[512];
    const struct registry_row *row;
    snprintf(path, sizeof path, "%s/gen/reasons.csv", config_dir);
    reasons->rows = access(path, F_OK) == 0 ? registry_load(path, diagnostics) : NULL;
    for (size_t i = 0; reasons->rows && (row = registry_at(reasons->rows, i)); i++)
        check_row(reasons->rows, row, diagnostics);
}

void reasons_fini(struct reasons *reasons)
{
    registry_free(reasons->rows);
    reasons->rows = NULL;
}

struct span reasons_draw(const struct reasons *reasons, struct span move, struct draw *draw)
{
    const struct registry_row *row;
    struct span reason = SPAN_NONE;
    size_t seen = 0;
    for (size_t i = 0; reasons->rows && (row = registry_at(reasons->rows, i)); i++)
        if (span_equal(registry_cell(reasons->rows, row, "move"), move) &&
            draw_below(draw, ++seen) == 0)
            reason = registry_cell(reasons->rows, row, "reason");
    return reason;
}
