/* SPDX-License-Identifier: Apache-2.0 */
/* Feeds: how old the newest record of each is, and why rows were refused. */
#pragma once

#include "aggregator/api_call.h"

void api_feeds_list(void *api, struct http_request *request);
void api_feeds_refused(void *api, struct http_request *request);
