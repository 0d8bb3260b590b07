/* SPDX-License-Identifier: Apache-2.0 */
/* Cuts an upload into items on raw bytes. It finds ends only: whether an item can be read is asked
 * of each one by itself afterwards, so one bad item never takes its neighbours along. Blank lines
 * are no items. */
#include "ingest/core/framing.h"

#include "base/csv.h"

static const struct span byte_order_mark = {"\xEF\xBB\xBF", 3};

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

/* A row or line with something in it; framing->at stands behind it. */
static bool next_line(struct framing *framing, struct span *line)
{
    while (framing->at < framing->bytes.len) {
        struct span rest = rest_of(framing);
        if (framing->form == FRAMING_CSV) {
            framing->at += csv_frame(rest, true, line);
        } else {
            ptrdiff_t end = span_find(rest, '\n');
            *line = span_from(rest.at, end < 0 ? rest.len : (size_t)end);
            framing->at += end < 0 ? rest.len : (size_t)end + 1;
            if (line->len > 0 && line->at[line->len - 1] == '\r')
                line->len--;
        }
        if (span_trim(*line).len > 0)
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
        } else if (c == '}' || c == ']') {
            depth--;
        }
    }
    return s.len;
}

static bool next_element(struct framing *framing, struct span *body)
{
    skip_blanks(framing);
    if (framing->at == framing->bytes.len)
        return false;
    struct span rest = rest_of(framing);
    if (!framing->inside) { /* a single record, or what follows the array: unreadable, so an item */
        framing->at = framing->bytes.len;
        *body = span_trim(rest);
        return true;
    }
    size_t len = element_length(rest);
    *body = span_trim(span_from(rest.at, len));
    framing->at += len;
    if (framing->at < framing->bytes.len)
        framing->inside = framing->bytes.at[framing->at++] == ',';
    return true;
}

void framing_begin(struct framing *framing, enum framing_form form, struct span bytes,
                   int64_t first_row, int64_t first_offset)
{
    *framing = (struct framing){
        .form = form, .bytes = bytes, .row = first_row - 1, .first_row = first_row};
    if (form != FRAMING_CSV && span_starts(bytes, byte_order_mark))
        framing->at = byte_order_mark.len;
    if (form == FRAMING_CSV)
        next_line(framing, &framing->header);
    if (form == FRAMING_ARRAY) {
        skip_blanks(framing);
        framing->inside = framing->at < bytes.len && bytes.at[framing->at] == '[';
        framing->at += framing->inside ? 1 : 0;
    }
    if (first_offset >= 0)
        framing->shift = first_offset - (int64_t)framing->at;
}

void framing_move(struct framing *framing, struct span bytes, int64_t offset)
{
    framing->bytes = bytes;
    framing->at = 0;
    framing->shift = offset;
}

void framing_envelop(struct framing *framing, struct span header, struct span trailer)
{
    framing->header = header;
    framing->trailer = trailer;
}

bool framing_next(struct framing *framing, struct framing_item *item)
{
    if (framing->form == FRAMING_ONE) {
        if (framing->row >= framing->first_row)
            return false;
        item->body = rest_of(framing);
    } else if (framing->form == FRAMING_ARRAY) {
        if (!next_element(framing, &item->body))
            return false;
        if (item->body.len == 0 && !framing->inside)
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
