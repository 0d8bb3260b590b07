/* SPDX-License-Identifier: Apache-2.0 */
/* Header and row of one raw value to cells. The row is cut on raw bytes, then converted, then
 * split, so that a bad byte is named by its offset and harms its own row only. Columns are matched
 * by name; under `header: strict` any other set of names is a drifted header. */
#include <stdio.h>
#include <string.h>

#include "base/csv.h"
#include "base/memory.h"
#include "ingest/core/decode.h"

static const struct span byte_order_mark = {"\xEF\xBB\xBF", 3};

void decode_init(struct decode *decode)
{
    memset(decode, 0, sizeof *decode);
    decode->converter = charset_converter_new();
    decode->reader = json_reader_new();
    strbuf_init(&decode->header, 1024, 1 << 20);
}

void decode_fini(struct decode *decode)
{
    charset_converter_free(decode->converter);
    json_reader_free(decode->reader);
    strbuf_fini(&decode->header);
}

/* Converts and splits one line. */
static enum reject split(struct decode *decode, struct span line, struct arena *arena,
                         struct span *cells, size_t *count, struct reject_place *place)
{
    struct span text;
    size_t bad_at = 0;
    switch (charset_to_utf8(decode->converter, decode->charset, line, arena, &text, &bad_at)) {
    case CHARSET_OK: break;
    case CHARSET_BAD_BYTES: place->byte_offset = (long long)bad_at; return REJECT_CHARSET;
    case CHARSET_NO_MEMORY: return REJECT_TOO_LARGE;
    }
    if (span_starts(text, byte_order_mark))
        text = span_from(text.at + byte_order_mark.len, text.len - byte_order_mark.len);
    switch (csv_split(text, ',', cells, MAPPING_MAX_COLUMNS, count, arena)) {
    case CSV_OK: return REJECT_NONE;
    case CSV_TOO_MANY_CELLS: return REJECT_COLUMNS;
    case CSV_BAD_QUOTE: return REJECT_CSV;
    case CSV_NO_MEMORY: break;
    }
    return REJECT_TOO_LARGE;
}

static int find_column(const struct mapping *mapping, struct span name)
{
    for (size_t i = 0; i < mapping->column_count; i++)
        if (span_is(name, mapping->columns[i]))
            return (int)i;
    return -1;
}

/* A column named twice, a known one missing, or under strict an unknown one. */
static enum reject match_header(struct decode *decode, const struct mapping *mapping,
                                const struct span *names, size_t count)
{
    memset(decode->cell_of, 0, sizeof decode->cell_of);
    for (size_t i = 0; i < count; i++) {
        struct span name = span_trim(names[i]);
        int column = find_column(mapping, name);
        decode->column_of[i] = column;
        if (column < 0 ? mapping->strict_header : decode->cell_of[column] != 0) {
            span_to_cstr(name, decode->header_fault, sizeof decode->header_fault);
            return REJECT_HEADER;
        }
        if (column >= 0)
            decode->cell_of[column] = (long)i + 1;
    }
    for (size_t i = 0; i < mapping->column_count; i++) {
        if (decode->cell_of[i] != 0)
            continue;
        snprintf(decode->header_fault, sizeof decode->header_fault, "%s", mapping->columns[i]);
        return REJECT_HEADER;
    }
    decode->header_cells = count;
    return REJECT_NONE;
}

static enum reject read_header(struct decode *decode, const struct mapping *mapping,
                               struct span header, struct arena *arena, struct reject_place *place)
{
    struct span names[MAPPING_MAX_COLUMNS];
    size_t count = 0, mark = arena->used;
    if (decode->header_mapping != mapping || decode->header_charset != decode->charset ||
        !span_equal(strbuf_span(&decode->header), header)) {
        decode->header_fault[0] = 0;
        decode->header_reject = split(decode, header, arena, names, &count, place);
        if (decode->header_reject == REJECT_NONE)
            decode->header_reject = match_header(decode, mapping, names, count);
        else if (decode->header_reject != REJECT_TOO_LARGE)
            decode->header_reject = REJECT_HEADER;
        arena_rewind(arena, mark);
        strbuf_reset(&decode->header);
        strbuf_add(&decode->header, header);
        decode->header_mapping = mapping;
        decode->header_charset = decode->charset;
    }
    if (decode->header_reject != REJECT_NONE)
        memcpy(place->pointer, decode->header_fault, sizeof place->pointer);
    return decode->header_reject;
}

enum reject decode_csv(struct decode *decode, const struct mapping *mapping, struct span value,
                       struct arena *arena, struct span *cells, struct reject_place *place)
{
    struct span header, values[MAPPING_MAX_COLUMNS];
    size_t count = 0, used = csv_frame(value, true, &header);
    if (used == 0)
        return REJECT_HEADER;
    enum reject reject = read_header(decode, mapping, header, arena, place);
    if (reject != REJECT_NONE)
        return reject;
    reject =
        split(decode, span_from(value.at + used, value.len - used), arena, values, &count, place);
    if (reject != REJECT_NONE) {
        place->byte_offset += place->byte_offset >= 0 ? (long long)used : 0;
        return reject;
    }
    if (count != decode->header_cells)
        return REJECT_COLUMNS;
    for (size_t i = 0; i < mapping->column_count; i++)
        cells[i] = SPAN_NONE;
    for (size_t i = 0; i < count; i++)
        if (decode->column_of[i] >= 0)
            cells[decode->column_of[i]] = values[i];
    return REJECT_NONE;
}
