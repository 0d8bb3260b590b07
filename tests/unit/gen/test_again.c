/* SPDX-License-Identifier: Apache-2.0 */
/* Residents who ask again, over the shipped configuration: who they are, and that ingest's own core
 * knows them by the fields that the view and the triggers read. Run from the checkout's root. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "gen/again.h"

#include "generated_district.h"

/* How many of that caller lie before it, by time; the first of them in *first. */
static size_t told_before(const struct day *day, const struct life *life, const struct life **first)
{
    size_t count = 0;
    for (const struct life *other = day->lives; other < life; other++)
        if (other->words == life->words && count++ == 0)
            *first = other;
    return count;
}

static void assert_returns(const struct day *day)
{
    size_t twice = 0, thrice = 0;
    for (size_t i = 0; i < day->life_count; i++) {
        const struct life *life = &day->lives[i], *first = NULL;
        size_t times = told_before(day, life, &first);
        assert_int_equal(life->again, times > 0);
        if (times == 0)
            continue;
        assert_true(first->place == life->place && first->type == life->type);
        assert_int_equal(first->kind, life->kind);
        assert_in_range(life->opened_ms - first->opened_ms, 2 * HOUR, 720 * HOUR);
        assert_true(!life->csv && life->sent_ms == life->opened_ms);
        twice += life->fault == LIFE_SOUND;
        thrice += times > 1;
    }
    assert_int_equal(twice, day->sums.again);
    assert_in_range(twice * 1000 / (size_t)day->sums.opened, 30, 50);
    assert_true(thrice > 0);
}

static void four_in_a_hundred_are_told_again(void **state)
{
    (void)state;
    struct day *day = make(3, 0, 20000), *week = make(3, 7, 40000);
    assert_returns(day);
    assert_returns(week);
    day_free(day);
    day_free(week);
}

/* The flag by which the view counts, and the sign by which triggers know a caller. */
static void ingest_knows_who_asks_again(void **state)
{
    (void)state;
    struct day *day = make(3, 0, 20000);
    struct item_writer *writer = item_writer_new();
    struct strbuf text;
    size_t marked = 0;
    strbuf_init(&text, 4096, 65536);
    for (size_t i = 0; i < day->item_count; i++) {
        const struct life *life = &day->lives[day->items[i].life];
        struct normalise_result result = {0};
        char sign[64];
        if (day->items[i].kind != DAY_ROW || life->fault != LIFE_SOUND)
            continue;
        strbuf_reset(&text);
        item_write(writer, &text, day, &day->items[i]);
        const char *begins = strstr(text.at, "\"item\":") + 7;
        struct span item = span_from(begins, (size_t)(text.at + text.len - 2 - begins));
        struct raw_header header = {.feed = SPAN("hotline"),
                                    .mapping = 1,
                                    .row = 1,
                                    .received_ms = life_received(&day->frame, day->items[i].at_ms)};
        arena_reset(&normalise.arena);
        normalise_item(&normalise, &header, item, &result);
        assert_true(result.count > 0);
        struct span json = result.events[0].json;
        assert_int_equal(memmem(json.at, json.len, "\"again\"", 7) != NULL, life->again);
        snprintf(sign, sizeof sign, "\"caller_ref\":\"S%012llx\"",
                 (unsigned long long)(life->words & 0xffffffffffff));
        assert_non_null(memmem(json.at, json.len, sign, strlen(sign)));
        marked += life->again;
    }
    assert_true(day->sums.again > 0 && marked >= (size_t)day->sums.again);
    strbuf_fini(&text);
    item_writer_free(writer);
    day_free(day);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(four_in_a_hundred_are_told_again),
        cmocka_unit_test(ingest_knows_who_asks_again),
    };
    return cmocka_run_group_tests(tests, load, unload);
}
