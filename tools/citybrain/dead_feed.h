/* SPDX-License-Identifier: Apache-2.0 */
/* Whether there is such a feed at all: of a name that was mistyped nobody has letters, and "none"
 * would read as good news. */
#pragma once

#include "kafka/client.h"

/* One that no file declares any more is known by the letters it has; where the feeds cannot be read
 * any name is taken. VERB_OK, or another exit with its message said. */
int dead_feed_check(const char *feed, const char *config_dir,
                    const struct kafka_settings *settings);
