/* SPDX-License-Identifier: Apache-2.0 */
#include "world.h"

#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "base/hash.h"
#include "base/memory.h"
#include "base/murmur2.h"
#include "model/event.h"

/* ---- the two halves of the router, alike ---- */

static void *open_core(const struct world *world, const struct world_part *part)
{
    if (part->pass == PASS_CASES)
        return case_flow_open(world->rules, part->number);
    return window_flow_open(&world->window_rules, part->number);
}

static void close_core(const struct world_part *part)
{
    if (part->pass == PASS_CASES)
        case_flow_close(part->flow);
    else
        window_flow_close(part->flow);
}

static void restore_core(const struct world_part *part, const struct world_record *record)
{
    if (part->pass == PASS_CASES)
        case_flow_restore(part->flow, record->key, record->value);
    else
        window_flow_restore(part->flow, record->key, record->value);
}

/* NULL = it can go on. */
static const char *core_is_restored(const struct world_part *part)
{
    if (part->pass == PASS_CASES) {
        case_flow_restored(part->flow);
        return case_flow_fault(part->flow);
    }
    window_flow_restored(part->flow);
    return window_flow_fault(part->flow);
}

static void save_core(struct world *world, const struct world_part *part, struct outputs *outputs)
{
    struct signal_packs *packs = &world->packs[part->slot];
    if (part->pass == PASS_WINDOWS) {
        window_flow_save(part->flow, outputs);
        return;
    }
    case_flow_save(part->flow, signal_packs_before(packs, outputs));
    signal_packs_write(packs, outputs);
}

static enum transform_result tell_core(struct world *world, const struct world_part *part,
                                       const struct record *record, struct outputs *outputs)
{
    struct signal_packs *packs = &world->packs[part->slot];
    if (part->pass == PASS_WINDOWS)
        return window_flow_on_record(part->flow, record, outputs);
    return case_flow_on_record(part->flow, record, signal_packs_before(packs, outputs));
}

/* ---- a life's world ---- */

#define STORE_BYTES ((size_t)1 << 28) /* of address space; pages nobody wrote take nothing */

void world_init(struct world *world, const struct case_flow_rules *rules)
{
    const struct rule_bundle *bundle = rules->bundle;
    *world = (struct world){.rules = rules,
                            .window_rules = {.triggers = bundle->triggers,
                                             .district = &bundle->district,
                                             .stations = bundle->stations,
                                             .calendar = bundle->district.calendar,
                                             .bundle = span_of(bundle->hash),
                                             .partitions = WORLD_PARTS,
                                             .most_groups = 100000,
                                             .store = rules->store},
                            .batch = 1};
    for (int i = 0; i < WORLD_ALL; i++) {
        world->parts[i].pass = i < WORLD_PARTS ? PASS_CASES : PASS_WINDOWS;
        world->parts[i].number = i % WORLD_PARTS;
    }
    for (int i = 0; i < WORLD_SLOTS; i++) {
        signal_packs_init(&world->packs[i]);
        signal_packs_arrange(&world->packs[i], WORLD_PARTS);
    }
    world->store = xmalloc(STORE_BYTES);
}

static void empty(struct world_log *log)
{
    log->count = 0;
}

void world_fini(struct world *world)
{
    world_end(world);
    for (int i = 0; i < WORLD_ALL; i++) {
        free(world->parts[i].input.at);
        free(world->parts[i].state.at);
    }
    for (int i = 0; i < WORLD_SLOTS; i++) {
        free(world->open[i].at);
        signal_packs_fini(&world->packs[i]);
    }
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
        signal_packs_drop(&world->packs[i]);
        world->read[i] = 0;
    }
    for (int i = 0; i < WORLD_ALL; i++) {
        struct world_part *part = &world->parts[i];
        empty(&part->input);
        empty(&part->state);
        part->next = part->committed = 0;
        part->slot = i % WORLD_SLOTS;
        if (part->flow)
            close_core(part);
        part->flow = open_core(world, part);
    }
}

void world_end(struct world *world)
{
    for (int i = 0; i < WORLD_ALL; i++) {
        if (world->parts[i].flow)
            close_core(&world->parts[i]);
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
        .by = world->reading->pass,
    };
    world_log_add(&world->open[world->reading->slot], &record);
}

static struct outputs speak(struct world *world, const struct world_part *part)
{
    world->reading = part;
    return (struct outputs){take, world};
}

/* Behind which log it stands; NULL = nobody of us reads it. */
static struct world_log *log_of(struct world *world, const struct world_record *record)
{
    struct world_part *part = &world->parts[record->partition % WORLD_PARTS];
    switch (record->stream) {
    case STREAM_EVENTS: return &part->input;
    case STREAM_STATE_CASES: return &part->state;
    case STREAM_SIGNALS: return &part[WORLD_PARTS].input;
    case STREAM_STATE_WINDOWS: return &part[WORLD_PARTS].state;
    default: return NULL;
    }
}

bool world_is_said(const struct world_record *record)
{
    return record->stream != STREAM_STATE_CASES && record->stream != STREAM_STATE_WINDOWS &&
           record->stream != STREAM_SIGNALS;
}

static void publish(struct world *world, struct world_log *open)
{
    for (size_t i = 0; i < open->count; i++) {
        struct world_log *log = log_of(world, &open->at[i]);
        if (log)
            world_log_add(log, &open->at[i]);
        if (world_is_said(&open->at[i]))
            world_log_add(&world->written, &open->at[i]);
    }
    empty(open);
}

static void commit(struct world *world, int slot)
{
    for (int i = 0; i < WORLD_ALL; i++) {
        if (world->parts[i].slot != slot)
            continue;
        struct outputs outputs = speak(world, &world->parts[i]);
        save_core(world, &world->parts[i], &outputs);
    }
    publish(world, &world->open[slot]);
    for (int i = 0; i < WORLD_ALL; i++)
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
    close_core(part);
    part->flow = open_core(world, part);
    for (size_t i = 0; i < part->state.count; i++)
        if (!world->compacted || is_newest(&part->state, i))
            restore_core(part, &part->state.at[i]);
    const char *fault = core_is_restored(part);
    world->broken = fault ? fault : world->broken;
    part->next = part->committed;
}

static void kill_slot(struct world *world, int slot)
{
    for (size_t i = 0; i < world->open[slot].count; i++)
        world_log_add(&world->torn, &world->open[slot].at[i]);
    empty(&world->open[slot]);
    signal_packs_drop(&world->packs[slot]);
    for (int i = 0; i < WORLD_ALL; i++)
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
    if (part->pass == PASS_WINDOWS)
        return span_is(last->key, "_watermark") ? 5 : 4;
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
    for (int i = 0; i < WORLD_ALL; i++) {
        struct world_part *part = &world->parts[(world->turn + i) % WORLD_ALL];
        if (part->next == part->input.count)
            continue;
        world->turn = (world->turn + i + 1) % WORLD_ALL;
        return part;
    }
    return NULL;
}

static void read_one(struct world *world, struct world_part *part)
{
    struct outputs outputs = speak(world, part);
    const struct world_record *at = &part->input.at[part->next];
    struct record record = {.topic =
                                part->pass == PASS_CASES ? SPAN("cb.events") : SPAN("cb.signals"),
                            .source = (int)part->pass,
                            .partition = at->partition,
                            .offset = (int64_t)part->next,
                            .key = at->key,
                            .value = at->value};
    world->worked++;
    if (tell_core(world, part, &record, &outputs) == TRANSFORM_AGAIN) {
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
