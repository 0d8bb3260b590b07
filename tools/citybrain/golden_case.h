/* SPDX-License-Identifier: Apache-2.0 */
/* One golden case, <feed>/<case>/: its input taken as the door and the normaliser take it, what
 * came beside what expected.jsonl says. */
#pragma once

#include "citybrain/golden_expected.h"
#include "ingest/core/raw_item.h"

struct golden_runner {
    const struct feeds *feeds; /* borrowed */
    struct normalise door, normaliser;
    struct raw_item item;
    struct strbuf file;
    struct arena arena;         /* of a case: texts and trees of both sides */
    struct json_reader *reader; /* owned */
};

void golden_runner_init(struct golden_runner *runner, const struct feeds *feeds,
                        const struct kinds *kinds);
void golden_runner_fini(struct golden_runner *runner);
/* `folder` holds input.<ext>; the folder above it is named after the feed. */
void golden_case_run(struct golden_runner *runner, const char *folder,
                     struct golden_result *result);
