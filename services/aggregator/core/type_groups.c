/* SPDX-License-Identifier: Apache-2.0 */
/* Groups are held to the registry here, where the daemon begins and in `citybrain check`: a type
 * that is spelt wrong would leave its cases out of a number without a word. */
#include "aggregator/core/type_groups.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "config/yaml_name.h"

#define MOST_GROUPS ((size_t)128)
#define MOST_TYPES  ((size_t)512) /* of one group, with those below */
#define MOST_BYTES  ((size_t)64 << 10)
#define MOST_CODE   ((size_t)40)

struct type_group {
    char *code, *chinese, *english; /* owned */
    struct strbuf types;            /* "R0201,R0202" */
};

struct type_groups {
    struct type_group *list; /* owned */
    size_t count;
    struct strbuf words;
};

/* What is read of one entry; its spans are the registry's. */
struct members {
    const struct registry *types;
    struct diagnostics *diagnostics;
    struct span list[MOST_TYPES];
    size_t count;
    bool full;
};

static bool has(const struct members *members, struct span code)
{
    for (size_t i = 0; i < members->count; i++)
        if (span_equal(members->list[i], code))
            return true;
    return false;
}

static void add_once(struct members *members, struct span code)
{
    if (has(members, code))
        return;
    if (members->count < MOST_TYPES)
        members->list[members->count++] = code;
    else
        members->full = true;
}

static bool is_type(const struct registry *types, struct span code, struct span *found)
{
    const struct registry_row *row = registry_find(types, code, INT64_MIN);
    *found = row ? registry_cell(types, row, "code") : SPAN_NONE;
    return row && span_equal(*found, code); /* an alias is no code */
}

static void add_member(struct members *members, const struct yaml_node *item)
{
    const char *text;
    struct span code;
    if (!yaml_text(item, &text, members->diagnostics))
        return;
    if (!is_type(members->types, span_of(text), &code))
        diagnostics_add(members->diagnostics, item->place,
                        "use a code of registries/request_types.csv", "no type \"%s\"", text);
    else if (has(members, code))
        diagnostics_add(members->diagnostics, item->place, "name it once",
                        "the group has the type \"%s\" already", text);
    else
        add_once(members, code);
}

/* The list grows while it is walked, so what is below what is below is found too. */
static void add_below(struct members *members)
{
    const struct registry_row *row;
    for (size_t i = 0; i < members->count; i++)
        for (size_t k = 0; (row = registry_at(members->types, k)); k++)
            if (span_equal(registry_cell(members->types, row, "parent_code"), members->list[i]))
                add_once(members, registry_cell(members->types, row, "code"));
}

/* A word of an address: it names a group or a type, never both. */
static bool check_code(const struct type_groups *groups, const struct yaml_node *entry,
                       const struct members *members)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz";
    const struct span code = span_of(entry->key);
    struct span found;
    if (code.len == 0 || code.len > MOST_CODE || !strchr(letters, code.at[0]) ||
        strspn(code.at, "abcdefghijklmnopqrstuvwxyz0123456789_") != code.len)
        diagnostics_add(members->diagnostics, entry->key_place,
                        "a-z, 0-9 and _, a letter first, as heating", "\"%s\" names no group",
                        entry->key);
    else if (is_type(members->types, code, &found))
        diagnostics_add(members->diagnostics, entry->key_place, "another name for the group",
                        "\"%s\" is a type", entry->key);
    else if (groups->count == MOST_GROUPS)
        diagnostics_add(members->diagnostics, entry->key_place, "", "more than %zu groups",
                        MOST_GROUPS);
    else
        return true;
    return false;
}

static bool keep(struct type_groups *groups, const char *code, const struct yaml_name *name,
                 const struct members *members)
{
    struct type_group *group = &groups->list[groups->count++];
    group->code = xstrdup(code);
    group->chinese = xstrdup(name->chinese);
    group->english = xstrdup(name->english);
    strbuf_init(&group->types, 256, MOST_BYTES);
    for (size_t i = 0; i < members->count; i++) {
        strbuf_add(&group->types, i ? SPAN(",") : SPAN(""));
        strbuf_add(&group->types, members->list[i]);
    }
    strbuf_add(&groups->words, groups->words.len ? SPAN(" ") : SPAN(""));
    strbuf_add(&groups->words, span_of(code));
    return !members->full && !strbuf_is_full(&group->types);
}

static void read_group(struct type_groups *groups, const struct yaml_node *entry,
                       struct members *members)
{
    static const char *const keys[] = {"name", "types", NULL};
    struct diagnostics *d = members->diagnostics;
    struct yaml_name name;
    members->count = 0;
    members->full = false;
    if (entry->type != YAML_MAP) {
        diagnostics_add(d, entry->place, "heating: { name: 供暖, types: [R0201, R0202] }",
                        "a group is a map of name and types");
        return;
    }
    const struct yaml_node *types = yaml_require(entry, "types", d);
    if (!check_code(groups, entry, members) || !yaml_only_keys(entry, keys, d))
        return;
    yaml_name_read(&name, yaml_require(entry, "name", d), d);
    if (!name.chinese || !name.english || !types)
        return;
    if (types->type != YAML_LIST || types->count == 0) {
        diagnostics_add(d, types->place, "types: [R0201, R0202]",
                        "types is a list that is not empty");
        return;
    }
    for (const struct yaml_node *item = types->first; item; item = item->next)
        add_member(members, item);
    add_below(members);
    if (members->count && !keep(groups, entry->key, &name, members))
        diagnostics_add(d, types->place, "name types further down, in several groups",
                        "\"%s\" has more types than a group holds (%zu, with those below)",
                        entry->key, MOST_TYPES);
}

static void read_file(struct type_groups *groups, const struct yaml_node *root,
                      struct members *members)
{
    static const char *const keys[] = {"type_groups", NULL};
    const struct yaml_node *all = yaml_require(root, "type_groups", members->diagnostics);
    if (!yaml_only_keys(root, keys, members->diagnostics) || !all)
        return;
    if (all->type != YAML_MAP) {
        diagnostics_add(members->diagnostics, all->place,
                        "heating: { name: 供暖, types: [R0201, R0202] }",
                        "type_groups is a map of groups");
        return;
    }
    for (const struct yaml_node *entry = all->first; entry; entry = entry->next)
        read_group(groups, entry, members);
}

struct type_groups *type_groups_load(const char *path, const struct registry *types,
                                     struct diagnostics *diagnostics)
{
    struct type_groups *groups = xcalloc(1, sizeof *groups);
    groups->list = xcalloc(MOST_GROUPS, sizeof *groups->list);
    strbuf_init(&groups->words, 64, MOST_BYTES);
    if (!types || access(path, F_OK) != 0)
        return groups;
    struct members members = {.types = types, .diagnostics = diagnostics};
    struct yaml_document *document = yaml_load(path, diagnostics);
    if (document)
        read_file(groups, yaml_root(document), &members);
    yaml_free(document);
    return groups;
}

void type_groups_free(struct type_groups *groups)
{
    for (size_t i = 0; groups && i < groups->count; i++) {
        free(groups->list[i].code);
        free(groups->list[i].chinese);
        free(groups->list[i].english);
        strbuf_fini(&groups->list[i].types);
    }
    if (!groups)
        return;
    strbuf_fini(&groups->words);
    free(groups->list);
    free(groups);
}

const char *type_groups_words(const struct type_groups *groups)
{
    return groups->count ? groups->words.at : NULL;
}

static void add_list(struct strbuf *out, size_t start, struct span list)
{
    if (!list.len)
        return;
    strbuf_add(out, out->len > start ? SPAN(",") : SPAN(""));
    strbuf_add(out, list);
}

void type_groups_join(const struct type_groups *groups, struct span codes, struct span asked,
                      struct strbuf *out)
{
    size_t start = out->len;
    add_list(out, start, codes);
    while (asked.at) {
        struct span code = span_cut(&asked, ',');
        for (size_t i = 0; i < groups->count; i++)
            if (span_is(code, groups->list[i].code))
                add_list(out, start, strbuf_span(&groups->list[i].types));
    }
}

void type_groups_write(const struct type_groups *groups, struct strbuf *out)
{
    strbuf_add_char(out, '[');
    for (size_t i = 0; i < groups->count; i++) {
        struct span types = strbuf_span(&groups->list[i].types);
        strbuf_add(out, i ? SPAN(",\n{\"group\":") : SPAN("\n{\"group\":"));
        strbuf_add_json(out, span_of(groups->list[i].code));
        strbuf_add_char(out, ',');
        yaml_name_write(&(struct yaml_name){groups->list[i].chinese, groups->list[i].english}, out);
        strbuf_add(out, SPAN(",\"types\":["));
        for (bool first = true; types.at; first = false) {
            strbuf_add(out, first ? SPAN("") : SPAN(","));
            strbuf_add_json(out, span_cut(&types, ','));
        }
        strbuf_add(out, SPAN("]}"));
    }
    strbuf_add_char(out, ']');
}
