/* SPDX-License-Identifier: Apache-2.0 */
/* One window that moves over the stream. The framer gives out what has its end in the window; only
 * the stream's end makes the rest an item. */
#include "ingest/core/item_reader.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

void item_reader_init(struct item_reader *reader, enum framing_form form, size_t piece, size_t most)
{
    *reader = (struct item_reader){.form = form, .csv = CSV_COMMA, .most = most, .capacity = piece};
    reader->window = xmalloc(piece);
    strbuf_init(&reader->header, 1024, most + 1);
}

void item_reader_fini(struct item_reader *reader)
{
    free(reader->window);
    strbuf_fini(&reader->header);
}

void item_reader_rewind(struct item_reader *reader)
{
    reader->len = 0;
    reader->offset = 0;
    reader->begun = reader->last = false;
    reader->framing = (struct framing){.form = reader->form};
}

/* Bytes that were not given out. */
static size_t pending(const struct item_reader *reader)
{
    return reader->len - (reader->begun ? reader->framing.at : 0);
}

char *item_reader_room(struct item_reader *reader, size_t *room)
{
    size_t kept = pending(reader), gone = reader->len - kept;
    if (gone > 0)
        memmove(reader->window, reader->window + gone, kept);
    reader->len = kept;
    reader->offset += (int64_t)gone;
    if (kept == reader->capacity) {
        reader->capacity *= 2;
        reader->window = xrealloc(reader->window, reader->capacity);
    }
    *room = reader->capacity - kept;
    return reader->window + kept;
}

void item_reader_fed(struct item_reader *reader, size_t bytes)
{
    reader->len += bytes;
    reader->last = bytes == 0;
    if (reader->begun)
        framing_move(&reader->framing, span_from(reader->window, reader->len), reader->offset,
                     !reader->last);
}

struct item_reader_mark item_reader_mark(const struct item_reader *reader)
{
    return (struct item_reader_mark){reader->framing, reader->begun};
}

void item_reader_return(struct item_reader *reader, const struct item_reader_mark *mark)
{
    reader->framing = mark->framing;
    reader->begun = mark->begun;
}

/* Past a byte order mark, the header line or the opening bracket, once all of it is here. */
static bool begin(struct item_reader *reader)
{
    struct framing *framing = &reader->framing;
    framing_begin(framing, reader->form, span_from(reader->window, reader->len), 1, -1);
    framing->csv = reader->csv;
    framing->partial = !reader->last;
    if (!framing_start(framing))
        return false;
    if (framing->header.at) {
        strbuf_reset(&reader->header);
        strbuf_add(&reader->header, framing->header);
        framing->header = strbuf_span(&reader->header);
    }
    reader->begun = true;
    return true;
}

static bool is_too_long(const struct item_reader *reader, const struct framing_item *item)
{
    return item->header.len + 1 + item->body.len > reader->most;
}

/* The item at the window's end: is there a chance that it ends within bounds? */
static enum item_reader_step want_more(struct item_reader *reader, struct framing_item *item)
{
    if (pending(reader) <= reader->most)
        return ITEM_READER_FEED;
    int64_t at = reader->begun ? (int64_t)reader->framing.at : 0;
    *item =
        (struct framing_item){.row = reader->framing.row + 1, .byte_offset = reader->offset + at};
    return ITEM_READER_LONG;
}

enum item_reader_step item_reader_next(struct item_reader *reader, struct framing_item *item)
{
    struct framing *framing = &reader->framing;
    if (!reader->begun && !begin(reader))
        return want_more(reader, item);
    if (framing_next(framing, item))
        return is_too_long(reader, item) ? ITEM_READER_LONG : ITEM_READER_ITEM;
    if (reader->last)
        return ITEM_READER_END;
    return want_more(reader, item);
}
