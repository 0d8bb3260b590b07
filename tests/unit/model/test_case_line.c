/* SPDX-License-Identifier: Apache-2.0 */
/* The line's codec over the shipped codes: what goes in comes out, damage is refused, revisions
 * keep the order of their texts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/base.h"
#include "base/timestamp.h"
#include "model/case_line.h"

static struct codes *codes;
static struct json_reader *reader;
static struct arena arena;
static struct strbuf buf;

static int load(void **state)
{
    (void)state;
    struct diagnostics *diagnostics = diagnostics_new();
    codes = codes_load("config/codes.csv", diagnostics);
    diagnostics_free(diagnostics);
    reader = json_reader_new();
    arena_init(&arena, 65536);
    strbuf_init(&buf, 256, 65536);
    return codes ? 0 : -1;
}

static int unload(void **state)
{
    (void)state;
    codes_free(codes);
    json_reader_free(reader);
    arena_fini(&arena);
    strbuf_fini(&buf);
    return 0;
}

static struct span written(const struct case_line *line)
{
    strbuf_reset(&buf);
    case_line_write(&buf, line, codes);
    return strbuf_span(&buf);
}

static struct case_line from_data(const char *data)
{
    struct event event = {.family = EVENT_CASE,
                          .name = SPAN("opened"),
                          .id = SPAN("abc"),
                          .time_ms = 36,
                          .recorded_ms = 37};
    struct case_line line;
    size_t bad_at;
    arena_reset(&arena);
    assert_int_equal(json_read(reader, span_of(data), &arena, &event.data, &bad_at), REJECT_NONE);
    assert_int_equal(case_line_of_event(&event, codes, &arena, &line), REJECT_NONE);
    return line;
}

/* docs/decisions/0038: whom an event of `subject` names. */
static struct case_line about(const char *stage, const char *data)
{
    struct event event = {.family = EVENT_CASE,
                          .name = span_of(stage),
                          .id = SPAN("abc"),
                          .subject = SPAN("request:a:1")};
    struct case_line line;
    size_t bad_at;
    arena_reset(&arena);
    assert_int_equal(json_read(reader, span_of(data), &arena, &event.data, &bad_at), REJECT_NONE);
    assert_int_equal(case_line_of_event(&event, codes, &arena, &line), REJECT_NONE);
    return line;
}

static void a_case_that_names_itself_names_nobody(void **state)
{
    (void)state;
    static const char other[] =
        "{\"parent\":\"request:a:2\",\"child\":\"request:a:3\",\"via\":\"request:a:4\"}";
    static const char itself[] =
        "{\"parent\":\"request:a:1\",\"child\":\"request:a:1\",\"via\":\"request:a:1\"}";
    struct case_line line = about("merged", other);
    assert_true(span_is(line.attribute[CASE_PARENT], "request:a:2"));
    assert_true(span_is(line.attribute[CASE_CHILD], "request:a:3"));
    assert_true(span_is(line.attribute[CASE_VIA], "request:a:4"));
    line = about("merged", itself);
    assert_null(line.attribute[CASE_PARENT].at);
    assert_null(line.attribute[CASE_CHILD].at);
    assert_null(line.attribute[CASE_VIA].at);
}

static void a_link_keeps_its_relation_and_the_other_case(void **state)
{
    (void)state;
    static const struct {
        const char *stage, *data, *link;
    } rows[] = {
        {"linked", "{\"same_as\":\"PT1\",\"in\":\"service:platform\"}",
         "same_as:service:platform:PT1"},
        {"linked", "{\"part_of\":\"project:x:1\"}", "part_of:project:x:1"},
        {"linked", "{\"grew_from\":\"proposal:x:1\",\"in\":\"\"}", "grew_from:proposal:x:1"},
        {"linked", "{\"grew_from\":\"b\",\"same_as\":\"a\"}", "same_as:a"},
        {"linked", "{\"same_as\":\"\",\"part_of\":\"b\"}", "part_of:b"},
        {"linked", "{\"became\":\"XM002\"}", NULL},
        {"opened", "{\"same_as\":\"PT1\"}", NULL},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        struct case_line line = about(rows[i].stage, rows[i].data);
        assert_true(rows[i].link ? span_is(line.attribute[CASE_LINK], rows[i].link)
                                 : !line.attribute[CASE_LINK].at);
    }
}

#define X64         "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
#define LONG_COPIES "{\"copies\":[\"" X64 X64 X64 X64 X64 X64 X64 X64 "\"]}"

static void a_decision_keeps_who_got_a_copy(void **state)
{
    (void)state;
    static const struct {
        const char *data, *copies;
    } rows[] = {
        {"{\"copies\":[\"d_fire\",\"c_120\"]}", "d_fire c_120"},
        {"{\"copies\":[\"d_fire\",7,\"\",null]}", "d_fire"},
        {"{\"copies\":[]}", NULL},
        {LONG_COPIES, NULL},
        {"{\"copies\":\"d_fire\"}", NULL},
        {"{}", NULL},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        struct case_line line = about("dispatched", rows[i].data);
        assert_true(rows[i].copies ? span_is(line.attribute[CASE_COPIES], rows[i].copies)
                                   : !line.attribute[CASE_COPIES].at);
    }
}

/* Of the router's own opening alone: a source may call a member so. */
static void a_finding_keeps_its_sentence(void **state)
{
    (void)state;
    static const struct {
        const char *stage, *party, *data, *found;
    } rows[] = {
        {"opened", "router", "{\"found\":\"七天内|2件\"}", "七天内|2件"},
        {"opened", "source", "{\"found\":\"七天内\"}", NULL},
        {"dispatched", "router", "{\"found\":\"七天内\"}", NULL},
        {"opened", "router", "{\"found\":\"\"}", NULL},
        {"opened", "router", "{\"found\":7}", "7"},
        {"opened", "router", "{\"found\":\"" X64 X64 X64 X64 X64 "\"}", NULL},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        struct event event = {.family = EVENT_CASE,
                              .name = span_of(rows[i].stage),
                              .id = SPAN("abc"),
                              .party = span_of(rows[i].party)};
        struct case_line line;
        size_t bad_at;
        arena_reset(&arena);
        assert_int_equal(json_read(reader, span_of(rows[i].data), &arena, &event.data, &bad_at),
                         REJECT_NONE);
        assert_int_equal(case_line_of_event(&event, codes, &arena, &line), REJECT_NONE);
        assert_true(rows[i].found ? span_is(line.attribute[CASE_FOUND], rows[i].found)
                                  : !line.attribute[CASE_FOUND].at);
    }
}

/* Why a unit or the desk did it; the router names units and speaks for none. */
static void a_move_keeps_the_reason_that_was_given(void **state)
{
    (void)state;
    static const struct {
        const char *stage, *unit, *party, *data, *said;
    } rows[] = {
        {"disputed", "d_water", "lead", "{\"said\":\"非本单位|职责\"}", "非本单位|职责"},
        {"dispute_decided", "desk", "desk", "{\"said\":\"属建外\",\"outcome\":\"upheld\"}",
         "属建外"},
        {"delivered", "d_water", "router", "{\"said\":\"x\"}", NULL},
        {"closed", NULL, "source", "{\"said\":\"x\"}", NULL},
        {"disputed", "d_water", "lead", "{\"said\":\"\"}", NULL},
        {"disputed", "d_water", "lead", "{\"said\":\"" X64 X64 X64 X64 X64 "\"}", NULL},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        struct event event = {.family = EVENT_CASE,
                              .name = span_of(rows[i].stage),
                              .id = SPAN("abc"),
                              .unit = span_of(rows[i].unit),
                              .party = span_of(rows[i].party)};
        struct case_line line, back;
        size_t bad_at;
        arena_reset(&arena);
        assert_int_equal(json_read(reader, span_of(rows[i].data), &arena, &event.data, &bad_at),
                         REJECT_NONE);
        assert_int_equal(case_line_of_event(&event, codes, &arena, &line), REJECT_NONE);
        assert_true(rows[i].said ? span_is(line.attribute[CASE_SAID], rows[i].said)
                                 : !line.attribute[CASE_SAID].at);
        struct strbuf text;
        strbuf_init(&text, 256, 4096);
        case_line_write(&text, &line, codes);
        assert_true(case_line_read(strbuf_span(&text), codes, &arena, &back));
        assert_true(span_equal(back.attribute[CASE_SAID], line.attribute[CASE_SAID]));
        strbuf_fini(&text);
    }
}

static struct span shortened(const char *revision)
{
    struct event event = {.family = EVENT_CASE, .name = SPAN("opened"), .id = SPAN("abc")};
    struct case_line line;
    event.revision = span_of(revision);
    assert_int_equal(case_line_of_event(&event, codes, &arena, &line), REJECT_NONE);
    return line.revision;
}

static void writes_numbers_in_base_36_without_padding(void **state)
{
    (void)state;
    struct case_line line = {.id = SPAN("abc"),
                             .revision = SPAN("0.1.2.ff"),
                             .stage = 3,
                             .time_ms = 36,
                             .recorded_ms = 71,
                             .unit = SPAN("desk"),
                             .party = 7,
                             .live = true};
    line.attribute[CASE_LEAD] = SPAN("s110105001");
    assert_true(span_is(written(&line), "1|abc|0.1.2.ff|3|10|1z|1|7|v=1|l=s110105001"));
}

static void keeps_a_unit_without_number_as_its_code(void **state)
{
    (void)state;
    struct case_line line = {
        .id = SPAN("a"), .revision = SPAN(""), .stage = 1, .unit = SPAN("X|1")};
    struct case_line again;
    struct span text = arena_copy(&arena, written(&line));
    assert_true(span_is(text, "1|a||1|0|0|=X\\|1|0"));
    assert_true(case_line_read(text, codes, &arena, &again));
    assert_true(span_equal(again.unit, line.unit));
    assert_false(again.live);
}

static void brings_back_every_field(void **state)
{
    (void)state;
    struct case_line line = {.id = SPAN("i|d"),
                             .revision = SPAN("a.b.c.d"),
                             .stage = 21,
                             .time_ms = -12345,
                             .recorded_ms = TIMESTAMP_NONE,
                             .party = 3,
                             .live = true};
    struct case_line again;
    arena_reset(&arena);
    for (int i = 0; i < CASE_ATTRIBUTES; i++)
        line.attribute[i] = SPAN("x\\|\n=y");
    struct span text = arena_copy(&arena, written(&line));
    assert_true(span_find(text, '\n') < 0);
    assert_true(case_line_read(text, codes, &arena, &again));
    assert_true(span_equal(again.id, line.id) && span_equal(again.revision, line.revision));
    assert_true(again.stage == 21 && again.party == 3 && again.live && !again.unit.at);
    assert_true(again.time_ms == -12345 && again.recorded_ms == TIMESTAMP_NONE);
    for (int i = 0; i < CASE_ATTRIBUTES; i++)
        assert_true(span_equal(again.attribute[i], line.attribute[i]));
}

static void skips_keys_it_does_not_know(void **state)
{
    (void)state;
    struct case_line line;
    assert_true(
        case_line_read(SPAN("1|a|r|1|0|0|0|0|z=9|later=1|bare|t=R1"), codes, &arena, &line));
    assert_true(span_is(line.attribute[CASE_TYPE], "R1"));
}

static void refuses_damaged_lines(void **state)
{
    (void)state;
    static const char *const damaged[] = {
        "",
        "2|a|r|1|0|0|0|0",
        "1|a|r|1|0|0|0",
        "1||r|1|0|0|0|0",
        "1|a|r|01|0|0|0|0",
        "1|a|r|1|x!|0|0|0",
        "1|a|r|1|0|0|zzzz|0", /* a unit number that codes.csv has not */
        "1|a|r|1|0|0|0|0|t=a\\",
        "1|a|r|1|0|0|0|0|t=a\\q",
        "1|a|r|1|3w5e11264sgsf|0|0|0",
    };
    struct case_line line;
    for (size_t i = 0; i < ARRAY_LENGTH(damaged); i++)
        assert_false(case_line_read(span_of(damaged[i]), codes, &arena, &line));
    assert_true(case_line_read(SPAN("1|a|r|1|0|0|0|0"), codes, &arena, &line));
}

static void takes_attributes_from_data(void **state)
{
    (void)state;
    struct case_line line =
        from_data("{\"lead\":\"desk\",\"limit_class\":\"7d\",\"type_code\":\"R0303\",\"rule\":\"\","
                  "\"due_at\":\"1970-01-02T08:00:00+08:00\",\"adopted\":true,\"summary\":\"x\"}");
    assert_true(span_is(line.attribute[CASE_LEAD], "desk"));
    assert_true(span_is(line.attribute[CASE_CLASS], "7d"));
    assert_true(span_is(line.attribute[CASE_TYPE], "R0303"));
    assert_true(span_is(line.attribute[CASE_DUE], "86400000"));
    assert_true(span_is(line.attribute[CASE_ADOPTED], "1"));
    assert_null(line.attribute[CASE_RULE].at);
    assert_true(line.live);
}

static void leaves_out_a_due_time_it_cannot_read(void **state)
{
    (void)state;
    assert_true(
        span_is(from_data("{\"due_at\":1764000000000}").attribute[CASE_DUE], "1764000000000"));
    assert_null(from_data("{\"due_at\":\"\"}").attribute[CASE_DUE].at);
    assert_null(from_data("{\"due_at\":\"soon\"}").attribute[CASE_DUE].at);
    assert_null(from_data("{\"due_at\":1.5}").attribute[CASE_DUE].at);
    assert_null(from_data("{\"adopted\":false}").attribute[CASE_ADOPTED].at);
}

/* `adopted` and `due_at` are looked up by themselves: nothing in their places may match. */
static void a_member_without_a_name_is_no_attribute(void **state)
{
    (void)state;
    struct case_line line = from_data("{\"request_kind\":\"1\",\"\":\"x\"}");
    assert_null(line.attribute[CASE_ADOPTED].at);
    line = from_data("{\"\":\"x\",\"lead\":\"u\"}");
    assert_null(line.attribute[CASE_DUE].at);
    assert_true(span_is(line.attribute[CASE_LEAD], "u"));
}

static void an_event_of_a_replay_is_not_live(void **state)
{
    (void)state;
    struct event event = {
        .family = EVENT_CASE, .name = SPAN("opened"), .id = SPAN("a"), .replayof = SPAN("r1")};
    struct case_line line;
    assert_int_equal(case_line_of_event(&event, codes, &arena, &line), REJECT_NONE);
    assert_false(line.live);
}

static void rejects_a_stage_without_number(void **state)
{
    (void)state;
    struct event event = {.family = EVENT_CASE, .name = SPAN("evaporated"), .id = SPAN("a")};
    struct case_line line;
    assert_int_equal(case_line_of_event(&event, codes, &arena, &line), REJECT_STAGE);
}

static void rejects_what_the_arena_cannot_hold(void **state)
{
    (void)state;
    struct arena small;
    struct case_line line;
    struct event event = {.family = EVENT_CASE,
                          .name = SPAN("opened"),
                          .id = SPAN("a"),
                          .revision =
                              SPAN("00000000000000000000.000000000000000.000000.00000000000000aa")};
    arena_init(&small, 16);
    (void)!arena_take(&small, 16);
    assert_int_equal(case_line_of_event(&event, codes, &small, &line), REJECT_TOO_LARGE);
    arena_fini(&small);
}

static void revisions_keep_the_order_of_their_texts(void **state)
{
    (void)state;
    static const char *const ascending[] = {
        "00000000000000000000.000000000000009.000001.00000000000000aa",
        "00000000000000000000.000000000000035.000001.00000000000000aa",
        "00000000000000000000.000000000000036.000001.00000000000000aa",
        "00000000000000000000.001700000000000.000001.0000000000000001",
        "00000000000000000000.001700000000000.000001.ffffffffffffffff",
        "00000000000000000000.001700000000000.000002.0000000000000000",
        "00000000001700000000.000000000000001.000001.0000000000000000",
        "18446744073709551615.000000000000001.000001.0000000000000000",
        "18446744073709551616.000000000000001.000001.0000000000000000",
        "99999999999999999999.000000000000001.000001.0000000000000000",
    };
    arena_reset(&arena);
    for (size_t i = 0; i < ARRAY_LENGTH(ascending); i++)
        for (size_t k = 0; k < ARRAY_LENGTH(ascending); k++) {
            int order =
                case_line_compare_revision(shortened(ascending[i]), shortened(ascending[k]));
            assert_int_equal((order > 0) - (order < 0), (i > k) - (i < k));
        }
    assert_true(span_is(shortened(ascending[2]), "0.10.1.00000000000000aa"));
}

static void leaves_a_foreign_revision_as_it_is(void **state)
{
    (void)state;
    arena_reset(&arena);
    assert_true(span_is(shortened("v7"), "v7"));
    assert_true(span_is(shortened("1.2"), "1.2"));
    assert_true(span_is(shortened("1.2.3.4.5"), "1.2.3.4.5"));
    assert_true(case_line_compare_revision(SPAN(""), SPAN("v7")) < 0);
    assert_int_equal(case_line_compare_revision(SPAN("v7"), SPAN("v7")), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_case_that_names_itself_names_nobody),
        cmocka_unit_test(a_link_keeps_its_relation_and_the_other_case),
        cmocka_unit_test(a_decision_keeps_who_got_a_copy),
        cmocka_unit_test(a_finding_keeps_its_sentence),
        cmocka_unit_test(a_move_keeps_the_reason_that_was_given),
        cmocka_unit_test(writes_numbers_in_base_36_without_padding),
        cmocka_unit_test(keeps_a_unit_without_number_as_its_code),
        cmocka_unit_test(brings_back_every_field),
        cmocka_unit_test(skips_keys_it_does_not_know),
        cmocka_unit_test(refuses_damaged_lines),
        cmocka_unit_test(takes_attributes_from_data),
        cmocka_unit_test(leaves_out_a_due_time_it_cannot_read),
        cmocka_unit_test(a_member_without_a_name_is_no_attribute),
        cmocka_unit_test(an_event_of_a_replay_is_not_live),
        cmocka_unit_test(rejects_a_stage_without_number),
        cmocka_unit_test(rejects_what_the_arena_cannot_hold),
        cmocka_unit_test(revisions_keep_the_order_of_their_texts),
        cmocka_unit_test(leaves_a_foreign_revision_as_it_is),
    };
    return cmocka_run_group_tests(tests, load, unload);
}
