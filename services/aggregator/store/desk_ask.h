/* SPDX-License-Identifier: Apache-2.0 */
/* What waits at the desk: a page of it, and how much waits by cause; `over=no` without the findings
 * that are over, `over=yes` those alone. As case_ask.h, without its LIMIT. */
#pragma once

#include "aggregator/core/api_query.h"
#include "aggregator/core/trigger_forms.h"
#include "aggregator/store/sql_ask.h"

#define DESK_ASK_PARAMETERS                                                                        \
    {"cause", API_WORDS,                                                                           \
     "unclassified fallback two_leads too_old unknown_unit emergency dispute hold confirm "        \
     "would_have overdue headless",                                                                \
     0, 0},                                                                                        \
        {"street_code", API_CODES, NULL, 0, 0}, {"kind", API_CODES, NULL, 0, 0},                   \
        {"order", API_WORD, "opened due", 0, 0}, {"limit", API_NUMBER, NULL, 1, 1000},             \
        {"after", API_KEY, NULL, 0, 0}, {"over", API_WORD, "yes no", 0, 0},

/* Columns t_ms, key, row, waiting and over: how many are over, NULL where `over` was not asked. */
void desk_ask_list(struct sql_ask *ask, const struct api_query *query,
                   const struct trigger_forms *forms);
