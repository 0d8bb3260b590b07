/* SPDX-License-Identifier: Apache-2.0 */
/* The bytes of an upload as items, each with its row and byte offset in the whole file. No byte is
 * changed. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

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
    int64_t row;         /* from 1, of the file */
    int64_t byte_offset; /* of body in the file */
};

struct framing {
    enum framing_form form;
    struct span bytes; /* borrowed */
    size_t at;
    struct span header, trailer;
    int64_t first_row;
    int64_t row;   /* of the last item given out */
    int64_t shift; /* what a byte's place here lacks to its place in the file */
    bool inside;   /* of the array */
};

/* first_offset: where the first item lies in the file; -1 = this upload is the file. */
void framing_begin(struct framing *framing, enum framing_form form, struct span bytes,
                   int64_t first_row, int64_t first_offset);
/* Goes on in another window of the same file: what was not given out yet, which lies at `offset`.
 */
void framing_move(struct framing *framing, struct span bytes, int64_t offset);
/* What a form of one item is written between. */
void framing_envelop(struct framing *framing, struct span header, struct span trailer);
bool framing_next(struct framing *framing, struct framing_item *item);
/* The raw record's value: what can be read alone. */
void framing_write(struct strbuf *out, const struct framing_item *item);
