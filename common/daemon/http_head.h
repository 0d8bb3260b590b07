/* SPDX-License-Identifier: Apache-2.0 */
/* A request's head, as it was sent. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/span.h"

struct http_request;

const char *http_head_value(const struct http_request *request, const char *name);
/* What its header lines hold: bytes, and how many they are. */
void http_head_measure(const struct http_request *request, size_t *bytes, size_t *lines);
int http_head_count(const struct http_request *request, const char *name);
/* Each header in its order; false when `visit` ended it with false. */
bool http_head_each(const struct http_request *request,
                    bool (*visit)(void *context, struct span name, struct span value),
                    void *context);
/* The address at the other end; "-" where it is not known. */
void http_head_peer(const struct http_request *request, char *text, size_t size);
/* Each query parameter as it was sent, `value` may be ""; ends early when `visit` returns false. */
void http_head_each_query(const struct http_request *request,
                          bool (*visit)(void *context, const char *name, const char *value),
                          void *context);
