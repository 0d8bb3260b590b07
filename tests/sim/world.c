/* SPDX-License-Identifier: Apache-2.0 */
#include "world.h"

#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "base/hash.h"
#include "base/memory.h"
#include "base/murmur2.h"
#include "model/event.h"

#define STORE_BYTES ((size_t)1 << 28) /* of address space; pages nobody wrote take nothing */

void world_init(struct world *world, const struct case_flow_rules *rules)
{
    *world = (struct world){.rules = rules, .batch = 1};
    world->store = xmalloc(STORE_BYTES);
}

static void empty(struct world_log *log)
{
    log->count = 0;
}

void world_fini(struct world *world)
{
    world_end(world);
    for (int i = 0; i < WORLD_PARTS; i++) {
        free(world->parts[i].input.at);
        free(world->parts[i].state.at);
    }
    for (int i = 0; i < WORLD_SLOTS; i++)
        free(world->open[i].at);
    free(world->written.at);
    free(world->torn.at);
    free(world->store);
}

void world_begin(struct world *world)
{
    world->stored = world->worked = world->fault_count = 0;
    world->turn = 0;
    world->broken = NULL;
    empty(&world->written);
    empty(&world->torn);
    for (int i = 0; i < WORLD_SLOTS; i++) {
        empty(&world->open[i]);
        world->read[i] = 0;
    }
    for (int i = 0; i < WORLD_PARTS; i++) {
        struct world_part *part = &world->parts[i];
        empty(&part->input);
        empty(&part->state);
        part->next = part->committed = 0;
        part->slot = i % WORLD_SLOTS;
        if (part->flow)
            case_flow_close(part->flow);
        part->flow = case_flow_open(world->rules, i);
    }
}

void world_end(struct world *world)
{
    for (int i = 0; i < WORLD_PARTS; i++) {
        if (world->parts[i].flow)
            case_flow_close(world->parts[i].flow);
        world->parts[i].flow = NULL;
    }
}

struct span world_keep(struct world *world, struct span bytes)
{
    if (!bytes.at)
        return SPAN_NONE;
    if (bytes.len > STORE_BYTES - world->stored)
        abort(); /* no life is so long */
    char *at = world->store + world->stored;
    if (bytes.len)
        memcpy(at, bytes.at, bytes.len);
    world->stored += bytes.len;
    return span_from(at, bytes.len);
}

void world_log_add(struct world_log *log, const struct world_record *record)
{
    if (log->count == log->capacity) {
        log->capacity = log->capacity ? 2 * log->capacity : 64;
        log->at = xrealloc(log->at, log->capacity * sizeof *log->at);
    }
    log->at[log->count++] = *record;
}

int32_t world_partition(struct span key)
{
    return murmur2_partition(key, WORLD_PARTS);
}

void world_tell(struct world *world, struct span key, struct span value, size_t step)
{
    int32_t partition = world_partition(key);
    struct world_record record = {.stream = STREAM_EVENTS,
                                  .partition = partition,
                                  .key = world_keep(world, key),
                                  .value = world_keep(world, value),
                                  .step = step};
    world_log_add(&world->parts[partition].input, &record);
}

void world_tick(struct world *world, int64_t t_ms)
{
    char text[512];
    struct strbuf buf = {.at = text, .capacity = sizeof text, .max = sizeof text - 1};
    for (int i = 0; i < WORLD_PARTS; i++) {
        strbuf_reset(&buf);
        event_write_tick(&buf, t_ms, i);
        struct world_record record = {
            .stream = STREAM_EVENTS, .partition = i, .value = world_keep(world, strbuf_span(&buf))};
        world_log_add(&world->parts[i].input, &record);
    }
}

/* ---- transactions ---- */

static uint64_t hash_of(const struct output *output)
{
    uint64_t hash = hash_span(output->key) * 31 + hash_span(output->suffix);
    hash = hash * 31 + (output->value.at ? hash_span(output->value) : 7);
    return hash * 31 + (uint64_t)output->stream;
}

static void take(void *carrier, const struct output *output)
{
    struct world *world = carrier;
    bool by_key = output->partition == OUTPUT_BY_KEY;
    struct world_record record = {
        .stream = output->stream,
        .partition = by_key ? world_partition(output->key) : output->partition,
        .suffix = world_keep(world, output->suffix),
        .key = world_keep(world, output->key),
        .value = world_keep(world, output->value),
        .hash = hash_of(output),
        .ours = true,
    };
    world_log_add(&world->open[world->reading], &record);
}

static struct outputs speak(struct world *world, int slot)
{
    world->reading = slot;
    return (struct outputs){take, world};
}

static void publish(struct world *world, struct world_log *open)
{
    for (size_t i = 0; i < open->count; i++) {
        const struct world_record *record = &open->at[i];
        if (record->stream == STREAM_STATE_CASES) {
            world_log_add(&world->parts[record->partition].state, record);
            continue;
        }
        if (record->stream == STREAM_SIGNALS)
            continue;
        if (record->stream == STREAM_EVENTS)
            world_log_add(&world->parts[record->partition].input, record);
        world_log_add(&world->written, record);
    }
    empty(open);
}

static void commit(struct world *world, int slot)
{
    struct outputs outputs = speak(world, slot);
    for (int i = 0; i < WORLD_PARTS; i++)
        if (world->parts[i].slot == slot)
            case_flow_save(world->parts[i].flow, &outputs);
    publish(world, &world->open[slot]);
    for (int i = 0; i < WORLD_PARTS; i++)
        if (world->parts[i].slot == slot)
            world->parts[i].committed = world->parts[i].next;
    world->read[slot] = 0;
}

static bool is_newest(const struct world_log *state, size_t index)
{
    for (size_t i = index + 1; i < state->count; i++)
        if (span_equal(state->at[i].key, state->at[index].key))
            return false;
    return true;
}

/* By its next owner. */
static void reopen(struct world *world, struct world_part *part)
{
    int32_t number = (int32_t)(part - world->parts);
    case_flow_close(part->flow);
    part->flow = case_flow_open(world->rules, number);
    for (size_t i = 0; i < part->state.count; i++)
        if (!world->compacted || is_newest(&part->state, i))
            case_flow_restore(part->flow, part->state.at[i].key, part->state.at[i].value);
    case_flow_restored(part->flow);
    if (case_flow_fault(part->flow))
        world->broken = case_flow_fault(part->flow);
    part->next = part->committed;
}

static void kill_slot(struct world *world, int slot)
{
    for (size_t i = 0; i < world->open[slot].count; i++)
        world_log_add(&world->torn, &world->open[slot].at[i]);
    empty(&world->open[slot]);
    for (int i = 0; i < WORLD_PARTS; i++)
        if (world->parts[i].slot == slot)
            reopen(world, &world->parts[i]);
    world->read[slot] = 0;
}

/* ---- faults ---- */

void world_await(struct world *world, struct world_fault fault)
{
    if (world->faithless || world->fault_count == WORLD_MOST_FAULTS)
        return;
    fault.after += world->worked;
    world->faults[world->fault_count++] = fault;
}

static int kind_of_last(const struct world_part *part)
{
    if (part->next == part->committed)
        return 0;
    const struct world_record *last = &part->input.at[part->next - 1];
    return last->ours ? 2 : last->key.at ? 1 : 3;
}

static void strike(struct world *world, const struct world_fault *fault)
{
    struct world_part *part = &world->parts[fault->part];
    world->seen.kills[fault->kind][kind_of_last(part)]++;
    switch (fault->kind) {
    case FAULT_KILL: kill_slot(world, part->slot); break;
    case FAULT_MOVE:
        commit(world, part->slot);
        part->slot = (part->slot + 1) % WORLD_SLOTS;
        reopen(world, part);
        break;
    case FAULT_COMMIT: commit(world, part->slot); break;
    case FAULT_KINDS: break;
    }
}

static void strike_due(struct world *world)
{
    for (size_t i = 0; i < world->fault_count;) {
        if (world->faults[i].after > world->worked) {
            i++;
            continue;
        }
        struct world_fault fault = world->faults[i];
        world->faults[i] = world->faults[--world->fault_count];
        strike(world, &fault);
    }
}

/* ---- reading ---- */

static struct world_part *choose(struct world *world)
{
    for (int i = 0; i < WORLD_PARTS; i++) {
        struct world_part *part = &world->parts[(world->turn + i) % WORLD_PARTS];
        if (part->next == part->input.count)
            continue;
        world->turn = (world->turn + i + 1) % WORLD_PARTS;
        return part;
    }
    return NULL;
}

static void read_one(struct world *world, struct world_part *part)
{
    struct outputs outputs = speak(world, part->slot);
    const struct world_record *at = &part->input.at[part->next];
    struct record record = {.topic = SPAN("cb.events"),
                            .partition = at->partition,
                            .offset = (int64_t)part->next,
                            .key = at->key,
                            .value = at->value};
    world->worked++;
    if (case_flow_on_record(part->flow, &record, &outputs) == TRANSFORM_AGAIN) {
        commit(world, part->slot); /* not behind the record: it comes again */
    } else {
        part->next++;
        world->read[part->slot]++;
    }
}

bool world_settle(struct world *world, size_t most)
{
    size_t begun = world->worked;
    struct world_part *part;
    for (;;) {
        while ((part = choose(world))) {
            read_one(world, part);
            int slot = part->slot;
            strike_due(world);
            if (world->read[slot] >= world->batch)
                commit(world, slot);
            if (world->worked - begun > most)
                return false;
        }
        for (int i = 0; i < WORLD_SLOTS; i++)
            commit(world, i);
        if (!choose(world))
            return true;
    }
}

struct span world_state(const struct world *world, struct span key)
{
    const struct world_log *state = &world->parts[world_partition(key)].state;
    for (size_t i = state->count; i-- > 0;)
        if (span_equal(state->at[i].key, key))
            return state->at[i].value;
    return SPAN_NONE;
}
