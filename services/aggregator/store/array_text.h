/* SPDX-License-Identifier: Apache-2.0 */
/* PostgreSQL array literals, '{…}', for parameters of unnest. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/strbuf.h"

struct array_text {
    struct strbuf text;
    size_t count;
};

void array_text_init(struct array_text *array, size_t max_bytes);
void array_text_fini(struct array_text *array);
void array_text_reset(struct array_text *array);
void array_text_add(struct array_text *array, struct span element); /* quoted; absent = NULL */
void array_text_add_int(struct array_text *array, int64_t element);
void array_text_add_date(struct array_text *array, int64_t day);
const char *array_text_finish(struct array_text *array); /* NUL-terminated, until reset */
