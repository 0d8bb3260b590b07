/* SPDX-License-Identifier: Apache-2.0 */
/* POST /v1/feeds/{feed} and /v1/feeds/{feed}/check; context = struct doors. */
#pragma once

#include "daemon/http_server.h"

void door_http_post(void *context, struct http_request *request);
void door_http_check(void *context, struct http_request *request); /* verdicts, nothing stored */
