/* SPDX-License-Identifier: Apache-2.0 */
/* A generated day over the shipped configuration, judged by ingest's own core. Run from the
 * checkout's root. */
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

static struct arena arena;
static struct json_reader *reader;
static struct item_writer *writer;
static bool by_csv; /* days made from now on */

static int load_all(void **state)
{
    arena_init(&arena, 1 << 20);
    reader = json_reader_new();
    writer = item_writer_new();
    return load(state);
}

static int unload_all(void **state)
{
    json_reader_free(reader);
    item_writer_free(writer);
    arena_fini(&arena);
    return unload(state);
}

static struct day *one_day(uint64_t seed, int64_t events, int64_t clock_ms)
{
    struct life_day frame = {.seed = seed,
                             .begins_ms = ENDS - 24 * HOUR,
                             .ends_ms = ENDS,
                             .step_ms = 10 * MINUTE,
                             .clock_ms = clock_ms,
                             .csv = by_csv};
    return day_new(&frame, &pool, events);
}

static struct day *usual(void)
{
    return one_day(7, 3000, TIMESTAMP_NONE);
}

/* Days as a district lives them: test_scenes.c says how. */
static struct day *lived(uint64_t seed, int64_t days, int64_t events, int64_t clock_ms)
{
    struct life_day frame = {.seed = seed,
                             .begins_ms = ENDS - days * 24 * HOUR,
                             .ends_ms = ENDS,
                             .step_ms = 10 * MINUTE,
                             .clock_ms = clock_ms,
                             .csv = true,
                             .span.days = days};
    return day_new(&frame, &pool, events);
}

static char *text_of(const struct day *day, size_t *len)
{
    char *text;
    FILE *out = open_memstream(&text, len);
    assert_true(day_write(day, out));
    fclose(out);
    return text;
}

static void the_same_seed_is_the_same_day(void **state)
{
    (void)state;
    size_t first_len, second_len, other_len;
    struct day *first = usual(), *second = usual(), *other = one_day(8, 3000, TIMESTAMP_NONE);
    char *a = text_of(first, &first_len), *b = text_of(second, &second_len);
    char *c = text_of(other, &other_len);
    assert_int_equal(first_len, second_len);
    assert_memory_equal(a, b, first_len);
    assert_true(other_len != first_len || memcmp(a, c, first_len) != 0);
    free(a);
    free(b);
    free(c);
    day_free(first);
    day_free(second);
    day_free(other);
}

struct line {
    int64_t at, time; /* time: a status' own */
    struct span to, item, number;
    bool row, upload, csv; /* csv: an order's */
};

/* The bytes of an upload, in the arena; the number is its row's first cell. */
static void read_upload(struct line *line, struct span item)
{
    struct strbuf bytes;
    strbuf_init(&bytes, 4096, 65536);
    assert_true(base64_read(&bytes, item));
    line->upload = true;
    line->csv = span_is(line->to, "/v1/feeds/hotline_csv");
    assert_true(line->csv || span_is(line->to, "/v1/feeds/callbacks"));
    line->item = arena_copy(&arena, strbuf_span(&bytes));
    strbuf_fini(&bytes);
    struct span rest = line->item;
    span_cut(&rest, '\n');
    line->number = span_cut(&rest, ',');
}

static struct line read_line(const struct day *day, size_t index)
{
    static struct strbuf text;
    const struct json_value *root, *item;
    struct line line = {0};
    size_t bad_at;
    arena_reset(&arena);
    if (!text.at)
        strbuf_init(&text, 4096, 65536);
    strbuf_reset(&text);
    item_write(writer, &text, day, &day->items[index]);
    assert_int_equal(text.at[text.len - 1], '\n');
    struct span whole = span_from(text.at, text.len - 1);
    assert_int_equal(json_read(reader, whole, &arena, &root, &bad_at), REJECT_NONE);
    item = json_get(root, SPAN("item"));
    assert_non_null(item);
    assert_true(json_int(root, "at", &line.at));
    line.to = json_text(root, "to");
    line.row = span_starts(line.to, SPAN("/v1/feeds/"));
    if (json_text(root, "type").at) {
        read_upload(&line, item->text);
        return line;
    }
    line.number = json_text(item, line.row ? "工单编号" : "case");
    const char *begins = strstr(text.at, "\"item\":") + 7;
    line.item = span_from(begins, (size_t)(text.at + text.len - 2 - begins));
    if (!line.row) {
        assert_true(timestamp_parse_rfc3339(json_text(item, "time"), &line.time));
        assert_true(span_starts(line.number, SPAN(ITEM_CASES)));
        line.number = span_from(line.number.at + sizeof ITEM_CASES - 1,
                                line.number.len - sizeof ITEM_CASES + 1);
    }
    return line;
}

static void items_are_in_order_of_time_and_within_the_day(void **state)
{
    (void)state;
    struct day *day = usual();
    int64_t before = ENDS - 24 * HOUR;
    for (size_t i = 0; i < day->item_count; i++) {
        struct line line = read_line(day, i);
        assert_true(line.at >= before && line.at < ENDS);
        before = line.at;
    }
    assert_int_equal(day->sums.last_ms, ENDS);
    day_free(day);
}

/* Number -> the step in which its row first came. Numbers end in their position from 1. */
static size_t position(struct span number)
{
    return (size_t)strtoul(number.at + number.len - 6, NULL, 10);
}

static void a_status_lies_in_a_later_step_than_what_it_follows(void **state)
{
    (void)state;
    struct day *day = usual();
    int64_t *step = xcalloc(day->life_count + 1, sizeof *step);
    size_t statuses = 0;
    for (size_t i = 0; i < day->item_count; i++) {
        struct line line = read_line(day, i);
        if (!line.number.len)
            continue;
        int64_t now = line.at / (10 * MINUTE), *last = &step[position(line.number)];
        if (!line.row) {
            assert_true(*last > 0 && now > *last);
            assert_int_equal(line.time, line.at);
            statuses++;
        }
        if (day->items[i].kind == DAY_STATUS || *last == 0)
            *last = now;
    }
    assert_int_equal(statuses, day->sums.statuses + day->sums.desk + day->sums.foreign +
                                   day->sums.rejects[LIFE_FAULTS]);
    free(step);
    day_free(day);
}

static void the_silent_station_is_silent(void **state)
{
    (void)state;
    size_t len;
    struct day *day = one_day(7, 25000, TIMESTAMP_NONE);
    char *text = text_of(day, &len), code[64];
    size_t heard = 0;
    for (size_t i = 0; i < pool.station_count; i++) {
        snprintf(code, sizeof code, "\"上报站点\":\"%.*s\"", SPAN_ARG(pool.stations[i]));
        bool found = strstr(text, code) != NULL;
        heard += found;
        assert_true(!found || i != day->frame.silent);
    }
    for (size_t i = 0; i < pool.place_count; i++)
        if (pool.places[i].station == day->frame.silent) {
            snprintf(code, sizeof code, "\"%.*s\"", SPAN_ARG(pool.places[i].code));
            assert_null(strstr(text, code));
        }
    assert_int_equal(heard, pool.station_count - 1);
    free(text);
    day_free(day);
}

static void the_orders_come_from_every_street(void **state)
{
    (void)state;
    struct day *day = usual();
    size_t streets = 0;
    for (size_t i = 0; i < pool.place_count; i++) {
        bool first = i == 0 || !span_equal(pool.places[i].street, pool.places[i - 1].street);
        bool found = false;
        for (size_t n = 0; first && n < day->life_count && !found; n++)
            found = day->lives[n].place != POOL_NONE &&
                    span_equal(pool.places[day->lives[n].place].street, pool.places[i].street);
        streets += found;
    }
    assert_int_equal(streets, 43);
    day_free(day);
}

/* What ingest makes of the day: verdicts, and the distinct events that come of it. */
struct verdicts {
    int64_t accepted, rejected;
    char **ids;
    size_t id_count;
};

/* The one item of a row's request, as its door writes it to raw. */
static void frame(const struct line *line, struct strbuf *value)
{
    struct framing framing;
    struct framing_item item;
    framing_begin(&framing, line->upload ? FRAMING_CSV : FRAMING_LINES, line->item, 1, -1);
    assert_true(framing_next(&framing, &item));
    framing_write(value, &item);
    assert_false(framing_next(&framing, &item));
}

static void judge(struct verdicts *verdicts, const struct day *day, const struct line *line)
{
    struct raw_header header = {.feed = span_from(line->to.at + 10, line->to.len - 10),
                                .mapping = 1,
                                .row = 1,
                                .received_ms = life_received(&day->frame, line->at)};
    struct normalise_result result = {0};
    char id[512];
    if (!line->row) {
        snprintf(id, sizeof id, "%.*s %.*s", SPAN_ARG(line->to), SPAN_ARG(line->item));
        bool garbled = strstr(id, "\"arrived\"") != NULL;
        verdicts->rejected += garbled;
        verdicts->accepted += !garbled;
        if (!garbled)
            verdicts->ids[verdicts->id_count++] = xstrdup(id);
        return;
    }
    arena_reset(&normalise.arena);
    struct strbuf value;
    strbuf_init(&value, 4096, 65536);
    frame(line, &value);
    normalise_item(&normalise, &header, strbuf_span(&value), &result);
    verdicts->rejected += result.why.reject != REJECT_NONE;
    verdicts->accepted += result.why.reject == REJECT_NONE;
    for (size_t i = 0; i < result.count; i++) {
        struct span json = result.events[i].json;
        const char *at = memmem(json.at, json.len, "\"id\":\"", 6);
        assert_non_null(at);
        verdicts->ids[verdicts->id_count++] = xspandup(span_from(at + 6, 22));
    }
    strbuf_fini(&value);
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void assert_as_said(struct day *day, int64_t events)
{
    struct verdicts verdicts = {.ids = xcalloc(3 * day->item_count, sizeof(char *))};
    for (size_t i = 0; i < day->item_count; i++) {
        struct line line = read_line(day, i);
        judge(&verdicts, day, &line);
    }
    int64_t distinct = 0;
    qsort(verdicts.ids, verdicts.id_count, sizeof(char *), by_text);
    for (size_t i = 0; i < verdicts.id_count; i++)
        distinct += i == 0 || strcmp(verdicts.ids[i], verdicts.ids[i - 1]) != 0;
    assert_int_equal(verdicts.accepted, day->sums.accepted);
    assert_int_equal(verdicts.rejected, day->sums.rejected);
    assert_int_equal(distinct, events + day->sums.observations);
    assert_int_equal(day->sums.events, events);
    for (size_t i = 0; i < verdicts.id_count; i++)
        free(verdicts.ids[i]);
    free(verdicts.ids);
    day_free(day);
}

static void ingest_takes_and_rejects_what_the_day_says(void **state)
{
    (void)state;
    assert_as_said(usual(), 3000);
    assert_as_said(one_day(1, 1, TIMESTAMP_NONE), 1);
    assert_as_said(one_day(2, 17, TIMESTAMP_NONE), 17);
    assert_as_said(one_day(3, 20000, TIMESTAMP_NONE), 20000);
    by_csv = true;
    assert_as_said(one_day(3, 20000, TIMESTAMP_NONE), 20000);
    assert_as_said(one_day(4, 3000, ENDS - HOUR), 3000);
    by_csv = false;
    assert_as_said(lived(5, 1, 3000, TIMESTAMP_NONE), 3000);
    assert_as_said(lived(6, 9, 20000, TIMESTAMP_NONE), 20000);
    assert_as_said(lived(7, 3, 6000, ENDS - 20 * HOUR), 6000);
}

static void a_share_of_the_day_comes_as_csv_if_wanted(void **state)
{
    (void)state;
    by_csv = true;
    struct day *day = one_day(3, 20000, TIMESTAMP_NONE), *plain;
    by_csv = false;
    plain = one_day(3, 20000, TIMESTAMP_NONE);
    size_t uploads = 0;
    for (size_t i = 0; i < day->item_count; i++)
        uploads += read_line(day, i).csv;
    for (size_t i = 0; i < plain->item_count; i++)
        assert_false(read_line(plain, i).csv);
    assert_true(uploads > 400 && uploads * 4 < day->item_count);
    assert_true(day->sums.rejects[LIFE_BAD_BYTES] > 0);
    assert_int_equal(plain->sums.rejects[LIFE_BAD_BYTES], 0);
    assert_int_equal(day->sums.opened, plain->sums.opened);
    assert_int_equal(day->sums.closed, plain->sums.closed);
    day_free(day);
    day_free(plain);
}

static void a_day_has_something_of_everything(void **state)
{
    (void)state;
    struct day *day = one_day(3, 20000, TIMESTAMP_NONE);
    const struct day_sums *sums = &day->sums;
    for (size_t i = 1; i <= LIFE_FAULTS; i++)
        assert_true(sums->rejects[i] > 0 || i == LIFE_BAD_BYTES);
    assert_true(sums->rejected * 50 < sums->items);
    assert_true(sums->repeats > 0 && sums->corrections > 0 && sums->foreign > 0);
    assert_true(sums->adopted > 0 && sums->adopted * 2 < sums->opened);
    assert_true(sums->overdue > 0 && sums->closed > 0 && sums->closed < sums->opened);
    assert_true(sums->unit_count > 60);
    assert_in_range(sums->disputed * 1000 / sums->opened, 20, 50);
    assert_true(sums->upheld > 10 && sums->held > 5 && sums->merged > 5 && sums->reopened > 10);
    assert_true(sums->desk >= sums->upheld + sums->held + sums->merged);
    day_free(day);
}

static void the_night_is_quieter_than_the_morning(void **state)
{
    (void)state;
    struct day *day = usual();
    size_t night = 0, morning = 0;
    for (size_t i = 0; i < day->life_count; i++) {
        struct civil civil;
        timestamp_to_civil(day->lives[i].opened_ms, LIFE_ZONE_MINUTES, &civil);
        night += civil.hour >= 1 && civil.hour < 4;
        morning += civil.hour >= 9 && civil.hour < 12;
    }
    assert_true(morning > 5 * night);
    day_free(day);
}

static void before_the_clock_the_source_tells_all(void **state)
{
    (void)state;
    int64_t clock_ms = ENDS - 2 * HOUR - 3 * MINUTE;
    struct day *day = one_day(9, 3000, clock_ms);
    size_t told = 0, statuses = 0;
    for (size_t i = 0; i < day->life_count; i++)
        told += day->lives[i].told[LIFE_CLOSED];
    for (size_t i = 0; i < day->item_count; i++) {
        statuses += day->items[i].kind == DAY_STATUS;
        assert_true(day->items[i].kind == DAY_ROW || day->items[i].at_ms > clock_ms);
    }
    assert_true(told > 100 && statuses > 100);
    assert_as_said(day, 3000);
    assert_as_said(one_day(9, 3000, ENDS + HOUR), 3000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_seed_is_the_same_day),
        cmocka_unit_test(items_are_in_order_of_time_and_within_the_day),
        cmocka_unit_test(a_status_lies_in_a_later_step_than_what_it_follows),
        cmocka_unit_test(the_silent_station_is_silent),
        cmocka_unit_test(the_orders_come_from_every_street),
        cmocka_unit_test(ingest_takes_and_rejects_what_the_day_says),
        cmocka_unit_test(a_share_of_the_day_comes_as_csv_if_wanted),
        cmocka_unit_test(a_day_has_something_of_everything),
        cmocka_unit_test(the_night_is_quieter_than_the_morning),
        cmocka_unit_test(before_the_clock_the_source_tells_all),
    };
    return cmocka_run_group_tests(tests, load_all, unload_all);
}
