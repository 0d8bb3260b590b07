/* SPDX-License-Identifier: Apache-2.0 */
/* One raw value to named cells: cells[i] is column i of the mapping, absent where the item has no
 * such cell. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/charset.h"
#include "base/csv.h"
#include "base/strbuf.h"
#include "ingest/core/mapping.h"
#include "model/json.h"
#include "model/reject.h"

struct decode {
    struct charset_converter *converter; /* owned */
    struct json_reader *reader;          /* owned */
    /* How this item came, where that is not the mapping's to say. */
    enum charset charset;
    bool enveloped; /* a CloudEvent: the cells are in its data */
    /* The last CSV header, so that a file's rows do not read it again. */
    struct strbuf header;
    const struct mapping *header_mapping;
    enum charset header_charset;
    struct csv_form form;
    struct reject_place header_why;
    size_t header_cells;
    int column_of[MAPPING_MAX_COLUMNS]; /* cell to column, -1 = none */
    long cell_of[MAPPING_MAX_COLUMNS];  /* column to cell from 1, 0 = none */
    struct span row;                    /* or the whole object, as it came: until the next */
    size_t row_at;                      /* in the value */
};

void decode_init(struct decode *decode);
void decode_fini(struct decode *decode);
/* An upload may be in another charset than its feed's: by its name, absent = the feed's. */
enum charset decode_charset(const struct mapping *mapping, struct span name);
struct csv_form decode_csv_form(const struct mapping *mapping, enum charset charset);
/* A CSV header line by itself: what is wrong with it is wrong with every row below it. */
enum reject decode_header(struct decode *decode, const struct mapping *mapping, struct span header,
                          struct arena *arena, struct reject_place *place);
/* `cells` has room for MAPPING_MAX_COLUMNS. On a reject *place says where. */
enum reject decode_csv(struct decode *decode, const struct mapping *mapping, struct span value,
                       struct arena *arena, struct span *cells, struct reject_place *place);
/* Of a row that was not read: column (unless it is known) and name of the cell that the fault lies
 * in, which is given by its offset in the row; the cells of the record's own number, false where
 * they cannot be told. */
void decode_csv_blame(const struct decode *decode, const struct mapping *mapping,
                      struct reject_place *place);
bool decode_csv_numbers(struct decode *decode, const struct mapping *mapping, struct arena *arena,
                        struct span *cells);
/* A column's name, or its JSON pointer in the item. */
void decode_pointer(const struct decode *decode, const struct mapping *mapping, int column,
                    struct reject_place *place);
/* Where the cell of a column begins in the value that was read last; -1 = it has none. */
long long decode_csv_offset(const struct decode *decode, int column);
/* The same of JSON, by the cell itself; -1 too where it was written with escapes. */
long long decode_json_offset(const struct decode *decode, struct span cell);
enum reject decode_json(struct decode *decode, const struct mapping *mapping, struct span value,
                        struct arena *arena, struct span *cells, struct reject_place *place);
