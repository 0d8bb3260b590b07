/* SPDX-License-Identifier: Apache-2.0 */
#include "citybrain/tap_record.h"

#include <string.h>

#include "base/base.h"

static const struct tap_topic topics[] = {
    {"events", TAP_EVENT, false, "canonical events, the router's among them; ticks by --ticks"},
    {"decisions", TAP_EVENT, false, "those events that the router told"},
    {"raw", TAP_RAW, false, "items as they came: their headers, never their bytes"},
    {"status", TAP_STATUS, true, "what a unit said of its cases: who, what, when"},
    {"dispatch", TAP_ORDER, true, "work orders of a unit"},
    {"receipts", TAP_RECEIPT, true, "why a unit's word had no effect"},
    {"dead", TAP_DEAD, false, "what could not be taken and why, never its bytes"},
    {"signals", TAP_SIGNAL, false, "facts for triggers, and watermarks by --ticks"},
    {"registry", TAP_EVENT, false, "registry events, for display"},
    {"audit", TAP_AUDIT, false, "who did what and why"},
    {"contacts", TAP_SEALED, false, "which cases have a sealed contact"},
    {"state.cases", TAP_SEALED, false, "keys and sizes of the router's folded cases"},
    {"state.windows", TAP_SEALED, false, "keys and sizes of the triggers' windows"},
};

const struct tap_topic *tap_topic_at(size_t index)
{
    return index < ARRAY_LENGTH(topics) ? &topics[index] : NULL;
}

const struct tap_topic *tap_topic_find(const char *word)
{
    for (size_t i = 0; i < ARRAY_LENGTH(topics); i++) {
        size_t len = strlen(topics[i].name);
        bool begins = strncmp(word, topics[i].name, len) == 0;
        if (begins &&
            (word[len] == '\0' || (topics[i].of_unit && word[len] == '.' && word[len + 1])))
            return &topics[i];
    }
    return NULL;
}

/* Absent rather than empty. */
static struct span some(struct span text)
{
    return text.len ? text : SPAN_NONE;
}

static void read_event(struct tap_record *tap, struct json_reader *reader, struct arena *arena)
{
    struct event *event = &tap->event;
    tap->readable = event_read_record(reader, tap->whole, arena, event) == REJECT_NONE;
    if (!tap->readable)
        return;
    tap->case_id = event->subject;
    tap->what = event->family == EVENT_TICK ? SPAN("tick") : event->name;
    tap->feed = event->feed;
    tap->unit = tap->unit.at ? tap->unit : some(event->unit);
    if (!tap->unit.at)
        tap->unit = some(json_text(event->data, "lead"));
}

static void read_header(struct tap_record *tap, struct json_reader *reader, struct arena *arena)
{
    struct span header = record_header(tap->whole, "cb");
    bool is_dead = tap->topic->form == TAP_DEAD;
    if (is_dead)
        tap->readable =
            header.at && dead_header_read(reader, header, arena, &tap->dead) == REJECT_NONE;
    else
        tap->readable =
            header.at && raw_header_read(reader, header, arena, &tap->raw) == REJECT_NONE;
    if (!tap->readable)
        return;
    if (is_dead)
        tap->raw = tap->dead.raw;
    tap->feed = tap->raw.feed;
    tap->unit = some(tap->raw.unit);
    tap->what = is_dead ? span_of(reject_name(tap->dead.why.reject)) : tap->raw.verdict;
    /* What a unit said is keyed by its case. */
    if (is_dead && !tap->feed.len)
        tap->case_id = tap->whole->key;
}

static void read_json(struct tap_record *tap, struct json_reader *reader, struct arena *arena)
{
    size_t bad_at;
    tap->readable = json_read(reader, tap->whole->value, arena, &tap->json, &bad_at) == REJECT_NONE;
    if (!tap->readable)
        return;
    tap->case_id = some(json_text(tap->json, "case"));
    if (json_text(tap->json, "unit").len)
        tap->unit = json_text(tap->json, "unit");
    tap->what = json_text(tap->json, tap->topic->form == TAP_ORDER     ? "kind"
                                     : tap->topic->form == TAP_RECEIPT ? "reason"
                                                                       : "verb");
}

static void read_signal(struct tap_record *tap, struct arena *arena)
{
    tap->readable = signal_read(&tap->signal, tap->whole->key, tap->whole->value, arena);
    if (!tap->readable)
        return;
    bool is_fact = tap->signal.kind == SIGNAL_FACT;
    tap->case_id = is_fact ? tap->signal.subject : SPAN_NONE;
    tap->what = is_fact ? tap->signal.trigger : SPAN("watermark");
}

void tap_record_read(struct tap_record *tap, const struct tap_topic *topic,
                     const struct record *record, struct json_reader *reader, struct arena *arena)
{
    *tap = (struct tap_record){.topic = topic, .whole = record};
    const char *dot = topic->of_unit ? memrchr(record->topic.at, '.', record->topic.len) : NULL;
    if (dot)
        tap->unit = span_from(dot + 1, (size_t)(record->topic.at + record->topic.len - dot - 1));
    if (topic->form == TAP_RAW || topic->form == TAP_DEAD) {
        read_header(tap, reader, arena);
        return;
    }
    tap->case_id = some(record->key);
    if (topic->form == TAP_SEALED || !record->value.at) {
        tap->readable = true; /* as much as there is to read */
        return;
    }
    switch (topic->form) {
    case TAP_EVENT:
    case TAP_STATUS: read_event(tap, reader, arena); break;
    case TAP_SIGNAL: read_signal(tap, arena); break;
    case TAP_ORDER:
    case TAP_RECEIPT:
    case TAP_AUDIT: read_json(tap, reader, arena); break;
    case TAP_RAW:
    case TAP_DEAD:
    case TAP_SEALED: break;
    }
}
