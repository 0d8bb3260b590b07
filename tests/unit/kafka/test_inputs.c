/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "kafka/inputs.h"
#include "kafka/message.h"
#include "kafka/restore.h"

static const struct kafka_settings settings = {.prefix = "cb."};
static const struct transform_source declared[] = {
    {"status.*", NULL, true},
    {"events", "state.cases", true},
    {"status.desk", NULL, true},
};
static const struct transform_spec spec = {
    .settings = &settings, .sources = declared, .source_count = 3};

/* Made once and never freed, as the loop does. */
static struct sources sources;

static int make_sources(void **state)
{
    (void)state;
    sources_init(&sources, &spec);
    return 0;
}

static int closed;

static void count_close(void *state)
{
    (void)state;
    closed++;
}

static void finds_the_source_of_a_topic_exact_names_first(void **state)
{
    (void)state;
    assert_int_equal(sources_find(&sources, "cb.events"), 1);
    assert_int_equal(sources_find(&sources, "cb.status.desk"), 2);
    assert_int_equal(sources_find(&sources, "cb.status.street-8"), 0);
    assert_int_equal(sources_find(&sources, "cb.events2"), -1);
    assert_int_equal(sources_find(&sources, "events"), -1);
}

static void subscribes_families_by_an_escaped_pattern(void **state)
{
    (void)state;
    rd_kafka_topic_partition_list_t *list = sources_subscription(&sources);
    assert_int_equal(list->cnt, 3);
    assert_string_equal(list->elems[0].topic, "^cb\\.status\\..*");
    assert_string_equal(list->elems[1].topic, "cb.events");
    rd_kafka_topic_partition_list_destroy(list);
}

static struct topic_catalog catalog_of(struct topic_catalog_entry *entries, size_t count)
{
    return (struct topic_catalog){.entries = entries, .count = count};
}

static void waits_for_missing_topics_and_refuses_a_state_of_another_count(void **state)
{
    (void)state;
    struct error error = {0};
    char events[] = "cb.events", cases[] = "cb.state.cases", desk[] = "cb.status.desk";
    struct topic_catalog_entry all[] = {{events, 12}, {cases, 12}, {desk, 1}};
    struct topic_catalog catalog = catalog_of(all, 1);
    assert_false(sources_check(&sources, &catalog, &error));
    assert_int_equal(error.kind, ERROR_RETRY);
    assert_non_null(strstr(error.text, "cb.state.cases is missing"));
    catalog = catalog_of(all, 3);
    assert_true(sources_check(&sources, &catalog, &error));
    all[1].partitions = 6;
    assert_false(sources_check(&sources, &catalog, &error));
    assert_int_equal(error.kind, ERROR_CONFIG);
    assert_non_null(strstr(error.text, "cb.state.cases has 6 partitions"));
}

static void keeps_only_partitions_of_declared_sources_and_closes_open_ones(void **state)
{
    (void)state;
    struct inputs inputs;
    const struct transform_handler handler = {.close = count_close};
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(4);
    rd_kafka_topic_partition_list_add(list, "cb.status.a", 0);
    rd_kafka_topic_partition_list_add(list, "cb.other", 0);
    rd_kafka_topic_partition_list_add(list, "cb.events", 3);
    inputs_init(&inputs, &sources, list);
    rd_kafka_topic_partition_list_destroy(list);
    assert_int_equal(inputs.count, 2);
    struct input *input = inputs_find(&inputs, "cb.events", 3);
    assert_non_null(input);
    assert_ptr_equal(inputs_of_source(&inputs, 1, 3), input);
    assert_null(inputs_find(&inputs, "cb.events", 4));
    assert_string_equal(input->metadata, "");
    assert_int_equal(input->committed, INPUT_NO_OFFSET);
    input_set_metadata(input, "17xx", 2);
    assert_string_equal(input->metadata, "17");
    input->open = true;
    closed = 0;
    inputs_fini(&inputs, &handler);
    assert_int_equal(closed, 1);
}

static void reads_back_the_position_it_writes(void **state)
{
    (void)state;
    char text[200], topic[] = "cb.events";
    int64_t offset = -1;
    struct input input = {.topic = topic, .position = 4711000000000};
    restore_encode_position(&input, text, sizeof(text));
    assert_string_equal(text, "{\"v\":1,\"topic\":\"cb.events\",\"offset\":4711000000000}");
    assert_true(restore_decode_position(span_of(text), SPAN("cb.events"), &offset));
    assert_int_equal(offset, 4711000000000);
}

static void refuses_positions_of_other_topics_and_other_forms(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "",
        "{}",
        "{\"v\":1,\"topic\":\"cb.signals\",\"offset\":5}",
        "{\"v\":2,\"topic\":\"cb.events\",\"offset\":5}",
        "{\"v\":1,\"topic\":\"cb.events\",\"offset\":-5}",
        "{\"v\":1,\"topic\":\"cb.events\",\"offset\":5x}",
        "{\"v\":1,\"topic\":\"cb.events\",\"offset\":5",
        "{\"v\":1,\"topic\":\"cb.events\",\"offset\":}",
    };
    int64_t offset;
    for (size_t i = 0; i < ARRAY_LENGTH(wrong); i++)
        assert_false(restore_decode_position(span_of(wrong[i]), SPAN("cb.events"), &offset));
    assert_false(restore_decode_position(SPAN_NONE, SPAN("cb.events"), &offset));
}

static void chooses_java_s_partition_or_the_explicit_one_that_exists(void **state)
{
    (void)state;
    struct output output = {.partition = OUTPUT_BY_KEY, .key = SPAN("foobar")};
    assert_int_equal(message_partition(&output, 12),
                     (-790332482 & 0x7fffffff) % 12); /* from Kafka's own test */
    assert_int_equal(message_partition(&output, 0), -1);
    output.partition = 11;
    assert_int_equal(message_partition(&output, 12), 11);
    assert_int_equal(message_partition(&output, 11), -1);
    output.partition = -2;
    assert_int_equal(message_partition(&output, 12), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_the_source_of_a_topic_exact_names_first),
        cmocka_unit_test(subscribes_families_by_an_escaped_pattern),
        cmocka_unit_test(waits_for_missing_topics_and_refuses_a_state_of_another_count),
        cmocka_unit_test(keeps_only_partitions_of_declared_sources_and_closes_open_ones),
        cmocka_unit_test(reads_back_the_position_it_writes),
        cmocka_unit_test(refuses_positions_of_other_topics_and_other_forms),
        cmocka_unit_test(chooses_java_s_partition_or_the_explicit_one_that_exists),
    };
    return cmocka_run_group_tests(tests, make_sources, NULL);
}
