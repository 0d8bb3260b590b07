/* SPDX-License-Identifier: Apache-2.0 */
/* Nearly all that is read was written by us, and is known by its first bytes. */
#include "model/event_members.h"

#include <string.h>

#define AROUND 5 /* bytes around a name: what stands before it, two quotes, a colon, a quote */

/* ,"name":" */
static bool is_named(const char *at, char before, struct span name)
{
    return at[0] == before && at[2] == name.at[0] && at[1] == '"' &&
           memcmp(at + 2, name.at, name.len) == 0 && memcmp(at + 2 + name.len, "\":\"", 3) == 0;
}

bool event_members_read(struct span json, const struct span *names, size_t count,
                        struct span *texts, struct span *data)
{
    static const struct span key = {",\"data\":", 8};
    if (json.len < 2 || json.at[json.len - 1] != '}')
        return false;
    const char *at = json.at, *end = json.at + json.len - 1;
    char before = '{';
    for (size_t i = 0; i < count; i++) {
        texts[i] = SPAN_NONE;
        if ((size_t)(end - at) < names[i].len + AROUND || !is_named(at, before, names[i]))
            continue;
        at += names[i].len + AROUND;
        texts[i] = span_from(at, span_plain(span_from(at, (size_t)(end - at))));
        at += texts[i].len;
        if (at == end || *at++ != '"')
            return false;
        before = ',';
    }
    struct span rest = span_from(at, (size_t)(end - at));
    *data = SPAN_NONE;
    if (span_starts(rest, key))
        *data = span_from(at + key.len, rest.len - key.len);
    return before == ',' && (rest.len == 0 || data->at);
}
