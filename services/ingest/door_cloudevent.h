/* SPDX-License-Identifier: Apache-2.0 */
/* CloudEvents over HTTP in binary mode: the attributes stand in headers, the body is the data. */
#pragma once

#include <stdbool.h>

#include "base/strbuf.h"
#include "daemon/http_server.h"

/* A ce-specversion header makes a request binary. */
bool door_cloudevent_is_binary(const struct http_request *request);
/* The beginning of the same event in structured mode, up to its data; the body and "}" follow.
 * False: a header cannot be read, *fault names it. */
bool door_cloudevent_front(const struct http_request *request, struct strbuf *front,
                           const char **fault);
