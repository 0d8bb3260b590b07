/* SPDX-License-Identifier: Apache-2.0 */
/* The canonical event: CloudEvents 1.0, structured JSON on Kafka; both modes are read. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/record.h"
#include "base/span.h"
#include "base/strbuf.h"
#include "model/json.h"
#include "model/reject.h"

#define EVENT_CONTENT_TYPE "application/cloudevents+json; charset=UTF-8"

enum event_family { EVENT_CASE, EVENT_OBSERVATION, EVENT_REGISTRY, EVENT_TICK };

struct event {
    enum event_family family;
    struct span name; /* stage, or kind of observation/registry; absent for ticks */
    struct span id, source, subject;
    int64_t time_ms, recorded_ms;
    struct span partitionkey, correlationid, causationid;
    struct span feed, unit, party, revision, traceparent, replayof; /* absent where not set */
    int64_t feedversion;
    struct span data_json; /* when encoding: the data object's text; when decoding: absent */
    const struct json_value *data; /* when decoding: an object, or NULL */
    const char *fault; /* after a refusal: the attribute that is missing or wrong, or NULL */
};

/* Kind of a case: the part of subject before the first ':'. */
struct span event_kind(const struct event *event);
/* May the text be an attribute: UTF-8 without control characters, as CloudEvents has it; it will
 * stand in JSON and in keys. What an event says otherwise no reader takes. */
bool event_may_say(struct span text);
/* Structured JSON with a fixed member order; absent members are left out. */
void event_write(struct strbuf *out, const struct event *event);
enum reject event_read(struct json_reader *reader, struct span json, struct arena *arena,
                       struct event *event);
/* Structured where the content type is application/cloudevents+json, or where it says nothing and
 * no ce_* header is there; else binary: attributes in ce_* headers, the value is the data (JSON).
 * Other extensions than ours are not looked at. */
enum reject event_read_record(struct json_reader *reader, const struct record *record,
                              struct arena *arena, struct event *event);
/* A tick: type cn.citybrain.tick.v1, time = T, id = hash of T and partition. */
void event_write_tick(struct strbuf *out, int64_t t_ms, int32_t partition);
