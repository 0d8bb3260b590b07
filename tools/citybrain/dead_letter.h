/* SPDX-License-Identifier: Apache-2.0 */
/* The topic `dead`, read once through without a group: each letter with its header, and which of
 * them are asked for. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/record.h"
#include "kafka/client.h"
#include "model/raw_header.h"

struct dead_letter {
    int32_t partition; /* its own place in `dead` */
    int64_t offset, at_ms;
    struct span key, value; /* bytes as they came; value absent: left in its source */
    struct span cb;         /* the header's text */
    struct dead_header header;
};

struct dead_filter {
    const char *feed, *station; /* NULL = any */
    enum reject code;           /* REJECT_NONE = any */
    int64_t since_ms, until_ms; /* when they were written: since ≤ at < until */
    int64_t partition, offset;  /* of one letter; -1 = any */
};

bool dead_letter_read(struct dead_letter *letter, const struct record *record,
                      struct json_reader *reader, struct arena *arena);
/* All but the station, which only a mapping can tell. */
bool dead_letter_is_asked(const struct dead_letter *letter, const struct dead_filter *filter);
/* "1/234": partition and offset in `dead`, as lists name a letter. */
bool dead_letter_place(struct span text, int64_t *partition, int64_t *offset);

/* A letter lives during the call; false ends the reading. */
typedef bool dead_letter_fn(void *context, const struct dead_letter *letter);
/* Those that are asked for, each partition in order. *strange counts records without a header that
 * could be read. False when the brokers do not answer or `each` said so. */
bool dead_letter_each(const struct kafka_settings *settings, const struct dead_filter *filter,
                      dead_letter_fn *each, void *context, int64_t *strange, struct error *error);
