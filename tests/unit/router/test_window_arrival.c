/* SPDX-License-Identifier: Apache-2.0 */
/* What is judged when a fact comes: count, repeat, flags, sequence, notices; and caps. At the
 * boundary and beside it, late, corrected, taken back. */
#include "window_lives.h"

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

#define SEASONAL                                                                                   \
    "trigger: t\nname: 例\non: { kind: request, stage: opened }\ngroup: [community_code]\n"       \
    "season: { from: \"11-15\", to: \"03-15\" }\ncount: { at_least: 2, within: 7d }\n"             \
    "open: { say: \"{count}\" }\n"

static const struct life lives[] = {
    /* ---- count: DESIGN §5, 聚集 of domain §2.8 ---- */
    {"count_fires_with_the_third_of_two_callers", "条例第二十四条", CLUSTER,
     "fact 1 03-02T08:00 E1,R0105 caller_ref=a\nfact 2 03-03T08:00 E1,R0105 caller_ref=b\n"
     "fact 3 03-04T08:00 E1,R0105 caller_ref=a\nnow",
     "E1,R0105: 3件2人2月25日08:00-3月4日08:00\n"},
    {"count_not_before_all_that_came_before_is_there", "docs/decisions/0042", CLUSTER,
     "tick 03-02T00:00\nfact 1 03-02T08:00 E1,R0105 caller_ref=a\n"
     "fact 2 03-03T08:00 E1,R0105 caller_ref=b\nfact 3 03-04T08:00 E1,R0105 caller_ref=a\n"
     "tick 03-04T07:59\ntick 03-04T09:00 0",
     ""},
    {"count_two_are_not_three", "条例第二十四条", CLUSTER,
     "fact 1 03-02T08:00 E1,R0105 caller_ref=a\nfact 2 03-03T08:00 E1,R0105 caller_ref=b\nnow", ""},
    {"count_of_one_caller_never_fires", "条例第二十四条", CLUSTER,
     "fact 1 03-02T08:00 E1,R0105 caller_ref=a\nfact 2 03-03T08:00 E1,R0105 caller_ref=a\n"
     "fact 3 03-04T08:00 E1,R0105 caller_ref=a\nfact 4 03-04T09:00 E1,R0105 caller_ref=a\nnow",
     ""},
    {"count_unknown_callers_are_not_different_ones", "docs/decisions/0042", CLUSTER,
     "fact 1 03-02T08:00 E1,R0105\nfact 2 03-03T08:00 E1,R0105\nfact 3 03-04T08:00 E1,R0105\nnow",
     ""},
    {"count_an_unknown_caller_is_not_a_second_one", "docs/decisions/0042", CLUSTER,
     "fact 1 03-02T08:00 E1,R0105 caller_ref=a\nfact 2 03-03T08:00 E1,R0105\n"
     "fact 3 03-04T08:00 E1,R0105\nnow",
     ""},
    {"count_other_groups_are_other_matters", "条例第二十四条", CLUSTER,
     "fact 1 03-02T08:00 E1,R0105 caller_ref=a\nfact 2 03-03T08:00 E2,R0105 caller_ref=b\n"
     "fact 3 03-04T08:00 E1,R0106 caller_ref=c\nnow",
     ""},
    {"count_seven_days_apart_is_outside", "docs/decisions/0042", CLUSTER,
     "fact 1 03-02T08:00 E1,R0105 caller_ref=a\nfact 2 03-05T08:00 E1,R0105 caller_ref=b\n"
     "fact 3 03-09T08:00 E1,R0105 caller_ref=c\nnow",
     ""},
    {"count_a_minute_less_is_inside", "docs/decisions/0042", CLUSTER,
     "fact 1 03-02T08:01 E1,R0105 caller_ref=a\nfact 2 03-05T08:00 E1,R0105 caller_ref=b\n"
     "fact 3 03-09T08:00 E1,R0105 caller_ref=c\nnow",
     "E1,R0105: 3件3人3月2日08:00-3月9日08:00\n"},
    {"count_a_late_fact_counts_in_its_own_time", "DESIGN §5", CLUSTER,
     "fact 1 03-02T08:00 E1,R0105 caller_ref=a\nfact 3 03-04T08:00 E1,R0105 caller_ref=c\n"
     "tick 03-08T00:00\nfact 2 03-03T08:00 E1,R0105 caller_ref=b told=03-08T09:00\nnow",
     "E1,R0105: 3件3人2月25日08:00-3月4日08:00\n"},
    {"count_a_late_fact_of_seven_days_still_counts", "DESIGN §5", CLUSTER,
     "fact 1 03-02T08:00 E1,R0105 caller_ref=a\nfact 3 03-04T08:00 E1,R0105 caller_ref=c\n"
     "fact 2 03-03T08:00 E1,R0105 caller_ref=b told=03-10T08:00\nnow",
     "E1,R0105: 3件3人2月25日08:00-3月4日08:00\n"},
    {"count_later_than_the_horizon_counts_nowhere", "DESIGN §5", CLUSTER,
     "fact 1 03-02T08:00 E1,R0105 caller_ref=a\nfact 3 03-04T08:00 E1,R0105 caller_ref=c\n"
     "fact 2 03-03T08:00 E1,R0105 caller_ref=b told=03-10T08:01\nnow",
     ""},
    {"count_a_fourth_fires_no_more", "DESIGN §5", CLUSTER,
     "fact 1 03-02T08:00 E1,R0105 caller_ref=a\nfact 2 03-03T08:00 E1,R0105 caller_ref=b\n"
     "fact 3 03-04T08:00 E1,R0105 caller_ref=a\nfact 4 03-05T08:00 E1,R0105 caller_ref=c\n"
     "fact 5 03-10T08:00 E1,R0105 caller_ref=c\nnow",
     "E1,R0105: 3件2人2月25日08:00-3月4日08:00\n"},
    {"count_after_the_pause_it_fires_again", "DESIGN §5", CLUSTER,
     "fact 1 03-02T08:00 E1,R0105 caller_ref=a\nfact 2 03-03T08:00 E1,R0105 caller_ref=b\n"
     "fact 3 03-04T08:00 E1,R0105 caller_ref=a\nfact 4 03-09T08:00 E1,R0105 caller_ref=c\n"
     "fact 5 03-10T08:00 E1,R0105 caller_ref=d\nfact 6 03-11T08:00 E1,R0105 caller_ref=e\nnow",
     "E1,R0105: 3件2人2月25日08:00-3月4日08:00\nE1,R0105: 3件3人3月4日08:00-3月11日08:00\n"},
    {"count_a_late_fact_of_a_window_that_fired_is_silent", "DESIGN §5", CLUSTER,
     "fact 2 03-03T08:00 E1,R0105 caller_ref=b\nfact 3 03-04T08:00 E1,R0105 caller_ref=a\n"
     "fact 4 03-05T08:00 E1,R0105 caller_ref=c\nnow\nfact 1 03-02T08:00 E1,R0105 caller_ref=d "
     "told=03-06T08:00\nnow",
     "E1,R0105: 3件3人2月26日08:00-3月5日08:00\n"},
    {"count_taken_back_before_the_third", "contracts §2", CLUSTER,
     "fact 1 03-02T08:00 E1,R0105 caller_ref=a\nfact 2 03-03T08:00 E1,R0105 caller_ref=b\n"
     "fact 2 03-03T08:00 E1,R0105 caller_ref=b rev=2 gone\n"
     "fact 3 03-04T08:00 E1,R0105 caller_ref=a\nnow",
     ""},
    {"count_taken_back_and_an_older_revision_after_it", "contracts §2", CLUSTER,
     "fact 1 03-02T08:00 E1,R0105 caller_ref=a\n"
     "fact 2 03-03T08:00 E1,R0105 caller_ref=b rev=2 gone\n"
     "fact 2 03-03T08:00 E1,R0105 caller_ref=b rev=1\nfact 3 03-04T08:00 E1,R0105 "
     "caller_ref=a\nnow",
     ""},
    {"count_taken_back_then_given_again", "contracts §2", CLUSTER,
     "fact 1 03-02T08:00 E1,R0105 caller_ref=a\n"
     "fact 2 03-03T08:00 E1,R0105 caller_ref=b rev=2 gone\n"
     "fact 2 03-03T08:00 E1,R0105 caller_ref=b rev=3\nfact 3 03-04T08:00 E1,R0105 "
     "caller_ref=a\nnow",
     "E1,R0105: 3件2人2月25日08:00-3月4日08:00\n"},
    {"count_what_is_said_again_arrived_when_it_was_said_first", "docs/decisions/0042", CLUSTER,
     "fact 1 03-02T08:00 E1,R0105 caller_ref=a\nfact 2 03-03T08:00 E1,R0105 caller_ref=b\n"
     "fact 3 03-04T08:00 E1,R0105 caller_ref=a\n"
     "fact 1 03-02T08:00 E1,R0105 caller_ref=a told=03-05T08:00\ntick 03-04T09:00",
     "E1,R0105: 3件2人2月25日08:00-3月4日08:00\n"},
    {"count_a_corrected_time_leaves_the_window", "contracts §2", CLUSTER,
     "fact 1 03-02T08:00 E1,R0105 caller_ref=a\nfact 1 02-20T08:00 E1,R0105 caller_ref=a rev=2\n"
     "fact 2 03-03T08:00 E1,R0105 caller_ref=b\nfact 3 03-04T08:00 E1,R0105 caller_ref=a\nnow",
     ""},
    {"count_a_corrected_time_enters_the_window", "contracts §2", CLUSTER,
     "fact 1 02-20T08:00 E1,R0105 caller_ref=a\nfact 2 03-03T08:00 E1,R0105 caller_ref=b\n"
     "fact 3 03-04T08:00 E1,R0105 caller_ref=a\nfact 1 03-02T08:00 E1,R0105 caller_ref=a "
     "rev=2\nnow",
     "E1,R0105: 3件2人2月25日08:00-3月4日08:00\n"},
    {"count_a_corrected_caller_is_another_one", "contracts §2", CLUSTER,
     "fact 1 03-02T08:00 E1,R0105 caller_ref=a\nfact 2 03-03T08:00 E1,R0105 caller_ref=a\n"
     "fact 3 03-04T08:00 E1,R0105 caller_ref=a\nfact 2 03-03T08:00 E1,R0105 caller_ref=b "
     "rev=2\nnow",
     "E1,R0105: 3件2人2月25日08:00-3月4日08:00\n"},
    {"count_what_fired_stays_when_a_fact_is_taken_back", "docs/decisions/0042", CLUSTER,
     "fact 1 03-02T08:00 E1,R0105 caller_ref=a\nfact 2 03-03T08:00 E1,R0105 caller_ref=b\n"
     "fact 3 03-04T08:00 E1,R0105 caller_ref=a\nnow\n"
     "fact 3 03-04T08:00 E1,R0105 caller_ref=a rev=2 told=03-04T09:00 gone\n"
     "fact 4 03-05T08:00 E1,R0105 caller_ref=c\nnow",
     "E1,R0105: 3件2人2月25日08:00-3月4日08:00\n"},
    {"count_taken_back_before_the_clock_came_to_it", "docs/decisions/0064", CLUSTER,
     "fact 1 03-02T08:00 E1,R0105 caller_ref=a\nfact 2 03-03T08:00 E1,R0105 caller_ref=b\n"
     "fact 3 03-04T08:00 E1,R0105 caller_ref=a\n"
     "fact 3 03-04T08:00 E1,R0105 caller_ref=a told=03-04T09:00 gone\ntick 03-04T08:30\n"
     "tick 03-04T10:00",
     "E1,R0105: 3件2人2月25日08:00-3月4日08:00\n"},
    {"count_moved_before_the_clock_came_to_it", "docs/decisions/0064", CLUSTER,
     "fact 1 03-02T08:00 E1,R0105 caller_ref=a\nfact 2 03-03T08:00 E1,R0105 caller_ref=b\n"
     "fact 3 03-04T08:00 E1,R0105 caller_ref=a\n"
     "fact 3 03-04T08:10 E1,R0105 caller_ref=c told=03-04T09:00\ntick 03-04T08:30\n"
     "tick 03-04T10:00",
     "E1,R0105: 3件2人2月25日08:00-3月4日08:00\n"},
    {"count_taken_back_with_the_step_of_the_clock", "docs/decisions/0064", CLUSTER,
     "fact 1 03-02T08:00 E1,R0105 caller_ref=a\nfact 2 03-03T08:00 E1,R0105 caller_ref=b\n"
     "fact 3 03-04T08:00 E1,R0105 caller_ref=a\n"
     "fact 3 03-04T08:00 E1,R0105 caller_ref=a told=03-04T08:20 gone\ntick 03-04T08:30\n"
     "tick 03-04T10:00",
     ""},
    {"count_a_correction_that_is_too_late_counts_no_longer", "docs/decisions/0064", CLUSTER,
     "fact 1 03-02T08:00 E1,R0105 caller_ref=a\nfact 2 03-03T08:00 E1,R0105 caller_ref=b\n"
     "fact 2 02-20T08:00 E1,R0105 caller_ref=b told=03-03T09:00\n"
     "fact 3 03-04T08:00 E1,R0105 caller_ref=a\ntick 03-05T08:00",
     ""},
    {"count_a_correction_out_of_season_counts_no_longer", "docs/decisions/0064", SEASONAL,
     "fact 1 03-14T08:00 C\nfact 2 03-15T08:00 C\nfact 2 03-16T08:00 C told=03-16T09:00\n"
     "tick 03-17T08:00",
     ""},
    {"count_long_after_the_clock_nothing_is_left", "docs/decisions/0042", CLUSTER,
     "fact 1 03-02T08:00 E1,R0105 caller_ref=a\nfact 2 03-03T08:00 E1,R0105 caller_ref=b\n"
     "tick 04-01T00:00\nfact 3 03-30T08:00 E1,R0105 caller_ref=a told=04-01T08:00\n"
     "tick 05-01T00:00\nnow",
     ""},

    /* ---- repeat ---- */
    {"repeat_the_third_within_thirty_days", "条例第二十四条", REPEAT,
     "fact 1 03-01T08:00 a type_code=R0105\nfact 2 03-15T08:00 a type_code=R0105\n"
     "fact 3 03-30T08:00 a type_code=R0105\nnow",
     "a: 30天内3件无证无照经营\n"},
    {"repeat_the_third_a_day_too_late", "条例第二十四条", REPEAT,
     "fact 1 03-01T08:00 a type_code=R0105\nfact 2 03-15T08:00 a type_code=R0105\n"
     "fact 3 03-31T08:00 a type_code=R0105\nnow",
     ""},
    {"repeat_the_same_event_thrice_is_once", "contracts §2", REPEAT,
     "fact 1 03-01T08:00 a\nfact 1 03-01T08:00 a\nfact 1 03-01T08:00 a\nnow", ""},
    {"repeat_pauses_ten_days", "DESIGN §5", REPEAT,
     "fact 1 03-01T08:00 a\nfact 2 03-02T08:00 a\nfact 3 03-03T08:00 a\nfact 4 03-04T08:00 a\n"
     "fact 5 03-12T08:00 a\nfact 6 03-13T08:00 a\nnow",
     "a: 30天内3件\n"},

    {"repeat_the_second_told_five_days_late", "DESIGN §5", REPEAT,
     "fact 1 03-01T08:00 a\nfact 3 03-20T08:00 a\ntick 03-20T09:00\n"
     "fact 2 03-16T08:00 a told=03-21T08:00\nnow",
     "a: 30天内3件\n"},
    {"repeat_the_second_told_eight_days_late", "DESIGN §5", REPEAT,
     "fact 1 03-01T08:00 a\nfact 3 03-20T08:00 a\ntick 03-20T09:00\n"
     "fact 2 03-16T08:00 a told=03-24T08:00\nnow",
     ""},

    /* ---- flags ---- */
    {"flag_each_case_once_in_order", "条例第二十九条", FLAG,
     "fact 1 03-02T08:00 request:12345:1 community_code=110105001901\n"
     "fact 2 03-02T08:01 request:12345:2 community_code=110105001901",
     "request:12345:1: request:12345:1槐汀家园社区\nrequest:12345:2: "
     "request:12345:2槐汀家园社区\n"},
    {"flag_corrected_away_before_it_was_told_in_order", "contracts §2", FLAG,
     "fact 1 03-02T08:00 request:12345:1 rev=2 gone\nfact 1 03-02T08:00 request:12345:1 rev=1", ""},

    {"flag_told_five_days_late", "DESIGN §5", FLAG,
     "tick 03-06T00:00\nfact 1 03-02T08:00 request:12345:1 community_code=110105001901 "
     "told=03-07T08:00\nnow",
     "request:12345:1: request:12345:1槐汀家园社区\n"},
    {"flag_told_eight_days_late", "DESIGN §5", FLAG,
     "tick 03-06T00:00\nfact 1 03-02T08:00 request:12345:1 community_code=110105001901 "
     "told=03-10T08:01\nnow",
     ""},

    /* ---- sequence ---- */
    {"sequence_closed_then_again", "条例第二十五条", SEQUENCE,
     "fact 1 03-02T08:00 a\nanswer 2 03-12T08:00 a\nnow", "a: 10天后\n"},
    {"sequence_thirty_days_are_within", "docs/decisions/0042", SEQUENCE,
     "fact 1 03-02T08:00 a\nanswer 2 04-01T08:00 a\nnow", "a: 30天后\n"},
    {"sequence_a_minute_more_is_not", "docs/decisions/0042", SEQUENCE,
     "fact 1 03-02T08:00 a\nanswer 2 04-01T08:01 a\nnow", ""},
    {"sequence_the_other_way_round_is_none", "条例第二十五条", SEQUENCE,
     "answer 2 03-02T08:00 a\nfact 1 03-12T08:00 a\nnow", ""},
    {"sequence_of_one_case_is_none", "DESIGN §5", SEQUENCE,
     "fact 1 03-02T08:00 a case=request:12345:9\nanswer 2 03-12T08:00 a case=request:12345:9\nnow",
     ""},
    {"sequence_the_closure_told_late", "DESIGN §5", SEQUENCE,
     "answer 2 03-12T08:00 a\nfact 1 03-11T08:00 a told=03-15T08:00\nnow", "a: 1天后\n"},
    {"sequence_the_closure_taken_back", "contracts §2", SEQUENCE,
     "fact 1 03-02T08:00 a\nfact 1 03-02T08:00 a rev=2 gone\nanswer 2 03-12T08:00 a\nnow", ""},
    {"sequence_each_return_once", "DESIGN §5", SEQUENCE,
     "fact 1 03-02T08:00 a\nanswer 2 03-04T08:00 a\nfact 3 03-06T08:00 a\nanswer 4 03-08T08:00 "
     "a\nnow",
     "a: 2天后\na: 2天后\n"},
    {"sequence_pauses", "DESIGN §5", SEQUENCE,
     "fact 1 03-02T08:00 a\nanswer 2 03-04T08:00 a\nfact 3 03-04T09:00 a\nanswer 4 03-04T10:00 "
     "a\nnow",
     "a: 2天后\n"},

    /* ---- notices ---- */
    {"notice_where_two_points_are_known", "条例第二十五条", NOTICE,
     "fact 1 2025-07-01T08:00 110105001901\nfact 2 2025-08-01T08:00 110105001901\n"
     "fact 3 2025-08-01T08:00 110105001902\n"
     "notice n1 07-10T08:00 - sort=rain level=orange\nnow",
     "110105001901: 橙色预警,曾2件\n"},
    {"notice_of_another_street", "条例第二十五条", NOTICE,
     "fact 1 2025-07-01T08:00 110105001901\nfact 2 2025-08-01T08:00 110105001901\n"
     "notice n1 07-10T08:00 - sort=rain level=orange street_code=110105002\nnow",
     ""},
    {"notice_of_its_street", "条例第二十五条", NOTICE,
     "fact 1 2025-07-01T08:00 110105001901\nfact 2 2025-08-01T08:00 110105001901\n"
     "notice n1 07-10T08:00 - sort=rain level=red street_code=110105001\nnow",
     "110105001901: 红色预警,曾2件\n"},
    {"notice_renewed_within_the_pause", "DESIGN §5", NOTICE,
     "fact 1 2025-07-01T08:00 110105001901\nfact 2 2025-08-01T08:00 110105001901\n"
     "notice n1 07-10T08:00 - sort=rain level=orange\n"
     "notice n2 07-10T12:00 - sort=rain level=red\nnow",
     "110105001901: 橙色预警,曾2件\n"},
    {"notice_of_another_day", "DESIGN §5", NOTICE,
     "fact 1 2025-07-01T08:00 110105001901\nfact 2 2025-08-01T08:00 110105001901\n"
     "notice n1 07-10T08:00 - sort=rain level=orange\n"
     "notice n2 07-11T08:00 - sort=rain level=red\nnow",
     "110105001901: 橙色预警,曾2件\n110105001901: 红色预警,曾2件\n"},
    {"notice_a_point_told_after_it", "DESIGN §5", NOTICE,
     "fact 1 2025-07-01T08:00 110105001901\nnotice n1 07-10T08:00 - sort=rain level=orange\n"
     "fact 2 07-09T20:00 110105001901 told=07-10T09:00\nnow",
     "110105001901: 橙色预警,曾2件\n"},
    {"notice_a_point_that_came_after_it_is_no_past_one", "条例第二十五条", NOTICE,
     "fact 1 2025-07-01T08:00 110105001901\nnotice n1 07-10T08:00 - sort=rain level=orange\n"
     "fact 2 07-10T20:00 110105001901\nnow",
     ""},
    {"outage_for_each_community_and_sort", "条例第二十五条", OUTAGE,
     "fact 1 03-02T08:00 110105001901,water begins=2026-03-03T09:00:00+08:00\n"
     "fact 2 03-02T08:00 110105001902,water begins=2026-03-03T09:00:00+08:00\n"
     "fact 3 03-02T09:00 110105001901,heat begins=2026-03-04T09:00:00+08:00\nnow",
     "110105001901,water: 停水,3月3日09:00起\n110105001902,water: 停水,3月3日09:00起\n"
     "110105001901,heat: 停热,3月4日09:00起\n"},

    /* ---- caps ---- */
    {"cap_at_once_the_others_follow_with_the_clock", "contracts §6", CAPPED,
     "tick 03-02T00:00\nfact 1 03-02T08:00 A\nfact 2 03-02T08:00 B\nfact 3 03-02T08:00 C\n"
     "tick 03-02T09:00\ntick 03-02T10:00",
     "A: 1\nB: 1\nC: 1\n"},
    {"cap_at_once_no_clock_no_more", "DESIGN §5", CAPPED,
     "tick 03-02T00:00\nfact 1 03-02T08:00 A\nfact 2 03-02T08:00 B\nfact 3 03-02T08:00 C\n"
     "tick 03-02T09:00",
     "A: 1\nB: 1\n"},
    {"cap_of_a_day_the_next_day", "DESIGN §5", CAPPED,
     "tick 03-02T00:00\nfact 1 03-02T08:00 A\nfact 2 03-02T08:00 B\ntick 03-02T09:00\n"
     "fact 3 03-02T09:01 C\nfact 4 03-02T09:01 D\ntick 03-02T23:00\ntick 03-03T00:00",
     "A: 1\nB: 1\nC: 1\nD: 1\n"},
    {"cap_of_a_day_not_the_same_day", "DESIGN §5", CAPPED,
     "tick 03-02T00:00\nfact 1 03-02T08:00 A\nfact 2 03-02T08:00 B\ntick 03-02T09:00\n"
     "fact 3 03-02T09:01 C\nfact 4 03-02T09:01 D\ntick 03-02T23:00",
     "A: 1\nB: 1\nC: 1\n"},
};

static void test(void **state)
{
    (void)state;
    lives_fire_as_expected(lives, ARRAY_LENGTH(lives));
}

int main(void)
{
    const struct CMUnitTest tests[] = {{"lives_fire_as_expected", test, NULL, NULL, NULL}};
    return cmocka_run_group_tests(tests, load, unload);
}
