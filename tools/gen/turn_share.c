/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <unistd.h>

#include "base/base.h"
#include "gen/turn_share.h"
#include "model/registry.h"

#define WHOLE 1000

static const struct {
    const char *code;
    int share;
} usual[TURN_SHARES] = {
    [TURN_SHARE_DISPUTED] = {"disputed", 45}, [TURN_SHARE_DECIDED] = {"decided", 750},
    [TURN_SHARE_UPHELD] = {"upheld", 550},    [TURN_SHARE_HOLD] = {"hold", 25},
    [TURN_SHARE_RESUMED] = {"resumed", 350},  [TURN_SHARE_REOPENED] = {"reopened", 300},
    [TURN_SHARE_MERGED] = {"merged", 350},
};

static size_t find(struct span code)
{
    size_t at = 0;
    while (at < TURN_SHARES && !span_is(code, usual[at].code))
        at++;
    return at;
}

static void read_row(struct turns *turns, const struct registry *rows,
                     const struct registry_row *row, struct diagnostics *diagnostics)
{
    struct span code = registry_cell(rows, row, "code"), share = registry_cell(rows, row, "share");
    size_t at = find(code);
    int64_t number;
    if (at == TURN_SHARES)
        diagnostics_add(diagnostics, registry_place(rows, row, code),
                        "write disputed, decided, upheld, hold, resumed, reopened or merged",
                        "code cannot be \"%.*s\"", SPAN_ARG(code));
    else if (!span_to_int64(share, &number) || number < 0 || number > WHOLE)
        diagnostics_add(diagnostics, registry_place(rows, row, share),
                        "write a number of 0 to 1000", "share cannot be \"%.*s\"", SPAN_ARG(share));
    else
        turns->of_thousand[at] = (int)number;
}

void turns_load(struct turns *turns, const char *config_dir, struct diagnostics *diagnostics)
{
    char path[512];
    const struct registry_row *row;
    for (size_t i = 0; i < TURN_SHARES; i++)
        turns->of_thousand[i] = usual[i].share;
    snprintf(path, sizeof path, "%s/gen/turns.csv", config_dir);
    struct registry *rows = access(path, F_OK) == 0 ? registry_load(path, diagnostics) : NULL;
    for (size_t i = 0; rows && (row = registry_at(rows, i)); i++)
        read_row(turns, rows, row, diagnostics);
    registry_free(rows);
}
