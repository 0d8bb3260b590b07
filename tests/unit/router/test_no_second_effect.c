/* SPDX-License-Identifier: Apache-2.0 */
/* What comes again, late, as history or out of the dead letters: no effect twice, and none is
 * forgotten (DESIGN §5 "No second effect", promise 3). */
#include "flow.h"

#include "ingest/core/normalise.h"

#define SIGNED_BY "s110105001"

static const char corrected_data[] =
    "{\"type_code\":\"R0101\",\"community_code\":\"110105002905\",\"due_at\":"
    "\"2025-11-30T04:00:00Z\"}";

static size_t leads(void)
{
    return count(STREAM_EVENTS, "case.dispatched.v1");
}

/* ---- history ---- */

/* A year and a half of orders, each signed, overdue, some closed, some not. */
static void tell_history(struct case_flow *flow, int number, int64_t opened_ms)
{
    char subject[64], id[64];
    snprintf(subject, sizeof subject, "request:12345:H%d", number);
    snprintf(id, sizeof id, "opened-h%d", number);
    tell(flow, (struct told){.id = id,
                             .stage = "opened",
                             .subject = subject,
                             .replayof = "backfill",
                             .data = "{\"type_code\":\"R0303\",\"community_code\":\"110105001905\","
                                     "\"lead\":\"s110105001\",\"limit_class\":\"24h\",\"due_at\":"
                                     "\"2024-06-01T00:00:00Z\"}",
                             .time_ms = opened_ms});
    snprintf(id, sizeof id, "signed-h%d", number);
    if (number % 2)
        tell(flow, (struct told){.id = id,
                                 .stage = "signed",
                                 .party = "lead",
                                 .unit = SIGNED_BY,
                                 .subject = subject,
                                 .replayof = "backfill",
                                 .data = "{}",
                                 .time_ms = opened_ms + HOUR});
    snprintf(id, sizeof id, "closed-h%d", number);
    if (number % 3 == 0)
        tell(flow, (struct told){.id = id,
                                 .stage = "closed",
                                 .subject = subject,
                                 .replayof = "backfill",
                                 .data = "{}",
                                 .time_ms = opened_ms + 5 * DAY});
}

static void two_years_of_backfill_and_ticks_have_no_effect(void **state)
{
    (void)state;
    struct case_flow *flow = begin();
    tick(flow, NOON);
    for (int i = 0; i < 730; i++)
        tell_history(flow, i, NOON - i * DAY);
    for (int i = 1; i <= 40; i++)
        tick(flow, NOON + i * DAY);
    assert_int_equal(kept_count, 0);
    flow = restart(flow);
    assert_int_equal(case_flow_counts(flow).cases, 730 - 122); /* closed 400 d ago: forgotten */
    tick(flow, NOON + 41 * DAY);
    assert_int_equal(kept_count, 0);
    case_flow_close(flow);
}

/* The live line stays live whatever is said of it later (contracts §6: live = OR). */
static void a_backfill_that_brings_a_live_opening_again_does_not_silence_its_case(void **state)
{
    (void)state;
    struct case_flow *flow = begin();
    struct told history = order;
    tell(flow, order);
    assert_int_equal(leads(), 1);
    history.replayof = "backfill";
    tell(flow, history);
    history.revision = "00000000000000000007.001764000000001.000001.00000000000000ab";
    tell(flow, history); /* and corrected by it */
    flow = restart(flow);
    tell(flow, history);
    assert_int_equal(leads(), 1);
    tick(flow, NOON + 8 * DAY);
    assert_int_equal(count(STREAM_EVENTS, "case.overdue.v1"), 1);
    assert_int_equal(count(STREAM_EVENTS, "case.nudged.v1"), 3); /* unsigned, internal, near_due */
    tell(flow, (struct told){.id = "resolved-1",
                             .stage = "resolved",
                             .party = "lead",
                             .unit = SIGNED_BY,
                             .data = "{}",
                             .time_ms = NOON + 9 * DAY});
    tell(flow, (struct told){.id = "reopened-1",
                             .stage = "reopened",
                             .party = "callback",
                             .data = "{}",
                             .time_ms = NOON + 10 * DAY});
    assert_int_equal(leads(), 2);
    case_flow_close(flow);
}

/* ---- a replay that finds more than there was ---- */

static struct told replayed(const char *id, const char *stage, const char *party, const char *unit,
                            const char *data)
{
    static int64_t minutes;
    return (struct told){.id = id,
                         .stage = stage,
                         .party = party,
                         .unit = unit,
                         .data = data,
                         .replayof = "replay-1",
                         .time_ms = NOON + HOUR + ++minutes * 60000};
}

/* But for what one half of the router tells the other of facts that it knew. */
static size_t words(void)
{
    return kept_count - count(STREAM_SIGNALS, "");
}

/* DESIGN §5, decision 0060: on a live case they change state only, until they are told live. */
static void new_lines_of_a_replay_on_a_live_case_change_its_state_alone(void **state)
{
    (void)state;
    static const char upheld[] = "{\"outcome\":\"upheld\",\"lead\":\"d_urban\"}";
    const struct told rows[] = {
        replayed("d", "disputed", "lead", SIGNED_BY, "{}"),
        replayed("u", "dispute_decided", "desk", "desk", upheld),
        replayed("h", "co_assigned", "desk", "desk", "{\"co_unit\":\"d_urban\"}"),
        replayed("e", "extended", "desk", "desk", "{\"due_at\":\"2025-12-20T04:00:00Z\"}"),
        replayed("m", "merged", "desk", "desk", "{\"parent\":\"request:12345:2\"}"),
        replayed("n", "unmerged", "desk", "desk", "{}"),
    };
    struct case_flow *flow = begin();
    tell(flow, order);
    size_t before = words();
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++)
        tell(flow, rows[i]);
    assert_int_equal(words(), before);
    case_flow_close(flow);
}

static void a_reopening_that_history_tells_has_its_lead_when_it_is_told_live(void **state)
{
    (void)state;
    struct case_flow *flow = begin();
    struct told resolved = replayed("r", "resolved", "lead", SIGNED_BY, "{}");
    struct told reopened = replayed("a", "reopened", "desk", "desk", "{}");
    resolved.replayof = NULL;
    tell(flow, order);
    tell(flow, resolved);
    size_t before = words();
    tell(flow, reopened);
    flow = restart(flow);
    tick(flow, NOON + 2 * DAY);
    assert_int_equal(words(), before);
    reopened.replayof = NULL; /* what --dispatch-missing does */
    tell(flow, reopened);
    tell(flow, reopened);
    assert_int_equal(leads(), 2);
    case_flow_close(flow);
}

/* Work that only history tells of a parent is not copied to its children. */
static void what_a_replay_tells_of_a_parent_is_told_to_no_child(void **state)
{
    (void)state;
    struct case_flow *flow = begin();
    struct told child = replayed("c", "child_added", "router", NULL,
                                 "{\"child\":\"request:12345:2\",\"cause\":\"m\"}");
    struct told resolved = replayed("r", "resolved", "lead", SIGNED_BY, "{}");
    child.replayof = NULL;
    tell(flow, order);
    tell(flow, child);
    size_t before = words();
    tell(flow, resolved);
    assert_int_equal(words(), before);
    resolved.replayof = NULL;
    tell(flow, resolved);
    assert_int_equal(count(STREAM_EVENTS, "\"via\":\"" CASE "\""), 1);
    case_flow_close(flow);
}

/* ---- corrections ---- */

/* Changed content is told to the lead once; who would lead by it the desk is asked once (contracts
 * §2: a correction never moves the lead). */
static void a_correction_after_dispatch_amends_and_asks_and_dispatches_nobody_again(void **state)
{
    (void)state;
    struct case_flow *flow = begin();
    tell(flow, order);
    assert_int_equal(leads(), 1);
    struct told corrected = order;
    corrected.data = corrected_data; /* another type, another 街乡, another due time */
    corrected.revision = "00000000000000000001.001764000000001.000001.00000000000000ab";
    corrected.recorded_ms = NOON + HOUR;
    tell(flow, corrected);
    tell(flow, corrected);
    flow = restart(flow);
    tell(flow, corrected);
    tell(flow, order); /* the first copy, late */
    assert_int_equal(leads(), 1);
    assert_int_equal(count(STREAM_EVENTS, "case.amended.v1"), 1);
    assert_int_equal(count(STREAM_DISPATCH, "\"kind\":\"amended\""), 1);
    assert_int_equal(count(STREAM_EVENTS, "\"rule\":\"would_have\""), 1);
    assert_int_equal(count(STREAM_DISPATCH, "\"kind\":\"escalated\""), 1);
    assert_int_equal(count(STREAM_DISPATCH, "\"kind\":\"recalled\""), 0);
    for (size_t i = 0; i < kept_count; i++)
        for (size_t n = 0; n < i; n++)
            assert_false(kept[i].stream != STREAM_SIGNALS && kept[i].stream == kept[n].stream &&
                         strcmp(kept[i].suffix, kept[n].suffix) == 0 &&
                         strcmp(kept[i].value, kept[n].value) == 0);
    case_flow_close(flow);
}

/* ---- dead letters ---- */

enum { DEAD = 300 };

/* Version 1 does not know the nature of what they ask for; version 2 does. */
static const char feed_text[] =
    "feed: b\nversions:\n"
    "  - version: 1\n    valid_from: 2025-01-01\n    format: ndjson\n    zone: Asia/Shanghai\n"
    "    namespace: request:x\n    number: no\n    tables:\n      kinds: { a: complaint }\n"
    "    events:\n      - stage: opened\n        time: at\n        data:\n"
    "          request_kind: { from: kind, table: kinds, required: true }\n"
    "          type_code: type\n          community_code: place\n"
    "  - version: 2\n    valid_from: 2025-06-01\n    format: ndjson\n    zone: Asia/Shanghai\n"
    "    namespace: request:x\n    number: no\n    tables:\n"
    "      kinds: { a: complaint, b: help }\n"
    "    events:\n      - stage: opened\n        time: at\n        data:\n"
    "          request_kind: { from: kind, table: kinds, required: true }\n"
    "          type_code: type\n          community_code: place\n";

struct path { /* raw, the normaliser, events, the router */
    struct normalise normalise;
    struct case_flow *flow;
    size_t dead, events;
};

static void pass_on(void *carrier, const struct output *output)
{
    struct path *path = carrier;
    path->dead += output->stream == NORMALISE_DEAD;
    if (output->stream != NORMALISE_EVENTS)
        return;
    struct record record = {.topic = SPAN("cb.events"), .key = output->key, .value = output->value};
    path->events++;
    assert_int_equal(case_flow_on_record(path->flow, &record, &outputs), TRANSFORM_NEXT);
}

/* The value as it lies in `dead`, under the header it came with and the mapping that is right. */
static void send_all(struct path *path, int64_t mapping)
{
    struct outputs to = {pass_on, path};
    for (int i = 0; i < DEAD; i++) {
        char value[256], text[RAW_HEADER_MAX];
        struct strbuf header = {.at = text, .capacity = sizeof text, .max = sizeof text - 1};
        struct normalise_result result;
        int n = snprintf(value, sizeof value,
                         "{\"no\":\"D%d\",\"kind\":\"b\",\"at\":\"2025-11-25 12:00:00\",\"type\":"
                         "\"R0303\",\"place\":\"110105001905\"}",
                         i);
        raw_header_write(&header, &(struct raw_header){.feed = SPAN("b"),
                                                       .mapping = mapping,
                                                       .upload = SPAN("u"),
                                                       .row = i + 1,
                                                       .received_ms = NOON + 1000,
                                                       .verdict = SPAN("none")});
        struct record record = {.topic = SPAN("cb.raw"),
                                .offset = i,
                                .key = SPAN("b"),
                                .value = span_from(value, (size_t)n),
                                .headers = {{SPAN("cb"), strbuf_span(&header)}},
                                .header_count = 1};
        normalise_record(&path->normalise, &record, &to, &result);
    }
}

static void what_was_dead_and_is_redriven_is_dispatched_for_the_first_time(void **state)
{
    (void)state;
    struct diagnostics *diagnostics = diagnostics_new();
    struct feeds *feeds = feeds_parse("b.yaml", span_of(feed_text), diagnostics);
    assert_non_null(feeds);
    struct path path = {.flow = begin()};
    normalise_init(&path.normalise, feeds, rules.kinds);
    send_all(&path, 1);
    tick(path.flow, NOON + 10 * DAY);
    assert_int_equal(path.dead, DEAD);
    assert_int_equal(path.events, 0);
    assert_int_equal(kept_count, 0);

    send_all(&path, 2);
    assert_int_equal(path.dead, DEAD);
    assert_int_equal(leads(), DEAD);
    assert_int_equal(count(STREAM_DISPATCH, "\"kind\":\"assigned\""), DEAD);

    size_t before = kept_count;
    send_all(&path, 2); /* whoever redrives twice */
    assert_int_equal(kept_count, before);
    normalise_fini(&path.normalise);
    feeds_free(feeds);
    diagnostics_free(diagnostics);
    case_flow_close(path.flow);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_years_of_backfill_and_ticks_have_no_effect),
        cmocka_unit_test(a_backfill_that_brings_a_live_opening_again_does_not_silence_its_case),
        cmocka_unit_test(new_lines_of_a_replay_on_a_live_case_change_its_state_alone),
        cmocka_unit_test(a_reopening_that_history_tells_has_its_lead_when_it_is_told_live),
        cmocka_unit_test(what_a_replay_tells_of_a_parent_is_told_to_no_child),
        cmocka_unit_test(a_correction_after_dispatch_amends_and_asks_and_dispatches_nobody_again),
        cmocka_unit_test(what_was_dead_and_is_redriven_is_dispatched_for_the_first_time),
    };
    return cmocka_run_group_tests(tests, load, unload);
}
