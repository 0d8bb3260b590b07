/* SPDX-License-Identifier: Apache-2.0 */
/* What is judged by the clock: surge, absence, near-due, silence, threshold, days of the year,
 * seasons. */
#include "window_lives.h"

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

#define EAGER                                                                                      \
    "trigger: eager\nname: 排队\non: { observation: heartbeat }\ngroup: [station]\n"             \
    "threshold: { field: waiting, above: 50, for: 2h, holds: 90m }\ncool_down: 0s\n"               \
    "open: { say: \"{within}超限,自{since}\" }\n"

#define CALENDAR                                                                                      \
    "trigger: check\nname: 供暖前检查\non: { kind: request, stage: opened, type_code: R0201 }\n" \
    "group: [community_code]\ncalendar: { every_year: \"10-15\", at_least: 2, within: 365d }\n"       \
    "open: { type_code: R0201, say: \"{date}前{count}件\" }\n"

#define SEASON                                                                                     \
    "trigger: heating\nname: 供暖季\non: { kind: request, stage: opened, type_code: R0201 }\n"  \
    "season: { from: \"11-15\", to: \"03-15\" }\ngroup: [community_code]\n"                        \
    "count: { at_least: 2, within: 24h }\nopen: { say: \"{count}件\" }\n"

#define WEEKS_OF_TWO                                                                               \
    "fact w1a 03-02T10:00 C\nfact w1b 03-02T11:00 C\ntick 03-03T00:00\n"                           \
    "fact w2a 03-09T10:00 C\nfact w2b 03-09T11:00 C\ntick 03-10T00:00\n"                           \
    "fact w3a 03-16T10:00 C\nfact w3b 03-16T11:00 C\ntick 03-17T00:00\n"                           \
    "fact w4a 03-23T10:00 C\nfact w4b 03-23T11:00 C\ntick 03-24T00:00\n"

static const struct life lives[] = {
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
    {"absence_a_word_before_it_is_no_answer", "条例第十五条", ABSENCE,
     "answer 2 03-01T08:00 request:12345:1\nfact 1 03-02T08:00 request:12345:1\ntick 03-04T08:00",
     "request:12345:1: 2天无反馈,自3月2日08:00\n"},
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
    {"near_due_an_order_told_behind_that_moment", "DESIGN §5", NEAR_DUE,
     "tick 03-09T05:00\nfact 1 03-02T08:00 request:12345:1 due_at=2026-03-09T08:00:00+08:00 "
     "told=03-09T05:30\ntick 03-09T06:00",
     "request:12345:1: 3月9日04:00起临期,3月9日08:00到期\n"},
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
    {"silence_a_word_told_late_is_heard_when_it_comes", "docs/decisions/0022", SILENCE,
     "fact 1 03-02T10:00 st001 station=st001 via=platform\ntick 03-03T13:00\n"
     "fact 2 03-02T16:00 st001 station=st001 via=platform told=03-03T13:10\ntick 03-03T13:31\n"
     "tick 03-04T12:00\ntick 03-04T16:39\ntick 03-04T16:41",
     "st001: 梅裕苑社区服务站自3月3日13:10无消息\n"},
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
    {"threshold_what_does_not_tell_it_is_no_reading", "config/feeds/heartbeat", THRESHOLD,
     "fact 1 03-02T10:00 st001 waiting=60\nfact 2 03-02T10:30 st001 via=platform\n"
     "fact 3 03-02T11:00 st001 waiting=70\nfact 4 03-02T12:00 st001 waiting=51\n"
     "tick 03-02T12:00",
     "st001: 2小时超限,自3月2日10:00\n"},
    {"threshold_a_reading_does_not_hold_for_ever", "docs/decisions/0043", THRESHOLD,
     "fact 1 03-02T10:00 st001 waiting=60\ntick 03-02T20:00", ""},
    {"threshold_a_gap_of_readings_begins_anew", "docs/decisions/0043", THRESHOLD,
     "fact 1 03-02T10:00 st001 waiting=60\nfact 2 03-02T12:30 st001 waiting=60\ntick 03-02T12:40",
     ""},
    {"threshold_an_earlier_beginning_told_late_is_the_same_run", "DESIGN §5", EAGER,
     "fact 1 03-02T10:00 st001 waiting=60\nfact 2 03-02T11:00 st001 waiting=60\n"
     "fact 3 03-02T12:00 st001 waiting=60\ntick 03-02T12:01\n"
     "fact 4 03-02T09:00 st001 waiting=60 told=03-02T12:30\ntick 03-02T13:00",
     "st001: 2小时超限,自3月2日10:00\n"},
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
    {"calendar_one_of_them_told_two_days_late", "DESIGN §5", CALENDAR,
     "tick 2025-11-01T00:00\nfact 1 2025-12-01T08:00 C\ntick 10-13T00:00\n"
     "fact 2 10-12T08:00 C told=10-14T08:00\ntick 10-15T00:00",
     "C: 10月15日前2件\n"},
    {"calendar_one_of_them_told_behind_its_day", "DESIGN §5", CALENDAR,
     "tick 2025-11-01T00:00\nfact 1 2025-12-01T08:00 C\ntick 10-15T00:00\n"
     "fact 2 10-12T08:00 C told=10-16T08:00\ntick 10-17T00:00",
     "C: 10月15日前2件\n"},
    {"season_its_last_day_told_two_days_later", "DESIGN §5", SEASON,
     "fact 1 03-14T08:00 C\nfact 2 03-15T07:00 C told=03-17T08:00\nnow", "C: 2件\n"},
    {"season_inside", "条例第二十五条", SEASON,
     "fact 1 2025-11-15T00:00 C\nfact 2 2025-11-15T08:00 C\nnow", "C: 2件\n"},
    {"season_its_last_day", "条例第二十五条", SEASON,
     "fact 1 03-15T08:00 C\nfact 2 03-15T23:59 C\nnow", "C: 2件\n"},
    {"season_the_day_after", "条例第二十五条", SEASON,
     "fact 1 03-15T23:00 C\nfact 2 03-16T00:00 C\nnow", ""},
    {"season_the_day_before", "条例第二十五条", SEASON,
     "fact 1 2025-11-14T08:00 C\nfact 2 2025-11-14T23:59 C\nnow", ""},
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
