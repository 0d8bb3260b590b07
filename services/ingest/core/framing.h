/* SPDX-License-Identifier: Apache-2.0 */
/* The bytes of an upload as items, each with its row and byte offset in the whole file. No byte is
 * changed. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/csv.h"
#include "base/span.h"
#include "base/strbuf.h"

enum framing_form {
    FRAMING_CSV,
    FRAMING_LINES,
    FRAMING_ARRAY, /* or a single record */
    FRAMING_ONE    /* all of it, even nothing, is one item */
};

struct framing_item {
    struct span header; /* CSV: the header line without its end; else absent */
    struct span body;
    struct span trailer; /* what ends an envelope whose beginning is the header; else absent */
    int64_t row;         /* from 1, of the file; 0 = the header that stopped it */
    int64_t byte_offset; /* of body in the file */
};

struct framing {
    enum framing_form form;
    struct csv_form csv;
    struct span bytes; /* borrowed */
    size_t at;         /* bytes of it that are done with */
    struct span header, trailer;
    int64_t first_row, first_offset; /* as framing_begin was told */
    int64_t row;                     /* of the last item given out */
    int64_t shift;                   /* what a byte's place here lacks to its place in the file */
    int64_t header_at;               /* where the header lies in these bytes */
    bool partial;                    /* more may follow: what has no end yet is not given out */
    bool started, stopped;
    bool inside; /* of the array */
    bool cut;    /* the array has no end: an item of no bytes says so */
};

/* first_offset: where the first item lies in the file; -1 = this upload is the file. */
void framing_begin(struct framing *framing, enum framing_form form, struct span bytes,
                   int64_t first_row, int64_t first_offset);
/* What a form of one item is written between. */
void framing_envelop(struct framing *framing, struct span header, struct span trailer);
/* The same of CSV under another form than commas. */
void framing_begin_csv(struct framing *framing, struct csv_form csv, struct span bytes,
                       int64_t first_row, int64_t first_offset);
/* Past the header line or the opening bracket; false while those are not all here. After it a CSV
 * upload's `header` is known. framing_next does it by itself. */
bool framing_start(struct framing *framing);
/* The header is not the declared one: the header alone is the one item that is left. */
void framing_stop(struct framing *framing);
bool framing_next(struct framing *framing, struct framing_item *item);
/* A file read piece by piece: `partial` while more bytes may follow, so that what has no end yet is
 * not given out. Goes on in another window: the bytes from `at` on and what follows them, which lie
 * at `offset`. */
void framing_move(struct framing *framing, struct span bytes, int64_t offset, bool partial);
/* The raw record's value: what can be read alone. */
void framing_write(struct strbuf *out, const struct framing_item *item);
