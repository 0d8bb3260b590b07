/* SPDX-License-Identifier: Apache-2.0 */
/* Much of one thing: a case that never ends, a unit that is away for weeks. Each step costs what it
 * always costs, and nobody else notices. */
#include <time.h>

#include "flow.h"

static size_t written[STREAM_COUNT], too_long;

static void weigh(void *carrier, const struct output *output)
{
    (void)carrier;
    written[output->stream]++;
    if (output->stream == STREAM_DEAD) {
        char header[512];
        span_to_cstr(output->headers[0].value, header, sizeof header);
        too_long += strstr(header, "\"reason\":\"case_too_long\"") != NULL;
    }
}

static void begin_weighing(void)
{
    memset(written, 0, sizeof written);
    too_long = 0;
    outputs = (struct outputs){weigh, NULL};
}

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

enum { EVENTS = 100000, ORDERS = 40000 };

/* DESIGN §5: bounded; contracts §3: the router alone writes `dead: case_too_long`. */
static void a_hundred_thousand_events_of_one_case_are_one_kind_of_dead_letter(void **state)
{
    (void)state;
    char id[24];
    struct case_flow *flow = begin();
    begin_weighing();
    tell(flow, order);
    double began = seconds();
    for (int i = 0; i < EVENTS; i++) {
        snprintf(id, sizeof id, "contacted-%d", i);
        tell(flow, (struct told){.id = id,
                                 .stage = "contacted",
                                 .party = "lead",
                                 .unit = "s110105001",
                                 .data = "{}",
                                 .time_ms = NOON + HOUR + i});
    }
    double took = seconds() - began;
    struct case_flow_counts counts = case_flow_counts(flow);
    assert_int_equal(written[STREAM_DEAD], EVENTS - 238); /* 240 lines: opened, dispatched */
    assert_int_equal(too_long, written[STREAM_DEAD]);
    assert_int_equal(counts.too_long, too_long);
    assert_int_equal(counts.cases, 1);

    struct told other = order; /* the partition goes on */
    other.subject = other.id = "request:12345:2";
    tell(flow, other);
    assert_int_equal(case_flow_counts(flow).decided, 2);
    tell(flow, (struct told){.id = "resolved-1", /* what ends it still enters */
                             .stage = "resolved",
                             .party = "lead",
                             .unit = "s110105001",
                             .data = "{}",
                             .time_ms = NOON + 2 * HOUR});
    assert_int_equal(case_flow_counts(flow).too_long, too_long);
    case_flow_save(flow, &outputs);
    printf("# %d events of one case: %.1f us each\n", EVENTS, took * 1e6 / EVENTS);
    assert_true(took < 60); /* a sanitizer's build is slow; the old way is minutes */
    case_flow_close(flow);
    outputs = (struct outputs){keep, NULL};
}

struct stored {
    char *key, *value;
    size_t len;
};
static struct stored *stored;
static size_t stored_count;
static struct case_flow *parking;

static void store(void *carrier, const struct output *output)
{
    (void)carrier;
    written[output->stream]++;
    if (output->stream == STREAM_DISPATCH && span_is(output->suffix, "s110105001"))
        case_flow_refuse(parking, output);
    if (output->stream != STREAM_STATE_CASES)
        return;
    stored[stored_count++] =
        (struct stored){xspandup(output->key), xspandup(output->value), output->value.len};
    assert_true(stored_count < (size_t)4 * ORDERS);
}

static void park_orders(void)
{
    char subject[40];
    for (int i = 0; i < ORDERS; i++) {
        struct told one = order;
        snprintf(subject, sizeof subject, "request:12345:%06d", i);
        one.subject = one.id = subject;
        tell(parking, one);
        if (i % 500 == 0)
            case_flow_save(parking, &outputs); /* the commits between */
    }
    case_flow_save(parking, &outputs);
}

static void a_unit_away_for_weeks_costs_no_more_than_one_away_for_a_minute(void **state)
{
    (void)state;
    parking = begin();
    memset(written, 0, sizeof written);
    stored = xcalloc((size_t)4 * ORDERS, sizeof *stored);
    outputs = (struct outputs){store, NULL};
    double began = seconds();
    park_orders();
    double parked = seconds() - began;
    assert_int_equal(case_flow_counts(parking).parked, ORDERS);

    struct case_flow *again = case_flow_open(&rules, 3);
    began = seconds();
    for (size_t i = 0; i < stored_count; i++)
        case_flow_restore(again, span_of(stored[i].key), span_from(stored[i].value, stored[i].len));
    case_flow_restored(again);
    double restored = seconds() - began;
    assert_int_equal(case_flow_counts(again).parked, ORDERS);
    case_flow_close(parking);
    parking = again;

    begin_weighing(); /* the topic is there now */
    began = seconds();
    for (size_t left = ORDERS; left > 0; left = (size_t)case_flow_counts(again).parked) {
        case_flow_probe(again, &outputs);
        case_flow_save(again, &outputs);
        assert_true((size_t)case_flow_counts(again).parked < left);
    }
    double delivered = seconds() - began;
    assert_int_equal(written[STREAM_DISPATCH], ORDERS); /* each once */
    printf("# %d orders: parked %.1f us, restored %.1f us, delivered %.1f us each\n", ORDERS,
           parked * 1e6 / ORDERS, restored * 1e6 / ORDERS, delivered * 1e6 / ORDERS);
    assert_true(parked + restored + delivered < 60);
    case_flow_close(again);
    for (size_t i = 0; i < stored_count; i++) {
        free(stored[i].key);
        free(stored[i].value);
    }
    free(stored);
    outputs = (struct outputs){keep, NULL};
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_hundred_thousand_events_of_one_case_are_one_kind_of_dead_letter),
        cmocka_unit_test(a_unit_away_for_weeks_costs_no_more_than_one_away_for_a_minute),
    };
    return cmocka_run_group_tests(tests, load, unload);
}
