/* SPDX-License-Identifier: Apache-2.0 */
/* From an assignment to where each partition stands and what its state was. restore_work blocks in
 * the worker; after it restore_turn takes what it read, and restore_apply gives that to the handler
 * on the loop, while the worker may already read the next chunk. So a core is called on one thread
 * only and memory is bounded by two chunks. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kafka/inputs.h"

enum restore_stage {
    RESTORE_COMMITTED, /* committed offsets and metadata of all inputs */
    RESTORE_ENDS,      /* watermarks; the reader is assigned */
    RESTORE_READ,      /* one chunk after the other */
    RESTORE_CLOSE,     /* the handles go */
    RESTORE_DONE,
};

struct restore_input {
    struct input *input;
    bool kept;   /* its state never left us: nothing to read */
    int64_t low; /* of the input topic, where nothing is committed */
    int64_t end; /* of the input topic, likewise */
    int64_t
        high; /* of the state partition: read_uncommitted, so it covers what is not yet decided */
    int64_t next;   /* of the state partition: the next one to be read */
    int64_t stored; /* position found in the state, or INPUT_NO_OFFSET */
    bool done;
};

struct restore; /* lives from assignment to assignment */

struct restore *restore_new(const struct kafka_settings *settings, rd_kafka_t *consumer,
                            struct inputs *inputs);
void restore_free(struct restore *restore);
enum restore_stage restore_stage(const struct restore *restore);
struct restore_input *restore_input(struct restore *restore, size_t index); /* as in inputs */
int64_t restore_records(const struct restore *restore);
size_t restore_left(const struct restore *restore); /* partitions not yet read to their end */

/* Worker: one blocking step of the present stage. RETRY: again, nothing was changed. */
bool restore_work(struct restore *restore, struct error *error);
/* Loop, after a successful step and before the next: moves on to the next stage. */
void restore_turn(struct restore *restore);
/* Loop: gives what was read to the handler; at the same time the worker may be in RESTORE_READ, and
 * in no later stage. */
bool restore_apply(struct restore *restore, const struct transform_handler *handler,
                   struct error *error);
/* Loop, at the end: where each input begins. CONFIG when committed and stored position differ. */
bool restore_decide(struct restore *restore, struct error *error);

/* The position record of a state topic. */
extern const struct span restore_position_key;
void restore_encode_position(const struct input *input, char *buffer, size_t size);
bool restore_decode_position(struct span value, struct span topic, int64_t *offset);
