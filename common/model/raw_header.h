/* SPDX-License-Identifier: Apache-2.0 */
/* The one header `cb` of a raw record, and the same with what went wrong on a dead one: JSON, fixed
 * key order, v:1, at most 512 bytes, no personal data (contracts §3). */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/span.h"
#include "base/strbuf.h"
#include "model/json.h"
#include "model/reject.h"

struct raw_header {
    struct span feed;
    int64_t mapping;     /* version */
    struct span upload;  /* hash of the whole upload or file */
    int64_t row, rows;   /* row from 1; rows 0 = unknown */
    int64_t byte_offset; /* of the item in the upload */
    int64_t received_ms;
    struct span content_type;
    struct span charset;
    struct span verdict;  /* "none" or the reject's name */
    struct span replayof; /* absent = live */
    struct span unit;     /* status posts: who said it, from topic or credential; else absent */
};

#define RAW_HEADER_MAX 1024 /* bytes that are read: ours are half of it */
void raw_header_write(struct strbuf *out, const struct raw_header *header);
enum reject raw_header_read(struct json_reader *reader, struct span json, struct arena *arena,
                            struct raw_header *header);

struct dead_header {
    struct raw_header raw;
    struct span topic; /* where it was */
    int64_t partition, offset;
    struct reject_place why;
    struct span record; /* the source's own number; absent where it cannot be read */
    int64_t attempts;
    struct span disposition; /* "dead", or "left_in_source": too large to be copied, look there */
};
void dead_header_write(struct strbuf *out, const struct dead_header *header);
/* Header of a record that was a dead letter, beside its own: "partition/offset/attempt", the
 * letter's place in `dead` and which attempt this one is. */
#define DEAD_REDRIVEN "citybrain-redriven"
/* 1 where the header is absent: the first. */
int64_t dead_header_attempt(struct span redriven);
#define DEAD_HEADER_MAX 4096 /* bytes that are read */
/* A reason that this release does not know is REJECT_NONE in *header: a letter has one. */
enum reject dead_header_read(struct json_reader *reader, struct span json, struct arena *arena,
                             struct dead_header *header);
