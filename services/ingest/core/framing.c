/* SPDX-License-Identifier: Apache-2.0 */
/* Cuts an upload into items on raw bytes. It finds ends only: whether an item can be read is asked
 * of each one by itself afterwards, so one bad item never takes its neighbours along. Blank lines
 * and CSV rows of nothing but separators, which spreadsheets leave behind, are no items. */
#include "ingest/core/framing.h"

#include "base/charset.h"

static struct span rest_of(const struct framing *framing)
{
    return span_from(framing->bytes.at + framing->at, framing->bytes.len - framing->at);
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static void skip_blanks(struct framing *framing)
{
    while (framing->at < framing->bytes.len && is_blank(framing->bytes.at[framing->at]))
        framing->at++;
}

/* Bytes up to and with the line's end; 0 while that is not to be seen. */
static size_t frame_line(const struct framing *framing, struct span rest, struct span *line)
{
    if (framing->form == FRAMING_CSV)
        return csv_frame_by(rest, framing->csv, !framing->partial, line);
    ptrdiff_t end = span_find(rest, '\n');
    if (end < 0 && framing->partial)
        return 0;
    *line = span_from(rest.at, end < 0 ? rest.len : (size_t)end);
    if (line->len > 0 && line->at[line->len - 1] == '\r')
        line->len--;
    return end < 0 ? rest.len : (size_t)end + 1;
}

/* A row or line with something in it; framing->at stands behind it. */
static bool next_line(struct framing *framing, struct span *line)
{
    while (framing->at < framing->bytes.len) {
        size_t used = frame_line(framing, rest_of(framing), line);
        if (used == 0)
            return false;
        framing->at += used;
        if (framing->form == FRAMING_CSV ? !csv_is_empty(*line, framing->csv.separator)
                                         : span_trim(*line).len > 0)
            return true;
    }
    return false;
}

/* Length of the JSON value at s.at: up to the ',' or ']' outside of it, or all. */
static size_t element_length(struct span s)
{
    int depth = 0;
    bool quoted = false;
    for (size_t i = 0; i < s.len; i++) {
        char c = s.at[i];
        if (quoted) {
            if (c == '\\')
                i++;
            quoted = c != '"';
        } else if (c == '"') {
            quoted = true;
        } else if (c == '{' || c == '[') {
            depth++;
        } else if (depth == 0 && (c == ',' || c == ']')) {
            return i;
        } else if ((c == '}' || c == ']') && depth > 0) { /* one too many closes nothing */
            depth--;
        }
    }
    return s.len;
}

static bool next_element(struct framing *framing, struct span *body)
{
    skip_blanks(framing);
    struct span rest = rest_of(framing);
    if (rest.len == 0) { /* an array that nobody closed: the file is cut here */
        framing->cut = framing->inside && !framing->partial;
        framing->inside = framing->inside && framing->partial;
        *body = rest;
        return framing->cut;
    }
    if (!framing->inside) { /* a single record, or what follows the array: unreadable, so an item */
        if (framing->partial)
            return false;
        framing->at = framing->bytes.len;
        *body = span_trim(rest);
        return true;
    }
    size_t len = element_length(rest);
    if (len == rest.len && framing->partial)
        return false;
    *body = span_trim(span_from(rest.at, len));
    framing->at += len;
    if (framing->at < framing->bytes.len)
        framing->inside = framing->bytes.at[framing->at++] == ',';
    else /* cut in the middle of an element: that one says it */
        framing->inside = body->at[body->len - 1] == '}';
    return true;
}

/* Spreadsheets may say the separator in a line of its own, before the header. */
static bool names_separator(const struct framing *framing, struct span line)
{
    return line.len == 5 && span_starts(line, SPAN("sep=")) && line.at[4] == framing->csv.separator;
}

/* The header, or the array's bracket. False while they are not to be seen; then nothing moved. */
static bool start(struct framing *framing)
{
    size_t begin = framing->at;
    if (framing->partial && framing->bytes.len < CHARSET_MARK_MAX)
        return false;
    size_t mark = charset_mark_length(framing->bytes);
    framing->at += mark;
    if (framing->form == FRAMING_CSV) {
        bool found = next_line(framing, &framing->header);
        if (found && names_separator(framing, framing->header))
            found = next_line(framing, &framing->header);
        if (!found) {
            framing->header = SPAN_NONE;
            framing->at = framing->partial ? begin : framing->bytes.len;
            return !framing->partial;
        }
        if (framing->header.at == framing->bytes.at + mark) /* the mark is the header's to tell */
            framing->header = span_from(framing->bytes.at, mark + framing->header.len);
        framing->header_at = framing->header.at - framing->bytes.at;
    }
    if (framing->form == FRAMING_ARRAY) {
        skip_blanks(framing);
        if (framing->partial && framing->at == framing->bytes.len) {
            framing->at = begin;
            return false;
        }
        framing->inside = framing->at < framing->bytes.len && framing->bytes.at[framing->at] == '[';
        framing->at += framing->inside ? 1 : 0;
    }
    if (framing->first_offset >= 0)
        framing->shift = framing->first_offset - (int64_t)framing->at;
    return true;
}

bool framing_start(struct framing *framing)
{
    framing->started = framing->started || start(framing);
    return framing->started;
}

void framing_begin(struct framing *framing, enum framing_form form, struct span bytes,
                   int64_t first_row, int64_t first_offset)
{
    *framing = (struct framing){.form = form,
                                .csv = CSV_COMMA,
                                .bytes = bytes,
                                .row = first_row - 1,
                                .first_row = first_row,
                                .first_offset = first_offset};
}

void framing_begin_csv(struct framing *framing, struct csv_form csv, struct span bytes,
                       int64_t first_row, int64_t first_offset)
{
    framing_begin(framing, FRAMING_CSV, bytes, first_row, first_offset);
    framing->csv = csv;
}

void framing_stop(struct framing *framing)
{
    framing->stopped = true;
}

/* A stopped file: its header as an item without a row. */
static bool next_stop(struct framing *framing, struct framing_item *item)
{
    if (framing->header.at == NULL)
        return false;
    *item = (struct framing_item){
        .header = framing->header, .body = SPAN(""), .byte_offset = framing->header_at};
    framing->header = SPAN_NONE;
    return true;
}

void framing_move(struct framing *framing, struct span bytes, int64_t offset, bool partial)
{
    framing->bytes = bytes;
    framing->at = 0;
    framing->shift = offset;
    framing->partial = partial;
}

void framing_envelop(struct framing *framing, struct span header, struct span trailer)
{
    framing->header = header;
    framing->trailer = trailer;
}

bool framing_next(struct framing *framing, struct framing_item *item)
{
    if (!framing_start(framing))
        return false;
    if (framing->stopped)
        return next_stop(framing, item);
    if (framing->form == FRAMING_ONE) {
        if (framing->row >= framing->first_row || framing->partial)
            return false;
        item->body = rest_of(framing);
    } else if (framing->form == FRAMING_ARRAY) {
        if (!next_element(framing, &item->body))
            return false;
        if (item->body.len == 0 && !framing->inside && !framing->cut)
            return framing_next(framing, item); /* "[]", or a comma before the bracket */
    } else if (!next_line(framing, &item->body)) {
        return false;
    }
    /* What is more than one value would become more of the envelope: alone it cannot be read. */
    bool whole = !framing->trailer.at || element_length(item->body) == item->body.len;
    item->header = whole ? framing->header : SPAN_NONE;
    item->trailer = whole ? framing->trailer : SPAN_NONE;
    item->row = ++framing->row;
    item->byte_offset = item->body.at - framing->bytes.at + framing->shift;
    return true;
}

void framing_write(struct strbuf *out, const struct framing_item *item)
{
    if (item->header.at) {
        strbuf_add(out, item->header);
        strbuf_add_char(out, '\n');
    }
    strbuf_add(out, item->body);
    strbuf_add(out, item->trailer);
}
