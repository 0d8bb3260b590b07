/* SPDX-License-Identifier: Apache-2.0 */
/* One judge a form. Each looks at all that was heard and is over, so a clock that stood still for
 * hours misses nothing, and at nothing that was received later than the clock: partitions of
 * `events` are read at different speeds, and what fires must not hang on that
 * (docs/decisions/0042). A window lies half open before its newest fact: with `within: 7d` two
 * facts exactly seven days apart are not in one window.
 *
 * The start that names a window is that of its earliest fact, cut down to a day, hour or minute as
 * the window is long: facts that come in another order by seconds name the same window. */

#include "base/base.h"
#include "base/timestamp.h"
#include "router/core/window_judge_internal.h"

#define MINUTE_MS INT64_C(60000)
#define HOUR_MS   (60 * MINUTE_MS)
#define DAY_MS    (24 * HOUR_MS)

static int64_t name_of(int64_t within_ms, int64_t earliest_ms)
{
    int64_t grid = within_ms >= 2 * HOUR_MS ? HOUR_MS : MINUTE_MS;
    if (within_ms >= 2 * DAY_MS)
        return window_day_start(window_day_of(earliest_ms));
    int64_t over = earliest_ms % grid;
    return earliest_ms - (over < 0 ? over + grid : over);
}

bool window_judge_is_new(const struct window *window, const struct window_question *question,
                         int64_t start_ms, int64_t anchor_ms)
{
    return !window_has_fired(window, question->trigger, start_ms, anchor_ms);
}

void window_judge_add_evidence(struct window_finding *finding, const struct window_fact *fact)
{
    if (finding->evidence_count < TRIGGER_MOST_EVIDENCE)
        finding->evidence[finding->evidence_count++] = fact;
}

bool window_judge_is_heard(const struct window_question *question, const struct window_fact *fact)
{
    return fact->counts && window_version_holds(&fact->version, question->heard_ms);
}

static bool is_within(const struct window_question *question, const struct window_fact *fact,
                      int64_t from_ms, int64_t to_ms)
{
    return fact->time_ms > from_ms && fact->time_ms <= to_ms && !fact->answer &&
           window_judge_is_heard(question, fact);
}

static int64_t different(const struct window *window, const struct window_question *question,
                         int64_t from_ms, int64_t to_ms)
{
    uint64_t seen[WINDOW_MOST_FACTS + 1];
    size_t count = 0;
    for (size_t i = 0; i < window->fact_count; i++) {
        const struct window_fact *fact = &window->facts[i];
        size_t k = 0;
        if (!fact->distinct || !is_within(question, fact, from_ms, to_ms))
            continue;
        while (k < count && seen[k] != fact->distinct)
            k++;
        if (k == count)
            seen[count++] = fact->distinct;
    }
    return (int64_t)count;
}

/* The facts heard of (from, to], no answers: how many, the newest of them as evidence. */
void window_judge_gather(const struct window *window, const struct window_question *question,
                         int64_t from_ms, int64_t to_ms, struct window_finding *finding)
{
    size_t first = 0;
    *finding = (struct window_finding){.from_ms = from_ms, .to_ms = to_ms, .start_ms = to_ms};
    for (size_t i = window->fact_count; i-- > 0;) {
        if (!is_within(question, &window->facts[i], from_ms, to_ms))
            continue;
        finding->start_ms = window->facts[i].time_ms;
        if (finding->count++ < TRIGGER_MOST_EVIDENCE)
            first = i;
    }
    for (size_t i = first; i < window->fact_count; i++)
        if (is_within(question, &window->facts[i], from_ms, to_ms))
            window_judge_add_evidence(finding, &window->facts[i]);
    finding->more = window->pushed_ms != TIMESTAMP_NONE && window->pushed_ms > from_ms;
}

/* Cheap for the many groups that have too few facts, or fired a while ago. */
static bool may_be_full(const struct window *window, const struct window_question *question,
                        int64_t newest_ms)
{
    int64_t count = 0;
    for (size_t i = 0; i < window->fired_count; i++) {
        int64_t apart_ms = newest_ms - window->fired[i].anchor_ms;
        if ((apart_ms < 0 ? -apart_ms : apart_ms) < question->trigger->cool_down_ms)
            return false;
    }
    for (size_t i = 0; i < window->fact_count; i++)
        count += is_within(question, &window->facts[i], newest_ms - question->trigger->within_ms,
                           newest_ms);
    return count >= question->trigger->at_least;
}

static bool judge_count(const struct window *window, const struct window_question *question,
                        struct window_finding *finding)
{
    const struct trigger *trigger = question->trigger;
    if ((int64_t)window->fact_count < trigger->at_least)
        return false;
    for (size_t i = 0; i < window->fact_count; i++) {
        int64_t newest_ms = window->facts[i].time_ms, from_ms = newest_ms - trigger->within_ms;
        if (!window_judge_is_heard(question, &window->facts[i]) ||
            !may_be_full(window, question, newest_ms))
            continue;
        int64_t distinct =
            trigger->distinct.at ? different(window, question, from_ms, newest_ms) : 0;
        if (distinct < trigger->distinct_at_least)
            continue;
        window_judge_gather(window, question, from_ms, newest_ms, finding);
        finding->distinct = distinct;
        finding->start_ms = name_of(trigger->within_ms, finding->start_ms);
        finding->anchor_ms = newest_ms;
        if (window_judge_is_new(window, question, finding->start_ms, finding->anchor_ms))
            return true;
    }
    return false;
}

/* The newest `first` that `then` follows in time. */
static const struct window_fact *first_of(const struct window *window,
                                          const struct window_question *question,
                                          const struct window_fact *then)
{
    const struct trigger *trigger = question->trigger;
    const struct window_fact *found = NULL;
    for (size_t i = 0; i < window->fact_count && window->facts[i].time_ms <= then->time_ms; i++) {
        const struct window_fact *first = &window->facts[i];
        bool same_case = span_equal(first->subject, then->subject);
        if (window_judge_is_heard(question, first) && !first->answer &&
            !span_equal(first->id, then->id) &&
            then->time_ms - first->time_ms <= trigger->within_ms &&
            !(trigger->other_case && same_case))
            found = first;
    }
    return found;
}

static bool judge_sequence(const struct window *window, const struct window_question *question,
                           struct window_finding *finding)
{
    for (size_t i = 0; i < window->fact_count; i++) {
        const struct window_fact *then = &window->facts[i];
        const struct window_fact *first = then->answer && window_judge_is_heard(question, then)
                                              ? first_of(window, question, then)
                                              : NULL;
        if (!first || !window_judge_is_new(window, question, first->time_ms, then->time_ms))
            continue;
        *finding = (struct window_finding){.start_ms = first->time_ms,
                                           .anchor_ms = then->time_ms,
                                           .from_ms = first->time_ms,
                                           .to_ms = then->time_ms,
                                           .count = 2};
        window_judge_add_evidence(finding, first);
        window_judge_add_evidence(finding, then);
        return true;
    }
    return false;
}

static bool judge_notice(const struct window *window, const struct window_question *question,
                         struct window_finding *finding)
{
    const struct trigger *trigger = question->trigger;
    for (size_t i = 0; i < question->notice_count; i++) {
        const struct window_notice *notice = &question->notices[i];
        if (!notice->counts || !window_version_holds(&notice->version, question->heard_ms) ||
            !window_judge_is_new(window, question, notice->time_ms, notice->time_ms))
            continue;
        window_judge_gather(window, question, notice->time_ms - trigger->within_ms, notice->time_ms,
                            finding);
        finding->start_ms = finding->anchor_ms = notice->time_ms;
        finding->notice = notice;
        if (finding->count >= trigger->at_least)
            return true;
    }
    return false;
}

bool window_judge(const struct window *window, const struct window_question *question,
                  struct window_finding *finding)
{
    static window_judge_fn *const judges[TRIGGER_FORMS] = {
        [TRIGGER_COUNT] = judge_count,
        [TRIGGER_SEQUENCE] = judge_sequence,
        [TRIGGER_NOTICE] = judge_notice,
        [TRIGGER_SURGE] = window_judge_clock_surge,
        [TRIGGER_ABSENCE] = window_judge_clock_absence,
        [TRIGGER_SILENCE] = window_judge_clock_silence,
        [TRIGGER_THRESHOLD] = window_judge_clock_threshold,
        [TRIGGER_CALENDAR] = window_judge_clock_calendar,
    };
    return judges[question->trigger->form](window, question, finding);
}

static int64_t next_of_form(const struct window *window, const struct window_question *question)
{
    switch (question->trigger->form) {
    case TRIGGER_SURGE: return window_judge_clock_next_surge(window, question);
    case TRIGGER_ABSENCE: return window_judge_clock_next_absence(window, question);
    case TRIGGER_THRESHOLD: return window_judge_clock_next_threshold(window, question);
    case TRIGGER_SILENCE: return window_judge_clock_next_silence(window, question);
    case TRIGGER_CALENDAR: return window_judge_clock_next_calendar(window, question);
    case TRIGGER_COUNT:
    case TRIGGER_SEQUENCE:
    case TRIGGER_NOTICE:
    case TRIGGER_FORMS: break;
    }
    return TIMESTAMP_NONE;
}

int64_t window_next_ms(const struct window *window, const struct window_question *question)
{
    int64_t next_ms = next_of_form(window, question);
    for (size_t i = 0; i < window->fact_count; i++)
        if (window->facts[i].version.arrived_ms >= question->heard_ms)
            next_ms = window_judge_clock_earlier(next_ms, window->facts[i].version.arrived_ms + 1);
    for (size_t i = 0; i < question->notice_count; i++)
        if (question->notices[i].version.arrived_ms >= question->heard_ms)
            next_ms =
                window_judge_clock_earlier(next_ms, question->notices[i].version.arrived_ms + 1);
    return next_ms;
}
