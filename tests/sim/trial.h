/* SPDX-License-Identifier: Apache-2.0 */
/* A life on trial: played without and with faults, and every law asked of it. What breaks one is
 * shortened to what still breaks it. */
#pragma once

#include "laws.h"

struct trial {
    struct cover *cover;
    struct cover *blind; /* owned: counts nothing that is reported */
    struct conduct conduct;
    struct laws laws;
    struct world calm, rough;
};

void trial_init(struct trial *trial, const struct case_flow_rules *rules, struct cover *cover);
void trial_fini(struct trial *trial);
/* False with trial->laws.why. */
bool trial_hold(struct trial *trial, const struct life *life);
/* Leaves the steps without which no law would be broken; the last why is of what is left. */
void trial_shorten(struct trial *trial, struct life *life);
