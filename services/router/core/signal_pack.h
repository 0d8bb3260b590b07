/* SPDX-License-Identifier: Apache-2.0 */
/* Facts that go to one partition of `signals` in one transaction lie in one record, for what a
 * record costs is mostly not its bytes (docs/decisions/0290):
 *
 *   key _facts    value 2|p, then key and value of each fact, line feeds between all of them
 *
 * A fact alone is written as itself. What goes to a partition stays in its order: whatever is no
 * fact is written behind those that wait. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/record.h"
#include "base/strbuf.h"

struct signal_pack { /* of one partition */
    struct strbuf text;
    int64_t count;
};

struct signal_packs {
    struct signal_pack *all; /* owned; by partition */
    int32_t partitions;      /* 0 = nothing is packed */
    struct outputs outputs;  /* what takes facts, and hands on all else */
    struct outputs *to;      /* borrowed, during a call */
};

void signal_packs_init(struct signal_packs *packs);
void signal_packs_fini(struct signal_packs *packs);
/* Of `signals`; nothing waits then. Facts go by their key to the partition that Kafka's clients
 * would choose. */
void signal_packs_arrange(struct signal_packs *packs, int32_t partitions);
/* In the place of `to`, until the next call. */
struct outputs *signal_packs_before(struct signal_packs *packs, struct outputs *to);
/* All that waits; before each commit. */
void signal_packs_write(struct signal_packs *packs, struct outputs *to);
/* All that waits is gone: its transaction is. */
void signal_packs_drop(struct signal_packs *packs);

bool signal_pack_is(const struct record *record);
/* Of a pack's value the next fact, taken off; false behind the last. What cannot be one is given as
 * it is, for signal_read to refuse. */
bool signal_pack_next(struct span *rest, struct span *key, struct span *value);
/* The facts of a pack, to be taken off; absent where it is of another version. */
struct span signal_pack_open(struct span value);
