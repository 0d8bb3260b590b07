/* SPDX-License-Identifier: Apache-2.0 */
/* The hash of the data at the end of a revision is not compared: pseudonyms are made with a key
 * that only ingest has, so ours differ from those on the log. */
#include "citybrain/dead_plan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "base/memory.h"
#include "citybrain/dead_redriven.h"
#include "kafka/log_search.h"
#include "model/event.h"
#include "model/ids.h"

#define ARENA_BYTES  (1 << 20)
#define REVISION_CUT (REVISION_LEN - 17) /* without ".hash" */
#define BEFORE_MS    60000               /* clocks being what they are */

struct dead_plan_case {
    char *key; /* owned */
    bool has_lead, counted;
    UT_hash_handle hh;
};

struct dead_plan_event {
    char id[DIGEST_ID_LEN + 1];
    char best[REVISION_CUT + 1]; /* the greatest on the log; "" = it is not there */
    UT_hash_handle hh;
};

struct dead_plan_told {
    struct dead_plan_event *event;
    struct dead_plan_case *of;
    char revision[REVISION_CUT + 1];
    bool opens;
};

struct place_key {
    int64_t partition, offset; /* of one size: no bytes between them */
};

struct dead_plan_place {
    struct place_key key;
    size_t letter;
    UT_hash_handle hh;
};

void dead_plan_init(struct dead_plan *plan)
{
    *plan = (struct dead_plan){.oldest_ms = INT64_MAX, .reader = json_reader_new()};
    arena_init(&plan->arena, ARENA_BYTES);
}

static void free_tally(struct dead_plan_tally *tally)
{
    for (struct dead_plan_tally *next; tally; tally = next) {
        next = tally->next;
        free(tally);
    }
}

void dead_plan_fini(struct dead_plan *plan)
{
    struct dead_plan_case *one, *next;
    struct dead_plan_event *event, *next_event;
    struct dead_plan_place *place, *next_place;
    HASH_ITER(hh, plan->cases, one, next)
    {
        /* uthash unlinks before we free. NOLINTNEXTLINE(clang-analyzer-unix.Malloc) */
        HASH_DEL(plan->cases, one);
        free(one->key);
        free(one);
    }
    HASH_ITER(hh, plan->events, event, next_event)
    {
        /* uthash unlinks before we free. NOLINTNEXTLINE(clang-analyzer-unix.Malloc) */
        HASH_DEL(plan->events, event);
        free(event);
    }
    HASH_ITER(hh, plan->places, place, next_place)
    {
        /* uthash unlinks before we free. NOLINTNEXTLINE(clang-analyzer-unix.Malloc) */
        HASH_DEL(plan->places, place);
        free(place);
    }
    free_tally(plan->topics);
    free_tally(plan->feeds);
    free_tally(plan->rejected);
    free_tally(plan->left);
    free(plan->letters);
    free(plan->told);
    json_reader_free(plan->reader);
    arena_fini(&plan->arena);
}

/* ---- letters ---- */

static void tally(struct dead_plan_tally **list, struct span name)
{
    struct dead_plan_tally **at = list;
    while (*at && !span_is(name, (*at)->name))
        at = &(*at)->next;
    if (!*at) {
        *at = xcalloc(1, sizeof **at);
        span_to_cstr(name, (*at)->name, sizeof(*at)->name);
    }
    (*at)->count++;
}

static void *grown(void *at, size_t count, size_t *capacity, size_t size)
{
    if (count < *capacity)
        return at;
    *capacity = *capacity ? 2 * *capacity : 256;
    return xrealloc(at, *capacity * size);
}

static struct dead_plan_event *add_event(struct dead_plan *plan, struct span id)
{
    struct dead_plan_event *event = NULL;
    char text[DIGEST_ID_LEN + 1];
    span_to_cstr(id, text, sizeof text);
    HASH_FIND_STR(plan->events, text, event);
    if (event)
        return event;
    event = xcalloc(1, sizeof *event);
    memcpy(event->id, text, sizeof text);
    HASH_ADD_STR(plan->events, id, event);
    return event;
}

static struct dead_plan_case *add_case(struct dead_plan *plan, struct span key)
{
    struct dead_plan_case *one = NULL;
    HASH_FIND(hh, plan->cases, key.at, key.len, one);
    if (one)
        return one;
    one = xcalloc(1, sizeof *one);
    one->key = xspandup(key);
    HASH_ADD_KEYPTR(hh, plan->cases, one->key, key.len, one);
    return one;
}

static void add_told(struct dead_plan *plan, const struct dead_told *told)
{
    plan->told = grown(plan->told, plan->told_count, &plan->told_capacity, sizeof *plan->told);
    struct dead_plan_told *one = &plan->told[plan->told_count++];
    *one = (struct dead_plan_told){
        .event = add_event(plan, told->id), .of = add_case(plan, told->key), .opens = told->opens};
    span_to_cstr(told->revision, one->revision, sizeof one->revision);
    plan->tells_registry |= told->family == EVENT_REGISTRY;
}

static void add_place(struct dead_plan *plan, const struct dead_letter *letter)
{
    struct dead_plan_place *place = xcalloc(1, sizeof *place);
    place->key = (struct place_key){letter->partition, letter->offset};
    place->letter = plan->count;
    HASH_ADD(hh, plan->places, key, sizeof place->key, place);
}

static void tally_all(struct dead_plan *plan, const struct dead_letter *letter,
                      const struct dead_verdict *verdict)
{
    char feed[96];
    size_t feed_len = verdict->header.feed.len;
    snprintf(feed, sizeof feed, "%.*s/%lld", (int)(feed_len < 64 ? feed_len : 64),
             verdict->header.feed.at ? verdict->header.feed.at : "",
             (long long)verdict->header.mapping);
    if (verdict->fate == DEAD_REJECTED)
        tally(&plan->rejected, span_of(reject_name(verdict->why.reject)));
    else if (verdict->fate == DEAD_LEFT)
        tally(&plan->left, span_of(verdict->left));
    if (verdict->fate != DEAD_ACCEPTED)
        return;
    tally(&plan->feeds, span_of(feed));
    tally(&plan->topics, verdict->topic);
    if (letter->at_ms < plan->oldest_ms)
        plan->oldest_ms = letter->at_ms;
}

void dead_plan_add(struct dead_plan *plan, const struct dead_letter *letter,
                   const struct dead_verdict *verdict)
{
    bool accepted = verdict->fate == DEAD_ACCEPTED;
    plan->letters = grown(plan->letters, plan->count, &plan->capacity, sizeof *plan->letters);
    plan->letters[plan->count] =
        (struct dead_plan_letter){.partition = letter->partition,
                                  .offset = letter->offset,
                                  .fate = verdict->fate,
                                  .is_event = verdict->is_event,
                                  .first_told = plan->told_count,
                                  .told_count = accepted ? verdict->told_count : 0};
    tally_all(plan, letter, verdict);
    for (size_t i = 0; accepted && i < verdict->told_count; i++)
        add_told(plan, &verdict->told[i]);
    add_place(plan, letter);
    plan->count++;
}

static struct dead_plan_letter *find(const struct dead_plan *plan, int64_t partition,
                                     int64_t offset)
{
    struct place_key key = {partition, offset};
    struct dead_plan_place *place = NULL;
    /* All of it is set. NOLINTNEXTLINE(clang-analyzer-core.UndefinedBinaryOperatorResult) */
    HASH_FIND(hh, plan->places, &key, sizeof key, place);
    return place ? &plan->letters[place->letter] : NULL;
}

const struct dead_plan_letter *dead_plan_find(const struct dead_plan *plan, int32_t partition,
                                              int64_t offset)
{
    return find(plan, partition, offset);
}

/* ---- the log ---- */

static void take_redriven(struct dead_plan *plan, const struct record *record)
{
    int64_t partition, offset;
    struct dead_plan_letter *letter =
        dead_redriven_read(record, &partition, &offset) ? find(plan, partition, offset) : NULL;
    if (letter)
        letter->again = true;
}

static void take_event(struct dead_plan *plan, const struct record *record)
{
    struct event event;
    struct dead_plan_case *one = NULL;
    struct dead_plan_event *known = NULL;
    char id[DIGEST_ID_LEN + 1], revision[REVISION_CUT + 1];
    if (record->key.len)
        HASH_FIND(hh, plan->cases, record->key.at, record->key.len, one);
    arena_reset(&plan->arena);
    if (!one || !record->value.at ||
        event_read(plan->reader, record->value, &plan->arena, &event) != REJECT_NONE)
        return;
    /* What folds to one of these is not dispatched. */
    one->has_lead |= event.family == EVENT_CASE &&
                     (span_is(event.name, "dispatched") || span_is(event.name, "merged") ||
                      span_is(event.name, "closed"));
    span_to_cstr(event.id, id, sizeof id);
    HASH_FIND_STR(plan->events, id, known);
    span_to_cstr(event.revision, revision, sizeof revision);
    if (known && strcmp(revision, known->best) > 0)
        memcpy(known->best, revision, sizeof revision);
}

void dead_plan_take(struct dead_plan *plan, const struct record *record, bool has_events)
{
    take_redriven(plan, record);
    if (has_events)
        take_event(plan, record);
}

struct looking {
    struct dead_plan *plan;
    bool has_events;
};

static bool take_record(void *context, const struct log_search_record *record)
{
    struct looking *looking = context;
    dead_plan_take(looking->plan, record->whole, looking->has_events);
    return true;
}

static bool look_into(struct dead_plan *plan, const struct kafka_settings *settings,
                      const char *topic, int64_t from_ms, struct error *error)
{
    bool has_events = strcmp(topic, "events") == 0 || strcmp(topic, "registry") == 0;
    struct looking looking = {plan, has_events};
    return log_search_since(settings, topic, from_ms, take_record, &looking, error);
}

/* No letter was written again before there was one. */
bool dead_plan_look(struct dead_plan *plan, const struct kafka_settings *settings, int64_t from_ms,
                    struct error *error)
{
    int64_t since_ms = from_ms ? from_ms : plan->oldest_ms - BEFORE_MS;
    size_t prefix = strlen(settings->prefix);
    bool good = true;
    if (plan->told_count)
        good = look_into(plan, settings, "events", from_ms, error);
    if (plan->tells_registry && good)
        good = look_into(plan, settings, "registry", from_ms, error);
    for (const struct dead_plan_tally *topic = plan->topics; topic && good; topic = topic->next)
        if (strcmp(topic->name + prefix, "events") != 0)
            good =
                look_into(plan, settings, topic->name + prefix, since_ms > 0 ? since_ms : 0, error);
    return good;
}

/* ---- what it comes to ---- */

static bool is_there(const struct dead_plan_told *told)
{
    return told->event->best[0] && strcmp(told->event->best, told->revision) >= 0;
}

static bool all_there(const struct dead_plan *plan, const struct dead_plan_letter *letter)
{
    size_t there = 0;
    if (letter->is_event) /* the log had it when the router buried it */
        return false;
    for (size_t i = 0; i < letter->told_count; i++)
        there += is_there(&plan->told[letter->first_told + i]);
    return letter->told_count > 0 && there == letter->told_count;
}

static void count_writes(struct dead_plan *plan, const struct dead_plan_letter *letter,
                         struct dead_plan_counts *counts)
{
    bool corrects = false;
    counts->writes++;
    for (size_t i = 0; i < letter->told_count; i++) {
        struct dead_plan_told *told = &plan->told[letter->first_told + i];
        corrects |= told->event->best[0] != '\0' && !letter->is_event;
        if (!told->opens || told->of->has_lead || told->of->counted)
            continue;
        told->of->counted = true;
        counts->first++;
    }
    counts->corrects += corrects;
}

struct dead_plan_counts dead_plan_count(struct dead_plan *plan)
{
    struct dead_plan_counts counts = {.letters = (int64_t)plan->count};
    for (size_t i = 0; i < plan->count; i++) {
        struct dead_plan_letter *letter = &plan->letters[i];
        counts.accepted += letter->fate == DEAD_ACCEPTED;
        counts.rejected += letter->fate == DEAD_REJECTED;
        counts.left += letter->fate == DEAD_LEFT;
        if (letter->fate != DEAD_ACCEPTED)
            continue;
        letter->writes = !letter->again && !all_there(plan, letter);
        if (letter->writes)
            count_writes(plan, letter, &counts);
        else
            counts.there++;
    }
    return counts;
}

int64_t dead_plan_seen(const struct dead_plan *plan)
{
    int64_t seen = 0;
    for (size_t i = 0; i < plan->count; i++) {
        const struct dead_plan_letter *letter = &plan->letters[i];
        bool tells = letter->told_count > 0 && !letter->is_event;
        seen += letter->writes && (tells ? all_there(plan, letter) : letter->again);
    }
    return seen;
}
