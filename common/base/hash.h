/* SPDX-License-Identifier: Apache-2.0 */
/* XXH3 for tables in memory; never written anywhere. */
#pragma once

#include <stdint.h>

#include "base/span.h"

uint64_t hash_span(struct span s);
