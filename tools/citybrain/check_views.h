/* SPDX-License-Identifier: Apache-2.0 */
/* What views ask of cases, held against feeds and registries: a measure that asks for what no case
 * is counts nothing for ever, and stands at 0 as if it had been counted. */
#pragma once

#include "citybrain/bundle.h"

/* A bundle that did not load is asked as far as it did. */
void check_views(const struct bundle *bundle, struct diagnostics *diagnostics);
