/* SPDX-License-Identifier: Apache-2.0 */
/* What `explain --json` says, for a reader at a terminal: one stage after the other, Chinese words
 * first, English behind them. */
#pragma once

#include <stdio.h>

#include "model/json.h"

void explain_text_show(const struct json_value *said, FILE *out);
