/* SPDX-License-Identifier: Apache-2.0 */
/* Cases: lists of them as they are now, one with its timeline, the desk's queue, what triggers
 * found. */
#pragma once

#include "aggregator/api_call.h"

void api_cases_list(void *api, struct http_request *request);
void api_cases_one(void *api, struct http_request *request);
void api_cases_desk(void *api, struct http_request *request);
void api_cases_triggers(void *api, struct http_request *request);
