/* SPDX-License-Identifier: Apache-2.0 */
/* Judges the stations each ten seconds, for the metrics an alert stands on. Lives as long as the
 * process. */
#pragma once

#include "aggregator/aggregator_config.h"
#include "daemon/daemon.h"

void stations_watch_open(struct daemon *daemon, const struct aggregator_config *config);
