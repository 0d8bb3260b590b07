/* SPDX-License-Identifier: Apache-2.0 */
/* The first half of `rebuild --from-log`: the sets of cases anew from `events`, compared with the
 * stored ones, put in their place. The cells follow, as in every rebuild. */
#pragma once

#include "aggregator/aggregator_config.h"
#include "aggregator/store/log_sets.h"

struct from_log;
struct from_log *from_log_new(const struct aggregator_config *config); /* borrowed */
void from_log_free(struct from_log *from);
/* Reads on from where it was stopped, shows progress on stderr, compares; with `who` it puts the
 * sets in place. Waits out what the world does. */
bool from_log_run(struct from_log *from, const char *who, const char *reason, struct error *error);
bool from_log_drop(struct from_log *from, struct error *error);
const struct log_sets_differences *from_log_differences(const struct from_log *from);
