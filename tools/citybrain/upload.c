/* SPDX-License-Identifier: Apache-2.0 */
/* What the HTTP door is told by the content type, a file's name has to tell. */
#include "citybrain/upload.h"

static enum framing_form form_of(const struct mapping *mapping, const char *path)
{
    struct span name = span_of(path);
    if (span_ends(name, SPAN(".gz")))
        name.len -= 3;
    if (mapping->format == MAPPING_CSV)
        return FRAMING_CSV;
    return span_ends(name, SPAN(".json")) ? FRAMING_ARRAY : FRAMING_LINES;
}

bool upload_begin(struct upload *upload, const struct feed *feed, const struct upload_form *form,
                  struct span bytes, struct normalise *trial)
{
    const struct mapping *mapping = feed_mapping_at(feed, form->received_ms);
    enum charset charset;
    if (!mapping)
        return false;
    charset = decode_charset(mapping, span_of(form->charset));
    bool csv = mapping->format == MAPPING_CSV;
    upload->feed = feed;
    upload->mapping = mapping;
    upload->header = (struct raw_header){
        .feed = span_of(feed->id),
        .mapping = mapping->version,
        .upload = span_of(form->hash),
        .received_ms = form->received_ms,
        .content_type = csv ? SPAN("text/csv") : SPAN("application/json"),
        .charset = span_of(charset_name(charset)),
    };
    raw_item_begin(&upload->framing, form_of(mapping, form->path), feed, &upload->header, bytes, 1,
                   -1, trial);
    return true;
}

bool upload_next(struct upload *upload, struct framing_item *item)
{
    return framing_next(&upload->framing, item);
}
