/* SPDX-License-Identifier: Apache-2.0 */
/* docs/decisions/0359, 0386: what happened on a day is that day's, whether the case is reopened
 * later or not, and in whatever order its lines come. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "aggregator/core/batch.h"
#include "aggregator/core/view_measure.h"
#include "base/base.h"
#include "base/memory.h"
#include "shipped.h"

#define HOUR    3600000LL
#define MONDAY  1767542400000LL /* 2026-01-05T00:00+08:00 */
#define U1      "s110105001"
#define U2      "s110105002"
#define MOST    64
#define CASE_ID "request:12345:1"

static struct codes *codes;
static struct batch_rules rules;
static const struct view *view;

static int load(void **state)
{
    (void)state;
    rules = read_shipped(&codes);
    view = rules.views ? views_find(rules.views, SPAN("dispute")) : NULL;
    return view ? 0 : -1;
}

static int unload(void **state)
{
    (void)state;
    views_free((struct views *)(uintptr_t)rules.views);
    kinds_free((struct kinds *)(uintptr_t)rules.kinds);
    codes_free(codes);
    return 0;
}

/* --- a case's life --- */

struct said {
    char id[8], cause[8];
    const char *stage, *party, *unit, *lead, *outcome, *rule;
    int64_t time_ms;
};

struct life {
    struct said said[MOST];
    size_t count;
    int disputes;
    int64_t now_ms;
};

static struct said *say(struct life *life, const char *stage, const char *party, int64_t after_ms)
{
    struct said *said = &life->said[life->count];
    life->now_ms += after_ms;
    *said = (struct said){.stage = stage, .party = party, .time_ms = life->now_ms};
    snprintf(said->id, sizeof said->id, "e%zu", life->count++);
    return said;
}

static void answers(struct said *said, const struct said *cause, const char *lead, const char *rule)
{
    memcpy(said->cause, cause->id, sizeof said->cause);
    said->lead = lead;
    said->rule = rule;
}

static struct case_line line_of(const struct said *said)
{
    struct case_line line = {.id = span_of(said->id),
                             .revision = SPAN("0.1.1.aa"),
                             .stage = codes_number(codes, CODE_STAGE, span_of(said->stage)),
                             .party = codes_number(codes, CODE_PARTY, span_of(said->party)),
                             .unit = span_of(said->unit),
                             .time_ms = said->time_ms,
                             .recorded_ms = said->time_ms + 1000,
                             .live = true};
    line.attribute[CASE_LEAD] = span_of(said->lead);
    line.attribute[CASE_OUTCOME] = span_of(said->outcome);
    line.attribute[CASE_RULE] = span_of(said->rule);
    line.attribute[CASE_CAUSE] = said->cause[0] ? span_of(said->cause) : SPAN_NONE;
    return line;
}

/* --- what PostgreSQL would hold of the view --- */

struct row {
    char key[96];
    int64_t value[VIEW_MAX_COLUMNS];
};

struct store {
    char *set; /* owned */
    struct row rows[MOST];
    size_t count;
};

static int64_t *values_of(struct store *store, int64_t day, struct span unit, struct span rule)
{
    char key[96];
    size_t at = 0;
    snprintf(key, sizeof key, "%lld|%.*s|%.*s", (long long)day, SPAN_ARG(unit), SPAN_ARG(rule));
    while (at < store->count && strcmp(store->rows[at].key, key) != 0)
        at++;
    assert_true(at < MOST);
    if (at == store->count)
        strcpy(store->rows[store->count++].key, key);
    return store->rows[at].value;
}

static void keep_set(void *context, const struct batch_case *changed)
{
    struct store *store = context;
    free(store->set);
    store->set = xspandup(changed->lines);
}

static void commit(struct store *store, struct batch *batch)
{
    struct delta *delta = delta_new();
    const struct batch_sink sink = {delta, keep_set, store};
    char *old = store->set ? xstrdup(store->set) : NULL;
    batch_seal(batch);
    for (size_t i = 0; i < batch_case_count(batch); i++)
        assert_true(batch_fold(batch, i, span_of(old), &sink));
    free(old);
    delta_finish(delta);
    for (size_t i = 0; i < delta_count(delta); i++) {
        const struct delta_row *row = delta_at(delta, i);
        if (views_at(rules.views, row->view) != view)
            continue;
        int64_t *value = values_of(store, row->day, row->group[0], row->group[1]);
        for (size_t c = 0; c < view->column_count; c++)
            value[c] += row->value[c];
    }
    delta_free(delta);
    batch_clear(batch);
}

/* As many lines of a life as are told, by the numbers in order, some to a batch. */
static struct store *run(const struct life *life, const size_t *order, size_t count, size_t cut)
{
    struct store *store = xcalloc(1, sizeof *store);
    struct batch *batch = batch_new(&rules, 1 << 20);
    for (size_t i = 0; i < count; i++) {
        struct case_line line = line_of(&life->said[order ? order[i] : i]);
        assert_true(batch_add(batch, SPAN(CASE_ID), &line));
        if ((i + 1) % cut == 0)
            commit(store, batch);
    }
    commit(store, batch);
    batch_free(batch);
    return store;
}

static void store_free(struct store *store)
{
    free(store->set);
    free(store);
}

static size_t column_of(const char *measure)
{
    const struct view_measure *found = view_measure_find(view, measure);
    assert_non_null(found);
    return found->column;
}

static int64_t counted(struct store *store, int64_t ms, const char *unit, const char *rule,
                       const char *measure)
{
    return values_of(store, timestamp_day(ms, 480), span_of(unit),
                     span_of(rule))[column_of(measure)];
}

/* --- by hand --- */

/* Monday: sent out by `place`, disputed, upheld, sent to another. Tuesday: done, reopened, sent out
 * by another rule. Thursday: disputed anew. */
static struct life reopened_on_tuesday(void)
{
    struct life life = {.now_ms = MONDAY + 9 * HOUR};
    struct said *opened = say(&life, "opened", "source", 0);
    answers(say(&life, "dispatched", "router", HOUR), opened, U1, "place");
    say(&life, "disputed", "lead", HOUR)->unit = U1;
    struct said *decided = say(&life, "dispute_decided", "desk", HOUR);
    decided->outcome = "upheld";
    decided->lead = U2;
    answers(say(&life, "recalled", "router", 1), decided, U1, NULL);
    answers(say(&life, "dispatched", "router", 1), decided, U2, "desk");
    say(&life, "resolved", "lead", 24 * HOUR)->unit = U2;
    struct said *reopened = say(&life, "reopened", "desk", HOUR);
    answers(say(&life, "dispatched", "router", 1), reopened, U2, "last_lead");
    say(&life, "disputed", "lead", 48 * HOUR)->unit = U2;
    return life;
}

static void mondays_dispute_is_mondays_after_a_reopening_on_tuesday(void **state)
{
    const struct life life = reopened_on_tuesday();
    (void)state;
    for (size_t told = 4; told <= life.count; told++) {
        struct store *store = run(&life, NULL, told, 1);
        assert_int_equal(counted(store, MONDAY, U1, "place", "disputed"), 1);
        assert_int_equal(counted(store, MONDAY, U1, "place", "returned"), 1);
        assert_int_equal(counted(store, MONDAY, U1, "place", "decided"), 1);
        store_free(store);
    }
    struct store *store = run(&life, NULL, life.count, 1);
    int64_t thursday = life.said[life.count - 1].time_ms;
    assert_int_equal(counted(store, thursday, U2, "last_lead", "disputed"), 1);
    assert_int_equal(counted(store, thursday, U2, "last_lead", "returned"), 0); /* not yet */
    /* of cohorts a case has one round: the present one, sent out by its rule */
    assert_int_equal(counted(store, MONDAY, U2, "last_lead", "dispatched"), 1);
    assert_int_equal(counted(store, MONDAY, U2, "last_lead", "first_right"), 1);
    assert_int_equal(counted(store, MONDAY, U2, "desk", "dispatched"), 0);
    store_free(store);
}

static void upheld(struct life *life, const char *from, const char *to, int64_t after_ms)
{
    say(life, "disputed", "lead", after_ms)->unit = from;
    struct said *decided = say(life, "dispute_decided", "desk", HOUR);
    decided->outcome = "upheld";
    decided->lead = to;
    answers(say(life, "recalled", "router", 1), decided, from, NULL);
    answers(say(life, "dispatched", "router", 1), decided, to, "desk");
}

/* Monday: disputed, rejected. Wednesday: disputed anew, upheld, sent to another, who disputes it on
 * Friday and is upheld as well. */
static struct life upheld_on_wednesday(void)
{
    struct life life = {.now_ms = MONDAY + 9 * HOUR};
    struct said *opened = say(&life, "opened", "source", 0);
    answers(say(&life, "dispatched", "router", HOUR), opened, U1, "place");
    say(&life, "disputed", "lead", HOUR)->unit = U1;
    say(&life, "dispute_decided", "desk", HOUR)->outcome = "rejected";
    upheld(&life, U1, U2, 47 * HOUR);
    upheld(&life, U2, U1, 47 * HOUR);
    return life;
}

/* docs/decisions/0386: each is its own day's, whatever was decided before it. */
static void what_was_upheld_is_of_the_day_of_that_decision(void **state)
{
    const int64_t wednesday = MONDAY + 48 * HOUR, friday = wednesday + 48 * HOUR;
    const struct life life = upheld_on_wednesday();
    (void)state;
    for (size_t told = 6; told <= life.count; told++) {
        struct store *store = run(&life, NULL, told, 1);
        assert_int_equal(counted(store, MONDAY, U1, "place", "decided"), 1);
        assert_int_equal(counted(store, MONDAY, U1, "place", "upheld_in"), 0);
        assert_int_equal(counted(store, wednesday, U1, "place", "upheld_in"), 1);
        assert_int_equal(counted(store, friday, U2, "place", "upheld_in"), told >= 10);
        store_free(store);
    }
}

static void upheld_in_two_rounds_it_counts_on_both_days(void **state)
{
    struct life life = {.now_ms = MONDAY + 9 * HOUR};
    (void)state;
    struct said *cause = say(&life, "opened", "source", 0);
    answers(say(&life, "dispatched", "router", HOUR), cause, U1, "place");
    upheld(&life, U1, U2, HOUR);
    say(&life, "resolved", "lead", 24 * HOUR)->unit = U2;
    cause = say(&life, "reopened", "desk", HOUR);
    answers(say(&life, "dispatched", "router", 1), cause, U2, "last_lead");
    upheld(&life, U2, U1, 20 * HOUR);
    struct store *store = run(&life, NULL, life.count, 1);
    assert_int_equal(counted(store, MONDAY, U1, "place", "upheld_in"), 1);
    assert_int_equal(counted(store, life.now_ms, U2, "last_lead", "upheld_in"), 1);
    store_free(store);
}

/* --- whatever its life --- */

static int chance(int most)
{
    return rand() % most;
}

static int64_t some_hours(void)
{
    return (1 + chance(30)) * HOUR + chance(1000);
}

/* What the days have to say of it, made beside its life and not from it. */
static void expect(struct store *expected, const struct said *at, const char *unit,
                   const char *rule, const char *measure)
{
    values_of(expected, timestamp_day(at->time_ms, 480), span_of(unit),
              span_of(rule))[column_of(measure)]++;
}

/* Made, or decided, once a round: the first; upheld as often as it is. */
static void dispute(struct life *life, struct store *expected, const char *rule)
{
    const struct said *first = NULL;
    bool was_decided = false, was_upheld = false;
    const char *lead = U1;
    for (int more = 1 + chance(3); more > 0 && life->disputes < 3; more--) {
        struct said *disputed = say(life, "disputed", "lead", some_hours());
        disputed->unit = lead;
        life->disputes++;
        if (!first)
            expect(expected, first = disputed, lead, rule, "disputed");
        if (chance(4) == 0)
            return; /* nobody answered */
        const char *other = strcmp(lead, U1) == 0 ? U2 : U1;
        bool is = chance(2);
        struct said *decided = say(life, "dispute_decided", "desk", some_hours());
        decided->outcome = is ? "upheld" : "rejected";
        decided->lead = is ? other : NULL;
        if (!was_decided)
            expect(expected, decided, lead, rule, "decided");
        was_decided = true;
        if (!is)
            continue;
        expect(expected, decided, lead, rule, "upheld_in");
        if (!was_upheld)
            expect(expected, first, U1, rule, "returned");
        was_upheld = true;
        answers(say(life, "recalled", "router", 1), decided, lead, NULL);
        answers(say(life, "dispatched", "router", 1), decided, other, "desk");
        lead = other;
    }
}

/* Of at most three rounds: more leads than a fold keeps would be told of as the last of them. */
static void live(struct life *life, struct store *expected)
{
    static const char *const by[] = {"place", "place_again", "utility"};
    int rounds = 1 + chance(3);
    *life = (struct life){.now_ms = MONDAY + chance(24) * HOUR};
    const struct said *cause = say(life, "opened", "source", 0);
    for (int round = 0; round < rounds; round++) {
        answers(say(life, "dispatched", "router", 1), cause, U1, by[round]);
        if (chance(4))
            dispute(life, expected, by[round]);
        if (round + 1 == rounds)
            return;
        say(life, "resolved", "source", some_hours());
        cause = say(life, "reopened", "desk", some_hours());
    }
}

static void shuffle(size_t *order, size_t count)
{
    for (size_t i = 0; i < count; i++)
        order[i] = i;
    for (size_t i = count; i > 1; i--) {
        size_t at = (size_t)chance((int)i), kept = order[at];
        order[at] = order[i - 1];
        order[i - 1] = kept;
    }
}

/* The flows alone; neither may have what the other has not. */
static void assert_flows(struct store *store, struct store *expected, unsigned seed)
{
    static const char *const flows[] = {"disputed", "returned", "decided", "upheld_in"};
    for (size_t f = 0; f < ARRAY_LENGTH(flows); f++) {
        int64_t of[2] = {0, 0};
        size_t column = column_of(flows[f]);
        for (size_t i = 0; i < expected->count; i++) {
            const struct row *row = &expected->rows[i];
            size_t at = 0;
            while (at < store->count && strcmp(store->rows[at].key, row->key) != 0)
                at++;
            int64_t value = at < store->count ? store->rows[at].value[column] : 0;
            if (value != row->value[column])
                fail_msg("seed %u: %s of %s is %lld, not %lld", seed, flows[f], row->key,
                         (long long)value, (long long)row->value[column]);
            of[0] += row->value[column];
        }
        for (size_t i = 0; i < store->count; i++)
            of[1] += store->rows[i].value[column];
        assert_int_equal(of[0], of[1]);
    }
}

static void flows_are_what_happened_whatever_the_order_and_the_cut(void **state)
{
    size_t reopened = 0, order[MOST];
    (void)state;
    for (unsigned seed = 1; seed <= 300; seed++) {
        struct store *expected = xcalloc(1, sizeof *expected);
        struct life life;
        srand(seed);
        live(&life, expected);
        for (size_t i = 0; i < life.count; i++)
            reopened += strcmp(life.said[i].stage, "reopened") == 0;
        for (int way = 0; way < 4; way++) {
            shuffle(order, life.count);
            struct store *store = run(&life, way ? order : NULL, life.count, 1 + (size_t)chance(6));
            assert_flows(store, expected, seed);
            store_free(store);
        }
        store_free(expected);
    }
    assert_true(reopened > 100);
}

/* More rounds than are kept: the first ones stay, and nothing is counted twice. */
static void the_first_rounds_of_very_many_stay(void **state)
{
    static struct life life;
    const struct said *cause;
    (void)state;
    life = (struct life){.now_ms = MONDAY};
    cause = say(&life, "opened", "source", 0);
    answers(say(&life, "dispatched", "router", HOUR), cause, U1, "place");
    say(&life, "disputed", "lead", HOUR)->unit = U1;
    for (int round = 0; round < CASE_FOLD_MOST_FORMER + 4; round++) {
        say(&life, "resolved", "source", HOUR);
        say(&life, "reopened", "desk", HOUR);
    }
    struct store *store = run(&life, NULL, life.count, 3);
    assert_int_equal(counted(store, MONDAY, U1, "place", "disputed"), 1);
    store_free(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mondays_dispute_is_mondays_after_a_reopening_on_tuesday),
        cmocka_unit_test(what_was_upheld_is_of_the_day_of_that_decision),
        cmocka_unit_test(upheld_in_two_rounds_it_counts_on_both_days),
        cmocka_unit_test(flows_are_what_happened_whatever_the_order_and_the_cut),
        cmocka_unit_test(the_first_rounds_of_very_many_stay),
    };
    return cmocka_run_group_tests(tests, load, unload);
}
