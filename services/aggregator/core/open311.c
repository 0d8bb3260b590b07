/* SPDX-License-Identifier: Apache-2.0 */
/* One walk over fields writes both forms: a member and its value, or an element around it. */
#include "aggregator/core/open311.h"

#include "base/base.h"

static const char xml_head[] = "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n";

bool open311_read_form(struct span *name, enum open311_form *form)
{
    static const struct span endings[] = {
        [OPEN311_JSON] = {".json", 5}, [OPEN311_XML] = {".xml", 4}};
    for (size_t i = 0; i < ARRAY_LENGTH(endings); i++) {
        if (name->len <= endings[i].len || !span_ends(*name, endings[i]))
            continue;
        name->len -= endings[i].len;
        *form = (enum open311_form)i;
        return true;
    }
    return false;
}

const char *open311_content_type(enum open311_form form)
{
    return form == OPEN311_JSON ? "application/json; charset=utf-8" : "text/xml; charset=utf-8";
}

static void add_escaped(struct strbuf *out, struct span text)
{
    for (size_t i = 0; i < text.len; i++) {
        switch (text.at[i]) {
        case '&': strbuf_add(out, SPAN("&amp;")); break;
        case '<': strbuf_add(out, SPAN("&lt;")); break;
        case '>': strbuf_add(out, SPAN("&gt;")); break;
        default:
            if ((unsigned char)text.at[i] >= ' ') /* of the others XML has no form */
                strbuf_add_char(out, text.at[i]);
        }
    }
}

struct field {
    const char *name;
    struct span text;
    bool bare; /* a number or a truth: without quotes */
};

static void add_fields(struct strbuf *out, enum open311_form form, const char *element,
                       const struct field *fields, size_t count)
{
    strbuf_addf(out, form == OPEN311_JSON ? "{" : "<%s>", element);
    for (size_t i = 0; i < count; i++) {
        const struct field *field = &fields[i];
        if (form == OPEN311_XML) {
            strbuf_addf(out, "<%s>", field->name);
            add_escaped(out, field->text);
            strbuf_addf(out, "</%s>", field->name);
            continue;
        }
        strbuf_addf(out, "%s\"%s\":", i ? "," : "", field->name);
        if (!field->text.at)
            strbuf_add(out, SPAN("null"));
        else if (field->bare)
            strbuf_add(out, field->text);
        else
            strbuf_add_json(out, field->text);
    }
    if (form == OPEN311_JSON)
        strbuf_add_char(out, '}');
    else
        strbuf_addf(out, "</%s>\n", element);
}

static bool has_below(const struct registry *types, struct span code)
{
    const struct registry_row *row;
    for (size_t i = 0; (row = registry_at(types, i)); i++)
        if (span_equal(registry_cell(types, row, "parent_code"), code))
            return true;
    return false;
}

static void add_service(struct strbuf *out, enum open311_form form, const struct registry *types,
                        const struct registry_row *row)
{
    struct span parent = registry_cell(types, row, "parent_code");
    const struct registry_row *above = parent.len ? registry_find(types, parent, INT64_MIN) : NULL;
    struct span group = registry_cell(types, above ? above : row, "name");
    const struct field fields[] = {
        {"service_code", registry_cell(types, row, "code"), false},
        {"service_name", registry_cell(types, row, "name"), false},
        {"description", registry_cell(types, row, "name"), false},
        {"metadata", SPAN("false"), true},
        {"type", SPAN("realtime"), false},
        {"keywords", registry_cell(types, row, "department"), false},
        {"group", group, false},
    };
    add_fields(out, form, "service", fields, ARRAY_LENGTH(fields));
}

void open311_write_services(struct strbuf *out, enum open311_form form,
                            const struct registry *types)
{
    const struct registry_row *row;
    bool first = true;
    strbuf_addf(out, form == OPEN311_JSON ? "[" : "%s<services>\n", xml_head);
    for (size_t i = 0; (row = registry_at(types, i)); i++) {
        struct span code = registry_cell(types, row, "code");
        bool newest = registry_find(types, code, INT64_MIN) == row;
        if (!newest || has_below(types, code))
            continue;
        if (form == OPEN311_JSON && !first)
            strbuf_add(out, SPAN(",\n"));
        add_service(out, form, types, row);
        first = false;
    }
    strbuf_add(out, form == OPEN311_JSON ? SPAN("]\n") : SPAN("</services>\n"));
}

bool open311_write_definition(struct strbuf *out, enum open311_form form,
                              const struct registry *types, struct span code)
{
    if (!registry_find(types, code, INT64_MIN))
        return false;
    if (form == OPEN311_JSON) {
        strbuf_add(out, SPAN("{\"service_code\":"));
        strbuf_add_json(out, code);
        strbuf_add(out, SPAN(",\"attributes\":[]}\n"));
        return true;
    }
    strbuf_addf(out, "%s<service_definition><service_code>", xml_head);
    add_escaped(out, code);
    strbuf_add(out, SPAN("</service_code><attributes></attributes></service_definition>\n"));
    return true;
}

void open311_begin_requests(struct strbuf *out, enum open311_form form)
{
    strbuf_addf(out, form == OPEN311_JSON ? "[" : "%s<service_requests>\n", xml_head);
}

void open311_add_request(struct strbuf *out, enum open311_form form,
                         const struct open311_request *request, bool first)
{
    const struct field fields[] = {
        {"service_request_id", request->id, false},
        {"status", request->closed ? SPAN("closed") : SPAN("open"), false},
        {"status_notes", request->notes, false},
        {"service_name", request->service_name, false},
        {"service_code", request->service_code, false},
        {"description", SPAN_NONE, false},
        {"agency_responsible", request->agency, false},
        {"service_notice", SPAN_NONE, false},
        {"requested_datetime", request->requested, false},
        {"updated_datetime", request->updated, false},
        {"expected_datetime", request->expected, false},
        {"address", SPAN_NONE, false},
        {"address_id", request->area, false},
        {"zipcode", SPAN_NONE, false},
        {"lat", SPAN_NONE, true},
        {"long", SPAN_NONE, true},
        {"media_url", SPAN_NONE, false},
    };
    if (form == OPEN311_JSON && !first)
        strbuf_add(out, SPAN(",\n"));
    add_fields(out, form, "request", fields, ARRAY_LENGTH(fields));
}

void open311_end_requests(struct strbuf *out, enum open311_form form)
{
    strbuf_add(out, form == OPEN311_JSON ? SPAN("]\n") : SPAN("</service_requests>\n"));
}

void open311_write_error(struct strbuf *out, enum open311_form form, int code,
                         struct span description)
{
    if (form == OPEN311_JSON) {
        strbuf_addf(out, "[{\"code\":%d,\"description\":", code);
        strbuf_add_json(out, description);
        strbuf_add(out, SPAN("}]\n"));
        return;
    }
    strbuf_addf(out, "%s<errors><error><code>%d</code><description>", xml_head, code);
    add_escaped(out, description);
    strbuf_add(out, SPAN("</description></error></errors>\n"));
}

void open311_write_discovery(struct strbuf *out, enum open311_form form, struct span jurisdiction)
{
    if (form == OPEN311_JSON) {
        strbuf_add(out, SPAN("{\"changeset\":\"2026-11-25T00:00:00+08:00\",\"contact\":"));
        strbuf_add_json(out, jurisdiction);
        strbuf_add(out, SPAN(",\"key_service\":\"\",\"endpoints\":[{\"specification\":"
                             "\"http://wiki.open311.org/GeoReport_v2\",\"url\":\"/open311/v2\","
                             "\"changeset\":\"2026-11-25T00:00:00+08:00\",\"type\":\"production\","
                             "\"formats\":[\"text/xml\",\"application/json\"]}]}\n"));
        return;
    }
    strbuf_addf(out,
                "%s<discovery><changeset>2026-11-25T00:00:00+08:00</changeset><contact>%.*s"
                "</contact><key_service></key_service><endpoints><endpoint><specification>"
                "http://wiki.open311.org/GeoReport_v2</specification><url>/open311/v2</url>"
                "<changeset>2026-11-25T00:00:00+08:00</changeset><type>production</type><formats>"
                "<format>text/xml</format><format>application/json</format></formats></endpoint>"
                "</endpoints></discovery>\n",
                xml_head, SPAN_ARG(jurisdiction));
}
