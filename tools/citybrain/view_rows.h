/* SPDX-License-Identifier: Apache-2.0 */
/* The rows of a view as they are shown: what its codes are called, and the sum under all of them.
 */
#pragma once

#include <stdbool.h>

#include "base/arena.h"
#include "model/json.h"

/* A last row `all`: the only row of `total`, which has the same columns but those it was not
 * grouped by. */
void view_rows_add_all(const struct json_value *rows, const struct json_value *total,
                       struct arena *arena);
/* Names by the registries of a configuration, `-` where nothing is called so: with their codes in
 * one cell, or each in a column of its own behind them, whatever can be named. */
void view_rows_name(const struct json_value *rows, const char *config_dir, bool beside,
                    struct arena *arena);
