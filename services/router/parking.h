/* SPDX-License-Identifier: Apache-2.0 */
/* Units whose topic is missing: how many orders wait, and the clockwork that asks again. */
#pragma once

#include <stdint.h>
#include <uv.h>

#include "daemon/daemon.h"
#include "kafka/transform.h"

#define PARKING_MOST_PARTITIONS 256

struct parking {
    struct transform *transform; /* borrowed */
    void (*probe)(void *context, struct outputs *outputs);
    void *context;
    uv_timer_t timer;
    int64_t waiting[PARKING_MOST_PARTITIONS], total; /* orders, and what takes old ones out */
    int64_t owed_by[PARKING_MOST_PARTITIONS], owed;  /* of these, orders */
    int64_t before; /* what waited when the last probe was written */
    struct metric *parked;
};

/* Every so often, while orders wait, `probe` writes into the next transaction; and again at once as
 * long as that made them fewer. */
void parking_open(struct parking *parking, struct daemon *daemon, struct transform *transform,
                  int64_t every_ms, void (*probe)(void *context, struct outputs *outputs),
                  void *context);
/* What waits in one partition now: so many things, of which some only take old orders out. */
void parking_count(struct parking *parking, int32_t partition, int64_t waiting, int64_t removals);
void parking_stop(struct parking *parking);
