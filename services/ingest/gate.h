/* SPDX-License-Identifier: Apache-2.0 */
/* What a door asks before a body is read: can anything be stored, who says he is there, and is he
 * within his quota. Who is refused here costs next to nothing. */
#pragma once

#include <stdbool.h>

#include "ingest/core/quota.h"
#include "ingest/doors.h"

/* The server's guard; context = struct doors. */
bool gate_ask(void *context, struct http_request *request);
/* Of an upload that was read: its records are taken from the quota, its connection is the
 * station's. False: the station has too many connections, the request was answered. */
bool gate_take(struct doors *doors, struct http_request *request, const struct principal *principal,
               int64_t records);
