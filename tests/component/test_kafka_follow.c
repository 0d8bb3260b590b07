/* SPDX-License-Identifier: Apache-2.0 */
/* Follow over the mock cluster: from where it is told, in order, and what happens when the sink
 * says no. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>

#include "base/base.h"
#include "daemon/log.h"
#include "kafka/follow.h"

#include "../support/kafka_mock.h"

enum { PARTITIONS = 2, RECORDS = 2000, MANY = 40000, GAP_MS = 100 };

static struct kafka_mock mock;

/* A sink in memory. */
struct sink {
    struct daemon *daemon;
    struct follow *follow;
    struct kafka_settings settings;
    int64_t start[PARTITIONS]; /* offsets it would have stored */
    int64_t next[PARTITIONS];
    int64_t taken, refused, wanted;
    int64_t refuse_every;  /* every n-th offer is refused once; resumed by the timer */
    int64_t restart_at;    /* after so many records the connection is lost */
    int64_t resume_inside; /* every n-th offer is refused after a resume from inside */
    int64_t offers, drains, ends;
    int assignments;
    int64_t gaps; /* longer than a record and its fetch can take */
    uint64_t last_ms;
    bool full;
    uv_timer_t timer;
};

static int start_mock(void **state)
{
    (void)state;
    kafka_mock_start(&mock);
    rd_kafka_mock_topic_create(mock.cluster, "events", PARTITIONS, 1);
    kafka_mock_feed(&mock, "events", PARTITIONS, 0, RECORDS);
    return 0;
}

static int stop_mock(void **state)
{
    (void)state;
    kafka_mock_stop(&mock);
    return 0;
}

/* As a sink does: its stored offsets are read first, then it says from where. */
static void start(struct sink *sink)
{
    struct follow_partition from[PARTITIONS];
    for (int32_t p = 0; p < PARTITIONS; p++) {
        from[p] = (struct follow_partition){p, sink->start[p]};
        sink->next[p] = sink->start[p] > 0 ? sink->start[p] : 0;
    }
    follow_start(sink->follow, from, PARTITIONS);
}

static void assigned(void *context, const struct follow_partition *partitions, size_t count)
{
    struct sink *sink = context;
    assert_int_equal(count, PARTITIONS);
    assert_int_equal(partitions[0].next_offset, -1);
    sink->assignments++;
}

static void revoked(void *context)
{
    (void)context;
}

static bool on_record(void *context, const struct record *record)
{
    struct sink *sink = context;
    assert_int_equal(record->offset,
                     sink->next[record->partition]); /* in order, none twice, none left out */
    assert_false(sink->full);
    uint64_t now_ms = uv_hrtime() / 1000000;
    sink->gaps += sink->last_ms > 0 && now_ms - sink->last_ms > GAP_MS;
    sink->last_ms = now_ms;
    sink->offers++;
    if (sink->refuse_every && sink->offers % sink->refuse_every == 0) {
        sink->refused++;
        sink->full = true;
        return false;
    }
    if (sink->resume_inside && sink->offers % sink->resume_inside == 0) {
        sink->refused++;
        follow_resume(sink->follow);
        return false;
    }
    sink->next[record->partition]++;
    sink->taken++;
    if (sink->restart_at && sink->taken == sink->restart_at) {
        memcpy(sink->start, sink->next,
               sizeof(sink->start)); /* committed up to here, and not a record more */
        follow_restart(sink->follow);
    }
    return true;
}

static void drained(void *context)
{
    struct sink *sink = context;
    sink->drains++;
}

static void at_end(void *context, int32_t partition, int64_t next_offset)
{
    struct sink *sink = context;
    assert_int_equal(next_offset, sink->next[partition]);
    sink->ends++;
}

static void look(uv_timer_t *timer)
{
    struct sink *sink = timer->data;
    static int seen;
    if (sink->assignments == 0)
        seen = 0;
    if (sink->assignments > seen) { /* later, from the loop */
        seen = sink->assignments;
        start(sink);
    }
    if (sink->full) {
        sink->full = false;
        follow_resume(sink->follow);
    }
    if (sink->taken < sink->wanted || sink->ends < PARTITIONS || sink->drains == 0)
        return;
    uv_timer_stop(timer);
    raise(SIGTERM);
}

/* What a pool thread still does ends first, or the loop cannot be closed. */
static void settle(uv_timer_t *timer)
{
    struct sink *sink = timer->data;
    if (daemon_loop(sink->daemon)->active_reqs.count > 0)
        return;
    uv_close((uv_handle_t *)timer, NULL);
    daemon_stopped(sink->daemon);
}

static void drain(void *context)
{
    struct sink *sink = context;
    follow_close(sink->follow);
    uv_timer_start(&sink->timer, settle, 10, 10);
}

static void live(struct sink *sink)
{
    struct error error = {0};
    const struct follow_handler handler = {sink, assigned, revoked, on_record, drained, at_end};
    sink->settings = (struct kafka_settings){.brokers = kafka_mock_brokers(&mock),
                                             .prefix = "",
                                             .group = "sink",
                                             .slot = 1,
                                             .session_timeout_ms = 6000,
                                             .queued_bytes = 1 << 20};
    sink->daemon = daemon_new(&(struct daemon_options){.service = "test",
                                                       .admin_listen = "127.0.0.1:0",
                                                       .drain_deadline_ms = 5000},
                              &error);
    assert_non_null(sink->daemon);
    sink->follow = follow_open(sink->daemon, &sink->settings, "events", &handler, &error);
    assert_non_null(sink->follow);
    uv_timer_init(daemon_loop(sink->daemon), &sink->timer);
    sink->timer.data = sink;
    uv_timer_start(&sink->timer, look, 10, 10);
    assert_int_equal(daemon_run(sink->daemon, drain, sink), 0);
    daemon_free(sink->daemon);
}

static void begins_at_the_stored_offsets_or_the_beginning(void **state)
{
    (void)state;
    struct sink sink = {.start = {300, -1}, .wanted = RECORDS - 300};
    live(&sink);
    assert_int_equal(sink.taken, RECORDS - 300);
    assert_int_equal(sink.next[0], RECORDS / PARTITIONS);
    assert_int_equal(sink.next[1], RECORDS / PARTITIONS);
    assert_true(sink.drains > 0);
}

static void offers_a_refused_record_again_after_resume(void **state)
{
    (void)state;
    struct sink sink = {.start = {-1, -1}, .wanted = RECORDS, .refuse_every = 97};
    live(&sink);
    assert_int_equal(sink.taken, RECORDS);
    assert_int_equal(sink.refused, RECORDS / 97);
}

static void a_resume_from_inside_the_refusing_call_is_not_lost(void **state)
{
    (void)state;
    struct sink sink = {.start = {-1, -1}, .wanted = RECORDS, .resume_inside = 97};
    live(&sink);
    assert_int_equal(sink.taken, RECORDS);
    assert_int_equal(sink.refused, RECORDS / 97);
}

static void a_restart_announces_the_assignment_and_goes_on_from_what_was_stored(void **state)
{
    (void)state;
    struct sink sink = {.start = {-1, -1}, .wanted = RECORDS, .restart_at = 500};
    live(&sink);
    assert_int_equal(sink.assignments, 2);
    assert_int_equal(sink.taken, RECORDS);
}

/* The library signals only what comes to an empty queue: a drain that ends at its budget must go on
 * by itself, or each one costs a tick. */
static void many_records_are_read_without_a_pause(void **state)
{
    (void)state;
    struct sink sink = {.start = {-1, -1}, .wanted = RECORDS + MANY};
    kafka_mock_feed(&mock, "events", PARTITIONS, RECORDS, MANY);
    live(&sink);
    assert_int_equal(sink.taken, RECORDS + MANY);
    assert_true(sink.gaps < 4);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start_mock, stop_mock)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(begins_at_the_stored_offsets_or_the_beginning),
        TEST(offers_a_refused_record_again_after_resume),
        TEST(a_resume_from_inside_the_refusing_call_is_not_lost),
        TEST(many_records_are_read_without_a_pause),
        TEST(a_restart_announces_the_assignment_and_goes_on_from_what_was_stored),
    };
    log_open("test", LOG_LEVEL_ERROR);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
