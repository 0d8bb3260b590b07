/* SPDX-License-Identifier: Apache-2.0 */
/* One form in `raw` for all three modes: the envelope is written around the body, whose bytes stay
 * as they came. Header values are percent-encoded UTF-8 (HTTP protocol binding 3.1.3.2). */
#include "ingest/door_cloudevent.h"

#include "daemon/http_route.h"
#include "model/event.h"

#define VALUE_MAX 1024 /* of an attribute */

/* Header, and the attribute it is; what else a sender adds is his own affair. */
static const struct {
    const char *header, *name;
} attributes[] = {
    {"ce-specversion", "specversion"}, {"ce-id", "id"},
    {"ce-source", "source"},           {"ce-type", "type"},
    {"ce-subject", "subject"},         {"ce-time", "time"},
    {"ce-dataschema", "dataschema"},   {"ce-revision", "revision"},
    {"ce-replayof", "replayof"},       {"ce-traceparent", "traceparent"},
};

bool door_cloudevent_is_binary(const struct http_request *request)
{
    return http_request_header(request, "ce-specversion").at != NULL;
}

bool door_cloudevent_front(const struct http_request *request, struct strbuf *front,
                           const char **fault)
{
    char text[VALUE_MAX];
    struct span value;
    strbuf_add_char(front, '{');
    for (size_t i = 0; i < ARRAY_LENGTH(attributes); i++) {
        struct span raw = http_request_header(request, attributes[i].header);
        *fault = attributes[i].header;
        if (raw.at == NULL)
            continue;
        if (raw.len > sizeof text || !http_route_decode(raw, text, &value) || !event_may_say(value))
            return false;
        strbuf_addf(front, "\"%s\":", attributes[i].name);
        strbuf_add_json(front, value);
        strbuf_add_char(front, ',');
    }
    strbuf_add(front, SPAN("\"datacontenttype\":\"application/json\""));
    if (http_request_body(request).len > 0)
        strbuf_add(front, SPAN(",\"data\":"));
    return true;
}
