/* SPDX-License-Identifier: Apache-2.0 */
/* Head: dimensions, whether there is a NULL, the elements' type, how many, the first index. Then
 * each element: its length or -1, its bytes. All numbers big-endian. */
#include "aggregator/store/array_binary.h"

#include <assert.h>

#define DAYS_TO_2000 10957 /* PostgreSQL's first day is 2000-01-01 */

enum { HEAD_BYTES = 20 };

static void put_number(char *at, uint64_t number, size_t width)
{
    for (size_t i = 0; i < width; i++)
        at[i] = (char)(number >> (8 * (width - 1 - i)));
}

static uint32_t oid_of(enum array_type type)
{
    switch (type) {
    case ARRAY_TEXT: return 25;
    case ARRAY_BIGINT: return 20;
    case ARRAY_INTEGER: return 23;
    case ARRAY_DATE: return 1082;
    case ARRAY_BOOLEAN: return 16;
    case ARRAY_JSON: return 114;
    }
    return 0;
}

void array_binary_init(struct array_binary *array, enum array_type type, size_t max_bytes)
{
    assert(oid_of(type) != 0);
    strbuf_init(&array->bytes, 256, max_bytes);
    array->type = type;
    array_binary_reset(array);
}

void array_binary_fini(struct array_binary *array)
{
    strbuf_fini(&array->bytes);
}

void array_binary_reset(struct array_binary *array)
{
    static const char head[HEAD_BYTES] = {0};
    strbuf_reset(&array->bytes);
    strbuf_add(&array->bytes, span_from(head, sizeof head));
    array->count = 0;
    array->has_null = false;
}

/* A number with its length before it. */
static void add_number(struct array_binary *array, uint64_t number, size_t width)
{
    char bytes[12];
    put_number(bytes, width, 4);
    put_number(bytes + 4, number, width);
    strbuf_add(&array->bytes, span_from(bytes, 4 + width));
    array->count++;
}

void array_binary_add_null(struct array_binary *array)
{
    strbuf_add(&array->bytes, SPAN("\xff\xff\xff\xff"));
    array->has_null = true;
    array->count++;
}

void array_binary_add(struct array_binary *array, struct span element)
{
    char len[4];
    assert(array->type == ARRAY_TEXT || array->type == ARRAY_JSON);
    if (!element.at) {
        array_binary_add_null(array);
        return;
    }
    put_number(len, element.len, sizeof len);
    strbuf_add(&array->bytes, span_from(len, sizeof len));
    if (element.len > 0)
        strbuf_add(&array->bytes, element);
    array->count++;
}

void array_binary_add_int(struct array_binary *array, int64_t element)
{
    assert(array->type == ARRAY_BIGINT || array->type == ARRAY_INTEGER);
    add_number(array, (uint64_t)element, array->type == ARRAY_BIGINT ? 8 : 4);
}

void array_binary_add_date(struct array_binary *array, int64_t day)
{
    assert(array->type == ARRAY_DATE);
    add_number(array, (uint64_t)(day - DAYS_TO_2000), 4);
}

void array_binary_add_bool(struct array_binary *array, bool element)
{
    assert(array->type == ARRAY_BOOLEAN);
    add_number(array, element, 1);
}

struct span array_binary_finish(struct array_binary *array)
{
    char *head = array->bytes.at;
    put_number(head, 1, 4);
    put_number(head + 4, array->has_null, 4);
    put_number(head + 8, oid_of(array->type), 4);
    put_number(head + 12, array->count, 4);
    put_number(head + 16, 1, 4);
    return strbuf_span(&array->bytes);
}
