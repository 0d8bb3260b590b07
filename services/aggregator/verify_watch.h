/* SPDX-License-Identifier: Apache-2.0 */
/* Tells in metrics what the last `citybrain verify --note` found: an alert stands on it. Lives as
 * long as the process. */
#pragma once

#include "aggregator/aggregator_config.h"
#include "base/span.h"
#include "daemon/daemon.h"

void verify_watch_open(struct daemon *daemon, const struct aggregator_config *config);
/* A note's text: {"at_ms": when the recount began, "differences": how many}. */
bool verify_watch_read(struct span note, int64_t *at_ms, int64_t *differences);
