/* SPDX-License-Identifier: Apache-2.0 */
/* Array literals in the text format: digits as they are, texts always quoted. */
#include "aggregator/store/array_text.h"

#include "base/timestamp.h"

void array_text_init(struct array_text *array, size_t max_bytes)
{
    strbuf_init(&array->text, 256, max_bytes);
    array_text_reset(array);
}

void array_text_fini(struct array_text *array)
{
    strbuf_fini(&array->text);
}

void array_text_reset(struct array_text *array)
{
    strbuf_reset(&array->text);
    strbuf_add_char(&array->text, '{');
    array->count = 0;
}

static void separate(struct array_text *array)
{
    if (array->count++)
        strbuf_add_char(&array->text, ',');
}

void array_text_add(struct array_text *array, struct span element)
{
    separate(array);
    if (!element.at) {
        strbuf_add(&array->text, SPAN("NULL"));
        return;
    }
    strbuf_add_char(&array->text, '"');
    size_t from = 0;
    for (size_t i = 0; i < element.len; i++) {
        if (element.at[i] != '"' && element.at[i] != '\\')
            continue;
        strbuf_add(&array->text, span_from(element.at + from, i - from));
        strbuf_add_char(&array->text, '\\');
        from = i;
    }
    strbuf_add(&array->text, span_from(element.at + from, element.len - from));
    strbuf_add_char(&array->text, '"');
}

void array_text_add_int(struct array_text *array, int64_t element)
{
    separate(array);
    strbuf_add_int(&array->text, element);
}

void array_text_add_date(struct array_text *array, int64_t day)
{
    struct civil civil;
    separate(array);
    timestamp_to_civil(day * 86400000, 0, &civil);
    if (civil.year > 0)
        timestamp_add_date(&array->text, day);
    else /* RFC 3339 has a year 0, PostgreSQL has not */
        strbuf_addf(&array->text, "\"%04d-%02d-%02d BC\"", 1 - civil.year, civil.month, civil.day);
}

const char *array_text_finish(struct array_text *array)
{
    strbuf_add_char(&array->text, '}');
    return array->text.at;
}
