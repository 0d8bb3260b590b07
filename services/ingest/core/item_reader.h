/* SPDX-License-Identifier: Apache-2.0 */
/* Items of a stream that comes in pieces: the same items, rows and offsets that framing.h finds in
 * the whole, in bounded memory. It reads nothing itself: who has bytes feeds them. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/strbuf.h"
#include "ingest/core/framing.h"

enum item_reader_step {
    ITEM_READER_ITEM,
    ITEM_READER_FEED, /* the next item is not all here: feed, then ask again */
    ITEM_READER_LONG, /* the next item is longer than may be; *item says where it begins */
    ITEM_READER_END
};

struct item_reader {
    enum framing_form form;
    struct csv_form csv; /* commas unless it is set */
    size_t most;         /* bytes of an item with its header line */
    struct framing framing;
    struct strbuf header; /* CSV: the header line, kept when the window moves on */
    char *window;         /* owned */
    size_t capacity, len;
    int64_t offset; /* of the window in the stream */
    bool begun, last;
};

void item_reader_init(struct item_reader *reader, enum framing_form form, size_t piece,
                      size_t most);
void item_reader_fini(struct item_reader *reader);
/* From the stream's first byte again. */
void item_reader_rewind(struct item_reader *reader);
/* Where the next bytes go, at least one; what was given out before is gone. */
char *item_reader_room(struct item_reader *reader, size_t *room);
void item_reader_fed(struct item_reader *reader, size_t bytes); /* 0: the stream has ended */
/* Where the reader stands, to give the same items out again: until the next room. */
struct item_reader_mark {
    struct framing framing;
    bool begun;
};
struct item_reader_mark item_reader_mark(const struct item_reader *reader);
void item_reader_return(struct item_reader *reader, const struct item_reader_mark *mark);
/* An item is valid until the next room. */
enum item_reader_step item_reader_next(struct item_reader *reader, struct framing_item *item);
