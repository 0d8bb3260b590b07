/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/base.h"
#include "base/strbuf.h"
#include "config/yaml.h"

static struct diagnostics *d;
static struct yaml_document *document;
static struct strbuf buf;

static int set_up(void **state)
{
    (void)state;
    d = diagnostics_new();
    document = NULL;
    strbuf_init(&buf, 256, 65536);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    yaml_free(document);
    diagnostics_free(d);
    strbuf_fini(&buf);
    return 0;
}

static void collect(void *context, const char *line)
{
    strbuf_addf(context, "%s\n", line);
}

static const char *findings(void)
{
    strbuf_reset(&buf);
    diagnostics_each(d, collect, &buf);
    return buf.at;
}

static const struct yaml_node *parse(const char *text)
{
    document = yaml_parse("f.yaml", span_of(text), d);
    return document ? yaml_root(document) : NULL;
}

static void makes_a_tree_with_places(void **state)
{
    (void)state;
    const struct yaml_node *root = parse("feed: hotline\n"
                                         "events:\n"
                                         "  - stage: opened\n"
                                         "    data: { 类型: \"x\", b: }\n"
                                         "  - plain\n");
    assert_string_equal(findings(), "");
    assert_int_equal(root->type, YAML_MAP);
    assert_int_equal(root->count, 2);
    assert_null(root->key);

    const struct yaml_node *feed = yaml_get(root, "feed");
    assert_string_equal(feed->text, "hotline");
    assert_string_equal(feed->key, "feed");
    assert_false(feed->quoted);
    assert_int_equal(feed->place.line, 1);
    assert_int_equal(feed->place.col, 7);
    assert_int_equal(feed->key_place.col, 1);
    assert_string_equal(feed->place.file, "f.yaml");

    const struct yaml_node *events = yaml_get(root, "events");
    assert_int_equal(events->type, YAML_LIST);
    assert_int_equal(events->count, 2);
    const struct yaml_node *data = yaml_get(events->first, "data");
    assert_string_equal(data->first->key, "类型");
    assert_true(data->first->quoted);
    assert_string_equal(yaml_get(data, "b")->text, "");
    assert_false(yaml_get(data, "b")->quoted);
    assert_string_equal(events->first->next->text, "plain");
    assert_null(events->first->next->key);
    assert_null(events->first->next->next);

    assert_null(yaml_get(root, "none"));
    assert_null(yaml_get(feed, "none"));
    assert_null(yaml_get(NULL, "none"));
}

static void refuses_what_would_make_it_a_program(void **state)
{
    (void)state;
    static const struct {
        const char *text, *finding;
    } rows[] = {
        {"a: &x 1\n",
         "f.yaml:1:4: error: anchor &x is not allowed; fix: write the value out where"},
        {"a: &x [1]\n", "f.yaml:1:4: error: anchor &x is not allowed"},
        {"&x a: 1\n", "f.yaml:1:1: error: anchor &x is not allowed"},
        {"a: 1\nb: *x\n", "f.yaml:2:4: error: alias *x is not allowed; fix: write the value out"},
        {"a: !!int 1\n", "f.yaml:1:4: error: tag tag:yaml.org,2002:int is not allowed"},
        {"a: !mine {b: 1}\n", "f.yaml:1:4: error: tag !mine is not allowed"},
        {"a: 1\n<<: {b: 2}\n", "f.yaml:2:1: error: merge key << is not allowed"},
        {"a: 1\nb: 2\na: 3\n", "f.yaml:3:1: error: key a appears twice, first in line 1"},
        {"x: {b: 1, b: 2}\n", "f.yaml:1:11: error: key b appears twice, first in line 1"},
        {"a: 1\n---\nb: 2\n", "f.yaml:2:1: error: a second document begins here"},
        {"%TAG ! tag:x,2000:\n---\na: 1\n", "error: tag directives are not allowed"},
        {"[1, 2]: x\n", "f.yaml:1:1: error: a key must be text, not a list or map"},
        {"{a: b}: x\n", "error: a key must be text"},
        {"? \n: x\n", "error: a key is empty"},
        {"- a\n- b\n", "f.yaml:1:1: error: the file must be a map"},
        {"word\n", "f.yaml:1:1: error: the file must be a map"},
        {"", "f.yaml: error: the file says nothing; fix: write at least one key"},
        {"# only a comment\n", "f.yaml: error: the file says nothing"},
        {"a: \"x\\0y\"\n", "f.yaml:1:4: error: text contains a NUL byte"},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        assert_null(parse(rows[i].text));
        if (strstr(findings(), rows[i].finding) == NULL)
            fail_msg("%s gave %s", rows[i].text, findings());
        diagnostics_free(d);
        d = diagnostics_new();
    }
}

static void names_the_place_of_a_syntax_error(void **state)
{
    (void)state;
    static const struct {
        const char *text, *finding;
    } rows[] = {{"a: 1\nb: [1, 2\nc: 3\n", "f.yaml:3:"},
                {"a:\n\tb: 1\n", "f.yaml:2:1: error: found character that cannot start any token"},
                {"a: 1\n b: 2\n", "f.yaml:2:"},
                {"a: 'x\n", "f.yaml:2:1: error: found unexpected end of stream"},
                {"a: \xb3\xaf\n", "f.yaml: error: "},
                {"a: \x01\n", "f.yaml: error: control characters are not allowed at byte 3"}};
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        assert_null(parse(rows[i].text));
        if (strstr(findings(), rows[i].finding) == NULL)
            fail_msg("%s gave %s", rows[i].text, findings());
        assert_non_null(strstr(findings(), "; fix: "));
        diagnostics_free(d);
        d = diagnostics_new();
    }
}

static void shows_several_findings_at_once(void **state)
{
    (void)state;
    assert_null(parse("a: &x 1\na: 2\nb: !t 3\n"));
    assert_int_equal(diagnostics_errors(d), 3);
}

static void bounds_the_depth(void **state)
{
    (void)state;
    for (int depth = 31; depth <= 33; depth++) {
        strbuf_reset(&buf);
        strbuf_add(&buf, SPAN("a: "));
        for (int i = 1; i < depth; i++)
            strbuf_add_char(&buf, '[');
        for (int i = 1; i < depth; i++)
            strbuf_add_char(&buf, ']');
        struct yaml_document *deep = yaml_parse("deep", strbuf_span(&buf), d);
        assert_int_equal(deep != NULL, depth <= 32);
        yaml_free(deep);
    }
    assert_non_null(strstr(findings(), "nested deeper than 32 levels"));
}

static void loads_files_and_says_which_it_cannot(void **state)
{
    (void)state;
    char file[] = "/tmp/test_yaml_XXXXXX";
    int fd = mkstemp(file);
    assert_true(fd >= 0);
    FILE *stream = fdopen(fd, "w");
    for (int i = 0; i < 5000; i++) /* more than one read */
        fprintf(stream, "key_%d: value %d\n", i, i);
    fclose(stream);
    document = yaml_load(file, d);
    unlink(file);
    assert_non_null(document);
    assert_int_equal(yaml_root(document)->count, 5000);
    assert_string_equal(yaml_get(yaml_root(document), "key_4999")->text, "value 4999");

    assert_null(yaml_load("/nonexistent/x.yaml", d));
    assert_null(yaml_load("/tmp", d));
    assert_non_null(
        strstr(findings(), "/nonexistent/x.yaml: error: cannot read the file: No such"));
    assert_non_null(strstr(findings(), "/tmp: error: cannot read the file: Is a directory"));
}

static void reads_typed_scalars(void **state)
{
    (void)state;
    const struct yaml_node *root =
        parse("{t: 文, e: '', n: -3, b: true, f: false, d: 15m, day: 2026-03-01,"
              " at: '2026-03-01T08:30:15+08:00', short: '2026-03-01T00:00+08:00'}");
    const char *text;
    int64_t number;
    bool yes;
    assert_true(yaml_text(yaml_get(root, "t"), &text, d));
    assert_string_equal(text, "文");
    assert_true(yaml_text(yaml_get(root, "e"), &text, d));
    assert_string_equal(text, "");
    assert_true(yaml_int(yaml_get(root, "n"), -3, 5, &number, d));
    assert_int_equal(number, -3);
    assert_true(yaml_bool(yaml_get(root, "b"), &yes, d));
    assert_true(yes);
    assert_true(yaml_bool(yaml_get(root, "f"), &yes, d));
    assert_false(yes);
    assert_true(yaml_duration(yaml_get(root, "d"), &number, d));
    assert_int_equal(number, 900000);
    assert_true(yaml_time(yaml_get(root, "day"), &number, d));
    assert_true(number == 1772294400000); /* midnight in Beijing */
    assert_true(yaml_time(yaml_get(root, "short"), &number, d));
    assert_true(number == 1772294400000);
    assert_true(yaml_time(yaml_get(root, "at"), &number, d));
    assert_true(number == 1772325015000);
    assert_int_equal(diagnostics_errors(d), 0);
}

static void refuses_scalars_of_another_form(void **state)
{
    (void)state;
    const struct yaml_node *root = parse("n: 7x\nbig: 6\nlist: [a]\nnone:\nyes_: yes\n"
                                         "dur: 2wd\nday: 2026-02-30\n");
    const char *text;
    int64_t number;
    bool yes;
    assert_false(yaml_int(yaml_get(root, "n"), 0, 5, &number, d));
    assert_false(yaml_int(yaml_get(root, "big"), 0, 5, &number, d));
    assert_false(yaml_text(yaml_get(root, "list"), &text, d));
    assert_false(yaml_text(yaml_get(root, "none"), &text, d));
    assert_false(yaml_bool(yaml_get(root, "yes_"), &yes, d));
    assert_false(yaml_duration(yaml_get(root, "dur"), &number, d));
    assert_false(yaml_time(yaml_get(root, "day"), &number, d));
    assert_string_equal(
        findings(),
        "f.yaml:1:4: error: n cannot be 7x; fix: write a whole number from 0 to 5\n"
        "f.yaml:2:6: error: big cannot be 6; fix: write a whole number from 0 to 5\n"
        "f.yaml:3:7: error: list must be one value, not a list; fix: write one value\n"
        "f.yaml:4:6: error: none has no value; fix: write a value, or \"\" for an empty text\n"
        "f.yaml:5:7: error: yes_ cannot be yes; fix: write true or false\n"
        "f.yaml:6:6: error: dur is no duration: 2wd; fix: write a number and ms, s, m, h, d or w, "
        "as in 30s or 7d\n"
        "f.yaml:7:6: error: day is no date or time: 2026-02-30; fix: write 2026-03-01 or "
        "2026-03-01T08:30:00+08:00\n");
}

static void names_unknown_keys_with_the_nearest_known_one(void **state)
{
    (void)state;
    static const char *const known[] = {"stage", "time", NULL};
    const struct yaml_node *root = parse("time: 1\nstaeg: x\nother: y\n");
    assert_false(yaml_only_keys(root, known, d));
    assert_string_equal(findings(),
                        "f.yaml:2:1: error: unknown key staeg; fix: did you mean stage?\n"
                        "f.yaml:3:1: error: unknown key other; fix: remove it\n");
    assert_false(yaml_only_keys(yaml_get(root, "time"), known, d));
    assert_non_null(strstr(findings(), "f.yaml:1:7: error: time must be a map"));
}

static void names_a_missing_entry_once(void **state)
{
    (void)state;
    const struct yaml_node *root = parse("a: {b: 1}\n");
    const char *text;
    assert_non_null(yaml_require(yaml_get(root, "a"), "b", d));
    assert_int_equal(diagnostics_errors(d), 0);
    assert_false(yaml_text(yaml_require(yaml_get(root, "a"), "id", d), &text, d));
    assert_string_equal(findings(), "f.yaml:1:4: error: a has no id; fix: add `id: ...`\n");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(makes_a_tree_with_places),
        TEST(refuses_what_would_make_it_a_program),
        TEST(names_the_place_of_a_syntax_error),
        TEST(shows_several_findings_at_once),
        TEST(bounds_the_depth),
        TEST(loads_files_and_says_which_it_cannot),
        TEST(reads_typed_scalars),
        TEST(refuses_scalars_of_another_form),
        TEST(names_unknown_keys_with_the_nearest_known_one),
        TEST(names_a_missing_entry_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
