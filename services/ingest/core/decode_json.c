/* SPDX-License-Identifier: Apache-2.0 */
/* One JSON object to cells: members by name, texts unescaped, numbers as written. Null is absent;
 * an array or object under a declared name cannot be read as a value and is refused, members nobody
 * declared are dropped. */
#include <stdio.h>

#include "ingest/core/decode.h"

static struct span scalar_text(const struct json_value *value)
{
    switch (value->type) {
    case JSON_BOOL: return value->truth ? SPAN("true") : SPAN("false");
    case JSON_NUMBER:
    case JSON_STRING: return value->text;
    case JSON_NULL:
    case JSON_ARRAY:
    case JSON_OBJECT: break;
    }
    return SPAN_NONE;
}

enum reject decode_json(struct decode *decode, const struct mapping *mapping, struct span value,
                        struct arena *arena, struct span *cells, struct reject_place *place)
{
    const struct json_value *root = NULL;
    size_t bad_at = 0;
    enum reject reject = json_read(decode->reader, value, arena, &root, &bad_at);
    if (reject == REJECT_NONE && root->type != JSON_OBJECT)
        reject = REJECT_JSON;
    if (reject != REJECT_NONE) {
        place->byte_offset = (long long)bad_at;
        return reject;
    }
    for (size_t i = 0; i < mapping->column_count; i++) {
        const struct json_value *member = json_get(root, span_of(mapping->columns[i]));
        cells[i] = member ? scalar_text(member) : SPAN_NONE;
        if (member && (member->type == JSON_ARRAY || member->type == JSON_OBJECT)) {
            snprintf(place->pointer, sizeof place->pointer, "/%s", mapping->columns[i]);
            return REJECT_JSON;
        }
    }
    return REJECT_NONE;
}
