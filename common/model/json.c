/* SPDX-License-Identifier: Apache-2.0 */
/* Documents are read by json_scan.c; what it finds broken yajl is asked about, which names the
 * byte. yajl's callbacks build the tree; this is the only file that knows yajl. A handle reads
 * document after document without allocating (yajl_allow_multiple_values) until one is bad: then it
 * is replaced. yajl has no depth limit and takes \u0000 and repeated keys, so the callbacks refuse
 * those; of a surrogate's first half it makes a question mark, which nobody can tell from one that
 * was written, and \v and \f are blanks to it: nothing is taken that the scan has not taken. */
#include "model/json.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <yajl/yajl_parse.h>

#include "base/memory.h"
#include "base/utf8.h"
#include "model/json_scan.h"

struct json_reader {
    yajl_handle handle; /* owned */
    struct arena *arena;
    struct json_value *root;
    struct json_value *open[JSON_MOST_DEPTH]; /* containers */
    struct json_value *last[JSON_MOST_DEPTH]; /* last child of each */
    size_t depth;
    size_t root_end; /* bytes up to the end of the root */
    struct span key;
    enum reject why;
    struct json_limits limits;
};

static int refuse(struct json_reader *reader, enum reject why)
{
    reader->why = why;
    return 0;
}

static struct json_value *add_value(struct json_reader *reader, enum json_type type)
{
    if (reader->depth == 0 && reader->root) {
        refuse(reader, REJECT_JSON); /* a second document behind the first */
        return NULL;
    }
    struct json_value *value = arena_take(reader->arena, sizeof *value);
    if (!value) {
        refuse(reader, REJECT_TOO_LARGE);
        return NULL;
    }
    value->type = type;
    if (reader->depth == 0) {
        reader->root = value;
        reader->root_end = yajl_get_bytes_consumed(reader->handle);
        return value;
    }
    struct json_value *parent = reader->open[reader->depth - 1],
                      *last = reader->last[reader->depth - 1];
    if (parent->type == JSON_OBJECT)
        value->key = reader->key;
    if (last)
        last->next = value;
    else
        parent->first = value;
    reader->last[reader->depth - 1] = value;
    parent->count++;
    return value;
}

static int on_null(void *context)
{
    return add_value(context, JSON_NULL) != NULL;
}

static int on_bool(void *context, int truth)
{
    struct json_value *value = add_value(context, JSON_BOOL);
    if (value) {
        value->truth = truth != 0;
        value->text = truth ? SPAN("true") : SPAN("false");
    }
    return value != NULL;
}

/* Escapes are undone by now: \u0000, and the second half of a surrogate pair alone, which yajl
 * turns into bytes that are no UTF-8 and that no database takes. */
static bool is_clean(struct json_reader *reader, struct span text)
{
    if (memchr(text.at, '\0', text.len))
        refuse(reader, REJECT_NUL);
    else if (!utf8_is_valid(text))
        refuse(reader, REJECT_SURROGATE);
    else if (text.len > reader->limits.text)
        refuse(reader, REJECT_TOO_LARGE);
    return reader->why == REJECT_NONE;
}

static int add_text(struct json_reader *reader, enum json_type type, struct span text)
{
    struct json_value *value = add_value(reader, type);
    if (!value)
        return 0;
    if (type == JSON_STRING && !is_clean(reader, text))
        return 0;
    value->text = arena_copy(reader->arena, text.at ? text : SPAN(""));
    return value->text.at ? 1 : refuse(reader, REJECT_TOO_LARGE);
}

static int on_number(void *context, const char *text, size_t len)
{
    return add_text(context, JSON_NUMBER, span_from(text, len));
}

static int on_string(void *context, const unsigned char *text, size_t len)
{
    return add_text(context, JSON_STRING, len ? span_from((const char *)text, len) : SPAN(""));
}

static int on_key(void *context, const unsigned char *text, size_t len)
{
    struct json_reader *reader = context;
    struct span key = len ? span_from((const char *)text, len) : SPAN("");
    if (!is_clean(reader, key))
        return 0;
    if (json_get(reader->open[reader->depth - 1], key))
        return refuse(reader, REJECT_JSON_DUPLICATE);
    if (reader->open[reader->depth - 1]->count == reader->limits.members)
        return refuse(reader, REJECT_TOO_LARGE);
    reader->key = arena_copy(reader->arena, key);
    return reader->key.at ? 1 : refuse(reader, REJECT_TOO_LARGE);
}

static int open_container(struct json_reader *reader, enum json_type type)
{
    if (reader->depth == JSON_MOST_DEPTH)
        return refuse(reader, REJECT_JSON_DEPTH);
    struct json_value *value = add_value(reader, type);
    if (!value)
        return 0;
    reader->open[reader->depth] = value;
    reader->last[reader->depth] = NULL;
    reader->depth++;
    return 1;
}

static int on_object(void *context)
{
    return open_container(context, JSON_OBJECT);
}

static int on_array(void *context)
{
    return open_container(context, JSON_ARRAY);
}

static int on_end(void *context)
{
    struct json_reader *reader = context;
    if (--reader->depth == 0)
        reader->root_end = yajl_get_bytes_consumed(reader->handle);
    return 1;
}

static const yajl_callbacks callbacks = {on_null,   on_bool, NULL,   NULL,     on_number, on_string,
                                         on_object, on_key,  on_end, on_array, on_end};

static void renew(struct json_reader *reader)
{
    if (reader->handle)
        yajl_free(reader->handle);
    reader->handle = yajl_alloc(&callbacks, NULL, reader);
    yajl_config(reader->handle, yajl_allow_multiple_values, 1);
    yajl_config(reader->handle, yajl_dont_validate_strings,
                1); /* the whole document was validated before */
}

struct json_reader *json_reader_new(void)
{
    struct json_reader *reader = xcalloc(1, sizeof *reader);
    reader->limits = (struct json_limits){SIZE_MAX, JSON_MOST_MEMBERS};
    renew(reader);
    return reader;
}

void json_reader_free(struct json_reader *reader)
{
    if (!reader)
        return;
    yajl_free(reader->handle);
    free(reader);
}

void json_reader_limit(struct json_reader *reader, struct json_limits limits)
{
    reader->limits = limits;
}

/* A NUL is nowhere in JSON, and files of UTF-16 are full of them. */
static enum reject name_fault(struct json_reader *reader, struct span in, struct arena *arena,
                              size_t *bad_at)
{
    const struct json_value *unused;
    size_t scanned = *bad_at;
    const char *nul = in.len > 0 ? memchr(in.at, '\0', in.len) : NULL;
    if (nul) {
        *bad_at = (size_t)(nul - in.at);
        return REJECT_NUL;
    }
    enum reject reject = json_parse(reader, in, arena, &unused, bad_at);
    if (reject == REJECT_NONE)
        *bad_at = scanned;
    return reject == REJECT_NONE ? REJECT_JSON : reject;
}

enum reject json_read(struct json_reader *reader, struct span in, struct arena *arena,
                      const struct json_value **value, size_t *bad_at)
{
    *value = NULL;
    *bad_at = utf8_valid_prefix(in);
    if (*bad_at != in.len)
        return REJECT_CHARSET;
    enum reject reject = json_scan(in, &reader->limits, arena, value, bad_at);
    return reject != REJECT_NONE || *value ? reject : name_fault(reader, in, arena, bad_at);
}

bool json_reader_takes(const struct json_reader *reader, size_t len)
{
    return len <= reader->limits.text;
}

const struct json_value *json_read_member(struct json_reader *reader, struct span in,
                                          struct arena *arena)
{
    const struct json_value *value;
    size_t unused;
    enum reject reject = json_scan_within(in, &reader->limits, 1, arena, &value, &unused);
    return reject == REJECT_NONE ? value : NULL;
}

/* Half a token behind the root would be taken for the beginning of the next document. */
static bool nothing_follows(struct span in, size_t end)
{
    return end >= in.len || span_trim(span_from(in.at + end, in.len - end)).len == 0;
}

enum reject json_parse(struct json_reader *reader, struct span in, struct arena *arena,
                       const struct json_value **value, size_t *bad_at)
{
    *value = NULL;
    reader->arena = arena;
    reader->root = NULL;
    reader->depth = 0;
    reader->why = REJECT_NONE;
    yajl_status status =
        yajl_parse(reader->handle, (const unsigned char *)(in.at ? in.at : ""), in.len);
    size_t consumed = yajl_get_bytes_consumed(reader->handle);
    size_t end = reader->root ? reader->root_end : in.len; /* a number goes on to what ends it */
    if (status == yajl_status_ok) /* ends a number that nothing else ends */
        status = yajl_parse(reader->handle, (const unsigned char *)" ", 1);
    if (status == yajl_status_ok && reader->root && reader->depth == 0 &&
        nothing_follows(in, end)) {
        *value = reader->root;
        return REJECT_NONE;
    }
    *bad_at = consumed < in.len ? consumed : in.len;
    renew(reader);
    return reader->why != REJECT_NONE ? reader->why : REJECT_JSON;
}

const struct json_value *json_get(const struct json_value *object, struct span key)
{
    if (!object || object->type != JSON_OBJECT)
        return NULL;
    for (const struct json_value *one = object->first; one; one = one->next)
        if (span_equal(one->key, key))
            return one;
    return NULL;
}

struct span json_text(const struct json_value *object, const char *key)
{
    const struct json_value *value = json_get(object, span_of(key));
    return value && (value->type == JSON_STRING || value->type == JSON_NUMBER) ? value->text
                                                                               : SPAN_NONE;
}

/* One of 64 places: members and names of other places need not be compared. */
static size_t place_of(struct span name)
{
    return name.len ? (name.len + 4 * (size_t)(unsigned char)name.at[0]) & (JSON_MOST_NAMES - 1)
                    : 0;
}

void json_texts(const struct json_value *object, const struct span *names, size_t count,
                struct span *texts)
{
    unsigned char first[JSON_MOST_NAMES] = {0}, next[JSON_MOST_NAMES]; /* 1 + index; 0 = none */
    assert(count <= JSON_MOST_NAMES);
    for (size_t i = 0; i < count; i++)
        texts[i] = SPAN_NONE;
    if (!object || object->type != JSON_OBJECT || !object->first)
        return;
    for (size_t i = count; i-- > 0;) {
        if (!names[i].at)
            continue;
        unsigned char *place = &first[place_of(names[i])];
        next[i] = *place;
        *place = (unsigned char)(i + 1);
    }
    for (const struct json_value *one = object->first; one; one = one->next) {
        size_t at = first[place_of(one->key)];
        while (at && !span_equal(one->key, names[at - 1]))
            at = next[at - 1];
        if (at && (one->type == JSON_STRING || one->type == JSON_NUMBER))
            texts[at - 1] = one->text;
    }
}

bool json_int(const struct json_value *object, const char *key, int64_t *value)
{
    return span_to_int64(json_text(object, key), value);
}
