/* SPDX-License-Identifier: Apache-2.0 */
#include "citybrain/dead_letter.h"

#include "citybrain/progress.h"
#include "kafka/log_search.h"

#define ARENA_BYTES (1 << 18)

bool dead_letter_read(struct dead_letter *letter, const struct record *record,
                      struct json_reader *reader, struct arena *arena)
{
    *letter = (struct dead_letter){.partition = record->partition,
                                   .offset = record->offset,
                                   .at_ms = record->timestamp_ms,
                                   .key = record->key,
                                   .value = record->value,
                                   .cb = record_header(record, "cb")};
    return letter->cb.at &&
           dead_header_read(reader, letter->cb, arena, &letter->header) == REJECT_NONE;
}

bool dead_letter_is_asked(const struct dead_letter *letter, const struct dead_filter *filter)
{
    if (filter->partition >= 0)
        return letter->partition == filter->partition && letter->offset == filter->offset;
    return (!filter->feed || span_is(letter->header.raw.feed, filter->feed)) &&
           (filter->code == REJECT_NONE || letter->header.why.reject == filter->code) &&
           letter->at_ms >= filter->since_ms && letter->at_ms < filter->until_ms;
}

bool dead_letter_place(struct span text, int64_t *partition, int64_t *offset)
{
    struct span rest = text, first = span_cut(&rest, '/');
    return rest.at && span_to_int64(first, partition) && span_to_int64(rest, offset) &&
           *partition >= 0 && *offset >= 0;
}

struct reading {
    const struct dead_filter *filter;
    dead_letter_fn *each;
    void *context;
    struct json_reader *reader;
    struct arena arena;
    int64_t strange;
    struct progress progress;
};

static bool take(void *context, const struct log_search_record *record)
{
    struct reading *reading = context;
    struct dead_letter letter;
    progress_show_late(&reading->progress, record->done, record->total);
    arena_reset(&reading->arena);
    if (!dead_letter_read(&letter, record->whole, reading->reader, &reading->arena)) {
        reading->strange++;
        return true;
    }
    return !dead_letter_is_asked(&letter, reading->filter) ||
           reading->each(reading->context, &letter);
}

bool dead_letter_each(const struct kafka_settings *settings, const struct dead_filter *filter,
                      dead_letter_fn *each, void *context, int64_t *strange, struct error *error)
{
    struct reading reading = {
        .filter = filter, .each = each, .context = context, .reader = json_reader_new()};
    arena_init(&reading.arena, ARENA_BYTES);
    progress_begin(&reading.progress, "dead", 1);
    int64_t from_ms = filter->partition < 0 && filter->since_ms > 0 ? filter->since_ms : 0;
    bool good = log_search_since(settings, "dead", from_ms, take, &reading, error);
    progress_end_late(&reading.progress, good ? "read" : "not read to its end");
    *strange = reading.strange;
    arena_fini(&reading.arena);
    json_reader_free(reading.reader);
    return good;
}
