/* SPDX-License-Identifier: Apache-2.0 */
/* One request's answer under way: a verdict per item, given only after every delivery report is in.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/strbuf.h"
#include "daemon/http_server.h"
#include "ingest/core/verdict.h"
#include "ingest/doors.h"

struct receipt;

/* `feed` outlives the request. */
struct receipt *receipt_open(struct doors *doors, struct http_request *request, struct span feed);
void receipt_add(struct receipt *receipt, const struct verdict *verdict);
/* False: the producer is full or refuses; nothing more can be sent for this request. */
bool receipt_send(struct receipt *receipt, const char *topic, const struct output *output);
/* Nothing more comes, and the request's body is let go: answers now, or when the last report is in;
 * frees the receipt then. */
void receipt_seal(struct receipt *receipt);
/* Who has waited longer than the deadline is told that nothing is known. */
void receipt_expire(struct doors *doors);
/* The producer's callback; context = struct doors, tag = struct receipt. */
void receipt_delivered(void *context, void *tag, int error_code, const char *error_text);
