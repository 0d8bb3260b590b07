/* SPDX-License-Identifier: Apache-2.0 */
/* The set comes from the database, so what counts is folded here as the daemons fold it; rule,
 * bundle, alternatives and reason of a decision stand in its event on the log alone. */
#include "citybrain/why_report.h"

#include <string.h>

#include "citybrain/why_words.h"
#include "model/case_clock.h"
#include "model/case_stage.h"

#define ARENA_BYTES  (32 << 20)
#define SOURCE_BYTES 64 /* of a feed's name */

static const char *const effects[] = {
    [LINE_COUNTS] = "counts", [LINE_IMPOSSIBLE] = "impossible", [LINE_NOT_YOURS] = "not_yours"};

static bool is_router(const struct why_report *report, const struct case_line *line)
{
    return span_is(codes_text(report->codes, CODE_PARTY, line->party), "router");
}

static void count_wanted(struct why_report *report)
{
    for (size_t i = 0; i < report->set.count; i++) {
        const struct case_line *line = &report->set.lines[i];
        bool told = is_router(report, line);
        report->told_wanted += told;
        report->seen_wanted += !told;
        if (report->first_ms == TIMESTAMP_NONE || line->recorded_ms < report->first_ms)
            report->first_ms = line->recorded_ms;
    }
}

bool why_report_read(struct why_report *report, struct span answer, const struct why_names *names,
                     struct error *error)
{
    size_t bad_at;
    *report = (struct why_report){.codes = names->codes,
                                  .kinds = names->kinds,
                                  .district = names->district,
                                  .own = names->own,
                                  .answer = answer,
                                  .first_ms = TIMESTAMP_NONE};
    report->reader = json_reader_new();
    arena_init(&report->arena, ARENA_BYTES);
    if (json_read(report->reader, answer, &report->arena, &report->root, &bad_at) != REJECT_NONE)
        return error_set(error, ERROR_REFUSED, 0, "the API's answer cannot be read");
    report->kind = kinds_find(names->kinds, json_text(report->root, "kind"));
    if (!report->kind)
        return error_set(error, ERROR_CONFIG, 0, "no kind \"%.*s\" in this configuration",
                         SPAN_ARG(json_text(report->root, "kind")));
    if (!json_get(report->root, SPAN("lines")))
        return error_set(error, ERROR_REFUSED, 0,
                         "the API gives a case's lines to readers and the desk only; fix: set "
                         "CITYBRAIN_API_TOKEN to the token of one of them");
    if (!case_set_read(&report->set, json_text(report->root, "lines"), names->codes,
                       &report->arena))
        return error_set(error, ERROR_REFUSED, 0, "the case's lines cannot be read");
    case_fold(&report->fold, &report->set, report->kind, names->codes);
    count_wanted(report);
    return true;
}

void why_report_fini(struct why_report *report)
{
    json_reader_free(report->reader);
    arena_fini(&report->arena);
}

struct span why_report_case(const struct why_report *report)
{
    return json_text(report->root, "case");
}

bool why_report_is_whole(const struct why_report *report)
{
    return report->told_count == report->told_wanted && report->seen_count == report->seen_wanted;
}

/* Of its event no more is kept than which mapping made it. */
static void take_source(struct why_report *report, size_t i, const struct json_value *event,
                        size_t mark)
{
    struct why_source *source = &report->source[i];
    char feed[SOURCE_BYTES];
    struct span name = json_text(event, "feed");
    report->seen_count += !source->seen;
    *source = (struct why_source){.seen = true};
    if (!span_to_int64(json_text(event, "feedversion"), &source->version))
        name = SPAN_NONE;
    span_to_cstr(name, feed, sizeof feed);
    arena_rewind(&report->arena, mark);
    if (feed[0])
        source->feed = arena_copy(&report->arena, span_of(feed));
}

/* An id may be on the log more than once: what holds is of the line's revision. */
static bool is_of(struct why_report *report, size_t i, const struct json_value *event)
{
    struct span revision = case_line_revision(json_text(event, "revision"), &report->arena);
    return revision.at && case_line_compare_revision(revision, report->set.lines[i].revision) == 0;
}

bool why_report_take_event(struct why_report *report, struct span json)
{
    const struct json_value *event = NULL;
    size_t bad_at, i = 0, mark = report->arena.used;
    struct span kept = arena_copy(&report->arena, json);
    bool read =
        kept.at && json_read(report->reader, kept, &report->arena, &event, &bad_at) == REJECT_NONE;
    struct span id = read ? json_text(event, "id") : SPAN_NONE;
    while (i < report->set.count && !span_equal(report->set.lines[i].id, id))
        i++;
    if (!read || i == report->set.count || !is_of(report, i, event)) {
        arena_rewind(&report->arena, mark);
    } else if (is_router(report, &report->set.lines[i])) {
        report->told_count += report->told[i].event == NULL;
        report->told[i] = (struct why_told){event, kept};
    } else {
        take_source(report, i, event, mark);
    }
    return why_report_is_whole(report);
}

/* ---- where it stands ---- */

const char *why_report_state(const struct why_report *report)
{
    int stage = case_stage(&report->set, &report->fold, report->kind);
    return stage >= 0 ? report->kind->stages[stage].name : "headless";
}

/* ---- as JSON ---- */

static void add_fold(const struct why_report *report, struct strbuf *out)
{
    const struct case_fold *fold = &report->fold;
    const char *state = why_report_state(report);
    strbuf_add(out, SPAN("{\"stage\":"));
    if (fold->has_opened)
        strbuf_add_json(out, span_of(state));
    else
        strbuf_add(out, SPAN("null"));
    strbuf_add(out, SPAN(",\"state\":"));
    strbuf_add_json(out, span_of(state));
    strbuf_addf(out, ",\"quiet\":%s,\"closed\":%s,\"adopted\":%s,\"rounds\":%d",
                fold->quiet ? "true" : "false", fold->closed ? "true" : "false",
                fold->adopted ? "true" : "false", fold->rounds);
    if (fold->lead.len) {
        strbuf_add(out, SPAN(",\"lead\":"));
        strbuf_add_json(out, fold->lead);
    }
    if (fold->due_ms != TIMESTAMP_NONE) {
        strbuf_add(out, SPAN(",\"due_at\":\""));
        timestamp_add_rfc3339(out, case_clock_limit_ms(fold));
        strbuf_add_char(out, '"');
    }
    strbuf_add_char(out, '}');
}

static void add_effects(const struct why_report *report, struct strbuf *out)
{
    strbuf_add(out, SPAN(",\"effects\":["));
    for (size_t i = 0; i < report->set.count; i++)
        strbuf_addf(out, "%s\"%s\"", i ? "," : "", effects[report->fold.effect[i]]);
    strbuf_add(out, SPAN("],\"reasons\":["));
    for (size_t i = 0; i < report->set.count; i++) {
        strbuf_add(out, i ? SPAN(",") : SPAN(""));
        if (report->fold.effect[i] == LINE_COUNTS)
            strbuf_add(out, SPAN("null"));
        else
            strbuf_add_json(out, why_words_reason_code((enum line_reason)report->fold.reason[i]));
    }
    strbuf_add_char(out, ']');
}

static void add_mappings(const struct why_report *report, struct strbuf *out)
{
    strbuf_add(out, SPAN(",\"mappings\":["));
    for (size_t i = 0; i < report->set.count; i++) {
        const struct why_source *source = &report->source[i];
        strbuf_add(out, i ? SPAN(",") : SPAN(""));
        if (!source->feed.len) {
            strbuf_add(out, SPAN("null"));
            continue;
        }
        strbuf_add(out, SPAN("{\"feed\":"));
        strbuf_add_json(out, source->feed);
        strbuf_addf(out, ",\"version\":%lld}", (long long)source->version);
    }
    strbuf_add_char(out, ']');
}

void why_report_show_json(const struct why_report *report, FILE *out)
{
    struct span front = span_trim(report->answer);
    struct strbuf text;
    size_t shown = 0;
    strbuf_init(&text, 65536, 64 << 20);
    strbuf_add(&text, span_from(front.at, front.len - 1)); /* without its brace */
    strbuf_add(&text, SPAN(",\"fold\":"));
    add_fold(report, &text);
    add_effects(report, &text);
    add_mappings(report, &text);
    strbuf_add(&text, SPAN(",\"decisions\":["));
    for (size_t i = 0; i < report->set.count; i++) {
        if (!report->told[i].event)
            continue;
        strbuf_add(&text, shown++ ? SPAN(",") : SPAN(""));
        strbuf_add(&text, report->told[i].text);
    }
    strbuf_add(&text, SPAN("]}\n"));
    fwrite(text.at, 1, text.len, out);
    strbuf_fini(&text);
}
