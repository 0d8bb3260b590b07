/* SPDX-License-Identifier: Apache-2.0 */
/* JSON rows as a table, names first, "-" for null: aligned in a terminal, else tabs for cut(1).
 * Control characters are blanks. */
#pragma once

#include <stdio.h>

#include "model/json.h"

void table_show(FILE *out, const struct json_value *rows);
