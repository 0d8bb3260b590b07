/* SPDX-License-Identifier: Apache-2.0 */
/* The router meets a record that killed it three times, in either pass: it is buried from the
 * partition that it stands in, and not given to the core again. Over librdkafka's mock cluster, in
 * this process. */
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
#include "base/murmur2.h"
#include "daemon/log.h"
#include "kafka/ends.h"
#include "kafka/poison_note.h"
#include "router/router.h"

#include "../support/kafka_mock.h"

enum { PARTITIONS = 3, STANDS_IN = 1, LOOKS = 1000 };

static struct {
    struct kafka_mock kafka;
    char notes[64];
    struct router *router;
    struct daemon *daemon;
    rd_kafka_t *reader;
    int looks;
} test;

static int start(void **state)
{
    static const char *const topics[] = {"events", "state.cases", "signals", "state.windows",
                                         "dead"};
    (void)state;
    kafka_mock_start(&test.kafka);
    for (size_t i = 0; i < ARRAY_LENGTH(topics); i++)
        rd_kafka_mock_topic_create(test.kafka.cluster, topics[i], PARTITIONS, 1);
    test.reader = kafka_mock_client(&test.kafka, RD_KAFKA_PRODUCER);
    strcpy(test.notes, "/tmp/router_notes.XXXXXX");
    return mkdtemp(test.notes) ? 0 : 1;
}

static int stop(void **state)
{
    (void)state;
    char path[100];
    rd_kafka_destroy(test.reader);
    kafka_mock_stop(&test.kafka);
    snprintf(path, sizeof path, "%s/router-1.note", test.notes);
    unlink(path);
    return rmdir(test.notes);
}

static void die_in_core(const struct kafka_settings *settings, struct span topic, int64_t offset)
{
    struct poison_record at = {murmur2(topic), STANDS_IN, offset};
    struct poison_note note;
    struct error error = {0};
    assert_true(poison_note_open(&note, settings, &error));
    poison_note_enter(&note, &at);
    poison_note_close(&note);
}

static int64_t count_dead(void)
{
    int64_t count = 0, end = 0;
    struct error error = {0};
    for (int32_t p = 0; p < PARTITIONS; p++)
        if (ends_ask_one(test.reader, "dead", p, ENDS_LAST, 1000, &end, &error))
            count += end;
    return count;
}

static void look(uv_timer_t *timer)
{
    if (count_dead() == 0 && ++test.looks < LOOKS)
        return;
    uv_timer_stop(timer);
    uv_close((uv_handle_t *)timer, NULL);
    raise(SIGTERM);
}

static void live(const struct router_config *config)
{
    uv_timer_t timer;
    struct error error = {0};
    test.daemon = daemon_new(&(struct daemon_options){.service = "test",
                                                      .admin_listen = "127.0.0.1:0",
                                                      .drain_deadline_ms = 10000},
                             &error);
    assert_non_null(test.daemon);
    test.router = router_open(test.daemon, config, &error);
    assert_non_null(test.router);
    uv_timer_init(daemon_loop(test.daemon), &timer);
    uv_timer_start(&timer, look, 20, 20);
    assert_int_equal(daemon_run(test.daemon, router_drain, test.router), 0);
}

static void bury_from(const char *topic)
{
    static struct router_config config;
    struct diagnostics *diagnostics = diagnostics_new();
    struct rule_bundle nothing = {
        .triggers = triggers_load("/nowhere", NULL, &nothing.district, diagnostics)};
    int times[PARTITIONS];
    struct codes *codes = codes_load("config/codes.csv", diagnostics);
    diagnostics_free(diagnostics);
    assert_true(nothing.triggers && codes);
    config.flow.codes = codes;
    test.looks = 0;
    config.probe_every_ms = 60000;
    config.flow.bundle = &nothing;
    config.kafka = (struct kafka_settings){
        .brokers = kafka_mock_brokers(&test.kafka),
        .prefix = "",
        .group = "router",
        .slot = 1,
        .transaction_timeout_ms = 10000,
        .session_timeout_ms = 6000,
        .commit_every_ms = 50,
        .commit_records = 500,
        .commit_bytes = 1 << 20,
        .queued_bytes = 1 << 20,
        .note_dir = test.notes,
    };
    kafka_mock_feed(&test.kafka, topic, PARTITIONS, STANDS_IN, 1);
    for (int i = 0; i < POISON_DEAD; i++)
        die_in_core(&config.kafka, span_of(topic), 0);
    live(&config);
    assert_int_equal(kafka_mock_read(&test.kafka, "dead", PARTITIONS, times, PARTITIONS), 0);
    assert_int_equal(times[STANDS_IN], 1); /* its value, untouched */
    triggers_free(nothing.triggers);
    codes_free(codes);
}

static void buries_an_event_that_killed_it_three_times(void **state)
{
    (void)state;
    bury_from("events");
}

static void buries_a_signal_that_killed_it_three_times(void **state)
{
    (void)state;
    bury_from("signals");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(buries_an_event_that_killed_it_three_times, start, stop),
        cmocka_unit_test_setup_teardown(buries_a_signal_that_killed_it_three_times, start, stop),
    };
    log_open("test", LOG_LEVEL_ERROR);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
