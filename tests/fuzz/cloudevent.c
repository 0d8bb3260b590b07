/* SPDX-License-Identifier: Apache-2.0 */
/* What a unit's producer writes, in either mode: lines "name: value", an empty line, the value.
 * One record gives one event or one dead letter; an event can be read again, and names the unit of
 * its topic, whatever it said itself. */
#include <string.h>

#include "fuzz.h"
#include "ingest/core/normalise.h"

static const char feed_text[] =
    "feed: status\nversions:\n  - version: 1\n    valid_from: 2020-01-01\n"
    "    format: cloudevents\n    charset: utf-8\n";

static struct {
    struct normalise normalise;
    struct diagnostics *diagnostics;
    struct codes *codes;
    struct json_reader *reader;
    struct arena arena;
    bool ready;
    int events, dead;
} world;

static void set_up(void)
{
    struct diagnostics *diagnostics = world.diagnostics = diagnostics_new();
    struct codes *codes = world.codes = codes_load("config/codes.csv", diagnostics);
    struct kinds *kinds = codes ? kinds_load("config/kinds", codes, diagnostics) : NULL;
    struct feeds *feeds = feeds_parse("status.yaml", span_of(feed_text), diagnostics);
    HOLDS(kinds && feeds);
    normalise_init(&world.normalise, feeds, kinds);
    world.reader = json_reader_new();
    arena_init(&world.arena, 8 << 20);
    world.ready = true;
}

static void take(void *carrier, const struct output *output)
{
    struct event event;
    (void)carrier;
    if (output->stream == NORMALISE_RECEIPTS)
        return;
    if (output->stream == NORMALISE_DEAD) {
        world.dead++;
        return;
    }
    world.events++;
    arena_reset(&world.arena);
    HOLDS(event_read(world.reader, output->value, &world.arena, &event) == REJECT_NONE);
    HOLDS(span_is(event.unit, "s110105001"));
    HOLDS(span_equal(event.subject, output->key));
    HOLDS(event.time_ms <= 1772420400000 + NORMALISE_MAX_AHEAD_MS || event.replayof.at);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span input = fuzz_input(data, size);
    struct record record = {.topic = SPAN("cb.status.s110105001"),
                            .source = 1,
                            .timestamp_ms = 1772420400000,
                            .key = SPAN("request:x:1")};
    struct outputs outputs = {take, NULL};
    struct normalise_result result;
    if (!world.ready)
        set_up();
    while (input.at && record.header_count < RECORD_MAX_HEADERS) {
        struct span value = span_cut(&input, '\n');
        if (value.len == 0)
            break;
        struct span name = span_cut(&value, ':');
        record.headers[record.header_count++] =
            (struct record_header){name, value.at ? span_trim(value) : SPAN("")};
    }
    record.value = input;
    world.events = world.dead = 0;
    normalise_record(&world.normalise, &record, &outputs, &result);
    HOLDS(world.events + world.dead == 1);
    HOLDS((result.why.reject == REJECT_NONE) == (world.events == 1));
    return 0;
}
