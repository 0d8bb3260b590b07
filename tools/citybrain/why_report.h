/* SPDX-License-Identifier: Apache-2.0 */
/* One case explained: its events with their effect, what they fold to, and what the router said of
 * it as the log has it. */
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include "base/error.h"
#include "base/strbuf.h"
#include "model/case_fold.h"
#include "model/json.h"
#include "router/core/district.h"

struct why_told { /* an event of the router's */
    const struct json_value *event;
    struct span text;
};

struct why_source {   /* which mapping made a line's event */
    bool seen;        /* its event was on the log */
    struct span feed; /* arena; absent: no feed's, as what the router says */
    int64_t version;
};

struct why_report {
    const struct codes *codes;       /* borrowed */
    const struct kinds *kinds;       /* borrowed */
    const struct district *district; /* borrowed: names; may lack registries */
    const struct own_names *own;     /* borrowed: names of rules, triggers … */
    struct span answer;              /* of GET /api/cases/<id>; borrowed */
    struct json_reader *reader;
    struct arena arena; /* the answer's tree, the set, the decisions' trees */
    const struct json_value *root;
    const struct case_kind *kind;
    struct case_set set;
    struct case_fold fold;
    struct why_told told[CASE_SET_MAX_LINES + 1]; /* by line of the set; event NULL = not found */
    size_t told_count, told_wanted;               /* wanted: as many as the set has */
    struct why_source source[CASE_SET_MAX_LINES + 1]; /* by line of the set */
    size_t seen_count, seen_wanted;                   /* of those that are not the router's */
    int64_t first_ms;                                 /* when the first of the lines was recorded */
};

struct why_names { /* what is read of the configuration; borrowed */
    const struct codes *codes;
    const struct kinds *kinds;
    const struct district *district;
    const struct own_names *own;
};

/* False when the answer is no case of these kinds and codes. */
bool why_report_read(struct why_report *report, struct span answer, const struct why_names *names,
                     struct error *error);
void why_report_fini(struct why_report *report);
struct span why_report_case(const struct why_report *report);
/* An event of the case from the log; true when every one of its lines was seen. */
bool why_report_take_event(struct why_report *report, struct span json);
bool why_report_is_whole(const struct why_report *report);
/* Where the case stands, in one word: a stage of its kind (case_stage.h), or "headless". */
const char *why_report_state(const struct why_report *report);
void why_report_show_json(const struct why_report *report, FILE *out);

/* why_show.c: for people */
void why_show(const struct why_report *report, FILE *out);
