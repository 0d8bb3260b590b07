/* SPDX-License-Identifier: Apache-2.0 */
/* GET /api/together: several questions of the read API in one request and one transaction. */
#pragma once

#include "aggregator/api_call.h"

void api_together_answer(void *api, struct http_request *request);
