/* SPDX-License-Identifier: Apache-2.0 */
/* One JSON object to cells: members by name, texts unescaped, numbers as written. Null is absent;
 * an array or object under a declared name cannot be read as a value and is refused, members nobody
 * declared are dropped. */
#include <stdio.h>

#include "ingest/core/decode.h"
#include "model/cloudevent.h"

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

/* Members mostly come in one order, so the search begins behind the last one found; -1 =
 * undeclared.
 */
static int column_of(const struct mapping *mapping, struct span key, int expected)
{
    int count = (int)mapping->column_count;
    for (int n = 0; n < count; n++) {
        int i = expected + n < count ? expected + n : expected + n - count;
        if (span_is(key, mapping->columns[i]))
            return i;
    }
    return -1;
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
    if (decode->enveloped) {
        const char *fault = NULL;
        reject = cloudevent_open(&root, &fault);
        if (reject != REJECT_NONE) {
            snprintf(place->pointer, sizeof place->pointer, "/%s", fault);
            return reject;
        }
    }
    int expected = 0;
    for (size_t i = 0; i < mapping->column_count; i++)
        cells[i] = SPAN_NONE;
    for (const struct json_value *member = root->first; member; member = member->next) {
        int column = column_of(mapping, member->key, expected);
        if (column < 0)
            continue;
        if (member->type == JSON_ARRAY || member->type == JSON_OBJECT) {
            snprintf(place->pointer, sizeof place->pointer, "%s/%s",
                     decode->enveloped ? "/data" : "", mapping->columns[column]);
            return REJECT_JSON;
        }
        cells[column] = scalar_text(member);
        expected = column + 1;
    }
    return REJECT_NONE;
}
