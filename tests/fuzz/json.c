/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes: refused with a place inside of them, or a tree that is the same when it is written and
 * read again, and that yajl reads too. */
#include "base/strbuf.h"
#include "base/utf8.h"
#include "fuzz.h"
#include "model/json_scan.h"

static struct arena arena, other;
static struct json_reader *reader;
static struct strbuf text;

static void write_value(const struct json_value *value)
{
    switch (value->type) {
    case JSON_NULL: strbuf_add(&text, SPAN("null")); return;
    case JSON_BOOL:
    case JSON_NUMBER: strbuf_add(&text, value->text); return;
    case JSON_STRING: strbuf_add_json(&text, value->text); return;
    case JSON_ARRAY:
    case JSON_OBJECT: break;
    }
    strbuf_add_char(&text, value->type == JSON_ARRAY ? '[' : '{');
    for (const struct json_value *one = value->first; one; one = one->next) {
        if (one != value->first)
            strbuf_add_char(&text, ',');
        if (value->type == JSON_OBJECT) {
            strbuf_add_json(&text, one->key);
            strbuf_add_char(&text, ':');
        }
        write_value(one);
    }
    strbuf_add_char(&text, value->type == JSON_ARRAY ? ']' : '}');
}

static void same(const struct json_value *a, const struct json_value *b)
{
    for (; a && b; a = a->next, b = b->next) {
        HOLDS(a->type == b->type && a->truth == b->truth && a->count == b->count);
        HOLDS(span_equal(a->text, b->text) && span_equal(a->key, b->key));
        same(a->first, b->first);
    }
    HOLDS(!a && !b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span input = fuzz_input(data, size);
    const struct json_value *value, *again;
    size_t bad_at = 0;
    if (reader == NULL) {
        reader = json_reader_new();
        arena_init(&arena, 2 << 20);
        arena_init(&other, 2 << 20);
        strbuf_init(&text, 1024, 8 << 20);
    }
    arena_reset(&arena);
    arena_reset(&other);
    enum reject reject = json_read(reader, input, &arena, &value, &bad_at);
    HOLDS((reject == REJECT_NONE) == (value != NULL));
    if (reject != REJECT_NONE) {
        HOLDS(bad_at <= input.len);
        if (reject == REJECT_CHARSET)
            HOLDS(utf8_valid_prefix(input) == bad_at);
        return 0;
    }
    HOLDS(json_parse(reader, input, &other, &again, &bad_at) == REJECT_NONE);
    same(value, again);
    strbuf_reset(&text);
    write_value(value);
    arena_reset(&other);
    HOLDS(json_read(reader, strbuf_span(&text), &other, &again, &bad_at) == REJECT_NONE);
    same(value, again);
    return 0;
}
