/* SPDX-License-Identifier: Apache-2.0 */
/* Each shape a question may have, asked of values at its edge. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

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

static struct span value_of(void *context, const struct predicate *predicate)
{
    struct span field = predicate->field;
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
        struct asked one = asked[i];
        struct span value = one.value ? span_of(one.value) : SPAN_NONE;
        if (predicates_hold(&predicates, value_of, &one) != one.holds)
            fail_msg("%s of %s", one.yaml, one.value ? one.value : "nothing");
        if (one.holds && !(predicate_bits(&predicates.all[0]) & predicate_bit(value)))
            fail_msg("%s of %s has not its bit", one.yaml, one.value ? one.value : "nothing");
        predicates_fini(&predicates);
        yaml_free(document);
        diagnostics_free(diagnostics);
    }
}

static char told[256];

static void take_line(void *context, const char *line)
{
    (void)context;
    snprintf(told, sizeof told, "%s", line);
}

/* Rules know their fields' shapes; what one cannot be asked is told at its place. */
static void a_field_is_asked_as_its_shape_allows(void **state)
{
    static const struct {
        enum predicate_shape shape;
        const char *yaml, *value; /* that holds; NULL = it is refused */
        const char *says;
    } rows[] = {
        {PREDICATE_TEXT, "present", "x", NULL},
        {PREDICATE_TEXT, "{ not: a }", "b", NULL},
        {PREDICATE_TEXT, "{ flag: a }", NULL, "f cannot be asked so"},
        {PREDICATE_TEXT, "{ from: 1 }", NULL, "f cannot be asked so"},
        {PREDICATE_TEXT, "[a, [b]]", NULL, "f is compared with single words"},
        {PREDICATE_STATE, "known", "known", NULL},
        {PREDICATE_STATE, "present", "present", NULL}, /* a word like others */
        {PREDICATE_WORDS, "a", "b a", NULL},
        {PREDICATE_WORDS, "{ flag: [a, c] }", "b a", NULL},
        {PREDICATE_WORDS, "{ not: c }", "b a", NULL},
        {PREDICATE_WORDS, "[]", NULL, "a list of nothing matches nothing"},
        {PREDICATE_NUMBER, "{ from: 3, to: 2 }", NULL, "f is never there: from is not before to"},
        {PREDICATE_NUMBER, "{ not: 3 }", NULL, "unknown key"},
        {PREDICATE_NUMBER, "[1, 2]", NULL, "f is compared with a range"},
        {PREDICATE_NUMBER, "-1", NULL, "f cannot be -1"},
        {PREDICATE_TIME, "2026-03-01", NULL, "f is compared with a range"},
        {PREDICATE_TIME, "{ from: 2026-03-01, to: 2026-03-01 }", NULL, "from is not before to"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        struct diagnostics *diagnostics = diagnostics_new();
        struct predicate predicate;
        char text[256];
        snprintf(text, sizeof text, "f: %s\n", rows[i].yaml);
        struct yaml_document *document = yaml_parse("t.yaml", span_of(text), diagnostics);
        bool good = predicate_read(&predicate, yaml_get(yaml_root(document), "f"), rows[i].shape,
                                   diagnostics);
        told[0] = '\0';
        diagnostics_each(diagnostics, take_line, NULL);
        if (good != !rows[i].says || (rows[i].says && !strstr(told, rows[i].says)))
            fail_msg("%s: %s", rows[i].yaml, told);
        if (good && !predicate_holds(&predicate, span_of(rows[i].value)))
            fail_msg("%s of %s", rows[i].yaml, rows[i].value);
        if (good)
            predicate_fini(&predicate);
        yaml_free(document);
        diagnostics_free(diagnostics);
    }
}

/* Whole numbers and moments: a number alone is that number, the end of a time is not meant. */
static void a_range_holds_both_its_ends(void **state)
{
    static const struct {
        enum predicate_shape shape;
        const char *yaml;
        int64_t from, to;
    } rows[] = {
        {PREDICATE_NUMBER, "3", 3, 3},
        {PREDICATE_NUMBER, "{ from: 3, to: 5 }", 3, 5},
        {PREDICATE_NUMBER, "{ from: 3 }", 3, INT64_MAX},
        {PREDICATE_TIME, "{ from: 2026-03-01, to: 2026-03-02 }", INT64_C(1772294400000),
         INT64_C(1772380799999)},
        {PREDICATE_TIME, "{ to: 2026-03-02 }", INT64_MIN, INT64_C(1772380799999)},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        struct diagnostics *diagnostics = diagnostics_new();
        struct predicate predicate;
        char text[256];
        snprintf(text, sizeof text, "f: %s\n", rows[i].yaml);
        struct yaml_document *document = yaml_parse("t.yaml", span_of(text), diagnostics);
        assert_true(predicate_read(&predicate, yaml_get(yaml_root(document), "f"), rows[i].shape,
                                   diagnostics));
        assert_int_equal(predicate.form, PREDICATE_BETWEEN);
        assert_int_equal(predicate.from, rows[i].from);
        assert_int_equal(predicate.to, rows[i].to);
        yaml_free(document);
        diagnostics_free(diagnostics);
    }
}

static struct span value_by_name(void *context, const struct predicate *predicate)
{
    struct span field = predicate->field;
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
        cmocka_unit_test(a_field_is_asked_as_its_shape_allows),
        cmocka_unit_test(a_range_holds_both_its_ends),
        cmocka_unit_test(all_of_them_must_hold),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
