/* SPDX-License-Identifier: Apache-2.0 */
/* Which letters are on their topics once more (docs/decisions/0068): a record that was a letter
 * says which. Each topic is read from the time of its oldest letter on. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "citybrain/dead_letter.h"

struct dead_redriven {
    struct dead_redriven_letter *letters; /* owned, as these */
    struct dead_redriven_topic *topics;
    int64_t count; /* of the letters that were asked for */
};

/* Is it there again? Asked by dead_redriven_look. */
void dead_redriven_ask(struct dead_redriven *redriven, const struct dead_letter *letter);
bool dead_redriven_look(struct dead_redriven *redriven, const struct kafka_settings *settings,
                        struct error *error);
/* One record of such a topic; for tests as well. */
void dead_redriven_take(struct dead_redriven *redriven, const struct record *record);
bool dead_redriven_is(const struct dead_redriven *redriven, const struct dead_letter *letter);
void dead_redriven_fini(struct dead_redriven *redriven);
/* The letter that a record was, by its own word. */
bool dead_redriven_read(const struct record *record, int64_t *partition, int64_t *offset);
