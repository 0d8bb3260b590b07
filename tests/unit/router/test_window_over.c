/* SPDX-License-Identifier: Apache-2.0 */
/* What an absence found is over, and says so once, when what it missed has come or begins anew, or
 * when the limit that it warned of has passed (docs/decisions/0364). */
#include "window_lives.h"

#define ABSENCE_SAYS(more)                                                                         \
    "trigger: quiet\nname: 无反馈\non: { kind: request, stage: dispatched }\ngroup: [case]\n"   \
    "absence: { of: { kind: request, stage: [signed, contacted, resolved] }, within: 48h }\n" more \
    "open: { say: \"{within}无反馈\" }\n"
#define ABSENCE ABSENCE_SAYS("")

#define NEAR_DUE                                                                                   \
    "trigger: near\nname: 临期\non: { kind: request, stage: dispatched }\ngroup: [case]\n"       \
    "absence: { of: { kind: request, stage: [resolved, closed] }, before: due_at,"                 \
    " by: { share: 0.2, at_most: 4h } }\n"                                                         \
    "open: { say: \"{due_at}到期\" }\n"

#define COUNT                                                                                      \
    "trigger: more\nname: 多件\non: { kind: request, stage: dispatched }\ngroup: [case]\n"       \
    "count: { at_least: 1, within: 24h }\nopen: { say: \"{count}件\" }\n"

#define DUE     "fact 1 03-02T08:00 request:12345:1 due_at=2026-03-02T18:00:00+08:00\n"
#define WARNED  DUE "tick 03-02T16:00\n"
#define WARNING "request:12345:1: 3月2日18:00到期\n"
#define SENT    "fact 1 03-02T08:00 request:12345:1\ntick 03-04T08:00\n"
#define QUIET   "request:12345:1: 2天无反馈\n"

static const struct life lives[] = {
    {"near_due_stands_until_its_limit", "docs/decisions/0364", NEAR_DUE, WARNED "tick 03-02T17:59",
     WARNING},
    {"near_due_is_over_with_its_limit", "docs/decisions/0364", NEAR_DUE,
     WARNED "tick 03-02T17:59\ntick 03-02T18:00\ntick 03-09T18:00\ntick 04-09T18:00",
     WARNING "over_due\n"},
    {"near_due_is_over_when_it_is_resolved", "docs/decisions/0364", NEAR_DUE,
     WARNED "answer 2 03-02T17:00 request:12345:1\ntick 03-02T17:30\ntick 03-02T19:00",
     WARNING "over_heard\n"},
    {"near_due_is_over_once", "docs/decisions/0364", NEAR_DUE,
     WARNED "tick 03-02T18:00\nanswer 2 03-02T19:00 request:12345:1\ntick 03-02T20:00",
     WARNING "over_due\n"},
    {"near_due_of_a_long_stop_is_found_and_over", "DESIGN §3", NEAR_DUE, DUE "tick 03-02T20:00",
     WARNING "over_due\n"},
    {"near_due_warns_of_the_limit_as_it_was_corrected", "contracts §2", NEAR_DUE,
     WARNED "fact 1 03-02T08:00 request:12345:1 due_at=2026-03-09T08:00:00+08:00 rev=2 "
            "told=03-02T16:30\ntick 03-02T19:00\ntick 03-09T07:59\ntick 03-09T08:00",
     WARNING "over_due\n"},
    {"absence_stands_however_long", "docs/decisions/0364", ABSENCE,
     SENT "tick 03-12T08:00\ntick 04-12T08:00\ntick 06-12T08:00", QUIET},
    {"absence_is_over_when_it_is_heard", "docs/decisions/0364", ABSENCE,
     SENT "answer 2 03-04T09:00 request:12345:1\ntick 03-04T10:00", QUIET "over_heard\n"},
    {"absence_is_over_when_another_has_it", "docs/decisions/0364", ABSENCE,
     SENT "fact 2 03-04T09:00 request:12345:1\ntick 03-04T10:00", QUIET "over_heard\n"},
    {"absence_a_word_before_it_ends_nothing", "docs/decisions/0364", ABSENCE,
     "answer 2 03-01T08:00 request:12345:1\n" SENT "tick 03-04T10:00", QUIET},
    {"absence_that_nobody_confirms_is_in_hand", "docs/decisions/0364",
     ABSENCE_SAYS("confirm: no\n"), SENT "answer 2 03-04T09:00 request:12345:1\ntick 03-04T10:00",
     QUIET},
    {"count_stays_true", "docs/decisions/0347", COUNT,
     "fact 1 03-02T08:00 request:12345:1\nnow\ntick 03-09T08:00", "request:12345:1: 1件\n"},
};

static void test(void **state)
{
    (void)state;
    shows_over = true;
    lives_fire_as_expected(lives, ARRAY_LENGTH(lives));
}

/* The event names its opening, and what it says is the same after a restart in between. */
static void it_is_of_the_case_that_was_opened(void **state)
{
    (void)state;
    begin_with(NEAR_DUE);
    obey("fact 1 03-02T08:00 request:12345:1 due_at=2026-03-02T18:00:00+08:00");
    obey("tick 03-02T16:00");
    restart();
    obey("tick 03-02T18:00");
    const struct kept *opened = NULL, *lapsed = NULL;
    for (size_t i = 0; i < kept_count; i++) {
        opened = is_opened(&kept[i]) ? &kept[i] : opened;
        bool is_lapsed = kept[i].stream == STREAM_EVENTS && strstr(kept[i].value, ".case.lapsed.");
        lapsed = is_lapsed ? &kept[i] : lapsed;
    }
    assert_non_null(opened);
    assert_non_null(lapsed);
    assert_string_equal(opened->key, lapsed->key);
    char cause[64];
    const char *id = strrchr(opened->key, ':') + 1;
    snprintf(cause, sizeof cause, "\"cause\":\"%s\"", id);
    assert_non_null(strstr(lapsed->value, cause));
    assert_non_null(strstr(lapsed->value, "所提醒的时限已过"));
    end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {{"findings_end_as_expected", test, NULL, NULL, NULL},
                                       cmocka_unit_test(it_is_of_the_case_that_was_opened)};
    return cmocka_run_group_tests(tests, load, unload);
}
