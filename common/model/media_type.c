/* SPDX-License-Identifier: Apache-2.0 */
/* Only what choosing a reader needs: no escapes inside quotes, and a comma is no separator. */
#include "model/media_type.h"

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + 'a' - 'A') : c;
}

bool media_type_equal(struct span s, const char *text)
{
    if (s.len != strlen(text))
        return false;
    for (size_t i = 0; i < s.len; i++)
        if (lower(s.at[i]) != text[i])
            return false;
    return true;
}

static struct span type_of(struct span content_type)
{
    struct span rest = content_type;
    return rest.at ? span_trim(span_cut(&rest, ';')) : SPAN("");
}

bool media_type_is(struct span content_type, const char *type)
{
    return media_type_equal(type_of(content_type), type);
}

bool media_type_starts(struct span content_type, const char *front)
{
    struct span type = type_of(content_type);
    size_t len = strlen(front);
    return type.len >= len && media_type_equal(span_from(type.at, len), front);
}

bool media_type_is_json(struct span content_type)
{
    struct span type = type_of(content_type);
    static const struct span suffix = {"+json", 5};
    return media_type_equal(type, "application/json") || media_type_equal(type, "text/json") ||
           (type.len > suffix.len &&
            media_type_equal(span_from(type.at + type.len - suffix.len, suffix.len), suffix.at));
}

struct span media_type_parameter(struct span content_type, const char *name)
{
    struct span rest = content_type;
    if (rest.at)
        span_cut(&rest, ';');
    while (rest.at) {
        struct span value = span_cut(&rest, ';');
        struct span key = span_trim(span_cut(&value, '='));
        if (!value.at || !media_type_equal(key, name))
            continue;
        value = span_trim(value);
        if (value.len >= 2 && value.at[0] == '"' && value.at[value.len - 1] == '"')
            value = span_from(value.at + 1, value.len - 2);
        return value;
    }
    return SPAN_NONE;
}
