/* SPDX-License-Identifier: Apache-2.0 */
#include "model/json_write.h"

void json_write(struct strbuf *out, const struct json_value *value, bool spaced)
{
    bool object = value->type == JSON_OBJECT;
    switch (value->type) {
    case JSON_NULL: strbuf_add(out, SPAN("null")); return;
    case JSON_BOOL: strbuf_add(out, value->truth ? SPAN("true") : SPAN("false")); return;
    case JSON_NUMBER: strbuf_add(out, value->text); return;
    case JSON_STRING: strbuf_add_json(out, value->text); return;
    case JSON_ARRAY:
    case JSON_OBJECT: break;
    }
    strbuf_add_char(out, object ? '{' : '[');
    for (const struct json_value *one = value->first; one; one = one->next) {
        if (one != value->first)
            strbuf_add(out, spaced ? SPAN(", ") : SPAN(","));
        if (object) {
            strbuf_add_json(out, one->key);
            strbuf_add(out, spaced ? SPAN(": ") : SPAN(":"));
        }
        json_write(out, one, spaced);
    }
    strbuf_add_char(out, object ? '}' : ']');
}
