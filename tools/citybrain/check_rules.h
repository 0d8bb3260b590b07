/* SPDX-License-Identifier: Apache-2.0 */
/* Rules beside what they depend on and their loader does not see: fields that cases keep, feeds
 * that mark orders, and units that end before the entry that names them. The last two are warned
 * of. */
#pragma once

#include "citybrain/bundle.h"

/* A bundle that did not load is asked as far as it did. */
void check_rules(const struct bundle *bundle, int64_t now_ms, struct diagnostics *diagnostics);
