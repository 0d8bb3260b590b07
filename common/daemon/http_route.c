/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses are cut into segments first and decoded afterwards, so a %2F in an id stays inside its
 * segment. What could mean two things to two readers (broken escapes, controls, "..", bytes that
 * are not UTF-8) is no address at all. Whether a method or a body is welcome is the server's
 * business. */
#include "daemon/http_route.h"

#include <stdio.h>
#include <string.h>

#include "base/utf8.h"

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

bool http_route_decode(struct span raw, char *out, struct span *decoded)
{
    size_t len = 0;

    for (size_t i = 0; i < raw.len; i++) {
        unsigned char byte = (unsigned char)raw.at[i];
        if (byte == '%') {
            int high = i + 2 < raw.len ? hex_value(raw.at[i + 1]) : -1;
            int low = i + 2 < raw.len ? hex_value(raw.at[i + 2]) : -1;
            if (high < 0 || low < 0)
                return false;
            byte = (unsigned char)(high * 16 + low);
            i += 2;
        }
        if (byte < 0x20 || byte == 0x7f)
            return false;
        out[len++] = (char)byte;
    }
    *decoded = span_from(out, len);
    return utf8_is_valid(*decoded);
}

bool http_route_split(struct span raw, char *out, struct http_path *path)
{
    char *end = out;

    *path = (struct http_path){0};
    if (raw.len == 0 || raw.at[0] != '/' || span_find(raw, ' ') >= 0)
        return false;
    *end++ = '/';
    raw = span_from(raw.at + 1, raw.len - 1);
    while (raw.at) {
        struct span *segment = &path->segments[path->count];
        if (path->count == HTTP_ROUTE_SEGMENTS ||
            !http_route_decode(span_cut(&raw, '/'), end, segment) || span_is(*segment, ".") ||
            span_is(*segment, ".."))
            return false;
        path->has_slash[path->count++] = span_find(*segment, '/') >= 0;
        end += segment->len;
        if (raw.at)
            *end++ = '/';
    }
    path->text = span_from(out, (size_t)(end - out));
    return true;
}

/* A rest that holds a decoded slash would read as more segments than were sent: no match. */
static bool take_rest(const struct http_path *path, size_t from, struct span *part)
{
    if (from >= path->count)
        return false;
    for (size_t i = from; i < path->count; i++)
        if (path->has_slash[i])
            return false;
    const char *at = path->segments[from].at;
    *part = span_from(at, (size_t)(path->text.at + path->text.len - at));
    return true;
}

static bool path_matches(const char *pattern, const struct http_path *path, struct span *parts)
{
    struct span wanted = span_of(pattern + 1);
    size_t segment = 0, part = 0;

    while (wanted.at) {
        struct span want = span_cut(&wanted, '/');
        if (span_is(want, "*"))
            return part < HTTP_ROUTE_PARTS && take_rest(path, segment, &parts[part]);
        if (segment == path->count)
            return false;
        struct span got = path->segments[segment++];
        if (want.len > 1 && want.at[0] == '{') {
            if (got.len == 0 || part == HTTP_ROUTE_PARTS)
                return false;
            parts[part++] = got;
        } else if (!span_equal(want, got)) {
            return false;
        }
    }
    return segment == path->count;
}

static void allow_also(char *allow, size_t size, const char *method)
{
    size_t len = strlen(allow);

    if (!strstr(allow, method))
        snprintf(allow + len, size - len, "%s%s", len ? ", " : "", method);
}

void http_route_find(struct http_match *match, const struct http_route *routes, size_t count,
                     const char *method, const struct http_path *path)
{
    *match = (struct http_match){0};
    for (size_t i = 0; i < count; i++) {
        const struct http_route *route = &routes[i];
        struct span parts[HTTP_ROUTE_PARTS] = {{0}};
        if (!path_matches(route->path, path, parts))
            continue;
        bool head = strcmp(method, "HEAD") == 0 && strcmp(route->method, "GET") == 0;
        if (head || strcmp(route->method, method) == 0) {
            match->route = route;
            memcpy(match->parts, parts, sizeof parts);
            return;
        }
        allow_also(match->allow, sizeof match->allow, route->method);
        if (strcmp(route->method, "GET") == 0)
            allow_also(match->allow, sizeof match->allow, "HEAD");
    }
}
