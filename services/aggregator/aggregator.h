/* SPDX-License-Identifier: Apache-2.0 */
/* events -> sets, cells, clock in PostgreSQL. */
#pragma once

#include "aggregator/aggregator_config.h"
#include "daemon/daemon.h"

struct aggregator;
/* Nothing is asked of brokers or database yet: both may be away, then it waits, not ready. */
struct aggregator *aggregator_open(struct daemon *daemon, const struct aggregator_config *config,
                                   struct error *error);
/* For daemon_run: commits what is there, then daemon_stopped(). */
void aggregator_drain(void *context);
