/* SPDX-License-Identifier: Apache-2.0 */
/* Origins are compared as the browser writes them, byte for byte. No credentials are allowed in the
 * standard's sense (cookies): a token in a header is the page's own to send. */
#include "daemon/http_origin.h"

#include <string.h>

#include "daemon/http_internal.h"

bool http_origin_is_sound(struct span origin)
{
    struct span host = origin;
    if (span_starts(host, SPAN("http://")))
        host = span_from(host.at + 7, host.len - 7);
    else if (span_starts(host, SPAN("https://")))
        host = span_from(host.at + 8, host.len - 8);
    else
        return false;
    for (size_t i = 0; i < host.len; i++)
        if (!strchr("abcdefghijklmnopqrstuvwxyz0123456789.-:[]", host.at[i]))
            return false;
    return host.len > 0;
}

bool http_origin_is_of(const char *list, struct span origin)
{
    struct span rest = span_of(list);
    while (origin.len > 0 && rest.len > 0)
        if (span_equal(span_trim(span_cut(&rest, ',')), origin))
            return true;
    return false;
}

bool http_origin_preflight(struct http_request *request)
{
    struct span origin = http_request_header(request, "Origin");
    if (strcmp(request->method, "OPTIONS") != 0 || !request->match.allow[0] ||
        !http_origin_is_of(request->server->origins, origin))
        return false;
    http_server_respond(
        request,
        &(struct http_answer){.status = 204,
                              .more = {{"Access-Control-Allow-Methods", request->match.allow},
                                       {"Access-Control-Allow-Headers",
                                        "Authorization, Content-Type, Accept-Language"},
                                       {"Access-Control-Max-Age", "600"}}});
    return true;
}
