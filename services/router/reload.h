/* SPDX-License-Identifier: Apache-2.0 */
/* SIGHUP: another rule bundle in the place of the present one, without a restart, or the present
 * one goes on and says so.
 *
 *   SIGHUP ─ worker: rule_bundle_load ─ good? ─ audit ─ loop, between two records: swap
 *                                     └ no: log, metric, the old one stays
 */
#pragma once

#include <uv.h>

#include "daemon/daemon.h"
#include "kafka/transform.h"
#include "router/router_config.h"

struct reload {
    struct daemon *daemon;
    const struct router_config *config;
    struct transform *transform;
    struct case_flow_rules *flow; /* of every partition: its bundle is exchanged */
    void (*exchanged)(void *context);
    void *context;
    struct rule_bundle *own;   /* owned; in force since a reload; NULL = the configuration's */
    struct rule_bundle *next;  /* owned; being read, or waiting for its moment */
    struct diagnostics *found; /* owned; of `next` */
    bool good, again;          /* again: asked for once more meanwhile */
    uv_work_t work;
    uv_timer_t wait;
    struct metric *bundle, *loaded, *refused, *stale;
};

/* `flow` begins with the configuration's bundle. `exchanged` is called when it has another one and
 * the one before is still there. */
void reload_open(struct reload *reload, struct daemon *daemon, struct transform *transform,
                 const struct router_config *config, struct case_flow_rules *flow,
                 void (*exchanged)(void *context), void *context);
