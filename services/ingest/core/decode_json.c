/* SPDX-License-Identifier: Apache-2.0 */
/* One JSON object to cells: members by name, texts unescaped, numbers as written. Null is absent;
 * an array or object under a declared name cannot be read as a value and is refused, members nobody
 * declared are dropped. */
#include <stdio.h>
#include <string.h>

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

/* Members mostly come in one order, so the search begins behind the last one found; NULL =
 * undeclared. */
static const struct mapping_member *
member_of(const struct mapping_member *list, const struct mapping_member *expected, struct span key)
{
    for (const struct mapping_member *one = expected; one; one = one->next)
        if (span_equal(one->name, key))
            return one;
    for (const struct mapping_member *one = list; one != expected; one = one->next)
        if (span_equal(one->name, key))
            return one;
    return NULL;
}

void decode_pointer(const struct decode *decode, const struct mapping *mapping, int column,
                    struct reject_place *place)
{
    char pointer[2 * sizeof place->pointer];
    const char *name = mapping->columns[column], *front = decode->enveloped ? "/data" : "";
    bool is_path = mapping->format == MAPPING_CSV || name[0] == '/';
    snprintf(pointer, sizeof pointer, "%s%s%s", mapping->format == MAPPING_CSV ? "" : front,
             is_path ? "" : "/", name);
    reject_point_at(place, span_of(pointer));
}

static bool is_way(const struct json_value *value)
{
    return value->type == JSON_ARRAY || value->type == JSON_OBJECT;
}

/* An array's elements are members by their number. False at a declared member that is no value. */
static bool fill(const struct decode *decode, const struct mapping *mapping,
                 const struct mapping_member *list, const struct json_value *root,
                 struct span *cells, struct reject_place *place)
{
    const struct mapping_member *expected = list;
    int64_t index = 0;
    for (const struct json_value *value = root->first; value; value = value->next, index++) {
        char number[SPAN_DECIMAL];
        struct span key = root->type == JSON_OBJECT ? value->key : span_decimal(number, index);
        const struct mapping_member *member = member_of(list, expected, key);
        if (member == NULL)
            continue;
        expected = member->next;
        if (member->first && is_way(value) &&
            !fill(decode, mapping, member->first, value, cells, place))
            return false;
        if (member->column < 0)
            continue;
        if (is_way(value)) {
            decode_pointer(decode, mapping, member->column, place);
            return false;
        }
        cells[member->column] = scalar_text(value);
    }
    return true;
}

enum reject decode_json(struct decode *decode, const struct mapping *mapping, struct span value,
                        struct arena *arena, struct span *cells, struct reject_place *place)
{
    const struct json_value *root = NULL;
    size_t bad_at = 0;
    decode->row = value;
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
    for (size_t i = 0; i < mapping->column_count; i++)
        cells[i] = SPAN_NONE;
    return fill(decode, mapping, mapping->members, root, cells, place) ? REJECT_NONE : REJECT_JSON;
}

long long decode_json_offset(const struct decode *decode, struct span cell)
{
    const char *begin = decode->row.at;
    bool borrowed = cell.at && begin && cell.at >= begin && cell.at <= begin + decode->row.len;
    return borrowed ? cell.at - begin : -1;
}
