/* SPDX-License-Identifier: Apache-2.0 */
/* Which record the core was working on when the process died: 64 mapped bytes per slot that survive
 * kill -9 of the process (not of the machine, which needs no such memory). Only a death inside the
 * core counts. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "kafka/client.h"

struct poison_page; /* the file's 64 bytes */

struct poison_note {
    struct poison_page *page; /* mapped; owned */
};

struct poison_record {
    uint32_t topic; /* murmur2 of its name */
    int32_t partition;
    int64_t offset;
};

enum {
    POISON_ALONE = 2, /* so many deaths: the record gets a transaction of its own */
    POISON_DEAD = 3,  /* so many: it is not given to the core again */
};

/* kafka.note_dir with all that leads to it, for us alone. */
bool poison_note_make_folder(const char *path, struct error *error);

/* Reads what the last process left and counts its death; makes directory and file where missing. */
bool poison_note_open(struct poison_note *note, const struct kafka_settings *settings,
                      struct error *error);
void poison_note_close(struct poison_note *note);
/* Deaths inside the core at that record so far. */
uint32_t poison_note_deaths(const struct poison_note *note, const struct poison_record *record);
void poison_note_enter(struct poison_note *note,
                       const struct poison_record *record); /* phase CORE */
void poison_note_leave(struct poison_note *note);           /* phase IDLE */
void poison_note_commit(struct poison_note *note);          /* phase COMMIT */
/* The partition's position is durable: a suspect before it is cleared. */
void poison_note_passed(struct poison_note *note, uint32_t topic, int32_t partition,
                        int64_t position);
