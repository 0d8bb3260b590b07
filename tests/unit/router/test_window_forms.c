/* SPDX-License-Identifier: Apache-2.0 */
/* Every form of trigger as a table of small lives: at the boundary and beside it, late, corrected,
 * taken back. Each life is told four times: as it is; every fact twice; with a restart after every
 * line; and followed by a replay of all its facts. What fires must be the same. `cites` is what the
 * expectation follows: an article of the regulation, DESIGN, a page of docs/decisions. */
#include "windows.h"

enum { MOST_LINES = 220 };

struct life {
    const char *name, *cites, *trigger;
    const char *script;   /* lines */
    const char *expected; /* lines */
};

#define CLUSTER                                                                                    \
    "trigger: cluster\nname: 聚集\non: { kind: request, stage: opened }\n"                       \
    "group: [estate_code, type_code]\n"                                                            \
    "count: { at_least: 3, distinct: { caller_ref: 2 }, within: 7d }\n"                            \
    "open: { type_code: same, place: same, say: \"{count}件{distinct}人{since}-{until}\" }\n"

#define REPEAT                                                                                     \
    "trigger: repeat\nname: 重复\non: { kind: request, stage: opened }\ngroup: [caller_ref]\n"   \
    "count: { at_least: 3, within: 30d }\ncool_down: 10d\n"                                        \
    "open: { type_code: same, say: \"{within}内{count}件{type}\" }\n"

#define FLAG                                                                                       \
    "trigger: flag\nname: 苗头\non: { kind: request, stage: opened, flags: threat }\n"           \
    "group: [case]\ncount: { at_least: 1 }\nconfirm: no\n"                                         \
    "open: { type_code: R0606, say: \"{case}{community}\" }\n"

#define SEQUENCE                                                                                   \
    "trigger: again\nname: 办结再来\ngroup: [caller_ref]\n"                                    \
    "sequence: { first: { kind: request, stage: closed }, then: { kind: request, stage: opened }," \
    " within: 30d, other_case: true }\ncool_down: 1d\n"                                            \
    "open: { say: \"{lasted}后\" }\n"

#define SURGE                                                                                       \
    "trigger: surge\nname: 突增\non: { kind: request, stage: opened }\ngroup: [community_code]\n" \
    "surge: { weeks: 8, judged_with: 4, sigma: 3, at_least: 5 }\n"                                  \
    "open: { say: \"{date}{count}件,均值{mean}\" }\n"

#define ABSENCE                                                                                    \
    "trigger: quiet\nname: 无反馈\non: { kind: request, stage: dispatched }\ngroup: [case]\n"   \
    "absence: { of: { kind: request, stage: [signed, contacted, resolved] }, within: 48h }\n"      \
    "open: { say: \"{within}无反馈,自{since}\" }\n"

#define NEAR_DUE                                                                                   \
    "trigger: near\nname: 临期\non: { kind: request, stage: dispatched }\ngroup: [case]\n"       \
    "absence: { of: { kind: request, stage: [resolved, closed] }, before: due_at,"                 \
    " by: { share: 0.2, at_most: 4h } }\n"                                                         \
    "open: { say: \"{until}起临期,{due_at}到期\" }\n"

#define SILENCE                                                                                    \
    "trigger: silent\nname: 静默\ngroup: [station]\nsilence: { cadences: 3 }\n"                  \
    "open: { lead: d_civil, place: same, say: \"{station}自{since}无消息\" }\n"

#define THRESHOLD                                                                                  \
    "trigger: queue\nname: 排队\non: { observation: heartbeat }\ngroup: [station]\n"             \
    "threshold: { field: waiting, above: 50, for: 2h, holds: 90m }\ncool_down: 12h\n"              \
    "open: { say: \"{within}超限,自{since}\" }\n"

#define CALENDAR                                                                                      \
    "trigger: check\nname: 供暖前检查\non: { kind: request, stage: opened, type_code: R0201 }\n" \
    "group: [community_code]\ncalendar: { every_year: \"10-15\", at_least: 2, within: 365d }\n"       \
    "open: { type_code: R0201, say: \"{date}前{count}件\" }\n"

#define SEASON                                                                                     \
    "trigger: heating\nname: 供暖季\non: { kind: request, stage: opened, type_code: R0201 }\n"  \
    "season: { from: \"11-15\", to: \"03-15\" }\ngroup: [community_code]\n"                        \
    "count: { at_least: 2, within: 24h }\nopen: { say: \"{count}件\" }\n"

#define NOTICE                                                                                     \
    "trigger: rain\nname: 暴雨积水\non: { kind: request, stage: opened, type_code: R1301 }\n"  \
    "group: [community_code]\n"                                                                    \
    "notice: { of: { observation: weather_alert, sort: rain }, at_least: 2, within: 1000d }\n"     \
    "words: { orange: 橙色, red: 红色 }\n"                                                     \
    "open: { type_code: R1301, place: same, say: \"{level}预警,曾{count}件\" }\n"

#define OUTAGE                                                                                     \
    "trigger: outage\nname: 计划停供\non: { observation: outage, cause: planned }\n"           \
    "group: [community_code, sort]\ncount: { at_least: 1 }\nwords: { water: 水, heat: 热 }\n"    \
    "open: { place: same, say: \"停{sort},{begins}起\" }\n"

#define CAPPED                                                                                       \
    "trigger: capped\nname: 上限\non: { kind: request, stage: opened }\ngroup: [community_code]\n" \
    "count: { at_least: 1, within: 1d }\ncaps: { at_once: 2, per_day: 3 }\n"                         \
    "open: { say: \"{count}\" }\n"

#define WEEKS_OF_TWO                                                                               \
    "fact w1a 03-02T10:00 C\nfact w1b 03-02T11:00 C\ntick 03-03T00:00\n"                           \
    "fact w2a 03-09T10:00 C\nfact w2b 03-09T11:00 C\ntick 03-10T00:00\n"                           \
    "fact w3a 03-16T10:00 C\nfact w3b 03-16T11:00 C\ntick 03-17T00:00\n"                           \
    "fact w4a 03-23T10:00 C\nfact w4b 03-23T11:00 C\ntick 03-24T00:00\n"

static const struct life lives[] = {
    /* ---- count: DESIGN §5, 聚集 of domain §2.8 ---- */
    {"count_fires_with_the_third_of_two_callers", "条例第二十四条", CLUSTER,
     "fact 1 03-02T08:00 E1,R0105 caller_ref=a\nfact 2 03-03T08:00 E1,R0105 caller_ref=b\n"
     "fact 3 03-04T08:00 E1,R0105 caller_ref=a",
     "E1,R0105: 3件2人2月25日08:00-3月4日08:00\n"},
    {"count_two_are_not_three", "条例第二十四条", CLUSTER,
     "fact 1 03-02T08:00 E1,R0105 caller_ref=a\nfact 2 03-03T08:00 E1,R0105 caller_ref=b", ""},
    {"count_of_one_caller_never_fires", "条例第二十四条", CLUSTER,
     "fact 1 03-02T08:00 E1,R0105 caller_ref=a\nfact 2 03-03T08:00 E1,R0105 caller_ref=a\n"
     "fact 3 03-04T08:00 E1,R0105 caller_ref=a\nfact 4 03-04T09:00 E1,R0105 caller_ref=a",
     ""},
    {"count_unknown_callers_are_not_different_ones", "docs/decisions/0042", CLUSTER,
     "fact 1 03-02T08:00 E1,R0105\nfact 2 03-03T08:00 E1,R0105\nfact 3 03-04T08:00 E1,R0105", ""},
    {"count_other_groups_are_other_matters", "条例第二十四条", CLUSTER,
     "fact 1 03-02T08:00 E1,R0105 caller_ref=a\nfact 2 03-03T08:00 E2,R0105 caller_ref=b\n"
     "fact 3 03-04T08:00 E1,R0106 caller_ref=c",
     ""},
    {"count_seven_days_apart_is_outside", "docs/decisions/0042", CLUSTER,
     "fact 1 03-02T08:00 E1,R0105 caller_ref=a\nfact 2 03-05T08:00 E1,R0105 caller_ref=b\n"
     "fact 3 03-09T08:00 E1,R0105 caller_ref=c",
     ""},
    {"count_a_minute_less_is_inside", "docs/decisions/0042", CLUSTER,
     "fact 1 03-02T08:01 E1,R0105 caller_ref=a\nfact 2 03-05T08:00 E1,R0105 caller_ref=b\n"
     "fact 3 03-09T08:00 E1,R0105 caller_ref=c",
     "E1,R0105: 3件3人3月2日08:00-3月9日08:00\n"},
    {"count_a_late_fact_counts_in_its_own_time", "DESIGN §5", CLUSTER,
     "fact 1 03-02T08:00 E1,R0105 caller_ref=a\nfact 3 03-04T08:00 E1,R0105 caller_ref=c\n"
     "tick 03-08T00:00\nfact 2 03-03T08:00 E1,R0105 caller_ref=b told=03-08T09:00",
     "E1,R0105: 3件3人2月25日08:00-3月4日08:00\n"},
    {"count_a_late_fact_of_seven_days_still_counts", "DESIGN §5", CLUSTER,
     "fact 1 03-02T08:00 E1,R0105 caller_ref=a\nfact 3 03-04T08:00 E1,R0105 caller_ref=c\n"
     "fact 2 03-03T08:00 E1,R0105 caller_ref=b told=03-10T08:00",
     "E1,R0105: 3件3人2月25日08:00-3月4日08:00\n"},
    {"count_later_than_the_horizon_counts_nowhere", "DESIGN §5", CLUSTER,
     "fact 1 03-02T08:00 E1,R0105 caller_ref=a\nfact 3 03-04T08:00 E1,R0105 caller_ref=c\n"
     "fact 2 03-03T08:00 E1,R0105 caller_ref=b told=03-10T08:01",
     ""},
    {"count_a_fourth_fires_no_more", "DESIGN §5", CLUSTER,
     "fact 1 03-02T08:00 E1,R0105 caller_ref=a\nfact 2 03-03T08:00 E1,R0105 caller_ref=b\n"
     "fact 3 03-04T08:00 E1,R0105 caller_ref=a\nfact 4 03-05T08:00 E1,R0105 caller_ref=c\n"
     "fact 5 03-10T08:00 E1,R0105 caller_ref=c",
     "E1,R0105: 3件2人2月25日08:00-3月4日08:00\n"},
    {"count_after_the_pause_it_fires_again", "DESIGN §5", CLUSTER,
     "fact 1 03-02T08:00 E1,R0105 caller_ref=a\nfact 2 03-03T08:00 E1,R0105 caller_ref=b\n"
     "fact 3 03-04T08:00 E1,R0105 caller_ref=a\nfact 4 03-09T08:00 E1,R0105 caller_ref=c\n"
     "fact 5 03-10T08:00 E1,R0105 caller_ref=d\nfact 6 03-11T08:00 E1,R0105 caller_ref=e",
     "E1,R0105: 3件2人2月25日08:00-3月4日08:00\nE1,R0105: 3件3人3月4日08:00-3月11日08:00\n"},
    {"count_a_late_fact_of_a_window_that_fired_is_silent", "DESIGN §5", CLUSTER,
     "fact 2 03-03T08:00 E1,R0105 caller_ref=b\nfact 3 03-04T08:00 E1,R0105 caller_ref=a\n"
     "fact 4 03-05T08:00 E1,R0105 caller_ref=c\nfact 1 03-02T08:00 E1,R0105 caller_ref=d "
     "told=03-06T08:00",
     "E1,R0105: 3件3人2月26日08:00-3月5日08:00\n"},
    {"count_taken_back_before_the_third", "contracts §2", CLUSTER,
     "fact 1 03-02T08:00 E1,R0105 caller_ref=a\nfact 2 03-03T08:00 E1,R0105 caller_ref=b\n"
     "fact 2 03-03T08:00 E1,R0105 caller_ref=b rev=2 gone\n"
     "fact 3 03-04T08:00 E1,R0105 caller_ref=a",
     ""},
    {"count_taken_back_and_an_older_revision_after_it", "contracts §2", CLUSTER,
     "fact 1 03-02T08:00 E1,R0105 caller_ref=a\n"
     "fact 2 03-03T08:00 E1,R0105 caller_ref=b rev=2 gone\n"
     "fact 2 03-03T08:00 E1,R0105 caller_ref=b rev=1\nfact 3 03-04T08:00 E1,R0105 caller_ref=a",
     ""},
    {"count_taken_back_then_given_again", "contracts §2", CLUSTER,
     "fact 1 03-02T08:00 E1,R0105 caller_ref=a\n"
     "fact 2 03-03T08:00 E1,R0105 caller_ref=b rev=2 gone\n"
     "fact 2 03-03T08:00 E1,R0105 caller_ref=b rev=3\nfact 3 03-04T08:00 E1,R0105 caller_ref=a",
     "E1,R0105: 3件2人2月25日08:00-3月4日08:00\n"},
    {"count_a_corrected_time_leaves_the_window", "contracts §2", CLUSTER,
     "fact 1 03-02T08:00 E1,R0105 caller_ref=a\nfact 1 02-20T08:00 E1,R0105 caller_ref=a rev=2\n"
     "fact 2 03-03T08:00 E1,R0105 caller_ref=b\nfact 3 03-04T08:00 E1,R0105 caller_ref=a",
     ""},
    {"count_a_corrected_time_enters_the_window", "contracts §2", CLUSTER,
     "fact 1 02-20T08:00 E1,R0105 caller_ref=a\nfact 2 03-03T08:00 E1,R0105 caller_ref=b\n"
     "fact 3 03-04T08:00 E1,R0105 caller_ref=a\nfact 1 03-02T08:00 E1,R0105 caller_ref=a rev=2",
     "E1,R0105: 3件2人2月25日08:00-3月4日08:00\n"},
    {"count_a_corrected_caller_is_another_one", "contracts §2", CLUSTER,
     "fact 1 03-02T08:00 E1,R0105 caller_ref=a\nfact 2 03-03T08:00 E1,R0105 caller_ref=a\n"
     "fact 3 03-04T08:00 E1,R0105 caller_ref=a\nfact 2 03-03T08:00 E1,R0105 caller_ref=b rev=2",
     "E1,R0105: 3件2人2月25日08:00-3月4日08:00\n"},
    {"count_what_fired_stays_when_a_fact_is_taken_back", "docs/decisions/0042", CLUSTER,
     "fact 1 03-02T08:00 E1,R0105 caller_ref=a\nfact 2 03-03T08:00 E1,R0105 caller_ref=b\n"
     "fact 3 03-04T08:00 E1,R0105 caller_ref=a\nfact 3 03-04T08:00 E1,R0105 caller_ref=a rev=2 "
     "gone\n"
     "fact 4 03-05T08:00 E1,R0105 caller_ref=c",
     "E1,R0105: 3件2人2月25日08:00-3月4日08:00\n"},
    {"count_long_after_the_clock_nothing_is_left", "docs/decisions/0042", CLUSTER,
     "fact 1 03-02T08:00 E1,R0105 caller_ref=a\nfact 2 03-03T08:00 E1,R0105 caller_ref=b\n"
     "tick 04-01T00:00\nfact 3 03-30T08:00 E1,R0105 caller_ref=a\ntick 05-01T00:00",
     ""},

    /* ---- repeat ---- */
    {"repeat_the_third_within_thirty_days", "条例第二十四条", REPEAT,
     "fact 1 03-01T08:00 a type_code=R0105\nfact 2 03-15T08:00 a type_code=R0105\n"
     "fact 3 03-30T08:00 a type_code=R0105",
     "a: 30天内3件无证无照经营\n"},
    {"repeat_the_third_a_day_too_late", "条例第二十四条", REPEAT,
     "fact 1 03-01T08:00 a type_code=R0105\nfact 2 03-15T08:00 a type_code=R0105\n"
     "fact 3 03-31T08:00 a type_code=R0105",
     ""},
    {"repeat_the_same_event_thrice_is_once", "contracts §2", REPEAT,
     "fact 1 03-01T08:00 a\nfact 1 03-01T08:00 a\nfact 1 03-01T08:00 a", ""},
    {"repeat_pauses_ten_days", "DESIGN §5", REPEAT,
     "fact 1 03-01T08:00 a\nfact 2 03-02T08:00 a\nfact 3 03-03T08:00 a\nfact 4 03-04T08:00 a\n"
     "fact 5 03-12T08:00 a\nfact 6 03-13T08:00 a",
     "a: 30天内3件\n"},

    /* ---- flags ---- */
    {"flag_each_case_once", "条例第二十九条", FLAG,
     "fact 1 03-02T08:00 request:12345:1 community_code=110105001901\n"
     "fact 2 03-02T08:01 request:12345:2 community_code=110105001901",
     "request:12345:1: request:12345:1槐汀家园社区\nrequest:12345:2: "
     "request:12345:2槐汀家园社区\n"},
    {"flag_corrected_away_before_it_was_told", "contracts §2", FLAG,
     "fact 1 03-02T08:00 request:12345:1 rev=2 gone\nfact 1 03-02T08:00 request:12345:1 rev=1", ""},

    /* ---- sequence ---- */
    {"sequence_closed_then_again", "条例第二十五条", SEQUENCE,
     "fact 1 03-02T08:00 a\nanswer 2 03-12T08:00 a", "a: 10天后\n"},
    {"sequence_thirty_days_are_within", "docs/decisions/0042", SEQUENCE,
     "fact 1 03-02T08:00 a\nanswer 2 04-01T08:00 a", "a: 30天后\n"},
    {"sequence_a_minute_more_is_not", "docs/decisions/0042", SEQUENCE,
     "fact 1 03-02T08:00 a\nanswer 2 04-01T08:01 a", ""},
    {"sequence_the_other_way_round_is_none", "条例第二十五条", SEQUENCE,
     "answer 2 03-02T08:00 a\nfact 1 03-12T08:00 a", ""},
    {"sequence_of_one_case_is_none", "DESIGN §5", SEQUENCE,
     "fact 1 03-02T08:00 a case=request:12345:9\nanswer 2 03-12T08:00 a case=request:12345:9", ""},
    {"sequence_the_closure_told_late", "DESIGN §5", SEQUENCE,
     "answer 2 03-12T08:00 a\nfact 1 03-11T08:00 a told=03-15T08:00", "a: 1天后\n"},
    {"sequence_the_closure_taken_back", "contracts §2", SEQUENCE,
     "fact 1 03-02T08:00 a\nfact 1 03-02T08:00 a rev=2 gone\nanswer 2 03-12T08:00 a", ""},
    {"sequence_each_return_once", "DESIGN §5", SEQUENCE,
     "fact 1 03-02T08:00 a\nanswer 2 03-04T08:00 a\nfact 3 03-06T08:00 a\nanswer 4 03-08T08:00 a",
     "a: 2天后\na: 2天后\n"},
    {"sequence_pauses", "DESIGN §5", SEQUENCE,
     "fact 1 03-02T08:00 a\nanswer 2 03-04T08:00 a\nfact 3 03-04T09:00 a\nanswer 4 03-04T10:00 a",
     "a: 2天后\n"},

    /* ---- surge: 环比突增 of domain §2.8 ---- */
    {"surge_five_where_two_are_usual", "条例第二十四条", SURGE,
     "tick 03-01T00:00\n" WEEKS_OF_TWO
     "fact a 03-30T08:00 C\nfact b 03-30T09:00 C\nfact c 03-30T10:00 C\nfact d 03-30T11:00 C\n"
     "fact e 03-30T12:00 C\ntick 03-31T00:00",
     "C: 3月30日5件,均值2\n"},
    {"surge_not_before_the_day_is_over", "DESIGN §5", SURGE,
     "tick 03-01T00:00\n" WEEKS_OF_TWO
     "fact a 03-30T08:00 C\nfact b 03-30T09:00 C\nfact c 03-30T10:00 C\nfact d 03-30T11:00 C\n"
     "fact e 03-30T12:00 C\ntick 03-30T23:59",
     ""},
    {"surge_four_are_too_few", "domain §2.8", SURGE,
     "tick 03-01T00:00\n" WEEKS_OF_TWO
     "fact a 03-30T08:00 C\nfact b 03-30T09:00 C\nfact c 03-30T10:00 C\nfact d 03-30T11:00 C\n"
     "tick 03-31T00:00",
     ""},
    {"surge_with_three_weeks_nothing_is_judged", "contracts §6", SURGE,
     "tick 03-08T00:00\nfact w2a 03-09T10:00 C\ntick 03-10T00:00\nfact w3a 03-16T10:00 C\n"
     "tick 03-17T00:00\nfact w4a 03-23T10:00 C\ntick 03-24T00:00\n"
     "fact a 03-30T08:00 C\nfact b 03-30T09:00 C\nfact c 03-30T10:00 C\nfact d 03-30T11:00 C\n"
     "fact e 03-30T12:00 C\nfact f 03-30T13:00 C\ntick 03-31T00:00",
     ""},
    {"surge_weeks_without_a_fact_are_known_too", "docs/decisions/0043", SURGE,
     "tick 03-01T00:00\ntick 03-29T00:00\n"
     "fact a 03-30T08:00 C\nfact b 03-30T09:00 C\nfact c 03-30T10:00 C\nfact d 03-30T11:00 C\n"
     "fact e 03-30T12:00 C\ntick 03-31T00:00",
     "C: 3月30日5件,均值0\n"},
    {"surge_of_three_deviations_is_none", "domain §2.8", SURGE,
     /* 1, 3, 1, 3: mean 2, deviation 1; 5 is not above 2 + 3 */
     "tick 03-01T00:00\nfact 1a 03-02T10:00 C\ntick 03-03T00:00\nfact 2a 03-09T10:00 C\n"
     "fact 2b 03-09T11:00 C\nfact 2c 03-09T12:00 C\ntick 03-10T00:00\nfact 3a 03-16T10:00 C\n"
     "tick 03-17T00:00\nfact 4a 03-23T10:00 C\nfact 4b 03-23T11:00 C\nfact 4c 03-23T12:00 C\n"
     "tick 03-24T00:00\nfact a 03-30T08:00 C\nfact b 03-30T09:00 C\nfact c 03-30T10:00 C\n"
     "fact d 03-30T11:00 C\nfact e 03-30T12:00 C\ntick 03-31T00:00",
     ""},
    {"surge_above_three_deviations_is_one", "domain §2.8", SURGE,
     "tick 03-01T00:00\nfact 1a 03-02T10:00 C\ntick 03-03T00:00\nfact 2a 03-09T10:00 C\n"
     "fact 2b 03-09T11:00 C\nfact 2c 03-09T12:00 C\ntick 03-10T00:00\nfact 3a 03-16T10:00 C\n"
     "tick 03-17T00:00\nfact 4a 03-23T10:00 C\nfact 4b 03-23T11:00 C\nfact 4c 03-23T12:00 C\n"
     "tick 03-24T00:00\nfact a 03-30T08:00 C\nfact b 03-30T09:00 C\nfact c 03-30T10:00 C\n"
     "fact d 03-30T11:00 C\nfact e 03-30T12:00 C\nfact f 03-30T13:00 C\ntick 03-31T00:00",
     "C: 3月30日6件,均值2\n"},
    {"surge_other_weekdays_are_no_baseline", "domain §2.8", SURGE,
     /* Tuesdays are busy, this Monday alike: for a Monday it is a surge */
     "tick 03-01T00:00\nfact 1a 03-03T10:00 C\nfact 1b 03-03T10:00 C\nfact 1c 03-03T10:00 C\n"
     "fact 1d 03-03T10:00 C\nfact 1e 03-03T10:00 C\ntick 03-05T00:00\ntick 03-29T00:00\n"
     "fact a 03-30T08:00 C\nfact b 03-30T09:00 C\nfact c 03-30T10:00 C\nfact d 03-30T11:00 C\n"
     "fact e 03-30T12:00 C\ntick 03-31T00:00",
     "C: 3月30日5件,均值0\n"},
    {"surge_the_fifth_told_the_day_after", "DESIGN §5", SURGE,
     "tick 03-01T00:00\n" WEEKS_OF_TWO
     "fact a 03-30T08:00 C\nfact b 03-30T09:00 C\nfact c 03-30T10:00 C\nfact d 03-30T11:00 C\n"
     "tick 03-31T00:00\nfact e 03-30T12:00 C told=03-31T09:00\ntick 03-31T10:00",
     "C: 3月30日5件,均值2\n"},
    {"surge_the_fifth_taken_back_the_same_day", "contracts §2", SURGE,
     "tick 03-01T00:00\n" WEEKS_OF_TWO
     "fact a 03-30T08:00 C\nfact b 03-30T09:00 C\nfact c 03-30T10:00 C\nfact d 03-30T11:00 C\n"
     "fact e 03-30T12:00 C\nfact e 03-30T12:00 C rev=2 gone\ntick 03-31T00:00",
     ""},
    {"surge_after_a_long_stop", "contracts §6", SURGE,
     "tick 03-01T00:00\n" WEEKS_OF_TWO
     "fact a 03-30T08:00 C\nfact b 03-30T09:00 C\nfact c 03-30T10:00 C\nfact d 03-30T11:00 C\n"
     "fact e 03-30T12:00 C\ntick 04-02T12:00",
     "C: 3月30日5件,均值2\n"},

    /* ---- absence ---- */
    {"absence_nothing_for_two_days", "条例第十五条", ABSENCE,
     "fact 1 03-02T08:00 request:12345:1\ntick 03-04T08:00",
     "request:12345:1: 2天无反馈,自3月2日08:00\n"},
    {"absence_a_minute_before", "条例第十五条", ABSENCE,
     "fact 1 03-02T08:00 request:12345:1\ntick 03-04T07:59", ""},
    {"absence_answered_in_the_last_minute", "条例第十五条", ABSENCE,
     "fact 1 03-02T08:00 request:12345:1\nanswer 2 03-04T07:59 request:12345:1\ntick 03-05T08:00",
     ""},
    {"absence_never_without_a_tick", "DESIGN §3", ABSENCE,
     "fact 1 03-02T08:00 request:12345:1\nfact 2 03-09T08:00 request:12345:2", ""},
    {"absence_one_partition_of_time_is_not_time", "contracts §5", ABSENCE,
     "fact 1 03-02T08:00 request:12345:1\ntick 03-02T09:00\ntick 03-09T08:00 0", ""},
    {"absence_of_a_long_stop_hears_the_answer_first", "DESIGN §3", ABSENCE,
     "fact 1 03-02T08:00 request:12345:1\nanswer 2 03-03T08:00 request:12345:1 told=03-03T08:01\n"
     "tick 03-09T08:00",
     ""},
    {"absence_of_a_new_lead_waits_anew", "条例第十四条", ABSENCE,
     "fact 1 03-02T08:00 request:12345:1\nfact 2 03-03T08:00 request:12345:1\ntick 03-04T08:00\n"
     "tick 03-05T08:00",
     "request:12345:1: 2天无反馈,自3月3日08:00\n"},
    {"absence_an_answer_taken_back_is_none", "contracts §2", ABSENCE,
     "fact 1 03-02T08:00 request:12345:1\nanswer 2 03-03T08:00 request:12345:1\n"
     "answer 2 03-03T08:00 request:12345:1 rev=2 gone\ntick 03-04T08:00",
     "request:12345:1: 2天无反馈,自3月2日08:00\n"},
    {"absence_an_order_taken_back_waits_for_nothing", "contracts §2", ABSENCE,
     "fact 1 03-02T08:00 request:12345:1\nfact 1 03-02T08:00 request:12345:1 rev=2 gone\n"
     "tick 03-04T08:00",
     ""},
    {"absence_an_order_told_late_is_over_at_once", "DESIGN §5", ABSENCE,
     "tick 03-05T08:00\nfact 1 03-02T08:00 request:12345:1 told=03-05T08:01\ntick 03-05T08:30",
     "request:12345:1: 2天无反馈,自3月2日08:00\n"},

    /* ---- near-due ---- */
    {"near_due_a_fifth_of_the_time", "domain §2.5", NEAR_DUE,
     "fact 1 03-02T08:00 request:12345:1 due_at=2026-03-02T18:00:00+08:00\ntick 03-02T15:59\n"
     "tick 03-02T16:00",
     "request:12345:1: 3月2日16:00起临期,3月2日18:00到期\n"},
    {"near_due_at_most_four_hours", "domain §2.5", NEAR_DUE,
     "fact 1 03-02T08:00 request:12345:1 due_at=2026-03-09T08:00:00+08:00\ntick 03-09T03:59\n"
     "tick 03-09T04:00",
     "request:12345:1: 3月9日04:00起临期,3月9日08:00到期\n"},
    {"near_due_resolved_in_time", "domain §2.5", NEAR_DUE,
     "fact 1 03-02T08:00 request:12345:1 due_at=2026-03-09T08:00:00+08:00\n"
     "answer 2 03-08T08:00 request:12345:1\ntick 03-09T08:00",
     ""},
    {"near_due_of_no_due", "条例第十三条", NEAR_DUE,
     "fact 1 03-02T08:00 request:12345:1\ntick 03-20T08:00", ""},
    {"near_due_the_due_corrected", "contracts §2", NEAR_DUE,
     "fact 1 03-02T08:00 request:12345:1 due_at=2026-03-03T08:00:00+08:00\n"
     "fact 1 03-02T08:00 request:12345:1 due_at=2026-03-09T08:00:00+08:00 rev=2\ntick 03-03T08:00\n"
     "tick 03-09T04:00",
     "request:12345:1: 3月9日04:00起临期,3月9日08:00到期\n"},

    /* ---- silence: st001 is open Monday to Friday 09:00-17:30, every 4h ---- */
    {"silence_three_cadences_of_open_hours", "docs/decisions/0022", SILENCE,
     /* heard Monday 10:00; 12 h of open time: 7.5 that day, 4.5 on Tuesday until 13:30 */
     "fact 1 03-02T10:00 st001 station=st001 via=platform\ntick 03-03T13:30\ntick 03-03T13:31",
     "st001: 梅裕苑社区服务站自3月2日10:00无消息\n"},
    {"silence_not_at_the_last_moment", "docs/decisions/0022", SILENCE,
     "fact 1 03-02T10:00 st001 station=st001 via=platform\ntick 03-03T13:30", ""},
    {"silence_of_a_weekend_is_none", "docs/decisions/0022", SILENCE,
     "fact 1 03-06T17:00 st001 station=st001 via=platform\ntick 03-09T08:00", ""},
    {"silence_over_the_holidays_is_none", "docs/decisions/0022", SILENCE,
     "fact 1 09-30T17:00 st001 station=st001 via=platform\ntick 10-08T09:00", ""},
    {"silence_a_heartbeat_is_a_word", "docs/decisions/0022", SILENCE,
     "fact 1 03-02T10:00 st001 station=st001 via=platform\n"
     "fact 2 03-03T12:00 st001 station=st001 via=heartbeat\ntick 03-03T13:31",
     ""},
    {"silence_what_others_tell_of_it_proves_nothing", "docs/decisions/0022", SILENCE,
     "fact 1 03-02T10:00 st001 station=st001 via=platform\n"
     "fact 2 03-03T12:00 st001 station=st001 via=hotline\ntick 03-03T13:31",
     "st001: 梅裕苑社区服务站自3月2日10:00无消息\n"},
    {"silence_once_however_long", "DESIGN §5", SILENCE,
     "fact 1 03-02T10:00 st001 station=st001 via=platform\ntick 03-03T13:31\ntick 03-10T13:31\n"
     "tick 04-10T13:31",
     "st001: 梅裕苑社区服务站自3月2日10:00无消息\n"},
    {"silence_heard_again_and_silent_again", "DESIGN §5", SILENCE,
     "fact 1 03-02T10:00 st001 station=st001 via=platform\ntick 03-03T13:31\n"
     "fact 2 03-04T10:00 st001 station=st001 via=platform\ntick 03-05T13:31",
     "st001: 梅裕苑社区服务站自3月2日10:00无消息\nst001: 梅裕苑社区服务站自3月4日10:00无消息\n"},
    {"silence_words_in_any_order", "docs/decisions/0022", SILENCE,
     "fact 2 03-03T12:00 st001 station=st001 via=platform\n"
     "fact 1 03-02T10:00 st001 station=st001 via=platform\ntick 03-03T13:31",
     ""},
    {"silence_of_nobodys_station", "docs/decisions/0022", SILENCE,
     "fact 1 03-02T10:00 st999 station=st999 via=platform\ntick 04-03T13:31", ""},
    {"silence_after_a_stop_hears_first", "DESIGN §3", SILENCE,
     "fact 1 03-02T10:00 st001 station=st001 via=platform\n"
     "fact 2 03-03T13:00 st001 station=st001 via=platform\ntick 03-03T15:30",
     ""},

    /* ---- threshold ---- */
    {"threshold_two_hours_above", "DESIGN §5", THRESHOLD,
     "fact 1 03-02T10:00 st001 waiting=60\nfact 2 03-02T11:00 st001 waiting=70\n"
     "fact 3 03-02T12:00 st001 waiting=51\ntick 03-02T12:00",
     "st001: 2小时超限,自3月2日10:00\n"},
    {"threshold_a_minute_less", "DESIGN §5", THRESHOLD,
     "fact 1 03-02T10:01 st001 waiting=60\nfact 2 03-02T11:00 st001 waiting=70\n"
     "tick 03-02T12:00",
     ""},
    {"threshold_the_limit_itself_is_not_above", "DESIGN §5", THRESHOLD,
     "fact 1 03-02T10:00 st001 waiting=50\nfact 2 03-02T11:00 st001 waiting=50\n"
     "tick 03-02T14:00",
     ""},
    {"threshold_one_below_begins_anew", "DESIGN §5", THRESHOLD,
     "fact 1 03-02T10:00 st001 waiting=60\nfact 2 03-02T11:00 st001 waiting=10\n"
     "fact 3 03-02T11:30 st001 waiting=60\nfact 4 03-02T12:30 st001 waiting=60\ntick 03-02T12:45",
     ""},
    {"threshold_a_reading_does_not_hold_for_ever", "docs/decisions/0043", THRESHOLD,
     "fact 1 03-02T10:00 st001 waiting=60\ntick 03-02T20:00", ""},
    {"threshold_one_below_told_late", "DESIGN §5", THRESHOLD,
     "fact 1 03-02T10:00 st001 waiting=60\nfact 3 03-02T11:20 st001 waiting=60\n"
     "fact 2 03-02T11:00 st001 waiting=10 told=03-02T11:30\ntick 03-02T12:10",
     ""},
    {"threshold_over_before_the_clock_came", "contracts §6", THRESHOLD,
     "fact 1 03-02T10:00 st001 waiting=60\nfact 2 03-02T11:00 st001 waiting=60\n"
     "fact 3 03-02T12:00 st001 waiting=60\nfact 4 03-02T12:10 st001 waiting=1\ntick 03-02T18:00",
     "st001: 2小时超限,自3月2日10:00\n"},
    {"threshold_once_a_run", "DESIGN §5", THRESHOLD,
     "fact 1 03-02T10:00 st001 waiting=60\nfact 2 03-02T11:00 st001 waiting=60\n"
     "fact 3 03-02T12:00 st001 waiting=60\ntick 03-02T12:00\nfact 4 03-02T13:00 st001 waiting=60\n"
     "fact 5 03-02T14:00 st001 waiting=60\ntick 03-02T15:00",
     "st001: 2小时超限,自3月2日10:00\n"},

    /* ---- calendar and season ---- */
    {"calendar_on_its_day", "条例第二十五条", CALENDAR,
     "tick 2025-11-01T00:00\nfact 1 2025-12-01T08:00 C\nfact 2 01-05T08:00 C\ntick 10-14T23:59\n"
     "tick 10-15T00:00",
     "C: 10月15日前2件\n"},
    {"calendar_not_before", "条例第二十五条", CALENDAR,
     "tick 2025-11-01T00:00\nfact 1 2025-12-01T08:00 C\nfact 2 01-05T08:00 C\ntick 10-14T23:59",
     ""},
    {"calendar_where_one_is_known_nothing", "条例第二十五条", CALENDAR,
     "tick 2025-11-01T00:00\nfact 1 2025-12-01T08:00 C\ntick 10-15T00:00", ""},
    {"calendar_a_stop_over_the_day", "contracts §6", CALENDAR,
     "tick 2025-11-01T00:00\nfact 1 2025-12-01T08:00 C\nfact 2 01-05T08:00 C\ntick 10-17T00:00",
     "C: 10月15日前2件\n"},
    {"calendar_each_year_its_own", "条例第二十五条", CALENDAR,
     "tick 2024-11-01T00:00\nfact 1 2024-12-01T08:00 C\nfact 2 2025-01-05T08:00 C\n"
     "tick 2025-10-15T00:00\nfact 3 2025-12-01T08:00 C\nfact 4 01-05T08:00 C\ntick 10-15T00:00",
     "C: 10月15日前2件\nC: 10月15日前2件\n"},
    {"season_inside", "条例第二十五条", SEASON,
     "fact 1 2025-11-15T00:00 C\nfact 2 2025-11-15T08:00 C", "C: 2件\n"},
    {"season_its_last_day", "条例第二十五条", SEASON, "fact 1 03-15T08:00 C\nfact 2 03-15T23:59 C",
     "C: 2件\n"},
    {"season_the_day_after", "条例第二十五条", SEASON, "fact 1 03-15T23:00 C\nfact 2 03-16T00:00 C",
     ""},
    {"season_the_day_before", "条例第二十五条", SEASON,
     "fact 1 2025-11-14T08:00 C\nfact 2 2025-11-14T23:59 C", ""},

    /* ---- notices ---- */
    {"notice_where_two_points_are_known", "条例第二十五条", NOTICE,
     "fact 1 2025-07-01T08:00 110105001901\nfact 2 2025-08-01T08:00 110105001901\n"
     "fact 3 2025-08-01T08:00 110105001902\n"
     "notice n1 07-10T08:00 - sort=rain level=orange",
     "110105001901: 橙色预警,曾2件\n"},
    {"notice_of_another_street", "条例第二十五条", NOTICE,
     "fact 1 2025-07-01T08:00 110105001901\nfact 2 2025-08-01T08:00 110105001901\n"
     "notice n1 07-10T08:00 - sort=rain level=orange street_code=110105002",
     ""},
    {"notice_of_its_street", "条例第二十五条", NOTICE,
     "fact 1 2025-07-01T08:00 110105001901\nfact 2 2025-08-01T08:00 110105001901\n"
     "notice n1 07-10T08:00 - sort=rain level=red street_code=110105001",
     "110105001901: 红色预警,曾2件\n"},
    {"notice_renewed_within_the_pause", "DESIGN §5", NOTICE,
     "fact 1 2025-07-01T08:00 110105001901\nfact 2 2025-08-01T08:00 110105001901\n"
     "notice n1 07-10T08:00 - sort=rain level=orange\n"
     "notice n2 07-10T12:00 - sort=rain level=red",
     "110105001901: 橙色预警,曾2件\n"},
    {"notice_of_another_day", "DESIGN §5", NOTICE,
     "fact 1 2025-07-01T08:00 110105001901\nfact 2 2025-08-01T08:00 110105001901\n"
     "notice n1 07-10T08:00 - sort=rain level=orange\n"
     "notice n2 07-11T08:00 - sort=rain level=red",
     "110105001901: 橙色预警,曾2件\n110105001901: 红色预警,曾2件\n"},
    {"notice_a_point_told_after_it", "DESIGN §5", NOTICE,
     "fact 1 2025-07-01T08:00 110105001901\nnotice n1 07-10T08:00 - sort=rain level=orange\n"
     "fact 2 07-09T20:00 110105001901 told=07-10T09:00",
     "110105001901: 橙色预警,曾2件\n"},
    {"notice_a_point_that_came_after_it_is_no_past_one", "条例第二十五条", NOTICE,
     "fact 1 2025-07-01T08:00 110105001901\nnotice n1 07-10T08:00 - sort=rain level=orange\n"
     "fact 2 07-10T20:00 110105001901",
     ""},
    {"outage_for_each_community_and_sort", "条例第二十五条", OUTAGE,
     "fact 1 03-02T08:00 110105001901,water begins=2026-03-03T09:00:00+08:00\n"
     "fact 2 03-02T08:00 110105001902,water begins=2026-03-03T09:00:00+08:00\n"
     "fact 3 03-02T09:00 110105001901,heat begins=2026-03-04T09:00:00+08:00",
     "110105001901,water: 停水,3月3日09:00起\n110105001902,water: 停水,3月3日09:00起\n"
     "110105001901,heat: 停热,3月4日09:00起\n"},

    /* ---- caps ---- */
    {"cap_at_once_the_others_follow_with_the_clock", "contracts §6", CAPPED,
     "tick 03-02T00:00\nfact 1 03-02T08:00 A\nfact 2 03-02T08:00 B\nfact 3 03-02T08:00 C\n"
     "tick 03-02T09:00",
     "A: 1\nB: 1\nC: 1\n"},
    {"cap_at_once_no_clock_no_more", "DESIGN §5", CAPPED,
     "tick 03-02T00:00\nfact 1 03-02T08:00 A\nfact 2 03-02T08:00 B\nfact 3 03-02T08:00 C",
     "A: 1\nB: 1\n"},
    {"cap_of_a_day_the_next_day", "DESIGN §5", CAPPED,
     "tick 03-02T00:00\nfact 1 03-02T08:00 A\nfact 2 03-02T08:00 B\ntick 03-02T09:00\n"
     "fact 3 03-02T09:00 C\nfact 4 03-02T09:00 D\ntick 03-02T23:00\ntick 03-03T00:00",
     "A: 1\nB: 1\nC: 1\nD: 1\n"},
    {"cap_of_a_day_not_the_same_day", "DESIGN §5", CAPPED,
     "tick 03-02T00:00\nfact 1 03-02T08:00 A\nfact 2 03-02T08:00 B\ntick 03-02T09:00\n"
     "fact 3 03-02T09:00 C\nfact 4 03-02T09:00 D\ntick 03-02T23:00",
     "A: 1\nB: 1\nC: 1\n"},
};

enum telling { AS_IT_IS, TWICE, RESTARTED, REPLAYED, TELLINGS };
static const char *const tellings[] = {"as it is", "twice", "restarted", "replayed"};

static size_t split(const char *script, char *copy, size_t size, char **lines)
{
    size_t count = 0;
    char *save = NULL;
    snprintf(copy, size, "%s", script);
    for (char *line = strtok_r(copy, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
        assert_true(count < MOST_LINES);
        lines[count++] = line;
    }
    return count;
}

static void tell_life(const struct life *life, enum telling telling, struct strbuf *fired)
{
    char copy[8192], *lines[MOST_LINES];
    size_t count = split(life->script, copy, sizeof copy, lines);
    struct triggers *loaded = triggers_of(life->trigger);
    if (!loaded)
        fail_msg("%s: %s", life->name, complaint);
    begin(loaded);
    for (size_t i = 0; i < count; i++) {
        obey(lines[i]);
        if (telling == TWICE)
            obey(lines[i]);
        if (telling == RESTARTED)
            restart();
    }
    for (size_t i = 0; telling == REPLAYED && i < count; i++)
        if (strncmp(lines[i], "tick", 4) != 0)
            obey(lines[i]);
    read_firings(fired);
    end();
}

static void lives_fire_as_expected(void **state)
{
    struct strbuf fired;
    size_t wrong = 0;
    (void)state;
    strbuf_init(&fired, 1024, 1 << 20);
    for (size_t i = 0; i < ARRAY_LENGTH(lives); i++) {
        assert_true(lives[i].cites[0]);
        for (int telling = AS_IT_IS; telling < TELLINGS; telling++) {
            tell_life(&lives[i], (enum telling)telling, &fired);
            if (span_is(strbuf_span(&fired), lives[i].expected))
                continue;
            print_error("%s, %s:\n expected %s\n came     %s\n", lives[i].name, tellings[telling],
                        lives[i].expected, fired.at);
            wrong++;
        }
    }
    strbuf_fini(&fired);
    print_message("%zu lives, each told in %d ways\n", ARRAY_LENGTH(lives), TELLINGS);
    assert_int_equal(wrong, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(lives_fire_as_expected)};
    return cmocka_run_group_tests(tests, load, unload);
}
