/* SPDX-License-Identifier: Apache-2.0 */
/* A copy under a name: the same words go on where they stopped, others are refused. Over
 * librdkafka's mock cluster; a kill among real brokers: tests/e2e/test_story.py. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "base/memory.h"
#include "kafka/log_copy.h"

#include "../support/kafka_mock.h"

enum { PARTITIONS = 3, RECORDS = 30, EACH = RECORDS / PARTITIONS };

static struct kafka_mock mock;
static struct kafka_settings settings;
static struct error error;

static int start(void **state)
{
    (void)state;
    kafka_mock_start(&mock);
    rd_kafka_mock_topic_create(mock.cluster, "in", PARTITIONS, 1);
    rd_kafka_mock_topic_create(mock.cluster, "out", 1, 1);
    kafka_mock_feed(&mock, "in", PARTITIONS, 0, RECORDS);
    settings = (struct kafka_settings){.brokers = kafka_mock_brokers(&mock),
                                       .prefix = "",
                                       .group = "copy",
                                       .slot = 1,
                                       .transaction_timeout_ms = 10000};
    return 0;
}

static int stop(void **state)
{
    (void)state;
    kafka_mock_stop(&mock);
    return 0;
}

static bool take(void *context, const struct record *record, struct outputs *outputs)
{
    ++*(int *)context;
    outputs_add(
        outputs,
        &(struct output){.partition = OUTPUT_BY_KEY, .key = record->key, .value = record->value});
    return true;
}

/* Of each partition from..to, under the name; -1: refused. */
static int copied(int64_t from, int64_t to, const char *words, bool in_name)
{
    size_t count;
    int taken = 0;
    error = (struct error){0};
    struct log_copy *copy = log_copy_open(&settings, "in", &error);
    assert_non_null(copy);
    struct log_copy_part *parts = log_copy_parts(copy, &count);
    for (size_t i = 0; i < count; i++) {
        parts[i].from = parts[i].next = from;
        parts[i].to = to;
    }
    bool good = log_copy_into(copy, "out", &(struct log_copy_asked){words, in_name}, &error);
    if (good && !log_copy_run(copy, take, &taken, 0, &error))
        fail_msg("%s", error.text);
    log_copy_close(copy);
    return good ? taken : -1;
}

/* The mock forgets the positions of a transaction: they are left here as such a run leaves them.
 * NULL: as they were before they said of what they are. */
static void leave_positions(int64_t offset, const char *words)
{
    char reason[200];
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(PARTITIONS);
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    rd_kafka_conf_set(conf, "bootstrap.servers", settings.brokers, reason, sizeof reason);
    rd_kafka_conf_set(conf, "group.id", settings.group, reason, sizeof reason);
    rd_kafka_t *consumer = rd_kafka_new(RD_KAFKA_CONSUMER, conf, reason, sizeof reason);
    for (int p = 0; p < PARTITIONS; p++) {
        rd_kafka_topic_partition_t *position = rd_kafka_topic_partition_list_add(list, "in", p);
        position->offset = offset;
        position->metadata = words ? xstrdup(words) : NULL;
        position->metadata_size = words ? strlen(words) : 0;
    }
    assert_int_equal(rd_kafka_commit(consumer, list, 0), RD_KAFKA_RESP_ERR_NO_ERROR);
    rd_kafka_topic_partition_list_destroy(list);
    rd_kafka_destroy_flags(consumer, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
}

static void the_same_words_go_on(void **state)
{
    (void)state;
    assert_int_equal(copied(0, 4, "hotline", false), 4 * PARTITIONS);
    leave_positions(4, "hotline");
    assert_int_equal(copied(0, 4, "hotline", false), 0);
    assert_int_equal(copied(0, EACH, "hotline", false), RECORDS - 4 * PARTITIONS);
}

static void other_words_are_refused(void **state)
{
    (void)state;
    leave_positions(EACH, "5 to the end");
    assert_int_equal(copied(0, 5, "to 5", false), -1); /* behind them: they would all be skipped */
    assert_int_equal(error.kind, ERROR_REFUSED);
    assert_non_null(strstr(error.text, "the name copy was used for something else; fix: another"));
    assert_non_null(strstr(error.text, "5 to the end"));
    assert_int_equal(copied(0, 5, "to 5", true), -1);
    assert_int_equal(copied(5, EACH, "5 to the end", false), 0);
}

/* Asking for a producer's id is what fences: it would be answered by another error here. */
static void a_used_name_is_refused_before_anything_is_fenced(void **state)
{
    enum { INIT_PRODUCER_ID = 22 };
    (void)state;
    leave_positions(EACH, "5 to the end");
    rd_kafka_mock_push_request_errors(mock.cluster, INIT_PRODUCER_ID, 1,
                                      RD_KAFKA_RESP_ERR_INVALID_TRANSACTION_TIMEOUT);
    assert_int_equal(copied(0, 5, "to 5", false), -1);
    assert_int_equal(error.kind, ERROR_REFUSED);
    assert_non_null(strstr(error.text, "was used for something else"));
    assert_int_equal(copied(0, EACH, "5 to the end", false), -1); /* it waits for who asks */
    assert_int_equal(error.kind, ERROR_CONFIG);
}

/* As a plan asks, which reads all of the range. */
static void a_name_is_checked_and_nothing_is_moved(void **state)
{
    size_t count;
    (void)state;
    leave_positions(4, "hotline");
    error = (struct error){0};
    struct log_copy *copy = log_copy_open(&settings, "in", &error);
    assert_non_null(copy);
    assert_true(log_copy_check(copy, &(struct log_copy_asked){"hotline", false}, &error));
    struct log_copy_part *parts = log_copy_parts(copy, &count);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(parts[i].next, 0);
    assert_false(log_copy_check(copy, &(struct log_copy_asked){"weather", false}, &error));
    assert_int_equal(error.kind, ERROR_REFUSED);
    assert_non_null(strstr(error.text, "or those words: hotline"));
    log_copy_close(copy);
}

static void of_long_words_the_first_count(void **state)
{
    char words[3 * LOG_COPY_WORDS + 1] = "", kept[LOG_COPY_WORDS + 1] = "";
    (void)state;
    memset(words, 'a', sizeof words - 1);
    memset(kept, 'a', sizeof kept - 1);
    leave_positions(6, kept);
    assert_int_equal(copied(0, EACH, words, false), RECORDS - 6 * PARTITIONS);
    words[0] = 'b';
    assert_int_equal(copied(0, EACH, words, false), -1);
}

static void positions_without_words_are_of_who_has_them_in_the_name(void **state)
{
    (void)state;
    leave_positions(6, NULL);
    assert_int_equal(copied(0, EACH, "hotline", false), -1);
    assert_int_equal(error.kind, ERROR_REFUSED);
    assert_non_null(strstr(error.text, "the name copy was used before"));
    assert_int_equal(copied(0, EACH, "hotline", true), RECORDS - 6 * PARTITIONS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_same_words_go_on, start, stop),
        cmocka_unit_test_setup_teardown(other_words_are_refused, start, stop),
        cmocka_unit_test_setup_teardown(a_used_name_is_refused_before_anything_is_fenced, start,
                                        stop),
        cmocka_unit_test_setup_teardown(a_name_is_checked_and_nothing_is_moved, start, stop),
        cmocka_unit_test_setup_teardown(of_long_words_the_first_count, start, stop),
        cmocka_unit_test_setup_teardown(positions_without_words_are_of_who_has_them_in_the_name,
                                        start, stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
