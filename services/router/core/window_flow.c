/* SPDX-License-Identifier: Apache-2.0 */
/* A fact goes into its group's window and the window is judged. Facts come alone or in packs; the
 * clock is moved by watermarks (window_flow_clock.c). */
#include "router/core/window_flow.h"

#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "base/memory.h"
#include "base/timestamp.h"
#include "model/sighting.h"
#include "router/core/signal.h"
#include "router/core/signal_pack.h"
#include "router/core/window_flow_internal.h"

#define ARENA_BYTES (512 << 10)

struct window_flow *window_flow_open(const struct window_flow_rules *rules, int32_t partition)
{
    struct window_flow *flow = xcalloc(1, sizeof *flow);
    flow->rules = *rules;
    flow->partition = partition;
    window_book_init(&flow->book, rules->store);
    window_book_arrange(&flow->book, rules->triggers);
    arena_init(&flow->arena, ARENA_BYTES);
    emit_init(&flow->emit);
    firing_writer_init(&flow->writer);
    strbuf_init(&flow->text, 4096, WINDOW_MOST_BYTES);
    strbuf_init(&flow->texts, 256, WINDOW_MOST_BYTES);
    window_flow_hold_watermarks(flow);
    flow->unlooked = flow->bundle_dirty = true;
    flow->counts.clock_ms = TIMESTAMP_NONE;
    return flow;
}

void window_flow_close(struct window_flow *flow)
{
    window_book_fini(&flow->book);
    arena_fini(&flow->arena);
    emit_fini(&flow->emit);
    firing_writer_fini(&flow->writer);
    strbuf_fini(&flow->text);
    strbuf_fini(&flow->texts);
    free(flow->watermarks);
    free(flow);
}

static int64_t later(int64_t a, int64_t b)
{
    return a > b ? a : b; /* TIMESTAMP_NONE is the least of all */
}

bool window_flow_trigger(struct window_flow *flow, struct span key, struct window_look *look)
{
    struct span name = span_cut(&key, '|');
    look->trigger = triggers_find(flow->rules.triggers, name);
    if (!look->trigger)
        return false;
    look->counter = &flow->book.counters[triggers_index(flow->rules.triggers, look->trigger)];
    return true;
}

const struct station *window_flow_station(const struct window_flow *flow, struct span station)
{
    const struct window *window = &flow->window;
    int64_t now_ms = flow->counts.clock_ms;
    if (!flow->rules.stations || !window->fact_count)
        return NULL;
    if (now_ms == TIMESTAMP_NONE)
        now_ms = window->facts[window->fact_count - 1].time_ms;
    return stations_find(flow->rules.stations, station, window_day_of(now_ms));
}

/* ---- a window ---- */

/* The group's place, as far as a notice may name it. */
static bool concerns(const struct window_flow *flow, const struct window_notice *notice,
                     const struct firing *firing)
{
    struct span community = firing_field(firing, SPAN("community_code"));
    struct span street =
        district_street(flow->rules.district, community, firing_field(firing, SPAN("street_code")),
                        window_day_of(notice->time_ms));
    return (!notice->community[0] || span_is(community, notice->community)) &&
           (!notice->street[0] || span_is(street, notice->street));
}

/* Of the newest fact that it is about; where it is about none yet, of the group's newest. */
static void read_texts(struct window_flow *flow, const struct window_finding *finding,
                       int64_t heard_ms)
{
    const struct window_fact *of = NULL;
    for (size_t i = finding->evidence_count; i-- > 0 && !of;)
        of = finding->evidence[i]->answer ? NULL : finding->evidence[i];
    if (!of)
        of = window_newest(&flow->window, heard_ms);
    window_texts_read(&flow->said, of ? of->texts : SPAN_NONE);
}

static void choose_notices(struct window_flow *flow, const struct window_counter *counter,
                           const struct firing *firing, struct window_question *question)
{
    if (!counter->notice_count)
        return;
    read_texts(flow, firing->finding, question->heard_ms);
    struct window_notice *chosen = arena_take(&flow->arena, counter->notice_count * sizeof *chosen);
    for (size_t i = 0; chosen && i < counter->notice_count; i++)
        if (concerns(flow, &counter->notices[i], firing))
            chosen[question->notice_count++] = counter->notices[i];
    question->notices = chosen;
}

/* A case's facts come from one partition in its order: what they make fire at once hangs on nothing
 * else. Facts that meet from several partitions are judged when the clock has come to their
 * receipt, so that all that was received before is there, whichever partition was read faster. */
static bool is_judged_at_once(const struct trigger *trigger)
{
    bool on_arrival = trigger->form == TRIGGER_COUNT || trigger->form == TRIGGER_SEQUENCE;
    for (size_t i = 0; on_arrival && i < trigger->group_count; i++)
        if (span_is(trigger->group[i], "case"))
            return true;
    return false;
}

/* False: a cap stops it, and the window waits for the next step or day. */
static bool fire(struct window_flow *flow, struct window_look *look, struct firing *firing,
                 struct outputs *outputs)
{
    int64_t again_ms, clock_ms = flow->counts.clock_ms;
    if (!firing->values[0].at)
        firing_split_group(firing->values, firing->group, &flow->arena);
    if (span_is(look->trigger->group[0], "station"))
        firing->station = window_flow_station(flow, firing->values[0]);
    firing->time_ms = look->recorded_ms != TIMESTAMP_NONE ? look->recorded_ms : clock_ms;
    read_texts(flow, firing->finding, clock_ms);
    if (!window_book_may_fire(look->counter, look->trigger, window_day_of(firing->time_ms),
                              clock_ms, &again_ms)) {
        flow->counts.held += !look->was_held;
        flow->window.held = true;
        flow->window.due_ms = again_ms;
        return false;
    }
    bool said = firing_send(&flow->writer, firing, outputs);
    flow->counts.firings += said;
    flow->counts.fired[look->trigger->form] += said;
    flow->counts.dead += !said; /* larger than any event: a sentence of a trigger's file */
    window_note_fired(&flow->window, firing->finding->start_ms, firing->finding->anchor_ms);
    look->changed = true;
    return true;
}

/* What the clock has to wait for next. All of it was judged, so that lies ahead. */
static int64_t next_due(const struct window_flow *flow, const struct window_question *question)
{
    int64_t next_ms = window_next_ms(&flow->window, question);
    bool over = question->clock_ms != TIMESTAMP_NONE && next_ms != TIMESTAMP_NONE &&
                next_ms <= question->clock_ms;
    return over ? question->clock_ms + 1 : next_ms;
}

/* Of what the clock waits for only what comes before it is told is written: after a restart a
 * window may be looked at too early, which changes nothing, never too late. */
static bool is_sooner(int64_t due_ms, int64_t told_ms)
{
    return due_ms != TIMESTAMP_NONE && (told_ms == TIMESTAMP_NONE || due_ms < told_ms);
}

void window_flow_look(struct window_flow *flow, struct window_look *look, struct outputs *outputs)
{
    struct window *window = &flow->window;
    struct window_finding finding = {0};
    char group[CASE_BOOK_MAX_ID];
    struct firing firing = {.trigger = look->trigger,
                            .group = case_book_id(flow->book.groups, look->entry, group),
                            .texts = &flow->said,
                            .finding = &finding,
                            .district = flow->rules.district,
                            .bundle = flow->rules.bundle};
    struct window_question question = {
        .trigger = look->trigger,
        .clock_ms = flow->counts.clock_ms,
        .heard_ms = is_judged_at_once(look->trigger) ? INT64_MAX : flow->counts.clock_ms,
        .since_day = look->counter->since_day,
        .calendar = flow->rules.calendar};
    int64_t due_ms = window->due_ms, fired = 0;
    finding.notice = NULL;
    finding.evidence_count = 0;
    if (look->trigger->form == TRIGGER_SILENCE || look->trigger->form == TRIGGER_NOTICE)
        firing_split_group(firing.values, firing.group,
                           &flow->arena); /* others only where they fire */
    if (look->trigger->form == TRIGGER_SILENCE)
        question.station = window_flow_station(flow, firing.values[0]);
    choose_notices(flow, look->counter, &firing, &question);
    look->was_held = window->held;
    window->held = false;
    while (window_judge(window, &question, &finding) && fire(flow, look, &firing, outputs))
        fired++;
    if (!window->held)
        window->due_ms = next_due(flow, &question);
    flow->counts.lapsed += look->was_held && !window->held && !fired;
    if (look->changed || window->held != look->was_held || is_sooner(window->due_ms, due_ms))
        window_book_store(&flow->book, look->counter, look->entry, look->trigger, window,
                          &flow->text);
    else
        window_book_wait(&flow->book, look->entry, look->trigger, window);
}

/* ---- facts ---- */

/* Told so late that no window of its own time is kept any more. The clock is behind what comes from
 * outside: only of what the router says itself it may be ahead. */
static bool is_late(const struct window_flow *flow, const struct trigger *trigger,
                    const struct signal *signal)
{
    int64_t now_ms = later(signal->arrived_ms, flow->counts.clock_ms);
    if (trigger->form == TRIGGER_SILENCE)
        return false; /* it counts when it was heard */
    if (signal->recorded_ms - signal->time_ms > TRIGGER_HORIZON_MS)
        return true;
    return now_ms != TIMESTAMP_NONE && signal->time_ms + trigger_keeps_ms(trigger) <= now_ms;
}

static bool has_room(const struct window_flow *flow, const struct window_look *look)
{
    return flow->rules.most_groups <= 0 || look->counter->groups < flow->rules.most_groups;
}

/* The group's entry; NULL where the trigger has as many as it may, or the key is too long. */
static struct case_entry *entry_of(struct window_flow *flow, const struct window_look *look,
                                   struct span key)
{
    struct case_entry *entry = case_book_find(flow->book.groups, key);
    if ((entry && entry->len) || has_room(flow, look))
        return entry ? entry : case_book_add(flow->book.groups, key);
    return NULL;
}

/* A word of another's feed proves nothing of a station; neither does one of nobody's station. */
static bool is_of_station(const struct window_flow *flow, const struct trigger *trigger,
                          const struct signal *signal)
{
    if (trigger->form != TRIGGER_SILENCE)
        return true;
    struct span code = signal_field(signal, SPAN("station"));
    const struct station *station =
        flow->rules.stations
            ? stations_find(flow->rules.stations, code, window_day_of(signal->recorded_ms))
            : NULL;
    return station && sighting_is_of(signal_field(signal, SPAN("via")), station->family);
}

static struct window_told told_of(struct window_flow *flow, const struct window_look *look,
                                  const struct signal *signal)
{
    bool at_once = is_judged_at_once(look->trigger);
    strbuf_reset(&flow->texts);
    if (signal->counts && look->step->role != TRIGGER_ANSWER)
        window_texts_write(&flow->texts, look->trigger, signal);
    return (struct window_told){.trigger = look->trigger,
                                .step = look->step,
                                .signal = signal,
                                .id = packed_key(flow->id, signal->id),
                                .texts = strbuf_span(&flow->texts),
                                .heard_ms = at_once ? INT64_MAX : flow->counts.clock_ms};
}

static void take_fact(struct window_flow *flow, struct window_look *look,
                      const struct signal *signal, struct outputs *outputs)
{
    struct window_told told = told_of(flow, look, signal);
    enum window_change change = window_take(&flow->window, &told);
    flow->counts.repeated += change == WINDOW_REPEATED;
    flow->counts.crowded += change == WINDOW_CROWDED;
    look->changed = change != WINDOW_REPEATED;
    look->recorded_ms = is_judged_at_once(look->trigger) ? signal->recorded_ms : TIMESTAMP_NONE;
    if (look->changed)
        window_flow_look(flow, look, outputs);
}

/* What is too late, or of a time that does not count, takes back what was known of its event. */
static void take_back(struct window_flow *flow, struct window_look *look,
                      const struct signal *signal, struct outputs *outputs)
{
    struct window_told told = told_of(flow, look, signal);
    const struct window_fact *known = window_known(&flow->window, &told);
    if (!known)
        return;
    struct signal gone = *signal;
    gone.counts = false;
    gone.time_ms = known->time_ms;
    take_fact(flow, look, &gone, outputs);
}

static void on_group(struct window_flow *flow, struct window_look *look,
                     const struct signal *signal, struct outputs *outputs)
{
    look->entry = look->far ? case_book_find(flow->book.groups, signal->group)
                            : entry_of(flow, look, signal->group);
    if (!look->entry) {
        flow->counts.full += !look->far;
        return;
    }
    if (!window_book_open(&flow->book, look->entry, look->trigger, &flow->window))
        window_init(&flow->window); /* of another form under this name: begun anew */
    window_expire(&flow->window, look->trigger, flow->counts.clock_ms);
    if (look->far)
        take_back(flow, look, signal, outputs);
    else
        take_fact(flow, look, signal, outputs);
}

struct sweep {
    struct window_flow *flow;
    struct window_look look;
    struct outputs *outputs;
};

static void look_at_group(void *context, struct case_entry *entry)
{
    struct sweep *sweep = context;
    char group[CASE_BOOK_MAX_ID];
    struct span key = case_book_id(sweep->flow->book.groups, entry, group);
    struct span name = span_cut(&key, '|');
    if (!entry->len || !span_is(name, sweep->look.trigger->name))
        return;
    struct window_look look = sweep->look;
    look.entry = entry;
    arena_reset(&sweep->flow->arena); /* the signal was read and kept */
    if (window_book_open(&sweep->flow->book, entry, look.trigger, &sweep->flow->window))
        window_flow_look(sweep->flow, &look, sweep->outputs);
}

/* What is told to every partition concerns groups that are already there. */
static void on_notice(struct window_flow *flow, struct window_look *look,
                      const struct signal *signal, struct outputs *outputs)
{
    struct sweep sweep = {flow, *look, outputs};
    struct signal told = *signal;
    if (look->far && !window_book_knows_notice(look->counter, signal->id))
        return;
    told.counts &= !look->far;
    enum window_change change =
        window_book_take_notice(look->counter, &told, flow->counts.clock_ms);
    flow->counts.repeated += change == WINDOW_REPEATED;
    flow->counts.crowded += change == WINDOW_CROWDED;
    sweep.look.recorded_ms = TIMESTAMP_NONE;
    if (change != WINDOW_REPEATED)
        case_book_each(flow->book.groups, look_at_group, &sweep);
}

static void on_fact(struct window_flow *flow, const struct signal *signal, struct outputs *outputs)
{
    struct window_look look = {0};
    flow->counts.facts++;
    if (window_flow_trigger(flow, signal->group, &look))
        look.step = trigger_step(look.trigger, signal->step);
    if (!look.step) {
        flow->counts.unknown++;
        return;
    }
    bool late = is_late(flow, look.trigger, signal);
    flow->counts.late += late;
    look.far = late || !trigger_is_on(look.trigger, signal->time_ms);
    if (!is_of_station(flow, look.trigger, signal))
        return;
    if (look.step->everywhere)
        on_notice(flow, &look, signal, outputs);
    else
        on_group(flow, &look, signal, outputs);
}

/* ---- records ---- */

static bool read_signal(struct window_flow *flow, struct signal *signal,
                        const struct record *record)
{
    arena_reset(&flow->arena);
    return record->key.len <= CASE_BOOK_MAX_ID &&
           signal_read(signal, record->key, record->value, &flow->arena);
}

static void bury(struct window_flow *flow, const struct record *record, enum reject reject,
                 struct outputs *outputs)
{
    emit_dead(&flow->emit, record, reject, outputs);
    flow->counts.dead++;
}

/* As if each fact had come alone, for a redrive as well. `take`: unless it cannot be read. */
static void open_pack(struct window_flow *flow, const struct record *record, bool take,
                      enum reject reject, struct outputs *outputs)
{
    struct span rest = signal_pack_open(record->value);
    struct record one = {.topic = record->topic,
                         .source = record->source,
                         .partition = record->partition,
                         .offset = record->offset,
                         .timestamp_ms = record->timestamp_ms};
    struct signal signal;
    if (!rest.at)
        bury(flow, record, reject, outputs);
    while (signal_pack_next(&rest, &one.key, &one.value)) {
        if (take && read_signal(flow, &signal, &one) && signal.kind == SIGNAL_FACT)
            on_fact(flow, &signal, outputs);
        else
            bury(flow, &one, reject, outputs);
    }
}

enum transform_result window_flow_on_record(struct window_flow *flow, const struct record *record,
                                            struct outputs *outputs)
{
    struct signal signal;
    if (!record->value.at)
        return TRANSFORM_NEXT;
    if (signal_pack_is(record)) {
        open_pack(flow, record, true, REJECT_EVENT, outputs);
        return TRANSFORM_NEXT;
    }
    if (!read_signal(flow, &signal, record)) {
        bury(flow, record, REJECT_EVENT, outputs);
        return TRANSFORM_NEXT;
    }
    if (signal.kind == SIGNAL_WATERMARK)
        return window_flow_on_watermark(flow, &signal, outputs);
    on_fact(flow, &signal, outputs);
    return TRANSFORM_NEXT;
}

void window_flow_bury(struct window_flow *flow, const struct record *record, enum reject reject,
                      struct outputs *outputs)
{
    if (signal_pack_is(record))
        open_pack(flow, record, false, reject, outputs);
    else
        bury(flow, record, reject, outputs);
}

struct window_flow_counts window_flow_counts(const struct window_flow *flow)
{
    struct window_flow_counts counts = flow->counts;
    counts.groups = (int64_t)case_book_count(flow->book.groups);
    return counts;
}
