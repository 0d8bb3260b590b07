/* SPDX-License-Identifier: Apache-2.0 */
/* Each row is written as the JSON object it is shown as while its letter is read; tables are made
 * of the same objects. */
#include "citybrain/dead_list.h"

#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "base/digest.h"
#include "base/memory.h"
#include "base/timestamp.h"
#include "base/utf8.h"
#include "citybrain/table.h"

#define MOST_BYTES  ((size_t)1 << 30)
#define MOST_VALUES 1000 /* of a group */
#define SAYS_VALUES 3
#define VALUE_BYTES 64

struct dead_list_row {
    int64_t at_ms;
    char *json; /* owned */
};

struct dead_value {
    UT_hash_handle hh;
    int64_t letters, first_ms, last_ms;
    unsigned char hash[DIGEST_BYTES]; /* of the whole */
    char text[VALUE_BYTES];           /* as it is shown; "" where it is not */
};

struct dead_group {
    struct dead_value *values; /* owned; by their hash */
    bool withheld;             /* no event may hold them */
    char *name;                /* owned, as `sample`: the newest letter's row */
    char *sample, feed[96];
    enum reject code;
    char pointer[96];
    int64_t count, first_ms, last_ms;
    UT_hash_handle hh;
};

static void add_text(struct strbuf *out, const char *name, struct span value)
{
    strbuf_addf(out, "%s\"%s\":", out->at[out->len - 1] == '{' ? "" : ",", name);
    if (value.at)
        strbuf_add_json(out, value);
    else
        strbuf_add(out, SPAN("null"));
}

static void add_int(struct strbuf *out, const char *name, int64_t value)
{
    strbuf_addf(out, "%s\"%s\":%lld", out->at[out->len - 1] == '{' ? "" : ",", name,
                (long long)value);
}

static void add_time(struct strbuf *out, const char *name, int64_t ms)
{
    char text[40];
    struct strbuf time = {.at = text, .capacity = sizeof text, .max = sizeof text - 1};
    timestamp_add_rfc3339(&time, ms);
    add_text(out, name, strbuf_span(&time));
}

static void write_row(struct strbuf *out, const struct dead_letter *letter)
{
    const struct dead_header *header = &letter->header;
    strbuf_addf(out, "{\"place\":\"%d/%lld\"", (int)letter->partition, (long long)letter->offset);
    add_time(out, "at", letter->at_ms);
    add_text(out, "feed", header->raw.feed);
    add_text(out, "reason", span_of(reject_name(header->why.reject)));
    add_text(out, "pointer", span_of(header->why.pointer));
    add_text(out, "record", header->record);
    add_text(out, "upload", header->raw.upload);
    add_int(out, "row", header->raw.row);
    add_int(out, "mapping", header->raw.mapping);
    add_int(out, "attempts", header->attempts);
    add_text(out, "topic", header->topic);
    strbuf_add_char(out, '}');
}

static char *row_of(const struct dead_letter *letter)
{
    struct strbuf text;
    strbuf_init(&text, 512, 16384);
    write_row(&text, letter);
    return text.at; /* its owner is the caller now */
}

/* Objects as a table, or as JSON one a line. */
static void show(const char *const *objects, size_t count, bool json, FILE *out)
{
    struct strbuf text;
    struct arena arena;
    struct json_reader *reader = json_reader_new();
    const struct json_value *rows = NULL;
    size_t bad_at;
    strbuf_init(&text, 65536, MOST_BYTES);
    strbuf_add_char(&text, '[');
    for (size_t i = 0; i < count; i++) {
        strbuf_add(&text, i ? SPAN(",\n") : SPAN(""));
        strbuf_add(&text, span_of(objects[i]));
    }
    strbuf_add_char(&text, ']');
    if (json) {
        fprintf(out, "%s\n", text.at);
    } else if (count) {
        arena_init(&arena, 16 * text.len + 65536);
        if (json_read(reader, strbuf_span(&text), &arena, &rows, &bad_at) == REJECT_NONE)
            table_show(out, rows);
        arena_fini(&arena);
    }
    json_reader_free(reader);
    strbuf_fini(&text);
}

/* ---- a list ---- */

void dead_list_add(struct dead_list *list, const struct dead_letter *letter)
{
    if (list->count == list->capacity) {
        list->capacity = list->capacity ? 2 * list->capacity : 256;
        list->rows = xrealloc(list->rows, list->capacity * sizeof *list->rows);
    }
    list->rows[list->count++] = (struct dead_list_row){letter->at_ms, row_of(letter)};
}

static int by_time(const void *left, const void *right)
{
    const struct dead_list_row *a = left, *b = right;
    return a->at_ms != b->at_ms ? (a->at_ms < b->at_ms ? -1 : 1) : strcmp(a->json, b->json);
}

void dead_list_show(struct dead_list *list, size_t limit, bool json, FILE *out)
{
    size_t first = limit && list->count > limit ? list->count - limit : 0;
    const char **objects = xcalloc(list->count + 1, sizeof *objects);
    if (list->count)
        qsort(list->rows, list->count, sizeof *list->rows, by_time);
    for (size_t i = first; i < list->count; i++)
        objects[i - first] = list->rows[i].json;
    show(objects, list->count - first, json, out);
    fprintf(stderr, "死信 %zu 条 letters%s\n", list->count,
            first ? "; the newest are shown, --limit shows more" : "");
    free(objects);
}

void dead_list_fini(struct dead_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        free(list->rows[i].json);
    free(list->rows);
}

/* ---- groups ---- */

static void note_value(struct dead_group *group, const struct dead_cell *cell, int64_t at_ms)
{
    struct dead_value *value = NULL;
    unsigned char hash[DIGEST_BYTES];
    if (!cell || !cell->text.len || !utf8_is_valid(cell->text))
        return;
    group->withheld |= !cell->may_show;
    digest_sha256(hash, cell->text);
    HASH_FIND(hh, group->values, hash, sizeof hash, value);
    if (!value && HASH_COUNT(group->values) < MOST_VALUES) {
        value = xcalloc(1, sizeof *value);
        value->first_ms = value->last_ms = at_ms;
        memcpy(value->hash, hash, sizeof hash);
        if (cell->may_show)
            utf8_fit(value->text, sizeof value->text, cell->text);
        HASH_ADD(hh, group->values, hash, sizeof hash, value);
    }
    if (!value)
        return;
    value->letters++;
    value->first_ms = at_ms < value->first_ms ? at_ms : value->first_ms;
    value->last_ms = at_ms > value->last_ms ? at_ms : value->last_ms;
}

void dead_groups_add(struct dead_groups *groups, const struct dead_letter *letter,
                     const struct dead_cell *cell)
{
    char name[300];
    const struct dead_header *header = &letter->header;
    struct dead_group *group = NULL;
    snprintf(name, sizeof name, "%.*s/%s/%s", (int)(header->raw.feed.len % 96),
             header->raw.feed.at ? header->raw.feed.at : "", reject_name(header->why.reject),
             header->why.pointer);
    HASH_FIND_STR(groups->by_name, name, group);
    if (!group) {
        group = xcalloc(1, sizeof *group);
        group->name = xspandup(span_of(name));
        span_to_cstr(header->raw.feed, group->feed, sizeof group->feed);
        group->code = header->why.reject;
        memcpy(group->pointer, header->why.pointer, sizeof group->pointer);
        group->first_ms = group->last_ms = letter->at_ms;
        HASH_ADD_KEYPTR(hh, groups->by_name, group->name, strlen(group->name), group);
    }
    if (!group->sample || letter->at_ms >= group->last_ms) {
        free(group->sample);
        group->sample = row_of(letter);
    }
    group->count++;
    note_value(group, cell, letter->at_ms);
    group->first_ms = letter->at_ms < group->first_ms ? letter->at_ms : group->first_ms;
    group->last_ms = letter->at_ms > group->last_ms ? letter->at_ms : group->last_ms;
}

static int by_count(const struct dead_group *a, const struct dead_group *b)
{
    return a->count != b->count ? (a->count > b->count ? -1 : 1) : strcmp(a->name, b->name);
}

static int by_letters(const struct dead_value *a, const struct dead_value *b)
{
    return a->letters != b->letters ? (a->letters > b->letters ? -1 : 1) : strcmp(a->text, b->text);
}

static void add_minute(struct strbuf *out, int64_t ms)
{
    char text[40];
    struct strbuf time = {.at = text, .capacity = sizeof text, .max = sizeof text - 1};
    timestamp_add_rfc3339(&time, ms);
    strbuf_add(out, span_from(text, sizeof "1970-01-01T00:00" - 1));
    strbuf_add_char(out, 'Z');
}

/* With when the first and the last came, where the group's own times may be another value's. */
static void add_value(struct strbuf *said, const struct dead_value *value, bool is_only)
{
    strbuf_addf(said, "%s×%lld", value->text, (long long)value->letters);
    if (is_only)
        return;
    strbuf_add(said, SPAN(" ("));
    add_minute(said, value->first_ms);
    if (value->last_ms / 60000 != value->first_ms / 60000) {
        strbuf_add_char(said, '/');
        add_minute(said, value->last_ms);
    }
    strbuf_add_char(said, ')');
}

/* The same for programs; none where they are withheld. */
static void add_each(struct strbuf *out, const struct dead_group *group)
{
    const struct dead_value *value = group->withheld ? NULL : group->values;
    strbuf_add(out, SPAN(",\"each\":["));
    for (size_t i = 0; value && i < SAYS_VALUES; i++, value = value->hh.next) {
        strbuf_add(out, i ? SPAN(",{") : SPAN("{"));
        add_text(out, "value", span_of(value->text));
        add_int(out, "letters", value->letters);
        add_time(out, "first", value->first_ms);
        add_time(out, "last", value->last_ms);
        strbuf_add_char(out, '}');
    }
    strbuf_add_char(out, ']');
}

/* How many there are, and of those that may be shown the most frequent with their letters. */
static void add_values(struct strbuf *out, struct dead_group *group)
{
    char line[SAYS_VALUES * (VALUE_BYTES + 80) + 64];
    struct strbuf said = {.at = line, .capacity = sizeof line, .max = sizeof line - 1};
    unsigned count = HASH_COUNT(group->values), said_count = 0;
    if (count == 0) {
        add_text(out, "values", SPAN_NONE);
        return;
    }
    HASH_SORT(group->values, by_letters);
    strbuf_addf(&said, "%s%u 种", count == MOST_VALUES ? "≥" : "", count);
    for (struct dead_value *value = group->values;
         value && !group->withheld && said_count < SAYS_VALUES; value = value->hh.next) {
        strbuf_add(&said, said_count++ ? SPAN(", ") : SPAN(": "));
        add_value(&said, value, count == 1);
    }
    if (group->withheld)
        strbuf_add(&said, SPAN(" (不显示 withheld)"));
    else if (count > said_count)
        strbuf_add(&said, SPAN(", …"));
    add_text(out, "values", strbuf_span(&said));
}

/* The sample is named by its place in a table, and whole in JSON. */
static char *group_row(struct dead_group *group, bool json)
{
    struct strbuf text;
    strbuf_init(&text, 512, 32768);
    strbuf_add_char(&text, '{');
    add_text(&text, "feed", span_of(group->feed));
    add_text(&text, "reason", span_of(reject_name(group->code)));
    add_text(&text, "pointer", span_of(group->pointer));
    add_int(&text, "letters", group->count);
    add_values(&text, group);
    add_time(&text, "first", group->first_ms);
    add_time(&text, "last", group->last_ms);
    if (json) {
        add_each(&text, group);
        strbuf_addf(&text, ",\"sample\":%s", group->sample);
    } else {
        struct span rest = span_of(group->sample + sizeof "{\"place\":\"" - 1);
        add_text(&text, "sample", span_cut(&rest, '"'));
        add_text(&text, "what", span_of(reject_chinese(group->code)));
    }
    strbuf_add_char(&text, '}');
    return text.at;
}

void dead_groups_show(struct dead_groups *groups, bool json, FILE *out)
{
    size_t count = 0;
    int64_t letters = 0;
    char **objects = xcalloc(HASH_COUNT(groups->by_name) + 1, sizeof *objects);
    HASH_SORT(groups->by_name, by_count);
    for (struct dead_group *group = groups->by_name; group; group = group->hh.next) {
        objects[count++] = group_row(group, json);
        letters += group->count;
    }
    show((const char *const *)objects, count, json, out);
    fprintf(stderr,
            "死信 %lld 条 letters, %zu 类 groups; citybrain dead show SAMPLE, citybrain dead "
            "redrive --feed FEED --code REASON\n",
            (long long)letters, count);
    for (size_t i = 0; i < count; i++)
        free(objects[i]);
    free(objects);
}

static void free_values(struct dead_group *group)
{
    struct dead_value *value, *next;
    HASH_ITER(hh, group->values, value, next)
    {
        /* As below. NOLINTNEXTLINE(clang-analyzer-unix.Malloc) */
        HASH_DEL(group->values, value);
        free(value);
    }
}

void dead_groups_fini(struct dead_groups *groups)
{
    struct dead_group *group, *next;
    HASH_ITER(hh, groups->by_name, group, next)
    {
        /* uthash unlinks before we free. NOLINTNEXTLINE(clang-analyzer-unix.Malloc) */
        HASH_DEL(groups->by_name, group);
        free_values(group);
        free(group->name);
        free(group->sample);
        free(group);
    }
}
