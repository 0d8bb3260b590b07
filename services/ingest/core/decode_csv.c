/* SPDX-License-Identifier: Apache-2.0 */
/* Header and row of one raw value to cells. The row is cut on raw bytes, then converted, then
 * split, so that a fault is named by its offset in the bytes as they came and harms its own row
 * only. Columns are matched by name or by one of its synonyms; under `header: strict` any other set
 * of names is a drifted header. */
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "config/diagnostics.h"
#include "ingest/core/decode.h"

static const struct span byte_order_mark = {"\xEF\xBB\xBF", 3};

void decode_init(struct decode *decode)
{
    memset(decode, 0, sizeof *decode);
    decode->converter = charset_converter_new();
    decode->reader = json_reader_new();
    json_reader_limit(decode->reader, (struct json_limits){CSV_CELL_MAX, MAPPING_MAX_COLUMNS});
    strbuf_init(&decode->header, 1024, 1 << 20);
}

void decode_fini(struct decode *decode)
{
    charset_converter_free(decode->converter);
    json_reader_free(decode->reader);
    strbuf_fini(&decode->header);
}

enum charset decode_charset(const struct mapping *mapping, struct span name)
{
    enum charset charset;
    return charset_parse(name, &charset) ? charset : mapping->charset;
}

struct csv_form decode_csv_form(const struct mapping *mapping, enum charset charset)
{
    return (struct csv_form){mapping->separator,
                             charset == CHARSET_GB18030 && mapping->separator == '|'};
}

static enum reject refuse(struct reject_place *place, enum reject reject, size_t offset,
                          long column)
{
    place->byte_offset = (long long)offset;
    place->column = column;
    return reject;
}

static enum reject refuse_quote(const struct decode *decode, struct span line,
                                struct reject_place *place)
{
    size_t cell, mark = charset_mark_length(line);
    size_t at = csv_bad_quote(span_from(line.at + mark, line.len - mark), decode->form, &cell);
    return refuse(place, REJECT_CSV, mark + at, (long)cell + 1);
}

/* Converts and splits one line. */
static enum reject split(struct decode *decode, struct span line, struct arena *arena,
                         struct span *cells, size_t *count, struct reject_place *place)
{
    struct span text;
    size_t bad_at = 0;
    ptrdiff_t nul = span_find(line, '\0');
    if (nul >= 0)
        return refuse(place, REJECT_NUL, (size_t)nul, 0);
    switch (charset_to_utf8(decode->converter, decode->charset, line, arena, &text, &bad_at)) {
    case CHARSET_OK: break;
    case CHARSET_BAD_BYTES: return refuse(place, REJECT_CHARSET, bad_at, 0);
    case CHARSET_NO_MEMORY: return REJECT_TOO_LARGE;
    }
    if (span_starts(text, byte_order_mark))
        text = span_from(text.at + byte_order_mark.len, text.len - byte_order_mark.len);
    switch (csv_split(text, decode->form.separator, cells, MAPPING_MAX_COLUMNS, count, arena)) {
    case CSV_OK: return REJECT_NONE;
    case CSV_TOO_MANY_CELLS: return REJECT_COLUMNS;
    case CSV_BAD_QUOTE: return refuse_quote(decode, line, place);
    case CSV_NO_MEMORY: break;
    }
    return REJECT_TOO_LARGE;
}

/* Names are repeated in answers, what stands in cells is not: a first row that has hardly a name of
 * ours may well be somebody's data. */
static bool is_header(const struct mapping *mapping, const struct span *cells, size_t count)
{
    size_t known = 0;
    for (size_t column = 0; column < mapping->column_count; column++) {
        struct span name = span_of(mapping->columns[column]);
        bool named = false;
        for (size_t i = 0; i < count && !named; i++)
            named = memmem(cells[i].at, cells[i].len, name.at, name.len) != NULL;
        known += named;
    }
    return 2 * known >= mapping->column_count;
}

/* The declared column that is not there: the one that is most like the name that is, else the
 * first. NULL = all are there. */
static const char *lacking(const struct mapping *mapping, const struct span *names, size_t count,
                           const char *found)
{
    bool there[MAPPING_MAX_COLUMNS] = {false};
    const char *missing[MAPPING_MAX_COLUMNS];
    size_t n = 0;
    for (size_t i = 0; i < count; i++) {
        int column = mapping_column(mapping, span_trim(names[i]));
        if (column >= 0)
            there[column] = true;
    }
    for (size_t i = 0; i < mapping->column_count; i++)
        if (!there[i])
            missing[n++] = mapping->columns[i];
    const char *near = diagnostics_nearest(found, missing, n);
    return near ? near : n > 0 ? missing[0] : NULL;
}

static void drifted(const struct decode *decode, struct span line, struct span name, size_t cell,
                    struct reject_place *place)
{
    size_t mark = charset_mark_length(line);
    struct span names = span_from(line.at + mark, line.len - mark);
    if (name.len > 0)
        reject_point_at(place, name);
    else
        snprintf(place->pointer, sizeof place->pointer, "#%zu", cell + 1);
    refuse(place, REJECT_HEADER, mark + csv_cell_offset(names, decode->form, cell), (long)cell + 1);
}

/* A column named twice, a known one missing, or under strict an unknown one. */
static enum reject match_header(struct decode *decode, const struct mapping *mapping,
                                struct span line, const struct span *names, size_t count,
                                struct reject_place *place)
{
    memset(decode->cell_of, 0, sizeof decode->cell_of);
    for (size_t i = 0; i < count; i++) {
        struct span name = span_trim(names[i]);
        int column = mapping_column(mapping, name);
        decode->column_of[i] = column;
        if (column < 0 ? mapping->strict_header : decode->cell_of[column] != 0) {
            drifted(decode, line, is_header(mapping, names, count) ? name : SPAN_NONE, i, place);
            place->wanted = lacking(mapping, names, count, place->pointer);
            return REJECT_HEADER;
        }
        if (column >= 0)
            decode->cell_of[column] = (long)i + 1;
    }
    for (size_t i = 0; i < mapping->column_count; i++) {
        if (decode->cell_of[i] != 0)
            continue;
        reject_point_at(place, span_of(mapping->columns[i]));
        place->wanted = mapping->columns[i];
        return REJECT_HEADER;
    }
    decode->header_cells = count;
    return REJECT_NONE;
}

/* A file that says by its mark that it is UTF-8 is not read as anything else. */
static enum reject read_names(struct decode *decode, const struct mapping *mapping,
                              struct span header, struct arena *arena, struct reject_place *place)
{
    struct span names[MAPPING_MAX_COLUMNS];
    size_t count = 0;
    if (decode->charset != CHARSET_UTF8 && span_starts(header, byte_order_mark))
        return refuse(place, REJECT_CHARSET, 0, 0);
    enum reject reject = split(decode, header, arena, names, &count, place);
    if (reject == REJECT_NONE)
        return match_header(decode, mapping, header, names, count, place);
    return reject == REJECT_CSV || reject == REJECT_COLUMNS ? REJECT_HEADER : reject;
}

enum reject decode_header(struct decode *decode, const struct mapping *mapping, struct span header,
                          struct arena *arena, struct reject_place *place)
{
    size_t mark = arena->used;
    if (decode->header_mapping != mapping || decode->header_charset != decode->charset ||
        !span_equal(strbuf_span(&decode->header), header)) {
        decode->header_why = (struct reject_place){.byte_offset = -1};
        decode->form = decode_csv_form(mapping, decode->charset);
        decode->header_cells = 0; /* of a header that cannot be read no row is known */
        decode->header_why.reject = read_names(decode, mapping, header, arena, &decode->header_why);
        arena_rewind(arena, mark);
        strbuf_reset(&decode->header);
        strbuf_add(&decode->header, header);
        decode->header_mapping = mapping;
        decode->header_charset = decode->charset;
    }
    if (decode->header_why.reject != REJECT_NONE)
        *place = decode->header_why;
    return decode->header_why.reject;
}

/* The first cell that is too much, or that is not there. */
static enum reject refuse_count(const struct decode *decode, const struct mapping *mapping,
                                size_t count, struct reject_place *place)
{
    size_t cell = count < decode->header_cells ? count : decode->header_cells;
    int column = cell < decode->header_cells ? decode->column_of[cell] : -1;
    if (column >= 0)
        reject_point_at(place, span_of(mapping->columns[column]));
    return refuse(place, REJECT_COLUMNS, csv_cell_offset(decode->row, decode->form, cell),
                  (long)cell + 1);
}

static enum reject read_row(struct decode *decode, const struct mapping *mapping,
                            struct arena *arena, struct span *cells, struct reject_place *place)
{
    struct span values[MAPPING_MAX_COLUMNS];
    size_t count = 0;
    enum reject reject = split(decode, decode->row, arena, values, &count, place);
    if (reject != REJECT_NONE && reject != REJECT_COLUMNS) {
        if (place->byte_offset >= 0)
            decode_csv_blame(decode, mapping, place);
        return reject;
    }
    if (count != decode->header_cells || reject != REJECT_NONE)
        return refuse_count(decode, mapping, count, place);
    for (size_t i = 0; i < mapping->column_count; i++)
        cells[i] = SPAN_NONE;
    for (size_t i = 0; i < count; i++) {
        if (values[i].len > CSV_CELL_MAX)
            return refuse(place, REJECT_TOO_LARGE, csv_cell_offset(decode->row, decode->form, i),
                          (long)i + 1);
        if (decode->column_of[i] >= 0)
            cells[decode->column_of[i]] = values[i];
    }
    return REJECT_NONE;
}

enum reject decode_csv(struct decode *decode, const struct mapping *mapping, struct span value,
                       struct arena *arena, struct span *cells, struct reject_place *place)
{
    struct span header;
    size_t mark = charset_mark_length(value);
    size_t used = csv_frame_by(span_from(value.at + mark, value.len - mark),
                               decode_csv_form(mapping, decode->charset), true, &header);
    if (used == 0)
        return REJECT_HEADER;
    used += mark;
    header = span_from(value.at, mark + header.len);
    enum reject reject = decode_header(decode, mapping, header, arena, place);
    if (reject != REJECT_NONE)
        return reject;
    decode->row = span_from(value.at + used, value.len - used);
    decode->row_at = used;
    reject = read_row(decode, mapping, arena, cells, place);
    if (place->byte_offset >= 0)
        place->byte_offset += (long long)used;
    return reject;
}

long long decode_csv_offset(const struct decode *decode, int column)
{
    if (decode->cell_of[column] == 0)
        return -1;
    size_t cell = (size_t)decode->cell_of[column] - 1;
    size_t at = decode->row_at + csv_cell_offset(decode->row, decode->form, cell);
    return (long long)at;
}
