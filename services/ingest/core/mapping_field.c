/* SPDX-License-Identifier: Apache-2.0 */
/* One member of an event's data: where its value comes from, what is made of it and what of it may
 * go out. Contact fields are accepted so that a mapping can be written whole; until there is a
 * place that keeps them sealed they are dropped like the others. */
#include <stdio.h>
#include <string.h>

#include "ingest/core/mapping_compile.h"

static const char *const default_dates[] = {"%Y-%m-%d %H:%M:%S", "%Y/%m/%d %H:%M:%S",
                                            "%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%dT%H:%M:%S.%f%z"};

#define DATE_FIX "write it as in \"%Y-%m-%d %H:%M\", or excel, unix, unix_ms"

/* Two of these side by side between the directives: another language's "yyyy-MM-dd HH:mm". */
static bool is_foreign(const char *at)
{
    return at[0] && at[0] == at[1] && strchr("yYMdDhHms", at[0]);
}

/* The greatest part that a lesser one stands without: 1970 or the first of January would be made of
 * it. NULL = none. */
static const char *lacking(const bool has[256])
{
    static const struct {
        unsigned char directive;
        const char *name;
    } parts[] = {{'Y', "year (%Y)"}, {'m', "month (%m)"},  {'d', "day (%d)"},
                 {'H', "hour (%H)"}, {'M', "minute (%M)"}, {'S', "second (%S)"}};
    size_t least = 1;
    for (size_t i = 0; i < ARRAY_LENGTH(parts); i++)
        least = has[parts[i].directive] ? i : least;
    least = has['f'] ? ARRAY_LENGTH(parts) : least;
    for (size_t i = 0; i < least; i++)
        if (!has[parts[i].directive])
            return parts[i].name;
    return NULL;
}

/* What no pattern can mean would reject every row, or give each the same wrong day. */
static void check_pattern(struct mapping_compiler *compiler, const struct yaml_node *node,
                          const char *pattern)
{
    bool has[256] = {false}, good = true;
    for (const char *at = pattern; good && *at; at++) {
        if (*at != '%') {
            good = !is_foreign(at);
            continue;
        }
        good = at[1] != '\0' && strchr("YmdHMSfz%", at[1]);
        has[(unsigned char)*++at] = good;
    }
    const char *part = good ? lacking(has) : NULL;
    if (!good)
        diagnostics_add(compiler->diagnostics, node->place,
                        DATE_FIX "; %S, %f for a fraction, "
                                 "%z for an offset",
                        "no date can be read by \"%s\"", pattern);
    else if (part)
        diagnostics_add(compiler->diagnostics, node->place, DATE_FIX,
                        "no date can be read by \"%s\": it has no %s", pattern, part);
}

static void read_dates(struct mapping_compiler *compiler, const struct yaml_node *node,
                       struct mapping_field *field)
{
    static const char *const words[] = {"excel", "unix", "unix_ms"};
    size_t count;
    const char **texts = mapping_compile_texts(compiler, node, &count);
    const struct yaml_node *item = node->type == YAML_LIST ? node->first : node;
    struct mapping_date *dates = mapping_memory_take(compiler->memory, (count + 1) * sizeof *dates);
    for (size_t i = 0; i < count; i++, item = item->next) {
        while (item->type != YAML_SCALAR || strcmp(item->text, texts[i]) != 0)
            item = item->next; /* what is no text was refused */
        dates[i].pattern = texts[i];
        for (size_t word = 0; word < ARRAY_LENGTH(words); word++)
            if (strcmp(texts[i], words[word]) == 0)
                dates[i] = (struct mapping_date){.form = MAPPING_DATE_EXCEL + (unsigned)word};
        if (dates[i].pattern == NULL)
            continue;
        check_pattern(compiler, item, texts[i]);
        dates[i].day_alone = strstr(texts[i], "%d") && !strstr(texts[i], "%H");
    }
    field->dates = dates;
    field->date_count = count;
}

/* What is due on a day is due when it ends. */
static void read_day(struct mapping_compiler *compiler, const struct yaml_node *node,
                     struct mapping_field *field)
{
    const char *word;
    if (node == NULL || !yaml_text(node, &word, compiler->diagnostics))
        return;
    field->day_end = strcmp(word, "end") == 0;
    if ((!field->day_end && strcmp(word, "begin") != 0) || field->date_count == 0)
        diagnostics_add(compiler->diagnostics, node->place, "date: [\"%Y-%m-%d\"], day: end",
                        "day: says begin or end of a date");
}

static void use_default_dates(struct mapping_compiler *compiler, struct mapping_field *field)
{
    struct mapping_date *dates =
        mapping_memory_take(compiler->memory, ARRAY_LENGTH(default_dates) * sizeof *dates);
    for (size_t i = 0; i < ARRAY_LENGTH(default_dates); i++)
        dates[i].pattern = default_dates[i];
    field->dates = dates;
    field->date_count = ARRAY_LENGTH(default_dates);
}

void mapping_field_moment(struct mapping_compiler *compiler, const struct yaml_node *node,
                          struct mapping_field *field)
{
    static const char *const known[] = {"from", "date", "range", NULL};
    const struct yaml_node *from = node, *dates = NULL;
    if (node == NULL)
        return;
    if (node->type == YAML_MAP) {
        yaml_only_keys(node, known, compiler->diagnostics);
        from = yaml_require(node, "from", compiler->diagnostics);
        dates = yaml_get(node, "date");
        mapping_field_range(compiler, yaml_get(node, "range"), true, &field->range);
    }
    field->columns = mapping_compile_columns(compiler, from, &field->column_count);
    if (dates)
        read_dates(compiler, dates, field);
    else
        use_default_dates(compiler, field);
}

static void read_bound(struct mapping_compiler *compiler, const struct yaml_node *node,
                       bool of_time, int64_t *bound)
{
    const char *text;
    if (node == NULL)
        return;
    if (of_time)
        yaml_time(node, bound, compiler->diagnostics);
    else if (yaml_text(node, &text, compiler->diagnostics) &&
             !span_to_millionths(span_of(text), bound))
        diagnostics_add(compiler->diagnostics, node->place, "a number such as 0 or 36.5",
                        "%s is no number", text);
}

void mapping_field_range(struct mapping_compiler *compiler, const struct yaml_node *node,
                         bool of_time, struct mapping_range *range)
{
    static const char *const known[] = {"from", "to", NULL};
    if (node == NULL)
        return;
    *range = (struct mapping_range){of_time ? MAPPING_RANGE_TIME : MAPPING_RANGE_NUMBER, INT64_MIN,
                                    INT64_MAX};
    if (node->type != YAML_MAP || node->count == 0) {
        diagnostics_add(compiler->diagnostics, node->place, "range: { from: 0, to: 100 }",
                        "a range has from, to or both");
        return;
    }
    yaml_only_keys(node, known, compiler->diagnostics);
    read_bound(compiler, yaml_get(node, "from"), of_time, &range->from);
    read_bound(compiler, yaml_get(node, "to"), of_time, &range->to);
    if (range->from > range->to)
        diagnostics_add(compiler->diagnostics, node->place, "the smaller one first",
                        "nothing lies in this range");
}

static void read_class(struct mapping_compiler *compiler, const struct yaml_node *node,
                       struct mapping_field *field)
{
    static const char *const classes[] = {"public", "mask", "pseudonym", "contact", "drop"};
    const char *word = classes[0];
    if (node && !yaml_text(node, &word, compiler->diagnostics))
        return;
    for (size_t i = 0; i < ARRAY_LENGTH(classes); i++)
        if (strcmp(word, classes[i]) == 0) {
            field->class_ = (enum mapping_class)i;
            return;
        }
    const char *near = diagnostics_nearest(word, classes, ARRAY_LENGTH(classes));
    diagnostics_add(compiler->diagnostics, node->place, near ? near : "public or drop",
                    "no field class %s", word);
}

/* keep: { first: 1, last: 2 } */
static void read_keep(struct mapping_compiler *compiler, const struct yaml_node *node,
                      struct mapping_field *field)
{
    static const char *const known[] = {"first", "last", NULL};
    struct diagnostics *d = compiler->diagnostics;
    field->keep_first = field->class_ == MAPPING_MASK && node == NULL;
    if (node == NULL)
        return;
    if (node->type != YAML_MAP || field->class_ != MAPPING_MASK) {
        diagnostics_add(d, node->place, "class: mask, keep: { first: 1, last: 0 }",
                        "keep says how much a mask shows");
        return;
    }
    yaml_only_keys(node, known, d);
    if (yaml_get(node, "first"))
        yaml_int(yaml_get(node, "first"), 0, 8, &field->keep_first, d);
    if (yaml_get(node, "last"))
        yaml_int(yaml_get(node, "last"), 0, 8, &field->keep_last, d);
}

/* Words of the text are its flags, so the text itself does not go out, whatever its class says. */
static void read_words(struct mapping_compiler *compiler, const struct yaml_node *node,
                       struct mapping_field *field)
{
    size_t count;
    if (node == NULL)
        return;
    const char **names = mapping_compile_texts(compiler, node, &count);
    /* An array of pointers. NOLINTNEXTLINE(bugprone-sizeof-expression) */
    field->words = mapping_memory_take(compiler->memory, (count + 1) * sizeof *field->words);
    for (size_t i = 0; i < count; i++)
        if ((field->words[field->word_count] = mapping_words_of(compiler, node, names[i])))
            field->word_count++;
}

static bool is_code(const char *name)
{
    static const char *const codes[] = {"lead", "unit", "limit_class", "request_kind"};
    for (size_t i = 0; i < ARRAY_LENGTH(codes); i++)
        if (strcmp(name, codes[i]) == 0)
            return true;
    return span_ends(span_of(name), SPAN("_code"));
}

static void read_limits(struct mapping_compiler *compiler, const struct yaml_node *node,
                        struct mapping_field *field)
{
    struct diagnostics *d = compiler->diagnostics;
    if (yaml_get(node, "max"))
        yaml_int(yaml_get(node, "max"), 1,
                 is_code(field->name) ? MAPPING_VALUE_MAX : MAPPING_TEXT_MAX, &field->max, d);
    if (yaml_get(node, "required"))
        yaml_bool(yaml_get(node, "required"), &field->required, d);
    if (yaml_get(node, "digits"))
        yaml_bool(yaml_get(node, "digits"), &field->digits, d);
    mapping_field_range(compiler, yaml_get(node, "range"), field->date_count > 0, &field->range);
}

/* `keep` is no word of its own: a place that nobody knows goes on as it was told, to the desk. */
static void read_unknown(struct mapping_compiler *compiler, const struct yaml_node *node,
                         struct mapping_field *field)
{
    if (node && yaml_text(node, &field->unknown, compiler->diagnostics) &&
        strcmp(field->unknown, "keep") == 0) {
        field->unknown = NULL;
        field->unknown_kept = true;
    }
}

static void read_value(struct mapping_compiler *compiler, const struct yaml_node *node,
                       struct mapping_field *field)
{
    struct diagnostics *d = compiler->diagnostics;
    if (yaml_get(node, "const"))
        yaml_text(yaml_get(node, "const"), &field->constant, d);
    if (yaml_get(node, "default"))
        yaml_text(yaml_get(node, "default"), &field->fallback, d);
    field->table = mapping_table_of(compiler, node);
    read_unknown(compiler, yaml_get(node, "unknown"), field);
    if (yaml_get(node, "split"))
        field->splits =
            mapping_compile_texts(compiler, yaml_get(node, "split"), &field->split_count);
    if (yaml_get(node, "date"))
        read_dates(compiler, yaml_get(node, "date"), field);
    read_day(compiler, yaml_get(node, "day"), field);
}

/* A masked code or a hashed date would be a slip: what hides a value takes it as it came. */
static void check_hidden(struct mapping_compiler *compiler, const struct yaml_node *node,
                         const struct mapping_field *field)
{
    bool hidden = field->class_ == MAPPING_MASK || field->class_ == MAPPING_PSEUDONYM;
    if (hidden && (field->table || field->date_count > 0 || field->constant || field->word_count))
        diagnostics_add(compiler->diagnostics, node->place,
                        "leave table, date, const and words out, or class",
                        "%s hides its value and makes something of it", field->name);
    if (field->unknown && field->table == NULL)
        diagnostics_add(compiler->diagnostics, yaml_get(node, "unknown")->key_place,
                        "table: or registry:", "unknown: goes with a table");
    if (field->unknown_kept && (yaml_get(node, "registry") == NULL || field->splits))
        diagnostics_add(compiler->diagnostics, yaml_get(node, "unknown")->key_place,
                        "a code for what the table has not",
                        "unknown: keep goes with a registry and without split");
    if (field->splits && field->table == NULL)
        diagnostics_add(compiler->diagnostics, yaml_get(node, "split")->key_place,
                        "table: a code for each part", "split: goes with a table");
    for (size_t i = 0; field->splits && i < field->split_count; i++)
        if (field->splits[i][0] == '\0')
            diagnostics_add(compiler->diagnostics, yaml_get(node, "split")->place,
                            "split: [\"、\", \",\"]", "nothing stands between two codes");
}

static struct span member_of(struct mapping_compiler *compiler, const char *name)
{
    size_t len = strlen(name) + 3;
    char *text = mapping_memory_take(compiler->memory, len + 1);
    snprintf(text, len + 1, "\"%s\":", name);
    return span_from(text, len);
}

void mapping_field_read(struct mapping_compiler *compiler, const struct yaml_node *node,
                        struct mapping_field *field)
{
    static const char *const known[] = {"from",     "const", "default",  "table",  "unknown",
                                        "date",     "range", "required", "class",  "keep",
                                        "registry", "by",    "words",    "digits", "max",
                                        "day",      "split", "level",    NULL};
    struct diagnostics *d = compiler->diagnostics;
    *field = (struct mapping_field){.name = node->key,
                                    .place = node->key_place,
                                    .member = member_of(compiler, node->key),
                                    .max = MAPPING_VALUE_MAX};
    size_t good = strspn(node->key, "abcdefghijklmnopqrstuvwxyz0123456789_");
    if (good == 0 || node->key[good] != 0)
        diagnostics_add(d, node->key_place, "a-z, 0-9 and _", "%s cannot name a field", node->key);
    if (node->type != YAML_MAP) {
        field->columns = mapping_compile_columns(compiler, node, &field->column_count);
        return;
    }
    yaml_only_keys(node, known, d);
    if (yaml_get(node, "from"))
        field->columns =
            mapping_compile_columns(compiler, yaml_get(node, "from"), &field->column_count);
    else if (!yaml_get(node, "const"))
        diagnostics_add(d, node->place, "from: a column", "%s has no source", node->key);
    read_class(compiler, yaml_get(node, "class"), field);
    read_words(compiler, yaml_get(node, "words"), field);
    read_keep(compiler, yaml_get(node, "keep"), field);
    read_value(compiler, node, field);
    read_limits(compiler, node, field);
    check_hidden(compiler, node, field);
    compiler->mapping->needs_key |= field->class_ == MAPPING_PSEUDONYM;
}
