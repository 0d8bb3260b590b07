/* SPDX-License-Identifier: Apache-2.0 */
/* Cells to events by a compiled mapping: missing words, code tables, dates, conditions, identity
 * and revision (contracts 2). Only public fields reach an event; what the mapping does not name is
 * gone here. Nothing is written to the outputs before the whole item is known to be good. */
#include <stdio.h>
#include <string.h>

#include "ingest/core/normalise_internal.h"
#include "model/cloudevent.h"
#include "model/ids.h"
#include "model/media_type.h"

#define RECORD_ARENA (4 << 20)
#define TEXT_MAX     (4 << 20)

void normalise_init(struct normalise *normalise, const struct feeds *feeds,
                    const struct kinds *kinds)
{
    memset(normalise, 0, sizeof *normalise);
    normalise->feeds = feeds;
    normalise->kinds = kinds;
    normalise->pseudonym_key = SPAN(NORMALISE_TRY_KEY);
    decode_init(&normalise->decode);
    arena_init(&normalise->arena, RECORD_ARENA);
    strbuf_init(&normalise->data, 4096, TEXT_MAX);
    strbuf_init(&normalise->text, 4096, TEXT_MAX);
}

void normalise_fini(struct normalise *normalise)
{
    decode_fini(&normalise->decode);
    arena_fini(&normalise->arena);
    strbuf_fini(&normalise->data);
    strbuf_fini(&normalise->text);
}

bool normalise_reject(struct item *item, enum reject reject, int column)
{
    struct reject_place *why = item->why;
    why->reject = reject;
    if (column < 0)
        return false;
    const struct decode *decode = &item->normalise->decode;
    decode_pointer(decode, item->mapping, column, why);
    if (item->mapping->format == MAPPING_CSV) {
        why->column = decode->cell_of[column];
        why->byte_offset = decode_csv_offset(decode, column);
    } else {
        why->byte_offset = decode_json_offset(decode, item->cells[column]);
    }
    return false;
}

/* It becomes the case's name in events, which have no control character (event_may_say). */
static bool is_number(struct span text)
{
    bool good = text.at && text.len <= NORMALISE_NUMBER_MAX;
    for (size_t i = 0; good && i < text.len; i++)
        good = (unsigned char)text.at[i] >= 0x20 && text.at[i] != 0x7f;
    return good;
}

/* The first number that is there; the column to blame where there is none. */
static int find_number(struct item *item)
{
    const struct mapping *mapping = item->mapping;
    int column = mapping->numbers[0];
    item->number = SPAN_NONE;
    for (size_t i = 0; i < mapping->number_count && item->number.at == NULL; i++) {
        item->number = normalise_value_cell(item, mapping->numbers[i]);
        column = item->number.at ? mapping->numbers[i] : column;
    }
    return column;
}

/* Of a row whose bytes cannot be read: who asks his computer needs its number. */
static struct span number_of_unreadable(struct item *item)
{
    enum reject reject = item->why->reject;
    struct normalise *normalise = item->normalise;
    if ((reject != REJECT_CHARSET && reject != REJECT_NUL) ||
        item->mapping->format != MAPPING_CSV ||
        !decode_csv_numbers(&normalise->decode, item->mapping, &normalise->arena, normalise->cells))
        return SPAN_NONE;
    find_number(item);
    return is_number(item->number) ? item->number : SPAN_NONE;
}

/* Namespace and number are the case; both stay short enough for a Kafka key and a line. */
static bool read_identity(struct item *item)
{
    const struct mapping *mapping = item->mapping;
    struct span space = span_of(mapping->namespace_);
    int column = find_number(item);
    if (item->number.len == 0 || !is_number(item->number))
        return normalise_reject(item, REJECT_IDENTITY, column);
    size_t len = space.len + 1 + item->number.len;
    char *subject = arena_take(&item->normalise->arena, len);
    if (!subject)
        return normalise_reject(item, REJECT_TOO_LARGE, -1);
    memcpy(subject, space.at, space.len);
    subject[space.len] = ':';
    memcpy(subject + space.len + 1, item->number.at, item->number.len);
    item->subject = span_from(subject, len);
    return true;
}

/* The other numbers the case goes by: "district:A-17;street:3". */
static bool add_aliases(struct item *item)
{
    struct strbuf *data = &item->normalise->data;
    bool some = false;
    for (size_t i = 0; i < item->mapping->alias_count; i++) {
        const struct mapping_alias *alias = &item->mapping->aliases[i];
        struct span number = normalise_value_cell(item, alias->column);
        if (number.at == NULL)
            continue;
        if (!is_number(number) || memchr(number.at, ';', number.len) ||
            span_plain(number) != number.len)
            return normalise_reject(item, REJECT_IDENTITY, alias->column);
        if (!some)
            strbuf_add(data, data->len > 1 ? SPAN(",\"aliases\":\"") : SPAN("\"aliases\":\""));
        else
            strbuf_add_char(data, ';');
        strbuf_add(data, span_of(alias->name));
        strbuf_add_char(data, ':');
        strbuf_add(data, number);
        some = true;
    }
    if (some)
        strbuf_add_char(data, '"');
    return true;
}

/* The source's revision: digits as they are, a time as UTC ms; absent where it says none. */
static bool read_revision(struct item *item)
{
    const struct mapping_field *field = &item->mapping->revision;
    int column;
    int64_t ms;
    char digits[SPAN_DECIMAL];
    struct span text = normalise_value_first(item, field, &column);
    bool all_digits = text.at && text.len > 0 && text.len <= 20;
    for (size_t i = 0; all_digits && i < text.len; i++)
        all_digits = text.at[i] >= '0' && text.at[i] <= '9';
    if (text.at == NULL || all_digits) {
        item->revision_source = text;
        return true;
    }
    if (!normalise_value_moment(item, field, text, &ms) || ms < 0)
        return normalise_reject(item, REJECT_DATE, column);
    item->revision_source = arena_copy(&item->normalise->arena, span_decimal(digits, ms));
    return true;
}

#define DAY_BYTES 16

/* The civil day of a moment, as the feed's clocks have it. */
static struct span day_of(const struct item *item, int64_t ms, char day[DAY_BYTES])
{
    struct civil civil;
    zone_to_civil(item->mapping->zone, ms, &civil);
    int len = snprintf(day, DAY_BYTES, "%04d-%02d-%02d", civil.year % 10000, civil.month % 100,
                       civil.day % 100);
    return span_from(day, (size_t)len);
}

/* An observation's day is of its identity, so a correction never moves it to another day; of a
 * registry's row it is the day from which it holds. */
static void write_id(const struct item *item, const struct mapping_event *event, int64_t time_ms,
                     char id[DIGEST_ID_LEN + 1])
{
    struct span identity[MAPPING_MAX_COLUMNS + 3];
    char row[24], day[DAY_BYTES];
    size_t count = 0;
    for (size_t i = 0; i < item->mapping->identity_count; i++) {
        struct span text = normalise_value_cell(item, item->mapping->identity[i]);
        identity[count++] = text.at ? text : SPAN("");
    }
    if (item->mapping->identity_row) {
        snprintf(row, sizeof row, "%lld", (long long)item->header->row);
        identity[count++] = item->header->upload;
        identity[count++] = span_of(row);
    }
    if (event->family != EVENT_CASE)
        identity[count++] = day_of(item, time_ms, day);
    ids_event(id, span_of(item->mapping->namespace_), item->number, span_of(event->name), identity,
              count);
}

static bool read_time(struct item *item, const struct mapping_event *event, int64_t *ms)
{
    int column;
    struct span text = normalise_value_first(item, &event->time, &column);
    if (text.at == NULL)
        return normalise_reject(item, REJECT_MISSING, column);
    if (!normalise_value_moment(item, &event->time, text, ms))
        return normalise_reject(item, REJECT_DATE, column);
    if (!normalise_value_in(&event->time.range, *ms))
        return normalise_reject(item, REJECT_RANGE, column);
    /* A registry's row may hold from a day to come. */
    if (item->header->replayof.at == NULL && event->family != EVENT_REGISTRY &&
        *ms > item->header->received_ms + NORMALISE_MAX_AHEAD_MS)
        return normalise_reject(item, REJECT_FUTURE, column);
    return true;
}

static struct span registry_key(struct item *item, const struct mapping_event *rule,
                                int64_t time_ms)
{
    char day[DAY_BYTES];
    struct strbuf *data = &item->normalise->data; /* written out already */
    day_of(item, time_ms, day);
    strbuf_reset(data);
    strbuf_addf(data, "%s/%.*s/%s", rule->name, SPAN_ARG(item->number), day);
    return arena_copy(&item->normalise->arena, strbuf_span(data));
}

static bool write_event(struct item *item, const struct mapping_event *rule,
                        struct normalise_event *said)
{
    struct normalise *normalise = item->normalise;
    struct strbuf *data = &normalise->data, *text = &normalise->text;
    char id[DIGEST_ID_LEN + 1], revision[REVISION_LEN + 1];
    size_t begin = text->len;
    int64_t time_ms;
    if (!read_time(item, rule, &time_ms))
        return false;
    strbuf_reset(data);
    strbuf_add_char(data, '{');
    for (size_t i = 0; i < rule->field_count; i++)
        if (!normalise_value_add(item, &rule->fields[i]))
            return false;
    if (!add_aliases(item))
        return false;
    strbuf_add_char(data, '}');
    write_id(item, rule, time_ms, id);
    if (!ids_revision(revision, item->revision_source, item->header->received_ms,
                      item->mapping->version, strbuf_span(data)))
        return normalise_reject(item, REJECT_IDENTITY, -1);
    struct event event = {.family = rule->family,
                          .name = span_of(rule->name),
                          .id = span_of(id),
                          .source = span_of(item->feed->source),
                          .subject = item->subject,
                          .time_ms = time_ms,
                          .recorded_ms = item->header->received_ms,
                          .partitionkey = item->subject,
                          .feed = item->header->feed,
                          .feedversion = item->mapping->version,
                          .party = span_of(item->feed->party),
                          .revision = span_of(revision),
                          .replayof = item->header->replayof,
                          .data_json = strbuf_span(data)};
    event_write(text, &event);
    *said = (struct normalise_event){.subject = item->subject, .family = rule->family};
    bool fits =
        !strbuf_is_full(data) && !strbuf_is_full(text) && text->len - begin <= NORMALISE_EVENT_MAX;
    if (fits && rule->family == EVENT_REGISTRY)
        fits = (said->registry_key = registry_key(item, rule, time_ms)).at != NULL;
    return fits || normalise_reject(item, REJECT_TOO_LARGE, -1);
}

static void write_events(struct item *item, struct normalise_result *result)
{
    struct strbuf *text = &item->normalise->text;
    size_t end[MAPPING_MAX_EVENTS] = {0};
    strbuf_reset(text);
    for (size_t i = 0; i < item->mapping->event_count; i++) {
        const struct mapping_event *rule = &item->mapping->events[i];
        if (!normalise_value_holds(item, rule))
            continue;
        if (!write_event(item, rule, &result->events[result->count])) {
            result->count = 0;
            return;
        }
        end[result->count++] = text->len;
    }
    /* Only now: the text may have moved while it grew. */
    for (size_t i = 0, begin = 0; i < result->count; begin = end[i++])
        result->events[i].json = span_from(text->at + begin, end[i] - begin);
}

/* Whose row it was, where the mapping has a station: of a refused one nothing else is looked at. */
static struct span station_of(const struct item *item)
{
    struct span text = SPAN_NONE;
    int column;
    for (size_t i = 0; i < item->mapping->event_count && !text.at; i++) {
        const struct mapping_event *rule = &item->mapping->events[i];
        for (size_t k = 0; k < rule->field_count && !text.at; k++)
            if (strcmp(rule->fields[k].name, "station") == 0)
                text = normalise_value_first(item, &rule->fields[k], &column);
    }
    return text;
}

static const struct feed *find_feed(struct normalise *normalise, struct span id)
{
    if (normalise->last_feed == NULL || !span_is(id, normalise->last_feed->id))
        normalise->last_feed = feeds_find(normalise->feeds, id);
    return normalise->last_feed;
}

void normalise_item(struct normalise *normalise, const struct raw_header *header, struct span value,
                    struct normalise_result *result)
{
    const struct feed *feed = find_feed(normalise, header->feed);
    const struct mapping *mapping = feed ? feed_mapping(feed, header->mapping) : NULL;
    struct item item = {normalise,    feed,      mapping,   header,   normalise->cells,
                        &result->why, SPAN_NONE, SPAN_NONE, SPAN_NONE};
    result->count = 0;
    result->mapping = mapping;
    result->number = result->station = SPAN_NONE;
    result->why = (struct reject_place){.byte_offset = -1};
    if (mapping == NULL || mapping->namespace_ == NULL) { /* status has none: nobody's feed */
        result->why.reject = REJECT_FEED;
        return;
    }
    if (value.len > NORMALISE_VALUE_MAX) {
        result->why.reject = REJECT_TOO_LARGE;
        return;
    }
    if (mapping->format == MAPPING_CLOUDEVENTS) {
        normalise_cloudevent(normalise, feed, mapping, header, value, result);
        return;
    }
    normalise->decode.enveloped = media_type_is(header->content_type, CLOUDEVENT_TYPE);
    normalise->decode.charset = decode_charset(mapping, header->charset);
    result->why.reject = mapping->format == MAPPING_CSV
                             ? decode_csv(&normalise->decode, mapping, value, &normalise->arena,
                                          normalise->cells, &result->why)
                             : decode_json(&normalise->decode, mapping, value, &normalise->arena,
                                           normalise->cells, &result->why);
    bool has_cells = result->why.reject == REJECT_NONE;
    if (has_cells && read_identity(&item) && read_revision(&item))
        write_events(&item, result);
    if (has_cells && result->why.reject != REJECT_NONE && !header->replayof.at)
        result->station = station_of(&item);
    result->number = item.subject.at ? item.number : number_of_unreadable(&item);
}

void normalise_header(struct normalise *normalise, const struct raw_header *header,
                      struct span line, struct reject_place *why)
{
    const struct feed *feed = feeds_find(normalise->feeds, header->feed);
    const struct mapping *mapping = feed ? feed_mapping(feed, header->mapping) : NULL;
    *why = (struct reject_place){.byte_offset = -1};
    if (mapping == NULL || mapping->format != MAPPING_CSV)
        return;
    normalise->decode.charset = decode_charset(mapping, header->charset);
    why->reject = decode_header(&normalise->decode, mapping, line, &normalise->arena, why);
}
