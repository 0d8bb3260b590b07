/* SPDX-License-Identifier: Apache-2.0 */
/* Codes become names where a person reads, and stay codes in JSON. */
#include "citybrain/desk_report.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/timestamp.h"
#include "citybrain/desk_moves.h"
#include "citybrain/moment.h"
#include "citybrain/own_names.h"
#include "citybrain/table.h"
#include "citybrain/why_words.h"

#define DAY_MINUTES 480 /* civil days of Beijing */

enum desk_cause desk_report_cause(const struct json_value *order)
{
    enum desk_cause cause = desk_cause_of(json_text(order, "desk_cause"));
    struct span kind = json_text(order, "kind");
    if (cause != DESK_NOTHING)
        return cause;
    return span_is(kind, "escalated") || span_is(kind, "overdue") ? DESK_OVERDUE : DESK_FALLBACK;
}

static int64_t time_of(const struct json_value *order, const char *member)
{
    int64_t ms;
    struct span text = json_text(order, member);
    return text.at && timestamp_parse_rfc3339(text, &ms) ? ms : TIMESTAMP_NONE;
}

/* ---- the list ---- */

struct listed {
    const struct desk_duty_item *item;
    enum desk_cause cause;
    int64_t due_ms, since_ms;
};

static int compare_ms(int64_t a, int64_t b) /* TIMESTAMP_NONE last */
{
    if (a == b)
        return 0;
    if (a == TIMESTAMP_NONE || b == TIMESTAMP_NONE)
        return a == TIMESTAMP_NONE ? 1 : -1;
    return a < b ? -1 : 1;
}

static int by_urgency(const void *left, const void *right)
{
    const struct listed *a = left, *b = right;
    int order = (b->cause == DESK_EMERGENCY) - (a->cause == DESK_EMERGENCY);
    order = order ? order : compare_ms(a->due_ms, b->due_ms);
    order = order ? order : compare_ms(a->since_ms, b->since_ms);
    return order ? order : strcmp(a->item->case_id, b->item->case_id);
}

static size_t list_open(struct desk_duties *duties, enum desk_cause only, struct listed **list)
{
    size_t count = 0;
    *list = xcalloc(duties->count + 1, sizeof **list);
    for (const struct desk_duty_item *item = duties->first; item; item = item->next) {
        const struct json_value *order = item->open ? desk_duties_view(duties, item) : NULL;
        enum desk_cause cause = order ? desk_report_cause(order) : DESK_NOTHING;
        if (order && (only == DESK_NOTHING || cause == only))
            (*list)[count++] =
                (struct listed){item, cause, time_of(order, "due_at"), time_of(order, "time")};
    }
    qsort(*list, count, sizeof **list, by_urgency);
    return count;
}

static void add_member(struct strbuf *out, const char *name, struct span value)
{
    strbuf_addf(out, "%s\"%s\":", out->at[out->len - 1] == '{' ? "" : ",", name);
    if (value.at)
        strbuf_add_json(out, value);
    else
        strbuf_add(out, SPAN("null"));
}

static void add_time(struct strbuf *out, const char *name, int64_t ms)
{
    char text[40];
    struct strbuf time = {.at = text, .capacity = sizeof text, .max = sizeof text - 1};
    if (ms != TIMESTAMP_NONE)
        moment_add(&time, ms);
    add_member(out, name, ms == TIMESTAMP_NONE ? SPAN_NONE : strbuf_span(&time));
}

static int64_t day_of(const struct json_value *order)
{
    int64_t ms = time_of(order, "time");
    return timestamp_day(ms == TIMESTAMP_NONE ? 0 : ms, DAY_MINUTES);
}

static struct span place_of(const struct json_value *order)
{
    struct span community = json_text(order, "community_code");
    return community.at ? community : json_text(order, "street_code");
}

/* A row of the table: names, and the columns in Chinese. */
static void add_row(struct strbuf *out, struct desk_duties *duties, const struct listed *one,
                    const struct district *district)
{
    const struct json_value *order = desk_duties_view(duties, one->item);
    int64_t day = day_of(order);
    struct span type = json_text(order, "type_code"), place = place_of(order);
    struct span lead = json_text(order, "lead");
    struct span type_name = type.at ? district_type(district, type, day).name : SPAN_NONE;
    strbuf_add_char(out, '{');
    add_member(out, "工单", span_of(one->item->case_id));
    add_member(out, "事由", span_of(desk_row(one->cause)->name));
    add_time(out, "起始", one->since_ms);
    add_time(out, "时限", one->due_ms);
    add_member(out, "承办", lead.at ? district_unit_name(district, lead, day) : SPAN_NONE);
    add_member(out, "类型", type_name.at ? type_name : type);
    add_member(out, "地点", place.at ? district_place_name(district, place, day) : SPAN_NONE);
    add_member(out, "所述理由", json_text(order, "said"));
    strbuf_add_char(out, '}');
}

static void show_table(struct desk_duties *duties, const struct listed *list, size_t count,
                       const struct district *district, FILE *out)
{
    struct strbuf text;
    struct arena arena;
    struct json_reader *reader = json_reader_new();
    const struct json_value *rows = NULL;
    size_t bad_at;
    strbuf_init(&text, 65536, 256 << 20);
    strbuf_add_char(&text, '[');
    for (size_t i = 0; i < count; i++) {
        if (i)
            strbuf_add_char(&text, ',');
        add_row(&text, duties, &list[i], district);
    }
    strbuf_add_char(&text, ']');
    arena_init(&arena, 8 * text.len + 65536);
    if (json_read(reader, strbuf_span(&text), &arena, &rows, &bad_at) == REJECT_NONE)
        table_show(out, rows);
    arena_fini(&arena);
    json_reader_free(reader);
    strbuf_fini(&text);
}

static void count_causes(const struct listed *list, size_t count)
{
    size_t of[DESK_CAUSE_COUNT] = {0};
    for (size_t i = 0; i < count; i++)
        of[list[i].cause]++;
    fprintf(stderr, "待办 %zu 件", count);
    for (int cause = DESK_NOTHING + 1; cause < DESK_CAUSE_COUNT; cause++)
        if (of[cause])
            fprintf(stderr, " · %s %zu", desk_row((enum desk_cause)cause)->name, of[cause]);
    fprintf(stderr, " (%zu open; --cause shows one kind, `desk show CASE` one case)\n", count);
}

void desk_report_list(struct desk_duties *duties, const struct desk_names *names,
                      enum desk_cause only, bool json, FILE *out)
{
    struct listed *list;
    size_t count = list_open(duties, only, &list);
    if (json) {
        fputs("[", out);
        for (size_t i = 0; i < count; i++) {
            fputs(i ? ",\n" : "", out);
            desk_report_json(duties, list[i].item, names->kinds, out);
        }
        fputs("]\n", out);
    } else if (count) {
        show_table(duties, list, count, names->district, out);
    }
    count_causes(list, count);
    free(list);
}

/* ---- one of them ---- */

struct listing {
    struct strbuf *out;
    bool first;
};

static void add_move(void *context, const struct desk_move *move)
{
    struct listing *listing = context;
    strbuf_add(listing->out, listing->first ? SPAN("") : SPAN(","));
    strbuf_add_json(listing->out, span_of(move->stage));
    listing->first = false;
}

static void add_moves(struct strbuf *out, enum desk_cause cause, const struct kinds *kinds,
                      struct span case_id)
{
    struct listing listing = {out, true};
    strbuf_add(out, SPAN(",\"moves\":["));
    desk_moves_each(desk_row(cause)->answers, kinds, case_id, add_move, &listing);
    strbuf_add_char(out, ']');
}

void desk_report_json(struct desk_duties *duties, const struct desk_duty_item *item,
                      const struct kinds *kinds, FILE *out)
{
    const struct json_value *order = desk_duties_view(duties, item);
    enum desk_cause cause = desk_report_cause(order);
    struct strbuf text;
    strbuf_init(&text, 4096, 1 << 20);
    strbuf_add_char(&text, '{');
    add_member(&text, "case", span_of(item->case_id));
    add_member(&text, "desk_cause", span_of(desk_row(cause)->code));
    add_member(&text, "name", span_of(desk_row(cause)->name));
    add_member(&text, "asks", span_of(desk_row(cause)->ask));
    strbuf_addf(&text, ",\"reminders\":%d", item->reminders);
    add_moves(&text, cause, kinds, span_of(item->case_id));
    strbuf_add(&text, SPAN(",\"order\":"));
    strbuf_add(&text, span_of(item->order));
    strbuf_add_char(&text, '}');
    fwrite(text.at, 1, text.len, out);
    strbuf_fini(&text);
}

struct showing {
    FILE *out;
    const char *case_id;
    const struct desk_names *names;
    const struct case_kind *kind; /* NULL = not known here */
};

static void show_move(void *context, const struct desk_move *move)
{
    const struct showing *showing = context;
    fprintf(showing->out, "  %s\t%s\n    citybrain desk decide %s %s%s%s --as 姓名 --reason 理由\n",
            move->name, move->means, showing->case_id, move->stage, move->usage[0] ? " " : "",
            move->usage);
}

static void show_named(FILE *out, const char *label, struct span code, struct span name)
{
    if (!code.at)
        return;
    fprintf(out, "%s\t%.*s", label, SPAN_ARG(name.at ? name : code));
    if (name.at && !span_equal(name, code))
        fprintf(out, " (%.*s)", SPAN_ARG(code));
    fputc('\n', out);
}

static void show_own(const struct showing *showing, const char *label, const struct json_value *of,
                     const char *member)
{
    struct span code = json_text(of, member);
    struct span name = own_names_value(showing->names->own, span_of(member), code);
    show_named(showing->out, label, code,
               name.at ? name : why_words_value(showing->kind, span_of(member), code));
}

static void show_time(FILE *out, const char *label, int64_t ms)
{
    char text[40];
    struct strbuf time = {.at = text, .capacity = sizeof text, .max = sizeof text - 1};
    if (ms == TIMESTAMP_NONE)
        return;
    moment_add(&time, ms);
    show_named(out, label, strbuf_span(&time), SPAN_NONE);
}

static void show_answer(const struct showing *showing, const struct json_value *answer,
                        const char *label, int64_t day)
{
    struct span unit = json_text(answer, "unit"), rule = json_text(answer, "rule");
    if (!unit.at)
        return;
    show_named(showing->out, label, unit, district_unit_name(showing->names->district, unit, day));
    if (rule.len)
        show_own(showing, "\t按规则", answer, "rule");
}

static void show_alternatives(const struct showing *showing, const struct json_value *order)
{
    const struct json_value *others = json_get(order, SPAN("alternatives"));
    const struct json_value *own = json_get(order, SPAN("would_have"));
    if (own)
        show_answer(showing, own, "按规则应由", day_of(order));
    for (const struct json_value *one = others ? others->first : NULL; one; one = one->next)
        show_answer(showing, one, "可选单位", day_of(order));
}

void desk_report_show(struct desk_duties *duties, const struct desk_duty_item *item,
                      const struct desk_names *names, FILE *out)
{
    const struct json_value *order = desk_duties_view(duties, item);
    const struct district *district = names->district;
    enum desk_cause cause = desk_report_cause(order);
    const struct desk_row *row = desk_row(cause);
    int64_t day = day_of(order);
    struct span lead = json_text(order, "lead"), type = json_text(order, "type_code");
    struct span place = place_of(order), by = json_text(order, "asked_by");
    struct span rest = span_of(item->case_id);
    struct showing showing = {out, item->case_id, names, NULL};
    showing.kind = names->kinds ? kinds_find(names->kinds, span_cut(&rest, ':')) : NULL;
    fprintf(out, "%s\n事由\t%s (%s): %s\n", item->case_id, row->name, row->code, row->ask);
    show_named(out, "说明", json_text(order, "reason"), SPAN_NONE);
    show_time(out, "起始", time_of(order, "time"));
    show_time(out, "时限", time_of(order, "due_at"));
    show_named(out, "提出单位", by, by.at ? district_unit_name(district, by, day) : SPAN_NONE);
    show_named(out, "所述理由", json_text(order, "said"), SPAN_NONE);
    show_named(out, "承办", lead, lead.at ? district_unit_name(district, lead, day) : SPAN_NONE);
    show_named(out, "类型", type, type.at ? district_type(district, type, day).name : SPAN_NONE);
    show_named(out, "地点", place,
               place.at ? district_place_name(district, place, day) : SPAN_NONE);
    show_own(&showing, "时限类别", order, "limit_class");
    show_own(&showing, "规则", order, "rule");
    show_alternatives(&showing, order);
    if (item->reminders)
        fprintf(out, "已提醒\t%d 次\n", item->reminders);
    fputs("可作决定:\n", out);
    desk_moves_each(row->answers, names->kinds, span_of(item->case_id), show_move, &showing);
}
