/* SPDX-License-Identifier: Apache-2.0 */
/* Looks at the ledger once a minute, for the metric an alert stands on. Lives as long as the
 * process. */
#pragma once

#include "aggregator/aggregator_config.h"
#include "daemon/daemon.h"

void ledger_watch_open(struct daemon *daemon, const struct aggregator_config *config);
