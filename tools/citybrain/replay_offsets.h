/* SPDX-License-Identifier: Apache-2.0 */
/* The ranges of --offsets, as a hand typed them: each is taken as it stands or refused with the
 * reason, and none is guessed, cut or skipped. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/strbuf.h"
#include "kafka/log_copy.h"

#define REPLAY_OFFSETS 64

struct replay_range {
    int32_t partition;
    int64_t from, to; /* half-open */
};

struct replay_offsets {
    struct replay_range ranges[REPLAY_OFFSETS]; /* one a partition at most */
    size_t count;
};

/* Adds P:FROM-TO[,…]. False: error->text says what cannot be. */
bool replay_offsets_read(struct replay_offsets *offsets, const char *text, struct error *error);
/* As they were read: P:FROM-TO,… */
void replay_offsets_write(const struct replay_offsets *offsets, struct strbuf *out);
/* The parts, which are all of raw, to these ranges; all stays where there are none. False with
 * ERROR_REFUSED: one is not in the log. */
bool replay_offsets_narrow(const struct replay_offsets *offsets, struct log_copy_part *parts,
                           size_t count, struct error *error);
