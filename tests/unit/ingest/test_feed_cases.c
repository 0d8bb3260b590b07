/* SPDX-License-Identifier: Apache-2.0 */
/* Every golden case of the shipped feeds:
 * config/feeds/cases/<feed>/<case>/{input.*,expected.jsonl}. Run from the checkout's root. Of an
 * event only the members a line lists are compared. */
#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "ingest/core/framing.h"
#include "ingest/core/normalise.h"

#define RECEIVED  1775000000000 /* 2026-03-31 */
#define MAX_BYTES (1 << 20)

static struct diagnostics *diagnostics;
static struct codes *codes;
static struct kinds *kinds;
static struct feeds *feeds;
static struct normalise normalise;

struct run {
    char where[256];
    char *text;       /* expected.jsonl, owned */
    struct span rest; /* of it */
    struct json_reader *reader;
    struct arena arena;
};

static char *read_file(const char *path, size_t *len)
{
    FILE *in = fopen(path, "rb");
    assert_non_null(in);
    char *text = xmalloc(MAX_BYTES);
    *len = fread(text, 1, MAX_BYTES, in);
    fclose(in);
    return text;
}

static bool same(const struct json_value *wanted, const struct json_value *got)
{
    if (wanted == NULL || got == NULL || wanted->type != got->type ||
        !span_equal(wanted->text, got->text))
        return false;
    for (const struct json_value *one = wanted->first; one; one = one->next)
        if (!same(one, json_get(got, one->key)))
            return false;
    return true;
}

static const struct json_value *next_expected(struct run *run, const char *member)
{
    const struct json_value *root = NULL;
    size_t bad_at;
    struct span line = run->rest.at ? span_cut(&run->rest, '\n') : SPAN("");
    enum reject reject = json_read(run->reader, line, &run->arena, &root, &bad_at);
    const struct json_value *found = reject == REJECT_NONE ? json_get(root, span_of(member)) : NULL;
    if (found == NULL)
        fail_msg("%s: %s came, expected is %.*s", run->where, member, SPAN_ARG(line));
    return found;
}

static void compare(struct run *run, int64_t row, const struct normalise_result *result)
{
    size_t bad_at;
    if (result->why.reject != REJECT_NONE) {
        const struct json_value *wanted = next_expected(run, "reject");
        struct span pointer = json_text(wanted, "pointer");
        int64_t wanted_row = row;
        json_int(wanted, "row", &wanted_row);
        if (!span_is(json_text(wanted, "reason"), reject_name(result->why.reject)) ||
            wanted_row != row || (pointer.at && !span_is(pointer, result->why.pointer)))
            fail_msg("%s: row %d: %s at %s", run->where, (int)row, reject_name(result->why.reject),
                     result->why.pointer);
    }
    for (size_t i = 0; i < result->count; i++) {
        const struct json_value *got = NULL, *wanted = next_expected(run, "event");
        assert_int_equal(json_read(run->reader, result->events[i].json, &run->arena, &got, &bad_at),
                         REJECT_NONE);
        if (!same(wanted, got))
            fail_msg("%s: row %d: %.*s", run->where, (int)row, SPAN_ARG(result->events[i].json));
    }
}

static void take_item(struct run *run, const struct feed *feed, const struct framing_item *item)
{
    const struct mapping *mapping = feed_mapping_at(feed, RECEIVED);
    struct raw_header header = {.feed = span_of(feed->id),
                                .mapping = mapping->version,
                                .row = item->row,
                                .received_ms = RECEIVED};
    struct normalise_result result;
    struct strbuf value;
    strbuf_init(&value, 1024, MAX_BYTES);
    framing_write(&value, item);
    arena_reset(&normalise.arena);
    if (mapping->format == MAPPING_CLOUDEVENTS) {
        struct record record = {.value = strbuf_span(&value)};
        header.unit = SPAN("s110105001");
        normalise_status(&normalise, &header, &record, &result);
    } else {
        normalise_item(&normalise, &header, strbuf_span(&value), &result);
    }
    compare(run, item->row, &result);
    strbuf_fini(&value);
}

static void run_case(const char *input)
{
    struct run run = {.reader = json_reader_new()};
    struct framing framing;
    struct framing_item item;
    char path[512], *bytes;
    size_t len, folder = (size_t)(strrchr(input, '/') - input);
    struct span rest = span_of(input + strlen("config/feeds/cases/"));
    const struct feed *feed = feeds_find(feeds, span_cut(&rest, '/'));
    assert_non_null(feed);
    snprintf(run.where, sizeof run.where, "%.*s", (int)folder, input);
    snprintf(path, sizeof path, "%s/expected.jsonl", run.where);
    run.text = read_file(path, &len);
    run.rest = span_trim(span_from(run.text, len));
    arena_init(&run.arena, 4 << 20);
    bytes = read_file(input, &len);
    bool csv = feed_mapping_at(feed, RECEIVED)->format == MAPPING_CSV;
    framing_begin(&framing, csv ? FRAMING_CSV : FRAMING_LINES, span_from(bytes, len), 1, -1);
    while (framing_next(&framing, &item))
        take_item(&run, feed, &item);
    if (run.rest.len > 0)
        fail_msg("%s: did not come: %.*s", run.where, SPAN_ARG(run.rest));
    arena_fini(&run.arena);
    json_reader_free(run.reader);
    free(run.text);
    free(bytes);
}

static void every_case_of_the_shipped_feeds_comes_out_as_written(void **state)
{
    (void)state;
    glob_t found;
    assert_int_equal(glob("config/feeds/cases/*/*/input.*", 0, NULL, &found), 0);
    assert_true(found.gl_pathc >= 10);
    for (size_t i = 0; i < found.gl_pathc; i++)
        run_case(found.gl_pathv[i]);
    globfree(&found);
}

static void every_stage_of_the_shipped_feeds_is_its_kinds(void **state)
{
    (void)state;
    assert_true(feeds_check_kinds(feeds, kinds, diagnostics));
}

static int load(void **state)
{
    (void)state;
    diagnostics = diagnostics_new();
    codes = codes_load("config/codes.csv", diagnostics);
    kinds = codes ? kinds_load("config/kinds", codes, diagnostics) : NULL;
    feeds = feeds_load("config/feeds", diagnostics);
    if (kinds && feeds)
        normalise_init(&normalise, feeds, kinds);
    return kinds && feeds ? 0 : -1;
}

static int unload(void **state)
{
    (void)state;
    normalise_fini(&normalise);
    feeds_free(feeds);
    kinds_free(kinds);
    codes_free(codes);
    diagnostics_free(diagnostics);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_case_of_the_shipped_feeds_comes_out_as_written),
        cmocka_unit_test(every_stage_of_the_shipped_feeds_is_its_kinds),
    };
    return cmocka_run_group_tests(tests, load, unload);
}
