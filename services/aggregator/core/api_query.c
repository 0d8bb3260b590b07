/* SPDX-License-Identifier: Apache-2.0 */
/* Values stay the spans they came as; what is compared or added up is read here, once. */
#include "aggregator/core/api_query.h"

#include <assert.h>
#include <string.h>

#include "aggregator/core/api_place.h"
#include "base/timestamp.h"

#define MOST_CODE  ((size_t)200)
#define MOST_CODES ((size_t)2000)
#define DAY_MS     INT64_C(86400000)

void api_query_begin(struct api_query *query, const struct api_parameter *table, size_t count,
                     int zone_minutes)
{
    assert(count <= API_QUERY_MOST);
    *query = (struct api_query){.count = count, .zone_minutes = zone_minutes};
    if (count)
        memcpy(query->table, table, count * sizeof *table);
}

static bool is_code(struct span text)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.at[i];
        if (c < 0x80 && !strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "_.:-/#+",
                                c))
            return false;
    }
    return text.len > 0 && text.len <= MOST_CODE;
}

static bool is_word(struct span text, const char *words)
{
    struct span rest = span_of(words);
    while (rest.at)
        if (span_equal(span_cut(&rest, ' '), text))
            return text.len > 0;
    return false;
}

static bool is_list(const struct api_parameter *parameter, struct span text)
{
    if (text.len > MOST_CODES)
        return false;
    while (text.at) {
        struct span one = span_cut(&text, ',');
        if (parameter->form == API_WORDS ? !is_word(one, parameter->words) : !is_code(one))
            return false;
    }
    return true;
}

/* PostgreSQL's calendar has no year 0. */
static bool has_year(struct span text)
{
    return !span_starts(text, SPAN("0000-"));
}

static bool read_date(struct span text, int zone_minutes, int64_t *ms)
{
    return text.len == 10 && has_year(text) && timestamp_parse(text, "%Y-%m-%d", zone_minutes, ms);
}

/* "ms.what stands behind". */
static bool read_key(struct api_value *value)
{
    value->rest = value->text;
    struct span number = span_cut(&value->rest, '.');
    return span_to_int64(number, &value->number) && value->rest.len > 0 && value->rest.len <= 1024;
}

static bool read_value(const struct api_query *query, const struct api_parameter *parameter,
                       struct api_value *value)
{
    struct span text = value->text;
    struct api_place place;
    switch (parameter->form) {
    case API_CODE: return is_code(text);
    case API_CODES:
    case API_WORDS: return is_list(parameter, text);
    case API_WORD: return is_word(text, parameter->words);
    case API_LANGUAGE: return span_is(text, "zh") || span_is(text, "en");
    case API_NUMBER:
        return span_to_int64(text, &value->number) && value->number >= parameter->least &&
               value->number <= parameter->most;
    case API_DATE:
        if (!read_date(text, 0, &value->number))
            return false;
        value->number /= DAY_MS;
        return true;
    case API_MOMENT:
        return read_date(text, query->zone_minutes, &value->number) ||
               (has_year(text) && timestamp_parse_rfc3339(text, &value->number));
    case API_KEY: return read_key(value);
    case API_PLACE: return api_place_read(&place, text);
    case API_ADDRESS: return text.at[0] != '/' && !span_starts(text, SPAN("together"));
    case API_TEXT: break;
    }
    return text.len <= MOST_CODES;
}

static bool refuse(struct api_query *query, struct span name, int fault)
{
    query->bad = name;
    query->fault = fault;
    return false;
}

bool api_query_take(struct api_query *query, struct span name, struct span value)
{
    for (size_t i = 0; i < query->count; i++) {
        if (!span_is(name, query->table[i].name))
            continue;
        struct api_value *taken = &query->value[i];
        if (taken->text.at && query->table[i].form != API_ADDRESS)
            return refuse(query, name, API_QUERY_TWICE);
        if (value.len == 0) /* "unit=" asks for nothing */
            return true;
        taken->text = value;
        return read_value(query, &query->table[i], taken) || refuse(query, name, API_QUERY_FORM);
    }
    return refuse(query, name, API_QUERY_UNKNOWN);
}

const struct api_value *api_query_get(const struct api_query *query, const char *name)
{
    for (size_t i = 0; i < query->count; i++)
        if (strcmp(query->table[i].name, name) == 0)
            return &query->value[i];
    assert(!"a parameter of the table");
    return NULL;
}

int64_t api_query_number(const struct api_query *query, const char *name, int64_t otherwise)
{
    const struct api_value *value = api_query_get(query, name);
    return value->text.at ? value->number : otherwise;
}

static void add_form(struct strbuf *out, const struct api_parameter *parameter, bool english)
{
    static const char *const forms[][2] = {
        [API_CODE] = {"一个代码", "one code"},
        [API_CODES] = {"一个或多个代码，以逗号分隔", "codes, separated by commas"},
        [API_WORD] = {"取其一：", "one of "},
        [API_WORDS] = {"可取（以逗号分隔）：", "a list, separated by commas, of "},
        [API_NUMBER] = {"整数，", "a whole number from "},
        [API_DATE] = {"日期，如 2026-03-01", "a date, as 2026-03-01"},
        [API_MOMENT] = {"日期或 RFC 3339 时间，如 2026-03-01T08:00:00%2B08:00",
                        "a date or an RFC 3339 time, as 2026-03-01T08:00:00%2B08:00"},
        [API_LANGUAGE] = {"zh 或 en", "zh or en"},
        [API_KEY] = {"上一页给出的 next，原样填写", "the `next` of the page before, as it was"},
        [API_PLACE] = {"上一次给出的 next，原样填写", "the `next` of the answer before, as it was"},
        [API_ADDRESS] = {"/api/ 下的地址，须编码，如 views/inflow%3Fby%3Dhour；可多次出现",
                         "an address below /api/, encoded, as views/inflow%3Fby%3Dhour; several "
                         "times if you like"},
        [API_TEXT] = {"较短的文字", "a shorter text"},
    };
    strbuf_add(out, span_of(forms[parameter->form][english]));
    if (parameter->form == API_NUMBER)
        strbuf_addf(out, english ? "%lld to %lld" : "%lld 至 %lld", (long long)parameter->least,
                    (long long)parameter->most);
    if (parameter->form == API_WORD || parameter->form == API_WORDS)
        strbuf_add(out, span_of(parameter->words));
}

static void add_sentence(const struct api_query *query, bool english, struct strbuf *out)
{
    strbuf_addf(out, english ? "%.*s: " : "%.*s：", SPAN_ARG(query->bad));
    switch (query->fault) {
    case API_QUERY_GOOD: return;
    case API_QUERY_TWICE:
        strbuf_add(out, english ? SPAN("given twice; once is enough") : SPAN("只能出现一次"));
        return;
    case API_QUERY_UNKNOWN:
        strbuf_add(out, english ? SPAN("no such parameter here; there are")
                                : SPAN("此处无该参数；可用："));
        for (size_t i = 0; i < query->count; i++)
            strbuf_addf(out, "%s%s", i ? ", " : english ? " " : "", query->table[i].name);
        if (query->count == 0)
            strbuf_add(out, english ? SPAN(" none") : SPAN("无"));
        return;
    case API_QUERY_FORM: break;
    }
    for (size_t i = 0; i < query->count; i++)
        if (span_is(query->bad, query->table[i].name))
            add_form(out, &query->table[i], english);
}

void api_query_write_fault(const struct api_query *query, enum language language,
                           struct strbuf *out)
{
    if (language != LANGUAGE_ENGLISH)
        add_sentence(query, false, out);
    if (language == LANGUAGE_BOTH)
        strbuf_add(out, SPAN(" / "));
    if (language != LANGUAGE_CHINESE)
        add_sentence(query, true, out);
}
