/* SPDX-License-Identifier: Apache-2.0 */
/* Somebody else's CloudEvent as an envelope: what it is about is in its data. Our own events are
 * event.h's. */
#pragma once

#include "model/json.h"
#include "model/reject.h"

#define CLOUDEVENT_TYPE       "application/cloudevents+json"
#define CLOUDEVENT_BATCH_TYPE "application/cloudevents-batch+json"

/* From the event to its data, which must be a JSON object; else REJECT_EVENT and in *fault the
 * attribute that is missing or wrong (constant). */
enum reject cloudevent_open(const struct json_value **value, const char **fault);
