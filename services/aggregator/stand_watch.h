/* SPDX-License-Identifier: Apache-2.0 */
/* Brings the stands of stocks forward with the district's clock (store/stand_sql.h). */
#pragma once

#include "aggregator/aggregator_config.h"
#include "daemon/daemon.h"

/* Never closed: it goes with the process. */
void stand_watch_open(struct daemon *daemon, const struct aggregator_config *config);
