/* SPDX-License-Identifier: Apache-2.0 */
/* One golden case of the rules or of a trigger: what it tells (case_script.h) carried through both
 * passes of the router, what that said beside what expected.jsonl says. */
#pragma once

#include "citybrain/bundle.h"
#include "citybrain/golden_expected.h"

struct route_runner {
    const struct case_flow_rules *rules; /* borrowed */
    struct strbuf file, text;
    struct arena arena;         /* of a case: texts and trees of both sides */
    struct json_reader *reader; /* owned */
};

void route_runner_init(struct route_runner *runner, const struct case_flow_rules *rules);
void route_runner_fini(struct route_runner *runner);
/* `trigger`: only what that one opens is looked at; NULL: all that the router says. */
void route_case_run(struct route_runner *runner, const char *folder, const char *trigger,
                    struct golden_result *result);
