/* SPDX-License-Identifier: Apache-2.0 */
/* Fold first, decide after: an `opened` whose case already folds to dispatched, merged or closed is
 * not dispatched, so a record seen twice, a replay and our own decision read back change nothing.
 * Quiet cases (history only) are kept and never acted on. Timers, stubs and forgetting move on
 * ticks alone, at most MOST_TIMERS a transaction. */
#include "router/core/case_flow.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/memory.h"
#include "model/desk.h"
#include "model/ids.h"
#include "router/core/case_decide.h"
#include "router/core/case_flow_internal.h"
#include "router/core/gone.h"
#include "router/core/merge.h"
#include "router/core/stub.h"

#define MOST_TIMERS 1000
#define ARENA_BYTES (1 << 20)

struct case_flow *case_flow_open(const struct case_flow_rules *rules, int32_t partition)
{
    struct case_flow *flow = xcalloc(1, sizeof *flow);
    flow->rules = rules;
    flow->partition = partition;
    flow->book = case_book_new(rules->store);
    flow->parked = parked_new();
    flow->reader = json_reader_new();
    arena_init(&flow->arena, ARENA_BYTES);
    emit_init(&flow->emit);
    hearing_init(&flow->hearing, rules->codes, rules->signal_partitions);
    strbuf_init(&flow->text, 4096, 2 * CASE_SET_MAX_BYTES);
    flow->stage_escalated = codes_number(rules->codes, CODE_STAGE, SPAN("escalated"));
    flow->stage_overdue = codes_number(rules->codes, CODE_STAGE, SPAN("overdue"));
    flow->counts.clock_ms = TIMESTAMP_NONE;
    return flow;
}

void case_flow_close(struct case_flow *flow)
{
    case_book_free(flow->book);
    parked_free(flow->parked);
    json_reader_free(flow->reader);
    arena_fini(&flow->arena);
    emit_fini(&flow->emit);
    hearing_fini(&flow->hearing);
    strbuf_fini(&flow->text);
    free(flow);
}

bool case_flow_unpack(struct case_flow *flow, const struct case_entry *entry, struct case_set *set)
{
    return case_pack_read(set, case_book_get(flow->book, entry), &flow->arena);
}

static bool begin(const struct case_flow *flow, struct working *work, struct span id)
{
    struct span rest = id;
    memset(work, 0, offsetof(struct working, fold) + CASE_FOLD_HEAD);
    work->kind_code = span_cut(&rest, ':');
    work->id = id;
    work->kind = kinds_find(flow->rules->kinds, work->kind_code);
    return work->kind != NULL;
}

static enum reject open_entry(struct case_flow *flow, struct working *work,
                              struct case_entry *entry)
{
    work->entry = entry;
    return case_flow_unpack(flow, entry, &work->set) ? REJECT_NONE : REJECT_TOO_LARGE;
}

static bool begin_of(struct case_flow *flow, struct working *work, const struct case_entry *entry)
{
    char id[CASE_BOOK_MAX_ID];
    return begin(flow, work, arena_copy(&flow->arena, case_book_id(flow->book, entry, id)));
}

enum reject case_flow_load(struct case_flow *flow, struct working *work, struct case_entry *entry)
{
    return begin_of(flow, work, entry) ? open_entry(flow, work, entry) : REJECT_STAGE;
}

enum reject case_flow_load_to_fold(struct case_flow *flow, struct working *work,
                                   struct case_entry *entry, struct span packed)
{
    if (!begin_of(flow, work, entry))
        return REJECT_STAGE;
    work->entry = entry;
    return case_pack_read_to_fold(&work->set, packed, &flow->arena) ? REJECT_NONE
                                                                    : REJECT_TOO_LARGE;
}

static enum reject load_of(struct case_flow *flow, struct working *work, struct span id)
{
    if (!begin(flow, work, id))
        return REJECT_STAGE;
    if (id.len > CASE_BOOK_MAX_ID)
        return REJECT_IDENTITY;
    return open_entry(flow, work, case_book_add(flow->book, id));
}

void case_flow_store(struct case_flow *flow, struct case_entry *entry, const struct case_set *set,
                     bool restoring)
{
    strbuf_reset(&flow->text);
    case_pack_write(&flow->text, set);
    case_book_set(flow->book, entry, strbuf_span(&flow->text), restoring);
}

/* After the fold: what the case waits for now. */
void case_flow_set_timer(struct case_flow *flow, const struct working *work)
{
    struct timers_next next =
        timers_next(&work->set, &work->fold, work->kind, &flow->rules->timers);
    case_book_set_timer(flow->book, work->entry, next.due_ms, next.timer);
}

const struct case_line *case_flow_line(const struct working *work, struct span id)
{
    for (size_t i = 0; i < work->set.count; i++)
        if (span_equal(work->set.lines[i].id, id))
            return &work->set.lines[i];
    return NULL;
}

int64_t case_flow_day_of(const struct case_line *line)
{
    return timestamp_day(line->time_ms, YAML_DATE_ZONE_MINUTES);
}

struct case_decide_asked case_flow_asked(const struct case_flow *flow, const struct working *work)
{
    return (struct case_decide_asked){.rules = flow->rules,
                                      .id = work->id,
                                      .kind_code = work->kind_code,
                                      .kind = work->kind,
                                      .set = &work->set,
                                      .fold = &work->fold,
                                      .clock_ms = flow->counts.clock_ms};
}

struct emit_case case_flow_about(const struct case_flow *flow, const struct working *work,
                                 const struct case_line *cause)
{
    struct case_decide_asked asked = case_flow_asked(flow, work);
    return case_decide_about(&asked, cause);
}

/* Our own event, merged at once: reading it back from the log will change nothing. Before it is
 * sent: what has no place in its case would be said again and again. */
enum reject case_flow_merge_own(struct case_flow *flow, struct working *work,
                                const struct event *event)
{
    struct case_line line;
    enum reject reject = case_line_of_event(event, flow->rules->codes, &flow->arena, &line);
    if (reject != REJECT_NONE)
        return reject;
    if (case_set_merge(&work->set, &line, work->kind, &flow->arena) != CASE_SET_CHANGED)
        return REJECT_CASE_TOO_LONG;
    case_fold(&work->fold, &work->set, work->kind, flow->rules->codes);
    return REJECT_NONE;
}

/* What was merged and written just now comes back from the log: known by its bytes, it need not be
 * read again. After a restart it is read like any other, with the same result. */
static void remember(const struct case_flow *flow, const struct working *work)
{
    work->entry->said = hash_span(strbuf_span(&flow->emit.event));
}

static bool is_echo(const struct case_flow *flow, const struct record *record)
{
    struct case_entry *entry = record->key.len ? case_book_find(flow->book, record->key) : NULL;
    if (!entry || !entry->said || entry->said != hash_span(record->value))
        return false;
    entry->said = 0;
    return true;
}

static enum reject dispatch(struct case_flow *flow, struct working *work, struct outputs *outputs)
{
    struct case_decide_asked asked = case_flow_asked(flow, work);
    struct case_decided decided;
    if (!case_decide(&decided, &asked, &flow->emit, &flow->arena))
        return REJECT_TOO_LARGE;
    enum reject reject = case_flow_merge_own(flow, work, &decided.event);
    if (reject != REJECT_NONE)
        return reject;
    emit_send_decision(&flow->emit, &decided.about, &decided.event, &decided.decision, outputs);
    remember(flow, work);
    work->decided = true;
    if (work->copy_count < CASE_FLOW_MOST_LEADS)
        work->copies[work->copy_count++] = case_flow_copies(work);
    flow->counts.decided++;
    flow->counts.adopted += decided.decision.adopted;
    flow->counts.desk += span_is(decided.decision.lead, "desk");
    (void)case_flow_name_helpers(flow, work, &decided.decision,
                                 outputs); /* as far as there is room */
    return REJECT_NONE;
}

static void note_before(const struct working *work, struct case_flow_told *told)
{
    const struct case_line *before = case_flow_line(work, told->line.id);
    told->known = before != NULL;
    if (!before)
        return;
    told->before = *before;
    told->stale = case_line_compare_revision(told->line.revision, before->revision) < 0;
}

/* What was told before its turn may ask for another lead as soon as there is one. Once something is
 * said the record is taken: what has no room then is not said. */
static enum reject answer(struct case_flow *flow, struct working *work,
                          const struct case_flow_told *told, struct outputs *outputs)
{
    struct case_flow_told later = {.event = told->event, .line = told->line, .live = told->live};
    enum reject reject = case_flow_answer_moves(flow, work, told, outputs);
    for (int i = 0;
         i < CASE_FLOW_MOST_LEADS && case_decide_is_due(&work->set, &work->fold, work->kind); i++) {
        if (reject == REJECT_NONE)
            reject = dispatch(flow, work, outputs);
        if (reject != REJECT_NONE)
            return i ? REJECT_NONE : reject;
        reject = case_flow_answer_moves(flow, work, &later, outputs);
    }
    return reject;
}

static enum reject merge_told(struct case_flow *flow, struct working *work,
                              const struct event *event, struct outputs *outputs)
{
    struct case_flow_told told = {.event = event, .live = event->replayof.at == NULL};
    enum reject reject = case_line_of_event(event, flow->rules->codes, &flow->arena, &told.line);
    if (reject != REJECT_NONE)
        return reject;
    note_before(work, &told);
    struct case_flow_duties before = case_flow_duties(flow, work, &told.line);
    struct merge_view family;
    if (!case_flow_listen(flow, work) || !merge_look(&family, flow, work))
        return REJECT_TOO_LARGE;
    switch (case_set_merge(&work->set, &told.line, work->kind, &flow->arena)) {
    case CASE_SET_UNCHANGED: return REJECT_NONE;
    case CASE_SET_TOO_LONG:
        merge_turn_away(flow, work, &told.line, outputs);
        return REJECT_CASE_TOO_LONG;
    case CASE_SET_NO_MEMORY: return REJECT_TOO_LARGE;
    case CASE_SET_CHANGED: break;
    }
    case_fold(&work->fold, &work->set, work->kind, flow->rules->codes);
    reject = merge_follow(flow, work, &family, outputs);
    if (reject == REJECT_NONE)
        reject = answer(flow, work, &told, outputs);
    bool crowded = reject == REJECT_CASE_TOO_LONG; /* the line is taken, its answer has no room */
    if (reject == REJECT_NONE || crowded) {
        enum reject family_reject = merge_tell(flow, work, &family, outputs);
        reject = crowded ? reject : family_reject;
    }
    if (reject != REJECT_NONE && !crowded)
        return reject;
    case_flow_refuse_move(flow, work, &told, outputs);
    case_flow_ask_desk(flow, work, &before, &told, outputs);
    case_flow_tell(flow, work, outputs);
    case_flow_store(flow, work->entry, &work->set, false);
    case_flow_set_timer(flow, work);
    return reject;
}

/* A case that cannot take the event stays as it was; one that took it and has no room for what
 * would have to be said of it has the event, and so has `dead`. */
static enum reject on_case(struct case_flow *flow, const struct event *event,
                           struct outputs *outputs)
{
    struct working work;
    enum reject reject = load_of(flow, &work, event->subject);
    if (reject == REJECT_NONE)
        reject = merge_told(flow, &work, event, outputs);
    if (work.entry && !work.entry->len && !work.entry->dirty)
        case_book_remove(flow->book, work.entry);
    return reject;
}

static bool asks_desk(const struct kind_timer *timer)
{
    return timer->action == TIMER_ESCALATE && timer->to && strcmp(timer->to, DESK_UNIT) == 0;
}

/* That time has passed hides not what the desk has to decide of its own case. */
static struct span asked_by_timer(const struct working *work, const struct emit_timer *fires)
{
    struct span own = desk_of_its_own(&work->set, &work->fold);
    bool asks = asks_desk(fires->timer);
    if (own.at && (asks || !fires->co || span_is(fires->co->unit, DESK_UNIT)))
        return own;
    return asks ? span_of(desk_row(DESK_OVERDUE)->code) : SPAN_NONE;
}

static int64_t not_before(const struct case_line *line, int64_t time_ms)
{
    time_ms = line->time_ms > time_ms ? line->time_ms : time_ms;
    return line->recorded_ms > time_ms ? line->recorded_ms : time_ms;
}

static bool extends(const struct working *work, size_t at)
{
    int index = case_kind_stage_number(work->kind, work->set.lines[at].stage);
    return index >= 0 && work->fold.effect[at] == LINE_COUNTS &&
           work->kind->stages[index].meaning == MEANS_EXTENDED;
}

/* A tick makes it fire, whatever started it. Which tick that is would only tell which of two topics
 * was read sooner, where the router opened the case itself: there it has the moment it waited for
 * (docs/decisions/0057). Not before an extension: one into the past would have answered what it
 * makes due. */
static int64_t time_of_timer(const struct case_flow *flow, const struct working *work,
                             const struct timers_next *due)
{
    const struct case_line *lead = case_flow_line(work, work->fold.cause_id);
    bool ours = lead && case_decide_is_ours(work->kind, lead);
    int64_t time_ms =
        not_before(case_flow_line(work, due->cause_id), ours ? due->due_ms : flow->counts.clock_ms);
    for (size_t i = 0; i < work->set.count; i++)
        if (extends(work, i))
            time_ms = not_before(&work->set.lines[i], time_ms);
    return time_ms;
}

static void fire(struct case_flow *flow, struct working *work, struct outputs *outputs)
{
    char text[CASE_TIMER_QUESTION];
    struct event event;
    struct timers_next due = timers_next(&work->set, &work->fold, work->kind, &flow->rules->timers);
    const struct kind_timer *timer = &work->kind->timers[due.timer];
    struct emit_case what = case_flow_about(flow, work, case_flow_line(work, due.cause_id));
    what.time_ms = time_of_timer(flow, work, &due);
    struct emit_timer fires = {.timer = timer,
                               .fold = &work->fold,
                               .co = due.co,
                               .question = case_timer_question(text, timer, due.due_ms)};
    fires.desk_cause = asked_by_timer(work, &fires);
    if (!case_flow_listen(flow, work) ||
        !emit_timer(&flow->emit, &what, &fires, &flow->arena, &event) ||
        case_flow_merge_own(flow, work, &event) != REJECT_NONE)
        return; /* a case at its limits: nothing more is said of it */
    bool asks = asks_desk(timer);
    bool open = asks && desk_is_open(&work->set, &work->fold, work->kind, DESK_OVERDUE, event.id);
    emit_send_timer(&flow->emit, &what, &event, &fires, !asks || open, outputs);
    remember(flow, work);
    if (open)
        case_flow_asked_by_time(flow, work, event.id, outputs);
    case_flow_tell(flow, work, outputs);
    case_flow_store(flow, work->entry, &work->set, false);
    case_flow_set_timer(flow, work);
    flow->counts.timers++;
}

static void ask_for_head(struct case_flow *flow, struct working *work, struct outputs *outputs)
{
    const struct timers_rules *rules = &flow->rules->timers;
    struct timers_next due = timers_next(&work->set, &work->fold, work->kind, rules);
    bool asks = due.timer == TIMERS_HEADLESS && case_flow_listen(flow, work) &&
                case_flow_ask_headless(flow, work, case_flow_line(work, due.cause_id), outputs);
    if (!asks) { /* no room for a question: it ends all the same */
        due = due.timer == TIMERS_HEADLESS ? timers_forgotten(&work->set, rules) : due;
        case_book_set_timer(flow->book, work->entry, due.due_ms, due.timer);
        return;
    }
    case_flow_tell(flow, work, outputs);
    case_flow_store(flow, work->entry, &work->set, false);
    case_flow_set_timer(flow, work);
}

static void forget(struct case_flow *flow, struct case_entry *entry, struct outputs *outputs)
{
    struct working work;
    if (flow->rules->timers.gone_after_ms && case_flow_load(flow, &work, entry) == REJECT_NONE) {
        case_fold(&work.fold, &work.set, work.kind, flow->rules->codes);
        if (!work.fold.has_opened || gone_waits(&work.set, &work.fold, work.kind))
            gone_take_out(&work.set, work.kind, work.id, outputs);
    }
    case_book_set(flow->book, entry, SPAN_NONE, false);
    flow->counts.forgotten++;
}

/* Takes what is due from the entry; what it waits for next is set by whoever changes its set. */
static void act(struct case_flow *flow, struct case_entry *entry, struct outputs *outputs)
{
    struct working work;
    int timer = entry->timer;
    arena_reset(&flow->arena);
    case_book_set_timer(flow->book, entry, TIMESTAMP_NONE, 0);
    if (timer == TIMERS_FORGET) {
        forget(flow, entry, outputs);
        return;
    }
    if (case_flow_load(flow, &work, entry) != REJECT_NONE)
        return;
    if (timer == TIMERS_STUB) {
        stub_reduce(&work.set, work.kind);
        case_flow_store(flow, entry, &work.set, false);
        flow->counts.stubs++;
    }
    case_fold(&work.fold, &work.set, work.kind, flow->rules->codes);
    if (timer == TIMERS_GONE) {
        gone_take_out(&work.set, work.kind, work.id, outputs);
        gone_mark(&work.set, &work.fold, work.kind);
        case_flow_store(flow, entry, &work.set, false);
    }
    if (timer < TIMERS_MOST)
        fire(flow, &work, outputs);
    else if (timer == TIMERS_HEADLESS)
        ask_for_head(flow, &work, outputs);
    else
        case_flow_set_timer(flow, &work);
}

static enum transform_result on_tick(struct case_flow *flow, int64_t t_ms, struct outputs *outputs)
{
    struct case_entry *entry;
    if (flow->counts.clock_ms == TIMESTAMP_NONE || t_ms > flow->counts.clock_ms) {
        flow->counts.clock_ms = t_ms;
        flow->clock_dirty = true;
    }
    flow->hearing.arrived_ms = flow->counts.clock_ms;
    for (int n = 0; (entry = case_book_due(flow->book, flow->counts.clock_ms)); n++) {
        if (n == MOST_TIMERS)
            return TRANSFORM_AGAIN;
        act(flow, entry, outputs);
    }
    if (t_ms >= flow->counts.clock_ms) /* also the one whose timers a restart interrupted */
        hearing_tell_clock(&flow->hearing, flow->partition, t_ms, outputs);
    return TRANSFORM_NEXT;
}

/* When pass 2 is to know of it. What stands behind a tick is not known before it, whenever it was
 * received; so all that arrived before a tick stands before it. What the router says itself comes
 * from another partition sooner or later: its moment is that of what made it say so. */
static int64_t arrival_of(const struct case_flow *flow, const struct event *event)
{
    bool ours = span_is(event->party, "router");
    return ours || event->recorded_ms > flow->counts.clock_ms ? event->recorded_ms
                                                              : flow->counts.clock_ms;
}

/* What needs no case to be told. */
static void hear(struct case_flow *flow, const struct event *event, struct outputs *outputs)
{
    flow->hearing.listeners = flow->rules->bundle->listeners;
    if (event->family == EVENT_OBSERVATION)
        hearing_tell_observation(&flow->hearing, event, outputs);
    hearing_tell_sighting(&flow->hearing, event, outputs);
}

enum transform_result case_flow_on_record(struct case_flow *flow, const struct record *record,
                                          struct outputs *all)
{
    struct case_flow_diversion diversion = {flow, all};
    struct outputs diverted = case_flow_divert(&diversion, all), *outputs = &diverted;
    struct event event;
    arena_reset(&flow->arena);
    if (!record->value.at)
        return TRANSFORM_NEXT;
    flow->counts.events++;
    if (is_echo(flow, record))
        return TRANSFORM_NEXT;
    enum reject reject = event_read_record(flow->reader, record, &flow->arena, &event);
    if (reject == REJECT_NONE && event.family == EVENT_TICK)
        return on_tick(flow, event.time_ms, outputs);
    if (reject == REJECT_NONE)
        flow->hearing.arrived_ms = arrival_of(flow, &event);
    if (reject == REJECT_NONE && event.family == EVENT_CASE)
        reject = on_case(flow, &event, outputs);
    if (reject == REJECT_NONE)
        hear(flow, &event, outputs);
    if (reject != REJECT_NONE)
        case_flow_bury(flow, record, reject, outputs);
    return TRANSFORM_NEXT;
}

void case_flow_bury(struct case_flow *flow, const struct record *record, enum reject reject,
                    struct outputs *outputs)
{
    emit_dead(&flow->emit, record, reject, outputs);
    flow->counts.dead++;
    flow->counts.too_long += reject == REJECT_CASE_TOO_LONG;
}

struct case_flow_counts case_flow_counts(const struct case_flow *flow)
{
    struct case_flow_counts counts = flow->counts;
    counts.cases = (int64_t)case_book_count(flow->book);
    counts.parked = (int64_t)parked_count(flow->parked);
    counts.removals = (int64_t)parked_removals(flow->parked);
    counts.signals = flow->hearing.written;
    return counts;
}
