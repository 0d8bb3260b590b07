/* SPDX-License-Identifier: Apache-2.0 */
/* A partition of `events`, a record a line, as nobody's normaliser wrote it. The router's pass 1
 * says the same with a restart in the middle as without one, every event it says can be read, and
 * every state it saves is within its bounds and restored to the same. The first byte says where it
 * is restarted. */
#include <string.h>

#include "base/hash.h"
#include "fuzz.h"
#include "model/case_set.h"
#include "router/core/case_flow.h"
#include "router/core/emit.h"

#define DAY          INT64_C(86400000)
#define MOST_RECORDS 64
#define MOST_SAVED   (1 << 14)

struct saved {
    char *key, *value; /* owned; NULL value = a tombstone */
    size_t key_len, len;
};

static struct {
    struct rule_bundle bundle;
    struct case_flow_rules rules;
    struct json_reader *reader;
    struct arena arena;
    struct saved saved[MOST_SAVED];
    size_t saved_count;
    uint64_t said; /* hash of all that was said, in its order */
    bool ready;
} world;

static void set_up(void)
{
    struct diagnostics *diagnostics = diagnostics_new();
    struct codes *codes = codes_load("config/codes.csv", diagnostics);
    struct kinds *kinds = codes ? kinds_load("config/kinds", codes, diagnostics) : NULL;
    HOLDS(kinds && rule_bundle_load(&world.bundle, "config", kinds, diagnostics));
    diagnostics_free(diagnostics);
    world.rules = (struct case_flow_rules){.codes = codes,
                                           .kinds = kinds,
                                           .bundle = &world.bundle,
                                           .max_age_ms = 30 * DAY,
                                           .timers = {.stub_after_ms = 7 * DAY,
                                                      .forget_after_ms = 400 * DAY,
                                                      .gone_after_ms = 90 * DAY}};
    world.reader = json_reader_new();
    arena_init(&world.arena, 8 << 20);
    world.ready = true;
}

static char *copy(struct span text)
{
    char *at = text.at ? malloc(text.len + 1) : NULL;
    HOLDS(!text.at || at);
    if (at && text.len)
        memcpy(at, text.at, text.len);
    return at;
}

static void keep(const struct output *output)
{
    HOLDS(world.saved_count < MOST_SAVED);
    HOLDS(output->value.len <= CASE_SET_MAX_BYTES);
    world.saved[world.saved_count++] =
        (struct saved){copy(output->key), copy(output->value), output->key.len, output->value.len};
}

static void take(void *carrier, const struct output *output)
{
    struct event event;
    (void)carrier;
    if (output->stream == STREAM_STATE_CASES) {
        keep(output);
        return;
    }
    arena_reset(&world.arena);
    if (output->stream == STREAM_EVENTS) {
        HOLDS(event_read(world.reader, output->value, &world.arena, &event) == REJECT_NONE);
        HOLDS(span_equal(event.subject, output->key) && event.id.len);
    }
    world.said = (world.said ^ hash_span(output->value)) * 31 + (uint64_t)output->stream;
}

static void forget_saved(void)
{
    for (size_t i = 0; i < world.saved_count; i++) {
        free(world.saved[i].key);
        free(world.saved[i].value);
    }
    world.saved_count = 0;
}

static struct case_flow *restart(struct case_flow *flow, struct outputs *outputs)
{
    struct case_flow *again = case_flow_open(&world.rules, 3);
    case_flow_save(flow, outputs);
    for (size_t i = 0; i < world.saved_count; i++)
        case_flow_restore(again, span_from(world.saved[i].key, world.saved[i].key_len),
                          span_from(world.saved[i].value, world.saved[i].len));
    case_flow_restored(again);
    HOLDS(!case_flow_fault(again));
    case_flow_close(flow);
    return again;
}

/* `at`: the record before which it is restarted, or none of them. Returns what it said. */
static uint64_t run(struct span input, size_t at)
{
    struct outputs outputs = {take, NULL};
    struct case_flow *flow = case_flow_open(&world.rules, 3);
    world.said = 0;
    for (size_t i = 0; input.at && i < MOST_RECORDS; i++) {
        struct record record = {.topic = SPAN("cb.events"),
                                .partition = 3,
                                .offset = (int64_t)i,
                                .key = SPAN("request:12345:1"),
                                .value = span_cut(&input, '\n')};
        if (i == at)
            flow = restart(flow, &outputs);
        while (case_flow_on_record(flow, &record, &outputs) == TRANSFORM_AGAIN)
            ;
    }
    case_flow_save(flow, &outputs);
    case_flow_close(flow);
    forget_saved();
    return world.said;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span input = fuzz_input(data, size);
    size_t at = fuzz_choice(&input) % 16;
    if (!world.ready)
        set_up();
    HOLDS(run(input, at) == run(input, MOST_RECORDS));
    return 0;
}
