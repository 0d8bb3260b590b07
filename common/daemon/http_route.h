/* SPDX-License-Identifier: Apache-2.0 */
/* Which route a request's address means. No socket and no allocation here. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/span.h"
#include "daemon/http_server.h"

enum { HTTP_ROUTE_PARTS = 8, HTTP_ROUTE_SEGMENTS = 32 };

/* Percent-decodes `raw` into `out`, which has room for raw.len bytes (they may be the same). False:
 * a broken escape, a control character or bytes that are not UTF-8. */
bool http_route_decode(struct span raw, char *out, struct span *decoded);

struct http_path {
    struct span text;                          /* decoded, all of it */
    struct span segments[HTTP_ROUTE_SEGMENTS]; /* of text */
    bool has_slash[HTTP_ROUTE_SEGMENTS];       /* %2F inside: still one segment */
    size_t count;
};
/* Decodes segment by segment. False also for "." and ".." and for paths that do not begin with "/".
 */
bool http_route_split(struct span raw, char *out, struct http_path *path);

struct http_match {
    const struct http_route *route; /* NULL: see allow */
    struct span parts[HTTP_ROUTE_PARTS];
    char allow[64]; /* methods of the path's routes, "" = no such path */
};
void http_route_find(struct http_match *match, const struct http_route *routes, size_t count,
                     const char *method, const struct http_path *path);
