/* SPDX-License-Identifier: Apache-2.0 */
/* The name of a rule bundle: one hash over all that deciding reads, whoever reads it. */
#pragma once

#include <stdbool.h>

#include "base/digest.h"
#include "config/diagnostics.h"

/* Over names and bytes of DIR/rules/ *.yaml, DIR/triggers/ *.yaml and DIR/registries/ *.csv,
 * sorted: two folders with the same files have the same name, wherever they lie. A folder that is
 * not there is an empty one. False when a file cannot be read: an error was added. */
bool bundle_hash(char hash[DIGEST_ID_LEN + 1], const char *config_dir,
                 struct diagnostics *diagnostics);
