/* SPDX-License-Identifier: Apache-2.0 */
/* PostgreSQL arrays in the binary format, for parameters of unnest: neither side writes or reads
 * digits. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/strbuf.h"

/* One letter a type of element. */
enum array_type {
    ARRAY_TEXT = 't',
    ARRAY_BIGINT = 'i',
    ARRAY_INTEGER = 'n',
    ARRAY_DATE = 'd',
    ARRAY_BOOLEAN = 'b',
    ARRAY_JSON = 'j'
};

struct array_binary {
    struct strbuf bytes;
    enum array_type type;
    size_t count;
    bool has_null;
};

void array_binary_init(struct array_binary *array, enum array_type type, size_t max_bytes);
void array_binary_fini(struct array_binary *array);
void array_binary_reset(struct array_binary *array);
void array_binary_add(struct array_binary *array,
                      struct span element); /* TEXT, JSON; absent = NULL */
void array_binary_add_null(struct array_binary *array);
void array_binary_add_int(struct array_binary *array, int64_t element); /* BIGINT, INTEGER */
void array_binary_add_date(struct array_binary *array, int64_t day);    /* since 1970 */
void array_binary_add_bool(struct array_binary *array, bool element);
/* Until reset. */
struct span array_binary_finish(struct array_binary *array);
