/* SPDX-License-Identifier: Apache-2.0 */
/* Records are small objects of plain strings, so most of the work is finding ends of strings: eight
 * bytes at a time. A key that could be a repeated one by a filter of 64 bits is compared with those
 * before it. The parser has the last word on everything else, so there is no fault to name here. */
#include "model/json_scan.h"

#include <string.h>

struct scan {
    const char *at, *end;
    struct arena *arena;
    struct json_value *open[JSON_MOST_DEPTH]; /* containers */
    struct json_value *last[JSON_MOST_DEPTH]; /* last child of each */
    uint64_t seen[JSON_MOST_DEPTH];           /* filter of keys */
    size_t depth;
    struct json_value *root;
};

static const char *plain_end(const char *at, const char *end)
{
    return at + span_plain(span_from(at, (size_t)(end - at)));
}

static char unescaped(char c)
{
    switch (c) {
    case '"':
    case '\\':
    case '/': return c;
    case 'b': return '\b';
    case 'f': return '\f';
    case 'n': return '\n';
    case 'r': return '\r';
    case 't': return '\t';
    default: return '\0';
    }
}

/* From the first backslash on, into the arena: what is undone is never longer than what it was. */
static bool scan_escaped(struct scan *scan, const char *begin, const char *escape,
                         struct span *text)
{
    const char *close = escape;
    while (close < scan->end && *close != '"') {
        if (*close == '\\')
            close++;
        close = close < scan->end ? plain_end(close + 1, scan->end) : close;
    }
    if (close >= scan->end)
        return false;
    char *copy = arena_take(scan->arena, (size_t)(close - begin) + 1), *to = copy;
    if (!copy)
        return false;
    memcpy(copy, begin, (size_t)(escape - begin));
    to += escape - begin;
    for (const char *at = escape; at < close; at++) {
        char c = *at;
        if (c == '\\')
            c = unescaped(*++at);
        else if ((unsigned char)c < 0x20)
            return false;
        if (c == '\0')
            return false;
        *to++ = c;
    }
    *text = span_from(copy, (size_t)(to - copy));
    scan->at = close + 1;
    return true;
}

/* Behind the opening quote. */
static bool scan_string(struct scan *scan, struct span *text)
{
    const char *begin = scan->at, *stop = plain_end(begin, scan->end);
    if (stop == scan->end)
        return false;
    if (*stop == '\\')
        return scan_escaped(scan, begin, stop, text);
    *text = span_from(begin, (size_t)(stop - begin));
    scan->at = stop + 1;
    return *stop == '"';
}

static bool take_digits(struct scan *scan)
{
    const char *begin = scan->at;
    while (scan->at < scan->end && *scan->at >= '0' && *scan->at <= '9')
        scan->at++;
    return scan->at > begin;
}

static bool scan_number(struct scan *scan, struct span *text)
{
    const char *begin = scan->at;
    if (*scan->at == '-')
        scan->at++;
    const char *digits = scan->at;
    if (!take_digits(scan) || (*digits == '0' && scan->at > digits + 1))
        return false;
    if (scan->at < scan->end && *scan->at == '.') {
        scan->at++;
        if (!take_digits(scan))
            return false;
    }
    if (scan->at < scan->end && (*scan->at == 'e' || *scan->at == 'E')) {
        scan->at++;
        if (scan->at < scan->end && (*scan->at == '+' || *scan->at == '-'))
            scan->at++;
        if (!take_digits(scan))
            return false;
    }
    *text = span_from(begin, (size_t)(scan->at - begin));
    return true;
}

static bool scan_word(struct scan *scan, struct span word)
{
    if (!span_starts(span_from(scan->at, (size_t)(scan->end - scan->at)), word))
        return false;
    scan->at += word.len;
    return true;
}

/* The next byte that is no blank, or 0 at the end (a real 0 is nothing either). */
static char peek(struct scan *scan)
{
    while (scan->at < scan->end &&
           (*scan->at == ' ' || *scan->at == '\n' || *scan->at == '\r' || *scan->at == '\t'))
        scan->at++;
    return scan->at < scan->end ? *scan->at : '\0';
}

static bool scan_key(struct scan *scan, struct span *key)
{
    struct json_value *parent = scan->open[scan->depth - 1];
    if (peek(scan) != '"' || parent->count == JSON_MOST_MEMBERS)
        return false;
    scan->at++;
    if (!scan_string(scan, key) || peek(scan) != ':')
        return false;
    scan->at++;
    unsigned first = key->len ? (unsigned char)key->at[0] : 0,
             last = key->len ? (unsigned char)key->at[key->len - 1] : 0;
    uint64_t bit = UINT64_C(1) << ((key->len * 7 + (size_t)first * 31 + last) & 63);
    if ((scan->seen[scan->depth - 1] & bit) && json_get(parent, *key))
        return false;
    scan->seen[scan->depth - 1] |= bit;
    return true;
}

static struct json_value *add_value(struct scan *scan, struct span key)
{
    struct json_value *value = arena_take(scan->arena, sizeof *value);
    if (!value || scan->depth == 0)
        return value;
    struct json_value *parent = scan->open[scan->depth - 1], *last = scan->last[scan->depth - 1];
    value->key = key;
    if (last)
        last->next = value;
    else
        parent->first = value;
    scan->last[scan->depth - 1] = value;
    parent->count++;
    return value;
}

static bool open_container(struct scan *scan, struct json_value *value, enum json_type type)
{
    if (scan->depth == JSON_MOST_DEPTH)
        return false;
    value->type = type;
    scan->at++;
    scan->open[scan->depth] = value;
    scan->last[scan->depth] = NULL;
    scan->seen[scan->depth++] = 0;
    return true;
}

static bool scan_value(struct scan *scan, struct json_value *value)
{
    switch (peek(scan)) {
    case '{': return open_container(scan, value, JSON_OBJECT);
    case '[': return open_container(scan, value, JSON_ARRAY);
    case '"':
        scan->at++;
        value->type = JSON_STRING;
        return scan_string(scan, &value->text);
    case 't':
        value->truth = true;
        value->type = JSON_BOOL;
        value->text = SPAN("true");
        return scan_word(scan, value->text);
    case 'f':
        value->type = JSON_BOOL;
        value->text = SPAN("false");
        return scan_word(scan, value->text);
    case 'n': value->type = JSON_NULL; return scan_word(scan, SPAN("null"));
    default:
        value->type = JSON_NUMBER;
        return scan->at < scan->end && scan_number(scan, &value->text);
    }
}

/* Behind a value: closes what ends here. False on a fault. *more: another member follows. */
static bool close_containers(struct scan *scan, bool *more)
{
    *more = false;
    while (scan->depth > 0) {
        char c = peek(scan);
        bool object = scan->open[scan->depth - 1]->type == JSON_OBJECT;
        scan->at++;
        if (c == ',') {
            *more = true;
            return true;
        }
        if (c != (object ? '}' : ']'))
            return false;
        scan->depth--;
    }
    return true;
}

static bool is_empty(struct scan *scan)
{
    char c = peek(scan);
    return c == (scan->open[scan->depth - 1]->type == JSON_OBJECT ? '}' : ']');
}

static bool scan_document(struct scan *scan)
{
    char first = peek(scan);
    bool more = true;
    if ((first != '{' && first != '[') || !(scan->root = add_value(scan, SPAN_NONE)) ||
        !scan_value(scan, scan->root))
        return false;
    while (scan->depth > 0) {
        size_t depth = scan->depth;
        bool fresh = scan->last[depth - 1] == NULL && is_empty(scan);
        if (!fresh) {
            struct span key = SPAN_NONE;
            struct json_value *value;
            if ((scan->open[depth - 1]->type == JSON_OBJECT && !scan_key(scan, &key)) ||
                !(value = add_value(scan, key)) || !scan_value(scan, value))
                return false;
            if (scan->depth > depth) /* a container: its first member comes next */
                continue;
        }
        if (!close_containers(scan, &more))
            return false;
    }
    return peek(scan) == '\0' && scan->at == scan->end;
}

const struct json_value *json_scan(struct span in, struct arena *arena)
{
    struct scan scan;
    size_t mark = arena->used;
    scan.at = in.at;
    scan.end = in.at ? in.at + in.len : in.at;
    scan.arena = arena;
    scan.depth = 0;
    scan.root = NULL;
    if (in.len > 0 && scan_document(&scan))
        return scan.root;
    arena_rewind(arena, mark);
    return NULL;
}
