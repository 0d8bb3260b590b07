/* SPDX-License-Identifier: Apache-2.0 */
/* Whether what a trigger found is over by now (docs/decisions/0371), as a condition of a question
 * that names core.case_now n: the case that the finding opened. */
#pragma once

#include "aggregator/core/api_query.h"
#include "aggregator/core/trigger_forms.h"
#include "aggregator/store/sql_ask.h"

/* The numbers of two values in the text. */
struct finding_ask {
    int limits, silences;
};

struct finding_ask finding_ask_take(struct sql_ask *ask, const struct trigger_forms *forms);
/* true or false where that case is in the store. */
void finding_ask_is_over(struct sql_ask *ask, const struct finding_ask *finding);
