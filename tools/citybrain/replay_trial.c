/* SPDX-License-Identifier: Apache-2.0 */
/* A record is read twice, by the mapping of its header and by the one that is asked for. What both
 * read alike is left alone: a copy would only give its events a later revision. What never arrived
 * (it was rejected, or nobody was ever told of its case) is a first arrival; the rest changes state
 * only (contracts §6). */
#include "citybrain/replay_trial.h"

#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "base/base.h"
#include "base/hash.h"
#include "base/memory.h"
#include "base/murmur2.h"
#include "ingest/core/normalise.h"
#include "model/case_set.h"
#include "model/desk.h"
#include "model/event.h"
#include "router/core/case_flow.h"
#include "router/core/case_pack.h"
#include "router/core/emit.h"

#define PARTITIONS  12
#define ARENA_BYTES (1 << 20)
#define HASH_DIGITS 16

struct live_case { /* somebody was told of it */
    uint64_t id;
    UT_hash_handle hh;
};

struct said { /* what makes two events one and the same, beside who read them */
    char id[DIGEST_ID_LEN + 1], data[HASH_DIGITS + 1];
    uint64_t name;
    int64_t time_ms;
};

struct reading { /* of one record by one version */
    struct said said[MAPPING_MAX_EVENTS];
    size_t count;
    enum reject reject;
};

struct replay_trial {
    const struct bundle *bundle;
    const struct replay_wish *wish;
    struct replay_report *report; /* borrowed */
    struct case_flow_rules rules;
    struct case_flow *flows[PARTITIONS]; /* owned */
    struct normalise normalise;
    struct json_reader *reader, *header_reader;
    struct arena arena, header_arena; /* one event; the texts of a record's header */
    struct live_case *live;           /* owned */
    struct strbuf header;
    int64_t first, differ, changed; /* because of the record that is being read */
};

struct replay_trial *replay_trial_new(const struct bundle *bundle, const struct replay_wish *wish,
                                      struct replay_report *report)
{
    struct replay_trial *trial = xcalloc(1, sizeof *trial);
    trial->bundle = bundle;
    trial->wish = wish;
    trial->report = report;
    trial->rules = bundle->flow;
    trial->rules.signal_partitions = 0;
    for (int32_t i = 0; i < PARTITIONS; i++)
        trial->flows[i] = case_flow_open(&trial->rules, i);
    normalise_init(&trial->normalise, bundle->feeds, bundle->kinds);
    trial->reader = json_reader_new();
    trial->header_reader = json_reader_new();
    arena_init(&trial->arena, ARENA_BYTES);
    arena_init(&trial->header_arena, ARENA_BYTES);
    strbuf_init(&trial->header, RAW_HEADER_MAX, (size_t)2 * RAW_HEADER_MAX);
    return trial;
}

void replay_trial_free(struct replay_trial *trial)
{
    struct live_case *one, *next;
    for (int32_t i = 0; i < PARTITIONS; i++)
        case_flow_close(trial->flows[i]);
    HASH_ITER(hh, trial->live, one, next)
    {
        HASH_DEL(trial->live, one);
        free(one);
    }
    normalise_fini(&trial->normalise);
    json_reader_free(trial->reader);
    json_reader_free(trial->header_reader);
    arena_fini(&trial->arena);
    arena_fini(&trial->header_arena);
    strbuf_fini(&trial->header);
    free(trial);
}

/* ---- who was told of what ---- */

static bool is_live(const struct replay_trial *trial, struct span case_id)
{
    struct live_case *found;
    uint64_t id = hash_span(case_id);
    HASH_FIND(hh, trial->live, &id, sizeof id, found);
    return found != NULL;
}

static void set_live(struct replay_trial *trial, struct span case_id, bool live)
{
    struct live_case *found;
    uint64_t id = hash_span(case_id);
    HASH_FIND(hh, trial->live, &id, sizeof id, found);
    if (found && !live) {
        HASH_DEL(trial->live, found);
        free(found);
    }
    if (found || !live)
        return;
    found = xcalloc(1, sizeof *found);
    found->id = id;
    HASH_ADD(hh, trial->live, id, sizeof id, found);
}

void replay_trial_restore(struct replay_trial *trial, int32_t partition, struct span key,
                          struct span value)
{
    struct case_set set = {0};
    bool live = false;
    case_flow_restore(trial->flows[partition % PARTITIONS], key, value);
    arena_reset(&trial->arena);
    if (key.len && key.at[0] == '_')
        return; /* the clock, parked orders */
    if (value.at &&
        (case_pack_is(value) ? case_pack_read(&set, value, &trial->arena)
                             : case_set_read(&set, value, trial->bundle->codes, &trial->arena)))
        for (size_t i = 0; i < set.count; i++)
            live = live || set.lines[i].live;
    set_live(trial, key, live);
}

bool replay_trial_restored(struct replay_trial *trial, struct error *error)
{
    for (int32_t i = 0; i < PARTITIONS; i++) {
        case_flow_restored(trial->flows[i]);
        const char *fault = case_flow_fault(trial->flows[i]);
        if (fault)
            return error_set(error, ERROR_REFUSED, 0, "state.cases/%d: %s", (int)i, fault);
    }
    return true;
}

/* ---- reading ---- */

static bool note_said(struct replay_trial *trial, struct span json, struct said *said)
{
    struct event event;
    arena_reset(&trial->arena);
    if (event_read(trial->reader, json, &trial->arena, &event) != REJECT_NONE)
        return false;
    span_to_cstr(event.id, said->id, sizeof said->id);
    said->name = hash_span(event.name);
    said->time_ms = event.time_ms;
    size_t from = event.revision.len > HASH_DIGITS ? event.revision.len - HASH_DIGITS : 0;
    span_to_cstr(event.revision.len ? span_from(event.revision.at + from, event.revision.len - from)
                                    : SPAN_NONE,
                 said->data, sizeof said->data);
    return true;
}

static void read_by(struct replay_trial *trial, const struct raw_header *header, struct span value,
                    struct normalise_result *result, struct reading *reading)
{
    arena_reset(&trial->normalise.arena);
    normalise_item(&trial->normalise, header, value, result);
    reading->reject = result->why.reject;
    reading->count = 0;
    for (size_t i = 0; i < result->count; i++)
        reading->count += note_said(trial, result->events[i].json, &reading->said[reading->count]);
}

static const struct said *find(const struct reading *reading, const struct said *said)
{
    for (size_t i = 0; i < reading->count; i++)
        if (strcmp(reading->said[i].id, said->id) == 0)
            return &reading->said[i];
    return NULL;
}

static bool is_same(const struct reading *a, const struct reading *b)
{
    bool same = a->reject == REJECT_NONE && b->reject == REJECT_NONE && a->count == b->count;
    for (size_t i = 0; same && i < a->count; i++) {
        const struct said *one = &a->said[i], *other = find(b, one);
        same = other && one->name == other->name && one->time_ms == other->time_ms &&
               strcmp(one->data, other->data) == 0;
    }
    return same;
}

/* What the old version said under an id that the new one does not make stays in its case. */
static int64_t count_left(const struct reading *old, const struct reading *now)
{
    int64_t left = 0;
    for (size_t i = 0; i < old->count && now->reject == REJECT_NONE; i++)
        left += find(now, &old->said[i]) == NULL;
    return left;
}

/* ---- deciding ---- */

static void hear(void *carrier, const struct output *output)
{
    struct replay_trial *trial = carrier;
    struct event event;
    trial->changed +=
        output->stream == STREAM_STATE_CASES && output->key.len && output->key.at[0] != '_';
    trial->report->orders += output->stream == STREAM_DISPATCH && output->value.at;
    if (output->stream != STREAM_EVENTS)
        return;
    size_t mark = trial->arena.used;
    if (event_read(trial->reader, output->value, &trial->arena, &event) == REJECT_NONE) {
        struct span lead = json_text(event.data, "lead");
        if (span_is(event.name, "dispatched")) {
            trial->first++;
            replay_report_add(trial->report, REPLAY_FIRST, SPAN_NONE, lead, event.subject);
        } else if (span_is(event.name, "escalated") &&
                   desk_cause_of(json_text(event.data, "desk_cause")) == DESK_WOULD_HAVE) {
            const struct json_value *would = json_get(event.data, SPAN("would_have"));
            trial->differ++;
            replay_report_add(trial->report, REPLAY_DIFFER, lead,
                              would ? json_text(would, "unit") : SPAN_NONE, event.subject);
        }
    }
    arena_rewind(&trial->arena, mark);
}

static void tell_router(struct replay_trial *trial, const struct normalise_event *said,
                        int64_t at_ms)
{
    struct outputs outputs = {hear, trial};
    int32_t partition = murmur2_partition(said->subject, PARTITIONS);
    struct case_flow *flow = trial->flows[partition];
    struct record record = {
        .topic = SPAN("cb.events"),
        .partition = partition,
        .timestamp_ms = at_ms,
        .key = said->subject,
        .value = said->json,
        .headers = {{SPAN("content-type"), SPAN(EVENT_CONTENT_TYPE)}},
        .header_count = 1,
    };
    while (case_flow_on_record(flow, &record, &outputs) == TRANSFORM_AGAIN)
        ;
    case_flow_save(flow, &outputs);
}

/* It was rejected when it came, or nobody was ever told of its case; history stays history. */
static bool is_first_arrival(const struct replay_trial *trial, const struct raw_header *header,
                             const struct normalise_result *result)
{
    bool first = !span_is(header->verdict, "none");
    for (size_t i = 0; i < result->count; i++)
        first = first || (result->events[i].family == EVENT_CASE &&
                          !is_live(trial, result->events[i].subject));
    return first && !header->replayof.at;
}

static enum replay_fate ask_router(struct replay_trial *trial, struct raw_header *header,
                                   struct span value, bool live)
{
    struct normalise_result result;
    trial->first = trial->differ = trial->changed = 0;
    header->replayof = live ? SPAN_NONE : span_of(trial->wish->name);
    arena_reset(&trial->arena);
    arena_reset(&trial->normalise.arena);
    normalise_item(&trial->normalise, header, value, &result);
    for (size_t i = 0; i < result.count; i++) {
        trial->report->events++;
        if (result.events[i].family == EVENT_REGISTRY) {
            trial->changed++;
            continue;
        }
        tell_router(trial, &result.events[i], header->received_ms);
        if (result.events[i].family != EVENT_CASE)
            trial->changed++;
        else if (live)
            set_live(trial, result.events[i].subject, true);
    }
    return trial->first     ? REPLAY_FIRST
           : trial->differ  ? REPLAY_DIFFER
           : trial->changed ? REPLAY_STATE
                            : REPLAY_SAME;
}

/* ---- a record ---- */

static const struct mapping *mapping_for(const struct replay_trial *trial,
                                         const struct raw_header *header)
{
    const struct feed *feed = feeds_find(trial->bundle->feeds, header->feed);
    if (!feed || feed->version_count == 0)
        return NULL;
    return trial->wish->mapping ? feed_mapping(feed, trial->wish->mapping)
                                : &feed->versions[feed->version_count - 1];
}

static bool is_in_range(const struct replay_trial *trial, const struct raw_header *header)
{
    const struct replay_wish *wish = trial->wish;
    return (!wish->feed || span_is(header->feed, wish->feed)) &&
           header->received_ms >= wish->from_ms && header->received_ms < wish->to_ms;
}

static bool is_of_a_replay(const struct raw_header *header)
{
    return header->replayof.at && span_starts(header->replayof, SPAN(REPLAY_PREFIX));
}

/* Of what is in the range: what it is now, beside what it was. */
static enum replay_fate judge(struct replay_trial *trial, struct raw_header *header,
                              struct span value, struct replay_copy *copy)
{
    struct normalise_result result;
    struct reading old = {0}, now = {0};
    const struct mapping *mapping = mapping_for(trial, header);
    bool was_good = span_is(header->verdict, "none");
    if (!mapping)
        return REPLAY_UNMAPPED;
    if (header->mapping > mapping->version ||
        (header->mapping == mapping->version && was_good && !trial->wish->all))
        return REPLAY_KNOWN;
    if (was_good && header->mapping != mapping->version)
        read_by(trial, header, value, &result, &old);
    struct raw_header then = *header;
    header->mapping = mapping->version;
    read_by(trial, header, value, &result, &now);
    if (now.reject != REJECT_NONE) {
        trial->report->rejects[now.reject]++;
        trial->report->lost += was_good;
        return REPLAY_REJECTED;
    }
    if (is_same(&old, &now) && !trial->wish->all)
        return REPLAY_SAME;
    trial->report->left += count_left(&old, &now);
    trial->report->accepted_now += !was_good;
    copy->live = is_first_arrival(trial, &then, &result);
    copy->written = true;
    header->verdict = SPAN("none");
    enum replay_fate fate = ask_router(trial, header, value, copy->live);
    copy->live = copy->live && trial->wish->missing;
    header->replayof = then.replayof.at ? then.replayof
                       : copy->live     ? SPAN_NONE
                                        : span_of(trial->wish->name);
    return fate;
}

void replay_trial_take(struct replay_trial *trial, const struct record *record,
                       struct replay_copy *copy)
{
    char text[RAW_HEADER_MAX];
    struct raw_header header = {0};
    struct span cb = record_header(record, "cb");
    *copy = (struct replay_copy){.fate = REPLAY_OUTSIDE};
    if (!cb.at || cb.len > sizeof text || !record->value.at)
        return;
    memcpy(text, cb.at, cb.len);
    arena_reset(&trial->header_arena);
    if (raw_header_read(trial->header_reader, span_from(text, cb.len), &trial->header_arena,
                        &header) != REJECT_NONE ||
        !is_in_range(trial, &header))
        return;
    copy->fate =
        is_of_a_replay(&header) ? REPLAY_KNOWN : judge(trial, &header, record->value, copy);
    strbuf_reset(&trial->header);
    raw_header_write(&trial->header, &header);
    copy->header = strbuf_span(&trial->header);
    if (copy->written)
        replay_report_copy(trial->report, record->partition, record->offset, copy->header);
    trial->report->fates[copy->fate]++;
    trial->report->records++;
}
