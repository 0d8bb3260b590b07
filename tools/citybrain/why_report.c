/* SPDX-License-Identifier: Apache-2.0 */
/* The set comes from the database, so what counts is folded here as the daemons fold it; rule,
 * bundle and reason of a decision stand in its event on the log alone. */
#include "citybrain/why_report.h"

#include <string.h>

#include "base/memory.h"

#define ARENA_BYTES (8 << 20)

static const char *const effects[] = {
    [LINE_COUNTS] = "counts", [LINE_IMPOSSIBLE] = "impossible", [LINE_NOT_YOURS] = "not_yours"};

static bool is_router(const struct why_report *report, const struct case_line *line)
{
    return span_is(codes_text(report->codes, CODE_PARTY, line->party), "router");
}

bool why_report_read(struct why_report *report, struct span answer, const struct codes *codes,
                     const struct kinds *kinds, struct error *error)
{
    size_t bad_at;
    *report = (struct why_report){
        .codes = codes, .kinds = kinds, .answer = answer, .first_decided_ms = TIMESTAMP_NONE};
    report->reader = json_reader_new();
    arena_init(&report->arena, ARENA_BYTES);
    if (json_read(report->reader, answer, &report->arena, &report->root, &bad_at) != REJECT_NONE)
        return error_set(error, ERROR_REFUSED, 0, "the API's answer cannot be read");
    report->kind = kinds_find(kinds, json_text(report->root, "kind"));
    if (!report->kind)
        return error_set(error, ERROR_CONFIG, 0, "no kind \"%.*s\" in this configuration",
                         SPAN_ARG(json_text(report->root, "kind")));
    if (!case_set_read(&report->set, json_text(report->root, "lines"), codes, &report->arena))
        return error_set(error, ERROR_REFUSED, 0, "the case's lines cannot be read");
    case_fold(&report->fold, &report->set, report->kind, codes);
    for (size_t i = 0; i < report->set.count; i++) {
        const struct case_line *line = &report->set.lines[i];
        if (!is_router(report, line))
            continue;
        report->decisions_wanted++;
        if (report->first_decided_ms == TIMESTAMP_NONE ||
            line->recorded_ms < report->first_decided_ms)
            report->first_decided_ms = line->recorded_ms;
    }
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

static bool is_of_set(const struct why_report *report, struct span id)
{
    for (size_t i = 0; i < report->set.count; i++)
        if (span_equal(report->set.lines[i].id, id))
            return is_router(report, &report->set.lines[i]);
    return false;
}

/* A later record of one id has the content that holds. */
bool why_report_take_event(struct why_report *report, struct span json)
{
    const struct json_value *event = NULL;
    size_t bad_at, i = 0;
    struct span kept = arena_copy(&report->arena, json);
    if (!kept.at ||
        json_read(report->reader, kept, &report->arena, &event, &bad_at) != REJECT_NONE ||
        !is_of_set(report, json_text(event, "id")))
        return false;
    while (i < report->decision_count &&
           !span_equal(json_text(report->decision[i], "id"), json_text(event, "id")))
        i++;
    if (i == WHY_DECISIONS)
        return true;
    report->decision[i] = event;
    report->decision_text[i] = kept;
    report->decision_count += i == report->decision_count;
    return report->decision_count == report->decisions_wanted;
}

static void add_fold(const struct why_report *report, struct strbuf *out)
{
    const struct case_fold *fold = &report->fold;
    const char *stage = fold->stage >= 0 ? report->kind->stages[fold->stage].name : NULL;
    strbuf_add(out, SPAN("{\"stage\":"));
    if (stage)
        strbuf_add_json(out, span_of(stage));
    else
        strbuf_add(out, SPAN("null"));
    strbuf_addf(out, ",\"quiet\":%s,\"closed\":%s,\"adopted\":%s,\"rounds\":%d",
                fold->quiet ? "true" : "false", fold->closed ? "true" : "false",
                fold->adopted ? "true" : "false", fold->rounds);
    if (fold->lead.len) {
        strbuf_add(out, SPAN(",\"lead\":"));
        strbuf_add_json(out, fold->lead);
    }
    if (fold->due_ms != TIMESTAMP_NONE) {
        strbuf_add(out, SPAN(",\"due_at\":\""));
        timestamp_add_rfc3339(out, fold->due_ms);
        strbuf_add_char(out, '"');
    }
    strbuf_add_char(out, '}');
}

void why_report_show_json(const struct why_report *report, FILE *out)
{
    struct span front = span_trim(report->answer);
    struct strbuf text;
    strbuf_init(&text, 65536, 64 << 20);
    strbuf_add(&text, span_from(front.at, front.len - 1)); /* without its brace */
    strbuf_add(&text, SPAN(",\"fold\":"));
    add_fold(report, &text);
    strbuf_add(&text, SPAN(",\"effects\":["));
    for (size_t i = 0; i < report->set.count; i++)
        strbuf_addf(&text, "%s\"%s\"", i ? "," : "", effects[report->fold.effect[i]]);
    strbuf_add(&text, SPAN("],\"decisions\":["));
    for (size_t i = 0; i < report->decision_count; i++) {
        strbuf_add(&text, i ? SPAN(",") : SPAN(""));
        strbuf_add(&text, report->decision_text[i]);
    }
    strbuf_add(&text, SPAN("]}\n"));
    fwrite(text.at, 1, text.len, out);
    strbuf_fini(&text);
}

static void show_time(FILE *out, int64_t ms)
{
    struct strbuf text;
    strbuf_init(&text, 32, 64);
    if (ms == TIMESTAMP_NONE)
        strbuf_add(&text, SPAN("-"));
    else
        timestamp_add_rfc3339(&text, ms);
    fprintf(out, "%s", text.at);
    strbuf_fini(&text);
}

static void show_head(const struct why_report *report, FILE *out)
{
    const struct case_fold *fold = &report->fold;
    fprintf(out, "%.*s\t%s", SPAN_ARG(why_report_case(report)), report->kind->name);
    fprintf(out, "\t%s", fold->stage >= 0 ? report->kind->stages[fold->stage].name : "headless");
    fprintf(out, "\tlead %.*s\tdue ", SPAN_ARG(fold->lead.len ? fold->lead : SPAN("-")));
    show_time(out, fold->due_ms);
    fprintf(out, "%s\n\n", fold->quiet ? "\thistory only: nothing is dispatched" : "");
}

static void show_lines(const struct why_report *report, FILE *out)
{
    fprintf(out, "time\trecorded\tstage\tparty\tunit\teffect\tevent\n");
    for (size_t i = 0; i < report->set.count; i++) {
        const struct case_line *line = &report->set.lines[i];
        show_time(out, line->time_ms);
        fputc('\t', out);
        show_time(out, line->recorded_ms);
        fprintf(out, "\t%.*s\t%.*s\t%.*s\t%s\t%.*s\n",
                SPAN_ARG(codes_text(report->codes, CODE_STAGE, line->stage)),
                SPAN_ARG(codes_text(report->codes, CODE_PARTY, line->party)),
                SPAN_ARG(line->unit.len ? line->unit : SPAN("-")), effects[report->fold.effect[i]],
                SPAN_ARG(line->id));
    }
}

/* Members in the order the router wrote them: lead, mode, limit, rule, bundle, reason, cause. */
static void show_decision(const struct json_value *event, FILE *out)
{
    const struct json_value *data = json_get(event, SPAN("data"));
    struct span type = json_text(event, "type");
    fprintf(out, "\n%.*s\t%.*s\t%.*s\n", SPAN_ARG(type), SPAN_ARG(json_text(event, "time")),
            SPAN_ARG(json_text(event, "id")));
    for (const struct json_value *one = data ? data->first : NULL; one; one = one->next)
        fprintf(out, "  %.*s\t%.*s\n", SPAN_ARG(one->key), SPAN_ARG(one->text));
}

void why_report_show(const struct why_report *report, FILE *out)
{
    show_head(report, out);
    show_lines(report, out);
    for (size_t i = 0; i < report->decision_count; i++)
        show_decision(report->decision[i], out);
}
