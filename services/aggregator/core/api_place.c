/* SPDX-License-Identifier: Apache-2.0 */
/* Sorted by partition, each once: the same place has one text. */
#include "aggregator/core/api_place.h"

#include <string.h>

bool api_place_read(struct api_place *place, struct span text)
{
    place->count = 0;
    while (text.at) {
        struct span next = span_cut(&text, '-'), part = span_cut(&next, '.');
        uint64_t number, offset;
        if (place->count == API_PLACE_MOST || !next.at || !span_to_base36(part, &number) ||
            !span_to_base36(next, &offset) || number > INT32_MAX || offset > INT64_MAX)
            return false;
        if (place->count && place->at[place->count - 1].part >= (int32_t)number)
            return false;
        place->at[place->count].part = (int32_t)number;
        place->at[place->count++].next = (int64_t)offset;
    }
    return true;
}

void api_place_write(struct strbuf *out, const struct api_place *place)
{
    for (size_t i = 0; i < place->count; i++) {
        if (i)
            strbuf_add_char(out, '-');
        strbuf_add_base36(out, (uint64_t)place->at[i].part);
        strbuf_add_char(out, '.');
        strbuf_add_base36(out, (uint64_t)place->at[i].next);
    }
}

bool api_place_move(struct api_place *place, int32_t part, int64_t offset)
{
    size_t i = 0;
    while (i < place->count && place->at[i].part < part)
        i++;
    if (i == place->count || place->at[i].part != part) {
        if (place->count == API_PLACE_MOST)
            return false;
        memmove(&place->at[i + 1], &place->at[i], (place->count - i) * sizeof place->at[0]);
        place->count++;
        place->at[i].part = part;
        place->at[i].next = 0;
    }
    if (place->at[i].next < offset + 1)
        place->at[i].next = offset + 1;
    return true;
}
