/* SPDX-License-Identifier: Apache-2.0 */
/* The third level of a check: whether brokers and database are as the configuration wants them. */
#pragma once

#include "config/diagnostics.h"
#include "kafka/client.h"

/* False where they could not be asked: it was said on stderr. */
bool check_environment(const char *folder, const struct kafka_settings *settings,
                       const char *postgres, struct diagnostics *diagnostics);
