/* SPDX-License-Identifier: Apache-2.0 */
/* A wrong feed file is refused with its place; versions are chosen by time and by number. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/base.h"
#include "ingest/core/mapping.h"

#define HEAD                                                                                       \
    "feed: f\nversions:\n  - version: 1\n    valid_from: 2026-01-01\n    format: csv\n"            \
    "    namespace: request:x\n    number: n\n"
#define JSON_HEAD                                                                                  \
    "feed: f\nversions:\n  - version: 1\n    valid_from: 2026-01-01\n    format: json\n"           \
    "    namespace: request:x\n    number: n\n"
#define EVENTS "    events:\n      - stage: opened\n        time: t\n"

static const struct {
    const char *text, *error;
} wrong[] = {
    {HEAD "    charset: latin1\n" EVENTS, "f.yaml:8:14: error: unknown charset latin1"},
    {HEAD "    zone: Mars\n" EVENTS, "f.yaml:8:11: error: unknown zone Mars"},
    {HEAD "    headr: strict\n" EVENTS, "f.yaml:8:5: "},
    {HEAD EVENTS "        data: { a: { from: b, table: c } }\n", "no table c"},
    {HEAD EVENTS "        data: { a: { from: b, class: secret } }\n", "no field class secret"},
    {HEAD EVENTS "        data: { a: { from: b, words: [x] } }\n",
     "f.yaml:11:38: error: no word list x; fix: declare it under words:"},
    {HEAD "    words: { x: [a] }\n" EVENTS, "\"a\" is no word"},
    {HEAD "    words: { x: none.txt }\n" EVENTS,
     "f.yaml:8:17: error: none.txt cannot be read; fix: name a file"},
    {HEAD "    tables: { x: none.csv }\n" EVENTS, "none.csv cannot be read"},
    {HEAD "    tables: { x: { file: none.csv, too: a } }\n" EVENTS, "did you mean to"},
    {HEAD EVENTS "        data: { a: { from: b, day: end } }\n", "begin or end of a date"},
    {HEAD EVENTS "        data: { a: { from: b, date: \"%Y-%m-%d\", day: noon } }\n",
     "begin or end of a date"},
    {HEAD EVENTS "        data: { a: { from: b, registry: none } }\n",
     "../registries/none.csv cannot be read"},
    {HEAD EVENTS "        data: { a: { from: b, by: name } }\n", "by: goes with a registry"},
    {HEAD EVENTS "        data: { a: { from: b, unknown: c } }\n", "unknown: goes with a table"},
    {HEAD EVENTS "        data: { a: { from: b, split: \"、\" } }\n", "split: goes with a table"},
    {HEAD EVENTS "        data: { a: { from: b, table: t, split: \"\" } }\n",
     "nothing stands between two codes"},
    {HEAD EVENTS "        data: { A: b }\n", "A cannot name a field"},
    {HEAD EVENTS "        data: { a: { from: b, date: excell } }\n",
     "no date can be read by \"excell\""},
    {HEAD EVENTS "        data: { a: { from: b, date: \"HH:mm\" } }\n",
     "f.yaml:11:37: error: no date can be read by \"HH:mm\"; fix: write it as in \"%Y-%m-%d "
     "%H:%M\""},
    {HEAD EVENTS "        data: { a: { from: b, date: [\"%Y-%m-%d\", yyyy-MM-dd] } }\n",
     "f.yaml:11:50: error: no date can be read by \"yyyy-MM-dd\"; fix: write it as in"},
    {HEAD EVENTS "        data: { a: { from: b, date: \"%Y-%m-%d HH:mm\" } }\n",
     "no date can be read by \"%Y-%m-%d HH:mm\""},
    {HEAD EVENTS "        data: { a: { from: b, date: \"%H:%M\" } }\n",
     "no date can be read by \"%H:%M\": it has no year (%Y); fix: write it as in"},
    {HEAD EVENTS "        data: { a: { from: b, date: \"%m-%d %H:%M\" } }\n",
     "it has no year (%Y)"},
    {HEAD EVENTS "        data: { a: { from: b, date: \"%Y-%d\" } }\n", "it has no month (%m)"},
    {HEAD EVENTS "        data: { a: { from: b, date: \"%Y-%m %H:%M\" } }\n", "it has no day (%d)"},
    {HEAD EVENTS "        data: { a: { from: b, date: \"%Y-%m-%d %M\" } }\n",
     "it has no hour (%H)"},
    {HEAD EVENTS "        data: { a: { from: b, date: \"%Y-%m-%d %H:%M.%f\" } }\n",
     "it has no second (%S)"},
    {HEAD EVENTS "        data: { a: { from: b, date: \"%Y-%m-%d %\" } }\n",
     "no date can be read by \"%Y-%m-%d %\""},
    {HEAD "    events:\n      - stage: opened\n        time: { from: t, date: \"%H:%M\" }\n",
     "f.yaml:10:32: error: no date can be read by \"%H:%M\""},
    {HEAD EVENTS "        data: { a: { from: b, range: { from: x } } }\n", "x is no number"},
    {HEAD EVENTS "        data: { a: { from: b, range: { from: 2, to: 1 } } }\n",
     "nothing lies in this range"},
    {HEAD EVENTS "        data: { a: { from: b, range: 5 } }\n", "a range has from, to or both"},
    {HEAD EVENTS "        data: { a: { from: b, class: mask, const: c } }\n",
     "a hides its value and makes something of it"},
    {HEAD EVENTS "        data: { a: { from: b, keep: { first: 1 } } }\n",
     "keep says how much a mask shows"},
    {HEAD EVENTS "        data: { a_code: { from: b, max: 257 } }\n", "256"},
    {HEAD EVENTS "        when: { a: { flag: x } }\n", "no word list x"},
    {HEAD EVENTS "        when: { a: { not: 1, flag: x } }\n", "a condition says one thing"},
    {HEAD EVENTS "        observation: x\n", "an event is one thing"},
    {HEAD "    aliases: [a]\n" EVENTS, "aliases is not a map"},
    {HEAD "    width: full\n" EVENTS, "width: unknown word full"},
    {JSON_HEAD EVENTS "        data: { a: /b, c: /b/d }\n",
     "/b cannot be a value and have members"},
    {JSON_HEAD EVENTS "        data: { a: b, c: /b }\n", "/b and b are the same member"},
    {JSON_HEAD EVENTS "        data: { a: /1/2/3/4/5/6/7/8/9 }\n", "leads too deep"},
    {HEAD EVENTS "        data: { a: { required: true } }\n", "a has no source"},
    {HEAD "    events: []\n", "f.yaml:8:13: "},
    {"feed: f\nparty: lead\nversions:\n  - version: 1\n    valid_from: 2026-01-01\n"
     "    format: cloudevents\n",
     "a feed cannot be the party lead"},
    {"feed: F!\nversions:\n  - version: 1\n    valid_from: 2026-01-01\n    format: cloudevents\n",
     "f.yaml:1:7: "},
    {"feed: f\nversions:\n  - version: 2\n    valid_from: 2026-01-01\n    format: cloudevents\n"
     "  - version: 1\n    valid_from: 2026-02-01\n    format: cloudevents\n",
     "f.yaml:6:5: "},
};

static void find_line(void *context, const char *line)
{
    const char **wanted = context;
    if (*wanted && strstr(line, *wanted))
        *wanted = NULL;
}

static void every_mistake_is_named_with_its_place(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(wrong); i++) {
        struct diagnostics *diagnostics = diagnostics_new();
        const char *wanted = wrong[i].error;
        assert_null(feeds_parse("f.yaml", span_of(wrong[i].text), diagnostics));
        diagnostics_each(diagnostics, find_line, &wanted);
        if (wanted)
            print_error("not found: %s\n", wanted);
        assert_null(wanted);
        diagnostics_free(diagnostics);
    }
}

/* docs/mapping.md says by which patterns a time is read that names none. */
static void the_patterns_of_who_names_none_are_written_down(void **state)
{
    (void)state;
    static char page[65536];
    struct diagnostics *diagnostics = diagnostics_new();
    struct feeds *feeds = feeds_parse("f.yaml", SPAN(HEAD EVENTS), diagnostics);
    assert_non_null(feeds);
    const struct mapping *mapping = feed_mapping_at(feeds_find(feeds, SPAN("f")), INT64_MAX);
    const struct mapping_field *time = &mapping->events[0].time;
    FILE *file = fopen("docs/mapping.md", "r");
    assert_non_null(file);
    page[fread(page, 1, sizeof page - 1, file)] = '\0';
    fclose(file);
    const char *at = strstr(page, "Where no pattern is named");
    assert_non_null(at);
    for (size_t i = 0; i < time->date_count; i++) {
        char quoted[64];
        snprintf(quoted, sizeof quoted, "`%s`", time->dates[i].pattern);
        at = strstr(at, quoted); /* in this order */
        if (!at)
            fail_msg("docs/mapping.md does not say %s", quoted);
    }
    const char *end = strchr(at, '\n');
    assert_null(memmem(at + 1, (size_t)(end - at), "`%", 2)); /* and no other */
    assert_int_equal(time->date_count, 4);
    feeds_free(feeds);
    diagnostics_free(diagnostics);
}

static void versions_are_chosen_by_time_and_by_number(void **state)
{
    (void)state;
    static const char text[] =
        "feed: f\nversions:\n"
        "  - version: 3\n    valid_from: 2026-01-01T00:00:00Z\n    format: cloudevents\n"
        "  - version: 5\n    valid_from: 2026-02-01T00:00:00Z\n    format: cloudevents\n";
    struct diagnostics *diagnostics = diagnostics_new();
    struct feeds *feeds = feeds_parse("f.yaml", span_of(text), diagnostics);
    assert_non_null(feeds);
    const struct feed *feed = feeds_find(feeds, SPAN("f"));
    const int64_t january = 1767225600000, february = 1769904000000;
    assert_null(feed_mapping_at(feed, january - 1));
    assert_int_equal(feed_mapping_at(feed, january)->version, 3);
    assert_int_equal(feed_mapping_at(feed, february - 1)->version, 3);
    assert_int_equal(feed_mapping_at(feed, february)->version, 5);
    assert_int_equal(feed_mapping(feed, 3)->valid_from_ms, january);
    assert_null(feed_mapping(feed, 4));
    feeds_free(feeds);
    diagnostics_free(diagnostics);
}

static void keep_line(void *context, const char *line)
{
    snprintf(context, 300, "%s", line);
}

static void who_writes_a_cadence_is_told_that_it_is_not_watched(void **state)
{
    (void)state;
    static const char text[] = "feed: f\ncadence: 1d\nversions:\n  - version: 1\n"
                               "    valid_from: 2026-01-01T00:00:00Z\n    format: cloudevents\n";
    char line[300] = "";
    struct diagnostics *diagnostics = diagnostics_new();
    struct feeds *feeds = feeds_parse("f.yaml", span_of(text), diagnostics);
    assert_non_null(feeds);
    assert_int_equal(diagnostics_warnings(diagnostics), 1);
    diagnostics_each(diagnostics, keep_line, line);
    assert_string_equal(line, "f.yaml:2:1: warning: nobody is silent by the cadence of a feed; "
                              "fix: give who sends it a row in registries/stations.csv: family, "
                              "cadence, hours");
    feeds_free(feeds);
    diagnostics_free(diagnostics);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_mistake_is_named_with_its_place),
        cmocka_unit_test(the_patterns_of_who_names_none_are_written_down),
        cmocka_unit_test(versions_are_chosen_by_time_and_by_number),
        cmocka_unit_test(who_writes_a_cadence_is_told_that_it_is_not_watched),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
