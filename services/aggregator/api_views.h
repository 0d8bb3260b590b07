/* SPDX-License-Identifier: Apache-2.0 */
/* Views and what belongs beside them: the list of views, the ledger, units, stations, the clock.
 */
#pragma once

#include "aggregator/api_call.h"

void api_views_list(void *api, struct http_request *request);
void api_views_one(void *api, struct http_request *request);
void api_views_units(void *api, struct http_request *request);
void api_views_stations(void *api, struct http_request *request);
void api_views_clock(void *api, struct http_request *request);
