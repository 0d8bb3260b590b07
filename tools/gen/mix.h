/* SPDX-License-Identifier: Apache-2.0 */
/* How frequent each type is, and what people report in a scene: DIR/gen/mix.csv, by the pool's
 * types. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "config/diagnostics.h"
#include "model/registry.h"

enum mix_scene { MIX_USUAL, MIX_HEATING, MIX_RAIN, MIX_SCENES };

struct mix {
    int *weights[MIX_SCENES]; /* by type of the pool; owned */
    bool has[MIX_SCENES];     /* a scene of which the file says nothing does not happen */
};

struct pool_type;
/* Without the file all are equal. Findings where a code is no type or a weight no number. */
void mix_load(struct mix *mix, const char *config_dir, const struct registry *registry,
              const struct pool_type *types, size_t count, struct diagnostics *diagnostics);
void mix_fini(struct mix *mix);
