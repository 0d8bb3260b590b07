/* SPDX-License-Identifier: Apache-2.0 */
/* What a unit is told of a move that had no effect: a record of receipts.<unit>. */
#pragma once

#include "model/case_fold.h"
#include "router/core/emit.h"

enum refusal_reason {
    REFUSAL_IMPOSSIBLE,
    REFUSAL_NOT_YOURS,
    REFUSAL_UNKNOWN_CASE,
    REFUSAL_UNKNOWN_UNIT, /* it names a unit that nobody has */
};

struct refusal {
    const struct event *event; /* as it was published, by ingest's hand */
    enum refusal_reason reason;
    enum line_reason detail; /* of IMPOSSIBLE and NOT_YOURS */
    bool designated;         /* disputed as often as may be */
    struct span lead;        /* who leads now; absent = nobody */
    struct span unit;        /* of UNKNOWN_UNIT */
    int64_t time_ms;
};

/* Once for one event: its id is made of the event's, so whoever reads it twice knows it again. */
void refusal_send(struct emit *emit, const struct refusal *refusal, struct outputs *outputs);
