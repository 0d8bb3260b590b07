/* SPDX-License-Identifier: Apache-2.0 */
/* The codec of case lines. Promises that reading what was written gives the same line, that a line
 * holds no line feed, and that a reader goes on over keys it does not know. A line feed inside a
 * value is written as backslash and 'n', so that a set is cut at line feeds without looking inside.
 * What a line means in its case is left to case_fold.c. */
#include "model/case_line.h"

#include <stdio.h>

#include "base/timestamp.h"
#include "model/bar_text.h"

#define VERSION        '1'
#define REVISION_PARTS 3 /* numbers in front of the hash */
#define DECIMAL_DIGITS 20
#define MOST_LINK      1088 /* a relation and a case id */
#define MOST_COPIES    512  /* as many units as a rule may name */

static const char attribute_key[CASE_ATTRIBUTES] = {
    [CASE_LEAD] = 'l',
    [CASE_DUE] = 'd',
    [CASE_CLASS] = 'c',
    [CASE_TYPE] = 't',
    [CASE_STREET] = 's',
    [CASE_COMMUNITY] = 'm',
    [CASE_RULE] = 'r',
    [CASE_REQUEST_KIND] = 'q',
    [CASE_ADOPTED] = 'a',
    [CASE_CAUSE] = 'u',
    [CASE_CO] = 'o',
    [CASE_SUB] = 'b',
    [CASE_OUTCOME] = 'w',
    [CASE_LEVEL] = 'e',
    [CASE_PARENT] = 'p',
    [CASE_CHILD] = 'k',
    [CASE_VIA] = 'x',
    [CASE_DESK_CAUSE] = 'n',
    [CASE_LINK] = 'j',
    [CASE_ANSWER] = 'y',
    [CASE_COPIES] = 'z',
    [CASE_GONE] = 'g',
    [CASE_FOUND] = 'f',
    [CASE_SAID] = 'i',
    [CASE_FIELD] = '1',
    '2',
    '3',
    '4',
    '5',
    '6',
    '7',
    '8',
};

#define NAME(text)                                                                                 \
    {                                                                                              \
        (text), sizeof(text) - 1                                                                   \
    }
static const struct span data_key[CASE_FIELD] = {
    [CASE_LEAD] = NAME("lead"),
    [CASE_CLASS] = NAME("limit_class"),
    [CASE_TYPE] = NAME("type_code"),
    [CASE_STREET] = NAME("street_code"),
    [CASE_COMMUNITY] = NAME("community_code"),
    [CASE_RULE] = NAME("rule"),
    [CASE_REQUEST_KIND] = NAME("request_kind"),
    [CASE_CAUSE] = NAME("cause"),
    [CASE_CO] = NAME("co_unit"),
    [CASE_SUB] = NAME("sub_unit"),
    [CASE_OUTCOME] = NAME("outcome"),
    [CASE_LEVEL] = NAME("level"),
    [CASE_PARENT] = NAME("parent"),
    [CASE_CHILD] = NAME("child"),
    [CASE_VIA] = NAME("via"),
    [CASE_DESK_CAUSE] = NAME("desk_cause"),
}; /* due_at, adopted and copies are no plain texts; gone is in no event, found is the router's,
      said is nobody's whom it does not name */

/* Decimal digits to base 36 without leading zeros; false when it is no such number. The erasure's
 * twenty nines need more than 64 bits. */
static bool shorten(struct span digits, char out[16], size_t *len)
{
    static const char digit[] = "0123456789abcdefghijklmnopqrstuvwxyz";
    unsigned __int128 large = 0;
    char reversed[16];
    size_t n = 0;
    if (!digits.len || digits.len > DECIMAL_DIGITS)
        return false;
    size_t zeros = 0;
    while (zeros < digits.len && digits.at[zeros] == '0')
        zeros++;
    for (size_t i = zeros; i < digits.len; i++) {
        if (digits.at[i] < '0' || digits.at[i] > '9')
            return false;
        large = large * 10 + (unsigned)(digits.at[i] - '0');
    }
    for (; large > UINT64_MAX; large /= 36)
        reversed[n++] = digit[(unsigned)(large % 36)];
    uint64_t value = (uint64_t)large; /* dividing it is so much cheaper */
    do {
        reversed[n++] = digit[value % 36];
        value /= 36;
    } while (value);
    for (*len = 0; n;)
        out[(*len)++] = reversed[--n];
    return true;
}

/* A revision of another make than ours stays as it is: it still has an order, only not ours. */
struct span case_line_revision(struct span revision, struct arena *arena)
{
    char text[REVISION_PARTS * 16 + 64];
    struct span rest = revision;
    size_t used = 0;
    if (!revision.len)
        return SPAN("");
    for (int i = 0; i < REVISION_PARTS; i++) {
        size_t len;
        struct span part = span_cut(&rest, '.');
        if (!rest.at || !shorten(part, text + used, &len))
            return revision;
        used += len;
        text[used++] = '.';
    }
    if (rest.len > sizeof text - used || span_find(rest, '.') >= 0)
        return revision;
    if (rest.len)
        memcpy(text + used, rest.at, rest.len);
    return arena_copy(arena, span_from(text, used + rest.len));
}

/* Milliseconds as decimal text from a number of them or an RFC 3339 text; absent when unreadable.
 * False when the arena is full. */
static bool read_due(const struct json_value *value, struct arena *arena, struct span *due)
{
    char text[SPAN_DECIMAL];
    int64_t ms;
    *due = SPAN_NONE;
    bool known =
        value && ((value->type == JSON_NUMBER && span_to_int64(value->text, &ms)) ||
                  (value->type == JSON_STRING && timestamp_parse_rfc3339(value->text, &ms)));
    if (!known)
        return true;
    *due = arena_copy(arena, span_decimal(text, ms));
    return due->at != NULL;
}

/* Codes of units have no blanks. False when the arena is full. */
static bool read_copies(const struct json_value *list, struct arena *arena, struct span *copies)
{
    char text[MOST_COPIES];
    struct strbuf buf = {.at = text, .capacity = sizeof text, .max = sizeof text - 1};
    bool is_list = list && list->type == JSON_ARRAY;
    for (const struct json_value *one = is_list ? list->first : NULL; one; one = one->next) {
        if (one->type != JSON_STRING || !one->text.len)
            continue;
        if (buf.len)
            strbuf_add_char(&buf, ' ');
        strbuf_add(&buf, one->text);
    }
    *copies = SPAN_NONE;
    if (!buf.len || strbuf_is_full(&buf))
        return true;
    *copies = arena_copy(arena, strbuf_span(&buf));
    return copies->at != NULL;
}

struct no_texts { /* members of the data; NULL = not there */
    const struct json_value *due, *adopted, *copies;
};

static struct no_texts find_no_texts(const struct json_value *data)
{
    struct no_texts found = {NULL, NULL, NULL};
    bool is_object = data->type == JSON_OBJECT;
    for (const struct json_value *one = is_object ? data->first : NULL; one; one = one->next) {
        if (span_is(one->key, "due_at"))
            found.due = one;
        else if (span_is(one->key, "adopted"))
            found.adopted = one;
        else if (span_is(one->key, "copies"))
            found.copies = one;
    }
    return found;
}

static bool read_attributes(const struct json_value *data, const struct codes *codes,
                            struct arena *arena, struct case_line *line)
{
    if (!data || !data->first)
        return true;
    json_texts(data, data_key, CASE_FIELD, line->attribute);
    json_texts(data, codes_fields(codes), CODES_MOST_FIELDS, line->attribute + CASE_FIELD);
    for (int i = 0; i < CASE_ATTRIBUTES; i++)
        if (!line->attribute[i].len)
            line->attribute[i] = SPAN_NONE;
    struct no_texts others = find_no_texts(data);
    if (others.adopted && others.adopted->type == JSON_BOOL && others.adopted->truth)
        line->attribute[CASE_ADOPTED] = SPAN("1");
    return read_due(others.due, arena, &line->attribute[CASE_DUE]) &&
           read_copies(others.copies, arena, &line->attribute[CASE_COPIES]);
}

/* The relation a link names, and the other case: by its id, or by its number where `in` says in
 * which namespace. False when the arena is full. */
static bool read_link(const struct json_value *data, struct arena *arena, struct span *link)
{
    static const struct span relations[] = {NAME("same_as"), NAME("part_of"), NAME("grew_from")};
    struct span said[ARRAY_LENGTH(relations)], space = json_text(data, "in");
    char text[MOST_LINK];
    json_texts(data, relations, ARRAY_LENGTH(relations), said);
    for (size_t i = 0; i < ARRAY_LENGTH(relations); i++) {
        struct strbuf buf = {.at = text, .capacity = sizeof text, .max = sizeof text - 1};
        strbuf_add(&buf, relations[i]);
        strbuf_add_char(&buf, ':');
        strbuf_add(&buf, space);
        if (space.len)
            strbuf_add_char(&buf, ':');
        strbuf_add(&buf, said[i]);
        if (!said[i].len || strbuf_is_full(&buf))
            continue;
        *link = arena_copy(arena, strbuf_span(&buf));
        return link->at != NULL;
    }
    return true;
}

/* What the resident said when called back (docs/domain.md §2.6). False when the arena is full. */
static bool read_answer(const struct json_value *data, struct arena *arena, struct span *answer)
{
    static const struct span asked[ANSWERS] = {NAME("valid"), NAME("contacted"), NAME("solved"),
                                               NAME("satisfaction")};
    static const char *const words[] = {"yes", "no", "satisfied", "acceptable", "dissatisfied"};
    static const char letters[] = "ynsad";
    struct span said[ANSWERS];
    char text[ANSWERS];
    bool any = false;
    json_texts(data, asked, ANSWERS, said);
    for (int i = 0; i < ANSWERS; i++) {
        text[i] = '-';
        for (size_t w = i < ANSWER_SATISFACTION ? 0 : 2; w < (i < ANSWER_SATISFACTION ? 2 : 5); w++)
            if (span_is(said[i], words[w]))
                text[i] = letters[w];
        any = any || text[i] != '-';
    }
    if (any)
        *answer = arena_copy(arena, span_from(text, ANSWERS));
    return !any || answer->at;
}

/* Whom else the event is about. A case that names itself names nobody. */
static bool read_others(const struct event *event, struct arena *arena, struct case_line *line)
{
    static const enum case_attribute others[] = {CASE_PARENT, CASE_CHILD, CASE_VIA};
    for (size_t i = 0; i < ARRAY_LENGTH(others); i++)
        if (span_equal(line->attribute[others[i]], event->subject))
            line->attribute[others[i]] = SPAN_NONE;
    if (event->data && span_is(event->name, "opened") && span_is(event->party, "router")) {
        struct span found = json_text(event->data, "found");
        if (found.len && found.len <= CASE_LINE_FOUND)
            line->attribute[CASE_FOUND] = found;
    }
    if (event->data && event->unit.len && !span_is(event->party, "router")) {
        struct span said = json_text(event->data, "said");
        if (said.len && said.len <= CASE_LINE_SAID)
            line->attribute[CASE_SAID] = said;
    }
    if (event->data && span_is(event->name, "reviewed"))
        return read_answer(event->data, arena, &line->attribute[CASE_ANSWER]);
    return !event->data || !span_is(event->name, "linked") ||
           read_link(event->data, arena, &line->attribute[CASE_LINK]);
}

enum reject case_line_of_event(const struct event *event, const struct codes *codes,
                               struct arena *arena, struct case_line *line)
{
    *line = (struct case_line){
        .id = event->id,
        .stage = event->name.len ? codes_number(codes, CODE_STAGE, event->name) : 0,
        .time_ms = event->time_ms,
        .recorded_ms = event->recorded_ms,
        .unit = event->unit.len ? event->unit : SPAN_NONE,
        .party = event->party.len ? codes_number(codes, CODE_PARTY, event->party) : 0,
        .live = event->replayof.at == NULL,
    };
    if (event->family != EVENT_CASE || !line->stage)
        return REJECT_STAGE;
    line->revision = case_line_revision(event->revision, arena);
    if (!line->revision.at || !read_attributes(event->data, codes, arena, line) ||
        !read_others(event, arena, line))
        return REJECT_TOO_LARGE;
    return REJECT_NONE;
}

static void add_unit(struct strbuf *out, struct span unit, const struct codes *codes)
{
    int number = unit.at ? codes_number(codes, CODE_UNIT, unit) : 0;
    strbuf_add_char(out, '|');
    if (!unit.at || number) {
        strbuf_add_base36(out, (uint64_t)number);
        return;
    }
    strbuf_add_char(out, '=');
    bar_text_add(out, unit);
}

void case_line_write(struct strbuf *out, const struct case_line *line, const struct codes *codes)
{
    strbuf_add_char(out, VERSION);
    strbuf_add_char(out, '|');
    bar_text_add(out, line->id);
    strbuf_add_char(out, '|');
    bar_text_add(out, line->revision);
    strbuf_add_char(out, '|');
    strbuf_add_base36(out, (uint64_t)line->stage);
    bar_text_add_time(out, line->time_ms);
    bar_text_add_time(out, line->recorded_ms);
    add_unit(out, line->unit, codes);
    strbuf_add_char(out, '|');
    strbuf_add_base36(out, (uint64_t)line->party);
    if (line->live)
        strbuf_add(out, SPAN("|v=1"));
    for (int i = 0; i < CASE_ATTRIBUTES; i++) {
        if (!line->attribute[i].at)
            continue;
        strbuf_add_char(out, '|');
        strbuf_add_char(out, attribute_key[i]);
        strbuf_add_char(out, '=');
        bar_text_add(out, line->attribute[i]);
    }
}

/* Hardly a line has an escape: what has none is cut and taken as it stands. */
struct reading {
    struct span rest;
    struct arena *arena;
    bool plain;
};

static struct span cut(struct reading *reading)
{
    return reading->plain ? span_cut(&reading->rest, '|') : bar_text_cut(&reading->rest);
}

static bool read_text(const struct reading *reading, struct span field, struct span *text)
{
    if (!reading->plain)
        return bar_text_read(field, reading->arena, text);
    *text = field;
    return field.at != NULL;
}

static bool read_unit(const struct reading *reading, struct span field, const struct codes *codes,
                      struct span *unit)
{
    int number;
    *unit = SPAN_NONE;
    if (field.len && field.at[0] == '=')
        return read_text(reading, span_from(field.at + 1, field.len - 1), unit);
    if (!bar_text_read_int(field, &number))
        return false;
    if (number)
        *unit = codes_text(codes, CODE_UNIT, number);
    return !number || unit->at;
}

static bool read_attribute(const struct reading *reading, struct span field, struct case_line *line)
{
    if (field.len < 2 || field.at[1] != '=')
        return true; /* of a later version */
    struct span value = span_from(field.at + 2, field.len - 2);
    if (field.at[0] == 'v')
        line->live = span_is(value, "1");
    for (int i = 0; i < CASE_ATTRIBUTES; i++)
        if (field.at[0] == attribute_key[i])
            return read_text(reading, value, &line->attribute[i]);
    return true;
}

bool case_line_read(struct span text, const struct codes *codes, struct arena *arena,
                    struct case_line *line)
{
    struct reading reading = {text, arena, span_find(text, '\\') < 0};
    *line = (struct case_line){0};
    struct span version = cut(&reading), unit;
    if (version.len != 1 || version.at[0] != VERSION ||
        !read_text(&reading, cut(&reading), &line->id) || !line->id.len ||
        !read_text(&reading, cut(&reading), &line->revision) || !line->revision.at ||
        !bar_text_read_int(cut(&reading), &line->stage) ||
        !bar_text_read_time(cut(&reading), &line->time_ms) ||
        !bar_text_read_time(cut(&reading), &line->recorded_ms) ||
        !read_unit(&reading, unit = cut(&reading), codes, &line->unit) ||
        !bar_text_read_int(cut(&reading), &line->party))
        return false;
    while (reading.rest.at)
        if (!read_attribute(&reading, cut(&reading), line))
            return false;
    line->text = unit.len && unit.at[0] == '=' ? SPAN_NONE : text; /* may have a number by now */
    return true;
}

int case_line_attribute(struct span member)
{
    if (span_is(member, "due_at"))
        return CASE_DUE;
    if (span_is(member, "adopted"))
        return CASE_ADOPTED;
    for (int i = 0; i < CASE_FIELD; i++)
        if (data_key[i].at && span_equal(data_key[i], member))
            return i;
    return -1;
}

/* Of two numbers without leading zeros the longer is the greater. An absent part comes first. */
static int compare_part(struct span a, struct span b, bool is_number)
{
    if (!a.at || !b.at)
        return (a.at != NULL) - (b.at != NULL);
    if (is_number && a.len != b.len)
        return a.len < b.len ? -1 : 1;
    return span_compare(a, b);
}

int case_line_compare_revision(struct span a, struct span b)
{
    for (int i = 0; i < REVISION_PARTS; i++) {
        struct span part_a = a.at ? span_cut(&a, '.') : SPAN_NONE;
        struct span part_b = b.at ? span_cut(&b, '.') : SPAN_NONE;
        int order = compare_part(part_a, part_b, true);
        if (order)
            return order;
    }
    return compare_part(a, b, false);
}
