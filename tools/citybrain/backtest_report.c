/* SPDX-License-Identifier: Apache-2.0 */
/* Every member of the data is compared, so what a decision will say tomorrow is compared too; only
 * the bundle's own name is not, which differs by nature. */
#include "citybrain/backtest_report.h"

#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "base/memory.h"
#include "base/timestamp.h"
#include "citybrain/table.h"
#include "model/json_write.h"

#define MOST_ROWS  4096
#define MOST_BYTES ((size_t)64 << 20)

static const char *const words[] = {
#define BACKTEST_WORD(name, word, member) #word,
    BACKTEST_CHANGES(BACKTEST_WORD)
#undef BACKTEST_WORD
        [BACKTEST_OTHER] = "other"};

static const char *const members[] = {
#define BACKTEST_MEMBER(name, word, member) #member,
    BACKTEST_CHANGES(BACKTEST_MEMBER)
#undef BACKTEST_MEMBER
};

void backtest_report_init(struct backtest_report *report, const char *bundle, int64_t examples)
{
    *report = (struct backtest_report){.bundle = bundle,
                                       .examples_most = examples,
                                       .first_ms = TIMESTAMP_NONE,
                                       .last_ms = TIMESTAMP_NONE};
    strbuf_init(&report->examples, 4096, MOST_BYTES);
    strbuf_init(&report->a, 1024, MOST_BYTES);
    strbuf_init(&report->b, 1024, MOST_BYTES);
}

void backtest_report_fini(struct backtest_report *report)
{
    free(report->rules.list);
    free(report->units.list);
    free(report->bundles.list);
    strbuf_fini(&report->examples);
    strbuf_fini(&report->a);
    strbuf_fini(&report->b);
}

/* ---- comparing ---- */

/* `value` may be NULL: not there. */
static struct span text_of(struct strbuf *text, const struct json_value *value)
{
    strbuf_reset(text);
    if (value)
        json_write(text, value, false);
    else
        strbuf_add(text, SPAN("null"));
    return strbuf_span(text);
}

static enum backtest_change change_of(struct span member)
{
    for (size_t i = 0; i < ARRAY_LENGTH(members); i++)
        if (span_is(member, members[i]))
            return (enum backtest_change)i;
    return BACKTEST_OTHER;
}

struct difference {
    unsigned changes;   /* bit = enum backtest_change */
    struct strbuf text; /* "lead":["a","b"],… */
};

static void compare_member(struct backtest_report *report, struct difference *difference,
                           struct span name, const struct json_value *then,
                           const struct json_value *now)
{
    if (span_is(name, "bundle"))
        return;
    struct span a = text_of(&report->a, then), b = text_of(&report->b, now);
    if (span_equal(a, b))
        return;
    difference->changes |= 1U << change_of(name);
    strbuf_add(&difference->text, difference->text.len ? SPAN(",") : SPAN(""));
    strbuf_add_json(&difference->text, name);
    strbuf_addf(&difference->text, ":[%.*s,%.*s]", SPAN_ARG(a), SPAN_ARG(b));
}

static void compare(struct backtest_report *report, struct difference *difference,
                    const struct json_value *then, const struct json_value *now)
{
    for (const struct json_value *one = then->first; one; one = one->next)
        compare_member(report, difference, one->key, one, json_get(now, one->key));
    for (const struct json_value *one = now->first; one; one = one->next)
        if (!json_get(then, one->key))
            compare_member(report, difference, one->key, NULL, one);
}

/* ---- counting ---- */

/* The last row stands for all that are too many. */
static struct backtest_row *row_of(struct backtest_rows *rows, struct span from, struct span to)
{
    char a[sizeof rows->list->then], b[sizeof rows->list->now];
    span_to_cstr(from.len ? from : SPAN("-"), a, sizeof a);
    span_to_cstr(to.len ? to : SPAN("-"), b, sizeof b);
    for (size_t i = 0; i < rows->count; i++)
        if (strcmp(rows->list[i].then, a) == 0 && strcmp(rows->list[i].now, b) == 0)
            return &rows->list[i];
    if (rows->count == MOST_ROWS)
        return &rows->list[MOST_ROWS - 1];
    rows->list = xrealloc(rows->list, (rows->count + 1) * sizeof *rows->list);
    struct backtest_row *row = &rows->list[rows->count++];
    *row = (struct backtest_row){0};
    bool last = rows->count == MOST_ROWS;
    span_to_cstr(last ? SPAN("…") : span_of(a), row->then, sizeof row->then);
    span_to_cstr(last ? SPAN("…") : span_of(b), row->now, sizeof row->now);
    return row;
}

static void count(struct backtest_row *row, unsigned changes)
{
    row->orders++;
    for (int i = 0; i < BACKTEST_CHANGE_COUNT; i++)
        row->changed[i] += changes >> i & 1;
}

static void add_example(struct backtest_report *report, struct backtest_row *row,
                        struct span case_id, int64_t time_ms, const struct difference *difference)
{
    if (row->examples == report->examples_most)
        return;
    row->examples++;
    strbuf_add(&report->examples, report->examples.len ? SPAN(",") : SPAN(""));
    strbuf_add(&report->examples, SPAN("{\"case\":"));
    strbuf_add_json(&report->examples, case_id);
    strbuf_add(&report->examples, SPAN(",\"time\":\""));
    timestamp_add_rfc3339(&report->examples, time_ms);
    strbuf_addf(&report->examples, "\",\"changes\":{%.*s}}",
                SPAN_ARG(strbuf_span(&difference->text)));
}

void backtest_report_add(struct backtest_report *report, struct span case_id, int64_t time_ms,
                         const struct json_value *then, const struct json_value *now)
{
    struct difference difference = {0};
    strbuf_init(&difference.text, 512, MOST_BYTES);
    report->compared++;
    if (report->first_ms == TIMESTAMP_NONE || time_ms < report->first_ms)
        report->first_ms = time_ms;
    if (time_ms > report->last_ms)
        report->last_ms = time_ms;
    compare(report, &difference, then, now);
    struct backtest_row *by = row_of(&report->bundles, json_text(then, "bundle"), SPAN_NONE);
    by->orders++;
    if (difference.changes) {
        report->different++;
        by->different++;
        struct backtest_row *row =
            row_of(&report->rules, json_text(then, "rule"), json_text(now, "rule"));
        count(row, difference.changes);
        add_example(report, row, case_id, time_ms, &difference);
        if (difference.changes >> BACKTEST_MOVED & 1)
            count(row_of(&report->units, json_text(then, "lead"), json_text(now, "lead")),
                  difference.changes);
    }
    strbuf_fini(&difference.text);
}

/* ---- telling ---- */

static void add_time(struct strbuf *json, const char *name, int64_t ms)
{
    strbuf_addf(json, ",\"%s\":", name);
    if (ms == TIMESTAMP_NONE) {
        strbuf_add(json, SPAN("null"));
        return;
    }
    strbuf_add_char(json, '"');
    timestamp_add_rfc3339(json, ms);
    strbuf_add_char(json, '"');
}

static void add_rows(struct strbuf *json, const char *name, const struct backtest_rows *rows,
                     bool changes)
{
    strbuf_addf(json, ",\"%s\":[", name);
    for (size_t i = 0; i < rows->count; i++) {
        const struct backtest_row *row = &rows->list[i];
        strbuf_add(json, i ? SPAN(",{\"then\":") : SPAN("{\"then\":"));
        strbuf_add_json(json, span_of(row->then));
        strbuf_add(json, SPAN(",\"now\":"));
        strbuf_add_json(json, span_of(row->now));
        strbuf_addf(json, ",\"orders\":%lld", (long long)row->orders);
        for (size_t c = 0; changes && c < BACKTEST_CHANGE_COUNT; c++)
            strbuf_addf(json, ",\"%s\":%lld", words[c], (long long)row->changed[c]);
        strbuf_add_char(json, '}');
    }
    strbuf_add_char(json, ']');
}

static void add_bundles(struct strbuf *json, const struct backtest_rows *rows)
{
    strbuf_add(json, SPAN(",\"bundles\":["));
    for (size_t i = 0; i < rows->count; i++) {
        strbuf_add(json, i ? SPAN(",{\"bundle\":") : SPAN("{\"bundle\":"));
        strbuf_add_json(json, span_of(rows->list[i].then));
        strbuf_addf(json, ",\"decisions\":%lld,\"different\":%lld}",
                    (long long)rows->list[i].orders, (long long)rows->list[i].different);
    }
    strbuf_add_char(json, ']');
}

static int by_orders(const void *a, const void *b)
{
    int64_t x = ((const struct backtest_row *)a)->orders,
            y = ((const struct backtest_row *)b)->orders;
    return (x < y) - (x > y);
}

void backtest_report_write(const struct backtest_report *report, struct strbuf *json)
{
    const struct backtest_rows *const lists[] = {&report->rules, &report->units, &report->bundles};
    for (size_t i = 0; i < ARRAY_LENGTH(lists); i++)
        if (lists[i]->count > 1)
            qsort(lists[i]->list, lists[i]->count, sizeof lists[i]->list[0], by_orders);
    strbuf_add(json, SPAN("{\"bundle\":"));
    strbuf_add_json(json, span_of(report->bundle));
    strbuf_addf(json,
                ",\"compared\":%lld,\"different\":%lld,\"missing\":%lld,\"unasked\":%lld,"
                "\"unreadable\":%lld",
                (long long)report->compared, (long long)report->different,
                (long long)report->missing, (long long)report->unasked,
                (long long)report->unreadable);
    add_time(json, "from", report->first_ms);
    add_time(json, "to", report->last_ms);
    add_bundles(json, &report->bundles);
    add_rows(json, "rules", &report->rules, true);
    add_rows(json, "units", &report->units, false);
    strbuf_addf(json, ",\"examples\":[%.*s]}\n", SPAN_ARG(strbuf_span(&report->examples)));
}

static void show_example(const struct json_value *example, FILE *out)
{
    const struct json_value *changes = json_get(example, SPAN("changes"));
    struct strbuf text;
    strbuf_init(&text, 1024, MOST_BYTES);
    fprintf(out, "%.*s\t%.*s", SPAN_ARG(json_text(example, "case")),
            SPAN_ARG(json_text(example, "time")));
    for (const struct json_value *one = changes ? changes->first : NULL; one; one = one->next) {
        strbuf_reset(&text);
        for (const struct json_value *side = one->first; side; side = side->next) {
            if (side->type == JSON_STRING)
                strbuf_add(&text, side->text);
            else if (side->type == JSON_NULL)
                strbuf_add_char(&text, '-');
            else
                json_write(&text, side, true);
            strbuf_add(&text, side->next ? SPAN(" -> ") : SPAN(""));
        }
        fprintf(out, "\t%.*s: %.*s", SPAN_ARG(one->key), SPAN_ARG(strbuf_span(&text)));
    }
    fputc('\n', out);
    strbuf_fini(&text);
}

static void show_table(const struct json_value *root, const char *name, FILE *out)
{
    const struct json_value *rows = json_get(root, span_of(name));
    if (!rows || !rows->first)
        return;
    fputc('\n', out);
    table_show(out, rows);
}

void backtest_report_show(const struct backtest_report *report, FILE *out)
{
    struct strbuf json;
    struct arena arena;
    const struct json_value *root;
    size_t bad_at;
    strbuf_init(&json, 65536, MOST_BYTES);
    backtest_report_write(report, &json);
    arena_init(&arena, 16 * json.len + 65536);
    struct json_reader *reader = json_reader_new();
    fprintf(out, "%lld decisions compared, %lld different, now by bundle %s\n",
            (long long)report->compared, (long long)report->different, report->bundle);
    if (json_read(reader, strbuf_span(&json), &arena, &root, &bad_at) == REJECT_NONE) {
        show_table(root, "bundles", out);
        show_table(root, "rules", out);
        show_table(root, "units", out);
        const struct json_value *examples = json_get(root, SPAN("examples"));
        if (examples && examples->first)
            fputc('\n', out);
        for (const struct json_value *one = examples ? examples->first : NULL; one; one = one->next)
            show_example(one, out);
    }
    json_reader_free(reader);
    arena_fini(&arena);
    strbuf_fini(&json);
}
