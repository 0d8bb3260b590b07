/* SPDX-License-Identifier: Apache-2.0 */
/* Forms that the clock judges, and what it waits for in each. */
#include "base/base.h"
#include "base/timestamp.h"
#include "router/core/window_judge_internal.h"

#define DAY_MS         INT64_C(86400000)
#define MILLIONTH      INT64_C(1000000)
#define MOST_DAYS_LATE 30 /* a day of the year that a long stop has passed over still counts */

/* More than the mean and sigma deviations of the same weekday in the weeks before, of those that
 * were heard whole. In whole numbers but for the root of the product, and without that root. */
static bool is_surge(const struct window *window, const struct window_question *question,
                     int64_t day, struct window_finding *finding)
{
    const struct trigger *trigger = question->trigger;
    int64_t n = 0, sum = 0, squares = 0, count = window_day_count(window, day, question->heard_ms);
    if (count < trigger->at_least)
        return false;
    for (int64_t week = 1; week <= trigger->weeks && day - 7 * week >= question->since_day;
         week++) {
        int64_t before = window_day_count(window, day - 7 * week, question->heard_ms);
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

bool window_judge_clock_surge(const struct window *window, const struct window_question *question,
                              struct window_finding *finding)
{
    int64_t judged = TIMESTAMP_NONE;
    for (size_t i = 0; i < window->fact_count; i++) {
        if (question->clock_ms == TIMESTAMP_NONE ||
            window->facts[i].time_ms >= question->clock_ms) /* by time: its day is not over */
            return false;
        int64_t day = window_day_of(window->facts[i].time_ms), start_ms = window_day_start(day);
        if (day == judged || start_ms + DAY_MS > question->clock_ms ||
            !window_judge_is_new(window, question, start_ms, start_ms + DAY_MS - 1))
            continue;
        judged = day;
        struct window_finding found = {0};
        if (!is_surge(window, question, day, &found))
            continue;
        window_judge_gather(window, question, start_ms - 1, start_ms + DAY_MS - 1, finding);
        finding->count = window_day_count(window, day, question->heard_ms);
        finding->mean_millionths = found.mean_millionths;
        finding->start_ms = start_ms;
        finding->anchor_ms = start_ms + DAY_MS - 1;
        finding->more = false;
        return true;
    }
    return false;
}

/* The newest beginning that nothing has answered, or NULL. A later one stands in for those before.
 */
static const struct window_fact *waiting(const struct window *window,
                                         const struct window_question *question)
{
    const struct window_fact *begun = NULL;
    for (size_t i = 0; i < window->fact_count; i++)
        if (window_judge_is_heard(question, &window->facts[i]) && !window->facts[i].answer)
            begun = &window->facts[i];
    for (size_t i = 0; begun && i < window->fact_count; i++)
        if (window_judge_is_heard(question, &window->facts[i]) && window->facts[i].answer &&
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

bool window_judge_clock_absence(const struct window *window, const struct window_question *question,
                                struct window_finding *finding)
{
    const struct window_fact *begun = waiting(window, question);
    int64_t due_ms = begun ? absence_due(question->trigger, begun) : TIMESTAMP_NONE;
    if (due_ms == TIMESTAMP_NONE || question->clock_ms < due_ms ||
        !window_judge_is_new(window, question, begun->time_ms, due_ms))
        return false;
    *finding = (struct window_finding){.start_ms = begun->time_ms,
                                       .anchor_ms = due_ms,
                                       .from_ms = begun->time_ms,
                                       .to_ms = due_ms,
                                       .count = 1,
                                       .value = begun->value};
    window_judge_add_evidence(finding, begun);
    return true;
}

/* The newest word heard, or NULL. */
static const struct window_fact *last_word(const struct window *window,
                                           const struct window_question *question)
{
    const struct window_fact *last = NULL;
    for (size_t i = 0; i < window->fact_count; i++)
        if (window_judge_is_heard(question, &window->facts[i]))
            last = &window->facts[i];
    return last;
}

/* Once a silence, however long it lasts. */
int64_t window_judge_clock_next_silence(const struct window *window,
                                        const struct window_question *question)
{
    const struct window_fact *word = last_word(window, question);
    if (!word || !question->station)
        return TIMESTAMP_NONE;
    for (size_t i = 0; i < window->fired_count; i++)
        if (window->fired[i].start_ms == word->time_ms)
            return TIMESTAMP_NONE;
    int64_t last_ms =
        cadence_due(&question->station->cadence, question->calendar, YAML_DATE_ZONE_MINUTES,
                    word->time_ms, question->trigger->cadences);
    return last_ms == CADENCE_NEVER ? TIMESTAMP_NONE : last_ms + 1;
}

bool window_judge_clock_silence(const struct window *window, const struct window_question *question,
                                struct window_finding *finding)
{
    int64_t due_ms = window_judge_clock_next_silence(window, question);
    if (due_ms == TIMESTAMP_NONE || question->clock_ms < due_ms)
        return false;
    const struct window_fact *word = last_word(window, question);
    *finding = (struct window_finding){
        .start_ms = word->time_ms, .anchor_ms = due_ms, .from_ms = word->time_ms, .to_ms = due_ms};
    window_judge_add_evidence(finding, word);
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
static bool next_run(const struct window *window, const struct window_question *question,
                     size_t *at, struct run *run)
{
    const struct trigger *trigger = question->trigger;
    bool going = *at == 0 && window->run_ms != TIMESTAMP_NONE;
    if (going)
        *run = (struct run){window->run_ms, window->pushed_ms + trigger->holds_ms, NULL};
    for (; *at < window->fact_count; ++*at) {
        const struct window_fact *fact = &window->facts[*at];
        if (!window_judge_is_heard(question, fact))
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

bool window_judge_clock_threshold(const struct window *window,
                                  const struct window_question *question,
                                  struct window_finding *finding)
{
    const struct trigger *trigger = question->trigger;
    size_t at = 0;
    for (struct run run = {0}; next_run(window, question, &at, &run); run = (struct run){0}) {
        int64_t full_ms = run.since_ms + trigger->for_ms;
        if (full_ms > question->clock_ms || full_ms > run.until_ms ||
            overlaps_fired(window, &run) ||
            !window_judge_is_new(window, question, run.since_ms, full_ms))
            continue;
        window_judge_gather(window, question, run.since_ms - 1, full_ms, finding);
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

bool window_judge_clock_calendar(const struct window *window,
                                 const struct window_question *question,
                                 struct window_finding *finding)
{
    const struct trigger *trigger = question->trigger;
    if (question->clock_ms == TIMESTAMP_NONE)
        return false;
    int64_t date_ms = date_around(trigger, question->clock_ms, false);
    if (question->clock_ms - date_ms >= MOST_DAYS_LATE * DAY_MS ||
        !window_judge_is_new(window, question, date_ms, date_ms))
        return false;
    window_judge_gather(window, question, date_ms - trigger->within_ms, date_ms - 1, finding);
    finding->start_ms = finding->anchor_ms = finding->to_ms = date_ms;
    return finding->count >= trigger->at_least;
}

/* ---- what the clock waits for ---- */

int64_t window_judge_clock_earlier(int64_t a, int64_t b)
{
    if (a == TIMESTAMP_NONE || b == TIMESTAMP_NONE)
        return a == TIMESTAMP_NONE ? b : a;
    return a < b ? a : b;
}

/* The next day's end with facts; now, where a fact came for a day that is over. */
int64_t window_judge_clock_next_surge(const struct window *window,
                                      const struct window_question *question)
{
    int64_t next_ms = TIMESTAMP_NONE, clock_ms = question->clock_ms, day_ends_ms = INT64_MIN;
    for (size_t i = 0; i < window->fact_count; i++) {
        if (window->facts[i].time_ms < day_ends_ms)
            continue; /* by time: of the day of the one before */
        int64_t end_ms = window_day_start(window_day_of(window->facts[i].time_ms) + 1);
        day_ends_ms = end_ms;
        if (clock_ms == TIMESTAMP_NONE || end_ms > clock_ms)
            next_ms = window_judge_clock_earlier(next_ms, end_ms);
    }
    return next_ms;
}

int64_t window_judge_clock_next_absence(const struct window *window,
                                        const struct window_question *question)
{
    const struct window_fact *begun = waiting(window, question);
    int64_t due_ms = begun ? absence_due(question->trigger, begun) : TIMESTAMP_NONE;
    bool open =
        due_ms != TIMESTAMP_NONE && window_judge_is_new(window, question, begun->time_ms, due_ms);
    return open ? due_ms : TIMESTAMP_NONE;
}

int64_t window_judge_clock_next_threshold(const struct window *window,
                                          const struct window_question *question)
{
    const struct trigger *trigger = question->trigger;
    int64_t next_ms = TIMESTAMP_NONE;
    size_t at = 0;
    for (struct run run = {0}; next_run(window, question, &at, &run); run = (struct run){0}) {
        int64_t full_ms = run.since_ms + trigger->for_ms;
        if (full_ms <= run.until_ms && !overlaps_fired(window, &run) &&
            window_judge_is_new(window, question, run.since_ms, full_ms))
            next_ms = window_judge_clock_earlier(next_ms, full_ms);
    }
    return next_ms;
}

/* Before the first step of the clock it is no earlier than the facts. */
int64_t window_judge_clock_next_calendar(const struct window *window,
                                         const struct window_question *question)
{
    if (!window->fact_count)
        return TIMESTAMP_NONE;
    int64_t now_ms = question->clock_ms != TIMESTAMP_NONE
                         ? question->clock_ms
                         : window->facts[window->fact_count - 1].time_ms;
    return date_around(question->trigger, now_ms, true);
}
