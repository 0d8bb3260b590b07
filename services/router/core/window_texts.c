/* SPDX-License-Identifier: Apache-2.0 */
/* A name and a value in turn. A district keeps hundreds of thousands of windows with one fact: what
 * most of them say is short. */
#include "router/core/window_texts.h"

#include "base/base.h"
#include "router/core/packed.h"

#define MOST_DIGITS 18
#define MOST_HEADS  21 /* bytes of number and lengths */

/* Append-only: these numbers stand in stored windows. */
static const struct span names[] = {
    {"type_code", 9}, {"street_code", 11}, {"community_code", 14}, {"estate_code", 11},
    {"lead", 4},      {"limit_class", 11}, {"due_at", 6},          {"sort", 4},
    {"level", 5},     {"cause", 5},        {"begins", 6},          {"unit", 4}};

/* Its number from 1 on; 0 and the text of others. */
static void add_name(struct strbuf *out, struct span name)
{
    size_t n = 0;
    while (n < ARRAY_LENGTH(names) && !span_equal(names[n], name))
        n++;
    packed_add_number(out, n < ARRAY_LENGTH(names) ? n + 1 : 0);
    if (n == ARRAY_LENGTH(names))
        packed_add_text(out, name);
}

/* Codes are mostly numbers: twice the number plus one, or twice the length of a text. */
static void add_value(struct strbuf *out, struct span value)
{
    uint64_t number = 0;
    bool is_number = value.len > 0 && value.len <= MOST_DIGITS && value.at[0] != '0';
    for (size_t i = 0; is_number && i < value.len; i++) {
        is_number = value.at[i] >= '0' && value.at[i] <= '9';
        number = number * 10 + (uint64_t)(value.at[i] - '0');
    }
    packed_add_number(out, is_number ? number << 1 | 1 : (uint64_t)value.len << 1);
    if (!is_number)
        strbuf_add(out, value);
}

static bool is_of_group(const struct trigger *trigger, struct span field)
{
    for (size_t i = 0; i < trigger->group_count; i++)
        if (span_equal(trigger->group[i], field))
            return true;
    return false;
}

void window_texts_write(struct strbuf *out, const struct trigger *trigger,
                        const struct signal *signal)
{
    size_t left = TRIGGER_MOST_FIELDS, room = WINDOW_TEXTS_MOST;
    for (size_t i = 0; i < signal->field_count && left > 0; i++) {
        const struct signal_field *field = &signal->fields[i];
        bool counted =
            span_equal(field->name, trigger->distinct) || span_equal(field->name, trigger->value);
        if (counted || is_of_group(trigger, field->name) || span_is(field->name, "via"))
            continue;
        size_t most = field->name.len + field->value.len + MOST_HEADS;
        if (most > room)
            continue;
        add_name(out, field->name);
        add_value(out, field->value);
        room -= most;
        left--;
    }
}

static struct span take_name(struct packed *bytes)
{
    uint64_t n = packed_take_number(bytes);
    if (n > ARRAY_LENGTH(names))
        bytes->bad = true;
    return n == 0 || bytes->bad ? packed_take_text(bytes) : names[n - 1];
}

/* A number's digits stand beside, and outlive the bytes. */
static struct span take_value(struct packed *bytes, char digits[SPAN_DECIMAL])
{
    uint64_t head = packed_take_number(bytes);
    return head & 1 ? span_decimal(digits, (int64_t)(head >> 1)) : packed_take(bytes, head >> 1);
}

bool window_texts_read(struct window_texts *texts, struct span bytes)
{
    struct packed left = {bytes, false};
    texts->count = 0;
    while (left.rest.len && !left.bad && texts->count < TRIGGER_MOST_FIELDS) {
        struct signal_field *field = &texts->all[texts->count];
        field->name = take_name(&left);
        field->value = take_value(&left, texts->digits[texts->count]);
        texts->count++;
    }
    if (!left.bad && left.rest.len == 0)
        return true;
    texts->count = 0;
    return false;
}

struct span window_texts_find(const struct window_texts *texts, struct span name)
{
    for (size_t i = 0; i < texts->count; i++)
        if (span_equal(texts->all[i].name, name))
            return texts->all[i].value;
    return SPAN_NONE;
}
