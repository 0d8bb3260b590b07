/* SPDX-License-Identifier: Apache-2.0 */
/* JSON rows as a table for people and for cut(1): tabs between cells, names first, "-" for null. */
#pragma once

#include <stdio.h>

#include "model/json.h"

void table_show(FILE *out, const struct json_value *rows);
