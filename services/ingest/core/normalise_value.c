/* SPDX-License-Identifier: Apache-2.0 */
/* A cell to what may go out of it: width, dates, tables, ranges, and the field's class at last.
 * What a reject says never holds the value itself. Everything made here lies in the record's arena.
 */
#include <stdio.h>
#include <string.h>

#include "base/digest.h"
#include "ingest/core/normalise_internal.h"

#define DAY_MS      INT64_C(86400000)
#define EXCEL_EPOCH 25569   /* 1970-01-01 as a serial */
#define EXCEL_FIRST 61      /* 1900-03-01: before it the serials count a day that never was */
#define EXCEL_LAST  2958465 /* 9999-12-31 */

/* Without blanks around, those of Chinese text and of web pages too. */
static struct span trim_wide(struct span s)
{
    for (;;) {
        size_t before = s.len;
        s = span_trim(s);
        if (span_starts(s, SPAN("\xE3\x80\x80")))
            s = span_from(s.at + 3, s.len - 3);
        if (span_starts(s, SPAN("\xC2\xA0")))
            s = span_from(s.at + 2, s.len - 2);
        if (span_ends(s, SPAN("\xE3\x80\x80")))
            s.len -= 3;
        if (span_ends(s, SPAN("\xC2\xA0")))
            s.len -= 2;
        if (s.len == before)
            return s;
    }
}

/* Nearly every text begins and ends with something else. */
static struct span trim(struct span s)
{
    s = span_trim(s);
    if (s.len == 0)
        return s;
    unsigned char first = (unsigned char)s.at[0], last = (unsigned char)s.at[s.len - 1];
    return first == 0xE3 || first == 0xC2 || last == 0x80 || last == 0xA0 ? trim_wide(s) : s;
}

/* U+FF01..U+FF5E are '!'..'~', U+3000 is a blank. 0 where it is none of them. */
static char half_of(const unsigned char *at)
{
    if (at[0] == 0xE3 && at[1] == 0x80 && at[2] == 0x80)
        return ' ';
    if (at[0] != 0xEF || (at[1] != 0xBC && at[1] != 0xBD))
        return 0;
    int code = (at[1] - 0xBC) * 64 + (at[2] - 0x80) + 0x20;
    return code > 0x20 && code < 0x7F ? (char)code : 0;
}

static struct span half_width(const struct item *item, struct span s)
{
    if (memchr(s.at, 0xEF, s.len) == NULL && memchr(s.at, 0xE3, s.len) == NULL)
        return s;
    char *text = arena_take(&item->normalise->arena, s.len + 1);
    if (text == NULL)
        return s;
    size_t len = 0;
    for (size_t i = 0; i < s.len; i++) {
        char half = i + 2 < s.len ? half_of((const unsigned char *)s.at + i) : 0;
        i += half ? 2 : 0;
        text[len++] = half ? half : s.at[i];
    }
    return span_from(text, len);
}

struct span normalise_value_cell(const struct item *item, int column)
{
    struct span text = item->cells[column];
    if (text.at == NULL)
        return text;
    text = trim(text);
    if (item->mapping->half_width)
        text = trim(half_width(item, text));
    for (size_t i = 0; i < item->mapping->missing_count; i++)
        if (span_equal(text, item->mapping->missing[i]))
            return SPAN_NONE;
    return text;
}

struct span normalise_value_first(const struct item *item, const struct mapping_field *field,
                                  int *column)
{
    *column = field->column_count > 0 ? field->columns[0] : -1;
    for (size_t i = 0; i < field->column_count; i++) {
        struct span text = normalise_value_cell(item, field->columns[i]);
        if (text.at == NULL)
            continue;
        *column = field->columns[i];
        return text;
    }
    return SPAN_NONE;
}

/* Days since 1899-12-30 of the wall clock; the day's part is told to the second. */
static bool parse_excel(const struct item *item, struct span text, int64_t *ms)
{
    struct span rest = text, whole = span_cut(&rest, '.');
    int64_t days, billionths = 0;
    struct civil civil;
    if (whole.len > 7 || !span_to_int64(whole, &days) || days < EXCEL_FIRST || days > EXCEL_LAST)
        return false;
    for (size_t i = 0, unit = 100000000; rest.at && i < rest.len; i++, unit /= 10) {
        if (rest.at[i] < '0' || rest.at[i] > '9')
            return false;
        billionths += (rest.at[i] - '0') * (int64_t)unit;
    }
    int64_t seconds = (billionths * 86400 + 500000000) / 1000000000;
    timestamp_to_civil(((days - EXCEL_EPOCH) * 86400 + seconds) * 1000, 0, &civil);
    return zone_to_utc(item->mapping->zone, &civil, ms);
}

static bool parse_unix(struct span text, int64_t unit_ms, int64_t *ms)
{
    int64_t count;
    return text.len <= 14 && span_to_int64(text, &count) && count >= 0 &&
           !__builtin_mul_overflow(count, unit_ms, ms);
}

static bool is_day_alone(const struct mapping_date *date, struct span text)
{
    return date->day_alone || (date->form == MAPPING_DATE_EXCEL && span_find(text, '.') < 0);
}

bool normalise_value_moment(const struct item *item, const struct mapping_field *field,
                            struct span text, int64_t *ms)
{
    for (size_t i = 0; i < field->date_count; i++) {
        const struct mapping_date *date = &field->dates[i];
        bool good = false;
        switch (date->form) {
        case MAPPING_DATE_PATTERN:
            good = zone_parse(item->mapping->zone, text, date->pattern, ms);
            break;
        case MAPPING_DATE_EXCEL: good = parse_excel(item, text, ms); break;
        case MAPPING_DATE_UNIX: good = parse_unix(text, 1000, ms); break;
        case MAPPING_DATE_UNIX_MS: good = parse_unix(text, 1, ms); break;
        }
        if (good && field->day_end && is_day_alone(date, text))
            *ms += DAY_MS;
        if (good)
            return true;
    }
    return false;
}

bool normalise_value_in(const struct mapping_range *range, int64_t value)
{
    return range->of == MAPPING_RANGE_NONE || (value >= range->from && value <= range->to);
}

static void begin_member(struct item *item, const struct mapping_field *field)
{
    struct strbuf *data = &item->normalise->data;
    if (data->len > 1)
        strbuf_add_char(data, ',');
    strbuf_add(data, field->member);
}

/* The names of the lists that have a word in one of the columns, blanks between them. */
static bool add_flags(struct item *item, const struct mapping_field *field)
{
    struct strbuf *data = &item->normalise->data;
    bool some = false;
    for (size_t w = 0; w < field->word_count; w++) {
        bool met = false;
        for (size_t i = 0; i < field->column_count && !met; i++) {
            struct span text = normalise_value_cell(item, field->columns[i]);
            met = text.at && mapping_words_met(field->words[w], text);
        }
        if (!met)
            continue;
        if (!some)
            begin_member(item, field);
        strbuf_add_char(data, some ? ' ' : '"');
        strbuf_add(data, span_of(field->words[w]->name));
        some = true;
    }
    if (some)
        strbuf_add_char(data, '"');
    return some || !field->required || normalise_reject(item, REJECT_MISSING, field->columns[0]);
}

static bool add_moment(struct item *item, const struct mapping_field *field, struct span text,
                       int column)
{
    struct strbuf *data = &item->normalise->data;
    int64_t ms;
    if (!normalise_value_moment(item, field, text, &ms))
        return normalise_reject(item, REJECT_DATE, column);
    if (!normalise_value_in(&field->range, ms))
        return normalise_reject(item, REJECT_RANGE, column);
    begin_member(item, field);
    strbuf_add_char(data, '"');
    timestamp_add_rfc3339(data, ms);
    strbuf_add_char(data, '"');
    return true;
}

/* Digits alone, however they were grouped: 138-0013-8000, (010) 8888 8888. */
static struct span digits_of(struct item *item, struct span s)
{
    char *text = arena_take(&item->normalise->arena, s.len + 1);
    size_t len = 0;
    if (text == NULL)
        return SPAN_NONE;
    s = half_width(item, s);
    for (size_t i = 0; i < s.len; i++)
        if (s.at[i] >= '0' && s.at[i] <= '9')
            text[len++] = s.at[i];
    return len > 0 ? span_from(text, len) : SPAN_NONE;
}

static bool begins_character(char c)
{
    return ((unsigned char)c & 0xC0) != 0x80;
}

/* At most half of the characters stay, however much the mapping would keep. */
static struct span masked(struct item *item, const struct mapping_field *field, struct span s)
{
    char *text = arena_take(&item->normalise->arena, s.len + 1);
    int64_t count = 0, at = 0;
    size_t len = 0;
    if (text == NULL)
        return SPAN_NONE;
    for (size_t i = 0; i < s.len; i++)
        count += begins_character(s.at[i]);
    int64_t first = field->keep_first < count / 2 ? field->keep_first : count / 2;
    int64_t last = field->keep_last < count / 2 - first ? field->keep_last : count / 2 - first;
    for (size_t i = 0; i < s.len; i++) {
        bool begins = begins_character(s.at[i]);
        at += begins;
        if (at <= first || at > count - last)
            text[len++] = s.at[i];
        else if (begins)
            text[len++] = '*';
    }
    return span_from(text, len);
}

static struct span pseudonym(struct item *item, struct span s)
{
    char *id = arena_take(&item->normalise->arena, DIGEST_ID_LEN + 1);
    if (id == NULL)
        return SPAN_NONE;
    digest_keyed_id(id, item->normalise->pseudonym_key, s);
    return span_from(id, DIGEST_ID_LEN);
}

static bool code_of(struct item *item, const struct mapping_field *field, int column,
                    struct span cell, struct span *code)
{
    bool known = mapping_table_find(field->table, cell, code);
    if (known && code->at)
        return true;
    *code = field->unknown_kept ? cell : span_of(field->unknown);
    return code->at || normalise_reject(item, known ? REJECT_LEVEL : REJECT_CODE, column);
}

/* What stands before the next separator, which is passed over; `rest` is absent behind the last. */
static struct span next_part(const struct mapping_field *field, struct span *rest)
{
    struct span whole = *rest;
    for (size_t at = 0; at < whole.len; at++)
        for (size_t i = 0; i < field->split_count; i++) {
            struct span behind = span_from(whole.at + at, whole.len - at);
            struct span split = span_of(field->splits[i]);
            if (!span_starts(behind, split))
                continue;
            *rest = span_from(behind.at + split.len, behind.len - split.len);
            return span_from(whole.at, at);
        }
    *rest = SPAN_NONE;
    return whole;
}

/* The codes of all parts with a space between them; parts that are empty count for nothing. */
static bool make_codes(struct item *item, const struct mapping_field *field, int column,
                       struct span *text)
{
    struct span rest = *text, code;
    char *codes = arena_take(&item->normalise->arena, (size_t)field->max + 1);
    size_t len = 0;
    if (codes == NULL)
        return normalise_reject(item, REJECT_TOO_LARGE, -1);
    while (rest.at) {
        struct span part = span_trim(next_part(field, &rest));
        if (part.len == 0)
            continue;
        if (!code_of(item, field, column, part, &code))
            return false;
        if (len + (len > 0) + code.len > (size_t)field->max)
            return normalise_reject(item, REJECT_LENGTH, column);
        if (len > 0)
            codes[len++] = ' ';
        memcpy(codes + len, code.at, code.len);
        len += code.len;
    }
    *text = len > 0 ? span_from(codes, len) : SPAN_NONE;
    return true;
}

/* The cell as it goes out; absent without a reject = the record's memory is used up. */
static bool make_text(struct item *item, const struct mapping_field *field, int column,
                      struct span *text)
{
    int64_t number;
    if (field->class_ == MAPPING_MASK)
        *text = masked(item, field, *text);
    if (field->class_ == MAPPING_PSEUDONYM)
        *text = pseudonym(item, *text);
    if (text->at == NULL)
        return normalise_reject(item, REJECT_TOO_LARGE, -1);
    if (field->range.of == MAPPING_RANGE_NUMBER) {
        if (!span_to_millionths(*text, &number))
            return normalise_reject(item, REJECT_NUMBER, column);
        if (!normalise_value_in(&field->range, number))
            return normalise_reject(item, REJECT_RANGE, column);
    }
    if (field->splits)
        return make_codes(item, field, column, text);
    if (field->table && !code_of(item, field, column, *text, text))
        return false;
    return text->len <= (size_t)field->max || normalise_reject(item, REJECT_LENGTH, column);
}

bool normalise_value_add(struct item *item, const struct mapping_field *field)
{
    int column;
    if (field->word_count > 0)
        return add_flags(item, field);
    struct span text = normalise_value_first(item, field, &column);
    if (text.at && field->digits)
        text = digits_of(item, text);
    if (text.at && field->date_count > 0)
        return add_moment(item, field, text, column);
    if (text.at && !make_text(item, field, column, &text))
        return false;
    if (text.at == NULL)
        text = span_of(field->constant ? field->constant : field->fallback);
    if (text.at == NULL)
        return !field->required || normalise_reject(item, REJECT_MISSING, column);
    begin_member(item, field);
    strbuf_add_json(&item->normalise->data, text);
    return true;
}

static bool is_one_of(const struct mapping_condition *condition, struct span text)
{
    for (size_t i = 0; i < condition->value_count; i++)
        if (span_is(text, condition->values[i]))
            return true;
    return false;
}

/* Moments in the forms that hold for `time:` when it says none. */
static bool is_between(const struct item *item, const struct mapping_event *event,
                       const struct mapping_range *range, struct span text)
{
    int64_t value;
    bool good = range->of == MAPPING_RANGE_NUMBER
                    ? span_to_millionths(text, &value)
                    : normalise_value_moment(item, &event->time, text, &value);
    return good && normalise_value_in(range, value);
}

static bool holds(const struct item *item, const struct mapping_event *event,
                  const struct mapping_condition *condition)
{
    struct span text = normalise_value_cell(item, condition->column);
    bool met = text.at != NULL;
    if (met && condition->values)
        met = is_one_of(condition, text);
    else if (met && condition->words)
        met = mapping_words_met(condition->words, text);
    else if (met && condition->range.of != MAPPING_RANGE_NONE)
        met = is_between(item, event, &condition->range, text);
    return met != condition->negated;
}

bool normalise_value_holds(const struct item *item, const struct mapping_event *event)
{
    for (size_t i = 0; i < event->condition_count; i++)
        if (!holds(item, event, &event->conditions[i]))
            return false;
    return true;
}
