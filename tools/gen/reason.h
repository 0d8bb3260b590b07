/* SPDX-License-Identifier: Apache-2.0 */
/* What units and the desk give as the reason of a move: DIR/gen/reasons.csv. */
#pragma once

#include "config/diagnostics.h"
#include "gen/draw.h"
#include "model/registry.h"

struct reasons {
    struct registry *rows; /* owned; NULL: nobody gives any */
};

/* Findings where a move is none, or a reason is none or longer than is kept. */
void reasons_load(struct reasons *reasons, const char *config_dir, struct diagnostics *diagnostics);
void reasons_fini(struct reasons *reasons);
/* One of the move's, or none. */
struct span reasons_draw(const struct reasons *reasons, struct span move, struct draw *draw);
