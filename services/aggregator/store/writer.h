/* SPDX-License-Identifier: Apache-2.0 */
/* The one who writes to PostgreSQL, on a worker thread: takes partitions over, and commits a batch
 * with its positions in one transaction. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "aggregator/core/batch.h"
#include "aggregator/core/log_place.h"
#include "aggregator/store/schema.h"

#define WRITER_MAX_PARTITIONS 256

struct writer_position {
    int32_t partition;
    int64_t stored; /* next offset in PostgreSQL; -1 = nothing read yet */
    int64_t next;   /* where it is to move; equal to stored = has not moved */
    int64_t epoch;
    int64_t counted; /* the ledger has counted up to here; beyond `stored` after a rewind */
    int64_t tick_ms; /* newest of the partition; 0 = none since it was taken over */
    int64_t last;    /* offset of the last record before `next`; -1 = none known */
    char mark[LOG_PLACE_MARK]; /* of that record, as it was stored */
    struct log_mark seen;      /* of a later one, when any was read since */
    bool has_seen;
    int64_t base;  /* added to an offset it is a case's place, which never goes back (sql/0030) */
    int64_t start; /* where reading begins: `last` when it looks, else `stored` */
    bool looks;    /* `last` has to be seen again before anything is taken */
};

struct writer_options {
    const char *conninfo, *topic, *owner; /* borrowed */
    int shard; /* its own among all writers: nobody waits for its cells */
    struct schema_rules schema;
};

enum writer_result {
    WRITER_DONE,
    WRITER_FENCED, /* somebody else owns a partition, or it is not where we left it: nothing was
                      written */
    WRITER_FAILED, /* the world; a commit's outcome may be unknown: take over anew and believe the
                      answer */
};

struct writer;
struct writer *writer_new(const struct writer_options *options);
void writer_free(struct writer *writer);
bool writer_apply_schema(struct writer *writer, struct error *error);
/* epoch + 1 for each; fills stored, next, epoch, counted, last and mark. ERROR_FATAL when the views
 * are others now: only a new start reads their files. */
bool writer_take_over(struct writer *writer, struct writer_position *positions, size_t count,
                      struct error *error);
/* The batch is sealed here. `positions` are sorted by partition. */
enum writer_result writer_commit(struct writer *writer, struct batch *batch,
                                 const struct writer_position *positions, size_t count,
                                 struct error *error);
