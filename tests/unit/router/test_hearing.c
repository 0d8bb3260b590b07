/* SPDX-License-Identifier: Apache-2.0 */
/* What triggers are told: each fact once, taken back where it is a fact no longer, nothing of what
 * was told before by replays alone; whatever order its events come in. Without kafka, over the
 * shipped configuration and triggers of its own. */
#include <ftw.h>
#include <sys/stat.h>
#include <unistd.h>

#include "flow.h"
#include "router/core/signal.h"

static char folder[] = "/tmp/citybrain-triggers-XXXXXX";
static struct triggers *triggers;
static struct arena arena;

static const char cluster[] =
    "trigger: cluster\nname: 同一小区集中反映\non: { kind: request, stage: opened }\n"
    "group: [estate_code, type_code]\n"
    "count: { at_least: 3, distinct: { caller_ref: 2 }, within: 7d }\ncool_down: 7d\n"
    "open: { type_code: same, place: same, say: \"{within}内{count}件\" }\n";
static const char again[] =
    "trigger: again\nname: 重办\non: { kind: request, stage: reopened, type_code: [R03*] }\n"
    "group: [estate_code]\ncount: { at_least: 1, within: 7d }\n"
    "open: { type_code: same, say: \"{count}件\" }\n";
static const char outage[] =
    "trigger: outage\nname: 停供\non: { observation: outage, cause: urgent }\n"
    "group: [community_code]\ncount: { at_least: 1, within: 1d }\n"
    "open: { place: same, say: \"{count}件\" }\n";
static const char silent[] =
    "trigger: silent\nname: 静默\ngroup: [station]\nsilence: { cadences: 3 }\n"
    "open: { say: \"{station}\" }\n";

static void put(const char *name, const char *text)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s.yaml", folder, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static struct listeners *listen(struct diagnostics *diagnostics)
{
    triggers = triggers_load(folder, rules.kinds, &bundle.district, diagnostics);
    return triggers ? listeners_new(triggers, rules.kinds, rules.codes, diagnostics) : NULL;
}

static int load_all(void **state)
{
    if (load(state) != 0 || !mkdtemp(folder))
        return -1;
    put("cluster", cluster);
    put("again", again);
    put("outage", outage);
    put("silent", silent);
    struct diagnostics *diagnostics = diagnostics_new();
    listeners_free(bundle.listeners);
    triggers_free(bundle.triggers);
    bundle.listeners = listen(diagnostics);
    bundle.triggers = triggers;
    rules.signal_partitions = 12;
    diagnostics_free(diagnostics);
    arena_init(&arena, 65536);
    return bundle.listeners ? 0 : -1;
}

static int drop(const char *path, const struct stat *stat, int type, struct FTW *walk)
{
    (void)stat;
    (void)type;
    (void)walk;
    return remove(path);
}

static int unload_all(void **state)
{
    arena_fini(&arena);
    nftw(folder, drop, 8, FTW_DEPTH | FTW_PHYS);
    return unload(state);
}

/* The nth fact that was written, from 0. */
static struct signal fact(size_t n)
{
    struct signal read = {0};
    for (size_t i = 0; i < kept_count; i++)
        if (kept[i].stream == STREAM_SIGNALS && n-- == 0)
            assert_true(signal_read(&read, span_of(kept[i].key), span_of(kept[i].value), &arena));
    assert_true(read.group.len > 0);
    return read;
}

static size_t facts(void)
{
    return count(STREAM_SIGNALS, "1|f|");
}

static size_t count_taken_back(void)
{
    size_t n = 0;
    for (size_t i = 0; i < kept_count; i++) {
        struct signal said;
        arena_reset(&arena);
        n += kept[i].stream == STREAM_SIGNALS &&
             signal_read(&said, span_of(kept[i].key), span_of(kept[i].value), &arena) &&
             said.kind == SIGNAL_FACT && !said.counts;
    }
    return n;
}

static const char estate_1[] = "{\"type_code\":\"R0303\",\"community_code\":\"110105001905\","
                               "\"street_code\":\"110105001\",\"estate_code\":\"E1\",\"caller_"
                               "ref\":\"c1\",\"flags\":\"again\"}";
static const char estate_2[] =
    "{\"type_code\":\"R0303\",\"community_code\":\"110105001905\","
    "\"street_code\":\"110105001\",\"estate_code\":\"E2\",\"caller_ref\":\"c1\"}";

static struct told opened(const char *data)
{
    struct told told = order;
    told.data = data;
    return told;
}

static void a_fact_is_written_once_with_what_its_trigger_asks_for(void **state)
{
    (void)state;
    struct case_flow *flow = begin();
    tell(flow, opened(estate_1));
    tell(flow, opened(estate_1));
    assert_int_equal(facts(), 1);
    struct signal said = fact(0);
    assert_true(span_is(said.group, "cluster|E1|R0303") && said.counts && said.step == 0);
    assert_true(span_is(said.id, "opened-1") && span_is(said.subject, CASE));
    assert_int_equal(said.time_ms, NOON);
    assert_int_equal(said.revision.received_ms, 1764000000000);
    assert_true(span_is(signal_field(&said, SPAN("caller_ref")), "c1"));
    assert_true(span_is(signal_field(&said, SPAN("community_code")), "110105001905"));
    assert_null(signal_field(&said, SPAN("flags")).at); /* nobody asked */
    flow = restart(flow);
    kept_count = 0;
    tell(flow, opened(estate_1));
    assert_int_equal(kept_count, 0);
    assert_int_equal(case_flow_counts(flow).signals, 0);
    case_flow_close(flow);
}

static void what_has_no_group_is_no_fact(void **state)
{
    (void)state;
    struct case_flow *flow = begin();
    tell(flow, order); /* no estate */
    assert_int_equal(facts(), 0);
    case_flow_close(flow);
}

static void a_correction_moves_a_fact_to_its_new_group(void **state)
{
    (void)state;
    struct case_flow *flow = begin();
    tell(flow, opened(estate_1));
    flow = restart(flow); /* the old group is read from the set */
    kept_count = 0;
    struct told corrected = opened(estate_2);
    corrected.revision = "00000000000000000007.001764000000009.000001.00000000000000bb";
    tell(flow, corrected);
    assert_int_equal(facts(), 2);
    struct signal back = fact(0), now = fact(1);
    assert_true(span_is(back.group, "cluster|E1|R0303") && !back.counts);
    assert_true(span_is(now.group, "cluster|E2|R0303") && now.counts);
    assert_true(span_is(back.id, "opened-1") && span_is(now.id, "opened-1"));
    assert_int_equal(back.revision.source, 7);
    assert_true(signal_revision_holds((struct signal_revision){0, 1764000000000}, back.revision));
    case_flow_close(flow);
}

static void history_alone_is_no_fact_until_it_is_told_live(void **state)
{
    (void)state;
    struct case_flow *flow = begin();
    struct told old = opened(estate_1);
    old.replayof = "backfill";
    tell(flow, old);
    assert_int_equal(count(STREAM_SIGNALS, ""), 0);
    tell(flow, opened(estate_1));
    assert_int_equal(facts(), 1);
    kept_count = 0;
    tell(flow, old); /* history that comes again silences nothing */
    assert_int_equal(kept_count, 0);
    case_flow_close(flow);
}

/* closed and reopened in either order: a move that is impossible so far is no fact so far. */
static void a_move_counts_when_what_it_hangs_on_has_come(void **state)
{
    (void)state;
    struct told closed = {
        .id = "closed-1", .stage = "closed", .time_ms = NOON + HOUR, .data = "{}"};
    struct told reopened = {.id = "reopened-1",
                            .stage = "reopened",
                            .party = "callback",
                            .time_ms = NOON + 2 * HOUR,
                            .data = "{}"};
    struct case_flow *flow = begin();
    tell(flow, opened(estate_1));
    tell(flow, reopened);
    assert_int_equal(facts(), 1);
    tell(flow, closed);
    assert_int_equal(facts(), 2);
    struct signal said = fact(1);
    assert_true(span_is(said.group, "again|E1") && said.counts);
    assert_true(span_is(said.id, "reopened-1")); /* and its case's type and estate */

    struct told earlier = reopened; /* corrected: it was before the closure */
    earlier.time_ms = NOON + HOUR / 2;
    earlier.revision = "00000000000000000001.001764000000009.000001.00000000000000bb";
    tell(flow, earlier);
    assert_int_equal(facts(), 3);
    said = fact(2);
    assert_true(span_is(said.id, "reopened-1") && !said.counts);
    case_flow_close(flow);
}

static void a_step_asks_for_what_it_says_only(void **state)
{
    (void)state;
    struct case_flow *flow = begin();
    tell(flow, opened("{\"type_code\":\"R0101\",\"community_code\":\"110105001905\","
                      "\"estate_code\":\"E1\"}"));
    tell(flow,
         (struct told){.id = "closed-1", .stage = "closed", .time_ms = NOON + 1, .data = "{}"});
    tell(flow, (struct told){.id = "reopened-1",
                             .stage = "reopened",
                             .party = "desk",
                             .time_ms = NOON + 2,
                             .data = "{}"});
    assert_int_equal(count(STREAM_SIGNALS, ""), 1); /* again is for R03 */
    assert_true(span_is(fact(0).trigger, "cluster"));
    case_flow_close(flow);
}

static void observe(struct case_flow *flow, const char *kind, const char *feed, const char *data,
                    const char *replayof)
{
    struct strbuf buf;
    strbuf_init(&buf, 1024, 65536);
    event_write(&buf, &(struct event){.family = EVENT_OBSERVATION,
                                      .name = span_of(kind),
                                      .id = SPAN("seen-1"),
                                      .source = SPAN("/feeds/x"),
                                      .subject = SPAN("outage:utilities:7"),
                                      .time_ms = NOON,
                                      .recorded_ms = NOON + 5,
                                      .feed = span_of(feed),
                                      .replayof = span_of(replayof),
                                      .data_json = span_of(data)});
    say(flow, strbuf_span(&buf));
    strbuf_fini(&buf);
}

static void observations_are_facts_where_a_step_listens(void **state)
{
    (void)state;
    struct case_flow *flow = begin();
    observe(flow, "outage", "outage", "{\"cause\":\"urgent\",\"community_code\":\"110105001905\"}",
            NULL);
    observe(flow, "outage", "outage", "{\"cause\":\"planned\",\"community_code\":\"110105001905\"}",
            NULL);
    observe(flow, "outage_over", "outage",
            "{\"cause\":\"urgent\",\"community_code\":\"110105001905\"}", NULL);
    observe(flow, "outage", "outage", "{\"cause\":\"urgent\",\"community_code\":\"110105001905\"}",
            "backfill");
    assert_int_equal(kept_count, 1);
    struct signal said = fact(0);
    assert_true(span_is(said.group, "outage|110105001905") && said.counts);
    assert_true(span_is(said.subject, "outage:utilities:7"));
    assert_int_equal(said.revision.received_ms, NOON + 5);
    case_flow_close(flow);
}

static void any_word_of_a_station_is_a_sighting(void **state)
{
    (void)state;
    struct case_flow *flow = begin();
    observe(flow, "heartbeat", "heartbeat", "{\"station\":\"st001\"}", NULL);
    observe(flow, "visits", "platform", "{\"station\":\"st001\"}", NULL);
    observe(flow, "visits", "platform", "{\"count\":3}", NULL);
    assert_int_equal(kept_count, 2);
    struct signal said = fact(1);
    assert_true(span_is(said.group, "silent|st001"));
    assert_true(span_is(signal_field(&said, SPAN("via")), "platform"));
    assert_int_equal(said.time_ms, NOON + 5); /* when it was heard, whatever it tells of */
    case_flow_close(flow);
}

static void the_clock_is_told_to_every_partition_after_its_timers(void **state)
{
    (void)state;
    struct case_flow *flow = begin();
    tell(flow, opened(estate_1));
    kept_count = 0;
    tick(flow, NOON + 9 * DAY);
    assert_int_equal(count(STREAM_SIGNALS, "1|w|3|"), 12);
    assert_true(count(STREAM_EVENTS, "case.overdue.v1") == 1);
    assert_int_equal(kept[kept_count - 1].stream, STREAM_SIGNALS); /* behind what is due */
    kept_count = 0;
    tick(flow, NOON + 8 * DAY); /* an old one */
    assert_int_equal(kept_count, 0);
    flow = restart(flow);
    tick(flow, NOON + 9 * DAY); /* the one whose timers a restart interrupted */
    assert_int_equal(count(STREAM_SIGNALS, "1|w|3|"), 12);
    case_flow_close(flow);
}

/* ---- whatever the order ---- */

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
    size_t count = 0, live = 0;
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
        snprintf(all[n].value, sizeof all[n].value, "%s", kept[i].value);
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

static char shown[512];

static void show(void *context, const char *line)
{
    (void)context;
    snprintf(shown, sizeof shown, "%s", line);
}

static void a_group_that_no_case_keeps_is_refused(void **state)
{
    (void)state;
    struct diagnostics *diagnostics = diagnostics_new();
    struct triggers *before = triggers;
    put("colour",
        "trigger: colour\nname: 颜色\non: { kind: request, stage: opened }\ngroup: [colour]\n"
        "count: { at_least: 3, within: 7d }\nopen: { say: \"{count}\" }\n");
    assert_null(listen(diagnostics));
    diagnostics_each(diagnostics, show, NULL);
    assert_non_null(strstr(shown, "colour.yaml:"));
    assert_non_null(strstr(shown, "asks a case for colour"));
    assert_non_null(strstr(shown, "codes.csv"));
    diagnostics_free(diagnostics);
    triggers_free(triggers);
    triggers = before;
    char path[128];
    snprintf(path, sizeof path, "%s/colour.yaml", folder);
    remove(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_fact_is_written_once_with_what_its_trigger_asks_for),
        cmocka_unit_test(what_has_no_group_is_no_fact),
        cmocka_unit_test(a_correction_moves_a_fact_to_its_new_group),
        cmocka_unit_test(history_alone_is_no_fact_until_it_is_told_live),
        cmocka_unit_test(a_move_counts_when_what_it_hangs_on_has_come),
        cmocka_unit_test(a_step_asks_for_what_it_says_only),
        cmocka_unit_test(observations_are_facts_where_a_step_listens),
        cmocka_unit_test(any_word_of_a_station_is_a_sighting),
        cmocka_unit_test(the_clock_is_told_to_every_partition_after_its_timers),
        cmocka_unit_test(the_facts_that_hold_hang_on_no_order),
        cmocka_unit_test(a_case_of_every_line_it_may_have_is_compared_as_well),
        cmocka_unit_test(a_group_that_no_case_keeps_is_refused),
    };
    return cmocka_run_group_tests(tests, load_all, unload_all);
}
