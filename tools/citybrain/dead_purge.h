/* SPDX-License-Identifier: Apache-2.0 */
/* Letters that nobody will redrive are thrown away, for ever: planned, with a person and a reason.
 */
#pragma once

#include <stdio.h>

#include "citybrain/dead_letter.h"
#include "citybrain/plan.h"

struct dead_purge {
    const struct kafka_settings *settings; /* borrowed, as both */
    const struct dead_filter *filter;
    bool json;
};

/* Exit status. */
int dead_purge_run(const struct dead_purge *purge, struct plan *plan, FILE *out);
