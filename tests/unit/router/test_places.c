/* SPDX-License-Identifier: Apache-2.0 */
/* Every community and village of the real district finds its 街乡, by code and by name; only where
 * the list is at hand. The streets are ours, with the old code of one of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/base.h"
#include "router/core/decide.h"

#define OPENED 1764000000000LL /* 2025-11-24T16:00:00Z */
#define PLACES 696

static struct district district;
static struct rules *rules;
static struct registry *real; /* as it was published */
static struct arena arena;
static bool at_hand;

static const char *list_file(void)
{
    static char path[512];
    const char *shared = getenv("SHARED");
    snprintf(path, sizeof path, "%s/data/chaoyang_divisions.csv",
             shared && shared[0] ? shared : "../shared");
    return path;
}

/* Our district and streets, then the list's communities under the codes that hold. */
static void write_divisions(const char *folder)
{
    char command[2048];
    snprintf(command, sizeof command,
             "mkdir -p %s/registries && cp config/registries/*.csv %s/registries && "
             "{ grep -E '^(level|district|street|township),' config/registries/divisions.csv; "
             "awk -F, '$1 ~ /^(community|village|special)$/ { print $0 \",,,\" }' %s; } "
             ">%s/registries/divisions.csv",
             folder, folder, list_file(), folder);
    assert_int_equal(system(command), 0);
}

static int load(void **state)
{
    (void)state;
    char folder[] = "/tmp/citybrain-places-XXXXXX", command[64];
    at_hand = access(list_file(), R_OK) == 0;
    arena_init(&arena, 65536);
    if (!at_hand || !mkdtemp(folder))
        return at_hand ? -1 : 0;
    struct diagnostics *diagnostics = diagnostics_new();
    write_divisions(folder);
    real = registry_load(list_file(), diagnostics);
    bool good = real && district_load(&district, folder, diagnostics);
    rules = good ? rules_load("config/rules/dispatch.yaml", &district, diagnostics) : NULL;
    struct error error = {0};
    if (!diagnostics_to_error(diagnostics, &error))
        print_error("%s\n", error.text);
    diagnostics_free(diagnostics);
    snprintf(command, sizeof command, "rm -r %s", folder);
    return rules && system(command) == 0 ? 0 : -1;
}

static int unload(void **state)
{
    (void)state;
    rules_free(rules);
    if (at_hand) {
        district_fini(&district);
        registry_free(real);
    }
    arena_fini(&arena);
    return 0;
}

static struct decision ask(struct span community, struct span street)
{
    struct decision decision;
    struct order order = {.type_code = SPAN("R0303"),
                          .community_code = community,
                          .street_code = street,
                          .opened_ms = OPENED,
                          .due_ms = TIMESTAMP_NONE};
    arena_reset(&arena);
    assert_true(decide(&decision, &order, rules, &district, OPENED, INT64_MAX / 2, &arena));
    return decision;
}

static struct span cell(const struct registry_row *row, const char *column)
{
    return registry_cell(real, row, column);
}

static bool is_place(const struct registry_row *row)
{
    struct span level = cell(row, "level");
    return span_is(level, "community") || span_is(level, "village") || span_is(level, "special");
}

/* The list's last edition calls 首都机场街道 110105400; ours has that as its old code. */
static struct span unit_of(const struct registry_row *row, char text[32])
{
    struct span street = cell(row, "parent_code");
    if (span_is(street, "110105400"))
        street = SPAN("110105020");
    snprintf(text, 32, "s%.*s", SPAN_ARG(street));
    return span_of(text);
}

static void assert_street(const struct registry_row *row, struct decision decision, const char *how)
{
    char text[32];
    if (!span_is(decision.rule, "place") || !span_equal(decision.lead, unit_of(row, text)) ||
        decision.mode != MODE_DIRECT_STREET)
        fail_msg("%.*s %.*s by %s: %.*s by rule %.*s", SPAN_ARG(cell(row, "code")),
                 SPAN_ARG(cell(row, "name")), how, SPAN_ARG(decision.lead),
                 SPAN_ARG(decision.rule));
}

static void every_place_finds_its_street(void **state)
{
    (void)state;
    const struct registry_row *row;
    size_t places = 0;
    if (!at_hand)
        skip();
    for (size_t i = 0; (row = registry_at(real, i)); i++) {
        if (!is_place(row))
            continue;
        places++;
        assert_street(row, ask(cell(row, "code"), SPAN_NONE), "code");
        assert_street(row, ask(cell(row, "code"), cell(row, "parent_code")), "code and street");
        assert_street(row, ask(cell(row, "name"), cell(row, "parent_code")), "name in its street");
        /* A name alone says nothing: it may stand for two. */
        assert_true(span_is(ask(cell(row, "name"), SPAN_NONE).rule, "fallback"));
    }
    assert_int_equal(places, PLACES);
}

static void of_two_with_one_name_the_street_tells_which(void **state)
{
    (void)state;
    static const char *const doubled[] = {"楼梓庄村委会", "豆各庄村委会"};
    if (!at_hand)
        skip();
    for (size_t i = 0; i < ARRAY_LENGTH(doubled); i++) {
        const struct registry_row *row;
        struct span streets[2];
        size_t count = 0;
        for (size_t j = 0; (row = registry_at(real, j)); j++)
            if (span_is(cell(row, "name"), doubled[i]) && count < 2)
                streets[count++] = cell(row, "parent_code");
        assert_int_equal(count, 2);
        struct decision first = ask(span_of(doubled[i]), streets[0]);
        struct decision second = ask(span_of(doubled[i]), streets[1]);
        assert_false(span_equal(first.lead, second.lead));
        assert_int_equal(first.mode, MODE_DIRECT_STREET);
    }
}

static void an_old_code_is_its_street(void **state)
{
    (void)state;
    static const char *const codes[] = {"110105020", "110105400", "首都机场街道", "首都机场"};
    if (!at_hand)
        skip();
    for (size_t i = 0; i < ARRAY_LENGTH(codes); i++) {
        struct decision decision = ask(SPAN_NONE, span_of(codes[i]));
        assert_true(span_is(decision.lead, "s110105020"));
        assert_true(span_is(decision.street, "110105020"));
    }
    /* A community under the one, an order that says the other: one street, no dispute. */
    assert_true(span_is(ask(SPAN("110105400004"), SPAN("110105020")).rule, "place"));
}

static void a_community_and_another_street_are_two_leads(void **state)
{
    (void)state;
    if (!at_hand)
        skip();
    struct decision decision = ask(SPAN("110105400004"), SPAN("110105001"));
    assert_true(span_is(decision.rule, "two_streets"));
    assert_true(span_is(decision.lead, "desk"));
    assert_true(span_is(decision.desk_cause, "two_leads"));
    assert_int_equal(decision.alternative_count, 2);
    assert_true(span_is(decision.alternatives[0].unit, "s110105020"));
    assert_true(span_is(decision.alternatives[1].unit, "s110105001"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_place_finds_its_street),
        cmocka_unit_test(of_two_with_one_name_the_street_tells_which),
        cmocka_unit_test(an_old_code_is_its_street),
        cmocka_unit_test(a_community_and_another_street_are_two_leads),
    };
    return cmocka_run_group_tests(tests, load, unload);
}
