/* SPDX-License-Identifier: Apache-2.0 */
#include "aggregator/intake.h"

#include "base/timestamp.h"
#include "model/event.h"

#define ARENA_BYTES (1 << 20)

void intake_init(struct intake *intake, const struct aggregator_config *config)
{
    intake->config = config;
    intake->reader = json_reader_new();
    arena_init(&intake->arena, ARENA_BYTES);
}

/* Decisions are ours; what came through a door or a status topic names its feed. */
static bool is_of_feed(const struct event *event)
{
    return event->feed.at && !event->causationid.at && event->recorded_ms != TIMESTAMP_NONE;
}

/* False: the batch has no room. An event larger than an empty batch is given up: no waiting helps.
 */
static bool settle_room(bool empty, bool added, enum reject *reject)
{
    if (!added && empty) {
        *reject = REJECT_TOO_LARGE;
        return true;
    }
    return added;
}

struct taking {
    struct intake *intake;
    struct batch *batch;
    bool empty, counted; /* counted: by the ledger, that has not seen this offset */
    bool taken;
};

static enum reject take_case(struct taking *taking, const struct event *event)
{
    struct case_line line;
    const struct aggregator_config *config = taking->intake->config;
    bool counted = taking->counted && is_of_feed(event);
    enum reject reject = REJECT_STAGE;
    if (kinds_find(config->kinds, event_kind(event)))
        reject = case_line_of_event(event, config->codes, &taking->intake->arena, &line);
    if (reject == REJECT_NONE) {
        bool added = counted ? batch_add_counted(taking->batch, event->subject, &line, event->feed)
                             : batch_add(taking->batch, event->subject, &line);
        taking->taken = settle_room(taking->empty, added, &reject);
    }
    if (reject != REJECT_NONE && counted)
        taking->taken = batch_refuse(taking->batch, event->feed, event->recorded_ms);
    return reject;
}

static enum reject take_observation(struct taking *taking, const struct event *event)
{
    enum reject reject = REJECT_NONE;
    if (ledger_rows_is_ledger(event)) {
        if (!taking->counted)
            return REJECT_NONE; /* its page is in the account already, perhaps added up */
        reject = batch_add_ledger(taking->batch, event);
        if (reject == REJECT_TOO_LARGE)
            taking->taken = settle_room(taking->empty, false, &reject);
    } else if (observation_rows_is_one(event)) {
        taking->taken =
            settle_room(taking->empty, batch_add_observation(taking->batch, event), &reject);
        /* Behind it: what a batch without room leaves is taken again, and a sum only once. */
        if (taking->taken && reject == REJECT_NONE && taking->counted && refused_rows_is_one(event))
            taking->taken =
                settle_room(taking->empty, batch_add_refused(taking->batch, event), &reject);
    }
    return reject;
}

static void note_tick(struct writer_position *position, const struct event *event)
{
    if (event->family == EVENT_TICK && event->time_ms > position->tick_ms)
        position->tick_ms = event->time_ms;
}

static enum reject take_event(struct taking *taking, const struct event *event)
{
    struct sighting sighting;
    enum reject reject = REJECT_NONE;
    if (sighting_of_event(event, &sighting))
        taking->taken =
            settle_room(taking->empty, batch_add_sighting(taking->batch, &sighting), &reject);
    if (taking->taken && reject == REJECT_NONE && feed_rows_is_heard(event))
        taking->taken = settle_room(taking->empty, batch_add_heard(taking->batch, event), &reject);
    if (taking->taken && reject == REJECT_NONE && firing_rows_is_firing(event))
        taking->taken = settle_room(taking->empty, batch_add_firing(taking->batch, event), &reject);
    if (!taking->taken || reject != REJECT_NONE)
        return reject;
    return event->family == EVENT_CASE ? take_case(taking, event) : take_observation(taking, event);
}

enum reject intake_take(struct intake *intake, struct batch *batch, bool empty,
                        const struct record *record, struct writer_position *position, bool *taken)
{
    struct event event;
    struct taking taking = {intake, batch, empty, record->offset >= position->counted, true};
    batch_read_at(batch, record->partition, position->base + record->offset);
    arena_reset(&intake->arena);
    enum reject reject = event_read_record(intake->reader, record, &intake->arena, &event);
    if (reject == REJECT_NONE) {
        note_tick(position, &event);
        reject = take_event(&taking, &event);
        if (taking.taken)
            freshness_read(intake->freshness, record, &event);
    }
    *taken = taking.taken;
    return reject;
}
