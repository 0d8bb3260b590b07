/* SPDX-License-Identifier: Apache-2.0 */
/* All events of one case, one line each, joined by '\n', ordered by time, stage rank, id. The
 * text is what PostgreSQL holds; the router has it packed (docs/decisions/0180). Limits: 256 lines,
 * 48 KiB; from line 241 on only stages that count as resolution or closure, or begin a new round,
 * and decisions enter. A line enters only with the room for what the router says because of it, and
 * leaves that of the others alone (docs/decisions/0061). Merging is commutative and idempotent: of
 * one id the greater revision gives the content, live = OR, recorded = the smaller. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "model/case_kind.h"
#include "model/case_line.h"

#define CASE_SET_MAX_LINES 256
#define CASE_SET_MAX_BYTES ((size_t)48 * 1024)

struct case_set {
    struct case_line *lines; /* arena */
    size_t count, capacity;
};

enum case_set_result {
    CASE_SET_UNCHANGED,
    CASE_SET_CHANGED,
    CASE_SET_TOO_LONG,
    CASE_SET_NO_MEMORY
};

/* Empty text = empty set. False on an unreadable line or a full arena. */
bool case_set_read(struct case_set *set, struct span text, const struct codes *codes,
                   struct arena *arena);
/* Room for `more` lines behind those that are there; they may move. False when the arena is full.
 */
bool case_set_make_room(struct case_set *set, size_t more, struct arena *arena);
/* May so many more lines enter, of any stage and about as long as ours are? */
bool case_set_has_room(const struct case_set *set, size_t lines);
enum case_set_result case_set_merge(struct case_set *set, const struct case_line *line,
                                    const struct case_kind *kind, struct arena *arena);
void case_set_write(struct strbuf *out, const struct case_set *set, const struct codes *codes);
