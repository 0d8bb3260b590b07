/* SPDX-License-Identifier: Apache-2.0 */
/* Answered from memory: the registries are those the process began with. */
#include "aggregator/api_page.h"

#include "base/base.h"
#include "model/stage_words.h"

#define MOST_BYTES ((size_t)4 << 20)

static const struct api_parameter nothing[1];

static void add_who(const struct api_asker *asker, struct strbuf *out)
{
    const char *kind = asker->station.at ? "station" : asker->unit.at ? "unit" : "reader";
    struct span name = asker->station.at ? asker->station : asker->unit;
    strbuf_addf(out, "{\"kind\":\"%s\",\"name\":", kind);
    if (name.at)
        strbuf_add_json(out, name);
    else
        strbuf_add(out, SPAN("null"));
    strbuf_addf(out, ",\"all\":%s}", asker->all ? "true" : "false");
}

/* `door` is empty where the page's own address leads to it as well. */
void api_page_start(void *api, struct http_request *request)
{
    struct api_call *call = api_call_begin(api, request, nothing, 0);
    struct strbuf out;
    if (!call)
        return;
    strbuf_init(&out, 256, 4096);
    strbuf_add(&out, SPAN("{\"door\":"));
    strbuf_add_json(&out, span_of(call->api->config->door));
    strbuf_add(&out, SPAN(",\"who\":"));
    add_who(&call->asker, &out);
    strbuf_add(&out, SPAN("}\n"));
    api_call_reply(call, &out);
}

/* "name":[{…}] of the columns, which are called in the answer as in the registry; "name_en" where
 * a row has one. */
static void add_registry(struct strbuf *out, const char *name, const struct registry *registry,
                         const char *const *columns, size_t count)
{
    const struct registry_row *row;
    strbuf_addf(out, "\"%s\":[", name);
    for (size_t i = 0; (row = registry_at(registry, i)); i++) {
        for (size_t k = 0; k < count; k++) {
            strbuf_addf(out, "%s\"%s\":", k ? "," : i ? ",\n{" : "\n{", columns[k]);
            strbuf_add_json(out, registry_cell(registry, row, columns[k]));
        }
        struct span english = registry_cell(registry, row, "name_en");
        if (english.len) {
            strbuf_add(out, SPAN(",\"name_en\":"));
            strbuf_add_json(out, english);
        }
        strbuf_add_char(out, '}');
    }
    strbuf_add_char(out, ']');
}

/* "opened":["发现","found"]: a stage is called otherwise in another kind. */
static void add_stages(struct strbuf *out, const struct case_kind *kind)
{
    for (size_t i = 0; i < kind->stage_count; i++) {
        struct span code = span_of(kind->stages[i].name);
        struct span chinese = stage_words_stage(kind, code, LANGUAGE_CHINESE),
                    english = stage_words_stage(kind, code, LANGUAGE_ENGLISH);
        strbuf_add(out, i ? SPAN(",") : SPAN(""));
        strbuf_add_json(out, code);
        strbuf_add(out, SPAN(":["));
        strbuf_add_json(out, chinese.at ? chinese : code);
        strbuf_add_char(out, ',');
        strbuf_add_json(out, english.at ? english : code);
        strbuf_add_char(out, ']');
    }
}

static void add_kinds(struct strbuf *out, const struct kinds *kinds)
{
    const struct case_kind *kind;
    strbuf_add(out, SPAN("\"kinds\":["));
    for (size_t i = 0; (kind = kinds_at(kinds, i)); i++) {
        strbuf_addf(out, "%s{\"kind\":\"%s\",", i ? "," : "", kind->code);
        yaml_name_write(&kind->called, out);
        strbuf_add(out, SPAN(",\"stages\":{"));
        add_stages(out, kind);
        strbuf_add(out, SPAN("}}"));
    }
    strbuf_add_char(out, ']');
}

void api_page_names(void *api, struct http_request *request)
{
    static const char *const divisions[] = {"code", "parent_code", "level", "name"},
                             *const types[] = {"code", "parent_code", "name", "unit"};
    struct api_call *call = api_call_begin(api, request, nothing, 0);
    struct strbuf out;
    if (!call)
        return;
    const struct aggregator_config *config = call->api->config;
    strbuf_init(&out, 1 << 16, MOST_BYTES);
    strbuf_add_char(&out, '{');
    add_registry(&out, "divisions", config->divisions, divisions, ARRAY_LENGTH(divisions));
    strbuf_add_char(&out, ',');
    add_registry(&out, "types", config->types, types, ARRAY_LENGTH(types));
    strbuf_add(&out, SPAN(",\"type_groups\":"));
    type_groups_write(config->type_groups, &out);
    strbuf_add_char(&out, ',');
    add_kinds(&out, config->kinds);
    const struct {
        const char *member;
        const struct title_list *list;
        bool withheld; /* from a station, which has no page; a unit's page says them */
    } lists[] = {
        {"triggers", config->triggers, false},     {"feeds", config->feeds, false},
        {"limit_classes", config->classes, false}, {"rules", config->rules_called, true},
        {"fields", config->fields, false},         {"stations", config->stations_called, true}};
    for (size_t i = 0; i < ARRAY_LENGTH(lists); i++) {
        if (lists[i].withheld && call->asker.station.at)
            continue;
        strbuf_addf(&out, ",\"%s\":", lists[i].member);
        title_list_write(lists[i].list, &out);
    }
    strbuf_add(&out, SPAN("}\n"));
    api_call_reply(call, &out);
}
