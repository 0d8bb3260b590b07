/* SPDX-License-Identifier: Apache-2.0 */
/* Who asked for news and waits for it: asked again when the log was read on, and answered when
 * there is some or his time is over. */
#pragma once

#include "aggregator/api_call.h"

struct api_wait;
struct api_wait *api_wait_open(struct api *api);
/* Keeps the call. False when too many wait; who waited already has his place. */
bool api_wait_add(struct api_wait *wait, struct api_call *call);
/* A call that waited has its answer: its place is another's. */
void api_wait_leave(struct api_wait *wait);
