/* SPDX-License-Identifier: Apache-2.0 */
/* What a replay would do, or did: records by what becomes of them, orders by unit, with examples.
 */
#pragma once

#include <stdint.h>
#include <stdio.h>

#include "base/digest.h"
#include "base/strbuf.h"
#include "model/reject.h"

#define REPLAY_PREFIX "replay-" /* every replay's name begins so */

/* id, word, what it means */
#define REPLAY_FATES(X)                                                                            \
    X(OUTSIDE, outside, "not in the range")                                                        \
    X(FIRST, first_dispatch, "dispatched for the first time")                                      \
    X(DIFFER, would_differ, "would be decided otherwise now: the desk is asked")                   \
    X(STATE, only_state, "changes what the case is, and nothing else")                             \
    X(SAME, same, "read as it was: left alone")                                                    \
    X(KNOWN, known, "read by this version already, or a copy: left alone")                         \
    X(REJECTED, rejected, "rejected by this version too: left in dead")                            \
    X(UNMAPPED, unmapped, "its feed has no such version here: left alone")
enum replay_fate {
#define REPLAY_FATE(id, word, says) REPLAY_##id,
    REPLAY_FATES(REPLAY_FATE)
#undef REPLAY_FATE
        REPLAY_FATE_COUNT
};

#define REPLAY_REJECT_COUNT(...) +1
enum { REPLAY_REJECTS = 0 REJECT_TABLE(REPLAY_REJECT_COUNT) };

struct replay_row { /* orders from one unit to another; `from` is "-" where there was none */
    enum replay_fate fate;
    char from[64], to[64], example[160];
    int64_t orders;
};

struct replay_report {
    int64_t records; /* in the range */
    int64_t fates[REPLAY_FATE_COUNT], rejects[REPLAY_REJECTS];
    int64_t accepted_now; /* were rejected, and are good */
    int64_t lost;         /* were good, and are rejected: that version does not cover the range */
    int64_t left;         /* events of the old reading that the new one does not make: they stay */
    int64_t events, orders;
    uint64_t copies[4];      /* of what would be written: replay_report_copy */
    struct replay_row *rows; /* owned */
    size_t count;
};

void replay_report_init(struct replay_report *report);
void replay_report_fini(struct replay_report *report);
void replay_report_add(struct replay_report *report, enum replay_fate fate, struct span from,
                       struct span to, struct span case_id);
const char *replay_report_word(enum replay_fate fate);
/* A record that would be written: where it lies, and the header of its copy. */
void replay_report_copy(struct replay_report *report, int32_t partition, int64_t offset,
                        struct span header);
/* The same range, counts and copies, in whatever order partitions are read, have the same hash: a
 * plan that was read is the plan that is executed. */
void replay_report_hash(const struct replay_report *report, struct span range,
                        char hash[DIGEST_ID_LEN + 1]);
/* `members`: more of the object, each with a comma behind it, or "". */
void replay_report_write(const struct replay_report *report, struct span members,
                         struct strbuf *json);
void replay_report_show(const struct replay_report *report, FILE *out);
