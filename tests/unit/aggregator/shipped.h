/* SPDX-License-Identifier: Apache-2.0 */
/* The codes, kinds and views that are shipped, as an aggregator reads them. */
#pragma once

#include "aggregator/core/batch.h"
#include "config/diagnostics.h"

/* Owned until the process ends; views NULL where a file has an error. */
static inline struct batch_rules read_shipped(struct codes **codes)
{
    struct diagnostics *diagnostics = diagnostics_new();
    struct batch_rules rules = {.zone_minutes = 480};
    rules.codes = *codes = codes_load("config/codes.csv", diagnostics);
    rules.kinds = *codes ? kinds_load("config/kinds", *codes, diagnostics) : NULL;
    rules.views = rules.kinds ? views_load("config/views", rules.kinds, diagnostics) : NULL;
    diagnostics_free(diagnostics);
    return rules;
}
