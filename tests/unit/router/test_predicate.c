/* SPDX-License-Identifier: Apache-2.0 */
/* Each shape a question may have, asked of values at its edge. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/base.h"
#include "config/yaml.h"
#include "router/core/predicate.h"

struct asked {
    const char *yaml, *value; /* NULL = absent */
    bool holds;
};

static const struct asked asked[] = {
    {"{ f: a }", "a", true},
    {"{ f: a }", "b", false},
    {"{ f: a }", "", false},
    {"{ f: a }", NULL, false},
    {"{ f: [a, b] }", "b", true},
    {"{ f: [a, b] }", "c", false},
    {"{ f: R02* }", "R0201", true},
    {"{ f: R02* }", "R02", true},
    {"{ f: R02* }", "R0301", false},
    {"{ f: { not: a } }", "b", true},
    {"{ f: { not: a } }", "a", false},
    {"{ f: { not: a } }", NULL, true},
    {"{ f: { not: [a, b] } }", "b", false},
    {"{ f: { from: 5, to: 9 } }", "5", true},
    {"{ f: { from: 5, to: 9 } }", "9", true},
    {"{ f: { from: 5, to: 9 } }", "9.1", false},
    {"{ f: { from: 5, to: 9 } }", "4.999999", false},
    {"{ f: { from: 5 } }", "1000000", true},
    {"{ f: { to: 5 } }", "-3", true},
    {"{ f: { to: 5 } }", "many", false},
    {"{ f: { to: 5 } }", NULL, false},
    {"{ f: present }", "x", true},
    {"{ f: present }", NULL, false},
    {"{ f: absent }", NULL, true},
    {"{ f: absent }", "", true},
    {"{ f: absent }", "x", false},
    {"{ f: \"present\" }", "present", true}, /* in quotes it is a value like others */
    {"{ f: { flag: again } }", "threat again", true},
    {"{ f: { flag: [x, again] } }", "again", true},
    {"{ f: { flag: again } }", "againer", false},
    {"{ f: { flag: again } }", NULL, false},
    {"{ flags: again }", "threat again", true}, /* a list of words by its name */
    {"{ flags: { not: again } }", "threat again", false},
    {"{ flags: { not: again } }", NULL, true},
};

static struct span value_of(const void *context, struct span field)
{
    const struct asked *one = context;
    assert_true(span_is(field, "f") || span_is(field, "flags"));
    return one->value ? span_of(one->value) : SPAN_NONE;
}

static void it_holds_or_does_not(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(asked); i++) {
        struct diagnostics *diagnostics = diagnostics_new();
        struct predicates predicates;
        char text[256];
        snprintf(text, sizeof text, "when: %s\n", asked[i].yaml);
        struct yaml_document *document = yaml_parse("t.yaml", span_of(text), diagnostics);
        assert_non_null(document);
        assert_true(
            predicates_read(&predicates, yaml_get(yaml_root(document), "when"), NULL, diagnostics));
        if (predicates_hold(&predicates, value_of, &asked[i]) != asked[i].holds)
            fail_msg("%s of %s", asked[i].yaml, asked[i].value ? asked[i].value : "nothing");
        predicates_fini(&predicates);
        yaml_free(document);
        diagnostics_free(diagnostics);
    }
}

static struct span value_by_name(const void *context, struct span field)
{
    (void)context;
    return span_is(field, "a") ? SPAN("1") : span_is(field, "b") ? SPAN("2") : SPAN_NONE;
}

static void all_of_them_must_hold(void **state)
{
    static const struct {
        const char *yaml;
        bool holds;
    } maps[] = {{"{ a: 1, b: 2 }", true},
                {"{ a: 1, b: 3 }", false},
                {"{ a: 1, b: 2, c: absent }", true},
                {"{ kind: request, a: 1 }", true}}; /* kind is the reader's own */
    static const char *const others[] = {"kind", NULL};
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(maps); i++) {
        struct diagnostics *diagnostics = diagnostics_new();
        struct predicates predicates;
        char text[256];
        snprintf(text, sizeof text, "when: %s\n", maps[i].yaml);
        struct yaml_document *document = yaml_parse("t.yaml", span_of(text), diagnostics);
        assert_true(predicates_read(&predicates, yaml_get(yaml_root(document), "when"), others,
                                    diagnostics));
        assert_int_equal(predicates_hold(&predicates, value_by_name, NULL), maps[i].holds);
        assert_null(predicates_find(&predicates, "kind"));
        predicates_fini(&predicates);
        yaml_free(document);
        diagnostics_free(diagnostics);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_holds_or_does_not),
        cmocka_unit_test(all_of_them_must_hold),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
