/* SPDX-License-Identifier: Apache-2.0 */
/* How often an order does not go straight on: DIR/gen/turns.csv, else by us. Of returns and 重办 a
 * few in a hundred were published, of holds and merges nothing. */
#pragma once

#include "config/diagnostics.h"

enum turn_share {
    TURN_SHARE_DISPUTED, /* of orders that were signed for */
    TURN_SHARE_DECIDED,  /* of disputes, those that the desk answers */
    TURN_SHARE_UPHELD,   /* of these */
    TURN_SHARE_HOLD,     /* of orders whose resident was contacted */
    TURN_SHARE_RESUMED,  /* of holds that were granted */
    TURN_SHARE_REOPENED, /* of call-backs that say it is not solved */
    TURN_SHARE_MERGED,   /* of what is told again while it is open */
    TURN_SHARES
};

struct turns {
    int of_thousand[TURN_SHARES];
};

/* Findings where a name or a number is none. */
void turns_load(struct turns *turns, const char *config_dir, struct diagnostics *diagnostics);
