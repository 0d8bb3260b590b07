/* SPDX-License-Identifier: Apache-2.0 */
/* What a case is now, from its lines alone (docs/contracts.md §6, docs/decisions/0088). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "aggregator/core/case_now.h"
#include "aggregator/core/case_story.h"
#include "base/base.h"

#define BASE_MS INT64_C(1767225600000) /* 2026-01-01T00:00Z */
#define HOUR_MS INT64_C(3600000)

static struct codes *codes;
static struct kinds *kinds;
static struct arena arena;
static struct case_set set;
static struct case_fold fold;
static struct case_now now;
static int said;

static int load(void **state)
{
    (void)state;
    struct diagnostics *diagnostics = diagnostics_new();
    codes = codes_load("config/codes.csv", diagnostics);
    kinds = codes ? kinds_load("config/kinds", codes, diagnostics) : NULL;
    diagnostics_free(diagnostics);
    arena_init(&arena, 1 << 20);
    return kinds ? 0 : 1;
}

static int unload(void **state)
{
    (void)state;
    arena_fini(&arena);
    kinds_free(kinds);
    codes_free(codes);
    return 0;
}

static const struct case_kind *kind(void)
{
    return kinds_find(kinds, SPAN("request"));
}

struct word {
    enum case_attribute attribute;
    const char *text;
};

/* One hour after the other. */
static void say(const char *stage, const char *party, const char *unit, struct word a,
                struct word b)
{
    char id[32];
    int n = snprintf(id, sizeof id, "event%02d", ++said);
    struct case_line line = {
        .id = arena_copy(&arena, span_from(id, (size_t)n)),
        .revision = SPAN("0.0.0.0123456789abcdef"),
        .stage = codes_number(codes, CODE_STAGE, span_of(stage)),
        .time_ms = BASE_MS + said * HOUR_MS,
        .recorded_ms = BASE_MS + said * HOUR_MS + 1000,
        .unit = unit ? span_of(unit) : SPAN_NONE,
        .party = codes_number(codes, CODE_PARTY, span_of(party)),
        .live = true,
    };
    if (a.text)
        line.attribute[a.attribute] = span_of(a.text);
    if (b.text)
        line.attribute[b.attribute] = span_of(b.text);
    assert_int_equal(case_set_merge(&set, &line, kind(), &arena), CASE_SET_CHANGED);
}

#define NOTHING ((struct word){0, NULL})

static void begin(void)
{
    said = 0;
    arena_reset(&arena);
    set = (struct case_set){0};
    assert_true(case_set_make_room(&set, 32, &arena));
    say("opened", "source", NULL, (struct word){CASE_TYPE, "R0105"},
        (struct word){CASE_STREET, "110105001"});
}

static void look(void)
{
    case_fold(&fold, &set, kind(), codes);
    assert_true(case_now_of(&now, &set, &fold, kind(), codes, &arena));
}

static bool helpers_say(const char *text)
{
    return memmem(now.helpers.at, now.helpers.len, text, strlen(text)) != NULL;
}

static void waits_then_has_a_lead_then_is_resolved_and_closed(void **state)
{
    (void)state;
    begin();
    look();
    assert_true(span_is(now.state, "waiting"));
    assert_null(now.lead.at);
    assert_true(now.live);
    assert_int_equal(now.opened_ms, BASE_MS + HOUR_MS);
    say("dispatched", "router", NULL, (struct word){CASE_LEAD, "s110105001"},
        (struct word){CASE_DUE, "1767300000000"});
    look();
    assert_true(span_is(now.state, "open"));
    assert_true(span_is(now.lead, "s110105001"));
    assert_true(span_is(now.order_id, "event02"));
    assert_int_equal(now.due_ms, INT64_C(1767300000000));
    say("signed", "lead", "s110105001", NOTHING, NOTHING);
    say("resolved", "lead", "s110105001", NOTHING, NOTHING);
    look();
    assert_true(span_is(now.state, "resolved"));
    say("closed", "source", NULL, NOTHING, NOTHING);
    look();
    assert_true(span_is(now.state, "closed"));
    assert_int_equal(now.closed_ms, BASE_MS + 5 * HOUR_MS);
    assert_int_equal(now.changed_ms, BASE_MS + 5 * HOUR_MS + 1000);
}

static void a_lead_that_lost_it_is_told_and_a_helper_is_named(void **state)
{
    (void)state;
    begin();
    say("dispatched", "router", NULL, (struct word){CASE_LEAD, "s110105001"}, NOTHING);
    say("assigned", "desk", NULL, (struct word){CASE_LEAD, "d_water"}, NOTHING);
    say("recalled", "router", NULL, (struct word){CASE_CAUSE, "event03"}, NOTHING);
    say("dispatched", "router", NULL, (struct word){CASE_LEAD, "d_water"},
        (struct word){CASE_CAUSE, "event03"});
    say("co_assigned", "desk", NULL, (struct word){CASE_CO, "d_urban"}, NOTHING);
    look();
    assert_true(span_is(now.lead, "d_water"));
    assert_true(span_is(now.units, "d_urban,s110105001"));
    assert_true(helpers_say("{\"unit\":\"s110105001\",\"role\":\"past\"}"));
    assert_true(helpers_say("{\"unit\":\"d_urban\",\"role\":\"co\""));
}

/* docs/decisions/0383: the order was made when the case was told of, and stands behind its end. */
static void what_was_told_with_its_end_stands_at_its_end(void **state)
{
    (void)state;
    begin();
    say("resolved", "source", NULL, NOTHING, NOTHING);
    say("dispatched", "router", NULL, (struct word){CASE_LEAD, "s110105001"},
        (struct word){CASE_CAUSE, "event01"});
    look();
    assert_true(span_is(now.state, "resolved"));
    assert_true(span_is(now.stage, "resolved"));
    assert_true(span_is(now.lead, "s110105001"));
}

/* docs/decisions/0370: the present round forgets both. */
static void it_tells_how_often_it_began_anew_and_was_disputed(void **state)
{
    (void)state;
    begin();
    say("dispatched", "router", NULL, (struct word){CASE_LEAD, "s110105001"}, NOTHING);
    look();
    assert_int_equal(now.rounds, 1);
    assert_int_equal(now.disputes, 0);
    say("disputed", "lead", "s110105001", NOTHING, NOTHING);
    say("dispute_decided", "desk", NULL, (struct word){CASE_OUTCOME, "rejected"}, NOTHING);
    say("resolved", "lead", "s110105001", NOTHING, NOTHING);
    say("reopened", "callback", NULL, NOTHING, NOTHING);
    look();
    assert_int_equal(now.rounds, 2);
    assert_int_equal(now.disputes, 1);
}

static void assert_moments(struct span moments, const char *wanted)
{
    char text[256];
    span_to_cstr(moments, text, sizeof text);
    assert_string_equal(moments.at ? text : "", wanted);
}

/* docs/decisions/0378, 0386: each time, whatever came of it later or was decided before. */
static void it_tells_when_it_began_anew_and_when_a_dispute_was_upheld(void **state)
{
    char wanted[64];
    (void)state;
    begin();
    say("dispatched", "router", NULL, (struct word){CASE_LEAD, "s110105001"}, NOTHING);
    look();
    assert_null(now.reopened_at.at);
    assert_null(now.upheld_at.at);
    say("disputed", "lead", "s110105001", NOTHING, NOTHING);
    say("dispute_decided", "desk", NULL, (struct word){CASE_OUTCOME, "rejected"}, NOTHING);
    say("resolved", "lead", "s110105001", NOTHING, NOTHING);
    say("reopened", "callback", NULL, NOTHING, NOTHING);
    int first = said;
    say("dispatched", "router", NULL, (struct word){CASE_LEAD, "s110105001"}, NOTHING);
    say("disputed", "lead", "s110105001", NOTHING, NOTHING);
    say("dispute_decided", "desk", NULL, (struct word){CASE_OUTCOME, "rejected"}, NOTHING);
    said += 48;
    say("disputed", "lead", "s110105001", NOTHING, NOTHING);
    say("dispute_decided", "desk", NULL, (struct word){CASE_OUTCOME, "upheld"},
        (struct word){CASE_LEAD, "d_urban"});
    int upheld = said;
    say("recalled", "router", NULL, NOTHING, NOTHING);
    say("dispatched", "router", NULL, (struct word){CASE_LEAD, "d_urban"}, NOTHING);
    say("resolved", "lead", "d_urban", NOTHING, NOTHING);
    say("reopened", "callback", NULL, NOTHING, NOTHING);
    look();
    snprintf(wanted, sizeof wanted, "%lld,%lld", (long long)(BASE_MS + first * HOUR_MS),
             (long long)(BASE_MS + said * HOUR_MS));
    assert_moments(now.reopened_at, wanted);
    snprintf(wanted, sizeof wanted, "%lld", (long long)(BASE_MS + upheld * HOUR_MS));
    assert_moments(now.upheld_at, wanted);
}

/* docs/decisions/0368 */
static void on_hold_it_says_since_when_and_done_meanwhile_it_was_in_time(void **state)
{
    (void)state;
    int64_t due_ms = BASE_MS + 5 * HOUR_MS;
    begin();
    say("dispatched", "router", NULL, (struct word){CASE_LEAD, "s110105001"},
        (struct word){CASE_DUE, "1767243600000"});
    say("signed", "lead", "s110105001", NOTHING, NOTHING);
    look();
    assert_int_equal(now.due_ms, due_ms);
    assert_int_equal(now.held_ms, TIMESTAMP_NONE);
    say("held", "desk", NULL, NOTHING, NOTHING);
    look();
    assert_int_equal(now.due_ms, due_ms);
    assert_int_equal(now.held_ms, BASE_MS + 4 * HOUR_MS);
    said += 4;
    say("resolved", "lead", "s110105001", NOTHING, NOTHING);
    look();
    assert_int_equal(now.due_ms, now.resolved_ms + HOUR_MS);
}

static void the_desk_is_asked_what_its_order_or_a_move_says(void **state)
{
    (void)state;
    begin();
    say("dispatched", "router", NULL, (struct word){CASE_LEAD, "desk"},
        (struct word){CASE_DESK_CAUSE, "emergency"});
    look();
    assert_true(span_is(now.desk_cause, "emergency"));
    begin();
    say("dispatched", "router", NULL, (struct word){CASE_LEAD, "s110105001"}, NOTHING);
    look();
    assert_null(now.desk_cause.at);
    say("disputed", "lead", "s110105001", NOTHING, NOTHING);
    look();
    assert_true(span_is(now.desk_cause, "dispute"));
    say("dispute_decided", "desk", NULL, (struct word){CASE_OUTCOME, "rejected"}, NOTHING);
    look();
    assert_null(now.desk_cause.at);
}

static void a_story_has_words_in_both_languages_and_no_caller(void **state)
{
    (void)state;
    struct strbuf lines, out;
    struct case_story story = {.codes = codes, .kinds = kinds, .zone_minutes = 480};
    begin();
    set.lines[0].attribute[CASE_FIELD + 2] = SPAN("caller-pseudonym");
    say("dispatched", "router", NULL, (struct word){CASE_LEAD, "s110105001"}, NOTHING);
    say("resolved", "lead", "d_water", NOTHING, NOTHING);
    strbuf_init(&lines, 1024, 1 << 16);
    strbuf_init(&out, 1024, 1 << 16);
    case_set_write(&lines, &set, codes);
    story.language = LANGUAGE_CHINESE;
    assert_true(case_story_write(&story, SPAN("request:t:1"), strbuf_span(&lines), &arena, &out));
    assert_non_null(strstr(out.at, "\"words\":\"受理（来源）\""));
    assert_non_null(strstr(out.at, "\"words\":\"派单给s110105001（派单规则）\""));
    assert_non_null(strstr(out.at, "\"opened\":\"2026-01-01T09:00:00.000+08:00\""));
    assert_non_null(strstr(out.at, "\"effect\":\"not_yours\""));
    assert_non_null(strstr(out.at, "\"timer_due\":null"));
    assert_null(strstr(out.at, "pseudonym"));
    strbuf_reset(&out);
    story.language = LANGUAGE_ENGLISH;
    assert_true(case_story_write(&story, SPAN("request:t:1"), strbuf_span(&lines), &arena, &out));
    assert_non_null(strstr(out.at, "\"words\":\"dispatched to s110105001 (rules)\""));
    assert_false(case_story_write(&story, SPAN("nokind:t:1"), SPAN(""), &arena, &out));
    assert_false(case_story_write(&story, SPAN("request:t:1"), SPAN("no line"), &arena, &out));
    strbuf_fini(&lines);
    strbuf_fini(&out);
}

/* As `citybrain why` says it; what the desk takes a step up is one. */
static void a_story_calls_the_routers_question_what_it_is(void **state)
{
    static const struct {
        enum language language;
        const char *asked, *up;
    } rows[] = {
        {LANGUAGE_CHINESE, "\"words\":\"请研判（派单规则）\"", "\"words\":\"提级（区指挥中心）\""},
        {LANGUAGE_ENGLISH, "\"words\":\"the desk is asked (rules)\"",
         "\"words\":\"escalated (the desk)\""}};
    struct strbuf lines, out;
    struct case_story story = {.codes = codes, .kinds = kinds, .zone_minutes = 480};
    (void)state;
    begin();
    say("escalated", "router", NULL, (struct word){CASE_RULE, "confirm"}, NOTHING);
    say("escalated", "desk", NULL, (struct word){CASE_LEVEL, "city"}, NOTHING);
    strbuf_init(&lines, 1024, 1 << 16);
    strbuf_init(&out, 1024, 1 << 16);
    case_set_write(&lines, &set, codes);
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        strbuf_reset(&out);
        story.language = rows[i].language;
        assert_true(
            case_story_write(&story, SPAN("request:t:1"), strbuf_span(&lines), &arena, &out));
        assert_non_null(strstr(out.at, rows[i].asked));
        assert_non_null(strstr(out.at, rows[i].up));
    }
    strbuf_fini(&lines);
    strbuf_fini(&out);
}

/* One that the district names, by its value's name where it has one; a caller's never. */
static void a_story_tells_the_fields_that_are_named(void **state)
{
    (void)state;
    const char *file = "build/named_fields.csv";
    struct strbuf lines, out;
    FILE *names = fopen(file, "w");
    assert_non_null(names);
    fputs("code,name,name_en\ncaller_ref,来电人,caller\nline,热线,line\nline:w,西线,west\n"
          "estate_code,小区,\n",
          names);
    fclose(names);
    struct title_list *fields = title_list_load_rows(file, "field", INT64_MIN, NULL);
    struct case_story story = {
        .codes = codes, .kinds = kinds, .zone_minutes = 480, .fields = fields};
    remove(file);
    begin();
    set.lines[0].attribute[CASE_FIELD + 0] = SPAN("E7");
    set.lines[0].attribute[CASE_FIELD + 2] = SPAN("caller-pseudonym");
    set.lines[0].attribute[CASE_FIELD + 3] = SPAN("S9"); /* station: it has no name here */
    set.lines[0].attribute[CASE_FIELD + 4] = SPAN("w");
    strbuf_init(&lines, 1024, 1 << 16);
    strbuf_init(&out, 1024, 1 << 16);
    case_set_write(&lines, &set, codes);
    story.language = LANGUAGE_CHINESE;
    assert_true(case_story_write(&story, SPAN("request:t:1"), strbuf_span(&lines), &arena, &out));
    assert_non_null(
        strstr(out.at, "\"fields\":[{\"field\":\"estate_code\",\"name\":\"小区\",\"value\":\"E7\","
                       "\"value_name\":null},{\"field\":\"line\",\"name\":\"热线\","
                       "\"value\":\"w\",\"value_name\":\"西线\"}]"));
    strbuf_reset(&out);
    story.language = LANGUAGE_ENGLISH;
    assert_true(case_story_write(&story, SPAN("request:t:1"), strbuf_span(&lines), &arena, &out));
    assert_non_null(strstr(out.at, "\"value_name\":\"west\""));
    assert_null(strstr(out.at, "pseudonym"));
    title_list_free(fields);
    strbuf_fini(&lines);
    strbuf_fini(&out);
}

static size_t told(const struct case_story *story, struct span lines, const char *reason)
{
    struct strbuf out;
    size_t found = 0;
    strbuf_init(&out, 1024, 1 << 16);
    assert_true(case_story_write(story, SPAN("request:t:1"), lines, &arena, &out));
    for (const char *at = out.at; (at = strstr(at, reason)); at++)
        found++;
    strbuf_fini(&out);
    return found;
}

/* Who leads it reads all reasons, who helps his own, who told of it none. */
/* What a call-back heard; a question that was not asked is none. */
static void a_story_tells_what_a_call_back_heard(void **state)
{
    (void)state;
    struct strbuf lines, out;
    struct case_story story = {.codes = codes, .kinds = kinds, .zone_minutes = 480};
    begin();
    say("reviewed", "callback", NULL, (struct word){CASE_ANSWER, "yyn-"}, NOTHING);
    strbuf_init(&lines, 1024, 1 << 16);
    strbuf_init(&out, 1024, 1 << 16);
    case_set_write(&lines, &set, codes);
    assert_true(case_story_write(&story, SPAN("request:t:1"), strbuf_span(&lines), &arena, &out));
    assert_non_null(strstr(out.at, "\"answer\":{\"valid\":\"yes\",\"contacted\":\"yes\",\"solved\":"
                                   "\"no\",\"satisfaction\":null}"));
    assert_non_null(strstr(out.at, "\"answer\":null"));
    strbuf_fini(&lines);
    strbuf_fini(&out);
}

static void a_story_tells_reasons_to_whom_they_concern(void **state)
{
    (void)state;
    struct strbuf lines;
    struct case_story story = {.codes = codes, .kinds = kinds, .zone_minutes = 480};
    begin();
    say("dispatched", "router", NULL, (struct word){CASE_LEAD, "s110105001"}, NOTHING);
    say("resolved", "co", "d_water", (struct word){CASE_SAID, "of the helper"}, NOTHING);
    say("disputed", "lead", "s110105001", (struct word){CASE_SAID, "of the lead"}, NOTHING);
    say("dispute_decided", "desk", "desk", (struct word){CASE_OUTCOME, "rejected"},
        (struct word){CASE_SAID, "of the desk"});
    strbuf_init(&lines, 1024, 1 << 16);
    case_set_write(&lines, &set, codes);
    static const struct {
        const char *unit;
        bool all;
        size_t helper, lead, desk;
    } readers[] = {
        {"", false, 0, 0, 0}, /* a station */
        {"", true, 1, 1, 1},         {"desk", true, 1, 1, 1},    {"s110105001", false, 1, 1, 1},
        {"d_water", false, 1, 0, 0}, {"d_city", false, 0, 0, 0},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(readers); i++) {
        story.reasons = readers[i].all;
        story.unit = *readers[i].unit ? span_of(readers[i].unit) : SPAN_NONE;
        assert_int_equal(told(&story, strbuf_span(&lines), "of the helper"), readers[i].helper);
        assert_int_equal(told(&story, strbuf_span(&lines), "of the lead"), readers[i].lead);
        assert_int_equal(told(&story, strbuf_span(&lines), "of the desk"), readers[i].desk);
    }
    strbuf_fini(&lines);
}

/* 列入计划 of a kind's file, where our word is 受理. */
static void a_story_calls_stages_as_their_kind_does(void **state)
{
    (void)state;
    struct strbuf lines, out;
    struct case_story story = {
        .codes = codes, .kinds = kinds, .zone_minutes = 480, .language = LANGUAGE_CHINESE};
    begin();
    say("implemented", "source", NULL, NOTHING, NOTHING);
    strbuf_init(&lines, 1024, 1 << 16);
    strbuf_init(&out, 1024, 1 << 16);
    case_set_write(&lines, &set, codes);
    assert_true(case_story_write(&story, SPAN("works:t:1"), strbuf_span(&lines), &arena, &out));
    assert_non_null(strstr(out.at, "\"stage_words\":\"列入计划\""));
    assert_non_null(strstr(out.at, "\"words\":\"列入计划（来源）\""));
    assert_non_null(strstr(out.at, "\"words\":\"实施（来源）\""));
    assert_non_null(strstr(out.at, "\"effect\":\"impossible\"")); /* nothing was agreed */
    strbuf_reset(&out);
    story.language = LANGUAGE_ENGLISH;
    assert_true(case_story_write(&story, SPAN("works:t:1"), strbuf_span(&lines), &arena, &out));
    assert_non_null(strstr(out.at, "\"words\":\"planned (source)\""));
    strbuf_fini(&lines);
    strbuf_fini(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(waits_then_has_a_lead_then_is_resolved_and_closed),
        cmocka_unit_test(a_lead_that_lost_it_is_told_and_a_helper_is_named),
        cmocka_unit_test(what_was_told_with_its_end_stands_at_its_end),
        cmocka_unit_test(it_tells_how_often_it_began_anew_and_was_disputed),
        cmocka_unit_test(it_tells_when_it_began_anew_and_when_a_dispute_was_upheld),
        cmocka_unit_test(on_hold_it_says_since_when_and_done_meanwhile_it_was_in_time),
        cmocka_unit_test(the_desk_is_asked_what_its_order_or_a_move_says),
        cmocka_unit_test(a_story_has_words_in_both_languages_and_no_caller),
        cmocka_unit_test(a_story_calls_the_routers_question_what_it_is),
        cmocka_unit_test(a_story_tells_the_fields_that_are_named),
        cmocka_unit_test(a_story_tells_what_a_call_back_heard),
        cmocka_unit_test(a_story_tells_reasons_to_whom_they_concern),
        cmocka_unit_test(a_story_calls_stages_as_their_kind_does),
    };
    return cmocka_run_group_tests(tests, load, unload);
}
