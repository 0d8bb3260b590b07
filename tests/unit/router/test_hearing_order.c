/* SPDX-License-Identifier: Apache-2.0 */
/* The facts that hold hang on the events of a case and not on the order in which they come, nor on
 * how many there are. */
#include "hearing.h"

enum { LIVES = 3000, MOST_TOLD = 12 };

static uint32_t dice(uint32_t *seed, uint32_t sides)
{
    *seed = *seed * 1664525 + 1013904223;
    return (*seed >> 8) % sides;
}

static struct told random_told(uint32_t *seed)
{
    static const char *const stages[] = {"opened", "contacted", "resolved", "closed", "reopened"};
    static const char *const parties[] = {"source", "lead", "lead", "source", "callback"};
    static const char *const revisions[] = {
        "00000000000000000000.001764000000000.000001.00000000000000aa",
        "00000000000000000000.001764000000001.000001.00000000000000bb",
        "00000000000000000009.001763000000000.000001.00000000000000cc"};
    static const char *const ids[] = {"a", "b", "c", "d", "e", "f"};
    uint32_t stage = dice(seed, 5), revision = dice(seed, 3);
    return (struct told){
        .id = stage == 0 ? "opened-1" : ids[dice(seed, 6)],
        .stage = stages[stage],
        .party = parties[stage],
        .unit = stage == 1 || stage == 2 ? "s110105001" : NULL,
        .data = stage      ? "{}"
                : revision ? estate_2
                           : estate_1, /* content hangs on the revision */
        .revision = revisions[stage ? 0 : revision],
        .replayof = dice(seed, 4) ? NULL : "history",
        .time_ms = NOON + (int64_t)dice(seed, 8) * HOUR,
        .recorded_ms = NOON + DAY + (int64_t)dice(seed, 8) * HOUR,
    };
}

struct held { /* what a window of that group knows of an event */
    char key[64], id[32], value[512];
    struct signal_revision revision;
    bool counts;
};

static int by_key(const void *a, const void *b)
{
    return memcmp(a, b, sizeof((struct held *)0)->key + sizeof((struct held *)0)->id);
}

/* The facts that hold after all that was written, in order; their number. */
static size_t hold(struct held *all)
{
    static struct strbuf text;
    size_t count = 0, live = 0;
    if (!text.at)
        strbuf_init(&text, 512, 4096);
    for (size_t i = 0; i < kept_count; i++) {
        struct signal said;
        arena_reset(&arena);
        if (kept[i].stream != STREAM_SIGNALS)
            continue;
        assert_true(signal_read(&said, span_of(kept[i].key), span_of(kept[i].value), &arena));
        size_t n = 0;
        while (n < count && (strcmp(all[n].key, kept[i].key) != 0 || !span_is(said.id, all[n].id)))
            n++;
        if (n < count && !signal_revision_holds(all[n].revision, said.revision))
            fail_msg("a fact with a smaller revision than before: %s", kept[i].value);
        memset(&all[n], 0, sizeof all[n]);
        snprintf(all[n].key, sizeof all[n].key, "%s", kept[i].key);
        span_to_cstr(said.id, all[n].id, sizeof all[n].id);
        said.arrived_ms = 0; /* that hangs on what came last */
        strbuf_reset(&text);
        signal_write(&text, &said);
        snprintf(all[n].value, sizeof all[n].value, "%s", text.at);
        all[n].revision = said.revision;
        all[n].counts = said.counts;
        count += n == count;
    }
    for (size_t n = 0; n < count; n++)
        if (all[n].counts)
            all[live++] = all[n];
    qsort(all, live, sizeof *all, by_key);
    return live;
}

/* Once as told and once shuffled, with a restart at some point. */
static size_t live_through(const struct told *told, size_t count, bool shuffled, uint32_t *seed,
                           struct held *held)
{
    size_t order_of[MOST_TOLD], restarted = dice(seed, (uint32_t)count);
    struct case_flow *flow = begin();
    for (size_t i = 0; i < count; i++)
        order_of[i] = i;
    for (size_t i = count - 1; shuffled && i > 0; i--) {
        size_t other = dice(seed, (uint32_t)i + 1), kept_one = order_of[i];
        order_of[i] = order_of[other];
        order_of[other] = kept_one;
    }
    for (size_t i = 0; i < count; i++) {
        tell(flow, told[order_of[i]]);
        if (i == restarted)
            flow = restart(flow);
        if (dice(seed, 3) == 0)
            tell(flow, told[order_of[i]]);
    }
    case_flow_close(flow);
    return hold(held);
}

static void the_facts_that_hold_hang_on_no_order(void **state)
{
    (void)state;
    static struct held first[256], second[256];
    uint32_t seed = 7;
    size_t facts_held = 0, taken_back = 0;
    for (int life = 0; life < LIVES; life++) {
        struct told told[MOST_TOLD];
        size_t count = 4 + dice(&seed, MOST_TOLD - 4);
        for (size_t i = 0; i < count; i++)
            told[i] = random_told(&seed);
        /* of one id one content: what a sender says under one revision */
        for (size_t i = 0; i < count; i++)
            for (size_t n = 0; n < i; n++)
                if (strcmp(told[i].id, told[n].id) == 0 &&
                    strcmp(told[i].revision, told[n].revision) == 0) {
                    const char *replayof = told[i].replayof;
                    told[i] = told[n];
                    told[i].replayof = replayof;
                }
        size_t a = live_through(told, count, false, &seed, first);
        taken_back += count_taken_back();
        size_t b = live_through(told, count, true, &seed, second);
        assert_int_equal(a, b);
        for (size_t i = 0; i < a; i++) {
            assert_string_equal(first[i].key, second[i].key);
            assert_string_equal(first[i].value, second[i].value);
        }
        facts_held += a;
    }
    assert_true(facts_held > LIVES / 2 && taken_back > 100); /* it was about something */
}

/* The copy that is kept for comparing has room beside the greatest set. */
static void a_case_of_every_line_it_may_have_is_compared_as_well(void **state)
{
    (void)state;
    char id[32];
    struct case_flow *flow = begin();
    tell(flow, opened(estate_1));
    for (int i = 0; i < 300; i++) {
        snprintf(id, sizeof id, "contacted-%d", i);
        tell(flow, (struct told){.id = id,
                                 .stage = "contacted",
                                 .party = "lead",
                                 .unit = "s110105001",
                                 .data = "{\"lead\":\"s110105001\",\"type_code\":\"R0303\"}",
                                 .time_ms = NOON + i});
        kept_count = 0;
    }
    assert_true(case_flow_counts(flow).too_long > 0);
    struct told corrected = opened(estate_2);
    corrected.revision = "00000000000000000007.001764000000009.000001.00000000000000bb";
    tell(flow, corrected);
    assert_int_equal(count(STREAM_DEAD, ""), 0);
    assert_int_equal(facts(), 2);
    case_flow_close(flow);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_facts_that_hold_hang_on_no_order),
        cmocka_unit_test(a_case_of_every_line_it_may_have_is_compared_as_well),
    };
    return cmocka_run_group_tests(tests, load_all, unload_all);
}
