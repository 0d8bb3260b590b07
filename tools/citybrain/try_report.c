/* SPDX-License-Identifier: Apache-2.0 */
/* Both forms say the same numbers, and rows of views come out as the aggregator's API gives them.
 */
#include "citybrain/try_report.h"

#include <inttypes.h>
#include <string.h>

#include "citybrain/no_effect.h"
#include "citybrain/table.h"

#define VIEW_BYTES (64 << 20)

static bool is_named(const struct try_report *report, const struct view *view)
{
    return !report->view || strcmp(report->view, view->name) == 0;
}

/* Views without the asked columns are left out. */
static bool is_asked(const struct try_report *report, const struct view *view)
{
    struct view_by by;
    return is_named(report, view) && view_by_read(&by, view, span_of(report->by));
}

static void add_columns(struct strbuf *out, const struct view *view)
{
    strbuf_addf(out, "%sview %s has the columns day", out->len ? "; " : "", view->name);
    for (size_t i = 0; i < view->bucket_count; i++)
        if (view->buckets[i] != BUCKET_DAY)
            strbuf_addf(out, ",%s", view_bucket_names[view->buckets[i]]);
    for (size_t g = 0; g < view->group_count; g++)
        strbuf_addf(out, ",%s", view_by_name(view, (int)g));
}

bool try_report_check(const struct try_report *report, struct error *error)
{
    const struct views *views = report->bundle->views;
    size_t named = 0, asked = 0;
    struct strbuf columns;
    strbuf_init(&columns, 256, 4096);
    for (size_t i = 0; i < views_count(views); i++) {
        const struct view *view = views_at(views, i);
        asked += is_asked(report, view);
        named += is_named(report, view);
        if (is_named(report, view))
            add_columns(&columns, view);
    }
    if (!named)
        error_set(error, ERROR_CONFIG, 0, "--view \"%s\": no such view", report->view);
    else if (!asked)
        error_set(error, ERROR_CONFIG, 0, "--by \"%s\": %.*s", report->by,
                  SPAN_ARG(strbuf_span(&columns)));
    strbuf_fini(&columns);
    return asked > 0;
}

void try_report_add_reject(struct try_report *report, const struct raw_item *item, int64_t row)
{
    struct try_reject *reject = &report->rejects[item->why.reject];
    if (reject->n++ > 0)
        return;
    reject->row = row;
    reject->offset = item->offset;
    reject->why = item->why;
}

static void write_view(const struct try_report *report, const struct carrier *carrier, size_t index,
                       struct strbuf *out)
{
    struct view_by by;
    strbuf_reset(out);
    if (view_by_read(&by, views_at(report->bundle->views, index), span_of(report->by)))
        cells_write(carrier_cells(carrier), index, &by, &report->range, out);
}

static void show_view(const struct view *view, struct span rows, FILE *out)
{
    struct json_reader *reader = json_reader_new();
    struct arena arena;
    const struct json_value *value = NULL;
    size_t bad_at;
    arena_init(&arena, 8 * rows.len + (1 << 20));
    fprintf(out, "\n%s %s\n", view->name, view->title.chinese ? view->title.chinese : "");
    if (json_read(reader, rows, &arena, &value, &bad_at) == REJECT_NONE && value->count > 0)
        table_show(out, value);
    else
        fprintf(out, "%s\n", rows.len > 2 ? "too many rows for a table: see --json" : "no rows");
    arena_fini(&arena);
    json_reader_free(reader);
}

static void show_no_effect(const struct try_report *report, const struct carrier *carrier,
                           FILE *out)
{
    struct no_effect found;
    no_effect_find(&found, carrier_cells(carrier), &report->bundle->batch);
    if (found.moves > 0)
        fprintf(out,
                "no effect  %" PRId64 " moves that their case was not there for, %" PRId64
                " of them before what they come after 时间早于前一环节; first: %s %s\n",
                found.moves, found.early, found.case_id, found.stage);
}

void try_report_show(const struct try_report *report, const struct carrier *carrier, FILE *out)
{
    struct carrier_counts n = carrier_counts(carrier);
    fprintf(out, "feed       %s, version %" PRId64 "\n", report->feed, report->version);
    fprintf(out, "records    %" PRId64 " read, %" PRId64 " accepted, %" PRId64 " rejected\n",
            n.read, n.accepted, n.rejected);
    for (int i = 0; i < TRY_REJECTS; i++) {
        const struct try_reject *reject = &report->rejects[i];
        if (reject->n == 0)
            continue;
        fprintf(out, "rejected   %" PRId64 " %s: %s, %s; first: row %" PRId64 ", byte %" PRId64,
                reject->n, reject_name((enum reject)i), reject_chinese((enum reject)i),
                reject_english((enum reject)i), reject->row, reject->offset);
        fprintf(out, "%s%s", reject->why.pointer[0] ? ", " : "", reject->why.pointer);
        if (reject->why.wanted)
            fprintf(out, ", 缺少 missing: %s", reject->why.wanted);
        fputc('\n', out);
    }
    fprintf(out, "events     %" PRId64 " of %" PRId64 " case%s\n", n.events, n.cases,
            n.cases == 1 ? "" : "s");
    if (n.found)
        fprintf(out, "triggers   opened %" PRId64 " case%s 未诉先办\n", n.found,
                n.found == 1 ? "" : "s");
    fprintf(out,
            "decisions  %" PRId64 " made, %" PRId64 " of them adopted, %" PRId64
            " to the desk; %" PRId64 " work orders, %" PRId64 " timers fired\n",
            n.decided, n.adopted, n.desk, n.orders, n.timers);
    if (n.unreadable || n.too_long)
        fprintf(out,
                "left out   %" PRId64 " events unreadable, %" PRId64 " beyond a case's limit\n",
                n.unreadable, n.too_long);
    show_no_effect(report, carrier, out);
    struct strbuf rows;
    strbuf_init(&rows, 65536, VIEW_BYTES);
    for (size_t i = 0; i < views_count(report->bundle->views); i++) {
        const struct view *view = views_at(report->bundle->views, i);
        if (!is_asked(report, view))
            continue;
        write_view(report, carrier, i, &rows);
        show_view(view, strbuf_span(&rows), out);
    }
    strbuf_fini(&rows);
}

static void add_rejects(const struct try_report *report, struct strbuf *out)
{
    const char *comma = "";
    for (int i = 0; i < TRY_REJECTS; i++) {
        const struct try_reject *reject = &report->rejects[i];
        if (reject->n == 0)
            continue;
        strbuf_addf(out,
                    "%s{\"reason\":\"%s\",\"n\":%" PRId64 ",\"row\":%" PRId64 ",\"offset\":%" PRId64
                    ",\"pointer\":",
                    comma, reject_name((enum reject)i), reject->n, reject->row, reject->offset);
        strbuf_add_json(out, span_of(reject->why.pointer));
        strbuf_add(out, SPAN(",\"message_zh\":"));
        strbuf_add_json(out, span_of(reject_chinese((enum reject)i)));
        strbuf_add(out, SPAN(",\"message_en\":"));
        strbuf_add_json(out, span_of(reject_english((enum reject)i)));
        strbuf_add_char(out, '}');
        comma = ",";
    }
}

static void add_no_effect(const struct try_report *report, const struct carrier *carrier,
                          struct strbuf *out)
{
    struct no_effect found;
    no_effect_find(&found, carrier_cells(carrier), &report->bundle->batch);
    strbuf_addf(out,
                "\"no_effect\":{\"moves\":%" PRId64 ",\"early\":%" PRId64 ",\"case\":", found.moves,
                found.early);
    strbuf_add_json(out, span_of(found.case_id));
    strbuf_addf(out, ",\"stage\":\"%s\"}", found.stage);
}

void try_report_show_json(const struct try_report *report, const struct carrier *carrier, FILE *out)
{
    struct carrier_counts n = carrier_counts(carrier);
    struct strbuf text, rows;
    strbuf_init(&text, 65536, VIEW_BYTES);
    strbuf_init(&rows, 65536, VIEW_BYTES);
    strbuf_addf(&text,
                "{\"feed\":\"%s\",\"version\":%" PRId64 ",\"records\":{\"read\":%" PRId64
                ",\"accepted\":%" PRId64 ",\"rejected\":%" PRId64 "},\"rejects\":[",
                report->feed, report->version, n.read, n.accepted, n.rejected);
    add_rejects(report, &text);
    strbuf_addf(&text,
                "],\"events\":%" PRId64 ",\"cases\":%" PRId64 ",\"found\":%" PRId64
                ",\"decisions\":{\"made\":%" PRId64 ",\"adopted\":%" PRId64 ",\"desk\":%" PRId64
                ",\"orders\":%" PRId64 ",\"timers\":%" PRId64 "},\"unreadable\":%" PRId64
                ",\"too_long\":%" PRId64 ",",
                n.events, n.cases, n.found, n.decided, n.adopted, n.desk, n.orders, n.timers,
                n.unreadable, n.too_long);
    add_no_effect(report, carrier, &text);
    strbuf_add(&text, SPAN(",\"views\":{"));
    const char *comma = "";
    for (size_t i = 0; i < views_count(report->bundle->views); i++) {
        const struct view *view = views_at(report->bundle->views, i);
        if (!is_asked(report, view))
            continue;
        write_view(report, carrier, i, &rows);
        strbuf_addf(&text, "%s\"%s\":", comma, view->name);
        strbuf_add(&text, strbuf_span(&rows));
        comma = ",";
    }
    strbuf_add(&text, SPAN("}}\n"));
    fwrite(text.at, 1, text.len, out);
    strbuf_fini(&rows);
    strbuf_fini(&text);
}
