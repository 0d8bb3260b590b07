/* SPDX-License-Identifier: Apache-2.0 */
/* Which views' cells in the database were made by what the files say now. A view's hash is of all
 * that shapes its cells: fold and contribution version, zone, kinds, its own file. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "aggregator/core/batch.h"
#include "base/digest.h"
#include "base/strbuf.h"
#include "postgres/connection.h"

#define VIEW_PLAN_MOST 64

enum view_plan_state { VIEW_PLAN_SAME, VIEW_PLAN_NEW, VIEW_PLAN_CHANGED };

struct view_plan {
    enum view_plan_state state[VIEW_PLAN_MOST]; /* by index in views */
    char gone[VIEW_PLAN_MOST][48];              /* in the database and in no file */
    size_t gone_count;
    size_t differs; /* new, changed and gone ones */
};

/* Reads core.view. */
bool view_plan_read(struct view_plan *plan, struct postgres_connection *connection,
                    const struct batch_rules *rules, struct error *error);
/* "closure_rate changed, works new, old_one gone" */
void view_plan_say(struct strbuf *out, const struct view_plan *plan, const struct views *views);
void view_plan_hash(char hash[DIGEST_ID_LEN + 1], const struct batch_rules *rules,
                    const struct view *view);
