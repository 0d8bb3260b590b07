/* SPDX-License-Identifier: Apache-2.0 */
/* A case at its limits: the router's set is the one of whoever reads the log beside it, and what
 * enters has the room for its decision (docs/decisions/0061). */
#include "flow.h"

#include "model/case_set.h"
#include "router/core/case_pack.h"

#define LEAD     "s110105001"
#define AS_TAKEN "{\"type_code\":\"R0303\",\"community_code\":\"110105001905\"}"

static struct case_set set; /* of the log, in the arena */
static struct arena arena;
static struct json_reader *reader;
static size_t heard; /* of kept */
static int said;

static void hear(const char *json)
{
    struct event event;
    struct case_line line;
    const struct case_kind *kind = kinds_find(rules.kinds, SPAN("request"));
    struct span value = arena_copy(&arena, span_of(json));
    assert_int_equal(event_read(reader, value, &arena, &event), REJECT_NONE);
    assert_int_equal(case_line_of_event(&event, rules.codes, &arena, &line), REJECT_NONE);
    (void)case_set_merge(&set, &line, kind, &arena);
}

/* What the router writes stands on the log behind what it read. */
static void hear_answers(void)
{
    for (; heard < kept_count; heard++)
        if (kept[heard].stream == STREAM_EVENTS && strcmp(kept[heard].key, CASE) == 0)
            hear(kept[heard].value);
}

static void say_first(struct case_flow *flow, const char *stage, const char *party,
                      const char *data)
{
    char id[32], text[2048];
    struct strbuf buf = {.at = text, .capacity = sizeof text, .max = sizeof text - 1};
    snprintf(id, sizeof id, "%s-%d", stage, said);
    struct told told = {.id = id,
                        .stage = stage,
                        .party = party,
                        .unit = strcmp(party, "lead") == 0 ? LEAD : "desk",
                        .data = data,
                        .time_ms = NOON + ++said * 1000};
    struct event event = event_of(&told);
    event_write(&buf, &event);
    hear(text);
    tell(flow, told);
}

static void say_both(struct case_flow *flow, const char *stage, const char *party, const char *data)
{
    say_first(flow, stage, party, data);
    hear_answers();
}

static struct case_flow *begin_both(void)
{
    arena_reset(&arena);
    set = (struct case_set){0};
    heard = 0;
    said = 0;
    struct case_flow *flow = begin();
    say_both(flow, "opened", "source", AS_TAKEN);
    return flow;
}

static char ours[2 * CASE_SET_MAX_BYTES]; /* as it was saved last */

static void write_text(struct span packed)
{
    struct case_set saved;
    struct strbuf text = {.at = ours, .capacity = sizeof ours, .max = sizeof ours - 1};
    size_t mark = arena.used;
    assert_true(case_pack_read(&saved, packed, &arena));
    case_set_write(&text, &saved, rules.codes);
    arena_rewind(&arena, mark);
}

static void take_state(void *carrier, const struct output *output)
{
    (void)carrier;
    if (span_is(output->key, CASE))
        write_text(output->value);
}

static void assert_same_set(struct case_flow *flow)
{
    static char theirs[2 * CASE_SET_MAX_BYTES];
    struct strbuf buf = {.at = theirs, .capacity = sizeof theirs, .max = sizeof theirs - 1};
    struct outputs to = {take_state, NULL};
    case_set_write(&buf, &set, rules.codes);
    case_flow_save(flow, &to);
    assert_string_equal(ours, theirs);
}

static void fill(struct case_flow *flow, size_t lines)
{
    while (set.count < lines)
        say_both(flow, "contacted", "lead", "{}");
}

static size_t leads(void)
{
    return count(STREAM_EVENTS, "case.dispatched.v1");
}

static void a_round_at_the_limit_has_its_decision_as_long_as_there_is_room(void **state)
{
    (void)state;
    struct case_flow *flow = begin_both();
    fill(flow, 239);
    for (int i = 0; i < 6; i++) {
        say_both(flow, "resolved", "source", "{}");
        say_both(flow, "reopened", "desk", "{}");
        assert_same_set(flow);
    }
    assert_int_equal(set.count, 255); /* 240, then two, three, three ... lines */
    assert_int_equal(leads(), 6);
    assert_int_equal(case_flow_counts(flow).too_long, 1);
    case_flow_close(flow);
}

static const struct {
    const char *stage, *party, *data;
} moves[] = {{"contacted", "lead", "{}"},
             {"extended", "desk", "{\"due_at\":\"2025-12-20T04:00:00Z\"}"},
             {"supervised", "desk", "{\"level\":\"district\"}"},
             {"assigned", "desk", "{\"lead\":\"" LEAD "\"}"},
             {"co_assigned", "desk", "{\"co_unit\":\"d_urban\"}"},
             {"disputed", "lead", "{}"},
             {"dispute_decided", "desk", "{\"outcome\":\"upheld\",\"lead\":\"" LEAD "\"}"},
             {"resolved", "lead", "{}"},
             {"reopened", "desk", "{}"},
             {"merged", "desk", "{\"parent\":\"request:12345:2\"}"},
             {"unmerged", "desk", "{}"},
             {"linked", "desk", "{}"}};

static void whatever_comes_to_a_full_case_fills_both_sets_alike(void **state)
{
    (void)state;
    for (size_t from = 230; from < 242; from++) {
        struct case_flow *flow = begin_both();
        fill(flow, from < 240 ? from : 240);
        for (size_t i = 0; i < 3 * ARRAY_LENGTH(moves); i++) {
            size_t pick = (i * 5 + from) % ARRAY_LENGTH(moves);
            say_both(flow, moves[pick].stage, moves[pick].party, moves[pick].data);
            assert_same_set(flow);
        }
        case_flow_close(flow);
    }
}

/* The router answers what it reads at once; on the log the answer stands behind all that was
 * written meanwhile. That takes nobody's room. */
static void what_comes_between_a_move_and_its_answer_fills_both_sets_alike(void **state)
{
    (void)state;
    for (size_t from = 222; from < 242; from++) {
        struct case_flow *flow = begin_both();
        fill(flow, from < 240 ? from : 240);
        for (size_t i = 0; i < 4 * ARRAY_LENGTH(moves); i++) {
            size_t pick = (i * 7 + from) % ARRAY_LENGTH(moves);
            say_first(flow, moves[pick].stage, moves[pick].party, moves[pick].data);
            if (i % 5 == 4)
                hear_answers();
        }
        hear_answers();
        assert_same_set(flow);
        case_flow_close(flow);
    }
}

/* ---- without an opening ---- */

static void tell_contacts(struct case_flow *flow, int from, int to)
{
    char id[32];
    for (int i = from; i < to; i++) {
        snprintf(id, sizeof id, "contacted-%d", i);
        tell(flow, (struct told){.id = id,
                                 .stage = "contacted",
                                 .party = "lead",
                                 .unit = LEAD,
                                 .data = "{}",
                                 .time_ms = NOON + i});
    }
}

static void a_flood_without_an_opening_leaves_room_for_the_question_and_the_opening(void **state)
{
    (void)state;
    struct case_flow *flow = begin();
    tell_contacts(flow, 0, 300);
    assert_int_equal(case_flow_counts(flow).too_long, 300 - 237);
    tick(flow, NOON + HOUR);
    assert_int_equal(case_flow_counts(flow).asked, 1);
    tell_contacts(flow, 300, 310);
    tell(flow, order);
    assert_int_equal(leads(), 1);
    case_flow_close(flow);
}

/* A state of before that room was kept, or of lines that took its bytes. */
static void a_full_case_without_an_opening_is_forgotten_like_any(void **state)
{
    (void)state;
    static char full[CASE_SET_MAX_BYTES];
    size_t len = 0;
    struct case_flow *flow = begin();
    tell_contacts(flow, 0, 1);
    save(flow);
    write_text(state_of(&topic[0]));
    const char *rest = strchr(strchr(ours, '|') + 1, '|');
    for (int i = 0; i < 240; i++)
        len +=
            (size_t)snprintf(full + len, sizeof full - len, "%s1|c-%03d%s", i ? "\n" : "", i, rest);
    case_flow_close(flow);
    flow = begin();
    case_flow_restore(flow, SPAN(CASE), span_from(full, len));
    case_flow_restored(flow);
    assert_null(case_flow_fault(flow));
    tick(flow, NOON + HOUR);
    assert_int_equal(case_flow_counts(flow).asked, 0);
    tick(flow, NOON + 399 * DAY);
    save(flow);
    assert_int_equal(case_flow_counts(flow).cases, 1);
    tick(flow, NOON + 401 * DAY);
    save(flow);
    assert_int_equal(case_flow_counts(flow).cases, 0);
    case_flow_close(flow);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_round_at_the_limit_has_its_decision_as_long_as_there_is_room),
        cmocka_unit_test(whatever_comes_to_a_full_case_fills_both_sets_alike),
        cmocka_unit_test(what_comes_between_a_move_and_its_answer_fills_both_sets_alike),
        cmocka_unit_test(a_flood_without_an_opening_leaves_room_for_the_question_and_the_opening),
        cmocka_unit_test(a_full_case_without_an_opening_is_forgotten_like_any),
    };
    arena_init(&arena, (size_t)16 << 20);
    reader = json_reader_new();
    int failed = cmocka_run_group_tests(tests, load, unload);
    json_reader_free(reader);
    arena_fini(&arena);
    return failed;
}
