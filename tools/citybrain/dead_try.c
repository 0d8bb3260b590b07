/* SPDX-License-Identifier: Apache-2.0 */
/* By where the record was: `raw` and `status.<unit>` are normalised as ingest does, an event and a
 * fact are read as the router does. */
#include "citybrain/dead_try.h"

#include <string.h>

#include "ingest/core/explain.h"
#include "model/case_line.h"
#include "model/event.h"
#include "router/core/signal.h"

#define ARENA_BYTES (4 << 20)

void dead_try_init(struct dead_try *trial, const struct bundle *bundle,
                   const struct kafka_settings *settings, int64_t now_ms)
{
    *trial = (struct dead_try){.bundle = bundle, .settings = settings, .now_ms = now_ms};
    normalise_init(&trial->normalise, bundle->feeds, bundle->kinds);
    trial->reader = json_reader_new();
    arena_init(&trial->arena, ARENA_BYTES);
}

void dead_try_fini(struct dead_try *trial)
{
    normalise_fini(&trial->normalise);
    json_reader_free(trial->reader);
    arena_fini(&trial->arena);
}

static void leave(struct dead_verdict *verdict, const char *why)
{
    verdict->fate = DEAD_LEFT;
    verdict->left = why;
}

static void conclude(struct dead_verdict *verdict, const struct reject_place *why)
{
    verdict->why = *why;
    verdict->fate = why->reject == REJECT_NONE ? DEAD_ACCEPTED : DEAD_REJECTED;
}

/* What is told as history alone is never dispatched. */
static bool asks_for_lead(const struct dead_try *trial, const struct event *event)
{
    const struct case_kind *kind =
        event->family == EVENT_CASE ? kinds_find(trial->bundle->kinds, event_kind(event)) : NULL;
    return kind && !event->replayof.at && span_is(event->name, "opened") &&
           case_kind_stage(kind, SPAN("dispatched")) >= 0;
}

static bool tell(struct dead_try *trial, struct dead_verdict *verdict, struct span json,
                 struct span key)
{
    struct event event;
    if (event_read(trial->reader, json, &trial->arena, &event) != REJECT_NONE)
        return false;
    verdict->told[verdict->told_count++] =
        (struct dead_told){.id = event.id,
                           .revision = event.revision,
                           .subject = event.subject,
                           .stage = event.name,
                           .key = key.at ? key : event.subject,
                           .family = event.family,
                           .opens = asks_for_lead(trial, &event)};
    return true;
}

static void tell_all(struct dead_try *trial, struct dead_verdict *verdict,
                     const struct normalise_result *result)
{
    conclude(verdict, &result->why);
    for (size_t i = 0; i < result->count && verdict->fate == DEAD_ACCEPTED; i++)
        if (!tell(trial, verdict, result->events[i].json, result->events[i].registry_key))
            leave(verdict, "too_large");
}

/* ---- of raw ---- */

static const struct mapping_field *field_of(const struct mapping *mapping, const char *name)
{
    for (size_t e = 0; e < mapping->event_count; e++)
        for (size_t i = 0; i < mapping->events[e].field_count; i++)
            if (strcmp(mapping->events[e].fields[i].name, name) == 0)
                return &mapping->events[e].fields[i];
    return NULL;
}

/* Where the cells could be made out; a code or what stands for it. */
static struct span station_of(struct dead_try *trial, const struct mapping *mapping)
{
    const struct mapping_field *field = field_of(mapping, "station");
    for (size_t i = 0; field && i < field->column_count; i++) {
        struct span cell = trial->normalise.cells[field->columns[i]];
        if (cell.len)
            return arena_copy(&trial->arena, span_trim(cell));
    }
    return SPAN_NONE;
}

static void try_item(struct dead_try *trial, const struct dead_letter *letter,
                     struct dead_verdict *verdict)
{
    const struct feed *feed = feeds_find(trial->bundle->feeds, letter->header.raw.feed);
    const struct mapping *mapping = feed ? feed_mapping_at(feed, trial->now_ms) : NULL;
    struct normalise_result *result = &trial->result;
    if (!mapping) {
        conclude(verdict, &(struct reject_place){.reject = REJECT_FEED, .byte_offset = -1});
        return;
    }
    verdict->header.mapping = mapping->version;
    arena_reset(&trial->normalise.arena);
    memset(trial->normalise.cells, 0, sizeof trial->normalise.cells);
    normalise_item(&trial->normalise, &verdict->header, letter->value, result);
    verdict->station = station_of(trial, mapping);
    tell_all(trial, verdict, result);
}

/* ---- of a unit ---- */

/* What stood in headers of its own (a CloudEvent in binary mode) is not in the letter, so such a
 * one is no event any more. */
static void try_status(struct dead_try *trial, const struct dead_letter *letter,
                       struct dead_verdict *verdict)
{
    const struct feed *feed = feeds_find(trial->bundle->feeds, SPAN("status"));
    const struct mapping *mapping = feed ? feed_mapping_at(feed, trial->now_ms) : NULL;
    const struct record record = {.topic = verdict->topic, .source = 1, .value = letter->value};
    struct normalise_result result = {.why = {.reject = REJECT_FEED, .byte_offset = -1}};
    struct raw_header header = verdict->header;
    verdict->header.mapping = header.mapping = mapping ? mapping->version : 0;
    header.received_ms = trial->now_ms; /* the broker's time, when it comes again */
    arena_reset(&trial->normalise.arena);
    if (mapping)
        normalise_status(&trial->normalise, &header, &record, &result);
    tell_all(trial, verdict, &result);
}

/* ---- of the router ---- */

static void try_event(struct dead_try *trial, const struct dead_letter *letter,
                      struct dead_verdict *verdict)
{
    struct event event = {0};
    struct case_line line;
    struct reject_place why = {.byte_offset = -1};
    const struct bundle *bundle = trial->bundle;
    verdict->is_event = true;
    if (letter->header.why.reject == REJECT_CASE_TOO_LONG) {
        leave(verdict, "case_too_long");
        return;
    }
    why.reject = event_read(trial->reader, letter->value, &trial->arena, &event);
    if (why.reject == REJECT_NONE && event.family == EVENT_TICK) {
        leave(verdict, "tick");
        return;
    }
    if (why.reject == REJECT_NONE && event.family == EVENT_CASE)
        why.reject = kinds_find(bundle->kinds, event_kind(&event))
                         ? case_line_of_event(&event, bundle->codes, &trial->arena, &line)
                         : REJECT_STAGE;
    conclude(verdict, &why);
    if (verdict->fate == DEAD_ACCEPTED && !tell(trial, verdict, letter->value, SPAN_NONE))
        leave(verdict, "too_large");
}

static void try_fact(struct dead_try *trial, const struct dead_letter *letter,
                     struct dead_verdict *verdict)
{
    struct signal signal;
    struct reject_place why = {.byte_offset = -1};
    if (!signal_read(&signal, letter->key, letter->value, &trial->arena))
        why.reject = REJECT_EVENT;
    conclude(verdict, &why);
}

/* Where it was, without the prefix; absent: not among our topics. */
static struct span topic_of(const struct dead_try *trial, const struct dead_letter *letter)
{
    struct span topic = letter->header.topic, prefix = span_of(trial->settings->prefix);
    return span_starts(topic, prefix) ? span_from(topic.at + prefix.len, topic.len - prefix.len)
                                      : SPAN_NONE;
}

void dead_try_letter(struct dead_try *trial, const struct dead_letter *letter,
                     struct dead_verdict *verdict)
{
    struct span name = topic_of(trial, letter);
    arena_reset(&trial->arena);
    trial->result.mapping = NULL;
    *verdict = (struct dead_verdict){.why.byte_offset = -1, .topic = letter->header.topic};
    verdict->header = letter->header.raw;
    verdict->header.verdict = SPAN("none");
    if (!letter->value.at)
        leave(verdict, "left_in_source");
    else if (span_is(name, "raw"))
        try_item(trial, letter, verdict);
    else if (span_starts(name, SPAN("status.")))
        try_status(trial, letter, verdict);
    else if (span_is(name, "events"))
        try_event(trial, letter, verdict);
    else if (span_is(name, "signals"))
        try_fact(trial, letter, verdict);
    else
        leave(verdict, "foreign_topic");
}

struct dead_cell dead_try_cell(struct dead_try *trial, const struct dead_letter *letter)
{
    const struct mapping *mapping = trial->result.mapping;
    bool shown[MAPPING_MAX_COLUMNS];
    if (!mapping || !letter->value.at || !span_is(topic_of(trial, letter), "raw"))
        return (struct dead_cell){0};
    explain_columns(mapping, shown);
    for (size_t i = 0; i < mapping->column_count; i++) {
        struct reject_place place = {.reject = REJECT_NONE};
        decode_pointer(&trial->normalise.decode, mapping, (int)i, &place);
        if (strcmp(place.pointer, letter->header.why.pointer) == 0)
            return (struct dead_cell){trial->normalise.cells[i], shown[i]};
    }
    return (struct dead_cell){0};
}

void dead_try_explain(struct dead_try *trial, const struct dead_letter *letter,
                      const struct dead_verdict *verdict, struct strbuf *out)
{
    const struct feed *feed = feeds_find(trial->bundle->feeds, verdict->header.feed);
    struct span name = topic_of(trial, letter);
    if (feed && trial->result.mapping && letter->value.at && span_is(name, "raw"))
        explain_write(&trial->normalise, feed, &verdict->header, letter->value, &trial->result,
                      false, out);
}
