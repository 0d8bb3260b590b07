/* SPDX-License-Identifier: Apache-2.0 */
/* A window that is read, told more and written says the same bytes as one of which every fact is
 * written anew, whatever came between, before or instead of what was read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/base.h"
#include "router/core/packed.h"
#include "router/core/window.h"

enum { LIVES = 400, STEPS = 300 };

static uint64_t seed = 20251126;

static uint64_t roll(uint64_t below)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed % below;
}

static const struct trigger_step steps[] = {{.role = TRIGGER_FACT}, {.role = TRIGGER_ANSWER}};

/* Few ids, so that much is corrected, taken back and said again. */
static void take_any(struct window *window, const struct trigger *trigger)
{
    static const char *const texts[] = {"", "\x02\x06R0105", "\x03\x07", "\x02\x06R0303"};
    static const char *const subjects[] = {
        "request:12345:", "request:12345:0",
        "order:12345:with-a-name-longer-than-what-is-shared-by-those-that-follow:"};
    static char id[32], subject[100],
        key[PACKED_KEY]; /* the window borrows them till it is written */
    int n = (int)roll(180);
    snprintf(id, sizeof id, n % 3 ? "AAAAAAAAAAAAAAAAAA%03dA" : "id %d", n);
    snprintf(subject, sizeof subject, "%s%d", subjects[roll(12) ? roll(2) : 2], (int)roll(4));
    struct signal signal = {.id = span_of(id),
                            .subject = span_of(subject),
                            .counts = roll(8) != 0,
                            .time_ms = roll(3) ? n * 20 : (int64_t)roll(5000),
                            .recorded_ms = 6000,
                            .arrived_ms = 6000 + (int64_t)roll(50)};
    signal.revision = (struct signal_revision){roll(2), 6000 + (int64_t)roll(9)};
    struct window_told told = {.trigger = trigger,
                               .step = &steps[n % 5 == 0],
                               .signal = &signal,
                               .id = packed_key(key, signal.id),
                               .texts = span_of(texts[roll(3) ? (size_t)n % 4 : roll(4)]),
                               .heard_ms = roll(4) ? 6000 : 6000 + (int64_t)roll(50)};
    (void)window_take(window, &told);
}

static void what_was_read_is_written_as_if_it_were_new(void **state)
{
    (void)state;
    static struct window window;
    static const struct trigger trigger = {
        .name = "t", .form = TRIGGER_COUNT, .within_ms = 100000, .at_least = 1000};
    struct strbuf bytes, again, anew;
    enum trigger_form form;
    size_t copied = 0;
    strbuf_init(&bytes, 4096, WINDOW_MOST_BYTES);
    strbuf_init(&again, 4096, WINDOW_MOST_BYTES);
    strbuf_init(&anew, 4096, WINDOW_MOST_BYTES);
    for (int life = 0; life < LIVES; life++) {
        window_init(&window);
        strbuf_reset(&bytes);
        window_write(&bytes, &window, TRIGGER_COUNT);
        for (int step = 0; step < STEPS; step++) {
            assert_true(window_read(&window, strbuf_span(&bytes), &form));
            take_any(&window, &trigger);
            strbuf_reset(&again);
            strbuf_reset(&anew);
            window_write(&again, &window, TRIGGER_COUNT);
            for (size_t i = 0; i < window.fact_count; i++) {
                copied += window.facts[i].read.at != NULL;
                window.facts[i].read = SPAN_NONE;
            }
            window_write(&anew, &window, TRIGGER_COUNT);
            assert_true(span_equal(strbuf_span(&again), strbuf_span(&anew)));
            strbuf_reset(&bytes);
            strbuf_add(&bytes, strbuf_span(&again));
        }
    }
    assert_true(copied > (size_t)LIVES * STEPS * 20);
    strbuf_fini(&bytes);
    strbuf_fini(&again);
    strbuf_fini(&anew);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_read_is_written_as_if_it_were_new),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
