/* SPDX-License-Identifier: Apache-2.0 */
/* The language of rules over the shipped registries: each shape of a condition, each way to name an
 * owner, and what holds on which day. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../support/text_file.h"
#include "base/base.h"
#include "router/core/decide.h"

#define MOST_BYTES 4096
#define NONE       INT64_MIN

static struct district district;
static struct arena arena;
static struct rules *rules;

static int load(void **state)
{
    (void)state;
    struct diagnostics *diagnostics = diagnostics_new();
    bool good = district_load(&district, "config", diagnostics);
    diagnostics_free(diagnostics);
    arena_init(&arena, 65536);
    return good ? 0 : -1;
}

static int unload(void **state)
{
    (void)state;
    district_fini(&district);
    arena_fini(&arena);
    return 0;
}

static int forget(void **state)
{
    (void)state;
    rules_free(rules);
    rules = NULL;
    return 0;
}

/* These entries, and one for what they leave. */
static void write_rules(const struct district *of, const char *entries)
{
    char text[MOST_BYTES];
    struct diagnostics *diagnostics = diagnostics_new();
    snprintf(text, sizeof text,
             "rules: test\nclasses:\n  24h: { hours: 24 }\n  7d: { days: 7 }\nentries:\n%s"
             "  - { id: rest, then: { to: desk, say: 余 } }\n",
             entries);
    rules_free(rules);
    rules = rules_load(text_file(text), of, diagnostics);
    text_file_end(diagnostics);
    if (!rules)
        fail_msg("%s", shown);
}

static int64_t at(const char *text)
{
    int64_t ms;
    assert_true(timestamp_parse_rfc3339(span_of(text), &ms));
    return ms;
}

static struct decision ask(const struct district *of, struct order order)
{
    struct decision decision;
    arena_reset(&arena);
    order.due_ms = order.due_ms ? order.due_ms : TIMESTAMP_NONE;
    order.opened_ms = order.opened_ms ? order.opened_ms : at("2026-03-02T08:00:00+08:00");
    assert_true(decide(&decision, &order, rules, of, NONE, 0, &arena));
    return decision;
}

#define C1 SPAN("110105001901")

struct condition {
    const char *when;
    struct order order;
    bool holds;
};

static void assert_conditions(const struct condition *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char entry[512];
        snprintf(entry, sizeof entry, "  - { id: x, when: { %s }, then: { to: desk, say: 甲 } }\n",
                 rows[i].when);
        write_rules(&district, entry);
        if (span_is(ask(&district, rows[i].order).rule, "x") != rows[i].holds)
            fail_msg("%zu: { %s } %s", i, rows[i].when, rows[i].holds ? "does not hold" : "holds");
    }
}

static void a_condition_of_a_type(void **state)
{
    (void)state;
    const struct condition rows[] = {
        {"type_code: R0303", {.type_code = SPAN("R0303")}, true},
        {"type_code: R0303", {.type_code = SPAN("R0301")}, false},
        {"type_code: R0303", {.community_code = C1}, false},
        {"type_code: [R0301, R0303]", {.type_code = SPAN("R0303")}, true},
        {"type_code: [R0301, R0302]", {.type_code = SPAN("R0303")}, false},
        {"type_code: { not: R0303 }", {.type_code = SPAN("R0303")}, false},
        {"type_code: { not: [R0301, R0302] }", {.type_code = SPAN("R0303")}, true},
        {"type_code: { not: R0303 }", {.community_code = C1}, true},
        {"type_code: R03*", {.type_code = SPAN("R0303")}, true},
        {"type_code: R03*", {.type_code = SPAN("R0403")}, false},
        {"type_code: present", {.type_code = SPAN("R0303")}, true},
        {"type_code: absent", {.type_code = SPAN("R0303")}, false},
        {"request_kind: absent", {.type_code = SPAN("R0303")}, true},
        {"request_kind: [complaint, report]", {.request_kind = SPAN("report")}, true},
        {"request_kind: [complaint, report]", {.request_kind = SPAN("praise")}, false},
        {"type_under: R03", {.type_code = SPAN("R0303")}, true},
        {"type_under: R03", {.type_code = SPAN("R03")}, true},
        {"type_under: R03", {.type_code = SPAN("R0403")}, false},
        {"type_under: { not: R03 }", {.type_code = SPAN("R0303")}, false},
        {"type_level: street", {.type_code = SPAN("R0303")}, true},
        {"type_level: unknown", {.type_code = SPAN("none")}, true},
        {"type_level: [street, district]", {.type_code = SPAN("R0203")}, false},
    };
    assert_conditions(rows, ARRAY_LENGTH(rows));
}

static void a_condition_of_a_place(void **state)
{
    (void)state;
    const struct condition rows[] = {
        {"place: known", {.community_code = C1}, true},
        {"place: unknown", {.community_code = SPAN("nowhere")}, true},
        {"place: outside", {.street_code = SPAN("110106001")}, true},
        {"place: disputed", {.community_code = C1, .street_code = SPAN("110105002")}, true},
        {"place: [unknown, outside]", {.community_code = C1}, false},
        {"street_code: \"110105001\"", {.community_code = C1}, true},
        {"street_code: \"110105020\"", {.street_code = SPAN("110105400")}, true},
        {"street_code: \"110105002\"", {.community_code = C1}, false},
        {"street_code: \"11010500*\"", {.community_code = C1}, true},
        {"community_code: \"110105001901\"", {.community_code = C1}, true},
        {"community_code: present", {.street_code = SPAN("110105001")}, false},
        {"estate_code: e1", {.estate_code = SPAN("e1")}, true},
        {"estate_code: e1", {.estate_code = SPAN("e2")}, false},
        {"limit_class: 7d", {.type_code = SPAN("R0303")}, true},
        {"limit_class: 7d", {.type_code = SPAN("R0303"), .limit_class = SPAN("24h")}, false},
    };
    assert_conditions(rows, ARRAY_LENGTH(rows));
}

static void a_condition_of_words_and_numbers(void **state)
{
    (void)state;
    const struct condition rows[] = {
        {"flags: b", {.flags = SPAN("a b c")}, true},
        {"flags: b", {.flags = SPAN("a bb c")}, false},
        {"flags: [x, c]", {.flags = SPAN("a b c")}, true},
        {"flags: { flag: a }", {.flags = SPAN("a b c")}, true},
        {"flags: { not: b }", {.flags = SPAN("a b c")}, false},
        {"flags: { not: b }", {.type_code = SPAN("R0303")}, true},
        {"flags: absent", {.type_code = SPAN("R0303")}, true},
        {"kind: proactive", {.kind = SPAN("proactive")}, true},
        {"kind: proactive", {.kind = SPAN("request")}, false},
        {"round: 1", {.type_code = SPAN("R0303")}, true},
        {"round: { from: 2 }", {.round = 1}, false},
        {"round: { from: 2, to: 3 }", {.round = 3}, true},
        {"round: { from: 2, to: 3 }", {.round = 4}, false},
        {"due_at: { to: 2026-03-03 }", {.due_ms = 1772000000000}, true},
        {"due_at: { to: 2026-03-03 }", {.type_code = SPAN("R0303")}, false},
        {"opened_at: { from: 2026-03-02, to: 2026-03-03 }", {.type_code = SPAN("R0303")}, true},
        {"opened_at: { from: 2026-03-03 }", {.type_code = SPAN("R0303")}, false},
        {"type_level: street, place: known, flags: a",
         {.type_code = SPAN("R0303"), .community_code = C1, .flags = SPAN("a")},
         true},
        {"type_level: street, place: known, flags: a",
         {.type_code = SPAN("R0303"), .community_code = C1},
         false},
    };
    assert_conditions(rows, ARRAY_LENGTH(rows));
}

/* 供暖季 in Beijing: from the first to the last millisecond of civil days. */
static void a_rule_holds_from_midnight_to_midnight(void **state)
{
    (void)state;
    static const struct {
        const char *at, *rule;
    } rows[] = {
        {"2025-11-14T23:59:59.999+08:00", "rest"},   {"2025-11-15T00:00:00+08:00", "season"},
        {"2026-03-15T23:59:59.999+08:00", "season"}, {"2026-03-16T00:00:00+08:00", "after"},
        {"2030-01-01T00:00:00+08:00", "after"},
    };
    write_rules(
        &district,
        "  - { id: season, valid_from: 2025-11-15, valid_to: 2026-03-16, when: { "
        "type_code: R0201 }, then: { lead: u_heat, class: 24h, say: 甲 } }\n"
        "  - { id: after, valid_from: 2026-03-16, when: { type_code: R0201 }, then: { lead: "
        "d_urban, say: 乙 } }\n");
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        struct decision decision =
            ask(&district, (struct order){.type_code = SPAN("R0201"), .opened_ms = at(rows[i].at)});
        if (!span_is(decision.rule, rows[i].rule))
            fail_msg("%s: %.*s", rows[i].at, SPAN_ARG(decision.rule));
    }
}

static void units_are_named_once_each(void **state)
{
    (void)state;
    write_rules(
        &district,
        "  - { id: x, when: { type_code: R1401, place: known }, then: { lead: { street_of: place "
        "}, "
        "guide: { unit_of: type_code }, co: [d_fire, d_police, { street_of: place }, d_fire], "
        "copy: [desk, { utility_of: [type_code, place] }, desk], alternatives: [d_fire, "
        "d_urban], say: \"{lead}主责,{guide}指导,抄送{copies},或由{others}\" } }\n"
        "  - { id: y, when: { type_code: R1401 }, then: { lead: d_emergency, say: 乙 } }\n"
        "  - { id: z, when: { place: known }, then: { lead: d_fire, say: 丙 } }\n");
    struct decision decision =
        ask(&district, (struct order){.type_code = SPAN("R1401"), .community_code = C1});
    assert_true(span_is(decision.lead, "s110105001"));
    assert_true(span_is(decision.guide, "d_fire"));
    assert_int_equal(decision.co_count, 2);
    assert_true(span_is(decision.co_units[0], "d_fire"));
    assert_true(span_is(decision.co_units[1], "d_police"));
    assert_int_equal(decision.copy_count, 1); /* no utility serves it, and the desk is one unit */
    assert_int_equal(decision.alternative_count, 3);
    assert_true(span_is(decision.alternatives[0].unit, "d_fire"));
    assert_true(span_is(decision.alternatives[0].rule, "x"));
    assert_true(span_is(decision.alternatives[1].unit, "d_urban"));
    assert_true(span_is(decision.alternatives[2].unit, "d_emergency"));
    assert_true(span_is(decision.alternatives[2].rule, "y"));
    assert_true(span_is(decision.reason, "建外街道办事处主责,区消防救援支队指导,抄送区指挥中心,或由"
                                         "区消防救援支队、区城市管理委、区应急局"));
}

static void no_more_alternatives_than_a_reader_takes_in(void **state)
{
    (void)state;
    write_rules(&district, "  - { id: x, when: { flags: a }, then: { lead: d_police, alternatives: "
                           "[d_fire, d_urban, d_water, d_health, d_ecology], say: 甲 } }\n");
    struct decision decision = ask(&district, (struct order){.flags = SPAN("a")});
    assert_int_equal(decision.alternative_count, DECISION_MOST_ALTERNATIVES);
}

/* 准入 by the civil day; what is not on the list is refused to a 街乡 and nobody else. */
static void the_admission_list_of_the_day_decides(void **state)
{
    (void)state;
    char folder[] = "/tmp/citybrain-admissions-XXXXXX", command[1024];
    struct diagnostics *diagnostics = diagnostics_new();
    struct district dated;
    assert_non_null(mkdtemp(folder));
    snprintf(command, sizeof command,
             "mkdir %s/registries && cp config/registries/*.csv %s/registries && printf "
             "'code,unit,valid_from,valid_to\nR0303,,2026-03-01,2026-04-01\n' "
             ">%s/registries/admissions.csv",
             folder, folder, folder);
    assert_int_equal(system(command), 0);
    assert_true(district_load(&dated, folder, diagnostics));
    write_rules(&dated,
                "  - { id: x, when: { type_under: R03, place: known }, then: { lead: { "
                "street_of: place }, co: [d_fire], copy: [d_police], say: 甲 } }\n"
                "  - { id: y, when: { type_code: R0303 }, then: { lead: d_urban, say: 乙 } }\n");
    static const struct {
        const char *at, *type, *rule;
    } rows[] = {
        {"2026-02-28T23:59:59.999+08:00", "R0303", "not_admitted"},
        {"2026-03-01T00:00:00+08:00", "R0303", "x"},
        {"2026-03-31T23:59:59.999+08:00", "R0303", "x"},
        {"2026-04-01T00:00:00+08:00", "R0303", "not_admitted"},
        {"2026-03-02T00:00:00+08:00", "R0301", "not_admitted"},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        struct decision decision = ask(&dated, (struct order){.type_code = span_of(rows[i].type),
                                                              .community_code = C1,
                                                              .opened_ms = at(rows[i].at)});
        bool refused = strcmp(rows[i].rule, "not_admitted") == 0;
        if (!span_is(decision.rule, rows[i].rule) || refused != span_is(decision.lead, "desk"))
            fail_msg("%s %s: %.*s", rows[i].at, rows[i].type, SPAN_ARG(decision.rule));
        /* its department could lead, and who comes behind; the refused 街乡 could not */
        if (refused)
            assert_true(span_is(decision.alternatives[0].unit, "d_housing"));
        /* nobody helps, or hears of it, before somebody leads */
        assert_int_equal(decision.co_count + decision.copy_count, refused ? 0 : 2);
    }
    /* The city's word stands, whatever the list says. */
    assert_true(ask(&dated, (struct order){.type_code = SPAN("R0301"), .lead = SPAN("s110105001")})
                    .adopted);
    rules_free(rules);
    rules = NULL;
    district_fini(&dated);
    diagnostics_free(diagnostics);
    snprintf(command, sizeof command, "rm -r %s", folder);
    assert_int_equal(system(command), 0);
}

/* The desk's word is followed; what the rules say stands beside it. */
static void whom_the_desk_names_leads(void **state)
{
    (void)state;
    write_rules(&district,
                "  - { id: x, when: { place: known }, then: { lead: d_police, say: 甲 } }\n");
    struct decision decision =
        ask(&district,
            (struct order){.community_code = C1, .lead = SPAN("d_urban"), .designated = true});
    assert_true(span_is(decision.lead, "d_urban") && !decision.adopted);
    assert_true(span_is(decision.rule, "desk"));
    assert_true(span_is(decision.would_have.unit, "d_police"));
}

/* For people: nothing is decided by it. */
static void classes_and_entries_have_names(void **state)
{
    (void)state;
    struct diagnostics *diagnostics = diagnostics_new();
    const char *file = text_file(
        "rules: test\nclasses:\n  7d: { name: { zh: 七天, en: a week }, days: 7 }\n"
        "  1d: { days: 1 }\nentries:\n"
        "  - { id: x, name: 巡查归局, when: { type_code: R0303 }, then: { to: desk, say: 甲 } }\n"
        "  - { id: rest, then: { to: desk, class: 7d, say: 余 } }\n");
    rules = rules_load(file, &district, diagnostics);
    text_file_end(diagnostics);
    assert_non_null(rules);
    const struct rule_class *week = rules_class(rules, SPAN("7d"));
    assert_int_equal(week->limit.ms, 7 * INT64_C(86400000));
    assert_true(span_is(yaml_name_in(&week->called, LANGUAGE_CHINESE), "七天"));
    assert_true(span_is(yaml_name_in(&week->called, LANGUAGE_ENGLISH), "a week"));
    assert_null(yaml_name_in(&rules_class(rules, SPAN("1d"))->called, LANGUAGE_CHINESE).at);
    assert_true(span_is(yaml_name_in(&rules->entries[0].called, LANGUAGE_ENGLISH), "巡查归局"));
    assert_null(yaml_name_in(&rules->entries[1].called, LANGUAGE_BOTH).at);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(a_condition_of_a_type, forget),
        cmocka_unit_test_teardown(a_condition_of_a_place, forget),
        cmocka_unit_test_teardown(a_condition_of_words_and_numbers, forget),
        cmocka_unit_test_teardown(a_rule_holds_from_midnight_to_midnight, forget),
        cmocka_unit_test_teardown(units_are_named_once_each, forget),
        cmocka_unit_test_teardown(no_more_alternatives_than_a_reader_takes_in, forget),
        cmocka_unit_test_teardown(the_admission_list_of_the_day_decides, forget),
        cmocka_unit_test_teardown(whom_the_desk_names_leads, forget),
        cmocka_unit_test_teardown(classes_and_entries_have_names, forget),
    };
    return cmocka_run_group_tests(tests, load, unload);
}
