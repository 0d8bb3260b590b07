/* SPDX-License-Identifier: Apache-2.0 */
#include "config/yaml_name.h"

#include <string.h>

#define MAX_NAME 60 /* bytes: twenty Chinese characters */

static const char *read_one(const struct yaml_node *node, struct diagnostics *d)
{
    const char *text;
    if (!yaml_text(node, &text, d))
        return NULL;
    size_t len = strlen(text);
    if (strspn(text, " ") == len)
        diagnostics_add(d, node->place, "write what people call it, or leave name out",
                        "the name is empty");
    else if (len > MAX_NAME)
        diagnostics_add(d, node->place, "shorten it to about twenty Chinese characters",
                        "the name has %zu bytes, of %d", len, MAX_NAME);
    for (const char *at = text; *at; at++)
        if ((unsigned char)*at < ' ') {
            diagnostics_add(d, node->place, "write it in one line", "the name is not in one line");
            break;
        }
    return text;
}

void yaml_name_read(struct yaml_name *name, const struct yaml_node *node,
                    struct diagnostics *diagnostics)
{
    static const char *const keys[] = {"zh", "en", NULL};
    *name = (struct yaml_name){0};
    if (!node)
        return;
    if (node->type != YAML_MAP) {
        name->chinese = name->english = read_one(node, diagnostics);
        return;
    }
    if (!yaml_only_keys(node, keys, diagnostics))
        return;
    name->chinese = read_one(yaml_require(node, "zh", diagnostics), diagnostics);
    name->english = read_one(yaml_require(node, "en", diagnostics), diagnostics);
}

struct span yaml_name_in(const struct yaml_name *name, enum language language)
{
    const char *text = language == LANGUAGE_ENGLISH ? name->english : name->chinese;
    return text ? span_of(text) : SPAN_NONE;
}

void yaml_name_write(const struct yaml_name *name, struct strbuf *out)
{
    strbuf_add(out, SPAN("\"name\":"));
    strbuf_add_json(out, span_of(name->chinese));
    if (strcmp(name->chinese, name->english) == 0)
        return;
    strbuf_add(out, SPAN(",\"name_en\":"));
    strbuf_add_json(out, span_of(name->english));
}
