/* SPDX-License-Identifier: Apache-2.0 */
/* POST /v1/units/{unit}/status; context = struct doors. */
#pragma once

#include "daemon/http_server.h"

void door_status_post(void *context, struct http_request *request);
