/* SPDX-License-Identifier: Apache-2.0 */
/* The fold of a batch. Each touched case: the old set is read and folded, the new lines are merged,
 * and where that changed the set, the old contribution goes out and the new one in. Order and
 * repetition of lines cannot matter, because the set's merge does not care about them.
 *
 *   arena    ids and new lines, from batch_add until batch_clear
 *   scratch  one case at a time: sets are as large as they like, and of one case */
#include "aggregator/core/batch.h"

#include <assert.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "aggregator/core/fold_change.h"
#include "base/hash.h"
#include "base/memory.h"
#include "model/json_write.h"

#define SCRATCH_BYTES (1 << 20)
#define MOST_TEXT     (1 << 20) /* a set, or an observation's data: no record is larger */

struct kept_attribute {
    struct span text;
    size_t index;
};

/* A line without the attributes that it has not: few of many are set. */
struct new_line {
    struct new_line *next;
    struct ledger_came *came; /* or NULL: not counted */
    struct span id, revision, unit;
    int64_t time_ms, recorded_ms;
    int stage, party;
    bool live;
    size_t count;
    struct kept_attribute attributes[];
};

struct touched {
    struct span id; /* arena */
    const struct case_kind *kind;
    struct new_line *first,
        *last; /* arena; as they came: the first of one id is the distinct one */
    int64_t place;
    int32_t partition;
    bool folded;
};

/* What a view hangs on: all of it, and by measure. */
struct asked {
    const struct case_kind *kind;
    struct fold_change all, measures[VIEW_MAX_MEASURES];
};

struct batch {
    const struct batch_rules *rules; /* borrowed */
    struct asked *asked;             /* owned: one a view */
    int32_t partition;               /* of what is added */
    int64_t place;
    struct arena arena, scratch;
    struct touched *cases; /* owned */
    size_t count, capacity;
    size_t *slots; /* owned: 1 + index, 0 = free; void once sealed */
    size_t slot_count;
    bool sealed;
    size_t found; /* the last that was asked for */
    struct strbuf text;
    struct batch_counts counts;
    struct ledger_rows ledger;
    struct seen_rows seen;
    struct feed_rows heard;
    struct refused_rows refused;
    struct firing_rows firings;
    struct observation_rows observations;
};

static void ask(struct asked *asked, const struct view *view)
{
    asked->kind = view->of;
    for (size_t i = 0; i < view->measure_count; i++) {
        asked->measures[i] = fold_change_asked(&view->measures[i]);
        asked->all.stages |= asked->measures[i].stages;
        asked->all.of |= asked->measures[i].of;
    }
}

struct batch *batch_new(const struct batch_rules *rules, size_t arena_bytes)
{
    struct batch *batch = xcalloc(1, sizeof *batch);
    batch->rules = rules;
    batch->asked = xcalloc(views_count(rules->views) + 1, sizeof *batch->asked);
    for (size_t i = 0; i < views_count(rules->views); i++)
        ask(&batch->asked[i], views_at(rules->views, i));
    arena_init(&batch->arena, arena_bytes);
    arena_init(&batch->scratch, SCRATCH_BYTES);
    batch->slot_count = 4096;
    batch->slots = xcalloc(batch->slot_count, sizeof *batch->slots);
    strbuf_init(&batch->text, 4096, MOST_TEXT);
    return batch;
}

void batch_clear(struct batch *batch)
{
    batch->count = batch->found = 0;
    batch->sealed = false;
    batch->counts = (struct batch_counts){0};
    batch->ledger = (struct ledger_rows){0};
    batch->seen = (struct seen_rows){0};
    batch->heard = (struct feed_rows){0};
    batch->refused = (struct refused_rows){0};
    batch->firings = (struct firing_rows){0};
    batch->observations = (struct observation_rows){0};
    memset(batch->slots, 0, batch->slot_count * sizeof *batch->slots);
    arena_reset(&batch->arena);
}

void batch_free(struct batch *batch)
{
    if (!batch)
        return;
    arena_fini(&batch->arena);
    arena_fini(&batch->scratch);
    strbuf_fini(&batch->text);
    free(batch->asked);
    free(batch->cases);
    free(batch->slots);
    free(batch);
}

static size_t *find_slot(const struct batch *batch, struct span id)
{
    size_t at = (size_t)hash_span(id) & (batch->slot_count - 1);
    while (batch->slots[at] && !span_equal(batch->cases[batch->slots[at] - 1].id, id))
        at = (at + 1) & (batch->slot_count - 1);
    return &batch->slots[at];
}

static void grow(struct batch *batch)
{
    if (batch->count == batch->capacity) {
        batch->capacity = batch->capacity ? batch->capacity * 2 : 1024;
        batch->cases = xrealloc(batch->cases, batch->capacity * sizeof *batch->cases);
    }
    if (batch->count * 2 < batch->slot_count)
        return;
    batch->slot_count *= 2;
    free(batch->slots);
    batch->slots = xcalloc(batch->slot_count, sizeof *batch->slots);
    for (size_t i = 0; i < batch->count; i++)
        *find_slot(batch, batch->cases[i].id) = i + 1;
}

/* Absent stays absent; false when the arena is full. */
static bool keep(struct arena *arena, struct span *text)
{
    if (!text->at)
        return true;
    *text = arena_copy(arena, *text);
    return text->at != NULL;
}

static struct new_line *keep_line(struct arena *arena, const struct case_line *line)
{
    size_t count = 0;
    for (size_t i = 0; i < CASE_ATTRIBUTES; i++)
        count += line->attribute[i].at != NULL;
    struct new_line *kept = arena_take(arena, sizeof *kept + count * sizeof kept->attributes[0]);
    if (!kept)
        return NULL;
    *kept = (struct new_line){.id = line->id,
                              .revision = line->revision,
                              .unit = line->unit,
                              .time_ms = line->time_ms,
                              .recorded_ms = line->recorded_ms,
                              .stage = line->stage,
                              .party = line->party,
                              .live = line->live};
    bool good = keep(arena, &kept->id) && keep(arena, &kept->revision) && keep(arena, &kept->unit);
    for (size_t i = 0; i < CASE_ATTRIBUTES && good; i++) {
        if (!line->attribute[i].at)
            continue;
        struct kept_attribute *attribute = &kept->attributes[kept->count++];
        *attribute = (struct kept_attribute){line->attribute[i], i};
        good = keep(arena, &attribute->text);
    }
    return good ? kept : NULL;
}

static void line_of(const struct new_line *kept, struct case_line *line)
{
    *line = (struct case_line){.id = kept->id,
                               .revision = kept->revision,
                               .stage = kept->stage,
                               .time_ms = kept->time_ms,
                               .recorded_ms = kept->recorded_ms,
                               .unit = kept->unit,
                               .party = kept->party,
                               .live = kept->live};
    for (size_t i = 0; i < kept->count; i++)
        line->attribute[kept->attributes[i].index] = kept->attributes[i].text;
}

static struct touched *touch(struct batch *batch, struct span case_id)
{
    grow(batch);
    size_t *slot = find_slot(batch, case_id);
    if (*slot)
        return &batch->cases[*slot - 1];
    struct span id = arena_copy(&batch->arena, case_id), rest = id;
    if (!id.at)
        return NULL;
    struct touched *touched = &batch->cases[batch->count++];
    *slot = batch->count;
    *touched = (struct touched){.id = id};
    touched->kind = kinds_find(batch->rules->kinds, span_cut(&rest, ':'));
    return touched;
}

void batch_read_at(struct batch *batch, int32_t partition, int64_t place)
{
    batch->partition = partition;
    batch->place = place;
}

static bool add_line(struct batch *batch, struct span case_id, const struct case_line *line,
                     struct ledger_came *came)
{
    assert(!batch->sealed);
    size_t mark = batch->arena.used;
    struct new_line *kept = keep_line(&batch->arena, line);
    struct touched *touched = kept ? touch(batch, case_id) : NULL;
    if (!touched) {
        arena_rewind(&batch->arena, mark);
        return false;
    }
    kept->came = came;
    if (touched->last)
        touched->last->next = kept;
    else
        touched->first = kept;
    touched->last = kept;
    touched->partition = batch->partition;
    touched->place = batch->place;
    batch->counts.lines++;
    return true;
}

bool batch_add(struct batch *batch, struct span case_id, const struct case_line *line)
{
    return add_line(batch, case_id, line, NULL);
}

bool batch_add_counted(struct batch *batch, struct span case_id, const struct case_line *line,
                       struct span feed)
{
    struct ledger_came *came =
        ledger_rows_came(&batch->ledger, &batch->arena, feed, line->recorded_ms);
    return came && add_line(batch, case_id, line, came);
}

bool batch_refuse(struct batch *batch, struct span feed, int64_t received_ms)
{
    assert(!batch->sealed);
    struct ledger_came *came = ledger_rows_came(&batch->ledger, &batch->arena, feed, received_ms);
    if (came)
        came->refused++;
    return came != NULL;
}

enum reject batch_add_ledger(struct batch *batch, const struct event *event)
{
    assert(!batch->sealed);
    return ledger_rows_take(&batch->ledger, &batch->arena, event);
}

bool batch_add_observation(struct batch *batch, const struct event *event)
{
    assert(!batch->sealed);
    strbuf_reset(&batch->text);
    if (event->data)
        json_write(&batch->text, event->data, false);
    else
        strbuf_add(&batch->text, SPAN("{}"));
    return !strbuf_is_full(&batch->text) &&
           observation_rows_take(&batch->observations, &batch->arena, event,
                                 strbuf_span(&batch->text), batch->rules->zone_minutes);
}

bool batch_add_sighting(struct batch *batch, const struct sighting *sighting)
{
    assert(!batch->sealed);
    return seen_rows_take(&batch->seen, &batch->arena, sighting);
}

bool batch_add_refused(struct batch *batch, const struct event *event)
{
    assert(!batch->sealed);
    return refused_rows_take(&batch->refused, &batch->arena, event, batch->rules->stations,
                             batch->rules->zone_minutes);
}

bool batch_add_heard(struct batch *batch, const struct event *event)
{
    assert(!batch->sealed);
    return feed_rows_take(&batch->heard, &batch->arena, event);
}

bool batch_add_firing(struct batch *batch, const struct event *event)
{
    assert(!batch->sealed);
    return firing_rows_take(&batch->firings, &batch->arena, event);
}

static int compare_cases(const void *left, const void *right)
{
    return span_compare(((const struct touched *)left)->id, ((const struct touched *)right)->id);
}

void batch_seal(struct batch *batch)
{
    batch->sealed = true;
    if (batch->count)
        qsort(batch->cases, batch->count, sizeof *batch->cases, compare_cases);
}

size_t batch_case_count(const struct batch *batch)
{
    return batch->count;
}

struct span batch_case_id(const struct batch *batch, size_t index)
{
    return batch->cases[index].id;
}

size_t batch_find(struct batch *batch, struct span case_id)
{
    assert(batch->sealed);
    size_t low = 0, high = batch->count;
    for (size_t i = batch->found; i < batch->count && i <= batch->found + 1; i++)
        if (span_equal(batch->cases[i].id, case_id))
            return batch->found = i;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = span_compare(batch->cases[middle].id, case_id);
        if (order == 0)
            return batch->found = middle;
        low = order < 0 ? middle + 1 : low;
        high = order < 0 ? high : middle;
    }
    return batch->count;
}

bool batch_is_folded(const struct batch *batch, size_t index)
{
    return batch->cases[index].folded;
}

/* What it added before goes out, what it adds now goes in. No `before`: it added nothing. */
static void contribute(struct batch *batch, const struct case_kind *kind, struct delta *delta,
                       const struct case_fold *before, const struct case_fold *after)
{
    struct contribution was, is;
    struct fold_change change = {.stages = UINT64_MAX, .of = UINT_MAX};
    int zone_minutes = batch->rules->zone_minutes;
    if (before)
        change = fold_change_of(before, after, kind);
    for (size_t i = 0; delta && i < views_count(batch->rules->views); i++) {
        const struct asked *asked = &batch->asked[i];
        if (asked->kind != kind || !fold_change_meets(&change, &asked->all))
            continue;
        const struct view *view = views_at(batch->rules->views, i);
        uint32_t asks = fold_change_measures(&change, asked->measures, view->measure_count);
        contribution_of_some(&is, view, after, zone_minutes, asks);
        if (before) {
            contribution_of_some(&was, view, before, zone_minutes, asks);
            if (contribution_same(&was, &is, view))
                continue;
            contribution_settle(&was, &is, view);
            delta_add(delta, i, view, &was, -1);
        }
        delta_add(delta, i, view, &is, +1);
    }
}

/* A known id is a repeat, a correction too, whatever became of its content. */
static void count_line(struct ledger_came *came, bool is_new, bool too_long)
{
    if (!came)
        return;
    came->distinct += is_new;
    came->refused += too_long;
    came->repeated += !is_new && !too_long;
}

/* True when the set changed. */
static bool merge_lines(struct batch *batch, struct touched *touched, struct case_set *set)
{
    bool changed = false;
    for (const struct new_line *new = touched->first; new; new = new->next) {
        struct case_line line;
        size_t before = set->count;
        line_of(new, &line);
        enum case_set_result merged = case_set_merge(set, &line, touched->kind, &batch->scratch);
        assert(merged != CASE_SET_NO_MEMORY); /* case_set_read took the room */
        count_line(new->came, set->count > before, merged == CASE_SET_TOO_LONG);
        switch (merged) {
        case CASE_SET_UNCHANGED: break;
        case CASE_SET_CHANGED: changed = true; break;
        case CASE_SET_TOO_LONG: batch->counts.too_long++; break;
        case CASE_SET_NO_MEMORY: break;
        }
    }
    return changed;
}

/* What the sink is told of a case: its texts are the set's, the scratch's and the batch's own. */
static bool show(struct batch *batch, const struct touched *touched, const struct case_set *set,
                 const struct case_fold *fold, const struct batch_sink *sink)
{
    struct batch_case shown = {.id = touched->id,
                               .kind = span_of(touched->kind->code),
                               .unit = fold->lead.at ? fold->lead : SPAN(""),
                               .partition = touched->partition,
                               .place = touched->place};
    if (!case_now_of(&shown.now, set, fold, touched->kind, batch->rules->codes, &batch->scratch))
        return false;
    strbuf_reset(&batch->text);
    case_set_write(&batch->text, set, batch->rules->codes);
    shown.lines = strbuf_span(&batch->text);
    sink->changed(sink->context, &shown);
    return true;
}

bool batch_fold(struct batch *batch, size_t index, struct span old, const struct batch_sink *sink)
{
    struct touched *touched = &batch->cases[index];
    struct case_set set = {0};
    struct case_fold before, after;
    assert(batch->sealed && !touched->folded);
    touched->folded = true;
    arena_reset(&batch->scratch);
    if (!touched->kind || !case_set_read(&set, old, batch->rules->codes, &batch->scratch))
        return false;
    /* The old fold borrows texts of lines, not the array that the merge moves about in. */
    case_fold(&before, &set, touched->kind, batch->rules->codes);
    bool had = set.count > 0;
    if (!merge_lines(batch, touched, &set))
        return true;
    case_fold(&after, &set, touched->kind, batch->rules->codes);
    contribute(batch, touched->kind, sink->delta, had ? &before : NULL, &after);
    batch->counts.changed_cases++;
    return show(batch, touched, &set, &after, sink);
}

const struct ledger_rows *batch_ledger(const struct batch *batch)
{
    return &batch->ledger;
}

const struct firing_rows *batch_firings(const struct batch *batch)
{
    return &batch->firings;
}

const struct observation_rows *batch_observations(const struct batch *batch)
{
    return &batch->observations;
}

const struct seen_rows *batch_seen(const struct batch *batch)
{
    return &batch->seen;
}

const struct feed_rows *batch_heard(const struct batch *batch)
{
    return &batch->heard;
}

const struct refused_rows *batch_refused(const struct batch *batch)
{
    return &batch->refused;
}

struct batch_counts batch_counts(const struct batch *batch)
{
    return batch->counts;
}
