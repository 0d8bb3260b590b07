/* SPDX-License-Identifier: Apache-2.0 */
/* CloudEvents 1.0, JSON format: the four attributes every event has, and data that a mapping can
 * read. Other attributes are the sender's own affair. */
#include "model/cloudevent.h"

#include "model/media_type.h"

static const char *find_fault(const struct json_value *event, const struct json_value **data)
{
    static const char *const required[] = {"id", "source", "type"};
    if (!span_is(json_text(event, "specversion"), "1.0"))
        return "specversion";
    for (size_t i = 0; i < sizeof required / sizeof required[0]; i++)
        if (json_text(event, required[i]).len == 0)
            return required[i];
    struct span type = json_text(event, "datacontenttype");
    if (type.at && !media_type_is_json(type))
        return "datacontenttype";
    if (json_get(event, SPAN("data_base64")))
        return "data_base64";
    *data = json_get(event, SPAN("data"));
    return *data && (*data)->type == JSON_OBJECT ? NULL : "data";
}

enum reject cloudevent_open(const struct json_value **value, const char **fault)
{
    const struct json_value *data = NULL;
    *fault = find_fault(*value, &data);
    if (*fault)
        return REJECT_EVENT;
    *value = data;
    return REJECT_NONE;
}
