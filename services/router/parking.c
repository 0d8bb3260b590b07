/* SPDX-License-Identifier: Apache-2.0 */
/* A unit's topic that is missing stops nobody else (contracts §4.8). Its orders are kept by the
 * flows; here is only when to try again, and the alarm. */
#include "router/parking.h"

#include "daemon/log.h"

static const struct metric_row parked_row = {
    "citybrain_router_parked", METRIC_GAUGE, NULL,
    "Work orders whose unit has no topic. Above 0: `citybrain topics apply` makes it; the orders "
    "are "
    "written by themselves then, within router.probe_every."};

static void ask(struct parking *parking);

static void write_probe(void *context, struct outputs *outputs)
{
    struct parking *parking = context;
    parking->before = parking->total;
    parking->probe(parking->context, outputs);
}

/* A unit that took some takes the rest: nobody waits for the next probe. */
static void committed(void *context)
{
    struct parking *parking = context;
    if (parking->total < parking->before)
        ask(parking);
}

static void ask(struct parking *parking)
{
    if (parking->total > 0)
        (void)transform_inject(parking->transform, write_probe, committed, parking);
}

static void on_timer(uv_timer_t *timer)
{
    ask(timer->data);
}

void parking_open(struct parking *parking, struct daemon *daemon, struct transform *transform,
                  int64_t every_ms, void (*probe)(void *context, struct outputs *outputs),
                  void *context)
{
    parking->transform = transform;
    parking->probe = probe;
    parking->context = context;
    parking->parked = metrics_add(daemon_metrics(daemon), &parked_row);
    uv_timer_init(daemon_loop(daemon), &parking->timer);
    parking->timer.data = parking;
    uv_timer_start(&parking->timer, on_timer, (uint64_t)every_ms, (uint64_t)every_ms);
}

/* Nobody is called for a unit that was given up: what only takes its old orders out may wait. */
void parking_count(struct parking *parking, int32_t partition, int64_t waiting, int64_t removals)
{
    if (partition < 0 || partition >= PARKING_MOST_PARTITIONS)
        return;
    int64_t before = parking->owed, owed = waiting - removals;
    parking->total += waiting - parking->waiting[partition];
    parking->waiting[partition] = waiting;
    parking->owed += owed - parking->owed_by[partition];
    parking->owed_by[partition] = owed;
    if (parking->owed == before)
        return;
    metric_set(parking->parked, SPAN(""), parking->owed);
    if (before == 0)
        log_warn("router.parked", LOG_INT("orders", parking->owed),
                 LOG_STR("fix", "citybrain topics apply"));
    else if (parking->owed == 0)
        log_info("router.unparked", LOG_INT("orders", before));
}

void parking_stop(struct parking *parking)
{
    uv_timer_stop(&parking->timer);
}
