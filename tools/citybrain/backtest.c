/* SPDX-License-Identifier: Apache-2.0 */
/* A decision stands behind its cause on the log, and what came between the two did not count for
 * it. So from the record that asks on, what comes of that case waits until the decision is there;
 * then it goes in behind it, as it went into the router's. A case is kept as the router keeps it,
 * and cut and forgotten as there: memory is bounded by the open cases, whatever the log's length.
 */
#include "citybrain/backtest.h"

#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "base/memory.h"
#include "model/ids.h"
#include "router/core/case_book.h"
#include "router/core/case_decide.h"
#include "router/core/case_pack.h"
#include "router/core/moves.h"
#include "router/core/stub.h"

#define ARENA_BYTES (1 << 20)
#define MOST_WAITING                                                                               \
    1024 /* events of one case: then the log is taken as having lost the decision */

struct waiting {
    struct waiting *next;
    int64_t clock_ms; /* when it came */
    size_t len;
    char json[];
};

struct pending { /* a decision that was asked for, or the recall before one */
    char id[DIGEST_ID_LEN + 1];
    char *case_id, *json; /* owned; json: the decision's event as it would be now; NULL: a recall */
    int64_t clock_ms, time_ms;     /* when it was asked; of the event */
    struct waiting *first, **last; /* owned */
    size_t count;
    UT_hash_handle hh;
};

struct lane { /* a partition */
    struct case_book *book;
    int64_t clock_ms;
    bool ticked;
};

struct backtest {
    const struct case_flow_rules *rules;
    struct backtest_range range;
    struct backtest_report *report;
    struct lane lane[BACKTEST_PARTITIONS];
    struct pending *pending;
    struct json_reader *reader;
    struct arena arena, other; /* a record; a decision that is compared */
    struct emit emit;
    struct strbuf text;
};

struct working {
    struct span id, kind_code;
    const struct case_kind *kind;
    struct case_entry *entry;
    struct case_set set;
    struct case_fold fold;
};

struct backtest *backtest_new(const struct case_flow_rules *rules,
                              const struct backtest_range *range, struct backtest_report *report)
{
    struct backtest *backtest = xcalloc(1, sizeof *backtest);
    backtest->rules = rules;
    backtest->range = *range;
    backtest->report = report;
    backtest->reader = json_reader_new();
    arena_init(&backtest->arena, ARENA_BYTES);
    arena_init(&backtest->other, ARENA_BYTES);
    emit_init(&backtest->emit);
    strbuf_init(&backtest->text, 4096, ARENA_BYTES);
    return backtest;
}

static void drop(struct backtest *backtest, struct pending *pending)
{
    HASH_DEL(backtest->pending, pending);
    for (struct waiting *one = pending->first, *next; one; one = next) {
        next = one->next;
        free(one);
    }
    free(pending->case_id);
    free(pending->json);
    free(pending);
}

void backtest_free(struct backtest *backtest)
{
    while (backtest->pending)
        drop(backtest, backtest->pending);
    for (size_t i = 0; i < BACKTEST_PARTITIONS; i++)
        if (backtest->lane[i].book)
            case_book_free(backtest->lane[i].book);
    json_reader_free(backtest->reader);
    arena_fini(&backtest->arena);
    arena_fini(&backtest->other);
    emit_fini(&backtest->emit);
    strbuf_fini(&backtest->text);
    free(backtest);
}

static struct lane *lane_of(struct backtest *backtest, int32_t partition)
{
    struct lane *lane = &backtest->lane[partition % BACKTEST_PARTITIONS];
    if (!lane->book) {
        lane->book = case_book_new(NULL);
        lane->clock_ms = TIMESTAMP_NONE;
    }
    return lane;
}

/* ---- a case as it stands ---- */

static bool load(struct backtest *backtest, struct lane *lane, struct working *work, struct span id)
{
    struct span rest = id;
    *work = (struct working){.id = id, .kind_code = span_cut(&rest, ':')};
    work->kind = kinds_find(backtest->rules->kinds, work->kind_code);
    if (!work->kind || id.len > CASE_BOOK_MAX_ID)
        return false;
    work->entry = case_book_add(lane->book, id);
    return case_pack_read(&work->set, case_book_get(lane->book, work->entry), &backtest->arena);
}

static void store(struct backtest *backtest, struct lane *lane, const struct working *work)
{
    strbuf_reset(&backtest->text);
    case_pack_write(&backtest->text, &work->set);
    case_book_set(lane->book, work->entry, strbuf_span(&backtest->text), true);
}

/* Only what makes a case smaller; its own timers are the log's to tell of. */
static void set_timer(struct backtest *backtest, struct lane *lane, const struct working *work)
{
    struct timers_next next = {.due_ms = TIMESTAMP_NONE};
    if (work->fold.closed)
        next = timers_next(&work->set, &work->fold, work->kind, &backtest->rules->timers);
    case_book_set_timer(lane->book, work->entry, next.due_ms, next.timer);
}

static void move_clock(struct backtest *backtest, struct lane *lane, int64_t t_ms)
{
    struct case_entry *entry;
    if (lane->clock_ms == TIMESTAMP_NONE || t_ms > lane->clock_ms)
        lane->clock_ms = t_ms;
    while ((entry = case_book_due(lane->book, lane->clock_ms))) {
        struct working work;
        int timer = entry->timer;
        size_t mark = backtest->arena.used;
        case_book_set_timer(lane->book, entry, TIMESTAMP_NONE, 0);
        if (timer == TIMERS_FORGET) {
            case_book_remove(lane->book, entry);
            continue;
        }
        char id[CASE_BOOK_MAX_ID];
        if (load(backtest, lane, &work, case_book_id(lane->book, entry, id))) {
            stub_reduce(&work.set, work.kind);
            store(backtest, lane, &work);
            case_fold(&work.fold, &work.set, work.kind, backtest->rules->codes);
            set_timer(backtest, lane, &work);
        }
        arena_rewind(&backtest->arena, mark);
    }
}

/* ---- deciding ---- */

static struct pending *expect(struct backtest *backtest, struct span case_id, struct span id,
                              int64_t clock_ms)
{
    struct pending *pending = xcalloc(1, sizeof *pending);
    span_to_cstr(id, pending->id, sizeof pending->id);
    pending->case_id = xspandup(case_id);
    pending->clock_ms = clock_ms;
    pending->last = &pending->first;
    HASH_ADD_KEYPTR(hh, backtest->pending, pending->case_id, case_id.len, pending);
    return pending;
}

static void ask(struct backtest *backtest, const struct working *work, int64_t clock_ms)
{
    struct case_decide_asked asked = {.rules = backtest->rules,
                                      .id = work->id,
                                      .kind_code = work->kind_code,
                                      .kind = work->kind,
                                      .set = &work->set,
                                      .fold = &work->fold,
                                      .clock_ms = clock_ms};
    struct case_decided decided;
    if (!case_decide(&decided, &asked, &backtest->emit, &backtest->arena)) {
        backtest->report->unreadable++;
        return;
    }
    struct pending *pending = expect(backtest, work->id, decided.event.id, clock_ms);
    strbuf_reset(&backtest->text);
    event_write(&backtest->text, &decided.event);
    pending->json = xspandup(strbuf_span(&backtest->text));
    pending->time_ms = decided.event.time_ms;
}

/* A unit that nobody has is not given the case, so nobody is recalled for it. */
static bool is_recalled(const struct backtest *backtest, const struct working *work,
                        struct moves_next *next)
{
    *next = moves_next(&work->set, &work->fold, work->kind, &(struct moves_passed){.from = 0});
    if (next->answer != MOVES_RECALL)
        return false;
    struct span lead = next->move->attribute[CASE_LEAD];
    return !lead.at ||
           registry_find(backtest->rules->bundle->district.units, lead, INT64_MIN) != NULL;
}

/* Whatever the router says next of the case because of how it stands now. */
static void look_ahead(struct backtest *backtest, const struct working *work, int64_t clock_ms)
{
    char id[DIGEST_ID_LEN + 1];
    struct moves_next next;
    if (is_recalled(backtest, work, &next)) {
        ids_decision(id, next.move->id, SPAN("recall"));
        expect(backtest, work->id, span_of(id), clock_ms);
    } else if (case_decide_is_due(&work->set, &work->fold, work->kind)) {
        ask(backtest, work, clock_ms);
    }
}

static bool is_in_range(const struct backtest *backtest, int64_t time_ms)
{
    return time_ms >= backtest->range.from_ms && time_ms < backtest->range.to_ms;
}

static void compare(struct backtest *backtest, const struct pending *pending,
                    const struct event *told)
{
    const struct json_value *now;
    size_t bad_at;
    if (!is_in_range(backtest, told->time_ms))
        return;
    arena_reset(&backtest->other);
    if (!told->data || json_read(backtest->reader, span_of(pending->json), &backtest->other, &now,
                                 &bad_at) != REJECT_NONE)
        backtest->report->unreadable++;
    else
        backtest_report_add(backtest->report, told->subject, told->time_ms, told->data,
                            json_get(now, SPAN("data")));
}

/* ---- records ---- */

static bool is_decision(const struct event *event)
{
    return span_is(event->party, "router") && span_is(event->name, "dispatched") &&
           !event->replayof.at;
}

/* `asked`: its decision was, so it is no news that it is there. */
static void merge(struct backtest *backtest, struct lane *lane, const struct event *event,
                  int64_t clock_ms, bool asked)
{
    struct working work;
    struct case_line line;
    if (!load(backtest, lane, &work, event->subject) ||
        case_line_of_event(event, backtest->rules->codes, &backtest->arena, &line) != REJECT_NONE) {
        backtest->report->unreadable++;
        return;
    }
    if (case_set_merge(&work.set, &line, work.kind, &backtest->arena) != CASE_SET_CHANGED)
        return;
    case_fold(&work.fold, &work.set, work.kind, backtest->rules->codes);
    store(backtest, lane, &work);
    set_timer(backtest, lane, &work);
    if (is_decision(event) && !asked && is_in_range(backtest, event->time_ms))
        backtest->report->unasked++;
    look_ahead(backtest, &work, clock_ms);
}

static void hold(struct pending *pending, struct span json, int64_t clock_ms)
{
    struct waiting *waiting = xmalloc(sizeof *waiting + json.len);
    *waiting = (struct waiting){.clock_ms = clock_ms, .len = json.len};
    memcpy(waiting->json, json.at, json.len);
    *pending->last = waiting;
    pending->last = &waiting->next;
    pending->count++;
}

static void take_event(struct backtest *backtest, struct lane *lane, struct span json,
                       int64_t clock_ms);

/* `event` goes in as of the moment it was asked for, and what waited behind it; that may ask for
 * another, and then the rest waits for that. */
static void settle(struct backtest *backtest, struct lane *lane, struct pending *pending,
                   const struct event *event)
{
    struct waiting *one = pending->first;
    int64_t clock_ms = pending->clock_ms;
    pending->first = NULL;
    drop(backtest, pending);
    if (event)
        merge(backtest, lane, event, clock_ms, true);
    for (struct waiting *next; one; one = next) {
        next = one->next;
        arena_reset(&backtest->arena);
        take_event(backtest, lane, span_from(one->json, one->len), one->clock_ms);
        free(one);
    }
}

/* The log does not have it: what we would have decided stands in its place. */
static void give_up(struct backtest *backtest, struct lane *lane, struct pending *pending)
{
    struct event event;
    bool stands = pending->json &&
                  event_read(backtest->reader, arena_copy(&backtest->arena, span_of(pending->json)),
                             &backtest->arena, &event) == REJECT_NONE;
    backtest->report->missing += pending->json && is_in_range(backtest, pending->time_ms);
    settle(backtest, lane, pending, stands ? &event : NULL);
}

static void take_case(struct backtest *backtest, struct lane *lane, const struct event *event,
                      struct span json, int64_t clock_ms)
{
    struct pending *pending = NULL;
    HASH_FIND(hh, backtest->pending, event->subject.at, event->subject.len, pending);
    if (!pending) {
        merge(backtest, lane, event, clock_ms, false);
        return;
    }
    if (!span_is(event->id, pending->id)) {
        hold(pending, json, clock_ms);
        if (pending->count == MOST_WAITING)
            give_up(backtest, lane, pending);
        return;
    }
    if (pending->json)
        compare(backtest, pending, event);
    settle(backtest, lane, pending, event);
}

static void take_event(struct backtest *backtest, struct lane *lane, struct span json,
                       int64_t clock_ms)
{
    struct event event;
    if (event_read(backtest->reader, json, &backtest->arena, &event) != REJECT_NONE) {
        backtest->report->unreadable++;
        return;
    }
    if (event.family == EVENT_TICK) {
        lane->ticked = true;
        move_clock(backtest, lane, event.time_ms);
        return;
    }
    if (event.family != EVENT_CASE)
        return;
    if (backtest->range.no_ticks && !lane->ticked && event.recorded_ms != TIMESTAMP_NONE) {
        move_clock(backtest, lane, event.recorded_ms);
        clock_ms = event.recorded_ms > clock_ms ? event.recorded_ms : clock_ms;
    }
    take_case(backtest, lane, &event, json, clock_ms);
}

void backtest_take(struct backtest *backtest, int32_t partition, struct span json)
{
    struct lane *lane = lane_of(backtest, partition);
    arena_reset(&backtest->arena);
    take_event(backtest, lane, json, lane->clock_ms);
}

void backtest_finish(struct backtest *backtest)
{
    for (struct pending *one = backtest->pending; one; one = one->hh.next)
        backtest->report->missing += one->json && is_in_range(backtest, one->time_ms);
}
