/* SPDX-License-Identifier: Apache-2.0 */
/* One case explained: its events with their effect, what they fold to, and the router's decisions
 * as the log has them. */
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include "base/error.h"
#include "base/strbuf.h"
#include "model/case_fold.h"
#include "model/json.h"

#define WHY_DECISIONS 32

struct why_report {
    const struct codes *codes; /* borrowed */
    const struct kinds *kinds; /* borrowed */
    struct span answer;        /* of GET /api/cases/<id>; borrowed */
    struct json_reader *reader;
    struct arena arena; /* the answer's tree, the set, the decisions' trees */
    const struct json_value *root;
    const struct case_kind *kind;
    struct case_set set;
    struct case_fold fold;
    const struct json_value *decision[WHY_DECISIONS]; /* events of the router, newest content */
    struct span decision_text[WHY_DECISIONS];
    size_t decision_count, decisions_wanted; /* wanted: as many as the set has */
    int64_t first_decided_ms;
};

/* False when the answer is no case of these kinds and codes. */
bool why_report_read(struct why_report *report, struct span answer, const struct codes *codes,
                     const struct kinds *kinds, struct error *error);
void why_report_fini(struct why_report *report);
struct span why_report_case(const struct why_report *report);
/* An event of the case from the log; true when every decision of the set was seen. */
bool why_report_take_event(struct why_report *report, struct span json);
void why_report_show(const struct why_report *report, FILE *out);
void why_report_show_json(const struct why_report *report, FILE *out);
