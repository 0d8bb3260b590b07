/* SPDX-License-Identifier: Apache-2.0 */
/* Call-backs of a generated day, over the shipped configuration: when they are made, what is said,
 * and that ingest's own core takes them. Run from the checkout's root. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "gen/base64.h"
#include "ingest/core/framing.h"

#include "generated_district.h"

static void calls_follow_what_was_done_and_wake_nobody(void **state)
{
    (void)state;
    struct day *week = make(5, 7, 30000);
    size_t ended = 0, called = 0, valid = 0, answers[2][3] = {{0}};
    for (size_t i = 0; i < week->life_count; i++) {
        const struct life *life = &week->lives[i];
        const struct life_review *review = &life->review;
        int64_t resolved = life->turn.kind == TURN_REOPENED ? life->turn.first[LIFE_RESOLVED]
                                                            : life->moment[LIFE_RESOLVED];
        ended += life->fault == LIFE_SOUND && resolved != TIMESTAMP_NONE &&
                 resolved < week->frame.begins_ms + 96 * HOUR;
        if (review->at_ms == TIMESTAMP_NONE)
            continue;
        assert_true(life->fault == LIFE_SOUND && resolved != TIMESTAMP_NONE);
        assert_true(review->at_ms > life_step_end(&week->frame, resolved));
        assert_in_range((review->at_ms / HOUR + LIFE_ZONE_MINUTES / 60) % 24, 9, 19);
        called += resolved < week->frame.begins_ms + 96 * HOUR;
        valid += review->valid;
        answers[review->solved][review->satisfaction] += review->valid;
    }
    assert_in_range(called * 100, ended * 78,
                    ended * 90); /* of those with days left to be called in */
    assert_in_range(valid * 100 / (size_t)week->sums.reviewed, 80, 88);
    assert_true(answers[1][0] > 4 * answers[1][1] && answers[0][2] > 4 * answers[0][0]);
    day_free(week);
}

/* Whose residents are content is not the same everywhere. */
static void units_differ(void **state)
{
    (void)state;
    struct day *week = make(5, 7, 60000);
    size_t good = 0, poor = 0;
    for (size_t i = 0; i < week->sums.unit_count; i++) {
        const struct day_unit *unit = &week->sums.units[i];
        if (unit->valid < 50)
            continue;
        good += unit->solved * 100 > unit->valid * 85;
        poor += unit->solved * 100 < unit->valid * 72;
    }
    assert_true(good > 3 && poor > 3);
    day_free(week);
}

/* The bytes of an upload, as its door frames them. */
static void read_upload(struct span base64, struct strbuf *bytes, struct strbuf *value)
{
    struct framing framing;
    struct framing_item item;
    strbuf_reset(bytes);
    strbuf_reset(value);
    assert_true(base64_read(bytes, base64));
    assert_true(span_starts(strbuf_span(bytes), SPAN("\xEF\xBB\xBF")));
    framing_begin(&framing, FRAMING_CSV, strbuf_span(bytes), 1, -1);
    assert_true(framing_next(&framing, &item));
    framing_write(value, &item);
    assert_false(framing_next(&framing, &item));
}

static bool says(struct span json, const char *name, const char *value)
{
    char member[64];
    int n = snprintf(member, sizeof member, "\"%s\":\"%s\"", name, value);
    return memmem(json.at, json.len, member, (size_t)n) != NULL;
}

static void ingest_reads_what_was_answered(void **state)
{
    (void)state;
    static const char *const words[] = {"satisfied", "acceptable", "dissatisfied"};
    struct day *day = make(5, 0, 20000);
    struct item_writer *writer = item_writer_new();
    struct strbuf text, bytes, value;
    int64_t read = 0;
    strbuf_init(&text, 4096, 65536);
    strbuf_init(&bytes, 4096, 65536);
    strbuf_init(&value, 4096, 65536);
    for (size_t i = 0; i < day->item_count; i++) {
        struct normalise_result result = {0};
        if (day->items[i].kind != DAY_REVIEW)
            continue;
        const struct life_review *review = &day->lives[day->items[i].life].review;
        strbuf_reset(&text);
        item_write(writer, &text, day, &day->items[i]);
        const char *begins = strstr(text.at, "\"item\":\"") + 8;
        read_upload(span_from(begins, (size_t)(text.at + text.len - 3 - begins)), &bytes, &value);
        struct raw_header header = {.feed = SPAN("callbacks"),
                                    .mapping = 1,
                                    .row = 1,
                                    .received_ms = life_received(&day->frame, day->items[i].at_ms)};
        arena_reset(&normalise.arena);
        normalise_item(&normalise, &header, strbuf_span(&value), &result);
        assert_int_equal(result.why.reject, REJECT_NONE);
        bool again = day->lives[day->items[i].life].turn.kind == TURN_REOPENED;
        assert_int_equal(result.count, 1 + again);
        struct span json = result.events[0].json;
        assert_true(says(json, "valid", review->valid ? "yes" : "no"));
        assert_int_equal(says(json, "solved", "yes"), review->valid && review->solved);
        assert_int_equal(says(json, "satisfaction", words[review->satisfaction]), review->valid);
        assert_int_equal(says(json, "contacted", "yes"), review->valid && review->contacted);
        read++;
    }
    assert_true(read > 200);
    assert_int_equal(read, day->sums.reviewed);
    strbuf_fini(&text);
    strbuf_fini(&bytes);
    strbuf_fini(&value);
    item_writer_free(writer);
    day_free(day);
}

/* A district without the feed has as many events and no call-back among them. */
static void who_has_no_call_centre_calls_nobody(void **state)
{
    (void)state;
    pool.calls_back = false;
    struct day *day = make(5, 0, 3000);
    pool.calls_back = true;
    for (size_t i = 0; i < day->item_count; i++)
        assert_true(day->items[i].kind != DAY_REVIEW);
    assert_int_equal(day->sums.reviewed, 0);
    assert_int_equal(day->sums.events, 3000);
    day_free(day);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(calls_follow_what_was_done_and_wake_nobody),
        cmocka_unit_test(units_differ),
        cmocka_unit_test(ingest_reads_what_was_answered),
        cmocka_unit_test(who_has_no_call_centre_calls_nobody),
    };
    return cmocka_run_group_tests(tests, load, unload);
}
