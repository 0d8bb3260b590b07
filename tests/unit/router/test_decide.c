/* SPDX-License-Identifier: Apache-2.0 */
/* Deciding over the shipped configuration: place before type, utilities by type, the order's
 * deadline wins. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

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
    assert_lead((struct order){.type_code = SPAN("no such type")}, "desk", "fallback");
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

static void every_leaf_type_in_a_known_place_finds_an_owner(void **state)
{
    (void)state;
    size_t asked = 0;
    const struct registry_row *row;
    for (size_t i = 0; (row = registry_at(district.types, i)); i++) {
        struct span code = registry_cell(district.types, row, "code"),
                    level = registry_cell(district.types, row, "level");
        struct decision decision =
            ask((struct order){.type_code = code, .community_code = SPAN("110105001905")});
        struct span expected = span_is(level, "street")
                                   ? SPAN("s110105001")
                                   : registry_cell(district.types, row, "unit");
        assert_true(span_equal(decision.lead, expected));
        assert_false(span_is(decision.lead, "110105001905"));
        asked++;
    }
    assert_true(asked >= 116);
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
        cmocka_unit_test(every_leaf_type_in_a_known_place_finds_an_owner),
        cmocka_unit_test(a_rule_with_an_unknown_unit_is_refused_with_its_place),
    };
    return cmocka_run_group_tests(tests, load, unload);
}
