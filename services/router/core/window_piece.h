/* SPDX-License-Identifier: Apache-2.0 */
/* What a commit writes of a window. One with fifty facts is told one more and is written each time;
 * so of a large window that mostly stays as it is stored a piece is written, under a key of its
 * own: what is new, and which runs of bytes stay. Pieces follow on a whole window and on each other
 * by number, and hold until the next whole one, whose generation is another: what a log that is
 * being compacted still has of an earlier generation follows on nothing. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"
#include "base/strbuf.h"

#define WINDOW_PIECE_KEY  "_more|" /* then its number, '|' and the group's key */
#define WINDOW_PIECE_MOST 15       /* the greatest number */
#define WINDOW_PIECE_RUNS 3
#define WINDOW_PIECE_HEAD 48 /* bytes at most */

struct window_run { /* bytes that stay */
    size_t to, from, len;
};
struct window_runs { /* the longest, by where they are */
    struct window_run all[WINDOW_PIECE_RUNS];
    size_t count;
};
struct window_piece {
    uint8_t generation, number; /* 0 = the whole window */
    struct window_runs runs;    /* of its bytes; `from`: in what is stored */
    bool headless;              /* an earlier version wrote it: it would miss pieces silently */
};

void window_runs_add(struct window_runs *runs, struct window_run run);

/* What is to be stored of a window of `len` bytes now. `before`: what the bytes it was read from
 * are stored as, or, where `unsaved`, are to be; `copied`: which of those it has, and where. */
struct window_piece window_piece_after(const struct window_piece *before, bool unsaved,
                                       const struct window_runs *copied, size_t len);
/* The head of a window's bytes, at the end of the room before them; returns where it begins. */
char *window_piece_put(const struct window_piece *piece, char room[WINDOW_PIECE_HEAD]);
/* Takes the head off; a window that an earlier version wrote has none. False: it is cut off. */
bool window_piece_take(struct window_piece *piece, struct span *bytes);
/* The record of a piece, of a window's bytes with their head. */
void window_piece_write(struct strbuf *out, struct span bytes);
/* The window's bytes with their head, from those there were and a record. False: it does not follow
 * on them. */
bool window_piece_join(struct strbuf *out, struct span there, struct span record);
