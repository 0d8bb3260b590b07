/* SPDX-License-Identifier: Apache-2.0 */
/* Records are small objects of plain strings, so most of the work is finding ends of strings: eight
 * bytes at a time. A key that could be a repeated one by a filter of 64 bits is compared with those
 * before it. It goes from left to right and stops at the first fault; what is wrong with the form
 * of a document is left to the parser to name, which would read over the other faults. */
#include "model/json_scan.h"

#include <string.h>

struct scan {
    const char *at, *end;
    struct arena *arena;
    struct json_value *open[JSON_MOST_DEPTH]; /* containers */
    struct json_value *last[JSON_MOST_DEPTH]; /* last child of each */
    uint64_t seen[JSON_MOST_DEPTH];           /* filter of keys */
    size_t depth, most_depth;
    struct json_value *root;
    const struct json_limits *limits;
    enum reject why; /* NONE: the form of the document */
};

static bool refuse(struct scan *scan, const char *at, enum reject why)
{
    scan->at = at;
    scan->why = why;
    return false;
}

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

/* Four hexadecimal digits at `at`; -1 where they are not. */
static int hex_of(const char *at, const char *end)
{
    int value = 0;
    if (end - at < 4)
        return -1;
    for (int i = 0; i < 4; i++) {
        char c = at[i];
        int digit = c >= '0' && c <= '9'   ? c - '0'
                    : c >= 'a' && c <= 'f' ? c - 'a' + 10
                    : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                           : -1;
        if (digit < 0)
            return -1;
        value = value * 16 + digit;
    }
    return value;
}

static char *put_utf8(char *to, unsigned code)
{
    if (code < 0x80) {
        *to++ = (char)code;
        return to;
    }
    if (code < 0x800) {
        *to++ = (char)(0xc0 | code >> 6);
    } else {
        if (code < 0x10000) {
            *to++ = (char)(0xe0 | code >> 12);
        } else {
            *to++ = (char)(0xf0 | code >> 18);
            *to++ = (char)(0x80 | (code >> 12 & 0x3f));
        }
        *to++ = (char)(0x80 | (code >> 6 & 0x3f));
    }
    *to++ = (char)(0x80 | (code & 0x3f));
    return to;
}

/* The `u` of an escape at *at, whose character may be two of them; *at = its last byte. The parser
 * makes a question mark of a first half alone. */
static bool put_escape(struct scan *scan, const char **at, const char *close, char **to)
{
    const char *escape = *at - 1;
    int code = hex_of(*at + 1, close);
    if (code < 0)
        return false;
    if (code == 0)
        return refuse(scan, escape, REJECT_NUL);
    *at += 4;
    if (code >= 0xd800 && code <= 0xdfff) {
        bool pair = code < 0xdc00 && close - *at > 6 && (*at)[1] == '\\' && (*at)[2] == 'u';
        int low = pair ? hex_of(*at + 3, close) : 0;
        if (low < 0)
            return false;
        if (low < 0xdc00 || low > 0xdfff)
            return refuse(scan, escape, REJECT_SURROGATE);
        code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
        *at += 6;
    }
    *to = put_utf8(*to, (unsigned)code);
    return true;
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
        return refuse(scan, begin, REJECT_TOO_LARGE);
    memcpy(copy, begin, (size_t)(escape - begin));
    to += escape - begin;
    for (const char *at = escape; at < close; at++) {
        char c = *at;
        if ((unsigned char)c < 0x20)
            return false;
        if (c == '\\' && *++at == 'u') {
            if (!put_escape(scan, &at, close, &to))
                return false;
            continue;
        }
        if (c == '\\')
            c = unescaped(*at);
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
    if (*stop == '\\') {
        if (!scan_escaped(scan, begin, stop, text))
            return false;
    } else {
        *text = span_from(begin, (size_t)(stop - begin));
        scan->at = stop + 1;
    }
    if (text->len > scan->limits->text)
        return refuse(scan, begin, REJECT_TOO_LARGE);
    return *stop == '\\' || *stop == '"';
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

static char peek_far(struct scan *scan)
{
    while (scan->at < scan->end &&
           (*scan->at == ' ' || *scan->at == '\n' || *scan->at == '\r' || *scan->at == '\t'))
        scan->at++;
    return scan->at < scan->end ? *scan->at : '\0';
}

/* The next byte that is no blank, or 0 at the end (a real 0 is nothing either). */
static inline char peek(struct scan *scan)
{
    char next = scan->at < scan->end ? *scan->at : '\0';
    return next > ' ' ? next : peek_far(scan);
}

static bool scan_key(struct scan *scan, struct span *key)
{
    struct json_value *parent = scan->open[scan->depth - 1];
    if (peek(scan) != '"')
        return false;
    if (parent->count == scan->limits->members)
        return refuse(scan, scan->at, REJECT_TOO_LARGE);
    const char *begin = scan->at++;
    if (!scan_string(scan, key) || peek(scan) != ':')
        return false;
    scan->at++;
    unsigned first = key->len ? (unsigned char)key->at[0] : 0,
             last = key->len ? (unsigned char)key->at[key->len - 1] : 0;
    uint64_t bit = UINT64_C(1) << ((key->len * 7 + (size_t)first * 31 + last) & 63);
    if ((scan->seen[scan->depth - 1] & bit) && json_get(parent, *key))
        return refuse(scan, begin, REJECT_JSON_DUPLICATE);
    scan->seen[scan->depth - 1] |= bit;
    return true;
}

static struct json_value *add_value(struct scan *scan, struct span key)
{
    struct json_value *value = arena_take_raw(scan->arena, sizeof *value);
    if (!value) {
        scan->why = REJECT_TOO_LARGE;
        return NULL;
    }
    *value = (struct json_value){0}; /* in a few stores: it is small */
    if (scan->depth == 0)
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
    if (scan->depth == scan->most_depth)
        return refuse(scan, scan->at, REJECT_JSON_DEPTH);
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

/* Behind a value: closes what ends here, and goes past the comma where another follows. */
static bool close_containers(struct scan *scan)
{
    while (scan->depth > 0) {
        char c = peek(scan);
        bool object = scan->open[scan->depth - 1]->type == JSON_OBJECT;
        if (c != ',' && c != (object ? '}' : ']'))
            return false;
        scan->at++;
        if (c == ',')
            return true;
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
    if (!(scan->root = add_value(scan, SPAN_NONE)) || !scan_value(scan, scan->root))
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
        if (!close_containers(scan))
            return false;
    }
    return peek(scan) == '\0' && scan->at == scan->end;
}

enum reject json_scan_within(struct span in, const struct json_limits *limits, size_t depth,
                             struct arena *arena, const struct json_value **root, size_t *bad_at)
{
    struct scan scan;
    size_t mark = arena->used;
    scan.at = in.at ? in.at : "";
    scan.end = scan.at + in.len;
    scan.arena = arena;
    scan.depth = 0;
    scan.most_depth = JSON_MOST_DEPTH - depth;
    scan.root = NULL;
    scan.limits = limits;
    scan.why = REJECT_NONE;
    *root = NULL;
    if (scan_document(&scan)) {
        *root = scan.root;
        return REJECT_NONE;
    }
    *bad_at = in.at ? (size_t)(scan.at - in.at) : 0;
    arena_rewind(arena, mark);
    return scan.why;
}

enum reject json_scan(struct span in, const struct json_limits *limits, struct arena *arena,
                      const struct json_value **root, size_t *bad_at)
{
    return json_scan_within(in, limits, 0, arena, root, bad_at);
}
