/* SPDX-License-Identifier: Apache-2.0 */
/* Deciding over the shipped configuration: place before type, utilities by type, the order's
 * deadline wins. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/base.h"
#include "router/core/decide.h"

#define OPENED 1764000000000LL /* 2025-11-24T16:00:00Z */
#define HOUR   3600000LL
#define DAY    (24 * HOUR)

static struct diagnostics *diagnostics;
static struct district district;
static struct rules *rules;
static struct arena arena;

static int load(void **state)
{
    (void)state;
    diagnostics = diagnostics_new();
    arena_init(&arena, 65536);
    if (!district_load(&district, "config", diagnostics))
        return -1;
    rules = rules_load("config/rules/dispatch.yaml", &district, diagnostics);
    return rules ? 0 : -1;
}

static int unload(void **state)
{
    (void)state;
    rules_free(rules);
    district_fini(&district);
    arena_fini(&arena);
    diagnostics_free(diagnostics);
    return 0;
}

static struct decision ask(struct order order)
{
    struct decision decision;
    arena_reset(&arena);
    if (!order.opened_ms)
        order.opened_ms = OPENED;
    if (!order.due_ms)
        order.due_ms = TIMESTAMP_NONE;
    assert_true(decide(&decision, &order, rules, &district, OPENED + HOUR, 30 * DAY, &arena));
    assert_true(decision.reason.len > 0);
    return decision;
}

static void assert_lead(struct order order, const char *lead, const char *rule)
{
    struct decision decision = ask(order);
    assert_true(span_is(decision.rule, rule));
    assert_true(span_is(decision.lead, lead));
}

static void the_street_leads_what_happens_in_its_place(void **state)
{
    (void)state;
    struct decision decision =
        ask((struct order){.type_code = SPAN("R0303"), .community_code = SPAN("110105001905")});
    assert_true(span_is(decision.lead, "s110105001"));
    assert_true(span_is(decision.rule, "place"));
    assert_true(span_is(decision.street, "110105001"));
    assert_true(decision.guide.at != NULL);
    assert_true(decision.due_ms == OPENED + 7 * DAY);
}

static void a_street_code_alone_is_a_known_place(void **state)
{
    (void)state;
    assert_lead((struct order){.type_code = SPAN("R0301"), .street_code = SPAN("110105003")},
                "s110105003", "place");
}

static void a_profession_leads_its_type_and_the_street_gets_a_copy(void **state)
{
    (void)state;
    struct decision decision =
        ask((struct order){.type_code = SPAN("R0101"), .community_code = SPAN("110105001905")});
    assert_true(span_is(decision.lead, "d_market"));
    assert_int_equal(decision.copy_count, 1);
    assert_true(span_is(decision.copies[0], "s110105001"));
}

static void a_utility_leads_its_type_without_a_place(void **state)
{
    (void)state;
    assert_lead((struct order){.type_code = SPAN("R0203")}, "u_water", "utility");
}

static void nothing_known_goes_to_the_desk(void **state)
{
    (void)state;
    assert_lead((struct order){.type_code = SPAN("no such type")}, "desk", "untyped");
}

static void an_emergency_goes_to_the_desk_first(void **state)
{
    (void)state;
    struct decision decision = ask((struct order){.type_code = SPAN("R0101"),
                                                  .community_code = SPAN("110105001905"),
                                                  .flags = SPAN("again emergency")});
    assert_true(span_is(decision.lead, "desk"));
    assert_true(decision.due_ms == OPENED + 2 * HOUR);
}

static void an_order_that_names_its_lead_is_adopted(void **state)
{
    (void)state;
    struct decision decision =
        ask((struct order){.type_code = SPAN("R0101"), .lead = SPAN("s110105009")});
    assert_true(decision.adopted);
    assert_true(span_is(decision.lead, "s110105009"));
}

static void the_orders_own_deadline_wins(void **state)
{
    (void)state;
    struct decision decision =
        ask((struct order){.type_code = SPAN("R0101"), .due_ms = OPENED + HOUR});
    assert_true(decision.due_ms == OPENED + HOUR);
    assert_string_equal(decision.due_source, "order");
}

static void an_order_older_than_the_limit_goes_to_the_desk(void **state)
{
    (void)state;
    assert_lead((struct order){.type_code = SPAN("R0101"), .opened_ms = OPENED - 31 * DAY}, "desk",
                "too_old");
}

/* What the registry says of its level is what becomes of a type in a known place: 57 of a
 * district's profession, 44 of the 街乡, 9 of a utility, 5 transferred or told their track, 1 of
 * the city. */
static void each_of_116_types_finds_its_owner_in_a_known_place(void **state)
{
    (void)state;
    static const struct {
        const char *level, *rule;
        enum decision_mode mode;
        size_t count;
    } levels[] = {{"district", "district_here", MODE_DIRECT_DEPT, 57},
                  {"street", "place", MODE_DIRECT_STREET, 43},
                  {"street", "with_department", MODE_DIRECT_STREET, 1},
                  {"utility", "utility_here", MODE_DIRECT_DEPT, 9},
                  {"transfer", "transfer", MODE_DISTRICT_COORD, 4},
                  {"transfer", "legal_track", MODE_DIRECT_DEPT, 1},
                  {"city", "city", MODE_CITY, 1}};
    size_t counts[ARRAY_LENGTH(levels)] = {0}, asked = 0;
    const struct registry_row *row;
    for (size_t i = 0; (row = registry_at(district.types, i)); i++) {
        struct span code = registry_cell(district.types, row, "code");
        struct span unit = registry_cell(district.types, row, "unit");
        if (!registry_cell(district.types, row, "parent_code").len)
            continue;
        struct decision decision =
            ask((struct order){.type_code = code, .community_code = SPAN("110105001905")});
        asked++;
        for (size_t j = 0; j < ARRAY_LENGTH(levels); j++) {
            if (!span_is(decision.rule, levels[j].rule))
                continue;
            counts[j]++;
            assert_true(span_is(registry_cell(district.types, row, "level"), levels[j].level));
            assert_int_equal(decision.mode, levels[j].mode);
        }
        if (span_is(decision.rule, "with_department"))
            assert_true(span_is(decision.lead, "s110105001") &&
                        span_equal(decision.co_units[0], unit));
        else if (span_is(decision.rule, "place"))
            assert_true(span_is(decision.lead, "s110105001") && span_equal(decision.guide, unit));
        else if (span_is(decision.rule, "transfer"))
            assert_true(span_is(decision.lead, "desk") && span_equal(decision.copies[0], unit));
        else
            assert_true(span_equal(decision.lead, unit));
        assert_true(
            span_equal(decision.limit_class, registry_cell(district.types, row, "limit_class")));
    }
    for (size_t j = 0; j < ARRAY_LENGTH(levels); j++)
        assert_int_equal(counts[j], levels[j].count);
    assert_int_equal(asked, 116);
}

static uint64_t drawn = 20260302;

static struct span draw(const struct registry *registry, const char *otherwise)
{
    drawn = drawn * 6364136223846793005u + 1442695040888963407u;
    const struct registry_row *row = registry_at(registry, (drawn >> 33) % 600);
    if ((drawn >> 20) % 5 == 0)
        return SPAN_NONE;
    return row ? registry_cell(registry, row, "code") : span_of(otherwise);
}

static void assert_units(const struct decision *decision, const struct span *units, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        assert_true(district_has_unit(&district, units[i], OPENED / DAY));
        assert_false(span_equal(units[i], decision->lead));
        for (size_t j = 0; j < i; j++)
            assert_false(span_equal(units[i], units[j]));
    }
}

/* Whatever an order says, also what makes no sense: one lead that is a unit (条例 17: no community
 * and no station), each other unit once, a reason; asked again, the same. */
static void any_order_has_one_lead_that_may_lead(void **state)
{
    (void)state;
    static const char *const flags[] = {"", "emergency fire", "again", "legal duplicate", "crime"};
    size_t desk_led = 0, adopted = 0, with_others = 0;
    for (size_t i = 0; i < 100000; i++) {
        bool place_as_lead = i % 7 == 0;
        struct order order = {.type_code = draw(district.types, "R9999"),
                              .community_code = draw(district.divisions, "110106001001"),
                              .street_code = draw(district.divisions, "somewhere"),
                              .lead = i % 3           ? SPAN_NONE
                                      : place_as_lead ? draw(district.divisions, "st001")
                                                      : draw(district.units, "st001"),
                              .flags = span_of(flags[i % ARRAY_LENGTH(flags)])};
        struct decision decision = ask(order), again = ask(order);
        struct span kind = district_unit_kind(&district, decision.lead, OPENED / DAY);
        assert_true(kind.len && !span_is(kind, "community") && !span_is(kind, "station"));
        assert_true(span_equal(again.lead, decision.lead) && span_equal(again.rule, decision.rule));
        assert_true(decision.rule.len && decision.disposition < DISPOSITIONS);
        assert_true(decision.desk_cause.at == NULL || span_is(decision.lead, "desk"));
        assert_true(!decision.adopted || span_equal(decision.lead, order.lead));
        assert_true(!order.lead.len || decision.would_have.unit.len);
        assert_units(&decision, decision.copies, decision.copy_count);
        assert_units(&decision, decision.co_units, decision.co_count);
        for (size_t j = 0; j < decision.alternative_count; j++)
            assert_units(&decision, &decision.alternatives[j].unit, 1);
        desk_led += span_is(decision.lead, "desk");
        adopted += decision.adopted;
        with_others += decision.alternative_count > 0;
    }
    assert_true(desk_led > 10000 && adopted > 1000 && with_others > 10000);
}

static void a_rule_with_an_unknown_unit_is_refused_with_its_place(void **state)
{
    (void)state;
    struct error error = {0};
    struct diagnostics *own = diagnostics_new();
    FILE *file = fopen("build/bad_rules.yaml", "w");
    assert_non_null(file);
    fputs("rules: dispatch\nclasses:\n  24h: { hours: 24, clock: natural }\nentries:\n  - id: a\n  "
          "  then: { to: dsek }\n",
          file);
    fclose(file);
    assert_null(rules_load("build/bad_rules.yaml", &district, own));
    assert_false(diagnostics_to_error(own, &error));
    assert_non_null(strstr(error.text, "bad_rules.yaml:6:"));
    diagnostics_free(own);
}

static void write_registry(const char *folder, const char *name, const char *text)
{
    char path[256];
    snprintf(path, sizeof path, "%s/registries/%s.csv", folder, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void forget_registries(const char *folder)
{
    static const char *const names[] = {"/divisions.csv", "/units.csv", "/request_types.csv", ""};
    char path[256];
    for (size_t i = 0; i < ARRAY_LENGTH(names); i++) {
        snprintf(path, sizeof path, "%s/registries%s", folder, names[i]);
        remove(path);
    }
    rmdir(folder);
}

/* A community moves to another street, a type changes hands and limit, a unit is dissolved: each
 * order is decided by what held on the civil day it was opened. */
static void the_day_of_the_order_decides_what_the_registries_say(void **state)
{
    (void)state;
    char folder[] = "/tmp/citybrain-dated-XXXXXX", made[64];
    struct diagnostics *own = diagnostics_new();
    struct district dated;
    assert_non_null(mkdtemp(folder));
    snprintf(made, sizeof made, "%s/registries", folder);
    assert_int_equal(mkdir(made, 0700), 0);
    write_registry(folder, "divisions",
                   "level,code,parent_code,name,aliases,valid_from,valid_to\n"
                   "street,s1,d,旧街,,,\nstreet,s2,d,新街,,,\n"
                   "community,c1,s1,社区,,,2025-11-25\ncommunity,c1,s2,社区,,2025-11-25,\n");
    write_registry(folder, "units",
                   "code,name,kind,party_default,topic,valid_from,valid_to\n"
                   "desk,区指挥中心,desk,desk,desk,,\nd_old,旧局,department,lead,d_old,,\n"
                   "ss1,旧街道,street,lead,ss1,,\nss2,新街道,street,lead,ss2,,2025-12-01\n");
    write_registry(folder, "request_types",
                   "code,parent_code,name,department,level,limit_class,unit,valid_from,valid_to\n"
                   "T,,类,局,street,7d,d_old,,2025-11-25\nT,,类,局,street,24h,,2025-11-25,\n");
    assert_true(district_load(&dated, folder, own));
    static const struct {
        int64_t opened_ms;
        const char *lead, *guide;
        int64_t limit_ms;
    } asked[] = {
        {OPENED - 1, "ss1", "d_old", 7 * DAY}, /* the last ms of 24 November in Beijing */
        {OPENED, "ss2", NULL, DAY},
        {OPENED + 6 * DAY - 1, "ss2", NULL, DAY},
        {OPENED + 6 * DAY, "desk", NULL, DAY}, /* the street's unit is no more */
    };
    for (size_t i = 0; i < ARRAY_LENGTH(asked); i++) {
        struct decision decision;
        struct order order = {.type_code = SPAN("T"),
                              .community_code = SPAN("c1"),
                              .opened_ms = asked[i].opened_ms,
                              .due_ms = TIMESTAMP_NONE};
        arena_reset(&arena);
        assert_true(decide(&decision, &order, rules, &dated, TIMESTAMP_NONE, 30 * DAY, &arena));
        if (!span_is(decision.lead, asked[i].lead) ||
            decision.due_ms != asked[i].opened_ms + asked[i].limit_ms ||
            !span_equal(decision.guide, span_of(asked[i].guide)))
            fail_msg("%zu: %.*s", i, SPAN_ARG(decision.lead));
    }
    district_fini(&dated);
    diagnostics_free(own);
    forget_registries(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_street_leads_what_happens_in_its_place),
        cmocka_unit_test(a_street_code_alone_is_a_known_place),
        cmocka_unit_test(a_profession_leads_its_type_and_the_street_gets_a_copy),
        cmocka_unit_test(a_utility_leads_its_type_without_a_place),
        cmocka_unit_test(nothing_known_goes_to_the_desk),
        cmocka_unit_test(an_emergency_goes_to_the_desk_first),
        cmocka_unit_test(an_order_that_names_its_lead_is_adopted),
        cmocka_unit_test(the_orders_own_deadline_wins),
        cmocka_unit_test(an_order_older_than_the_limit_goes_to_the_desk),
        cmocka_unit_test(each_of_116_types_finds_its_owner_in_a_known_place),
        cmocka_unit_test(any_order_has_one_lead_that_may_lead),
        cmocka_unit_test(the_day_of_the_order_decides_what_the_registries_say),
        cmocka_unit_test(a_rule_with_an_unknown_unit_is_refused_with_its_place),
    };
    return cmocka_run_group_tests(tests, load, unload);
}
