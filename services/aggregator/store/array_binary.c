/* SPDX-License-Identifier: Apache-2.0 */
/* Head: dimensions, whether there is a NULL, the elements' type, how many, the first index. Then
 * each element: its length or -1, its bytes. All numbers big-endian. */
#include "aggregator/store/array_binary.h"

#include <assert.h>
#include <endian.h>
#include <string.h>

#define DAYS_TO_2000 10957 /* PostgreSQL's first day is 2000-01-01 */

enum { HEAD_BYTES = 20 };

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

/* An element's length and bytes; most have room at once. */
static void add_element(struct array_binary *array, const char *bytes, size_t len)
{
    struct strbuf *out = &array->bytes;
    uint32_t head = htobe32((uint32_t)len);
    array->count++;
    if (out->full || out->capacity - out->len <= sizeof head + len) {
        strbuf_add(out, span_from((const char *)&head, sizeof head));
        if (len > 0)
            strbuf_add(out, span_from(bytes, len));
        return;
    }
    char *at = out->at + out->len;
    memcpy(at, &head, sizeof head);
    if (len > 0)
        memcpy(at + sizeof head, bytes, len);
    out->len += sizeof head + len;
    out->at[out->len] = '\0';
}

void array_binary_add_null(struct array_binary *array)
{
    strbuf_add(&array->bytes, SPAN("\xff\xff\xff\xff"));
    array->has_null = true;
    array->count++;
}

void array_binary_add(struct array_binary *array, struct span element)
{
    assert(array->type == ARRAY_TEXT || array->type == ARRAY_JSON);
    if (element.at)
        add_element(array, element.at, element.len);
    else
        array_binary_add_null(array);
}

void array_binary_add_int(struct array_binary *array, int64_t element)
{
    uint64_t wide = htobe64((uint64_t)element);
    uint32_t narrow = htobe32((uint32_t)element);
    if (array->type == ARRAY_BIGINT) {
        add_element(array, (const char *)&wide, sizeof wide);
        return;
    }
    assert(array->type == ARRAY_INTEGER);
    add_element(array, (const char *)&narrow, sizeof narrow);
}

void array_binary_add_date(struct array_binary *array, int64_t day)
{
    uint32_t number = htobe32((uint32_t)(day - DAYS_TO_2000));
    assert(array->type == ARRAY_DATE);
    add_element(array, (const char *)&number, sizeof number);
}

void array_binary_add_bool(struct array_binary *array, bool element)
{
    char byte = (char)element;
    assert(array->type == ARRAY_BOOLEAN);
    add_element(array, &byte, sizeof byte);
}

struct span array_binary_finish(struct array_binary *array)
{
    const uint32_t head[] = {htobe32(1), htobe32(array->has_null), htobe32(oid_of(array->type)),
                             htobe32((uint32_t)array->count), htobe32(1)};
    static_assert(sizeof head == HEAD_BYTES, "five numbers");
    memcpy(array->bytes.at, head, sizeof head);
    return strbuf_span(&array->bytes);
}
