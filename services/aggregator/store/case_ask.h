/* SPDX-License-Identifier: Apache-2.0 */
/* Questions about cases as they are now. Each is the inside of a page (api_call.h): columns key,
 * ord and row (JSON), without its LIMIT. */
#pragma once

#include "aggregator/core/api_query.h"
#include "aggregator/store/sql_ask.h"

/* Parameters of a list of cases; case_ask_list reads them. */
#define CASE_ASK_PARAMETERS                                                                        \
    {"unit", API_CODES, NULL, 0, 0}, {"kind", API_CODES, NULL, 0, 0},                              \
        {"type_code", API_CODES, NULL, 0, 0}, {"street_code", API_CODES, NULL, 0, 0},              \
        {"community_code", API_CODES, NULL, 0, 0}, {"station", API_CODES, NULL, 0, 0},             \
        {"state", API_WORDS, "waiting open held resolved closed merged", 0, 0},                    \
        {"overdue", API_WORD, "yes no", 0, 0}, {"reopened", API_WORD, "yes no", 0, 0},             \
        {"disputed", API_WORD, "yes no", 0, 0}, {"due_within", API_NUMBER, NULL, 1, 8784},         \
        {"reopened_from", API_MOMENT, NULL, 0, 0}, {"reopened_to", API_MOMENT, NULL, 0, 0},        \
        {"upheld_from", API_MOMENT, NULL, 0, 0}, {"upheld_to", API_MOMENT, NULL, 0, 0},            \
        {"number", API_CODE, NULL, 0, 0}, {"from", API_MOMENT, NULL, 0, 0},                        \
        {"to", API_MOMENT, NULL, 0, 0}, {"order", API_WORD, "opened due limit", 0, 0},             \
        {"limit", API_NUMBER, NULL, 1, 1000}, {"after", API_KEY, NULL, 0, 0},                      \
        {"count", API_WORD, "yes no", 0, 0},

#define CASE_ASK_MOST_DAYS 366 /* between the two moments of reopened_ and of upheld_ */

/* Up to its WHERE. */
void case_ask_list(struct sql_ask *ask, const struct api_query *query);
/* Of core.case_now AS n; more may stand behind them (sql_ask_any …): of `number`, the ids it may
 * stand for. Who names one finds it opened or not. */
void case_ask_conditions(struct sql_ask *ask, const struct api_query *query);
/* A value around the conditions, of what falls due within some hours or is overdue: how many cases
 * there are among the first 2,000 by their limit, so that no condition makes it a walk through all
 * of them. */
void case_ask_begin_count(struct sql_ask *ask);
void case_ask_end_count(struct sql_ask *ask, const struct api_query *query);
/* What stands behind the conditions: from which row on, in which order. */
void case_ask_order(struct sql_ask *ask, const struct api_query *query);
