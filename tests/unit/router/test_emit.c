/* SPDX-License-Identifier: Apache-2.0 */
/* What is merged into a case at once is what anybody else reads of the text that is sent. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/timestamp.h"
#include "router/core/emit.h"

static struct emit emit;
static struct arena arena;
static struct json_reader *reader;

static const struct emit_case about = {.id = {"request:x:1", 11},
                                       .kind = {"request", 7},
                                       .type_code = {"R0105", 5},
                                       .street_code = {"110105001", 9},
                                       .cause_id = {"cause", 5},
                                       .time_ms = 1772420400000};

static void data_are_as_they_read(const struct event *event)
{
    const struct json_value *read, *said = event->data->first;
    size_t bad_at;
    assert_int_equal(json_read(reader, event->data_json, &arena, &read, &bad_at), REJECT_NONE);
    assert_int_equal(event->data->type, JSON_OBJECT);
    assert_int_equal(event->data->count, read->count);
    for (read = read->first; read && said; read = read->next, said = said->next) {
        assert_int_equal(said->type, read->type);
        assert_true(span_equal(said->key, read->key));
        assert_true(span_equal(said->text, read->text));
    }
    assert_true(!read && !said);
}

static void a_decision(void **state)
{
    (void)state;
    struct event event;
    const struct decision decision = {.lead = SPAN("s110105001"),
                                      .limit_class = SPAN("24h"),
                                      .due_ms = 1772506800000,
                                      .due_source = "class",
                                      .internal_due_ms = 1772420400001,
                                      .rule = SPAN("place"),
                                      .reason = SPAN("属地 \"街乡\"\n主责\\")};
    assert_true(emit_decision(&emit, &about, &decision, SPAN("hash"), &arena, &event));
    data_are_as_they_read(&event);
    const struct decision bare = {
        .lead = SPAN(""), .due_ms = TIMESTAMP_NONE, .internal_due_ms = TIMESTAMP_NONE};
    assert_true(emit_decision(&emit, &about, &bare, SPAN("hash"), &arena, &event));
    data_are_as_they_read(&event);
}

static void a_timer_and_a_delivery(void **state)
{
    (void)state;
    struct event event;
    const struct case_fold fold = {.lead = SPAN("desk"), .due_ms = 1772506800000};
    const struct kind_timer timer = {.name = "unsigned", .action = TIMER_NUDGE};
    const struct emit_timer fires = {
        .timer = &timer, .fold = &fold, .question = SPAN("timer:unsigned:1")};
    assert_true(emit_timer(&emit, &about, &fires, &arena, &event));
    data_are_as_they_read(&event);
    assert_true(emit_delivery(&emit, &about, "undelivered", SPAN("u\"1"), SPAN("assigned"), &arena,
                              &event));
    data_are_as_they_read(&event);
}

static int set_up(void **state)
{
    (void)state;
    emit_init(&emit);
    arena_init(&arena, 1 << 20);
    reader = json_reader_new();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    emit_fini(&emit);
    arena_fini(&arena);
    json_reader_free(reader);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_decision),
        cmocka_unit_test(a_timer_and_a_delivery),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
