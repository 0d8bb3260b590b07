/* SPDX-License-Identifier: Apache-2.0 */
/* The transform loop over librdkafka's mock cluster, in this process. The mock knows no isolation
 * and does not fence: what depends on either is tested on a real broker
 * (tests/e2e/test_transform.py). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/base.h"
#include "base/memory.h"
#include "daemon/log.h"
#include "kafka/transform.h"

#include "../support/kafka_mock.h"

enum { PARTITIONS = 3, RECORDS = 3000 };
enum { STREAM_OUT, STREAM_STATE, STREAM_UNIT };

static struct {
    struct kafka_mock kafka;
    char notes[64];
} mock;

static const struct transform_source source = {"in", "state", true};
static const struct transform_stream streams[] = {
    {"out", false, PARTITIONS}, {"state", false, 0}, {"unit.", true, 0}};

/* What one run of the loop did; the handler's context. */
struct run {
    struct daemon *daemon;
    struct transform *transform;
    struct kafka_settings settings;
    int64_t seen, wanted;  /* records */
    int64_t restored;      /* by restore() */
    int64_t again_every;   /* 0 = never */
    int64_t again;         /* answers TRANSFORM_AGAIN given */
    const char *unit;      /* also written to that member of the family */
    int64_t undeliverable; /* outputs the handler was asked about */
    bool inject, injected;
    uv_timer_t timer;
};

struct partition {
    struct run *run;
    int32_t number;
    int64_t count, last_again;
};

static int start_mock(void **state)
{
    (void)state;
    kafka_mock_start(&mock.kafka);
    rd_kafka_mock_topic_create(mock.kafka.cluster, "in", PARTITIONS, 1);
    rd_kafka_mock_topic_create(mock.kafka.cluster, "out", PARTITIONS, 1);
    rd_kafka_mock_topic_create(mock.kafka.cluster, "state", PARTITIONS, 1);
    rd_kafka_mock_topic_create(mock.kafka.cluster, "unit.a", 1, 1);
    strcpy(mock.notes, "/tmp/transform_notes.XXXXXX");
    return mkdtemp(mock.notes) ? 0 : 1;
}

static int stop_mock(void **state)
{
    (void)state;
    char path[100];
    kafka_mock_stop(&mock.kafka);
    snprintf(path, sizeof(path), "%s/g-1.note", mock.notes);
    unlink(path);
    return rmdir(mock.notes);
}

static void *open_partition(void *context, int from, int32_t number, struct span metadata)
{
    (void)from;
    (void)metadata;
    struct partition *partition = xcalloc(1, sizeof(*partition));
    *partition = (struct partition){context, number, 0, -1};
    return partition;
}

static void restore(void *state, struct span key, struct span value)
{
    struct partition *partition = state;
    assert_true(span_is(key, "count"));
    assert_true(span_to_int64(value, &partition->count));
    partition->run->restored++;
}

static enum transform_result on_record(void *state, const struct record *record,
                                       struct outputs *outputs)
{
    struct partition *partition = state;
    struct run *run = partition->run;
    struct output output = {.stream = STREAM_OUT,
                            .partition = OUTPUT_BY_KEY,
                            .key = record->key,
                            .value = record->value};
    if (run->again_every && record->offset % run->again_every == 0 &&
        partition->last_again != record->offset) {
        partition->last_again = record->offset;
        run->again++;
        return TRANSFORM_AGAIN;
    }
    outputs_add(outputs, &output);
    if (run->unit) {
        output.stream = STREAM_UNIT;
        output.suffix = span_of(run->unit);
        outputs_add(outputs, &output);
    }
    partition->count++;
    run->seen++;
    return TRANSFORM_NEXT;
}

static void save(void *state, struct outputs *outputs)
{
    struct partition *partition = state;
    char value[24];
    int len = snprintf(value, sizeof(value), "%lld", (long long)partition->count);
    outputs_add(outputs, &(struct output){.stream = STREAM_STATE,
                                          .partition = partition->number,
                                          .key = SPAN("count"),
                                          .value = span_from(value, (size_t)len)});
}

static bool count_undeliverable(void *context, const struct output *output)
{
    struct run *run = context;
    assert_true(span_is(output->suffix, run->unit));
    run->undeliverable++;
    return true;
}

static void write_injection(void *context, struct outputs *outputs)
{
    (void)context;
    outputs_add(outputs,
                &(struct output){.stream = STREAM_OUT, .partition = 1, .value = SPAN("tick")});
}

static void injected(void *context)
{
    struct run *run = context;
    run->injected = true;
}

static void drained(void *context)
{
    struct run *run = context;
    daemon_stopped(run->daemon);
}

static void drain(void *context)
{
    struct run *run = context;
    uv_close((uv_handle_t *)&run->timer, NULL);
    transform_drain(run->transform, drained, run);
}

static void look(uv_timer_t *timer)
{
    struct run *run = timer->data;
    if (run->inject && transform_inject(run->transform, write_injection, injected, run))
        run->inject = false;
    if (run->seen < run->wanted || run->inject || !transform_owns(run->transform, 0, 0))
        return;
    uv_timer_stop(timer);
    raise(SIGTERM);
}

/* One process's life: from start to a drained end. */
static void live(struct run *run)
{
    struct error error = {0};
    run->settings = (struct kafka_settings){
        .brokers = kafka_mock_brokers(&mock.kafka),
        .prefix = "",
        .group = "g",
        .slot = 1,
        .transaction_timeout_ms = 10000,
        .session_timeout_ms = 6000,
        .commit_every_ms = 50,
        .commit_records = 500,
        .commit_bytes = 1 << 20,
        .queued_bytes = 1 << 20,
        .note_dir = mock.notes,
    };
    const struct transform_spec spec = {
        .settings = &run->settings,
        .sources = &source,
        .source_count = 1,
        .assignor = "range",
        .streams = streams,
        .stream_count = ARRAY_LENGTH(streams),
        .handler = {run, open_partition, restore, NULL, on_record, save, free},
        .undeliverable = count_undeliverable,
    };
    run->daemon = daemon_new(&(struct daemon_options){.service = "test",
                                                      .admin_listen = "127.0.0.1:0",
                                                      .drain_deadline_ms = 10000},
                             &error);
    assert_non_null(run->daemon);
    run->transform = transform_open(run->daemon, &spec, &error);
    assert_non_null(run->transform);
    uv_timer_init(daemon_loop(run->daemon), &run->timer);
    run->timer.data = run;
    uv_timer_start(&run->timer, look, 20, 20);
    assert_int_equal(daemon_run(run->daemon, drain, run), 0);
    daemon_free(run->daemon);
}

static void feed(int first, int count)
{
    kafka_mock_feed(&mock.kafka, "in", PARTITIONS, first, count);
}

static void assert_each_once(const char *topic, int partitions, int numbers, int64_t others)
{
    int *times = xcalloc((size_t)numbers, sizeof(times[0]));
    assert_int_equal(kafka_mock_read(&mock.kafka, topic, partitions, times, numbers), others);
    for (int i = 0; i < numbers; i++)
        assert_int_equal(times[i], 1);
    free(times);
}

static void copies_each_record_once_and_the_next_process_continues_with_its_state(void **state)
{
    (void)state;
    feed(0, RECORDS);
    struct run first = {.wanted = RECORDS, .inject = true};
    live(&first);
    assert_int_equal(first.seen, RECORDS);
    assert_true(first.injected);
    assert_each_once("out", PARTITIONS, RECORDS, 1);

    feed(RECORDS, RECORDS);
    struct run second = {.wanted = RECORDS};
    live(&second);
    assert_int_equal(second.seen, RECORDS); /* nothing of the first half again */
    assert_true(second.restored >= PARTITIONS);
    assert_each_once("out", PARTITIONS, 2 * RECORDS, 1);
}

static void commits_and_calls_again_where_the_core_asks_for_it(void **state)
{
    (void)state;
    feed(0, RECORDS);
    struct run run = {.wanted = RECORDS, .again_every = 100};
    live(&run);
    assert_int_equal(run.again, RECORDS / 100);
    assert_each_once("out", PARTITIONS, RECORDS, 0);
}

static void writes_to_a_member_of_a_family_that_is_there(void **state)
{
    (void)state;
    feed(0, 30);
    struct run run = {.wanted = 30, .unit = "a"};
    live(&run);
    assert_int_equal(run.undeliverable, 0);
    assert_each_once("unit.a", 1, 30, 0);
}

static void asks_about_a_member_that_is_missing_and_writes_the_rest(void **state)
{
    (void)state;
    feed(0, 30);
    struct run run = {.wanted = 30, .unit = "missing"};
    live(&run);
    assert_int_equal(run.undeliverable, 30);
    assert_each_once("out", PARTITIONS, 30, 0); /* the others were not held back */
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start_mock, stop_mock)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(copies_each_record_once_and_the_next_process_continues_with_its_state),
        TEST(commits_and_calls_again_where_the_core_asks_for_it),
        TEST(writes_to_a_member_of_a_family_that_is_there),
        TEST(asks_about_a_member_that_is_missing_and_writes_the_rest),
    };
    log_open("test", LOG_LEVEL_ERROR);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
