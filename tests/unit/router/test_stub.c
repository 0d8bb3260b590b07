/* SPDX-License-Identifier: Apache-2.0 */
/* The law of the stub: a router that cuts closed cases down says word for word what one says that
 * keeps everything, over random lives of the shipped kinds and of random ones, with late facts,
 * repeats, corrections, stale copies and reopenings, before and after the cut. */
#include "flow.h"

#include <unistd.h>

#include "model/case_fold.h"
#include "router/core/case_pack.h"

enum { GENERATIONS = 8, LIVES = 400, MOST_FACTS = 24 };

static uint64_t seed = 20251125;

static uint64_t roll(uint64_t below)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed % below;
}

static const char *const stage_names[] = {
    "signed",      "contacted", "disputed",   "dispute_decided", "held",           "resumed",
    "extended",    "resolved",  "reviewed",   "reopened",        "closed",         "supervised",
    "co_assigned", "merged",    "classified", "assigned",        "hold_requested", "forwarded"};

static const char *const random_kinds[] = {"appointment", "deliberation", "proposal", "project",
                                           "works",       "partnership",  "proactive"};

/* What forbids a stage, what it takes back, how often it may happen, what it does. */
static void write_more(FILE *file, size_t stage, size_t count)
{
    static const char *const more[] = {"clock: stops",     "clock: runs",      "new_lead: true",
                                       "needs: [outcome]", "needs: [co_unit]", "within: 24h"};
    if (roll(4) == 0)
        fprintf(file, ", unless: [%s]", stage_names[roll(count)]);
    if (roll(4) == 0)
        fprintf(file, ", ends: [%s]", stage_names[(stage + 1 + roll(count - 1)) % count]);
    if (roll(6) == 0)
        fprintf(file, ", at_most: %d", (int)(1 + roll(3)));
    if (roll(3) == 0)
        fprintf(file, ", %s", more[roll(ARRAY_LENGTH(more))]);
    fputs(" }\n", file);
}

/* A kind as an adopter might write it: any stage after any others, said by anybody. */
static void write_kind(const char *folder, const char *code)
{
    static const char *const parties[] = {"[source]", "[lead]", "[desk]", "[source, desk]",
                                          "[lead, desk, callback]"};
    char path[128];
    size_t count = 6 + roll(ARRAY_LENGTH(stage_names) - 5);
    snprintf(path, sizeof path, "%s/%s.yaml", folder, code);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fprintf(file, "kind: %s\nname: x\nstages:\n  opened: { rank: 10, by: [source] }\n", code);
    fprintf(file, "  dispatched: { rank: 20, by: [router], after: [opened] }\n");
    for (size_t i = 0; i < count; i++) {
        const char *as[] = {
            "", "", "", ", counts_as: response", ", counts_as: resolution", ", counts_as: closure"};
        bool reopens = strcmp(stage_names[i], "reopened") == 0;
        fprintf(file, "  %s: { rank: %d, by: %s, after: [", stage_names[i], (int)(25 + roll(70)),
                parties[roll(ARRAY_LENGTH(parties))]);
        const char *comma = "";
        for (size_t n = 0; n < count; n++) {
            if (n != i && roll(5) == 0) {
                fprintf(file, "%s%s", comma, stage_names[n]);
                comma = ", ";
            }
        }
        fprintf(file, "%s%s]%s", comma, roll(2) ? "dispatched" : "opened",
                reopens ? ", new_round: true" : as[roll(ARRAY_LENGTH(as))]);
        write_more(file, i, count);
    }
    fprintf(file,
            "  recalled: { rank: 19, by: [router], after: [dispatched], ends: [dispatched] }\n"
            "  amended: { rank: 21, by: [router], after: [dispatched] }\n"
            "  nudged: { rank: 91, by: [router], after: [dispatched] }\n"
            "  overdue: { rank: 92, by: [router], after: [dispatched] }\n"
            "  noted: { rank: 48, by: [desk], after: [dispatched] }\n"
            "timers:\n  a: { after: %s, unless: %s, in: 30m, do: nudge }\n"
            "  b: { after: dispatched, unless: %s, in: 3d, do: nudge }\n"
            "  c: { at: due_at, unless: %s, do: escalate, to: desk }\n",
            stage_names[roll(count)], stage_names[roll(count)], stage_names[roll(count)],
            stage_names[roll(count)]);
    fclose(file);
}

struct fact {
    struct told told;
    char id[24], revision[80], data[160];
};

/* Party and unit belong to the id; time and content may be corrected. */
static void make_fact(struct fact *fact, const struct case_kind *kind, const char *subject,
                      int number)
{
    static const char *const parties[] = {"source", "desk", "lead", "callback"};
    static const char *const usual[] = {"opened", "signed",   "resolved", "reopened",
                                        "signed", "resolved", "closed"};
    bool is_usual = (size_t)number < ARRAY_LENGTH(usual) && roll(5) > 0;
    int named = is_usual ? case_kind_stage(kind, span_of(usual[number])) : -1;
    size_t index = named >= 0 ? (size_t)named : number ? roll(kind->stage_count) : 0;
    const struct kind_stage *stage = &kind->stages[index];
    const char *party = number ? NULL : "source";
    for (int i = 0; i < 8 && !party; i++) {
        int pick = (int)roll(4);
        int code = codes_number(rules.codes, CODE_PARTY, span_of(parties[pick]));
        if (stage->parties >> code & 1 || i == 7)
            party = parties[pick];
    }
    *fact = (struct fact){.told = {.stage = stage->name,
                                   .party = party,
                                   .subject = subject,
                                   .replayof = roll(12) ? NULL : "backfill"}};
    if (strcmp(party, "lead") == 0)
        fact->told.unit = roll(5) ? "s110105001" : "s110105002";
    snprintf(fact->id, sizeof fact->id, "%s-%d", stage->name, number);
}

static void set_content(struct fact *fact, int64_t now_ms, uint64_t revision)
{
    static const char *const contents[] = {
        "{\"type_code\":\"R0303\",\"community_code\":\"110105001905\"}",
        "{\"type_code\":\"R0101\",\"community_code\":\"110105001905\"}",
        ("{\"type_code\":\"R0303\",\"community_code\":\"110105001905\",\"lead\":\"s110105001\","
         "\"limit_class\":\"24h\"}"),
        "{\"lead\":\"s110105001\",\"limit_class\":\"7d\"}"};
    static const char *const moves[] = {
        "{}", "{\"outcome\":\"upheld\"}", "{\"outcome\":\"rejected\"}",
        "{\"co_unit\":\"d_urban\",\"due_at\":\"2025-12-01T04:00:00Z\"}",
        "{\"due_at\":\"2025-12-09T04:00:00Z\",\"lead\":\"s110105002\"}"};
    bool opens = strcmp(fact->told.stage, "opened") == 0;
    bool tells = opens || strcmp(fact->told.stage, "classified") == 0;
    snprintf(fact->data, sizeof fact->data, "%s", tells ? contents[roll(4)] : moves[roll(5)]);
    fact->told.time_ms = now_ms - (int64_t)roll(roll(4) ? 60000 : 12 * DAY);
    fact->told.recorded_ms = now_ms;
    snprintf(fact->revision, sizeof fact->revision, "%020llu.%015lld.000001.%016llx",
             (unsigned long long)revision, (long long)now_ms, (unsigned long long)roll(1 << 20));
    fact->told.id = fact->id;
    fact->told.revision = fact->revision;
    fact->told.data = fact->data;
}

struct pair {
    struct case_flow *full, *cut;
};

static size_t said_total;

/* A receipt is a courtesy: a status sent once more to a case that was cut is new to it, and without
 * effect it is answered once more. */
static void forget_receipts(void)
{
    size_t left = 0;
    for (size_t i = 0; i < kept_count; i++)
        if (kept[i].stream != STREAM_RECEIPTS)
            kept[left++] = kept[i];
    kept_count = left;
}

/* Both hear it; what each said must be the same. */
static void assert_same_words(size_t before, size_t middle)
{
    assert_int_equal(middle - before, kept_count - middle);
    for (size_t i = 0; i < middle - before; i++) {
        assert_string_equal(kept[before + i].value, kept[middle + i].value);
        assert_string_equal(kept[before + i].suffix, kept[middle + i].suffix);
    }
    said_total += middle - before;
    kept_count = 0;
}

static void tell_both(struct pair pair, struct fact sent) /* a copy: its texts move with it */
{
    sent.told.id = sent.id;
    sent.told.revision = sent.revision;
    sent.told.data = sent.data;
    tell(pair.full, sent.told);
    forget_receipts();
    size_t middle = kept_count;
    tell(pair.cut, sent.told);
    forget_receipts();
    assert_same_words(0, middle);
}

static void tick_both(struct pair pair, int64_t now_ms)
{
    tick(pair.full, now_ms);
    size_t middle = kept_count;
    tick(pair.cut, now_ms);
    assert_same_words(0, middle);
}

/* What ended the case turns out to have been before it began: it is open again, and what is left of
 * it must know what was said. */
static void take_back(struct pair pair, const struct case_kind *kind, struct fact *facts, int made,
                      int64_t *now_ms)
{
    uint64_t mask = roll(4);
    for (int i = 0; i < made; i++) {
        struct fact sent = facts[i];
        int index = case_kind_stage(kind, span_of(sent.told.stage));
        bool ends = kind->stages[index].counts_as == COUNTS_CLOSURE ||
                    (mask & 1 && kind->stages[index].counts_as == COUNTS_RESOLUTION) ||
                    (mask & 2 && kind->stages[index].new_round);
        if (!ends)
            continue;
        set_content(&sent, *now_ms, 9);
        sent.told.time_ms = NOON - 30 * DAY;
        tell_both(pair, sent);
    }
    for (int i = 0; i < 4; i++) {
        *now_ms += (int64_t)roll(9 * DAY);
        tick_both(pair, *now_ms);
    }
}

static void live(struct pair pair, const struct case_kind *kind, const char *subject)
{
    static struct fact facts[MOST_FACTS];
    int64_t now_ms = NOON;
    int made = 0;
    kept_count = 0;
    for (int step = 0; step < 40; step++) {
        if (roll(3) == 0) {
            now_ms += (int64_t)roll(roll(2) ? 5 * DAY : HOUR);
            tick_both(pair, now_ms);
            continue;
        }
        bool again = made == MOST_FACTS || (made > 2 && roll(3) == 0);
        struct fact *fact = &facts[again ? roll((uint64_t)made) : (uint64_t)made];
        if (!again) {
            make_fact(fact, kind, subject, made++);
            set_content(fact, now_ms, 1);
        }
        struct fact sent = *fact;
        if (again && roll(2))
            set_content(&sent, now_ms, roll(4)); /* newer, or a stale copy */
        tell_both(pair, sent);
        if (roll(2))
            *fact = sent;
        if (roll(40) == 0)
            take_back(pair, kind, facts, made, &now_ms);
    }
    take_back(pair, kind, facts, made, &now_ms);
}

/* The shipped kinds, and random ones in the place of the rest. */
static void make_kinds(void)
{
    char folder[] = "/tmp/citybrain_kinds.XXXXXX", command[256];
    assert_non_null(mkdtemp(folder));
    for (size_t i = 0; i < ARRAY_LENGTH(random_kinds); i++)
        write_kind(folder, random_kinds[i]);
    snprintf(command, sizeof command, "cp config/kinds/request.yaml config/kinds/service.yaml %s",
             folder);
    assert_int_equal(system(command), 0);
    struct diagnostics *diagnostics = diagnostics_new();
    struct error error = {0};
    rule_bundle_fini(&bundle); /* its triggers listen to the kinds */
    kinds_free((struct kinds *)(uintptr_t)rules.kinds);
    rules.kinds = kinds_load(folder, rules.codes, diagnostics);
    if (rules.kinds)
        rule_bundle_load(&bundle, "config", rules.kinds, diagnostics);
    if (!diagnostics_to_error(diagnostics, &error))
        fail_msg("%s", error.text);
    diagnostics_free(diagnostics);
    snprintf(command, sizeof command, "rm -r %s", folder);
    assert_int_equal(system(command), 0);
}

static void live_many(int64_t *stubs, int64_t *decided)
{
    struct case_flow_rules whole = rules;
    whole.timers = (struct timers_rules){.headless_after_ms = rules.timers.headless_after_ms};
    for (int i = 0; i < LIVES; i++) {
        struct pair pair = {case_flow_open(&whole, 0), case_flow_open(&rules, 0)};
        size_t picked = roll(ARRAY_LENGTH(random_kinds) + 4);
        const struct case_kind *kind =
            picked < ARRAY_LENGTH(random_kinds)
                ? kinds_find(rules.kinds, span_of(random_kinds[picked]))
                : kinds_find(rules.kinds, picked % 4 ? SPAN("request") : SPAN("service"));
        char subject[64];
        snprintf(subject, sizeof subject, "%s:12345:%d", kind->code, i);
        live(pair, kind, subject);
        *stubs += case_flow_counts(pair.cut).stubs;
        *decided += case_flow_counts(pair.cut).decided;
        case_flow_close(pair.full);
        case_flow_close(pair.cut);
    }
}

static void a_stub_decides_as_the_whole_case_would(void **state)
{
    (void)state;
    int64_t stubs = 0, decided = 0;
    rules.timers.forget_after_ms = 0;
    for (int i = 0; i < GENERATIONS; i++) {
        make_kinds();
        live_many(&stubs, &decided);
    }
    print_message("%lld stubs, %lld decisions, %zu records\n", (long long)stubs, (long long)decided,
                  said_total);
    assert_true(stubs > 100 && decided > 1000 && said_total > 3000);
}

static size_t lines_of(struct case_flow *flow)
{
    struct case_set set = {0};
    struct arena lines;
    arena_init(&lines, 1 << 20);
    save(flow);
    for (size_t i = 0; i < topic_count; i++) {
        struct span packed = topic[i].gone ? SPAN_NONE : state_of(&topic[i]);
        if (topic[i].key[0] != '_')
            assert_true(case_pack_read(&set, packed, &lines));
    }
    arena_fini(&lines);
    return set.count;
}

static void a_closed_case_is_cut_after_seven_days_and_gone_after_four_hundred(void **state)
{
    (void)state;
    static const char *const stages[] = {"signed",   "linked",   "linked", "linked",
                                         "resolved", "reviewed", "closed"};
    static const char *const parties[] = {"lead", "desk",     "desk", "desk",
                                          "lead", "callback", "desk"};
    rules.timers = (struct timers_rules){.stub_after_ms = 7 * DAY, .forget_after_ms = 400 * DAY};
    struct case_flow *flow = begin();
    char id[16];
    tell(flow, order);
    for (int i = 0; i < 7; i++) {
        snprintf(id, sizeof id, "f%d", i);
        tell(flow, (struct told){.id = id,
                                 .stage = stages[i],
                                 .party = parties[i],
                                 .unit = i == 0 || i == 4 ? "s110105001" : "desk",
                                 .data = "{}",
                                 .time_ms = NOON + HOUR + i * 1000});
    }
    assert_int_equal(lines_of(flow), 9);
    int64_t closed_ms = NOON + HOUR + 6000;
    tick(flow, closed_ms + 7 * DAY - 1);
    assert_int_equal(lines_of(flow), 9);
    tick(flow, closed_ms + 7 * DAY);
    assert_int_equal(lines_of(flow), 5); /* opened, dispatched, signed, resolved, closed */
    flow = restart(flow);
    tell(flow, order); /* what it still knows changes nothing */
    assert_int_equal(lines_of(flow), 5);
    assert_int_equal(count(STREAM_EVENTS, "case.dispatched.v1"), 1);
    tick(flow, closed_ms + 400 * DAY - 1);
    assert_int_equal(case_flow_counts(flow).cases, 1);
    tick(flow, closed_ms + 400 * DAY);
    assert_int_equal(lines_of(flow), 0);
    assert_int_equal(case_flow_counts(flow).cases, 0);
    flow = restart(flow);
    assert_int_equal(case_flow_counts(flow).cases, 0);
    case_flow_close(flow);
}

/* What is live only by a line that may go stays live. */
static void the_only_live_line_stays(void **state)
{
    (void)state;
    rules.timers = (struct timers_rules){.stub_after_ms = 7 * DAY};
    struct case_flow *flow = begin();
    struct told opened = order, closed = {.id = "c", .stage = "closed", .party = "source"};
    opened.replayof = closed.replayof = "backfill";
    closed.data = "{}";
    closed.time_ms = NOON + HOUR;
    tell(flow, opened);
    tell(flow, closed);
    tell(flow, (struct told){.id = "s",
                             .stage = "linked",
                             .party = "desk",
                             .unit = "desk",
                             .data = "{}",
                             .time_ms = NOON + 1000});
    tick(flow, NOON + 8 * DAY);
    closed.time_ms = NOON - HOUR; /* it was before it was opened: open, live and never dispatched */
    closed.revision = "00000000000000000001.001764000000000.000001.00000000000000aa";
    tell(flow, closed);
    assert_int_equal(count(STREAM_EVENTS, "case.dispatched.v1"), 1);
    case_flow_close(flow);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_stub_decides_as_the_whole_case_would),
        cmocka_unit_test(a_closed_case_is_cut_after_seven_days_and_gone_after_four_hundred),
        cmocka_unit_test(the_only_live_line_stays),
    };
    return cmocka_run_group_tests(tests, load, unload);
}
