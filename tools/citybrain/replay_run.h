/* SPDX-License-Identifier: Apache-2.0 */
/* A replay from its plan to its end: the state is read, the range is tried, the plan is shown; then
 * it is audited, and the copies are written. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "citybrain/plan.h"
#include "citybrain/replay_offsets.h"
#include "citybrain/replay_trial.h"
#include "kafka/client.h"

#define REPLAY_RUN_NAME "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"

struct replay_run {
    struct replay_wish wish;       /* its name is made here */
    struct replay_offsets offsets; /* none = all there is */
    bool json;
    const char *name, *config_dir; /* borrowed; NULL = not said */
    struct plan plan;
    struct kafka_settings settings;
};

/* Returns the exit status. */
int replay_run(struct replay_run *run);
