/* SPDX-License-Identifier: Apache-2.0 */
/* What triggers listen to, held against feeds and registries: one that waits for what nobody tells
 * would be silent for ever. */
#pragma once

#include "citybrain/bundle.h"

/* A bundle that did not load is asked as far as it did. */
void check_triggers(const struct bundle *bundle, struct diagnostics *diagnostics);
