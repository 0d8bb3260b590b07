/* SPDX-License-Identifier: Apache-2.0 */
#include "laws.h"

#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "base/memory.h"
#include "model/event.h"

void laws_init(struct laws *laws, const struct case_flow_rules *rules, struct cover *cover)
{
    *laws = (struct laws){.rules = rules, .cover = cover};
    laws->reader = json_reader_new();
    arena_init(&laws->arena, (size_t)64 << 20);
    strbuf_init(&laws->text, 4096, 1 << 20);
    strbuf_init(&laws->other, 4096, 1 << 20);
}

void laws_fini(struct laws *laws)
{
    json_reader_free(laws->reader);
    arena_fini(&laws->arena);
    strbuf_fini(&laws->text);
    strbuf_fini(&laws->other);
    free(laws->hashes[0]);
    free(laws->hashes[1]);
}

/* ---- one world ---- */

static bool read_part(struct laws *laws, const struct world_part *part, int32_t partition)
{
    struct event event;
    laws->clock_ms = TIMESTAMP_NONE;
    for (size_t i = 0; i < part->input.count; i++) {
        const struct world_record *record = &part->input.at[i];
        if (record->key.at) {
            if (!laws_hear(laws, record))
                return false;
            continue;
        }
        if (event_read(laws->reader, record->value, &laws->arena, &event) != REJECT_NONE)
            return laws_fail(laws, SPAN("tick"), "it cannot be read");
        laws->clock_ms = event.time_ms > laws->clock_ms ? event.time_ms : laws->clock_ms;
        laws_tick(laws, partition);
    }
    return true;
}

/* What comes to it afterwards begins it anew. */
static bool is_forgotten(const struct laws *laws, struct span key)
{
    for (size_t i = 0; i < laws->count; i++)
        if (span_equal(laws->stories[i].id, key))
            return laws->stories[i].forgotten;
    return false;
}

/* An order is the projection of an event of ours: same id, same case, in the same transaction. One
 * that is over has the id of the event that ended it, which anybody may have told. */
static bool check_orders(struct laws *laws, const struct world *world)
{
    for (size_t i = 0; i < world->written.count; i++) {
        const struct world_record *order = &world->written.at[i];
        bool found = false;
        if (order->stream != STREAM_DISPATCH || !order->value.at)
            continue; /* a tombstone is no order */
        struct span id = laws_member(order->value, "\"id\":\"");
        bool over = span_is(laws_member(order->value, "\"kind\":\""), "ended");
        for (size_t n = i; n-- > 0 && !found;) {
            const struct world_record *event = &world->written.at[n];
            found = event->stream == STREAM_EVENTS && span_equal(event->key, order->key) &&
                    span_equal(laws_member(event->value, "\"id\":\""), id);
        }
        for (size_t n = 0; n < i; n++)
            if (world->written.at[n].hash == order->hash && !is_forgotten(laws, order->key))
                return laws_fail(laws, order->key, "an order twice: %.*s", SPAN_ARG(order->value));
        if (!found && !over)
            return laws_fail(laws, order->key, "an order without its event: %.*s",
                             SPAN_ARG(order->value));
    }
    return true;
}

bool laws_read(struct laws *laws, const struct world *world)
{
    arena_reset(&laws->arena);
    laws->count = 0;
    laws->why[0] = '\0';
    laws->state = 88172645463325252ULL;
    for (int32_t i = 0; i < WORLD_PARTS; i++) {
        if (!read_part(laws, &world->parts[i], i))
            return false;
        for (size_t n = 0; n < laws->count; n++)
            if (world_partition(laws->stories[n].id) == i &&
                !laws_end(laws, &laws->stories[n], world))
                return false;
    }
    laws_count_family(laws);
    return check_orders(laws, world);
}

bool laws_idle(const struct laws *laws, bool idle[LIFE_MOST_STEPS])
{
    bool any = false;
    memset(idle, 0, LIFE_MOST_STEPS * sizeof *idle);
    for (size_t i = 0; i < laws->count; i++) {
        const struct story *story = &laws->stories[i];
        if (story->crowded || story->forgotten || story->arrivals > 80)
            continue;
        for (size_t n = 0; n < story->arrivals; n++) {
            const struct story_arrival *one = &story->arrived[n];
            bool is_idle = !one->ours && !one->counted && !one->woke;
            for (size_t k = 0; is_idle && k < story->arrivals; k++)
                if (span_equal(story->arrived[k].line.id, one->line.id))
                    is_idle = !story->arrived[k].counted && !story->arrived[k].woke;
            if (is_idle)
                any = idle[one->step] = true;
        }
    }
    return any;
}

/* ---- two worlds ---- */

static int by_value(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

/* A case that a trigger opened, not a life's own. */
static bool is_fired(struct span key)
{
    return span_starts(key, SPAN("proactive:")) && !span_starts(key, SPAN("proactive:sim:"));
}

/* Is it compared? Of a lesser life not the answers to what had no effect; of one told in a hurry
 * not what triggers made of it: they judge what has arrived. */
static bool is_compared(const struct world_record *record, enum laws_alike alike)
{
    return (alike != ALIKE_LESSER || record->stream != STREAM_RECEIPTS) &&
           (alike != ALIKE_IN_A_HURRY || !is_fired(record->key));
}

static size_t sorted_hashes(struct laws *laws, int which, const struct world_log *log,
                            enum laws_alike alike)
{
    size_t count = 0;
    if (log->count > laws->hash_capacity[which]) {
        laws->hash_capacity[which] = 2 * log->count;
        laws->hashes[which] =
            xrealloc(laws->hashes[which], laws->hash_capacity[which] * sizeof(uint64_t));
    }
    for (size_t i = 0; i < log->count; i++)
        if (is_compared(&log->at[i], alike))
            laws->hashes[which][count++] = log->at[i].hash;
    if (count)
        qsort(laws->hashes[which], count, sizeof(uint64_t), by_value);
    return count;
}

static const struct world_record *with_hash(const struct world_log *log, uint64_t hash)
{
    for (size_t i = 0; i < log->count; i++)
        if (log->at[i].hash == hash)
            return &log->at[i];
    return NULL;
}

static bool compare_words(struct laws *laws, const struct world *world, const struct world *other,
                          enum laws_alike alike)
{
    const struct world_log *a = &world->written, *b = &other->written;
    size_t count = sorted_hashes(laws, 0, a, alike), others = sorted_hashes(laws, 1, b, alike);
    const uint64_t *x = laws->hashes[0], *y = laws->hashes[1];
    size_t i = 0;
    while (i < count && i < others && x[i] == y[i])
        i++;
    if (i == count && i == others)
        return true;
    bool lost = i == others || (i < count && x[i] < y[i]);
    const struct world_record *one = lost ? with_hash(a, x[i]) : with_hash(b, y[i]);
    return laws_fail(laws, one->key, "%s: %.*s",
                     lost ? "said without faults, not with them (or not so often)"
                          : "said with faults, not without them (or more often)",
                     SPAN_ARG(one->value));
}

/* Who reads what is not committed sees nothing that is not committed in the end. */
static bool compare_torn(struct laws *laws, const struct world *world, const struct world *other,
                         enum laws_alike alike)
{
    for (size_t i = 0; i < other->torn.count; i++) {
        const struct world_record *torn = &other->torn.at[i];
        if (!world_is_said(torn) || !is_compared(torn, alike))
            continue;
        cover_word(laws->cover, COVER_KILL_LOST_WORK);
        if (!with_hash(&world->written, torn->hash))
            return laws_fail(laws, torn->key, "a kill left what was never said again: %.*s",
                             SPAN_ARG(torn->value));
    }
    return true;
}

static bool compare_states(struct laws *laws, const struct world *world, const struct world *other,
                           enum laws_alike alike)
{
    for (int i = 0; i < WORLD_PARTS; i++) { /* of pass 2 its words alone */
        const struct world_log *state = &world->parts[i].state;
        for (size_t n = 0; n < state->count; n++) {
            struct span key = state->at[n].key;
            struct span a = world_state(world, key), b = world_state(other, key);
            if (!is_compared(&state->at[n], alike))
                continue;
            if (span_is(key, "_clock")) { /* of this partition: its key is no case's */
                a = b = SPAN_NONE;
            }
            if ((a.at == NULL) != (b.at == NULL) || !span_equal(a, b))
                return laws_fail(laws, key, "another end with faults:\n%.*s\nnot\n%.*s",
                                 SPAN_ARG(b), SPAN_ARG(a));
        }
    }
    return true;
}

static bool is_lead(const struct world_record *record)
{
    return record->stream == STREAM_EVENTS &&
           memmem(record->value.at, record->value.len, "case.dispatched.v1", 18) != NULL;
}

/* Committed or torn, a cause has one id and one unit; committed, it stands there once. */
static bool compare_leads(struct laws *laws, const struct world_log *log,
                          const struct world_log *more)
{
    for (size_t i = 0; i < log->count; i++) {
        const struct world_record *one = &log->at[i];
        struct span cause = laws_member(one->value, "\"causationid\":\"");
        for (size_t n = 0; is_lead(one) && n < more->count; n++) {
            const struct world_record *other = &more->at[n];
            if ((log == more && n <= i) || !is_lead(other) || !span_equal(one->key, other->key) ||
                !span_equal(cause, laws_member(other->value, "\"causationid\":\"")))
                continue;
            if (log == more || !span_equal(laws_member(one->value, "\"id\":\""),
                                           laws_member(other->value, "\"id\":\"")))
                return laws_fail(laws, one->key, "two leads of one cause: %.*s and %.*s",
                                 SPAN_ARG(one->value), SPAN_ARG(other->value));
        }
    }
    return true;
}

static bool compare_rest(struct laws *laws, const struct world *world)
{
    for (size_t i = 0; i < laws->count; i++)
        if (laws->stories[i].forgotten) /* and begun anew */
            return true;
    if (!compare_leads(laws, &world->written, &world->written) ||
        !compare_leads(laws, &world->written, &world->torn))
        return false;
    for (int i = 0; i < WORLD_PARTS; i++) {
        const struct world_log *state = &world->parts[i].state;
        for (size_t n = 0; n < state->count; n++)
            if (!laws_rest(laws, state->at[n].key, world_state(world, state->at[n].key)))
                return false;
    }
    return true;
}

bool laws_compare(struct laws *laws, const struct world *world, const struct world *other,
                  enum laws_alike alike)
{
    if (other->broken)
        return laws_fail(laws, SPAN("state"), "%s", other->broken);
    if (alike == ALIKE_AT_REST)
        return compare_rest(laws, other);
    return compare_words(laws, world, other, alike) && compare_torn(laws, world, other, alike) &&
           (alike == ALIKE_LESSER || compare_states(laws, world, other, alike));
}

static bool is_cases(const struct laws *laws, struct span key)
{
    for (size_t i = 0; i < laws->count; i++)
        if (span_equal(laws->stories[i].id, key))
            return true;
    return false;
}

bool laws_repeat(struct laws *laws, struct world *world)
{
    size_t before = world->written.count, counts[WORLD_ALL];
    for (size_t i = 0; i < laws->count; i++)
        if (laws->stories[i].forgotten || laws->stories[i].crowded)
            return true;
    for (int i = 0; i < WORLD_PARTS; i++)
        counts[i] = world->parts[i].input.count;
    for (int i = 0; i < WORLD_PARTS; i++)
        for (size_t n = 0; n < counts[i]; n++) {
            struct world_record record = world->parts[i].input.at[n];
            if (record.key.at && is_cases(laws, record.key))
                world_log_add(&world->parts[i].input, &record);
        }
    if (!world_settle(world, 8000))
        return laws_fail(laws, SPAN("log"), "it does not end");
    for (size_t i = before; i < world->written.count; i++)
        if (world->written.at[i].stream != STREAM_RECEIPTS) /* of what was cut off: the same */
            return laws_fail(laws, world->written.at[i].key,
                             "said when everything came once more: %.*s",
                             SPAN_ARG(world->written.at[i].value));
    return true;
}
