/* SPDX-License-Identifier: Apache-2.0 */
/* One word of the desk: checked against what is asked, audited, said at the door, and waited for
 * until the router has acted on it. */
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include "citybrain/desk_duties.h"
#include "citybrain/desk_moves.h"
#include "citybrain/desk_report.h"

struct desk_decision {
    const char *case_id, *who, *reason;
    const struct desk_move *move;
    const char *lead, *type, *community, *street, *due, *outcome, *parent,
        *co;         /* NULL = not said */
    int64_t time_ms; /* when it was decided */
    bool anyway;     /* although nothing is asked, or something else */
};

struct desk_door {                              /* where it is said, and with what */
    const char *url, *tokens_file, *token_file; /* token_file: the person's own */
    int64_t wait_ms;                            /* for the effect */
};

/* What is wrong with it, cause and fix; true = nothing. `item` may be NULL. */
bool desk_decide_check(const struct desk_decision *decision, struct desk_duties *duties,
                       const struct desk_duty_item *item, const struct desk_names *names,
                       struct error *error);
/* Exit status. `answers`: id of the order it answers, "" = none. */
int desk_decide_say(const struct desk_decision *decision, const char *answers,
                    const struct desk_door *door, const struct kafka_settings *settings, bool json,
                    FILE *out);
