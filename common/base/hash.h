/* SPDX-License-Identifier: Apache-2.0 */
/* XXH3 for tables in memory; never written anywhere. */
#pragma once

#include <stdint.h>

#include "base/span.h"

uint64_t hash_span(struct span s);

/* For uthash, where this stands before it. */
#define HASH_FUNCTION(key, len, hash)                                                              \
    ((hash) = (unsigned)hash_span(span_from((const char *)(key), (len))))
