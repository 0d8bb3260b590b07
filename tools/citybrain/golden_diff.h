/* SPDX-License-Identifier: Apache-2.0 */
/* What a golden case expects beside what came, line by line. Of a line only the members it lists
 * are compared, but `data` is compared whole: a field that should not be there is a difference. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/strbuf.h"
#include "model/json.h"

struct golden_line {
    const struct json_value *value; /* {"event": …} or {"reject": …}; borrowed */
    int64_t row;                    /* of the input, or the line of expected.jsonl */
};

struct golden_lines {
    struct golden_line *list; /* owned */
    size_t count;
};

void golden_lines_add(struct golden_lines *lines, const struct json_value *value, int64_t row);
void golden_lines_fini(struct golden_lines *lines);
/* Adds a text of several lines to `out`; returns how many lines of the case differ. */
size_t golden_diff(const struct golden_lines *expected, const struct golden_lines *got,
                   struct strbuf *out);
