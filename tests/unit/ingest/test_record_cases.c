/* SPDX-License-Identifier: Apache-2.0 */
/* Golden cases of whole records, for what no file of items can show:
 * tests/golden/reasons/records/<case>/record.json (topic, header cb, value, poison: it killed the
 * core three times), and expected.json: members of its dead letter's header. Run from the
 * checkout's root. */
#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "ingest/core/normalise.h"

#define RECEIVED  1775000000000 /* 2026-03-31 */
#define MAX_BYTES (64 << 10)

struct bench {
    struct diagnostics *diagnostics;
    struct codes *codes;
    struct kinds *kinds;
    struct feeds *feeds;
    struct normalise normalise;
    struct json_reader *reader;
    struct arena arena;
    char record[MAX_BYTES], expected[MAX_BYTES], cb[4096], value[MAX_BYTES];
    char receipt[4096], unit[64];
    size_t count, receipts;
    int stream;
};

static const struct json_value *read_json(struct bench *bench, const char *folder, const char *name,
                                          char text[MAX_BYTES])
{
    char path[512];
    const struct json_value *root = NULL;
    size_t bad_at;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *in = fopen(path, "rb");
    if (!in)
        fail_msg("%s cannot be read", path);
    size_t len = fread(text, 1, MAX_BYTES, in);
    fclose(in);
    if (json_read(bench->reader, span_from(text, len), &bench->arena, &root, &bad_at) !=
        REJECT_NONE)
        fail_msg("%s is no JSON", path);
    return root;
}

static void take(void *carrier, const struct output *output)
{
    struct bench *bench = carrier;
    if (output->stream == NORMALISE_RECEIPTS) {
        bench->receipts++;
        span_to_cstr(output->value, bench->receipt, sizeof bench->receipt);
        span_to_cstr(output->suffix, bench->unit, sizeof bench->unit);
        return;
    }
    bench->count++;
    bench->stream = output->stream;
    span_to_cstr(output->headers[0].value, bench->cb, sizeof bench->cb);
    span_to_cstr(output->value, bench->value, sizeof bench->value);
}

static void run_case(struct bench *bench, const char *folder)
{
    struct outputs outputs = {take, bench};
    struct normalise_result result;
    const struct json_value *header = NULL;
    size_t bad_at;
    arena_reset(&bench->arena);
    const struct json_value *said = read_json(bench, folder, "record.json", bench->record);
    const struct json_value *wanted = read_json(bench, folder, "expected.json", bench->expected);
    struct span cb = json_text(said, "cb"), value = json_text(said, "value");
    struct record record = {.topic = json_text(said, "topic"),
                            .timestamp_ms = RECEIVED,
                            .value = value,
                            .headers = {{SPAN("cb"), cb}},
                            .header_count = cb.at != NULL};
    record.source = span_starts(record.topic, SPAN("cb.status."));
    bench->count = bench->receipts = 0;
    if (json_get(said, SPAN("poison")))
        normalise_poison(&bench->normalise, &record, &outputs, &result);
    else
        normalise_record(&bench->normalise, &record, &outputs, &result);
    assert_int_equal(bench->count, 1);
    assert_int_equal(bench->stream, NORMALISE_DEAD);
    assert_true(span_is(value, bench->value));
    /* whoever produced it himself has no other answer */
    assert_int_equal(bench->receipts, record.source != 0 && !cb.at);
    if (bench->receipts) {
        assert_string_equal(bench->unit, "s110105001");
        assert_non_null(
            strstr(bench->receipt, "\"reason\":\"unreadable\",\"detail\":\"unknown_stage\""));
        assert_non_null(strstr(bench->receipt, "\"topic\":\"cb.status.s110105001\""));
    }
    assert_int_equal(json_read(bench->reader, span_of(bench->cb), &bench->arena, &header, &bad_at),
                     REJECT_NONE);
    for (const struct json_value *one = wanted->first; one; one = one->next) {
        const struct json_value *got = json_get(header, one->key);
        if (!got || !span_equal(got->text, one->text))
            fail_msg("%s: %.*s: %s", folder, SPAN_ARG(one->key), bench->cb);
    }
}

static void every_record_comes_out_as_written(void **state)
{
    static struct bench bench;
    glob_t found;
    (void)state;
    bench.diagnostics = diagnostics_new();
    bench.codes = codes_load("config/codes.csv", bench.diagnostics);
    bench.kinds = kinds_load("config/kinds", bench.codes, bench.diagnostics);
    bench.feeds = feeds_load("config/feeds", bench.diagnostics);
    assert_non_null(bench.feeds);
    normalise_init(&bench.normalise, bench.feeds, bench.kinds);
    bench.reader = json_reader_new();
    arena_init(&bench.arena, 1 << 20);
    assert_int_equal(glob("tests/golden/reasons/records/*", 0, NULL, &found), 0);
    assert_true(found.gl_pathc >= 5);
    for (size_t i = 0; i < found.gl_pathc; i++)
        run_case(&bench, found.gl_pathv[i]);
    globfree(&found);
    arena_fini(&bench.arena);
    json_reader_free(bench.reader);
    normalise_fini(&bench.normalise);
    feeds_free(bench.feeds);
    kinds_free(bench.kinds);
    codes_free(bench.codes);
    diagnostics_free(bench.diagnostics);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_record_comes_out_as_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
