/* SPDX-License-Identifier: Apache-2.0 */
/* Lets days of observations go that are older than aggregator.keep_observations by the district's
 * clock, and adds old pages of the ledger up. Sets of cases are the archive: they stay. */
#pragma once

#include "aggregator/aggregator_config.h"
#include "daemon/daemon.h"

void retention_watch_open(struct daemon *daemon, const struct aggregator_config *config);
