/* SPDX-License-Identifier: Apache-2.0 */
/* A librdkafka queue on our loop: the library writes an eventfd when the queue stops being empty,
 * the owner drains a bounded part and is called again while more is left. */
#pragma once

#include <librdkafka/rdkafka.h>
#include <stdbool.h>
#include <uv.h>

#include "base/error.h"

/* Drains up to a budget; true = stopped by the budget, call again. */
typedef bool wakeup_drain_fn(void *context);

struct wakeup {
    uv_poll_t poll;
    uv_idle_t again; /* runs while a drain was cut short */
    int fd; /* owned; the library keeps writing to it, so it stays open until the handle is gone */
    wakeup_drain_fn *drain;
    void *context;
    int closing; /* handles not yet closed */
    void (*closed)(void *context);
};

/* Takes a reference of `queue` and gives it back. */
bool wakeup_open(struct wakeup *wakeup, uv_loop_t *loop, rd_kafka_queue_t *queue,
                 wakeup_drain_fn *drain, void *context, struct error *error);
/* Drain soon, whether or not the library says so: events come on the edge only, so whoever stopped
 * early or did not look for a while calls this. */
void wakeup_again(struct wakeup *wakeup);
void wakeup_close(struct wakeup *wakeup, void (*closed)(void *context));
/* After the handle behind the queue was destroyed. */
void wakeup_fini(struct wakeup *wakeup);
