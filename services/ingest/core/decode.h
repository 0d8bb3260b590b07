/* SPDX-License-Identifier: Apache-2.0 */
/* One raw value to named cells: cells[i] is column i of the mapping, absent where the item has no
 * such cell. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/charset.h"
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
    enum reject header_reject;
    size_t header_cells;
    int column_of[MAPPING_MAX_COLUMNS]; /* cell to column, -1 = none */
    long cell_of[MAPPING_MAX_COLUMNS];  /* column to cell from 1, 0 = none */
    char header_fault[96];              /* the column that drifted */
};

void decode_init(struct decode *decode);
void decode_fini(struct decode *decode);
/* `cells` has room for MAPPING_MAX_COLUMNS. On a reject *place says where. */
enum reject decode_csv(struct decode *decode, const struct mapping *mapping, struct span value,
                       struct arena *arena, struct span *cells, struct reject_place *place);
/* A column's name, or its JSON pointer in the item. */
void decode_pointer(const struct decode *decode, const struct mapping *mapping, int column,
                    struct reject_place *place);
enum reject decode_json(struct decode *decode, const struct mapping *mapping, struct span value,
                        struct arena *arena, struct span *cells, struct reject_place *place);
