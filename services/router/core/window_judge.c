/* SPDX-License-Identifier: Apache-2.0 */
/* One judge a form. Forms judged on arrival look at the windows around the fact that came; forms
 * judged on the clock look at all that is over, so a clock that stood still for hours misses
 * nothing. A window lies half open before its newest fact: with `within: 7d` two facts exactly
 * seven days apart are not in one window.
 *
 * The start that names a window is that of its earliest fact, cut down to a day, hour or minute as
 * the window is long: facts that come in another order by seconds name the same window. */
#include "router/core/window_judge.h"

#include <math.h>

#include "base/base.h"
#include "base/timestamp.h"

#define MINUTE_MS INT64_C(60000)
#define HOUR_MS   (60 * MINUTE_MS)
#define DAY_MS    (24 * HOUR_MS)
#define MILLIONTH INT64_C(1000000)

#define MOST_DAYS_LATE 30 /* a day of the year that a long stop has passed over still counts */

typedef bool judge_fn(const struct window *window, const struct window_question *question,
                      struct window_finding *finding);

static int64_t name_of(int64_t within_ms, int64_t earliest_ms)
{
    int64_t grid = within_ms >= 2 * HOUR_MS ? HOUR_MS : MINUTE_MS;
    if (within_ms >= 2 * DAY_MS)
        return window_day_start(window_day_of(earliest_ms));
    int64_t over = earliest_ms % grid;
    return earliest_ms - (over < 0 ? over + grid : over);
}

static bool is_new(const struct window *window, const struct window_question *question,
                   int64_t start_ms, int64_t anchor_ms)
{
    return !window_has_fired(window, question->trigger, start_ms, anchor_ms);
}

static void add_evidence(struct window_finding *finding, const struct window_fact *fact)
{
    if (finding->evidence_count < TRIGGER_MOST_EVIDENCE)
        finding->evidence[finding->evidence_count++] = fact;
}

/* The counting facts, no answers, of (from, to]: how many, how many different, the newest of them
 * as evidence. */
static void gather(const struct window *window, int64_t from_ms, int64_t to_ms,
                   struct window_finding *finding)
{
    uint64_t seen[WINDOW_MOST_FACTS + 1];
    size_t skip = 0, seen_count = 0;
    *finding = (struct window_finding){.from_ms = from_ms, .to_ms = to_ms, .start_ms = to_ms};
    for (size_t i = 0; i < window->fact_count; i++) {
        const struct window_fact *fact = &window->facts[i];
        if (!fact->counts || fact->answer || fact->time_ms <= from_ms || fact->time_ms > to_ms)
            continue;
        if (finding->count++ == 0)
            finding->start_ms = fact->time_ms;
        size_t k = 0;
        while (k < seen_count && seen[k] != fact->distinct)
            k++;
        if (fact->distinct && k == seen_count)
            seen[seen_count++] = fact->distinct;
    }
    finding->distinct = (int64_t)seen_count;
    finding->more = window->pushed_ms != TIMESTAMP_NONE && window->pushed_ms > from_ms;
    if (finding->count > TRIGGER_MOST_EVIDENCE)
        skip = (size_t)finding->count - TRIGGER_MOST_EVIDENCE;
    for (size_t i = 0; i < window->fact_count; i++) {
        const struct window_fact *fact = &window->facts[i];
        if (!fact->counts || fact->answer || fact->time_ms <= from_ms || fact->time_ms > to_ms)
            continue;
        if (skip)
            skip--;
        else
            add_evidence(finding, fact);
    }
}

static bool judge_count(const struct window *window, const struct window_question *question,
                        struct window_finding *finding)
{
    const struct trigger *trigger = question->trigger;
    int64_t about_ms = question->about_ms;
    for (size_t i = 0; i < window->fact_count; i++) {
        const struct window_fact *newest = &window->facts[i];
        bool near = about_ms == TIMESTAMP_NONE || (newest->time_ms >= about_ms &&
                                                   newest->time_ms - about_ms < trigger->within_ms);
        if (!near || !newest->counts)
            continue;
        gather(window, newest->time_ms - trigger->within_ms, newest->time_ms, finding);
        finding->start_ms = name_of(trigger->within_ms, finding->start_ms);
        finding->anchor_ms = newest->time_ms;
        if (finding->count >= trigger->at_least &&
            finding->distinct >= trigger->distinct_at_least &&
            is_new(window, question, finding->start_ms, finding->anchor_ms))
            return true;
    }
    return false;
}

/* The newest `first` that `then` follows in time. */
static const struct window_fact *
first_of(const struct window *window, const struct trigger *trigger, const struct window_fact *then)
{
    const struct window_fact *found = NULL;
    for (size_t i = 0; i < window->fact_count && window->facts[i].time_ms <= then->time_ms; i++) {
        const struct window_fact *first = &window->facts[i];
        bool same_case = span_equal(first->subject, then->subject);
        if (first->counts && !first->answer && !span_equal(first->id, then->id) &&
            then->time_ms - first->time_ms <= trigger->within_ms &&
            !(trigger->other_case && same_case))
            found = first;
    }
    return found;
}

static bool judge_sequence(const struct window *window, const struct window_question *question,
                           struct window_finding *finding)
{
    const struct trigger *trigger = question->trigger;
    int64_t about_ms = question->about_ms;
    for (size_t i = 0; i < window->fact_count; i++) {
        const struct window_fact *then = &window->facts[i];
        bool near = about_ms == TIMESTAMP_NONE ||
                    (then->time_ms >= about_ms && then->time_ms - about_ms <= trigger->within_ms);
        const struct window_fact *first =
            near && then->counts && then->answer ? first_of(window, trigger, then) : NULL;
        if (!first || !is_new(window, question, first->time_ms, then->time_ms))
            continue;
        *finding = (struct window_finding){.start_ms = first->time_ms,
                                           .anchor_ms = then->time_ms,
                                           .from_ms = first->time_ms,
                                           .to_ms = then->time_ms,
                                           .count = 2};
        add_evidence(finding, first);
        add_evidence(finding, then);
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
        if (!notice->counts || !is_new(window, question, notice->time_ms, notice->time_ms))
            continue;
        gather(window, notice->time_ms - trigger->within_ms, notice->time_ms, finding);
        finding->start_ms = finding->anchor_ms = notice->time_ms;
        finding->notice = notice;
        if (finding->count >= trigger->at_least)
            return true;
    }
    return false;
}

/* More than the mean and sigma deviations of the same weekday in the weeks before, of those that
 * were heard whole. In whole numbers but for the root of the product, and without that root. */
static bool is_surge(const struct window *window, const struct window_question *question,
                     int64_t day, struct window_finding *finding)
{
    const struct trigger *trigger = question->trigger;
    int64_t n = 0, sum = 0, squares = 0, count = window_day_count(window, day);
    if (count < trigger->at_least)
        return false;
    for (int64_t week = 1; week <= trigger->weeks && day - 7 * week >= question->since_day;
         week++) {
        int64_t before = window_day_count(window, day - 7 * week);
        n++;
        sum += before;
        squares += before * before;
    }
    if (n == 0 || n < trigger->judged_with)
        return false;
    double above = (double)(n * count - sum);
    double sigma = (double)trigger->sigma_millionths / (double)MILLIONTH;
    double spread = sigma * sigma * (double)(n * squares - sum * sum);
    finding->mean_millionths = sum * MILLIONTH / n;
    return above > 0 && above * above > spread;
}

static bool judge_surge(const struct window *window, const struct window_question *question,
                        struct window_finding *finding)
{
    int64_t judged = TIMESTAMP_NONE;
    for (size_t i = 0; i < window->fact_count; i++) {
        int64_t day = window_day_of(window->facts[i].time_ms), start_ms = window_day_start(day);
        if (day == judged || question->clock_ms == TIMESTAMP_NONE ||
            start_ms + DAY_MS > question->clock_ms ||
            !is_new(window, question, start_ms, start_ms + DAY_MS - 1))
            continue;
        judged = day;
        struct window_finding found = {0};
        if (!is_surge(window, question, day, &found))
            continue;
        gather(window, start_ms - 1, start_ms + DAY_MS - 1, finding);
        finding->count = window_day_count(window, day);
        finding->mean_millionths = found.mean_millionths;
        finding->start_ms = start_ms;
        finding->anchor_ms = start_ms + DAY_MS - 1;
        finding->more = false;
        return true;
    }
    return false;
}

/* ---- on the clock ---- */

/* The newest beginning that nothing has answered, or NULL. A later one stands in for those before.
 */
static const struct window_fact *waiting(const struct window *window)
{
    const struct window_fact *begun = NULL;
    for (size_t i = 0; i < window->fact_count; i++)
        if (window->facts[i].counts && !window->facts[i].answer)
            begun = &window->facts[i];
    for (size_t i = 0; begun && i < window->fact_count; i++)
        if (window->facts[i].counts && window->facts[i].answer &&
            window->facts[i].time_ms >= begun->time_ms)
            return NULL;
    return begun;
}

static int64_t absence_due(const struct trigger *trigger, const struct window_fact *begun)
{
    if (!trigger->before_due)
        return begun->time_ms + trigger->within_ms;
    if (begun->value <= begun->time_ms) /* no due, or one that was over before it began */
        return TIMESTAMP_NONE;
    double whole = (double)(begun->value - begun->time_ms);
    double share = whole * (double)trigger->share_millionths / (double)MILLIONTH;
    return begun->value -
           (share > (double)trigger->at_most_ms ? trigger->at_most_ms : (int64_t)share);
}

static bool judge_absence(const struct window *window, const struct window_question *question,
                          struct window_finding *finding)
{
    const struct window_fact *begun = waiting(window);
    int64_t due_ms = begun ? absence_due(question->trigger, begun) : TIMESTAMP_NONE;
    if (due_ms == TIMESTAMP_NONE || question->clock_ms < due_ms ||
        !is_new(window, question, begun->time_ms, due_ms))
        return false;
    *finding = (struct window_finding){.start_ms = begun->time_ms,
                                       .anchor_ms = due_ms,
                                       .from_ms = begun->time_ms,
                                       .to_ms = due_ms,
                                       .count = 1,
                                       .value = begun->value};
    add_evidence(finding, begun);
    return true;
}

static int64_t silence_due(const struct window *window, const struct window_question *question)
{
    if (window->seen_ms == TIMESTAMP_NONE || !question->station)
        return TIMESTAMP_NONE;
    int64_t last_ms =
        cadence_due(&question->station->cadence, question->calendar, YAML_DATE_ZONE_MINUTES,
                    window->seen_ms, question->trigger->cadences);
    return last_ms == CADENCE_NEVER ? TIMESTAMP_NONE : last_ms + 1;
}

/* Once a silence, however long it lasts. */
static bool judge_silence(const struct window *window, const struct window_question *question,
                          struct window_finding *finding)
{
    int64_t due_ms = silence_due(window, question);
    if (due_ms == TIMESTAMP_NONE || question->clock_ms < due_ms || window->fired_count)
        return false;
    *finding = (struct window_finding){
        .start_ms = window->seen_ms,
        .anchor_ms = due_ms,
        .from_ms = window->seen_ms,
        .to_ms = due_ms,
    };
    for (size_t i = 0; i < window->fact_count; i++)
        add_evidence(finding, &window->facts[i]);
    return true;
}

/* A stretch in which the readings were beyond: since when, and until when that is known. */
struct run {
    int64_t since_ms, until_ms;
    const struct window_fact *last;
};

static bool is_beyond(const struct trigger *trigger, int64_t value)
{
    return value > trigger->above && value < trigger->below;
}

/* The next run behind *at, which moves on. A reading holds until the next one, at most holds_ms. */
static bool next_run(const struct window *window, const struct trigger *trigger, size_t *at,
                     struct run *run)
{
    bool going = *at == 0 && window->run_ms != TIMESTAMP_NONE;
    if (going)
        *run = (struct run){window->run_ms, window->pushed_ms + trigger->holds_ms, NULL};
    for (; *at < window->fact_count; ++*at) {
        const struct window_fact *fact = &window->facts[*at];
        if (!fact->counts)
            continue;
        bool beyond = is_beyond(trigger, fact->value);
        if (going && (!beyond || fact->time_ms > run->until_ms)) {
            if (fact->time_ms < run->until_ms)
                run->until_ms = fact->time_ms;
            return true; /* this reading is the next run's, or nobody's */
        }
        if (!going && !beyond)
            continue;
        if (!going)
            run->since_ms = fact->time_ms;
        run->until_ms = fact->time_ms + trigger->holds_ms;
        run->last = fact;
        going = true;
    }
    return going;
}

static bool overlaps_fired(const struct window *window, const struct run *run)
{
    for (size_t i = 0; i < window->fired_count; i++)
        if (window->fired[i].anchor_ms >= run->since_ms &&
            window->fired[i].start_ms <= run->until_ms)
            return true;
    return false;
}

static bool judge_threshold(const struct window *window, const struct window_question *question,
                            struct window_finding *finding)
{
    const struct trigger *trigger = question->trigger;
    size_t at = 0;
    for (struct run run = {0}; next_run(window, trigger, &at, &run); run = (struct run){0}) {
        int64_t full_ms = run.since_ms + trigger->for_ms;
        if (full_ms > question->clock_ms || full_ms > run.until_ms ||
            overlaps_fired(window, &run) || !is_new(window, question, run.since_ms, full_ms))
            continue;
        gather(window, run.since_ms - 1, full_ms, finding);
        finding->start_ms = finding->from_ms = run.since_ms;
        finding->anchor_ms = full_ms;
        finding->value = run.last ? run.last->value : 0;
        return true;
    }
    return false;
}

static int64_t date_in(int year, const struct trigger *trigger)
{
    struct civil civil = {.year = year, .month = trigger->month, .day = trigger->day};
    int64_t ms;
    while (!timestamp_from_civil(&civil, YAML_DATE_ZONE_MINUTES, &ms))
        civil.day--; /* 02-29 where there is none */
    return ms;
}

/* The last such day that is not after that time, or the first after it. */
static int64_t date_around(const struct trigger *trigger, int64_t ms, bool after)
{
    struct civil civil;
    timestamp_to_civil(ms, YAML_DATE_ZONE_MINUTES, &civil);
    int64_t here_ms = date_in(civil.year, trigger);
    if (after)
        return here_ms > ms ? here_ms : date_in(civil.year + 1, trigger);
    return here_ms <= ms ? here_ms : date_in(civil.year - 1, trigger);
}

static bool judge_calendar(const struct window *window, const struct window_question *question,
                           struct window_finding *finding)
{
    const struct trigger *trigger = question->trigger;
    if (question->clock_ms == TIMESTAMP_NONE)
        return false;
    int64_t date_ms = date_around(trigger, question->clock_ms, false);
    if (question->clock_ms - date_ms >= MOST_DAYS_LATE * DAY_MS ||
        !is_new(window, question, date_ms, date_ms))
        return false;
    gather(window, date_ms - trigger->within_ms, date_ms - 1, finding);
    finding->start_ms = finding->anchor_ms = finding->to_ms = date_ms;
    return finding->count >= trigger->at_least;
}

bool window_judge(const struct window *window, const struct window_question *question,
                  struct window_finding *finding)
{
    static judge_fn *const judges[TRIGGER_FORMS] = {
        [TRIGGER_COUNT] = judge_count,         [TRIGGER_SEQUENCE] = judge_sequence,
        [TRIGGER_NOTICE] = judge_notice,       [TRIGGER_SURGE] = judge_surge,
        [TRIGGER_ABSENCE] = judge_absence,     [TRIGGER_SILENCE] = judge_silence,
        [TRIGGER_THRESHOLD] = judge_threshold, [TRIGGER_CALENDAR] = judge_calendar,
    };
    return judges[question->trigger->form](window, question, finding);
}

/* ---- what the clock waits for ---- */

static int64_t earlier(int64_t a, int64_t b)
{
    if (a == TIMESTAMP_NONE || b == TIMESTAMP_NONE)
        return a == TIMESTAMP_NONE ? b : a;
    return a < b ? a : b;
}

/* The next day's end with facts; now, where a fact came for a day that is over. */
static int64_t next_surge(const struct window *window, const struct window_question *question)
{
    int64_t next_ms = TIMESTAMP_NONE, clock_ms = question->clock_ms;
    for (size_t i = 0; i < window->fact_count; i++) {
        int64_t end_ms = window_day_start(window_day_of(window->facts[i].time_ms) + 1);
        if (clock_ms == TIMESTAMP_NONE || end_ms > clock_ms)
            next_ms = earlier(next_ms, end_ms);
    }
    if (question->about_ms != TIMESTAMP_NONE && clock_ms != TIMESTAMP_NONE &&
        window_day_start(window_day_of(question->about_ms) + 1) <= clock_ms)
        next_ms = clock_ms;
    return next_ms;
}

static int64_t next_absence(const struct window *window, const struct window_question *question)
{
    const struct window_fact *begun = waiting(window);
    int64_t due_ms = begun ? absence_due(question->trigger, begun) : TIMESTAMP_NONE;
    bool open = due_ms != TIMESTAMP_NONE && is_new(window, question, begun->time_ms, due_ms);
    return open ? due_ms : TIMESTAMP_NONE;
}

static int64_t next_threshold(const struct window *window, const struct window_question *question)
{
    const struct trigger *trigger = question->trigger;
    int64_t next_ms = TIMESTAMP_NONE;
    size_t at = 0;
    for (struct run run = {0}; next_run(window, trigger, &at, &run); run = (struct run){0}) {
        int64_t full_ms = run.since_ms + trigger->for_ms;
        if (full_ms <= run.until_ms && !overlaps_fired(window, &run) &&
            is_new(window, question, run.since_ms, full_ms))
            next_ms = earlier(next_ms, full_ms);
    }
    return next_ms;
}

/* Before the first step of the clock it is no earlier than the facts. */
static int64_t next_calendar(const struct window *window, const struct window_question *question)
{
    if (!window->fact_count)
        return TIMESTAMP_NONE;
    int64_t now_ms = question->clock_ms != TIMESTAMP_NONE
                         ? question->clock_ms
                         : window->facts[window->fact_count - 1].time_ms;
    return date_around(question->trigger, now_ms, true);
}

int64_t window_next_ms(const struct window *window, const struct window_question *question)
{
    switch (question->trigger->form) {
    case TRIGGER_SURGE: return next_surge(window, question);
    case TRIGGER_ABSENCE: return next_absence(window, question);
    case TRIGGER_THRESHOLD: return next_threshold(window, question);
    case TRIGGER_SILENCE:
        return window->fired_count ? TIMESTAMP_NONE : silence_due(window, question);
    case TRIGGER_CALENDAR: return next_calendar(window, question);
    case TRIGGER_COUNT:
    case TRIGGER_SEQUENCE:
    case TRIGGER_NOTICE:
    case TRIGGER_FORMS: break;
    }
    return TIMESTAMP_NONE;
}
