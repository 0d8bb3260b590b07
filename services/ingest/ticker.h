/* SPDX-License-Identifier: Apache-2.0 */
/* Time on `events`: the owner of raw/0 writes tick(T) to every partition once the normaliser group
 * has passed all that was in raw and status.* at T (contracts 5). */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "daemon/daemon.h"
#include "ingest/core/tick_targets.h"
#include "ingest/ingest_clock.h"
#include "ingest/normaliser.h"
#include "kafka/broker_clock.h"
#include "kafka/offsets_watch.h"

enum ticker_phase {
    TICKER_IDLE,
    TICKER_ASKING_ENDS,
    TICKER_WAITING,
    TICKER_ASKING,
    TICKER_WRITING
};

struct ticker {
    struct normaliser *normaliser;
    const struct ingest_clock *clock;
    struct offsets_watch *watch;
    struct metric *tick, *left_out;
    const struct broker_clock *brokers; /* borrowed from ingest; NULL: the clock is moved by hand */
    uv_timer_t timer;
    int64_t every_ms, begun_ms, asked_ms, t_ms, last_ms; /* t: being made; last: on the log */
    enum ticker_phase phase;
    struct tick_targets targets;
    char raw[128]; /* with prefix, as the watch answers */
};

bool ticker_open(struct ticker *ticker, struct daemon *daemon, struct normaliser *normaliser,
                 const struct ingest_clock *clock, struct error *error);
/* The clock was moved by hand: looks at once instead of in a moment. */
void ticker_nudge(struct ticker *ticker);
void ticker_stop(struct ticker *ticker);
