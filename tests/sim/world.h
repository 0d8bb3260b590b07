/* SPDX-License-Identifier: Apache-2.0 */
/* Kafka in memory, as far as the router sees it: a log of `events` in partitions, the state that
 * each of them saved, and slots that read, write and commit in transactions, are killed and hand
 * partitions over. Everything that was ever written is kept until the next life begins.
 *
 *   world_tell, world_tick ──> events ── next ──> [pass 1] ──> transaction ── commit ──> events,
 *                             signals ── next ──> [pass 2] ──┘      └── kill ──> torn      signals,
 *                                                                                 states, written
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/record.h"
#include "router/core/case_flow.h"
#include "router/core/emit.h"
#include "router/core/signal_pack.h"
#include "router/core/window_flow.h"

enum world_pass { PASS_CASES, PASS_WINDOWS, PASSES };
enum { WORLD_PARTS = 3, WORLD_ALL = PASSES * WORLD_PARTS, WORLD_SLOTS = 2, WORLD_MOST_FAULTS = 64 };

struct world_record {
    int stream;
    int32_t partition; /* where it stands, and of a state record whose it is */
    struct span suffix, key, value;
    uint64_t hash;      /* of all of these */
    bool ours;          /* written by the router */
    enum world_pass by; /* which of its halves */
    size_t step;        /* of what was told: the teller's number for it */
};

struct world_log {
    struct world_record *at; /* owned */
    size_t count, capacity;
};

struct world_part {
    enum world_pass pass;
    int32_t number;
    struct world_log input, state;
    size_t next, committed; /* of input: read, and read in a committed transaction */
    void *flow;             /* case_flow or window_flow */
    int slot;
};

enum fault_kind { FAULT_KILL, FAULT_MOVE, FAULT_COMMIT, FAULT_KINDS };

struct world_fault {
    enum fault_kind kind;
    int part;     /* whose slot is meant: of all, pass 2 behind pass 1 */
    size_t after; /* records read by anybody from now on */
};

struct world {
    const struct case_flow_rules *rules;
    struct window_flow_rules window_rules;
    struct world_part parts[WORLD_ALL];     /* pass 1, then pass 2 */
    struct world_log open[WORLD_SLOTS];     /* uncommitted */
    struct signal_packs packs[WORLD_SLOTS]; /* facts that wait for the commit */
    size_t read[WORLD_SLOTS];               /* records in the open transaction */
    struct world_log written;               /* committed: all but state */
    struct world_log torn;                  /* what a kill left on the log uncommitted */
    struct world_fault faults[WORLD_MOST_FAULTS];
    size_t fault_count;
    size_t batch;       /* records of a transaction */
    bool compacted;     /* of state only the newest record of a key is restored */
    bool faithless;     /* nothing was ever unclean: faults are not carried out */
    size_t worked;      /* records read */
    int turn;           /* who reads next */
    const char *broken; /* the core said so of its state; NULL = it did not */
    struct {
        /* by what was read last: nothing, told, ours, a tick; a fact, a watermark */
        size_t kills[FAULT_KINDS][6];
    } seen;
    char *store; /* owned: bytes of this life */
    size_t stored;
    const struct world_part *reading; /* whose core speaks */
};

void world_init(struct world *world, const struct case_flow_rules *rules);
void world_fini(struct world *world);
/* An empty log, nothing known, all partitions with their first owner. */
void world_begin(struct world *world);
void world_end(struct world *world); /* closes the cores; what was written stays to be looked at */
struct span world_keep(struct world *world, struct span bytes);
void world_tell(struct world *world, struct span key, struct span value, size_t step);
void world_tick(struct world *world, int64_t t_ms); /* to every partition */
/* Strikes when so many records more were read; WORLD_MOST_FAULTS may wait. */
void world_await(struct world *world, struct world_fault fault);
/* Reads and commits until nothing is left; false when it does not end within `most` records. */
bool world_settle(struct world *world, size_t most);
void world_log_add(struct world_log *log, const struct world_record *record);
int32_t world_partition(struct span key);
/* To somebody outside, or for good: not a state, and not what one half tells the other. */
bool world_is_said(const struct world_record *record);
/* The newest of the committed state, or absent: never saved, or forgotten. */
struct span world_state(const struct world *world, struct span key);
