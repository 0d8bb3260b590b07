/* SPDX-License-Identifier: Apache-2.0 */
/* Facts of a group in the order of their own time, whatever order they came in. Of one event there
 * is one fact: its greater revision holds as soon as the clock has passed its arrival, and one that
 * was taken back stays as such, so that an older revision of it cannot bring it back. */
#include "router/core/window.h"

#include "base/hash.h"
#include "base/timestamp.h"

#define DAY_MS       INT64_C(86400000)
#define ZONE_MINUTES YAML_DATE_ZONE_MINUTES

int64_t window_day_of(int64_t ms)
{
    return timestamp_day(ms, ZONE_MINUTES);
}

int64_t window_day_start(int64_t day)
{
    return day * DAY_MS - ZONE_MINUTES * INT64_C(60000);
}

void window_init(struct window *window)
{
    window->fact_count = window->fired_count = window->day_count = 0;
    window->read = window->first_read = NULL;
    window->piece.generation = window->piece.number = 0;
    window->piece.runs.count = 0;
    window->piece.headless = false;
    window->pushed_ms = window->run_ms = window->due_ms = TIMESTAMP_NONE;
    window->held = false;
}

/* ---- days of a surge ---- */

static void add_day(struct window *window, int64_t day)
{
    size_t at = window->day_count;
    while (at > 0 && window->days[at - 1].day > day)
        at--;
    if (at > 0 && window->days[at - 1].day == day) {
        window->days[at - 1].count++;
        return;
    }
    memmove(&window->days[at + 1], &window->days[at],
            (window->day_count - at) * sizeof window->days[0]);
    window->days[at] = (struct window_day){day, 1};
    if (++window->day_count > WINDOW_MOST_DAYS)
        memmove(&window->days[0], &window->days[1], --window->day_count * sizeof window->days[0]);
}

int64_t window_day_count(const struct window *window, int64_t day, int64_t heard_ms)
{
    int64_t count = 0;
    for (size_t i = 0; i < window->day_count; i++)
        if (window->days[i].day == day)
            count = window->days[i].count;
    for (size_t i = 0; i < window->fact_count; i++)
        count += window->facts[i].counts &&
                 window_version_holds(&window->facts[i].version, heard_ms) &&
                 window_day_of(window->facts[i].time_ms) == day;
    return count;
}

/* ---- facts ---- */

static bool is_beyond(const struct trigger *trigger, int64_t value)
{
    return value > trigger->above && value < trigger->below;
}

static void remove_fact(struct window *window, size_t at)
{
    window->fact_count--;
    memmove(&window->facts[at], &window->facts[at + 1],
            (window->fact_count - at) * sizeof window->facts[0]);
}

/* A fact that is no longer held leaves behind what later ones are judged by. */
static void let_go(struct window *window, const struct trigger *trigger, size_t at)
{
    const struct window_fact *fact = &window->facts[at];
    bool counts = fact->counts && window_version_is_last(&fact->version);
    if (counts && trigger->form == TRIGGER_SURGE)
        add_day(window, window_day_of(fact->time_ms));
    if (counts && trigger->form == TRIGGER_THRESHOLD) {
        bool goes_on = window->run_ms != TIMESTAMP_NONE &&
                       fact->time_ms - window->pushed_ms <= trigger->holds_ms;
        int64_t since_ms = goes_on ? window->run_ms : fact->time_ms;
        window->run_ms = is_beyond(trigger, fact->value) ? since_ms : TIMESTAMP_NONE;
        window->pushed_ms = fact->time_ms;
    }
    remove_fact(window, at);
}

static void insert(struct window *window, const struct window_fact *fact)
{
    size_t at = window->fact_count;
    for (; at > 0; at--) {
        const struct window_fact *before = &window->facts[at - 1];
        if (before->time_ms < fact->time_ms ||
            (before->time_ms == fact->time_ms && span_compare(before->id, fact->id) < 0))
            break;
    }
    memmove(&window->facts[at + 1], &window->facts[at],
            (window->fact_count - at) * sizeof window->facts[0]);
    window->facts[at] = *fact;
    window->fact_count++;
}

/* Of one event, heard by the same sort of step. Of a window's facts nearly all are of others, and
 * the last byte says so. */
static bool is_of_same(const struct window_fact *a, const struct window_fact *b)
{
    size_t len = a->id.len;
    return a->answer == b->answer && len == b->id.len &&
           (len == 0 || a->id.at[len - 1] == b->id.at[len - 1]) && span_equal(a->id, b->id);
}

/* False: a reading without what it is asked for, which is no reading. */
static bool read_value(const struct window_told *told, int64_t *value)
{
    const struct trigger *trigger = told->trigger;
    *value = 0;
    if (trigger->form == TRIGGER_THRESHOLD && told->step->role != TRIGGER_ANSWER)
        return span_to_millionths(signal_field(told->signal, trigger->value), value);
    if (trigger->before_due)
        (void)!timestamp_parse_rfc3339(signal_field(told->signal, SPAN("due_at")), value);
    return true;
}

static struct window_fact fact_of(const struct window_told *told)
{
    const struct signal *signal = told->signal;
    struct span different =
        told->trigger->distinct.at ? signal_field(signal, told->trigger->distinct) : SPAN_NONE;
    int64_t value;
    bool has_value = read_value(told, &value), answer = told->step->role == TRIGGER_ANSWER;
    bool counts = signal->counts && has_value;
    return (struct window_fact){
        .time_ms = signal->time_ms,
        .value = value,
        .distinct = different.len ? hash_span(different) : 0,
        .version = window_version_of(signal),
        .id = told->id.at ? told->id : signal->id,
        .subject = signal->subject,
        .texts = counts && !answer ? told->texts : SPAN_NONE,
        .answer = answer,
        .counts = counts,
    };
}

static bool says_same(const struct window_fact *a, const struct window_fact *b)
{
    return a->time_ms == b->time_ms && a->value == b->value && a->distinct == b->distinct &&
           a->counts == b->counts && span_equal(a->texts, b->texts);
}

/* What no greater revision is known of. */
static struct window_fact *find_last(struct window *window, const struct window_fact *fact)
{
    for (size_t i = 0; i < window->fact_count; i++)
        if (is_of_same(&window->facts[i], fact) &&
            window_version_is_last(&window->facts[i].version))
            return &window->facts[i];
    return NULL;
}

static void divide(struct window *window, struct window_fact *fact)
{
    for (size_t i = 0; i < window->fact_count; i++)
        if (&window->facts[i] != fact && is_of_same(&window->facts[i], fact)) {
            window_version_divide(&window->facts[i].version, &fact->version);
            window->facts[i].read = fact->read = SPAN_NONE;
        }
}

static void drop_over(struct window *window, int64_t heard_ms)
{
    size_t left = 0;
    for (size_t i = 0; i < window->fact_count; i++)
        if (!window_version_is_over(&window->facts[i].version, heard_ms)) {
            if (left != i)
                window->facts[left] = window->facts[i];
            left++;
        }
    window->fact_count = left;
}

static bool say_again(struct window *window, struct window_fact *last,
                      const struct window_fact *fact)
{
    bool changed = window_version_say_again(&last->version, &fact->version);
    if (changed) {
        last->read = SPAN_NONE;
        divide(window, last);
    }
    return changed;
}

/* Of words in one moment, as of an upload's rows, the one that came first, and of those the least:
 * which of them was read first is nothing. */
static bool is_before(const struct window_fact *a, const struct window_fact *b)
{
    int64_t first_ms = a->version.arrived_ms, second_ms = b->version.arrived_ms;
    return first_ms != second_ms ? first_ms < second_ms : span_compare(a->id, b->id) < 0;
}

/* Only the newest word that was heard counts, and what the clock has not come to. */
static enum window_change take_sighting(struct window *window, const struct window_told *told)
{
    struct window_fact fact = fact_of(told);
    fact.time_ms = told->signal->recorded_ms;
    if (!fact.counts)
        return WINDOW_REPEATED;
    for (size_t i = 0; i < window->fact_count; i++) {
        if (window->facts[i].time_ms != fact.time_ms)
            continue;
        if (!is_before(&fact, &window->facts[i]))
            return WINDOW_REPEATED;
        remove_fact(window, i);
        break;
    }
    insert(window, &fact);
    if (window->fact_count <= WINDOW_MOST_FACTS)
        return WINDOW_CHANGED;
    remove_fact(window, 1);
    return WINDOW_CROWDED;
}

/* What is over goes first: it holds for the clock alone. */
static enum window_change make_room(struct window *window, const struct trigger *trigger)
{
    if (window->fact_count <= WINDOW_MOST_FACTS)
        return WINDOW_CHANGED;
    for (size_t i = 0; i < window->fact_count; i++)
        if (!window_version_is_last(&window->facts[i].version)) {
            remove_fact(window, i);
            return WINDOW_CROWDED;
        }
    if (trigger->form != TRIGGER_THRESHOLD)
        window->pushed_ms = window->facts[0].time_ms;
    let_go(window, trigger, 0);
    return WINDOW_CROWDED;
}

static bool is_known(const struct window *window, const struct window_fact *fact)
{
    for (size_t i = 0; i < window->fact_count; i++)
        if (is_of_same(&window->facts[i], fact))
            return true;
    return false;
}

enum window_change window_take(struct window *window, const struct window_told *told)
{
    if (told->trigger->form == TRIGGER_SILENCE)
        return take_sighting(window, told);
    struct window_fact fact = fact_of(told);
    bool known = is_known(window, &fact);
    struct window_fact *last = known ? find_last(window, &fact) : NULL;
    if (last && says_same(last, &fact))
        return say_again(window, last, &fact) ? WINDOW_CHANGED : WINDOW_REPEATED;
    if (known)
        divide(window, &fact);
    if (window_version_is_over(&fact.version, told->heard_ms))
        return WINDOW_REPEATED;
    drop_over(window, told->heard_ms);
    insert(window, &fact);
    return make_room(window, told->trigger);
}

const struct window_fact *window_known(const struct window *window, const struct window_told *told)
{
    struct window_fact fact = fact_of(told);
    for (size_t i = 0; i < window->fact_count; i++)
        if (is_of_same(&window->facts[i], &fact))
            return &window->facts[i];
    return NULL;
}

const struct window_fact *window_newest(const struct window *window, int64_t heard_ms)
{
    for (size_t i = window->fact_count; i-- > 0;) {
        const struct window_fact *fact = &window->facts[i];
        if (fact->counts && !fact->answer && window_version_holds(&fact->version, heard_ms))
            return fact;
    }
    return NULL;
}

/* ---- firings ---- */

void window_note_fired(struct window *window, int64_t start_ms, int64_t anchor_ms)
{
    if (window->fired_count == WINDOW_MOST_FIRED) {
        /* What it fired for goes with it, or it would fire once more. */
        int64_t over_ms = window->fired[0].anchor_ms;
        while (window->fact_count && window->facts[0].time_ms <= over_ms &&
               window->facts[0].time_ms < anchor_ms)
            remove_fact(window, 0);
        memmove(&window->fired[0], &window->fired[1],
                --window->fired_count * sizeof window->fired[0]);
    }
    window->fired[window->fired_count++] = (struct window_fired){start_ms, anchor_ms};
}

bool window_has_fired(const struct window *window, const struct trigger *trigger, int64_t start_ms,
                      int64_t anchor_ms)
{
    for (size_t i = 0; i < window->fired_count; i++) {
        int64_t apart_ms = anchor_ms - window->fired[i].anchor_ms;
        if (apart_ms < 0)
            apart_ms = -apart_ms;
        if (window->fired[i].start_ms == start_ms || apart_ms == 0 ||
            apart_ms < trigger->cool_down_ms)
            return true;
    }
    return false;
}

/* ---- forgetting ---- */

/* What follows in a sequence is only asked again for what comes late before it. */
static int64_t keeps_fact_until(const struct trigger *trigger, int64_t keeps_ms,
                                const struct window_fact *fact)
{
    if (trigger->form == TRIGGER_SEQUENCE && fact->answer)
        return fact->time_ms + TRIGGER_HORIZON_MS;
    int64_t last_ms =
        trigger->before_due && fact->value > fact->time_ms ? fact->value : fact->time_ms;
    return last_ms + keeps_ms;
}

static int64_t keeps_fired_until(const struct trigger *trigger, const struct window_fired *fired)
{
    return fired->anchor_ms + trigger->cool_down_ms + trigger_keeps_ms(trigger);
}

static int64_t days_kept(const struct trigger *trigger)
{
    return trigger->weeks * 7 + TRIGGER_HORIZON_MS / DAY_MS + 1;
}

/* Words before the newest one heard, and what fired for them. */
static void expire_sightings(struct window *window, int64_t clock_ms)
{
    while (window->fact_count > 1 && window->facts[1].version.arrived_ms < clock_ms)
        remove_fact(window, 0);
    while (window->fired_count && window->fact_count &&
           window->fired[0].start_ms < window->facts[0].time_ms)
        memmove(&window->fired[0], &window->fired[1],
                --window->fired_count * sizeof window->fired[0]);
}

/* An absence would be told of what it answers. */
static bool still_answers(const struct window *window, const struct trigger *trigger, size_t index)
{
    bool answers = trigger->form == TRIGGER_ABSENCE && window->facts[index].answer;
    for (size_t i = 0; answers && i < index; i++)
        if (!window->facts[i].answer)
            return true;
    return false;
}

static void expire_facts(struct window *window, const struct trigger *trigger, int64_t clock_ms)
{
    int64_t keeps_ms = trigger_keeps_ms(trigger);
    for (size_t i = 0; i < window->fact_count;) {
        if (keeps_fact_until(trigger, keeps_ms, &window->facts[i]) <= clock_ms &&
            !still_answers(window, trigger, i))
            let_go(window, trigger, i);
        else
            i++;
    }
}

static void expire_fired(struct window *window, const struct trigger *trigger, int64_t clock_ms)
{
    size_t left = 0;
    for (size_t i = 0; i < window->fired_count; i++)
        if (keeps_fired_until(trigger, &window->fired[i]) > clock_ms)
            window->fired[left++] = window->fired[i];
    window->fired_count = left;
}

static void expire_days(struct window *window, const struct trigger *trigger, int64_t clock_ms)
{
    size_t left = 0;
    for (size_t i = 0; i < window->day_count; i++)
        if (window->days[i].day + days_kept(trigger) > window_day_of(clock_ms))
            window->days[left++] = window->days[i];
    window->day_count = left;
}

bool window_expire(struct window *window, const struct trigger *trigger, int64_t clock_ms)
{
    if (clock_ms == TIMESTAMP_NONE)
        return false;
    size_t before = window->fact_count + window->fired_count + window->day_count;
    drop_over(window, clock_ms);
    if (trigger->form == TRIGGER_SILENCE) {
        expire_sightings(window, clock_ms);
    } else {
        expire_fired(window, trigger, clock_ms);
        expire_days(window, trigger, clock_ms);
        size_t facts = window->fact_count;
        expire_facts(window, trigger, clock_ms);
        if (window->fact_count != facts)
            return true; /* some may have become days */
    }
    return window->fact_count + window->fired_count + window->day_count != before;
}

static int64_t later(int64_t a, int64_t b)
{
    return a > b ? a : b; /* TIMESTAMP_NONE is the least of all */
}

int64_t window_expires_ms(const struct window *window, const struct trigger *trigger)
{
    int64_t last_ms = TIMESTAMP_NONE;
    if (trigger->form == TRIGGER_SILENCE)
        return INT64_MAX;
    int64_t keeps_ms = trigger_keeps_ms(trigger);
    for (size_t i = 0; i < window->fact_count; i++)
        last_ms = later(last_ms, keeps_fact_until(trigger, keeps_ms, &window->facts[i]));
    for (size_t i = 0; i < window->fired_count; i++)
        last_ms = later(last_ms, keeps_fired_until(trigger, &window->fired[i]));
    if (window->day_count)
        last_ms = later(last_ms, window_day_start(window->days[window->day_count - 1].day +
                                                  days_kept(trigger)));
    /* At a day's end, so that each further fact of a day leaves the timer where it is. */
    return last_ms == TIMESTAMP_NONE ? TIMESTAMP_NONE
                                     : window_day_start(window_day_of(last_ms) + 1);
}
