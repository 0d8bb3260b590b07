/* SPDX-License-Identifier: Apache-2.0 */
/* Kinds as they are shipped, and what a wrong file is told. */
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
#include "model/case_kind.h"
#include "model/case_line.h"
#include "model/stage_words.h"

#define HEAD   "kind: request\nname: x\nstages:\n"
#define OPEN   "  opened: { rank: 10, by: [source] }\n"
#define NUDGED "  nudged: { rank: 91, by: [router], after: [opened] }\n"

static struct diagnostics *diagnostics;
static struct codes *codes;
static char folder[64];
static char lines[4096];

static int set_up(void **state)
{
    (void)state;
    diagnostics = diagnostics_new();
    codes = codes_load("config/codes.csv", diagnostics);
    strcpy(folder, "/tmp/test_case_kind.XXXXXX");
    return codes && mkdtemp(folder) ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    codes_free(codes);
    diagnostics_free(diagnostics);
    return rmdir(folder);
}

static void put(const char *name, const char *text)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void take_away(const char *name)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    assert_int_equal(unlink(path), 0);
}

static void collect(void *context, const char *line)
{
    (void)context;
    size_t len = strlen(lines);
    snprintf(lines + len, sizeof lines - len, "%s\n", line);
}

/* So many errors, and one says this. */
static void assert_refused_times(const char *text, const char *says, size_t times)
{
    size_t before = diagnostics_errors(diagnostics);
    put("a.yaml", text);
    assert_null(kinds_load(folder, codes, diagnostics));
    take_away("a.yaml");
    lines[0] = '\0';
    diagnostics_each(diagnostics, collect, NULL);
    if (!strstr(lines, says))
        fail_msg("no \"%s\" in: %s", says, lines);
    assert_int_equal(diagnostics_errors(diagnostics), before + times);
}

static void assert_refused(const char *text, const char *says)
{
    assert_refused_times(text, says, 1);
}

static const struct kind_stage *stage_of(const struct case_kind *kind, const char *name)
{
    int index = case_kind_stage(kind, span_of(name));
    assert_true(index >= 0);
    return &kind->stages[index];
}

static void reads_the_shipped_kinds(void **state)
{
    (void)state;
    struct kinds *kinds = kinds_load("config/kinds", codes, diagnostics);
    assert_non_null(kinds);
    const struct case_kind *request = kinds_find(kinds, SPAN("request"));
    assert_non_null(request);
    assert_string_equal(request->called.chinese, "诉求工单");
    assert_int_equal(stage_of(request, "opened")->after, 0);
    assert_int_equal(stage_of(request, "contacted")->counts_as, COUNTS_RESPONSE);
    assert_int_equal(stage_of(request, "closed")->counts_as, COUNTS_CLOSURE);
    assert_true(stage_of(request, "reopened")->new_round);
    assert_true(stage_of(request, "held")->clock_stops);
    assert_true(stage_of(request, "resolved")->copy_to_children);
    const struct kind_stage *signed_ = stage_of(request, "signed");
    int lead = codes_number(codes, CODE_PARTY, SPAN("lead"));
    assert_int_equal(signed_->parties, 1U << lead);
    assert_int_equal(signed_->after, UINT64_C(1) << case_kind_stage(request, SPAN("dispatched")));
    assert_int_equal(case_kind_stage_number(request, signed_->number), signed_ - request->stages);
    assert_int_equal(case_kind_stage(request, SPAN("evaporated")), -1);
    assert_int_equal(case_kind_stage_number(request, 60000), -1);
    assert_non_null(kinds_find(kinds, SPAN("service")));
    assert_null(kinds_find(kinds, SPAN("nothing")));
    assert_non_null(kinds_at(kinds, 8));
    assert_null(kinds_at(kinds, 9));
    kinds_free(kinds);
}

static void reads_the_four_forms_of_timers(void **state)
{
    (void)state;
    struct kinds *kinds = kinds_load("config/kinds", codes, diagnostics);
    assert_non_null(kinds);
    const struct case_kind *kind = kinds_find(kinds, SPAN("request"));
    assert_int_equal(kind->timer_count, 6);
    const struct kind_timer *timer = kind->timers;
    assert_string_equal(timer[0].name, "unsigned");
    assert_int_equal(timer[0].after_stage, case_kind_stage(kind, SPAN("dispatched")));
    assert_int_equal(timer[0].unless_stage, case_kind_stage(kind, SPAN("signed")));
    assert_int_equal(timer[0].in_ms, 30 * 60000);
    assert_true(timer[1].after_stage == -1 && !timer[1].at_due);
    assert_true(timer[1].before_share > 0.199 && timer[1].before_share < 0.201);
    assert_int_equal(timer[1].before_at_most_ms, 4 * 3600000);
    assert_true(timer[2].at_due && timer[2].before_share <= 0);
    assert_int_equal(timer[2].action, TIMER_ESCALATE);
    assert_string_equal(timer[2].to, "desk");
    assert_null(timer[0].to);
    assert_true(timer[3].of_helpers && timer[4].of_helpers && !timer[2].of_helpers);
    assert_true(timer[5].after_stage == -1 && !timer[5].at_due && timer[5].before_share <= 0);
    assert_int_equal(timer[5].before_ms, 24 * 3600000);
    kinds_free(kinds);
}

static void refuses_unknown_words_with_the_nearest(void **state)
{
    (void)state;
    assert_refused("kind: request\nnam: x\nname: x\nstages:\n" OPEN, "name");
    assert_refused(HEAD "  opened: { rank: 10, by: [source], afer: [opened] }\n", "after");
    assert_refused(HEAD OPEN "  closd: { rank: 20, by: [desk] }\n", "did you mean closed");
    assert_refused(HEAD "  opened: { rank: 10, by: [sourc] }\n", "did you mean source");
    assert_refused(HEAD OPEN "  closed: { rank: 20, by: [desk], after: [opend] }\n",
                   "did you mean opened");
    assert_refused("kind: reqest\nname: x\nstages:\n" OPEN, "did you mean request");
    assert_refused(HEAD "  opened: { rank: 10, by: [source], counts_as: closur }\n",
                   "did you mean closure");
    assert_refused(HEAD OPEN NUDGED "timers:\n  t: { at: due_at, unless: opnd, do: nudge }\n",
                   "opnd");
}

/* A number is of one code: of two files that miss the same one it is the same. */
static void each_code_that_is_missing_is_told_a_number_of_its_own(void **state)
{
    size_t before = diagnostics_errors(diagnostics);
    (void)state;
    put("a.yaml", HEAD OPEN "  rectified: { rank: 20, by: [desk] }\n"
                            "  sealed: { rank: 30, by: [desk] }\n");
    put("b.yaml", "kind: service\nname: x\nstages:\n" OPEN "  sealed: { rank: 30, by: [desk] }\n"
                  "  weighed: { rank: 40, by: [police, guards] }\n");
    assert_null(kinds_load(folder, codes, diagnostics));
    take_away("a.yaml");
    take_away("b.yaml");
    lines[0] = '\0';
    diagnostics_each(diagnostics, collect, NULL);
    static const char *const says[] = {
        "append stage,501,rectified to", "append stage,502,sealed to",
        "append stage,503,weighed to",
        "use one of source, desk, lead, co, sub, callback, router, or append party,8,police to",
        "or append party,9,guards to"};
    for (size_t i = 0; i < ARRAY_LENGTH(says); i++)
        if (!strstr(lines, says[i]))
            fail_msg("no \"%s\" in: %s", says[i], lines);
    assert_int_equal(diagnostics_errors(diagnostics), before + 6);
}

static void refuses_conditions_that_say_nothing(void **state)
{
    (void)state;
    assert_refused(HEAD OPEN "  closed: { rank: 20, by: [desk], unless: [opend] }\n", "opened");
    assert_refused(HEAD OPEN "  closed: { rank: 20, by: [desk], ends: [] }\n", "not empty");
    assert_refused(HEAD OPEN "  held: { rank: 20, by: [desk], needs: [due_at, co_unt] }\n",
                   "did you mean co_unit");
    assert_refused(HEAD OPEN "  closed: { rank: 20, by: [desk], at_most: 0 }\n", "at_most");
    assert_refused(HEAD OPEN "  held: { rank: 20, by: [desk], clock: stop }\n",
                   "did you mean stops");
    assert_refused(HEAD OPEN "  whistle_blown: { rank: 20, by: [desk], within: 1 day }\n",
                   "within");
    assert_refused(HEAD OPEN "  assigned: { rank: 20, by: [desk], new_lead: yes }\n", "new_lead");
}

static void reads_what_a_stage_forbids_ends_and_needs(void **state)
{
    (void)state;
    struct kinds *kinds = kinds_load("config/kinds", codes, diagnostics);
    assert_non_null(kinds);
    const struct case_kind *kind = kinds_find(kinds, SPAN("request"));
    const struct kind_stage *disputed = stage_of(kind, "disputed"),
                            *resumed = stage_of(kind, "resumed");
    uint64_t self = UINT64_C(1) << (disputed - kind->stages);
    assert_true(disputed->unless & self);
    assert_int_equal(disputed->at_most, 3);
    assert_int_equal(stage_of(kind, "dispute_decided")->ends, self);
    assert_true(stage_of(kind, "dispute_decided")->needs == 1U << CASE_OUTCOME);
    assert_true(stage_of(kind, "assigned")->new_lead && !disputed->new_lead);
    assert_true(resumed->clock_runs && !resumed->clock_stops);
    assert_int_equal(stage_of(kind, "whistle_blown")->within_ms, 24 * 3600000);
    assert_true(kind->asking >> (resumed - kind->stages) & 1);
    assert_false(kind->asking & self); /* the desk is asked, nothing is told */
    kinds_free(kinds);
}

static void refuses_what_stands_twice(void **state)
{
    (void)state;
    assert_refused(HEAD "  opened: { rank: 10, by: [source, source] }\n", "stands twice in by");
    assert_refused(HEAD OPEN "  closed: { rank: 20, by: [desk], after: [opened, opened] }\n",
                   "stands twice in after");
    assert_refused(HEAD OPEN OPEN, "appears twice");
    put("b.yaml", HEAD OPEN);
    assert_refused(HEAD OPEN, "another file describes kind request");
    take_away("b.yaml");
}

static void refuses_kinds_that_cannot_run(void **state)
{
    (void)state;
    assert_refused(HEAD "  closed: { rank: 10, by: [source] }\n", "needs a stage opened");
    assert_refused(HEAD OPEN "  closed: { rank: 20, by: [desk], after: [closed] }\n",
                   "can never happen");
    /* a ring, entered by nothing, and what waits for it */
    assert_refused_times(HEAD OPEN "  held: { rank: 20, by: [desk], after: [resumed] }\n"
                                   "  resumed: { rank: 30, by: [desk], after: [held] }\n"
                                   "  closed: { rank: 40, by: [desk], after: [resumed] }\n",
                         "a.yaml:6:43: error: resumed can never happen", 3);
    assert_refused(HEAD "  opened: { by: [source] }\n", "has no rank");
    assert_refused(HEAD "  opened: { rank: 10 }\n", "has no by");
    assert_refused(HEAD "  opened: { rank: 10, by: [] }\n", "must be a list that is not empty");
}

static void refuses_timers_of_no_or_of_two_forms(void **state)
{
    (void)state;
    assert_refused(HEAD OPEN NUDGED "timers:\n  t: { unless: opened, do: nudge }\n",
                   "needs one of");
    assert_refused(HEAD OPEN NUDGED
                   "timers:\n  t: { at: due_at, after: opened, unless: opened, do: nudge }\n",
                   "needs one of");
    assert_refused(HEAD OPEN NUDGED
                   "timers:\n  t: { at: due_at, in: 3m, unless: opened, do: nudge }\n",
                   "has in without after");
    assert_refused(HEAD OPEN NUDGED
                   "timers:\n  t: { before: due_at, by: { share: 1.5, at_most: 4h }, "
                   "unless: opened, do: nudge }\n",
                   "share cannot be 1.5");
    assert_refused(HEAD OPEN NUDGED "timers:\n  t: { at: due_at, do: nudge }\n", "has no unless");
}

static void refuses_timers_whose_move_has_no_stage(void **state)
{
    (void)state;
    assert_refused(HEAD OPEN "timers:\n  t: { at: due_at, unless: opened, do: nudge }\n",
                   "add `nudged: { rank: 91, by: [router], after: [opened] }` to its stages");
    assert_refused_times(HEAD OPEN NUDGED
                         "timers:\n  t: { at: due_at, unless: opened, do: escalate, to: desk }\n",
                         "say overdue, and there is no such stage in kind request", 2);
    assert_refused(HEAD OPEN "  overdue: { rank: 92, by: [desk], after: [opened] }\n"
                             "timers:\n  t: { at: due_at, unless: opened, do: escalate }\n",
                   "add router to the by: of overdue");
    assert_refused(HEAD OPEN
                   "  overdue: { rank: 92, by: [router], after: [opened] }\n"
                   "timers:\n  t: { at: due_at, unless: opened, do: escalate, to: desk }\n",
                   "add some of supervised extended assigned noted to its stages");
}

static void refuses_an_empty_folder(void **state)
{
    (void)state;
    assert_null(kinds_load(folder, codes, diagnostics));
    assert_null(kinds_load("/tmp/there/is/no/such/folder", codes, diagnostics));
    assert_int_equal(diagnostics_errors(diagnostics), 2);
}

static void a_stage_is_called_as_its_file_says(void **state)
{
    (void)state;
    put("a.yaml", HEAD "  opened: { name: 发现, rank: 10, by: [source] }\n"
                       "  resolved: { name: { zh: 整改, en: put right }, rank: 20, by: [lead] }\n"
                       "  closed: { name: 发现, rank: 30, by: [source] }\n");
    struct kinds *kinds = kinds_load(folder, codes, diagnostics);
    assert_non_null(kinds);
    const struct case_kind *kind = kinds_find(kinds, SPAN("request"));
    static const struct {
        const char *stage, *chinese, *english;
    } words[] = {{"opened", "发现", "发现"},
                 {"resolved", "整改", "put right"},
                 {"closed", "发现", "发现"},
                 {"signed", "签收", "signed for"}};
    for (size_t i = 0; i < ARRAY_LENGTH(words); i++) {
        struct span stage = span_of(words[i].stage);
        assert_true(span_is(stage_words_stage(kind, stage, LANGUAGE_CHINESE), words[i].chinese));
        assert_true(span_is(stage_words_stage(kind, stage, LANGUAGE_BOTH), words[i].chinese));
        assert_true(span_is(stage_words_stage(kind, stage, LANGUAGE_ENGLISH), words[i].english));
    }
    assert_true(span_is(stage_words_stage(NULL, SPAN("opened"), LANGUAGE_CHINESE), "受理"));
    assert_null(stage_words_stage(kind, SPAN("evaporated"), LANGUAGE_CHINESE).at);
    kinds_free(kinds);
    take_away("a.yaml");
}

static void the_shipped_kinds_call_their_steps_by_their_own_names(void **state)
{
    (void)state;
    static const struct {
        const char *kind, *stage, *chinese, *english;
    } words[] = {{"works", "opened", "列入计划", "planned"},
                 {"works", "diagnosed", "诊断", "diagnosed"},
                 {"deliberation", "deliberated", "议事", "deliberated"},
                 {"service", "opened", "接件", "handed in"},
                 {"service", "accepted", "受理", "accepted"},
                 {"request", "opened", "受理", "opened"}};
    struct kinds *kinds = kinds_load("config/kinds", codes, diagnostics);
    assert_non_null(kinds);
    for (size_t i = 0; i < ARRAY_LENGTH(words); i++) {
        const struct case_kind *kind = kinds_find(kinds, span_of(words[i].kind));
        struct span stage = span_of(words[i].stage);
        assert_true(span_is(stage_words_stage(kind, stage, LANGUAGE_CHINESE), words[i].chinese));
        assert_true(span_is(stage_words_stage(kind, stage, LANGUAGE_ENGLISH), words[i].english));
    }
    for (size_t i = 0; kinds_at(kinds, i); i++)
        for (size_t k = 0; k < kinds_at(kinds, i)->stage_count; k++)
            assert_non_null(stage_words_stage(kinds_at(kinds, i),
                                              span_of(kinds_at(kinds, i)->stages[k].name),
                                              LANGUAGE_ENGLISH)
                                .at);
    kinds_free(kinds);
}

static void refuses_names_that_say_nothing_or_too_much(void **state)
{
    (void)state;
#define NAMED(name) HEAD "  opened: { name: " name ", rank: 10, by: [source] }\n"
    assert_refused(NAMED("\"\""), "a.yaml:4:19: error: the name is empty");
    assert_refused(NAMED("\" \""), "the name is empty");
    assert_refused(NAMED("{ zh: 整改, en: \"\" }"), "a.yaml:4:33: error: the name is empty");
    assert_refused(NAMED("{ zh: 整改 }"), "has no en");
    assert_refused(NAMED("{ zh: 整改, en: put right, eng: x }"), "eng");
    assert_refused(NAMED("[整改]"), "a.yaml:4:19: error:");
    assert_refused(NAMED("\"整\\n改\""), "one line");
    assert_refused(NAMED("一二三四五六七八九十一二三四五六七八九十一"),
                   "a.yaml:4:19: error: the name has 63 bytes, of 60");
#undef NAMED
}

static void hash_of(const char *text, char hash[64])
{
    put("a.yaml", text);
    struct kinds *kinds = kinds_load(folder, codes, diagnostics);
    assert_non_null(kinds);
    span_to_cstr(kinds_hash(kinds), hash, 64);
    kinds_free(kinds);
    take_away("a.yaml");
}

/* What is folded, not how it is said: neither a name nor a comment fills a view anew. */
static void the_hash_follows_what_is_said_but_not_the_names(void **state)
{
    (void)state;
    static const char *const same[] = {
        HEAD OPEN "# said otherwise\n", "kind: request\nname: another\nstages:\n" OPEN,
        "kind: request\nname: { zh: 诉求, en: Requests }\nstages:\n" OPEN,
        HEAD "  opened: { rank: 10, by: [source], name: 发现 }\n",
        HEAD
        "  opened:\n    name: { zh: 发现, en: found }\n    rank: 10\n    by:\n      - source\n"};
    static const char *const others[] = {
        HEAD "  opened: { rank: 11, by: [source] }\n",
        HEAD "  opened: { rank: 10, by: [source, desk] }\n",
        HEAD OPEN "  closed: { rank: 20, by: [desk] }\n",
        HEAD OPEN NUDGED "timers:\n  t: { at: due_at, unless: opened, do: nudge }\n",
        HEAD OPEN NUDGED "timers:\n  u: { at: due_at, unless: opened, do: nudge }\n"};
    char first[64], hash[ARRAY_LENGTH(others)][64];
    hash_of(HEAD OPEN, first);
    for (size_t i = 0; i < ARRAY_LENGTH(same); i++) {
        hash_of(same[i], hash[0]);
        assert_string_equal(hash[0], first);
    }
    for (size_t i = 0; i < ARRAY_LENGTH(others); i++) {
        hash_of(others[i], hash[i]);
        assert_string_not_equal(hash[i], first);
        for (size_t k = 0; k < i; k++)
            assert_string_not_equal(hash[i], hash[k]);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(reads_the_shipped_kinds),
        TEST(reads_the_four_forms_of_timers),
        TEST(refuses_unknown_words_with_the_nearest),
        TEST(each_code_that_is_missing_is_told_a_number_of_its_own),
        TEST(refuses_conditions_that_say_nothing),
        TEST(reads_what_a_stage_forbids_ends_and_needs),
        TEST(refuses_what_stands_twice),
        TEST(refuses_kinds_that_cannot_run),
        TEST(refuses_timers_of_no_or_of_two_forms),
        TEST(refuses_timers_whose_move_has_no_stage),
        TEST(refuses_an_empty_folder),
        TEST(a_stage_is_called_as_its_file_says),
        TEST(the_shipped_kinds_call_their_steps_by_their_own_names),
        TEST(refuses_names_that_say_nothing_or_too_much),
        TEST(the_hash_follows_what_is_said_but_not_the_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
