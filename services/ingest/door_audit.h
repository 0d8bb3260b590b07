/* SPDX-License-Identifier: Apache-2.0 */
/* What a person decides at the desk in a browser is written to `audit` with it: who, what and why.
 * `citybrain desk decide` has written its own before it comes to the door. */
#pragma once

#include "ingest/doors.h"
#include "ingest/receipt.h"
#include "model/event.h"

/* It came from a page: browsers say from which, and nobody else does. */
bool door_audit_is_due(const struct http_request *request, struct span unit);
/* What a decision has to name and does not; NULL = nothing. */
const char *door_audit_lacks(const struct event *said);
void door_audit_write(struct strbuf *out, const struct event *said, int64_t at_ms);
/* What was written last. False: the producer is full. The sender's answer waits for it too. */
bool door_audit_send(struct doors *doors, struct receipt *receipt);
