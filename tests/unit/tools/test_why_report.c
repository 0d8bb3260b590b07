/* SPDX-License-Identifier: Apache-2.0 */
/* What made an event stands in the event alone: which feed, by which version of its mapping. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "citybrain/own_names.h"
#include "citybrain/verb.h"
#include "citybrain/why_report.h"

#define OPENED  "0000000000000000000001"
#define SENT    "0000000000000000000002"
#define SIGNED  "0000000000000000000003"
#define MADE_MS 1742442658560LL /* m8gtdc00 */

/* Of main.c, which is in no library; nothing here is misspelt. */
int verb_usage(const char *verb, const char *format, ...)
{
    fail_msg("%s: %s", verb, format);
    return VERB_USAGE;
}

struct told {
    struct codes *codes;
    struct kinds *kinds;
    struct district district;
    struct own_names own;
    struct why_report *report;
    char answer[2048];
};

static void add_line(char *answer, size_t size, const struct told *told, const char *id,
                     const char *mapping, const char *stage, const char *party)
{
    char number[2][16] = {"", ""};
    const int codes[2] = {codes_number(told->codes, CODE_STAGE, span_of(stage)),
                          codes_number(told->codes, CODE_PARTY, span_of(party))};
    size_t len = strlen(answer);
    for (int i = 0; i < 2; i++) {
        char digits[16];
        int n = 0;
        for (int rest = codes[i]; rest; rest /= 36)
            digits[n++] = "0123456789abcdefghijklmnopqrstuvwxyz"[rest % 36];
        for (int j = 0; j < n; j++)
            number[i][j] = digits[n - 1 - j];
    }
    snprintf(answer + len, size - len,
             "%s1|%s|0.m8gtdc00.%s.00000000000000aa|%s|m8gtdc00|m8gtdc00|0|%s|v=1",
             answer[len - 1] == '"' ? "" : "\\n", id, mapping, number[0], number[1]);
}

static int set_up(void **state)
{
    struct told *told = calloc(1, sizeof *told);
    struct diagnostics *diagnostics = diagnostics_new();
    struct error error = {0};
    told->codes = codes_load("config/codes.csv", diagnostics);
    told->kinds = kinds_load("config/kinds", told->codes, diagnostics);
    assert_int_equal(diagnostics_errors(diagnostics), 0);
    diagnostics_free(diagnostics);
    snprintf(told->answer, sizeof told->answer,
             "{\"case\":\"request:12345:1\",\"kind\":\"request\",\"lines\":\"");
    add_line(told->answer, sizeof told->answer, told, OPENED, "3", "opened", "source");
    add_line(told->answer, sizeof told->answer, told, SENT, "0", "dispatched", "router");
    add_line(told->answer, sizeof told->answer, told, SIGNED, "b", "signed", "lead");
    strcat(told->answer, "\"}");
    told->report = calloc(1, sizeof *told->report);
    const struct why_names names = {told->codes, told->kinds, &told->district, &told->own};
    assert_true(why_report_read(told->report, span_of(told->answer), &names, &error));
    *state = told;
    return 0;
}

static int tear_down(void **state)
{
    struct told *told = *state;
    why_report_fini(told->report);
    free(told->report);
    kinds_free(told->kinds);
    codes_free(told->codes);
    free(told);
    return 0;
}

/* A record of the log; of feed NULL it is nobody's mapping's. */
static bool take(struct told *told, const char *id, const char *feed, int version)
{
    char event[256], members[96] = "";
    if (feed)
        snprintf(members, sizeof members, ",\"feed\":\"%s\",\"feedversion\":\"%d\"", feed, version);
    snprintf(event, sizeof event,
             "{\"id\":\"%s\",\"revision\":\"%020d.%015lld.%06d.00000000000000aa\"%s}", id, 0,
             MADE_MS, version, members);
    return why_report_take_event(told->report, span_of(event));
}

/* What is shown, until the next call. */
static const char *shown(const struct told *told, void (*show)(const struct why_report *, FILE *))
{
    static char text[16384];
    FILE *out = fmemopen(text, sizeof text, "w");
    show(told->report, out);
    fclose(out);
    return text;
}

static void a_line_tells_the_mapping_that_made_it(void **state)
{
    struct told *told = *state;
    assert_false(take(told, OPENED, "hotline", 3));
    assert_false(take(told, SENT, NULL, 0));
    assert_true(take(told, SIGNED, "status", 11));
    const char *json = shown(told, why_report_show_json);
    assert_non_null(strstr(json, ",\"mappings\":[{\"feed\":\"hotline\",\"version\":3},null,"
                                 "{\"feed\":\"status\",\"version\":11}]"));
    const char *text = shown(told, why_show);
    assert_non_null(strstr(text, "计入\t 映射版本(feedversion) hotline/3\n"));
    assert_non_null(strstr(text, "\t 映射版本(feedversion) status/11\n"));
}

/* Told again by a newer mapping, or by an older one after it: the revision of the line tells. */
static void the_revision_that_holds_tells_the_mapping(void **state)
{
    struct told *told = *state;
    assert_false(take(told, OPENED, "hotline", 2));
    assert_false(take(told, SIGNED, "status", 11));
    assert_false(take(told, SENT, NULL, 1)); /* a decision too */
    assert_false(take(told, SENT, NULL, 0));
    assert_false(why_report_is_whole(told->report));
    assert_true(take(told, OPENED, "hotline", 3));
    assert_true(take(told, OPENED, "import", 2));
    assert_true(take(told, OPENED, "import", 4)); /* the set is not that far */
    assert_non_null(strstr(shown(told, why_show), "计入\t 映射版本(feedversion) hotline/3\n"));
    assert_null(strstr(shown(told, why_show), "hotline/2"));
    assert_null(strstr(shown(told, why_show), "import"));
}

static void an_event_that_is_not_on_the_log_tells_none(void **state)
{
    struct told *told = *state;
    assert_false(take(told, "0000000000000000000009", "x", 1));
    assert_false(take(told, SENT, NULL, 0));
    assert_false(take(told, SIGNED, NULL, 11)); /* of no feed */
    assert_false(why_report_is_whole(told->report));
    assert_int_equal(told->report->seen_count, 1);
    assert_int_equal(told->report->seen_wanted, 2);
    assert_non_null(strstr(shown(told, why_report_show_json), ",\"mappings\":[null,null,null]"));
    assert_null(strstr(shown(told, why_show), "feedversion"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_line_tells_the_mapping_that_made_it, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_revision_that_holds_tells_the_mapping, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(an_event_that_is_not_on_the_log_tells_none, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
