/* SPDX-License-Identifier: Apache-2.0 */
/* The bytes stay as they came; what is added stands in the header. A rejected item is a record like
 * any other, its verdict in the header. */
#include "ingest/core/raw_item.h"

#include <stdio.h>

void raw_item_init(struct raw_item *item, size_t max_bytes)
{
    strbuf_init(&item->value, 4096, max_bytes);
    strbuf_init(&item->header, 512, 4096);
}

void raw_item_fini(struct raw_item *item)
{
    strbuf_fini(&item->value);
    strbuf_fini(&item->header);
}

void raw_item_begin(struct framing *framing, enum framing_form form, const struct feed *feed,
                    const struct raw_header *upload, struct span bytes, int64_t first_row,
                    int64_t first_offset, struct normalise *trial)
{
    const struct mapping *mapping = feed_mapping(feed, upload->mapping);
    struct reject_place why = {0};
    framing_begin(framing, form, bytes, first_row, first_offset);
    if (mapping)
        framing->csv = decode_csv_form(mapping, decode_charset(mapping, upload->charset));
    if (form != FRAMING_CSV || !framing_start(framing) || framing->header.at == NULL)
        return;
    arena_reset(&trial->arena);
    normalise_header(trial, upload, framing->header, &why);
    if (why.reject != REJECT_NONE)
        framing_stop(framing);
}

void raw_item_make(struct raw_item *item, const struct raw_header *upload, const struct feed *feed,
                   const struct framing_item *framed, struct normalise *trial)
{
    struct raw_header header = *upload;
    struct normalise_result result;
    strbuf_reset(&item->value);
    framing_write(&item->value, framed);
    header.row = framed->row;
    header.byte_offset = framed->byte_offset;
    arena_reset(&trial->arena);
    normalise_item(trial, &header, strbuf_span(&item->value), &result);
    header.verdict = span_of(reject_name(result.why.reject));
    strbuf_reset(&item->header);
    raw_header_write(&item->header, &header);
    item->why = result.why;
    item->record = result.number;

    /* A CSV item's value has the header line in front of the row. */
    int64_t lead = framed->header.at && framed->row > 0 ? (int64_t)framed->header.len + 1 : 0;
    int64_t inside = result.why.byte_offset - lead;
    item->offset = framed->byte_offset + (inside > 0 ? inside : 0);
    if (feed->spread > 1)
        snprintf(item->key, sizeof item->key, "%s#%lld", feed->id,
                 (long long)(framed->row % feed->spread));
    else
        snprintf(item->key, sizeof item->key, "%s", feed->id);
}
