/* SPDX-License-Identifier: Apache-2.0 */
/* Codes are what programs compare, words what people read; both stand side by side. */
#include "aggregator/core/case_story.h"

#include <stdio.h>

#include "aggregator/core/case_now.h"
#include "aggregator/core/view_fact.h"
#include "base/base.h"
#include "model/case_due.h"
#include "model/case_timer.h"
#include "model/stage_words.h"

static void add_text(struct strbuf *out, const char *name, struct span text)
{
    strbuf_addf(out, ",\"%s\":", name);
    if (text.at)
        strbuf_add_json(out, text);
    else
        strbuf_add(out, SPAN("null"));
}

/* The district's wall clock, with its offset. */
static void add_time(const struct case_story *story, struct strbuf *out, const char *name,
                     int64_t ms)
{
    struct civil civil;
    int zone = story->zone_minutes, minutes = zone < 0 ? -zone : zone;
    strbuf_addf(out, ",\"%s\":", name);
    if (ms == TIMESTAMP_NONE) {
        strbuf_add(out, SPAN("null"));
        return;
    }
    timestamp_to_civil(ms, zone, &civil);
    strbuf_addf(out, "\"%04d-%02d-%02dT%02d:%02d:%02d.%03d%c%02d:%02d\"", civil.year, civil.month,
                civil.day, civil.hour, civil.minute, civil.second, civil.millisecond,
                zone < 0 ? '-' : '+', minutes / 60, minutes % 60);
}

static struct span name_of(const struct case_story *story, const struct registry *registry,
                           struct span code)
{
    const struct registry_row *row =
        registry && code.len ? registry_find(registry, code, INT64_MIN) : NULL;
    struct span english = row && story->language == LANGUAGE_ENGLISH
                              ? registry_cell(registry, row, "name_en")
                              : SPAN_NONE;
    return english.len ? english : row ? registry_cell(registry, row, "name") : SPAN_NONE;
}

/* The code and, behind it, what it is called. */
static void add_named(const struct case_story *story, struct strbuf *out, const char *name,
                      const struct registry *registry, struct span code)
{
    char named[48];
    snprintf(named, sizeof named, "%s_name", name);
    add_text(out, name, code);
    add_text(out, named, name_of(story, registry, code));
}

static const char *effect_name(enum line_effect effect)
{
    switch (effect) {
    case LINE_COUNTS: return "counts";
    case LINE_IMPOSSIBLE: return "impossible";
    case LINE_NOT_YOURS: return "not_yours";
    }
    return "";
}

static int64_t due_of(const struct case_line *line)
{
    int64_t ms;
    return line->attribute[CASE_DUE].at && span_to_int64(line->attribute[CASE_DUE], &ms)
               ? ms
               : TIMESTAMP_NONE;
}

/* Who is given it, where it is given to somebody; elsewhere whose it is. */
static const char *before_lead(struct span stage, enum language language)
{
    bool gives = span_is(stage, "dispatched") || span_is(stage, "assigned") ||
                 span_is(stage, "forwarded") || span_is(stage, "co_assigned");
    if (language == LANGUAGE_ENGLISH)
        return gives ? " to " : ", lead ";
    return gives ? "给" : "，承办";
}

/* "派单给区水务局（派单规则）" is for the reader of the page; who needs the parts has them. */
static void add_words(const struct case_story *story, const struct case_kind *kind,
                      const struct case_line *line, struct span stage, struct strbuf *out)
{
    struct span party = codes_text(story->codes, CODE_PARTY, line->party);
    struct span word = stage_words_said(kind, stage, party, story->language);
    struct span who = name_of(story, story->names.units, line->unit);
    struct span lead = name_of(story, story->names.units, line->attribute[CASE_LEAD]);
    bool english = story->language == LANGUAGE_ENGLISH;
    struct strbuf text;
    strbuf_init(&text, 128, 1024);
    strbuf_add(&text, word.at ? word : stage);
    if (lead.at || line->attribute[CASE_LEAD].len)
        strbuf_addf(&text, "%s%.*s", before_lead(stage, story->language),
                    SPAN_ARG(lead.at ? lead : line->attribute[CASE_LEAD]));
    if (!who.at)
        who = line->unit.len ? line->unit : stage_words_party(party, story->language);
    if (who.at)
        strbuf_addf(&text, english ? " (%.*s)" : "（%.*s）", SPAN_ARG(who));
    add_text(out, "words", strbuf_span(&text));
    strbuf_fini(&text);
}

/* Who helps, or told of it, reads what was done and not what others wrote of it. */
static bool tells_reason(const struct case_story *story, const struct case_line *line,
                         struct span lead)
{
    bool own =
        story->unit.len && (span_equal(story->unit, lead) || span_equal(story->unit, line->unit));
    return story->reasons || own;
}

/* What a call-back heard; null: it is none. */
static void add_answer(struct strbuf *out, struct span answer)
{
    static const char *const names[ANSWERS] = {"valid", "contacted", "solved", "satisfaction"};
    strbuf_add(out, SPAN(",\"answer\":"));
    if (answer.len != ANSWERS) {
        strbuf_add(out, SPAN("null"));
        return;
    }
    for (int i = 0; i < ANSWERS; i++) {
        struct span said = view_fact_answer(answer, (enum callback_answer)i);
        strbuf_addf(out, "%c\"%s\":", i ? ',' : '{', names[i]);
        if (said.at)
            strbuf_add_json(out, said);
        else
            strbuf_add(out, SPAN("null"));
    }
    strbuf_add_char(out, '}');
}

/* What is known of all lines. */
struct told {
    const struct case_set *set;
    const struct case_fold *fold;
    const struct case_due *due;
    struct span lead; /* now */
};

static void add_line(const struct case_story *story, const struct case_kind *kind,
                     const struct told *told, size_t i, struct strbuf *out)
{
    const struct case_line *line = &told->set->lines[i];
    struct span stage = codes_text(story->codes, CODE_STAGE, line->stage);
    add_text(out, "stage", stage);
    add_words(story, kind, line, stage, out);
    add_time(story, out, "time", line->time_ms);
    add_time(story, out, "recorded", line->recorded_ms);
    add_named(story, out, "unit", story->names.units, line->unit);
    add_text(out, "party", codes_text(story->codes, CODE_PARTY, line->party));
    strbuf_addf(out, ",\"live\":%s", line->live ? "true" : "false");
    add_named(story, out, "lead", story->names.units, line->attribute[CASE_LEAD]);
    add_time(story, out, "due", due_of(line));
    add_text(out, "due_source", case_due_name((enum case_due_source)told->due->line[i]));
    add_time(story, out, "timer_due", case_timer_fired_ms(told->set, told->fold, kind, i));
    add_text(out, "limit_class", line->attribute[CASE_CLASS]);
    add_named(story, out, "type_code", story->names.types, line->attribute[CASE_TYPE]);
    add_named(story, out, "street_code", story->names.divisions, line->attribute[CASE_STREET]);
    add_named(story, out, "community_code", story->names.divisions,
              line->attribute[CASE_COMMUNITY]);
    add_text(out, "rule", line->attribute[CASE_RULE]);
    add_text(out, "co_unit", line->attribute[CASE_CO]);
    add_text(out, "outcome", line->attribute[CASE_OUTCOME]);
    add_answer(out, line->attribute[CASE_ANSWER]);
    add_text(out, "said",
             tells_reason(story, line, told->lead) ? line->attribute[CASE_SAID] : SPAN_NONE);
    add_text(out, "parent", line->attribute[CASE_PARENT]);
    add_text(out, "child", line->attribute[CASE_CHILD]);
    add_text(out, "event_id", line->id);
    strbuf_addf(out, ",\"effect\":\"%s\"}", effect_name((enum line_effect)told->fold->effect[i]));
}

static void add_now(const struct case_story *story, const struct case_kind *kind,
                    const struct case_now *now, const struct case_due *due, struct strbuf *out)
{
    add_text(out, "state", now->state);
    add_text(out, "stage", now->stage);
    add_text(out, "stage_words", stage_words_stage(kind, now->stage, story->language));
    add_named(story, out, "unit", story->names.units, now->lead);
    add_named(story, out, "type_code", story->names.types, now->type_code);
    add_named(story, out, "street_code", story->names.divisions, now->street_code);
    add_named(story, out, "community_code", story->names.divisions, now->community_code);
    add_text(out, "limit_class", now->limit_class);
    add_text(out, "desk_cause", now->desk_cause);
    add_text(out, "parent", now->parent);
    add_time(story, out, "opened", now->opened_ms);
    add_time(story, out, "dispatched", now->dispatched_ms);
    add_time(story, out, "due", now->due_ms);
    add_text(out, "due_source", case_due_name(due->now));
    strbuf_addf(out, ",\"due_moved\":%s", due->moved ? "true" : "false");
    add_time(story, out, "held", now->held_ms);
    add_time(story, out, "resolved", now->resolved_ms);
    add_time(story, out, "closed", now->closed_ms);
    strbuf_addf(out, ",\"helpers\":%.*s,\"live\":%s",
                SPAN_ARG(now->helpers.at ? now->helpers : SPAN("[]")),
                now->live ? "true" : "false");
}

/* Of the kept fields those that the district has named, and their values by name. */
static void add_fields(const struct case_story *story, const struct case_fold *fold,
                       struct strbuf *out)
{
    const struct span *fields = codes_fields(story->codes);
    char key[128];
    const char *comma = "";
    strbuf_add(out, SPAN(",\"fields\":["));
    for (int i = 0; i < CODES_MOST_FIELDS; i++) {
        struct span value = fold->field[i], name = SPAN_NONE;
        if (fields[i].at && value.len && view_fact_may_group(story->codes, FACT_FIELD + i))
            name = title_list_find(story->fields, fields[i], story->language);
        if (!name.at)
            continue;
        snprintf(key, sizeof key, "%.*s:%.*s", SPAN_ARG(fields[i]), SPAN_ARG(value));
        strbuf_addf(out, "%s{\"field\":", comma);
        strbuf_add_json(out, fields[i]);
        add_text(out, "name", name);
        add_text(out, "value", value);
        add_text(out, "value_name", title_list_find(story->fields, span_of(key), story->language));
        strbuf_add_char(out, '}');
        comma = ",";
    }
    strbuf_add_char(out, ']');
}

bool case_story_write(const struct case_story *story, struct span case_id, struct span lines,
                      struct arena *arena, struct strbuf *out)
{
    struct case_set set = {0};
    struct case_fold fold;
    struct case_now now;
    struct case_due due;
    struct span rest = case_id;
    const struct case_kind *kind = kinds_find(story->kinds, span_cut(&rest, ':'));
    if (!kind || !case_set_read(&set, lines, story->codes, arena))
        return false;
    case_fold(&fold, &set, kind, story->codes);
    if (!case_now_of(&now, &set, &fold, kind, story->codes, arena))
        return false;
    case_due_find(&due, &set, &fold, kind);
    strbuf_add(out, SPAN("{\"case\":"));
    strbuf_add_json(out, case_id);
    add_text(out, "kind", span_of(kind->code));
    add_text(out, "kind_name", yaml_name_in(&kind->called, story->language));
    add_now(story, kind, &now, &due, out);
    add_fields(story, &fold, out);
    const struct told told = {&set, &fold, &due, now.lead};
    strbuf_add(out, SPAN(",\"timeline\":["));
    for (size_t i = 0; i < set.count; i++) {
        strbuf_addf(out, "%s\n{\"n\":%zu", i ? "," : "", i + 1);
        add_line(story, kind, &told, i, out);
    }
    strbuf_add_char(out, ']');
    if (story->lines)
        add_text(out, "lines", lines);
    strbuf_add(out, SPAN("}\n"));
    return true;
}
