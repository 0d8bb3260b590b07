/* SPDX-License-Identifier: Apache-2.0 */
/* Letters back to the topic they came from, under today's mapping: planned from the log, written at
 * a bounded rate, looked for on `events`. Ids make a repeat harmless, and what was written is not
 * written again. */
#pragma once

#include <stdio.h>

#include "citybrain/bundle.h"
#include "citybrain/dead_letter.h"
#include "citybrain/plan.h"

struct dead_redrive {
    const struct bundle *bundle; /* borrowed, as all of these */
    const struct kafka_settings *settings;
    const struct dead_filter *filter;
    int64_t now_ms;  /* which mapping is in force */
    int64_t wait_ms; /* for what comes of it */
    bool json;
};

/* Exit status. */
int dead_redrive_run(const struct dead_redrive *redrive, struct plan *plan, FILE *out);
