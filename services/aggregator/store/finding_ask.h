/* SPDX-License-Identifier: Apache-2.0 */
/* What triggers found, and whether it is over by now (docs/decisions/0371, 0388). */
#pragma once

#include "aggregator/core/api_query.h"
#include "aggregator/core/trigger_forms.h"
#include "aggregator/store/sql_ask.h"

#define FINDING_ASK_PARAMETERS                                                                     \
    {"trigger", API_CODES, NULL, 0, 0}, {"case", API_CODES, NULL, 0, 0},                           \
        {"evidence", API_TEXT, NULL, 0, 0}, {"from", API_MOMENT, NULL, 0, 0},                      \
        {"to", API_MOMENT, NULL, 0, 0}, {"limit", API_NUMBER, NULL, 1, 1000},                      \
        {"after", API_KEY, NULL, 0, 0}, {"over", API_WORD, "yes no", 0, 0},                        \
        {"count", API_WORD, "yes no", 0, 0},

#define FINDING_ASK_SPAN_MS (INT64_C(92) * 86400000)

/* A condition of a question that names core.case_now n: the case that the finding opened. The
 * numbers of two values in the text. */
struct finding_ask {
    int limits, silences;
};

struct finding_ask finding_ask_take(struct sql_ask *ask, const struct trigger_forms *forms);
/* true or false; of a case that is not in the store, false. */
void finding_ask_is_over(struct sql_ask *ask, const struct finding_ask *finding);

/* `over` is asked of each, and neither case nor evidence says of which: then it is of the days
 * between from and to, at most of FINDING_ASK_SPAN_MS, and of the newest where nobody says. */
bool finding_ask_walks(const struct api_query *query);
/* A value: how many of the newest 1,000 hold and how many are over, whichever of them are listed.
 */
void finding_ask_count(struct sql_ask *ask, const struct api_query *query,
                       const struct trigger_forms *forms);
/* The newest first; as case_ask.h, without its LIMIT. */
void finding_ask_list(struct sql_ask *ask, const struct api_query *query,
                      const struct trigger_forms *forms);
