/* SPDX-License-Identifier: Apache-2.0 */
/* The law of the aggregator: whatever the order, the repetition and the cut into batches, cells are
 * what one recomputation from the sets gives. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "aggregator/core/batch.h"
#include "base/memory.h"
#include "base/timestamp.h"
#include "shipped.h"

#define CASES   12
#define LINES   8
#define HOUR_MS 3600000LL
#define BASE_MS 1767225600000LL /* 2026-01-01T00:00Z */

static struct codes *codes;
static struct batch_rules rules;

/* What PostgreSQL would hold. */
struct store {
    char *set[CASES];
    char keys[4096][160];
    int64_t values[4096][VIEW_MAX_COLUMNS];
    size_t count;
};

static int load(void **state)
{
    (void)state;
    rules = read_shipped(&codes);
    return rules.views ? 0 : 1;
}

static void case_id(char id[32], int number)
{
    snprintf(id, 32, "request:test:%d", number);
}

struct said {
    int case_number;
    char id[24], revision[64];
    const char *stage, *party, *unit, *type;
    int64_t time_ms;
};

static struct case_line line_of(const struct said *said)
{
    struct case_line line = {.id = span_of(said->id),
                             .revision = span_of(said->revision),
                             .stage = codes_number(codes, CODE_STAGE, span_of(said->stage)),
                             .time_ms = said->time_ms,
                             .recorded_ms = said->time_ms + 1000,
                             .unit = span_of(said->unit),
                             .party = codes_number(codes, CODE_PARTY, span_of(said->party)),
                             .live = true};
    line.attribute[CASE_TYPE] = span_of(said->type);
    if (strcmp(said->stage, "dispatched") == 0)
        line.attribute[CASE_LEAD] = span_of(said->unit);
    assert_true(line.stage > 0 && line.party > 0);
    return line;
}

static size_t find_row(struct store *store, const struct delta_row *row,
                       const struct delta_bin *bin)
{
    char key[160];
    snprintf(key, sizeof key, "%zu|%lld|%d|%zu|%d|%d|%.*s|%.*s|%.*s|%.*s", row->view,
             (long long)row->day, row->part, bin ? bin->measure : 0, bin ? bin->bin : -1,
             row->excluded, SPAN_ARG(row->group[0]), SPAN_ARG(row->group[1]),
             SPAN_ARG(row->group[2]), SPAN_ARG(row->group[3]));
    for (size_t i = 0; i < store->count; i++)
        if (strcmp(store->keys[i], key) == 0)
            return i;
    assert_true(store->count < 4096);
    strcpy(store->keys[store->count], key);
    memset(store->values[store->count], 0, sizeof store->values[0]);
    return store->count++;
}

static void keep_set(void *context, const struct batch_case *changed)
{
    struct store *store = context;
    int number = atoi(changed->id.at + strlen("request:test:"));
    assert_true(span_is(changed->kind, "request"));
    free(store->set[number]);
    store->set[number] = xspandup(changed->lines);
}

/* One transaction: what the writer does, on a store in memory. Returns the number of rows written.
 */
static size_t commit(struct store *store, struct batch *batch)
{
    struct delta *delta = delta_new();
    const struct batch_sink sink = {delta, keep_set, store};
    batch_seal(batch);
    for (size_t i = 0; i < batch_case_count(batch); i++) {
        int number = atoi(batch_case_id(batch, i).at + strlen("request:test:"));
        char *old = store->set[number] ? xstrdup(store->set[number]) : NULL;
        assert_false(batch_is_folded(batch, i));
        assert_true(batch_fold(batch, i, span_of(old), &sink));
        assert_true(batch_is_folded(batch, i));
        free(old);
    }
    delta_finish(delta);
    for (size_t i = 0; i < delta_count(delta); i++) {
        const struct delta_row *row = delta_at(delta, i);
        size_t at = find_row(store, row, NULL);
        for (size_t c = 0; c < views_at(rules.views, row->view)->column_count; c++)
            store->values[at][c] += row->value[c];
        for (const struct delta_bin *bin = row->bins; bin; bin = bin->next)
            store->values[find_row(store, row, bin)][0] += bin->n;
    }
    size_t rows = delta_count(delta);
    delta_free(delta);
    batch_clear(batch);
    return rows;
}

static size_t live_rows(const struct store *store)
{
    size_t live = 0;
    for (size_t i = 0; i < store->count; i++)
        for (size_t c = 0; c < VIEW_MAX_COLUMNS; c++)
            if (store->values[i][c] != 0) {
                live++;
                break;
            }
    return live;
}

static void assert_equal_stores(struct store *a, struct store *b)
{
    for (int i = 0; i < CASES; i++) {
        assert_int_equal(a->set[i] == NULL, b->set[i] == NULL);
        if (a->set[i])
            assert_string_equal(a->set[i], b->set[i]);
    }
    assert_int_equal(live_rows(a), live_rows(b));
    for (size_t i = 0; i < a->count; i++) {
        size_t at = 0;
        while (at < b->count && strcmp(a->keys[i], b->keys[at]) != 0)
            at++;
        for (size_t c = 0; c < VIEW_MAX_COLUMNS; c++)
            assert_int_equal(a->values[i][c], at < b->count ? b->values[at][c] : 0);
    }
}

static void store_fini(struct store *store)
{
    for (int i = 0; i < CASES; i++)
        free(store->set[i]);
    free(store);
}

/* A life with a dispatch, a reopening, and a correction of the opening's time, type and day. */
static size_t write_lives(struct said *said)
{
    static const char *const stages[LINES][2] = {
        {"opened", "source"}, {"dispatched", "router"}, {"signed", "lead"},   {"contacted", "lead"},
        {"resolved", "lead"}, {"closed", "desk"},       {"reopened", "desk"}, {"opened", "source"},
    };
    size_t n = 0;
    for (int c = 0; c < CASES; c++) {
        for (int i = 0; i < LINES; i++) {
            struct said *one = &said[n];
            if ((i == 6 && c % 3) || (i >= 4 && i <= 5 && c % 4 == 3) || (i == 7 && c % 2))
                continue;
            int which = i == 7 ? 0 : i; /* the last is the first again, corrected */
            *one = (struct said){.case_number = c,
                                 .stage = stages[i][0],
                                 .party = stages[i][1],
                                 .unit = i == 0 || i == 7 ? "" : "U01",
                                 .type = i == 7       ? "T2"
                                         : which == 0 ? "T1"
                                                      : NULL};
            snprintf(one->id, sizeof one->id, "id%03dx%d", c, which);
            snprintf(one->revision, sizeof one->revision, "%d.a.1.00000000000000%02x", i == 7,
                     i + 1);
            one->time_ms = BASE_MS + c * 7 * HOUR_MS + which * 5 * HOUR_MS + (i == 7 ? -90000 : 0);
            n++;
        }
    }
    return n;
}

static void shuffle(struct said *said, size_t n)
{
    for (size_t i = n; i > 1; i--) {
        size_t at = (size_t)rand() % i;
        struct said kept = said[at];
        said[at] = said[i - 1];
        said[i - 1] = kept;
    }
}

static void add(struct batch *batch, const struct said *said)
{
    char id[32];
    struct case_line line = line_of(said);
    case_id(id, said->case_number);
    assert_true(batch_add(batch, span_of(id), &line));
}

static struct store *run(const struct said *said, size_t n, size_t cut)
{
    struct store *store = xcalloc(1, sizeof *store);
    struct batch *batch = batch_new(&rules, 1 << 20);
    for (size_t i = 0; i < n; i++) {
        add(batch, &said[i]);
        if ((i + 1) % cut == 0)
            commit(store, batch);
    }
    commit(store, batch);
    batch_free(batch);
    return store;
}

static void cells_equal_recomputation_whatever_the_order_and_the_cut(void **state)
{
    struct said said[2 * CASES * LINES];
    (void)state;
    size_t n = write_lives(said);
    struct store *once = run(said, n, n);
    assert_true(live_rows(once) > CASES);
    srand(7);
    for (int round = 0; round < 60; round++) {
        size_t more = n;
        write_lives(said);
        for (size_t i = 0; i < n; i += 3)
            said[more++] = said[i]; /* repeats */
        shuffle(said, more);
        struct store *other = run(said, more, 1 + (size_t)rand() % 20);
        assert_equal_stores(once, other);
        store_fini(other);
    }
    store_fini(once);
}

static void repeats_change_nothing(void **state)
{
    struct said said[CASES * LINES];
    (void)state;
    size_t n = write_lives(said);
    struct store *store = run(said, n, 5);
    struct batch *batch = batch_new(&rules, 1 << 20);
    for (size_t i = 0; i < n; i++)
        add(batch, &said[i]);
    assert_int_equal(commit(store, batch), 0);
    batch_free(batch);
    store_fini(store);
}

/* Of a view's day, whatever its parts. */
static int64_t sum(const struct store *store, size_t view, int64_t day, size_t column)
{
    int64_t total = 0;
    for (size_t i = 0; i < store->count; i++) {
        size_t of, measure;
        long long at;
        int part, bin;
        if (sscanf(store->keys[i], "%zu|%lld|%d|%zu|%d|", &of, &at, &part, &measure, &bin) == 5 &&
            of == view && at == day && bin < 0)
            total += store->values[i][column];
    }
    return total;
}

static size_t index_of(const char *name)
{
    size_t index = 0;
    while (strcmp(views_at(rules.views, index)->name, name) != 0)
        index++;
    return index;
}

static int64_t in_hour(const struct store *store, int64_t day, int hour, size_t column)
{
    char prefix[64];
    int64_t total = 0;
    snprintf(prefix, sizeof prefix, "%zu|%lld|%d|", index_of("inflow"), (long long)day, hour);
    for (size_t i = 0; i < store->count; i++)
        if (strncmp(store->keys[i], prefix, strlen(prefix)) == 0)
            total += store->values[i][column];
    return total;
}

static void counts_a_closure_by_cohort_and_by_its_own_day(void **state)
{
    const struct said said[] = {
        {0, "a", "0.a.1.0000000000000001", "opened", "source", "", "T1", BASE_MS + 15 * HOUR_MS},
        {0, "b", "0.a.1.0000000000000002", "closed", "source", "", NULL, BASE_MS + 17 * HOUR_MS},
    };
    (void)state;
    struct store *store = run(said, 2, 2);
    /* 15:00Z and 17:00Z are two civil days in Shanghai. */
    int64_t day = timestamp_days(2026, 1, 1);
    assert_int_equal(sum(store, index_of("closure_rate"), day, 0), 1);
    assert_int_equal(sum(store, index_of("closure_rate"), day, 1), 1);
    assert_int_equal(sum(store, index_of("closure_rate"), day, 2), 0);
    assert_int_equal(sum(store, index_of("closure_rate"), day + 1, 2), 1);
    assert_int_equal(sum(store, index_of("response_time"), day, 0), 1);
    assert_int_equal(sum(store, index_of("response_time"), day, 1), 2 * HOUR_MS);
    /* 23:00 of one day and 01:00 of the next */
    assert_int_equal(in_hour(store, day, 23, 0), 1);
    assert_int_equal(in_hour(store, day, 23, 1), 0);
    assert_int_equal(in_hour(store, day + 1, 1, 1), 1);
    store_fini(store);
}

static void reopening_takes_the_closure_out_again(void **state)
{
    struct said said[] = {
        {0, "a", "0.a.1.0000000000000001", "opened", "source", "", "T1", BASE_MS},
        {0, "b", "0.a.1.0000000000000002", "closed", "source", "", NULL, BASE_MS + HOUR_MS},
        {0, "c", "0.a.1.0000000000000003", "reopened", "desk", "", NULL, BASE_MS + 2 * HOUR_MS},
    };
    (void)state;
    struct store *store = run(said, 3, 1);
    int64_t day = timestamp_days(2026, 1, 1);
    assert_int_equal(sum(store, index_of("closure_rate"), day, 0), 1);
    assert_int_equal(sum(store, index_of("closure_rate"), day, 1), 0);
    assert_int_equal(sum(store, index_of("closure_rate"), day, 2), 0);
    store_fini(store);
}

/* Beyond a set's limits the first come is kept: as the log has it, wherever a batch was cut. */
static void a_case_too_long_is_the_same_whatever_the_cut(void **state)
{
    static struct said said[300];
    (void)state;
    for (int i = 0; i < 300; i++) {
        said[i] = (struct said){.stage = i ? "nudged" : "opened",
                                .party = i ? "router" : "source",
                                .unit = "",
                                .time_ms = BASE_MS + (i * 7 % 300) * HOUR_MS};
        snprintf(said[i].id, sizeof said[i].id, "id%03d", i);
        snprintf(said[i].revision, sizeof said[i].revision, "0.a.1.00000000000000aa");
    }
    struct store *once = run(said, 300, 300);
    for (size_t cut = 1; cut < 300; cut += 37) {
        struct store *other = run(said, 300, cut);
        assert_string_equal(once->set[0], other->set[0]);
        store_fini(other);
    }
    store_fini(once);
}

static void says_full_and_keeps_what_it_had(void **state)
{
    struct said said[CASES * LINES];
    (void)state;
    size_t n = write_lives(said);
    struct batch *batch = batch_new(&rules, 4096);
    char id[32];
    size_t taken = 0;
    for (size_t i = 0; i < n; i++) {
        struct case_line line = line_of(&said[i]);
        case_id(id, said[i].case_number);
        if (!batch_add(batch, span_of(id), &line))
            break;
        taken++;
    }
    assert_in_range(taken, 1, n - 1);
    struct store *store = xcalloc(1, sizeof *store);
    commit(store, batch);
    struct store *expected = run(said, taken, taken);
    assert_equal_stores(expected, store);
    store_fini(store);
    store_fini(expected);
    batch_free(batch);
}

static void a_case_is_found_whatever_was_asked_before(void **state)
{
    struct batch *batch = batch_new(&rules, 1 << 16);
    const struct said said = {0, "a", "0.a.1.1", "opened", "source", "", "T1", BASE_MS};
    const struct case_line line = line_of(&said);
    char id[32];
    (void)state;
    for (int i = CASES; i-- > 0;) {
        case_id(id, 2 * i);
        assert_true(batch_add(batch, span_of(id), &line));
    }
    batch_seal(batch);
    assert_int_equal(batch_case_count(batch), CASES);
    for (int step = 1; step < CASES; step++)
        for (int i = 0; i < CASES; i++) {
            int number = i * step % CASES;
            case_id(id, 2 * number);
            size_t index = batch_find(batch, span_of(id));
            assert_in_range(index, 0, CASES - 1);
            assert_true(span_is(batch_case_id(batch, index), id));
            case_id(id, 2 * number + 1);
            assert_int_equal(batch_find(batch, span_of(id)), CASES);
        }
    batch_free(batch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cells_equal_recomputation_whatever_the_order_and_the_cut),
        cmocka_unit_test(repeats_change_nothing),
        cmocka_unit_test(counts_a_closure_by_cohort_and_by_its_own_day),
        cmocka_unit_test(reopening_takes_the_closure_out_again),
        cmocka_unit_test(a_case_too_long_is_the_same_whatever_the_cut),
        cmocka_unit_test(a_case_is_found_whatever_was_asked_before),
        cmocka_unit_test(says_full_and_keeps_what_it_had),
    };
    return cmocka_run_group_tests(tests, load, NULL);
}
