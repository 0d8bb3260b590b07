/* SPDX-License-Identifier: Apache-2.0 */
/* Settings by table: for each row the first of --set, environment, file and default is read into
 * the caller's struct, checked, and remembered with its origin. All findings are collected; a load
 * that found an error gives nothing. What a setting means is left to the service. */
#include "config/schema.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/strbuf.h"
#include "base/timestamp.h"

#define PATH_MAX_BYTES 128
#define FIX_MAX_BYTES  400

struct value {
    char *text;   /* owned, as it was written; NULL = none was given */
    char *origin; /* owned: "file:line:col", "environment NAME", "--set", "default" */
    struct place place;
};

struct settings {
    struct yaml_document *document; /* owned; NULL without a file */
    const struct setting *table;    /* borrowed for life */
    size_t rows;
    struct value *values; /* owned, one a row */
};

struct unit {
    const char *name;
    int64_t factor;
};

static const struct unit size_units[] = {
    {"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}, {"B", 1}, {NULL, 0}};
static const struct unit duration_units[] = {{"d", 86400000}, {"h", 3600000}, {"m", 60000},
                                             {"s", 1000},     {"ms", 1},      {NULL, 0}};
static const struct unit plain_units[] = {{"", 1}, {NULL, 0}};

static const struct unit *units_of(enum setting_type type)
{
    if (type == SETTING_SIZE)
        return size_units;
    return type == SETTING_DURATION ? duration_units : plain_units;
}

/* The number as a person would write it, in the greatest unit that leaves no rest. */
static void write_number(char *text, size_t size, enum setting_type type, int64_t number)
{
    const struct unit *unit = units_of(type);
    while (unit[1].name != NULL && (number == 0 || number % unit->factor != 0))
        unit++;
    snprintf(text, size, "%lld%s", (long long)(number / unit->factor), unit->name);
}

static bool read_size(struct span s, int64_t *bytes)
{
    size_t digits = 0;
    while (digits < s.len && s.at[digits] >= '0' && s.at[digits] <= '9')
        digits++;
    int64_t count;
    if (!span_to_int64(span_from(s.at, digits), &count))
        return false;
    struct span name = span_from(s.at + digits, s.len - digits);
    for (const struct unit *unit = size_units; unit->name != NULL; unit++)
        if (span_is(name, unit->name) || (name.len == 0 && unit->factor == 1))
            return !__builtin_mul_overflow(count, unit->factor, bytes);
    return false;
}

static bool read_number(enum setting_type type, const char *text, int64_t *number)
{
    if (type == SETTING_SIZE)
        return read_size(span_of(text), number);
    if (type == SETTING_DURATION)
        return timestamp_parse_duration(span_of(text), number);
    return span_to_int64(span_of(text), number);
}

static void write_number_fix(char *fix, size_t size, const struct setting *setting)
{
    const char *form = "a whole number";
    if (setting->type == SETTING_SIZE)
        form = "a size as 512B, 16KiB or 8MiB";
    else if (setting->type == SETTING_DURATION)
        form = "a duration as 250ms, 30s, 15m, 24h or 7d";
    if (setting->min == 0 && setting->max == 0) {
        snprintf(fix, size, "write %s", form);
        return;
    }
    char min[32], max[32];
    write_number(min, sizeof(min), setting->type, setting->min);
    write_number(max, sizeof(max), setting->type, setting->max);
    snprintf(fix, size, "write %s, from %s to %s", form, min, max);
}

static bool store_number(const struct setting *setting, const struct value *value, char *to,
                         struct diagnostics *diagnostics)
{
    int64_t number = 0;
    bool any = setting->min == 0 && setting->max == 0;
    if (read_number(setting->type, value->text, &number) &&
        (any || (number >= setting->min && number <= setting->max))) {
        memcpy(to, &number, sizeof(number));
        return true;
    }
    char fix[FIX_MAX_BYTES];
    write_number_fix(fix, sizeof(fix), setting);
    diagnostics_add(diagnostics, value->place, fix, "%s cannot be \"%s\"", setting->path,
                    value->text);
    return false;
}

static bool store_bool(const struct setting *setting, const struct value *value, char *to,
                       struct diagnostics *diagnostics)
{
    bool yes = strcmp(value->text, "true") == 0;
    if (yes || strcmp(value->text, "false") == 0) {
        memcpy(to, &yes, sizeof(yes));
        return true;
    }
    diagnostics_add(diagnostics, value->place, "write true or false", "%s cannot be \"%s\"",
                    setting->path, value->text);
    return false;
}

static bool store_word(const struct setting *setting, const struct value *value, char *to,
                       struct diagnostics *diagnostics)
{
    struct strbuf fix;
    strbuf_init(&fix, 64, FIX_MAX_BYTES);
    strbuf_addf(&fix, "write one of");
    int index = 0;
    for (; setting->words[index] != NULL; index++) {
        if (strcmp(setting->words[index], value->text) == 0)
            break;
        strbuf_addf(&fix, "%s %s", index ? "," : "", setting->words[index]);
    }
    bool ok = setting->words[index] != NULL;
    if (ok)
        memcpy(to, &index, sizeof(index));
    else
        diagnostics_add(diagnostics, value->place, fix.at, "%s cannot be \"%s\"", setting->path,
                        value->text);
    strbuf_fini(&fix);
    return ok;
}

static bool store(const struct setting *setting, const struct value *value, void *config,
                  struct diagnostics *diagnostics)
{
    char *to = (char *)config + setting->offset;
    switch (setting->type) {
    case SETTING_TEXT: memcpy(to, &value->text, sizeof(value->text)); return true;
    case SETTING_INT:
    case SETTING_DURATION:
    case SETTING_SIZE: return store_number(setting, value, to, diagnostics);
    case SETTING_BOOL: return store_bool(setting, value, to, diagnostics);
    case SETTING_ENUM: return store_word(setting, value, to, diagnostics);
    }
    return false;
}

/* The node of "key" or "section.key". */
static const struct yaml_node *find_node(const struct settings *settings, const char *path)
{
    if (settings->document == NULL)
        return NULL;
    const struct yaml_node *map = yaml_root(settings->document);
    struct span rest = span_of(path);
    while (rest.at != NULL && map != NULL) {
        char key[PATH_MAX_BYTES];
        map = yaml_get(map, span_to_cstr(span_cut(&rest, '.'), key, sizeof(key)));
    }
    return map;
}

/* The value of the last "path=value" of that path, or NULL. */
static const char *find_override(const char *path, const char *const *overrides, size_t count)
{
    size_t len = strlen(path);
    for (size_t i = count; i-- > 0;)
        if (strncmp(overrides[i], path, len) == 0 && overrides[i][len] == '=')
            return overrides[i] + len + 1;
    return NULL;
}

/* Where an override or a variable comes from is a "file" without lines. */
static void set_value(struct settings *settings, size_t row, const char *text, const char *origin,
                      struct place place)
{
    struct value *value = &settings->values[row];
    value->text = xstrdup(text);
    value->origin = xstrdup(origin);
    value->place = place;
    if (place.line == 0)
        value->place.file = value->origin;
}

static void set_from_file(struct settings *settings, size_t row, const struct yaml_node *node,
                          struct diagnostics *diagnostics)
{
    const char *text;
    if (!yaml_text(node, &text, diagnostics))
        return;
    struct strbuf origin;
    strbuf_init(&origin, 64, 4096);
    strbuf_addf(&origin, "%s:%d:%d", node->place.file, node->place.line, node->place.col);
    set_value(settings, row, text, origin.at, node->place);
    strbuf_fini(&origin);
}

static void missing(const struct setting *setting, const char *file,
                    struct diagnostics *diagnostics)
{
    char fix[FIX_MAX_BYTES];
    struct span rest = span_of(setting->path);
    struct span section = span_cut(&rest, '.');
    if (rest.at != NULL)
        snprintf(fix, sizeof(fix), "under %.*s: add `%.*s: ...`%s%s", SPAN_ARG(section),
                 SPAN_ARG(rest), setting->environment ? " or set " : "",
                 setting->environment ? setting->environment : "");
    else
        snprintf(fix, sizeof(fix), "add `%s: ...`", setting->path);
    diagnostics_add(diagnostics, (struct place){file, 0, 0}, fix, "%s is required: %s",
                    setting->path, setting->help);
}

static void resolve(struct settings *settings, size_t row, const char *file,
                    const char *override_text, struct diagnostics *diagnostics)
{
    const struct setting *setting = &settings->table[row];
    const struct place nowhere = {NULL, 0, 0};
    const char *variable = setting->environment ? getenv(setting->environment) : NULL;
    const struct yaml_node *node = find_node(settings, setting->path);

    if (override_text != NULL) {
        set_value(settings, row, override_text, "--set", nowhere);
    } else if (variable != NULL && variable[0] != '\0') {
        char origin[PATH_MAX_BYTES];
        snprintf(origin, sizeof(origin), "environment %s", setting->environment);
        set_value(settings, row, variable, origin, nowhere);
    } else if (node != NULL) {
        set_from_file(settings, row, node, diagnostics);
    } else if (setting->fallback != NULL) {
        set_value(settings, row, setting->fallback, "default", nowhere);
    } else {
        missing(setting, file, diagnostics);
    }
}

static bool is_listed(const char *const *names, const char *name)
{
    for (; names != NULL && *names != NULL; names++)
        if (strcmp(*names, name) == 0)
            return true;
    return false;
}

/* The names allowed at one level: below `section`, or on top when it is NULL. Owned by the caller,
 * as are the names; the count is returned. */
static size_t names_below(const struct settings *settings, const char *section,
                          const char *const *free_sections, char ***names)
{
    size_t count = 0, extra = 0;
    while (free_sections != NULL && free_sections[extra] != NULL)
        extra++;
    *names = xcalloc(settings->rows + extra, sizeof(char *));
    for (size_t i = 0; i < settings->rows; i++) {
        struct span rest = span_of(settings->table[i].path);
        struct span first = span_cut(&rest, '.');
        if (section == NULL)
            (*names)[count++] = xspandup(first);
        else if (rest.at != NULL && span_is(first, section))
            (*names)[count++] = xspandup(rest);
    }
    for (size_t i = 0; section == NULL && i < extra; i++)
        (*names)[count++] = xstrdup(free_sections[i]);
    return count;
}

static void check_level(const struct settings *settings, const struct yaml_node *map,
                        const char *section, const char *const *free_sections,
                        struct diagnostics *diagnostics)
{
    char **names;
    size_t count = names_below(settings, section, free_sections, &names);
    for (const struct yaml_node *entry = map->first; entry != NULL; entry = entry->next) {
        size_t i = 0;
        while (i < count && strcmp(names[i], entry->key) != 0)
            i++;
        if (i == count)
            yaml_add_unknown(entry, (const char *const *)names, count, diagnostics);
    }
    for (size_t i = 0; i < count; i++)
        free(names[i]);
    free(names);
}

static bool is_section(const struct settings *settings, const char *name)
{
    size_t len = strlen(name);
    for (size_t i = 0; i < settings->rows; i++)
        if (strncmp(settings->table[i].path, name, len) == 0 && settings->table[i].path[len] == '.')
            return true;
    return false;
}

static void check_keys(const struct settings *settings, const char *const *free_sections,
                       struct diagnostics *diagnostics)
{
    const struct yaml_node *root = yaml_root(settings->document);
    check_level(settings, root, NULL, free_sections, diagnostics);
    for (const struct yaml_node *entry = root->first; entry != NULL; entry = entry->next) {
        bool is_free = is_listed(free_sections, entry->key);
        if (!is_free && !is_section(settings, entry->key))
            continue;
        bool empty = entry->type == YAML_SCALAR && entry->text[0] == '\0' && !entry->quoted;
        if (entry->type != YAML_MAP && !empty) /* `section:` with all its keys commented out */
            diagnostics_add(diagnostics, entry->place, "write keys and values below it",
                            "%s must be a map", entry->key);
        else if (!is_free)
            check_level(settings, entry, entry->key, NULL, diagnostics);
    }
}

static void check_overrides(const struct settings *settings, const char *const *overrides,
                            size_t override_count, struct diagnostics *diagnostics)
{
    const struct place place = {"--set", 0, 0};
    const char **paths = xcalloc(settings->rows, sizeof(char *));
    for (size_t i = 0; i < settings->rows; i++)
        paths[i] = settings->table[i].path;
    for (size_t i = 0; i < override_count; i++) {
        struct span rest = span_of(overrides[i]);
        char path[PATH_MAX_BYTES];
        span_to_cstr(span_cut(&rest, '='), path, sizeof(path));
        size_t row = 0;
        while (row < settings->rows && strcmp(paths[row], path) != 0)
            row++;
        if (rest.at == NULL) {
            diagnostics_add(diagnostics, place, "write section.key=value", "no value in %s",
                            overrides[i]);
        } else if (row == settings->rows) {
            const char *nearest = diagnostics_nearest(path, paths, settings->rows);
            char fix[FIX_MAX_BYTES];
            snprintf(fix, sizeof(fix), "%s%s", nearest ? "did you mean " : "see --print-config",
                     nearest ? nearest : "");
            diagnostics_add(diagnostics, place, fix, "unknown setting %s", path);
        }
    }
    free(paths);
}

struct settings *settings_load(const char *file, const struct setting *table, size_t rows,
                               const char *const *free_sections, const char *const *overrides,
                               size_t override_count, void *config, struct diagnostics *diagnostics)
{
    size_t errors_before = diagnostics_errors(diagnostics);
    struct settings *settings = xcalloc(1, sizeof(*settings));
    settings->table = table;
    settings->rows = rows;
    settings->values = xcalloc(rows, sizeof(*settings->values));

    if (file != NULL)
        settings->document = yaml_load(file, diagnostics);
    bool readable = file == NULL || settings->document != NULL;
    if (settings->document != NULL)
        check_keys(settings, free_sections, diagnostics);
    check_overrides(settings, overrides, override_count, diagnostics);
    for (size_t i = 0; readable && i < rows; i++) {
        resolve(settings, i, file, find_override(table[i].path, overrides, override_count),
                diagnostics);
        if (settings->values[i].text != NULL)
            store(&table[i], &settings->values[i], config, diagnostics);
    }
    if (diagnostics_errors(diagnostics) == errors_before)
        return settings;
    settings_free(settings);
    return NULL;
}

void settings_free(struct settings *settings)
{
    if (settings == NULL)
        return;
    for (size_t i = 0; i < settings->rows; i++) {
        free(settings->values[i].origin);
        free(settings->values[i].text);
    }
    free(settings->values);
    yaml_free(settings->document);
    free(settings);
}

const struct yaml_node *settings_section(const struct settings *settings, const char *name)
{
    const struct yaml_node *node = find_node(settings, name);
    return node != NULL && node->type == YAML_MAP ? node : NULL;
}

/* What is printed ends in tickets and terminals. */
static bool is_secret(const struct setting *setting, const char *text)
{
    return strstr(setting->path, "password") != NULL || strstr(setting->path, "secret") != NULL ||
           strstr(text, "password=") != NULL;
}

void settings_print(const struct settings *settings, void (*show)(void *, const char *line),
                    void *context)
{
    struct strbuf line;
    strbuf_init(&line, 256, 8192);
    for (size_t i = 0; i < settings->rows; i++) {
        const struct setting *setting = &settings->table[i];
        const struct value *value = &settings->values[i];
        strbuf_reset(&line);
        strbuf_addf(&line, "%s: %s  # %s; %s", setting->path,
                    is_secret(setting, value->text) ? "(hidden)" : value->text, value->origin,
                    setting->help ? setting->help : "");
        show(context, line.at);
    }
    strbuf_fini(&line);
}
