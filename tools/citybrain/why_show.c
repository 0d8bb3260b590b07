/* SPDX-License-Identifier: Apache-2.0 */
/* Three parts: where the case stands, what happened and whether it counts, and what the router
 * said, each with its cause as a line of the second part. Times are the district's, with their
 * zone. */
#include "base/base.h"
#include "citybrain/moment.h"
#include "citybrain/own_names.h"
#include "citybrain/why_report.h"
#include "citybrain/why_words.h"
#include "model/case_clock.h"
#include "model/case_due.h"
#include "model/case_timer.h"
#include "model/desk.h"
#include "model/json_write.h"

#define TEXT_BYTES ((size_t)1 << 20)

struct show {
    const struct why_report *report;
    FILE *out;
    struct strbuf text;
};

static void put(struct show *show, struct span text)
{
    fprintf(show->out, "%.*s", SPAN_ARG(text));
}

static void put_time(struct show *show, int64_t ms)
{
    strbuf_reset(&show->text);
    moment_add(&show->text, ms);
    put(show, strbuf_span(&show->text));
}

/* In the list, whose heading says the zone. */
static void put_listed_time(struct show *show, int64_t ms)
{
    strbuf_reset(&show->text);
    moment_add_bare(&show->text, ms);
    put(show, strbuf_span(&show->text));
}

/* "word(code)" in the configuration's or our words. */
static void put_value(struct show *show, struct span member, struct span value)
{
    struct span own = own_names_value(show->report->own, member, value);
    strbuf_reset(&show->text);
    if (own.at)
        why_words_add_named(&show->text, own, value);
    else
        why_words_add(&show->text, show->report->district, show->report->kind, member, value);
    put(show, strbuf_span(&show->text));
}

static void put_named(struct show *show, struct span word, struct span code)
{
    strbuf_reset(&show->text);
    why_words_add_named(&show->text, word, code);
    put(show, strbuf_span(&show->text));
}

static void put_stage(struct show *show, struct span stage)
{
    put_named(show, why_words_stage(show->report->kind, stage), stage);
}

static void put_line_stage(struct show *show, size_t i)
{
    const struct case_line *line = &show->report->set.lines[i];
    struct span stage = codes_text(show->report->codes, CODE_STAGE, line->stage);
    struct span party = codes_text(show->report->codes, CODE_PARTY, line->party);
    put_named(show, why_words_said(show->report->kind, stage, party), stage);
}

/* ---- where it stands ---- */

/* The orders that wait for a unit's topic: the last word of each unit is that it has none. */
static void show_undelivered(struct show *show)
{
    const struct why_report *report = show->report;
    for (size_t i = 0; i < report->set.count; i++) {
        const struct case_line *line = &report->set.lines[i];
        struct span stage = codes_text(report->codes, CODE_STAGE, line->stage);
        bool waits = span_is(stage, "undelivered");
        for (size_t j = i + 1; waits && j < report->set.count; j++)
            waits = !span_equal(report->set.lines[j].unit, line->unit) ||
                    (!span_is(codes_text(report->codes, CODE_STAGE, report->set.lines[j].stage),
                              "delivered") &&
                     !span_is(codes_text(report->codes, CODE_STAGE, report->set.lines[j].stage),
                              "undelivered"));
        if (!waits)
            continue;
        fputs("未送达\t", show->out);
        put_value(show, SPAN("unit"), line->unit);
        fputs("\t尚无工单主题,建好后自动送达(citybrain topics apply)\n", show->out);
    }
}

static void show_stand(struct show *show)
{
    const struct case_fold *fold = &show->report->fold;
    struct span state = span_of(why_report_state(show->report));
    fputs("现状\t", show->out);
    put_named(show,
              span_is(state, "headless") ? SPAN("无受理记录")
                                         : why_words_stage(show->report->kind, state),
              state);
    if (fold->quiet)
        fputs("\t历史数据(quiet):只计入,不派单、不催办", show->out);
    if (fold->rounds > 1)
        fprintf(show->out, "\t第%d轮", fold->rounds);
    if (fold->designated)
        fputs("\t承办已指定,不再受理异议", show->out);
    if (fold->excluded)
        fputs("\t已剔除", show->out);
    fputc('\n', show->out);
}

/* What a person has to decide of it now; behind a question its own decision waits, if the desk
 * leads. */
static void show_asked(struct show *show)
{
    const struct why_report *report = show->report;
    struct desk_duty duty = desk_duty(&report->set, &report->fold, report->kind);
    struct span asked = duty.cause != DESK_NOTHING ? span_of(desk_row(duty.cause)->code)
                                                   : desk_of_its_own(&report->set, &report->fold);
    if (!asked.at)
        return;
    fputs("待研判\t", show->out);
    put_value(show, SPAN("desk_cause"), asked);
    fputc('\n', show->out);
}

/* Of a class beside the deadline of an order it would say nothing, and seem to. */
static void show_due(struct show *show)
{
    const struct why_report *report = show->report;
    struct case_due due;
    case_due_find(&due, &report->set, &report->fold, report->kind);
    fputs("\n截止\t", show->out);
    put_time(show, case_clock_limit_ms(&report->fold));
    if (due.now != CASE_DUE_NONE) {
        fputs("\t依据 ", show->out);
        put_value(show, SPAN("due_source"), case_due_name(due.now));
    }
    if (due.moved)
        fputs("\t已按挂账顺延", show->out);
    fputc('\n', show->out);
}

static void show_head(struct show *show)
{
    const struct why_report *report = show->report;
    const struct case_fold *fold = &report->fold;
    put(show, why_report_case(report));
    fprintf(show->out, "\t%s\n", report->kind->called.chinese);
    show_stand(show);
    fputs("承办\t", show->out);
    if (fold->lead.len)
        put_value(show, SPAN("lead"), fold->lead);
    else
        fputs("无", show->out);
    for (size_t i = 0; i < fold->co_count; i++) {
        fputs(i ? "、" : "\t协办\t", show->out);
        put_value(show, SPAN("co_unit"), fold->co[i].unit);
    }
    show_due(show);
    show_undelivered(show);
    show_asked(show);
}

/* ---- what happened ---- */

static void put_answer(struct show *show, struct span letters)
{
    static const char *const asked[ANSWERS] = {[ANSWER_VALID] = "有效回访",
                                               [ANSWER_CONTACTED] = "已联系",
                                               [ANSWER_SOLVED] = "已解决",
                                               [ANSWER_SATISFACTION] = "满意度"};
    static const struct {
        char letter;
        const char *word;
    } words[] = {{'y', "是"}, {'n', "否"}, {'s', "满意"}, {'a', "基本满意"}, {'d', "不满意"}};
    for (size_t i = 0; i < ANSWERS && i < letters.len; i++)
        for (size_t j = 0; j < ARRAY_LENGTH(words); j++)
            if (letters.at[i] == words[j].letter)
                fprintf(show->out, " %s %s", asked[i], words[j].word);
}

/* "same_as:request:12345:1" */
static void put_link(struct show *show, struct span link)
{
    struct span relation = span_cut(&link, ':');
    fputc(' ', show->out);
    put_named(show, why_words_member(relation), relation);
    fputc(' ', show->out);
    put(show, link);
}

/* From whom an order was taken does not lead any more. */
static struct span word_of(struct span stage, struct span member)
{
    bool former = span_is(stage, "recalled") && span_is(member, "lead");
    return former ? SPAN("原承办") : why_words_member(member);
}

static void put_attribute(struct show *show, const struct case_line *line,
                          enum case_attribute attribute, const char *name)
{
    struct span value = line->attribute[attribute];
    int64_t due_ms = TIMESTAMP_NONE;
    struct span member = span_of(name);
    if (attribute == CASE_ANSWER || attribute == CASE_LINK) {
        (attribute == CASE_LINK ? put_link : put_answer)(show, value);
        return;
    }
    fputc(' ', show->out);
    put(show, word_of(codes_text(show->report->codes, CODE_STAGE, line->stage), member));
    fputc(' ', show->out);
    if (attribute == CASE_DUE && span_to_int64(value, &due_ms))
        put_listed_time(show, due_ms);
    else
        put_value(show, member, value);
}

/* What the router copies into its own is shown with its decisions. */
static void show_attributes(struct show *show, const struct case_line *line)
{
    static const struct {
        const char *member;
        enum case_attribute attribute;
        bool copied;
    } shown[] = {{"lead", CASE_LEAD, false},     {"co_unit", CASE_CO, false},
                 {"sub_unit", CASE_SUB, false},  {"outcome", CASE_OUTCOME, false},
                 {"level", CASE_LEVEL, false},   {"rule", CASE_RULE, false},
                 {"parent", CASE_PARENT, false}, {"child", CASE_CHILD, false},
                 {"via", CASE_VIA, false},       {"link", CASE_LINK, false},
                 {"said", CASE_SAID, false},     {"answer", CASE_ANSWER, false},
                 {"due_at", CASE_DUE, true},     {"limit_class", CASE_CLASS, true},
                 {"type_code", CASE_TYPE, true}, {"street_code", CASE_STREET, true}};
    bool router = span_is(codes_text(show->report->codes, CODE_PARTY, line->party), "router");
    for (size_t i = 0; i < ARRAY_LENGTH(shown); i++) {
        struct span value = line->attribute[shown[i].attribute];
        if (value.len && !(router && shown[i].copied))
            put_attribute(show, line, shown[i].attribute, shown[i].member);
    }
}

/* What its timer waited for: a clock that stood still lets it fire later (docs/decisions/0407). */
static void show_timer(struct show *show, size_t i)
{
    const struct why_report *report = show->report;
    int64_t due_ms = case_timer_fired_ms(&report->set, &report->fold, report->kind, i);
    if (due_ms == TIMESTAMP_NONE)
        return;
    fputc(' ', show->out);
    put(show, why_words_member(SPAN("timer_due")));
    fputc(' ', show->out);
    put_listed_time(show, due_ms);
}

/* As the log has it: "映射版本(feedversion) hotline/3". */
static void show_source(struct show *show, size_t i)
{
    const struct why_source *source = &show->report->source[i];
    if (!source->feed.len)
        return;
    fputc(' ', show->out);
    put_named(show, why_words_member(SPAN("feedversion")), SPAN("feedversion"));
    fprintf(show->out, " %.*s/%lld", SPAN_ARG(source->feed), (long long)source->version);
}

static void show_effect(struct show *show, size_t i)
{
    static const char *const words[] = {[LINE_COUNTS] = "计入",
                                        [LINE_IMPOSSIBLE] = "不计(impossible)",
                                        [LINE_NOT_YOURS] = "不计(not_yours)"};
    const struct case_fold *fold = &show->report->fold;
    fputs(words[fold->effect[i]], show->out);
    if (fold->effect[i] == LINE_COUNTS)
        return;
    fputs(":", show->out);
    put(show, why_words_reason((enum line_reason)fold->reason[i], fold->designated));
}

static void show_lines(struct show *show)
{
    const struct why_report *report = show->report;
    fputs("\n经过\n序\t时间(+08:00)\t记录时间\t谁\t单位\t环节\t效力\t内容\n", show->out);
    for (size_t i = 0; i < report->set.count; i++) {
        const struct case_line *line = &report->set.lines[i];
        struct span party = codes_text(report->codes, CODE_PARTY, line->party);
        fprintf(show->out, "%zu\t", i + 1);
        put_listed_time(show, line->time_ms);
        fputc('\t', show->out);
        put_listed_time(show, line->recorded_ms);
        fputc('\t', show->out);
        put_named(show, why_words_party(party), party.at ? party : SPAN("-"));
        fputc('\t', show->out);
        if (line->unit.len)
            put_value(show, SPAN("unit"), line->unit);
        else
            fputc('-', show->out);
        fputc('\t', show->out);
        put_line_stage(show, i);
        fputc('\t', show->out);
        show_effect(show, i);
        fputc('\t', show->out);
        show_attributes(show, line);
        show_timer(show, i);
        show_source(show, i);
        fputs(line->live ? "\n" : " (历史)\n", show->out);
    }
}

/* ---- what the router said ---- */

static void put_json(struct show *show, struct span member, const struct json_value *value);

static void put_members(struct show *show, const struct json_value *object)
{
    for (const struct json_value *one = object->first; one; one = one->next) {
        struct span own = own_names_field(show->report->own, one->key);
        struct span word = own.at ? own : why_words_member(one->key);
        put(show, word.len ? word : one->key);
        fputc(' ', show->out);
        put_json(show, one->key, one);
        fputs(one->next ? " " : "", show->out);
    }
}

static void put_json(struct show *show, struct span member, const struct json_value *value)
{
    if (value->type == JSON_OBJECT) {
        put_members(show, value);
    } else if (value->type == JSON_ARRAY) {
        for (const struct json_value *one = value->first; one; one = one->next) {
            put_json(show, member, one);
            fputs(one->next ? ";" : "", show->out);
        }
    } else if (value->type == JSON_STRING) {
        put_value(show, member, value->text);
    } else {
        strbuf_reset(&show->text);
        json_write(&show->text, value, true);
        put(show, strbuf_span(&show->text));
    }
}

/* Its place among the lines, from 1; 0 = it is not there. */
static size_t line_of(const struct why_report *report, struct span id)
{
    for (size_t i = 0; i < report->set.count; i++)
        if (span_equal(report->set.lines[i].id, id))
            return i + 1;
    return 0;
}

static void show_cause(struct show *show, struct span id)
{
    const struct why_report *report = show->report;
    size_t n = line_of(report, id);
    if (!id.len)
        return;
    fputs("  起因 cause\t", show->out);
    if (n) {
        fprintf(show->out, "第%zu条 ", n);
        put_stage(show, codes_text(report->codes, CODE_STAGE, report->set.lines[n - 1].stage));
        fputc(' ', show->out);
    }
    put(show, id);
    fputc('\n', show->out);
}

static bool is_timer(const struct why_report *report, struct span rule)
{
    for (size_t i = 0; i < report->kind->timer_count; i++)
        if (span_is(rule, report->kind->timers[i].name))
            return true;
    return false;
}

/* Behind a time as the log has it, the district's. */
static void put_local(struct show *show, struct span text)
{
    int64_t ms;
    if (!timestamp_parse_rfc3339(text, &ms))
        return;
    fputs("\t(", show->out);
    put_time(show, ms);
    fputc(')', show->out);
}

static void show_member(struct show *show, struct span stage, const struct json_value *one)
{
    bool timer = span_is(one->key, "rule") && is_timer(show->report, one->text);
    struct span word = timer ? SPAN("定时") : word_of(stage, one->key);
    fputs("  ", show->out);
    if (word.len)
        fprintf(show->out, "%.*s ", SPAN_ARG(word));
    fprintf(show->out, "%.*s\t", SPAN_ARG(one->key));
    if (timer)
        put(show, one->text);
    else
        put_json(show, one->key, one);
    if (one->type == JSON_STRING)
        put_local(show, one->text);
    fputc('\n', show->out);
}

static void show_told(struct show *show, size_t i)
{
    const struct json_value *event = show->report->told[i].event;
    const struct json_value *data = json_get(event, SPAN("data"));
    struct span stage =
        codes_text(show->report->codes, CODE_STAGE, show->report->set.lines[i].stage);
    fprintf(show->out, "\n第%zu条 ", i + 1);
    put_line_stage(show, i);
    fprintf(show->out, "\t%.*s\t%.*s", SPAN_ARG(json_text(event, "time")),
            SPAN_ARG(json_text(event, "id")));
    put_local(show, json_text(event, "time"));
    fputc('\n', show->out);
    for (const struct json_value *one = data ? data->first : NULL; one; one = one->next)
        if (!span_is(one->key, "cause"))
            show_member(show, stage, one);
    bool decides = json_text(data, "bundle").len > 0; /* by rules, which may name others */
    if (decides && !json_get(data, SPAN("alternatives")))
        fputs("  其他可选 alternatives\t无\n", show->out);
    show_cause(show, json_text(event, "causationid"));
}

void why_show(const struct why_report *report, FILE *out)
{
    struct show show = {.report = report, .out = out};
    strbuf_init(&show.text, 1024, TEXT_BYTES);
    show_head(&show);
    show_lines(&show);
    fputs("\n决定\n", out);
    if (report->told_count == 0)
        fputs("  无:没有派单规则的决定可显示\n", out);
    for (size_t i = 0; i < report->set.count; i++)
        if (report->told[i].event)
            show_told(&show, i);
    strbuf_fini(&show.text);
}
