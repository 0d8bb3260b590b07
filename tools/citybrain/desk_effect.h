/* SPDX-License-Identifier: Apache-2.0 */
/* What came of a word of the desk: the router's events that name it as their cause, the desk's own
 * order that is over because of it, or the receipt that says why it has no effect. Nothing is a
 * result too, once the router has read it. */
#pragma once

#include "citybrain/desk_decide.h"

/* Waits until it is known; exit status. */
int desk_effect_wait(const struct desk_decision *decision, const char *event_id,
                     const char *answers, int64_t wait_ms, const struct kafka_settings *settings,
                     bool json, FILE *out);
