/* SPDX-License-Identifier: Apache-2.0 */
/* What a golden case tells the router: the lines of input.jsonl, or the orders of input.yaml, as
 * events and ticks in the order they come. The forms are told in config/rules/cases/README.md. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/strbuf.h"

struct case_script {
    void *context;
    /* An order of input.yaml knows nothing of the others: what was told before is forgotten. */
    void (*begin)(void *context);
    void (*event)(void *context, struct span key, struct span json, int64_t written_ms);
    void (*tick)(void *context, int64_t t_ms);
};

/* input.yaml, else input.jsonl of the folder. False and lines of text on `why` where they cannot be
 * read. */
bool case_script_play(const struct case_script *script, const char *folder, struct strbuf *why);
