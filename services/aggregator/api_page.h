/* SPDX-License-Identifier: Apache-2.0 */
/* What the page has to know before it shows anything: where the door is, who asks, and what codes
 * are called. */
#pragma once

#include "aggregator/api_call.h"

void api_page_start(void *api, struct http_request *request);
void api_page_names(void *api, struct http_request *request);
