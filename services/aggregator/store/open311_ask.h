/* SPDX-License-Identifier: Apache-2.0 */
/* GeoReport's question for requests. Columns: case, state, stage, type, lead, opened, changed, due,
 * community. */
#pragma once

#include "aggregator/core/api_query.h"
#include "aggregator/store/sql_ask.h"

#define OPEN311_ASK_PARAMETERS                                                                     \
    {"jurisdiction_id", API_CODE, NULL, 0, 0}, {"service_request_id", API_CODES, NULL, 0, 0},      \
        {"service_code", API_CODES, NULL, 0, 0}, {"start_date", API_MOMENT, NULL, 0, 0},           \
        {"end_date", API_MOMENT, NULL, 0, 0}, {"status", API_WORDS, "open closed", 0, 0},          \
        {"page", API_NUMBER, NULL, 1, 100000}, {"page_size", API_NUMBER, NULL, 1, 1000},           \
        {"extensions", API_WORD, "true false", 0, 0}, {"api_key", API_TEXT, NULL, 0, 0},           \
        {"lang", API_LANGUAGE, NULL, 0, 0},

#define OPEN311_ASK_SPAN_MS (INT64_C(90) * 86400000)

void open311_ask_list(struct sql_ask *ask, const struct api_query *query);
void open311_ask_one(struct sql_ask *ask, struct span id);
