/* SPDX-License-Identifier: Apache-2.0 */
/* Sets of cases made anew from the log, aside (schema anew), and put in the place of the stored
 * ones. The place in the log moves with them: whoever is killed goes on from there. In this order:
 * log_sets_open, log_sets_ask, log_sets_add …, log_sets_hold, the rest, log_sets_differ,
 * log_sets_apply or log_sets_release. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "aggregator/core/batch.h"
#include "aggregator/core/log_place.h"

#define LOG_SETS_PARTITIONS 256

struct log_sets_place {
    int32_t partition;
    int64_t done; /* next offset to read */
    int64_t next; /* the aggregators' position: no further */
    int64_t last; /* of the last record before it; -1 = none known */
    char mark[LOG_PLACE_MARK];
};

struct log_sets_status {
    struct log_sets_place places[LOG_SETS_PARTITIONS];
    size_t count;
    bool begun; /* something lies aside */
};

struct log_sets_differences {
    int64_t cases;   /* of the log */
    int64_t other;   /* stored, and not as the log says */
    int64_t missing; /* not stored */
    int64_t unknown; /* stored, and not in the log */
    char some[400];  /* a few of their ids, ", " between them */
};

struct log_sets;
/* Borrows all. `topic` with its prefix. */
struct log_sets *log_sets_new(const char *conninfo, const char *topic, const char *contributions);
void log_sets_free(struct log_sets *sets);
/* Connects and makes what is missing. ERROR_REFUSED while another process fills. */
bool log_sets_open(struct log_sets *sets, struct error *error);
struct log_sets_status *log_sets_look(struct log_sets *sets);
/* Where the aggregators are by now. */
bool log_sets_ask(struct log_sets *sets, struct error *error);
/* Merges the batch into the sets aside; the places' `done` go with it. */
bool log_sets_add(struct log_sets *sets, struct batch *batch, struct error *error);
/* From here to the end one transaction; where the aggregators are is asked in it. With `alone` no
 * aggregator commits meanwhile, else it sees them as they are now. */
bool log_sets_hold(struct log_sets *sets, bool alone, struct error *error);
bool log_sets_differ(struct log_sets *sets, struct log_sets_differences *differences,
                     struct error *error);
/* Ends it: the sets of the log are the stored ones. Audited. */
bool log_sets_apply(struct log_sets *sets, const struct log_sets_differences *differences,
                    const char *who, const char *reason, struct error *error);
/* Ends it: nothing but what lies aside was changed. */
bool log_sets_release(struct log_sets *sets, struct error *error);
bool log_sets_drop(struct log_sets *sets, struct error *error);
