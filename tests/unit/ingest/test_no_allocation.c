/* SPDX-License-Identifier: Apache-2.0 */
/* Every golden input of the shipped feeds, good items and dirty ones, through the door's verdict
 * and the normaliser, twice: the first time the buffers grow to what they need, the second time
 * nothing is taken from the heap. Run from the checkout's root. */
#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../support/alloc_count.h"
#include "base/memory.h"
#include "ingest/core/raw_item.h"

#define RECEIVED  1775000000000 /* 2026-03-31 */
#define MAX_BYTES (1 << 20)

static struct {
    struct diagnostics *diagnostics;
    struct codes *codes;
    struct kinds *kinds;
    struct feeds *feeds;
    struct normalise door, normaliser;
    struct raw_item item;
    long items, rejected, outputs;
} world;

static void count_output(void *carrier, const struct output *output)
{
    (void)carrier;
    (void)output;
    world.outputs++;
}

static enum reject take_item(const struct raw_header *upload, const struct feed *feed,
                             const struct framing_item *framed)
{
    struct outputs outputs = {count_output, NULL};
    struct normalise_result result;
    bool status = feed_mapping_at(feed, RECEIVED)->namespace_ == NULL; /* it has no door of raw */
    raw_item_make(&world.item, upload, feed, framed, &world.door);
    struct record record = {.topic = status ? SPAN("cb.status.s110105001") : SPAN("cb.raw"),
                            .source = status,
                            .timestamp_ms = RECEIVED,
                            .key = span_of(world.item.key),
                            .value = strbuf_span(&world.item.value),
                            .headers = {{SPAN("cb"), strbuf_span(&world.item.header)}},
                            .header_count = 1};
    normalise_record(&world.normaliser, &record, &outputs, &result);
    return result.why.reject;
}

/* What yajl is asked about has no good form: it takes a new handle then, and that is its own. */
static bool is_asked_of_the_parser(enum reject reject)
{
    return reject == REJECT_JSON;
}

static void take_input(const char *path, struct span bytes, bool counted)
{
    struct framing framing;
    struct framing_item framed;
    struct span rest = span_of(path + strlen("config/feeds/cases/"));
    const struct feed *feed = feeds_find(world.feeds, span_cut(&rest, '/'));
    assert_non_null(feed);
    const struct mapping *mapping = feed_mapping_at(feed, RECEIVED);
    assert_non_null(mapping);
    bool csv = mapping->format == MAPPING_CSV;
    const struct raw_header upload = {.feed = span_of(feed->id),
                                      .mapping = mapping->version,
                                      .received_ms = RECEIVED,
                                      .upload = SPAN("u"),
                                      .content_type =
                                          csv ? SPAN("text/csv") : SPAN("application/json")};
    raw_item_begin(&framing, csv ? FRAMING_CSV : FRAMING_LINES, feed, &upload, bytes, 1, -1,
                   &world.door);
    while (framing_next(&framing, &framed)) {
        alloc_count_begin();
        enum reject reject = take_item(&upload, feed, &framed);
        long taken = alloc_count_end();
        world.items += counted;
        world.rejected += counted && reject != REJECT_NONE;
        if (counted && taken > 0 && !is_asked_of_the_parser(reject))
            fail_msg("%s: row %lld (%s): %ld times from the heap", path, (long long)framed.row,
                     reject_name(reject), taken);
    }
}

static void an_item_takes_nothing_from_the_heap_once_the_buffers_are_warm(void **state)
{
    (void)state;
    glob_t found;
    assert_int_equal(glob("config/feeds/cases/*/*/input.*", 0, NULL, &found), 0);
    char *bytes = xmalloc(MAX_BYTES);
    for (int round = 0; round < 2; round++)
        for (size_t i = 0; i < found.gl_pathc; i++) {
            FILE *in = fopen(found.gl_pathv[i], "rb");
            assert_non_null(in);
            size_t len = fread(bytes, 1, MAX_BYTES, in);
            fclose(in);
            take_input(found.gl_pathv[i], span_from(bytes, len), round > 0);
        }
    print_message("%ld items, %ld of them rejected\n", world.items, world.rejected);
    assert_true(world.items > 300 && world.rejected > 100);
    assert_int_equal(world.items > 0, world.outputs > 0);
    free(bytes);
    globfree(&found);
}

/* The counter itself counts. */
static void an_allocation_is_seen(void **state)
{
    (void)state;
    alloc_count_begin();
    char *volatile text = xmalloc(10);
    free(text);
    assert_int_equal(alloc_count_end(), 1);
}

static int load(void **state)
{
    (void)state;
    world.diagnostics = diagnostics_new();
    world.codes = codes_load("config/codes.csv", world.diagnostics);
    world.kinds = world.codes ? kinds_load("config/kinds", world.codes, world.diagnostics) : NULL;
    world.feeds = feeds_load("config/feeds", world.diagnostics);
    if (!world.kinds || !world.feeds)
        return -1;
    normalise_init(&world.door, world.feeds, world.kinds);
    normalise_init(&world.normaliser, world.feeds, world.kinds);
    raw_item_init(&world.item, MAX_BYTES);
    return 0;
}

static int unload(void **state)
{
    (void)state;
    raw_item_fini(&world.item);
    normalise_fini(&world.door);
    normalise_fini(&world.normaliser);
    feeds_free(world.feeds);
    kinds_free(world.kinds);
    codes_free(world.codes);
    diagnostics_free(world.diagnostics);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_allocation_is_seen),
        cmocka_unit_test(an_item_takes_nothing_from_the_heap_once_the_buffers_are_warm),
    };
    return cmocka_run_group_tests(tests, load, unload);
}
