/* SPDX-License-Identifier: Apache-2.0 */
/* The codec of signals: what goes in comes out, whatever its texts hold; damage is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/base.h"
#include "base/timestamp.h"
#include "router/core/signal.h"

static struct arena arena;
static struct strbuf key, value;

static int open_buffers(void **state)
{
    (void)state;
    arena_init(&arena, 65536);
    strbuf_init(&key, 64, 4096);
    strbuf_init(&value, 64, 4096);
    return 0;
}

static int close_buffers(void **state)
{
    (void)state;
    arena_fini(&arena);
    strbuf_fini(&key);
    strbuf_fini(&value);
    return 0;
}

static struct signal fact(void)
{
    struct signal made = {.step = UINT32_MAX,
                          .id = SPAN("abcdefghijklmnopqrstuv"),
                          .revision = {UINT64_MAX, 1764043200000},
                          .arrived_ms = 1764043260000,
                          .counts = true,
                          .time_ms = 1764043200000,
                          .recorded_ms = TIMESTAMP_NONE,
                          .subject = SPAN("request:12345:A|1\\2\n"),
                          .field_count = 2};
    made.fields[0] = (struct signal_field){SPAN("estate_code"), SPAN("E=1|2")};
    made.fields[1] = (struct signal_field){SPAN("caller_ref"), SPAN("")};
    return made;
}

static struct span key_of(struct span a, struct span b)
{
    const struct span values[] = {a, b};
    strbuf_reset(&key);
    signal_add_group(&key, SPAN("cluster"), values, ARRAY_LENGTH(values));
    return strbuf_span(&key);
}

static void a_fact_comes_back_as_it_was(void **state)
{
    (void)state;
    struct signal made = fact(), read;
    strbuf_reset(&value);
    signal_write(&value, &made);
    arena_reset(&arena);
    struct span group = key_of(SPAN("E=1|2"), SPAN("R0105"));
    assert_true(signal_read(&read, group, strbuf_span(&value), &arena));
    assert_int_equal(read.kind, SIGNAL_FACT);
    assert_true(span_equal(read.group, group) && span_is(read.trigger, "cluster"));
    assert_true(read.step == UINT32_MAX && read.counts && span_equal(read.id, made.id));
    assert_true(read.revision.source == UINT64_MAX && read.revision.received_ms == 1764043200000);
    assert_int_equal(read.arrived_ms, 1764043260000);
    assert_true(read.time_ms == made.time_ms && read.recorded_ms == TIMESTAMP_NONE);
    assert_true(span_equal(read.subject, made.subject));
    assert_true(span_is(signal_field(&read, SPAN("estate_code")), "E=1|2"));
    assert_int_equal(signal_field(&read, SPAN("caller_ref")).len, 0);
    assert_null(signal_field(&read, SPAN("type_code")).at);
}

static void other_values_are_another_group(void **state)
{
    (void)state;
    char first[64];
    span_to_cstr(key_of(SPAN("a|b"), SPAN("c")), first, sizeof first);
    assert_false(span_is(key_of(SPAN("a"), SPAN("b|c")), first));
    assert_false(span_is(key_of(SPAN("a\\"), SPAN("b|c")), first));
    assert_true(span_is(key_of(SPAN("a|b"), SPAN("c")), first));
}

static void a_watermark_names_its_partition(void **state)
{
    (void)state;
    struct signal read;
    strbuf_reset(&value);
    signal_write_watermark(&value, 11, -5);
    assert_true(signal_read(&read, signal_watermark_key, strbuf_span(&value), &arena));
    assert_true(read.kind == SIGNAL_WATERMARK && read.partition == 11 && read.time_ms == -5);
}

static void damage_is_refused(void **state)
{
    (void)state;
    static const char *const damaged[] = {
        "",
        "2",
        "1|f|0|a|0|1|1|1|1|1|s",
        "2|x|0|a|0|1|1|1|1|1|s",
        "2|f|0||0|1|1|1|1|1|s",     /* no id */
        "2|f|0|a|0|1|1|1||1|s",     /* no time */
        "2|f|0|a|0|1|1|1|1|1",      /* no subject */
        "2|f|0|a|0|1|1|1|1|1|s|x",  /* no value */
        "2|f|0|a|0|1|1|1|1|1|s|=x", /* no name */
        "2|f|-1|a|0|1|1|1|1|1|s",
        "2|f|1z141z4|a|0|1|1|1|1|1|s", /* a step beyond 32 bits */
        "2|f|0|a\\|0|1|1|1|1|1|s",
        "2|f|0|a\\",
        "2|w|0",
        "2|w|0|",
    };
    struct signal read;
    for (size_t i = 0; i < ARRAY_LENGTH(damaged); i++)
        if (signal_read(&read, SPAN("cluster|a"), span_of(damaged[i]), &arena))
            fail_msg("taken: %s", damaged[i]);
    assert_true(signal_read(&read, SPAN("cluster|a"), SPAN("2|f|0|a|0|1|1|1|1|1|s"), &arena));
    assert_false(signal_read(&read, SPAN_NONE, SPAN("2|f|0|a|0|1|1|1|1|1|s"), &arena));
}

static void the_greater_revision_holds_and_of_equal_ones_the_later(void **state)
{
    (void)state;
    assert_true(
        signal_revision_holds((struct signal_revision){0, 5}, (struct signal_revision){0, 5}));
    assert_true(
        signal_revision_holds((struct signal_revision){0, 5}, (struct signal_revision){1, 4}));
    assert_false(
        signal_revision_holds((struct signal_revision){1, 4}, (struct signal_revision){0, 9}));
    assert_false(
        signal_revision_holds((struct signal_revision){1, 4}, (struct signal_revision){1, 3}));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_fact_comes_back_as_it_was),
        cmocka_unit_test(other_values_are_another_group),
        cmocka_unit_test(a_watermark_names_its_partition),
        cmocka_unit_test(damage_is_refused),
        cmocka_unit_test(the_greater_revision_holds_and_of_equal_ones_the_later),
    };
    return cmocka_run_group_tests(tests, open_buffers, close_buffers);
}
