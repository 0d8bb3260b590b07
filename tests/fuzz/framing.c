/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as an upload: read in pieces they are the same items, rows and offsets as in one; each
 * item becomes one raw record, whose verdict at the door is the normaliser's, and from which come
 * events that can be read, or one dead letter with its bytes. */
#include <string.h>

#include "fuzz.h"
#include "ingest/core/item_reader.h"
#include "ingest/core/raw_item.h"

#define RECEIVED 1772420400000
#define MOST     (1 << 16)

static const char csv_feed[] =
    "feed: c\nversions:\n  - version: 1\n    valid_from: 2020-01-01\n    format: csv\n"
    "    charset: gb18030\n    separator: \"|\"\n    zone: Asia/Shanghai\n"
    "    namespace: request:x\n    number: no\n    revision: rev\n    events:\n"
    "      - stage: opened\n        time: at\n        data:\n          lead: { from: lead }\n"
    "      - stage: resolved\n        when: { done: present }\n        time: done\n";
static const char json_feed[] =
    "feed: j\nversions:\n  - version: 1\n    valid_from: 2020-01-01\n    format: ndjson\n"
    "    charset: utf-8\n    zone: Asia/Shanghai\n    namespace: request:x\n    number: no\n"
    "    events:\n      - stage: opened\n        time: at\n        data:\n"
    "          lead: { from: lead, max: 256 }\n          text: { from: /a/b, class: drop }\n";

static struct world {
    struct feeds *feeds[2];
    struct normalise door[2], normaliser[2];
    struct raw_item item;
    struct diagnostics *diagnostics;
    struct codes *codes;
    struct json_reader *reader;
    struct arena arena;
    struct span value; /* of the record that is read */
    int events, dead;
    bool ready;
} world;

static void set_up(void)
{
    struct diagnostics *diagnostics = world.diagnostics = diagnostics_new();
    struct codes *codes = world.codes = codes_load("config/codes.csv", diagnostics);
    struct kinds *kinds = codes ? kinds_load("config/kinds", codes, diagnostics) : NULL;
    for (int i = 0; i < 2; i++) {
        world.feeds[i] = feeds_parse("f.yaml", span_of(i ? json_feed : csv_feed), diagnostics);
        HOLDS(world.feeds[i] && kinds);
        normalise_init(&world.door[i], world.feeds[i], kinds);
        normalise_init(&world.normaliser[i], world.feeds[i], kinds);
    }
    raw_item_init(&world.item, 4 << 20);
    world.reader = json_reader_new();
    arena_init(&world.arena, 8 << 20);
    world.ready = true;
}

static void take(void *carrier, const struct output *output)
{
    struct event event;
    (void)carrier;
    if (output->stream == NORMALISE_DEAD) {
        world.dead++;
        HOLDS(span_equal(output->value, world.value));
        return;
    }
    world.events++;
    arena_reset(&world.arena);
    HOLDS(event_read(world.reader, output->value, &world.arena, &event) == REJECT_NONE);
    HOLDS(span_starts(event.subject, SPAN("request:x:")));
}

static void normalise_one(int feed, struct span value)
{
    struct outputs outputs = {take, NULL};
    struct normalise_result result;
    struct record record = {.topic = SPAN("cb.raw"),
                            .value = value,
                            .headers = {{SPAN("cb"), strbuf_span(&world.item.header)}},
                            .header_count = 1};
    world.value = value;
    world.events = world.dead = 0;
    normalise_record(&world.normaliser[feed], &record, &outputs, &result);
    HOLDS(result.why.reject == world.item.why.reject);
    HOLDS(world.dead == (result.why.reject != REJECT_NONE));
    HOLDS(world.events == (int)result.count);
    HOLDS(world.item.why.byte_offset < (long long)value.len + 1);
}

static void check_pieces(struct span input, enum framing_form form, struct csv_form csv,
                         size_t piece)
{
    struct framing whole;
    struct framing_item one, other;
    struct item_reader reader;
    item_reader_init(&reader, form, piece, MOST);
    reader.csv = csv;
    framing_begin(&whole, form, input, 1, -1);
    whole.csv = csv;
    for (;;) {
        enum item_reader_step step = item_reader_next(&reader, &other);
        if (step == ITEM_READER_FEED) {
            size_t room;
            char *at = item_reader_room(&reader, &room);
            size_t bytes = piece < input.len ? piece : input.len;
            bytes = bytes < room ? bytes : room;
            memcpy(at, input.at, bytes);
            input = span_from(input.at + bytes, input.len - bytes);
            item_reader_fed(&reader, bytes);
            continue;
        }
        if (step == ITEM_READER_LONG)
            break;
        HOLDS((step == ITEM_READER_ITEM) == framing_next(&whole, &one));
        if (step == ITEM_READER_END)
            break;
        HOLDS(span_equal(one.header, other.header) && span_equal(one.body, other.body));
        HOLDS(one.row == other.row && one.byte_offset == other.byte_offset);
    }
    item_reader_fini(&reader);
}

static void check_items(struct span input, enum framing_form form, int feed, struct span charset)
{
    struct framing framing;
    struct framing_item item;
    int64_t rows = 0;
    const struct raw_header upload = {.feed = feed ? SPAN("j") : SPAN("c"),
                                      .mapping = 1,
                                      .received_ms = RECEIVED,
                                      .upload = SPAN("u"),
                                      .charset = charset,
                                      .content_type =
                                          feed ? SPAN("application/json") : SPAN("text/csv")};
    raw_item_begin(&framing, form, feeds_find(world.feeds[feed], upload.feed), &upload, input, 1,
                   -1, &world.door[feed]);
    while (framing_next(&framing, &item)) {
        HOLDS(item.row == ++rows || item.row == 0);
        raw_item_make(&world.item, &upload, feeds_find(world.feeds[feed], upload.feed), &item,
                      &world.door[feed]);
        HOLDS(world.item.offset >= 0 && world.item.offset <= (int64_t)input.len);
        normalise_one(feed, strbuf_span(&world.item.value));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char separators[] = ",;\t|";
    struct span input = fuzz_input(data, size);
    unsigned choice = fuzz_choice(&input), piece = fuzz_choice(&input);
    enum framing_form form = (enum framing_form)(choice % 4);
    struct csv_form csv = {separators[choice >> 2 & 3], choice & 16};
    if (!world.ready)
        set_up();
    check_pieces(input, form, csv, piece + 1);
    check_items(input, form, form != FRAMING_CSV, choice & 32 ? SPAN("utf-8") : SPAN_NONE);
    return 0;
}
