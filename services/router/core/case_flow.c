/* SPDX-License-Identifier: Apache-2.0 */
/* Fold first, decide after: an `opened` whose case already folds to dispatched, merged or closed is
 * not dispatched, so a record seen twice, a replay and our own decision read back change nothing.
 * Quiet cases (history only) are kept and never acted on. Timers, stubs and forgetting move on
 * ticks alone, at most MOST_TIMERS a transaction. */
#include "router/core/case_flow.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "model/case_set.h"
#include "router/core/case_book.h"
#include "router/core/case_pack.h"
#include "router/core/emit.h"
#include "router/core/stub.h"

#define MOST_TIMERS 1000
#define CLOCK_KEY   "_clock"
#define ARENA_BYTES (512 << 10)

struct case_flow {
    const struct case_flow_rules *rules; /* borrowed */
    int32_t partition;
    struct case_book *book;   /* owned */
    struct case_words *words; /* owned */
    struct json_reader *reader;
    struct arena arena; /* one record */
    struct emit emit;
    struct strbuf text;
    bool clock_dirty;
    char fault[256]; /* why the restored state cannot be used; "" = it can */
    struct case_flow_counts counts;
};

struct working { /* one case while a record is handled */
    struct span id, kind_code;
    const struct case_kind *kind;
    struct case_entry *entry;
    struct case_set set;
    struct case_fold fold;
};

struct case_flow *case_flow_open(const struct case_flow_rules *rules, int32_t partition)
{
    struct case_flow *flow = xcalloc(1, sizeof *flow);
    flow->rules = rules;
    flow->partition = partition;
    flow->book = case_book_new();
    flow->words = case_words_new();
    flow->reader = json_reader_new();
    arena_init(&flow->arena, ARENA_BYTES);
    emit_init(&flow->emit);
    strbuf_init(&flow->text, 4096, 2 * CASE_SET_MAX_BYTES);
    flow->counts.clock_ms = TIMESTAMP_NONE;
    return flow;
}

void case_flow_close(struct case_flow *flow)
{
    case_book_free(flow->book);
    case_words_free(flow->words);
    json_reader_free(flow->reader);
    arena_fini(&flow->arena);
    emit_fini(&flow->emit);
    strbuf_fini(&flow->text);
    free(flow);
}

static bool unpack(struct case_flow *flow, const struct case_entry *entry, struct case_set *set)
{
    return case_set_read(set, SPAN_NONE, flow->rules->codes, &flow->arena) &&
           case_pack_read(set, span_from(entry->bytes, entry->len), flow->words, &flow->arena);
}

static enum reject load(struct case_flow *flow, struct working *work, struct span id)
{
    struct span rest = id;
    work->kind_code = span_cut(&rest, ':');
    work->id = id;
    work->kind = kinds_find(flow->rules->kinds, work->kind_code);
    if (!work->kind)
        return REJECT_STAGE;
    if (id.len > CASE_BOOK_MAX_ID)
        return REJECT_IDENTITY;
    work->entry = case_book_add(flow->book, id);
    return unpack(flow, work->entry, &work->set) ? REJECT_NONE : REJECT_TOO_LARGE;
}

static void store(struct case_flow *flow, struct case_entry *entry, const struct case_set *set,
                  bool restoring)
{
    strbuf_reset(&flow->text);
    case_pack_write(&flow->text, set, flow->words);
    case_book_set(flow->book, entry, strbuf_span(&flow->text), restoring);
}

/* After the fold: what the case waits for now. */
static void set_timer(struct case_flow *flow, const struct working *work)
{
    struct timers_next next =
        timers_next(&work->set, &work->fold, work->kind, &flow->rules->timers);
    case_book_set_timer(flow->book, work->entry, next.due_ms, next.timer);
}

static const struct case_line *line_of(const struct working *work, struct span id)
{
    for (size_t i = 0; i < work->set.count; i++)
        if (span_equal(work->set.lines[i].id, id))
            return &work->set.lines[i];
    return NULL;
}

static int64_t later(int64_t a, int64_t b)
{
    return a > b ? a : b; /* TIMESTAMP_NONE is the least of all */
}

/* What is decided because of `cause` lies not before it: neither before it was recorded, nor before
 * the moment it names, which may be minutes ahead (docs/decisions/0004). Otherwise the decision
 * would sort in front of its cause. */
static struct emit_case about(const struct case_flow *flow, const struct working *work,
                              const struct case_line *cause)
{
    const struct case_fold *fold = &work->fold;
    return (struct emit_case){
        .id = work->id,
        .kind = work->kind_code,
        .type_code = fold->type_code,
        .street_code = fold->street_code,
        .community_code = fold->community_code,
        .cause_id = cause->id,
        .time_ms = later(flow->counts.clock_ms, later(cause->recorded_ms, cause->time_ms)),
    };
}

/* Our own event, merged at once: reading it back from the log will change nothing. Before it is
 * sent: what has no place in its case would be said again and again. */
static enum reject merge_own(struct case_flow *flow, struct working *work,
                             const struct event *event)
{
    const struct json_value *data = NULL;
    struct event own = *event;
    struct case_line line;
    size_t bad_at;
    enum reject reject = json_read(flow->reader, event->data_json, &flow->arena, &data, &bad_at);
    own.data = data;
    if (reject == REJECT_NONE)
        reject = case_line_of_event(&own, flow->rules->codes, &flow->arena, &line);
    if (reject != REJECT_NONE)
        return reject;
    if (case_set_merge(&work->set, &line, work->kind, &flow->arena) != CASE_SET_CHANGED)
        return REJECT_CASE_TOO_LONG;
    case_fold(&work->fold, &work->set, work->kind, flow->rules->codes);
    return REJECT_NONE;
}

static enum reject dispatch(struct case_flow *flow, struct working *work, struct outputs *outputs)
{
    const struct case_fold *fold = &work->fold;
    const struct case_line *cause =
        line_of(work, fold->cause_id.at ? fold->cause_id : fold->opened_id);
    struct emit_case what = about(flow, work, cause);
    struct event event;
    struct decision decision;
    struct order order = {
        .type_code = fold->type_code,
        .street_code = fold->street_code,
        .community_code = fold->community_code,
        .lead = fold->lead,
        .limit_class = fold->limit_class,
        .opened_ms = cause->time_ms, /* of this round: a reopening starts the limit anew */
        .due_ms = fold->due_ms,
    };
    if (!decide(&decision, &order, flow->rules->rules, flow->rules->district, flow->counts.clock_ms,
                flow->rules->max_age_ms, &flow->arena))
        return REJECT_TOO_LARGE;
    if (!what.street_code.len)
        what.street_code = decision.street;
    if (!emit_decision(&flow->emit, &what, &decision, span_of(flow->rules->rules->hash),
                       &flow->arena, &event))
        return REJECT_TOO_LARGE;
    enum reject reject = merge_own(flow, work, &event);
    if (reject != REJECT_NONE)
        return reject;
    emit_send_decision(&flow->emit, &what, &event, &decision, outputs);
    flow->counts.decided++;
    flow->counts.adopted += decision.adopted;
    flow->counts.desk += span_is(decision.lead, "desk");
    return REJECT_NONE;
}

static bool wants_decision(const struct working *work)
{
    const struct case_fold *fold = &work->fold;
    return fold->has_opened && !fold->quiet && !fold->dispatched && !fold->closed &&
           fold->resolution_ms == TIMESTAMP_NONE &&
           case_kind_stage(work->kind, SPAN("dispatched")) >= 0;
}

static enum reject merge_told(struct case_flow *flow, struct working *work,
                              const struct event *event, struct outputs *outputs)
{
    struct case_line line;
    enum reject reject = case_line_of_event(event, flow->rules->codes, &flow->arena, &line);
    if (reject != REJECT_NONE)
        return reject;
    switch (case_set_merge(&work->set, &line, work->kind, &flow->arena)) {
    case CASE_SET_UNCHANGED: return REJECT_NONE;
    case CASE_SET_TOO_LONG: return REJECT_CASE_TOO_LONG;
    case CASE_SET_NO_MEMORY: return REJECT_TOO_LARGE;
    case CASE_SET_CHANGED: break;
    }
    case_fold(&work->fold, &work->set, work->kind, flow->rules->codes);
    if (wants_decision(work))
        reject = dispatch(flow, work, outputs);
    if (reject != REJECT_NONE)
        return reject;
    store(flow, work->entry, &work->set, false);
    set_timer(flow, work);
    return REJECT_NONE;
}

/* A case that cannot take the event stays as it was. */
static enum reject on_case(struct case_flow *flow, const struct event *event,
                           struct outputs *outputs)
{
    struct working work = {0};
    enum reject reject = load(flow, &work, event->subject);
    if (reject == REJECT_NONE)
        reject = merge_told(flow, &work, event, outputs);
    if (work.entry && !work.entry->len && !work.entry->dirty)
        case_book_remove(flow->book, work.entry);
    return reject;
}

static void fire(struct case_flow *flow, struct working *work, struct outputs *outputs)
{
    char text[TIMERS_QUESTION];
    struct event event;
    struct timers_next due = timers_next(&work->set, &work->fold, work->kind, &flow->rules->timers);
    const struct kind_timer *timer = &work->kind->timers[due.timer];
    struct emit_case what = about(flow, work, line_of(work, due.cause_id));
    struct span question = timers_question(text, timer, due.due_ms);
    struct case_fold before = work->fold;
    if (!emit_timer(&flow->emit, &what, &before, timer, question, &flow->arena, &event) ||
        merge_own(flow, work, &event) != REJECT_NONE)
        return; /* a case at its limits: nothing more is said of it */
    emit_send_timer(&flow->emit, &what, &event, &before, timer, outputs);
    store(flow, work->entry, &work->set, false);
    set_timer(flow, work);
    flow->counts.timers++;
}

/* Takes what is due from the entry; what it waits for next is set by whoever changes its set. */
static void act(struct case_flow *flow, struct case_entry *entry, struct outputs *outputs)
{
    struct working work = {0};
    int timer = entry->timer;
    arena_reset(&flow->arena);
    case_book_set_timer(flow->book, entry, TIMESTAMP_NONE, 0);
    if (timer == TIMERS_FORGET) {
        case_book_set(flow->book, entry, SPAN_NONE, false);
        flow->counts.forgotten++;
        return;
    }
    if (load(flow, &work, case_entry_id(entry)) != REJECT_NONE)
        return;
    if (timer == TIMERS_STUB) {
        stub_reduce(&work.set, work.kind);
        store(flow, entry, &work.set, false);
        flow->counts.stubs++;
    }
    case_fold(&work.fold, &work.set, work.kind, flow->rules->codes);
    if (timer == TIMERS_STUB)
        set_timer(flow, &work);
    else
        fire(flow, &work, outputs);
}

static enum transform_result on_tick(struct case_flow *flow, int64_t t_ms, struct outputs *outputs)
{
    struct case_entry *entry;
    if (flow->counts.clock_ms == TIMESTAMP_NONE || t_ms > flow->counts.clock_ms) {
        flow->counts.clock_ms = t_ms;
        flow->clock_dirty = true;
    }
    for (int n = 0; (entry = case_book_due(flow->book, flow->counts.clock_ms)); n++) {
        if (n == MOST_TIMERS)
            return TRANSFORM_AGAIN;
        act(flow, entry, outputs);
    }
    return TRANSFORM_NEXT;
}

enum transform_result case_flow_on_record(struct case_flow *flow, const struct record *record,
                                          struct outputs *outputs)
{
    struct event event;
    arena_reset(&flow->arena);
    if (!record->value.at)
        return TRANSFORM_NEXT;
    flow->counts.events++;
    enum reject reject = event_read_record(flow->reader, record, &flow->arena, &event);
    if (reject == REJECT_NONE && event.family == EVENT_TICK)
        return on_tick(flow, event.time_ms, outputs);
    if (reject == REJECT_NONE && event.family == EVENT_CASE)
        reject = on_case(flow, &event, outputs);
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

void case_flow_restore(struct case_flow *flow, struct span key, struct span value)
{
    if (span_is(key, CLOCK_KEY)) {
        int64_t clock_ms;
        if (span_to_int64(value, &clock_ms))
            flow->counts.clock_ms = clock_ms;
        return;
    }
    if (!value.at) {
        struct case_entry *entry = case_book_find(flow->book, key);
        if (entry)
            case_book_remove(flow->book, entry);
        return;
    }
    /* Timers wait for case_flow_restored: a later record of the state topic may replace this one.
     */
    struct case_set set;
    arena_reset(&flow->arena);
    if (key.len <= CASE_BOOK_MAX_ID && case_set_read(&set, value, flow->rules->codes, &flow->arena))
        store(flow, case_book_add(flow->book, key), &set, true);
    else if (!flow->fault[0])
        snprintf(flow->fault, sizeof flow->fault,
                 "the stored set of %.*s cannot be read; fix: start the version that wrote it, or "
                 "one whose codes.csv has its codes",
                 (int)(key.len < 100 ? key.len : 100), key.at);
}

const char *case_flow_fault(const struct case_flow *flow)
{
    return flow->fault[0] ? flow->fault : NULL;
}

static void restore_timer(void *context, struct case_entry *entry)
{
    struct case_flow *flow = context;
    struct working work = {0};
    arena_reset(&flow->arena);
    if (load(flow, &work, case_entry_id(entry)) != REJECT_NONE)
        return;
    case_fold(&work.fold, &work.set, work.kind, flow->rules->codes);
    set_timer(flow, &work);
}

void case_flow_restored(struct case_flow *flow)
{
    case_book_each(flow->book, restore_timer, flow);
}

static void save_case(struct case_flow *flow, struct case_entry *entry, struct outputs *outputs)
{
    struct case_set set;
    struct output output = {
        .stream = STREAM_STATE_CASES, .partition = flow->partition, .key = case_entry_id(entry)};
    arena_reset(&flow->arena);
    strbuf_reset(&flow->text);
    if (!unpack(flow, entry, &set))
        abort(); /* a set's limit is a fraction of the arena */
    case_set_write(&flow->text, &set, flow->rules->codes);
    if (entry->len)
        output.value = strbuf_span(&flow->text);
    outputs_add(outputs, &output);
    if (!entry->len)
        case_book_remove(flow->book, entry);
}

void case_flow_save(struct case_flow *flow, struct outputs *outputs)
{
    struct case_entry *entry;
    while ((entry = case_book_take_dirty(flow->book)))
        save_case(flow, entry, outputs);
    if (!flow->clock_dirty)
        return;
    flow->clock_dirty = false;
    strbuf_reset(&flow->text);
    strbuf_add_int(&flow->text, flow->counts.clock_ms);
    outputs_add(outputs, &(struct output){.stream = STREAM_STATE_CASES,
                                          .partition = flow->partition,
                                          .key = SPAN(CLOCK_KEY),
                                          .value = strbuf_span(&flow->text)});
}

struct case_flow_counts case_flow_counts(const struct case_flow *flow)
{
    struct case_flow_counts counts = flow->counts;
    counts.cases = (int64_t)case_book_count(flow->book);
    return counts;
}
