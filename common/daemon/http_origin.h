/* SPDX-License-Identifier: Apache-2.0 */
/* Which pages of other addresses may ask here (CORS). A browser asks first, without any credential,
 * whether it may; who comes without a browser is asked for nothing. */
#pragma once

#include <stdbool.h>

#include "base/span.h"

struct http_request;

/* "http://127.0.0.1:29340", "https://brain.example": no path, no "*". */
bool http_origin_is_sound(struct span origin);
/* One of a list with commas; NULL or "" is an empty list. */
bool http_origin_is_of(const char *list, struct span origin);
/* True when it has answered: it was a browser's question of an address that exists. */
bool http_origin_preflight(struct http_request *request);
