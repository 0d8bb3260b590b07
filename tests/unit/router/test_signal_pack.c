/* SPDX-License-Identifier: Apache-2.0 */
/* Facts of one transaction lie in packs, a partition's in its order, and pass 2 takes a pack as it
 * takes its facts (docs/decisions/0290). */
#include "router/core/signal_pack.h"

#include "base/murmur2.h"
#include "windows.h"

#define ROOM 20000

static struct {
    int stream;
    int32_t partition;
    char key[64], value[ROOM];
} said[64];
static size_t said_count;

static void hear(void *carrier, const struct output *output)
{
    (void)carrier;
    assert_true(said_count < ARRAY_LENGTH(said));
    said[said_count].stream = output->stream;
    said[said_count].partition = output->partition;
    span_to_cstr(output->key, said[said_count].key, sizeof said->key);
    span_to_cstr(output->value, said[said_count++].value, sizeof said->value);
}

static struct outputs listeners = {hear, NULL};
static struct signal_packs packs;

static int open_packs(void **state)
{
    (void)state;
    signal_packs_init(&packs);
    signal_packs_arrange(&packs, 2);
    said_count = 0;
    return 0;
}

static int close_packs(void **state)
{
    (void)state;
    signal_packs_fini(&packs);
    return 0;
}

static void put(int stream, int32_t partition, const char *key, const char *value)
{
    outputs_add(signal_packs_before(&packs, &listeners), &(struct output){.stream = stream,
                                                                          .partition = partition,
                                                                          .key = span_of(key),
                                                                          .value = span_of(value)});
}

static void is_said(size_t n, int32_t partition, const char *key, const char *value)
{
    assert_true(n < said_count);
    assert_int_equal(said[n].partition, partition);
    assert_string_equal(said[n].key, key);
    assert_string_equal(said[n].value, value);
}

static void facts_of_a_partition_are_one_record_and_a_fact_alone_is_itself(void **state)
{
    (void)state;
    put(STREAM_SIGNALS, 0, "t|a", "2|f|1");
    put(STREAM_SIGNALS, 1, "t|b", "2|f|2");
    put(STREAM_SIGNALS, 0, "t|c", "2|f|3");
    assert_int_equal(said_count, 0);
    signal_packs_write(&packs, &listeners);
    assert_int_equal(said_count, 2);
    is_said(0, 0, "_facts", "2|p\nt|a\n2|f|1\nt|c\n2|f|3");
    is_said(1, 1, "t|b", "2|f|2");
    signal_packs_write(&packs, &listeners);
    assert_int_equal(said_count, 2); /* once */
}

/* Where Kafka's own clients would look for it: a dead letter goes back by its key. */
static void a_fact_goes_by_its_key(void **state)
{
    (void)state;
    char key[] = "t|a";
    for (; key[2] <= 'h'; key[2]++)
        put(STREAM_SIGNALS, OUTPUT_BY_KEY, key, "2|f|1");
    signal_packs_write(&packs, &listeners);
    assert_int_equal(said_count, 2);
    for (size_t n = 0; n < said_count; n++) {
        struct span rest = signal_pack_open(span_of(said[n].value)), one, value;
        while (signal_pack_next(&rest, &one, &value))
            assert_int_equal(murmur2_partition(one, 2), said[n].partition);
    }
}

static void a_watermark_stands_behind_what_was_told_before_it(void **state)
{
    (void)state;
    put(STREAM_SIGNALS, 0, "t|a", "2|f|1");
    put(STREAM_SIGNALS, 1, "t|b", "2|f|2");
    put(STREAM_EVENTS, OUTPUT_BY_KEY, "request:1:1", "{}"); /* waits for nobody */
    put(STREAM_SIGNALS, 0, "_watermark", "2|w|0|1");
    put(STREAM_SIGNALS, 0, "t|c", "2|f|3");
    signal_packs_write(&packs, &listeners);
    assert_int_equal(said_count, 5);
    is_said(0, OUTPUT_BY_KEY, "request:1:1", "{}");
    is_said(1, 0, "t|a", "2|f|1");
    is_said(2, 0, "_watermark", "2|w|0|1");
    is_said(3, 0, "t|c", "2|f|3");
    is_said(4, 1, "t|b", "2|f|2");
}

static void a_pack_is_bounded_and_a_large_fact_comes_alone_in_its_turn(void **state)
{
    (void)state;
    char large[ROOM - 1];
    memset(large, 'x', sizeof large - 1);
    large[sizeof large - 1] = '\0';
    put(STREAM_SIGNALS, 0, "t|a", "2|f|1");
    put(STREAM_SIGNALS, 0, "t|b", large);
    put(STREAM_SIGNALS, 0, "t|c", "2|f|3");
    signal_packs_write(&packs, &listeners);
    assert_int_equal(said_count, 3);
    is_said(0, 0, "t|a", "2|f|1");
    is_said(1, 0, "t|b", large);
    is_said(2, 0, "t|c", "2|f|3");
    said_count = 0;
    large[1000] = '\0';
    for (int i = 0; i < 40; i++)
        put(STREAM_SIGNALS, 0, "t|d", large);
    signal_packs_write(&packs, &listeners);
    size_t facts = 0;
    for (size_t n = 0; n < said_count; n++) {
        struct span rest = signal_pack_open(span_of(said[n].value)), one, value;
        assert_true(strlen(said[n].value) <= 16384);
        while (signal_pack_next(&rest, &one, &value))
            facts += span_is(one, "t|d") && span_is(value, large);
    }
    assert_int_equal(facts, 40);
    assert_int_equal(said_count, 3);
}

static void what_a_transaction_held_goes_with_it(void **state)
{
    (void)state;
    put(STREAM_SIGNALS, 0, "t|a", "2|f|1");
    signal_packs_drop(&packs);
    signal_packs_write(&packs, &listeners);
    assert_int_equal(said_count, 0);
}

/* ---- pass 2 ---- */

#define THREE                                                                                      \
    "trigger: t\nname: 例\non: { kind: request, stage: opened }\ngroup: [community_code]\n"       \
    "count: { at_least: 3, within: 7d }\nopen: { place: same, say: \"{count}件\" }\n"

static const char *fact_of(char *text, size_t size, const char *id)
{
    struct strbuf out = {.at = text, .capacity = size, .max = size - 1};
    struct signal signal = {.kind = SIGNAL_FACT,
                            .step = triggers_at(triggers, 0)->steps[0].key,
                            .id = span_of(id),
                            .counts = true,
                            .time_ms = at("03-02T08:00"),
                            .subject = span_of(id)};
    signal.recorded_ms = signal.revision.received_ms = signal.arrived_ms = newest_ms =
        signal.time_ms;
    signal_write(&out, &signal);
    return text;
}

static void pack(char *text, size_t size, const char *middle)
{
    char one[256], three[256], four[256];
    snprintf(text, size, "2|p\nt|C\n%s\n%s\nt|C\n%s\nt|C\n%s", fact_of(one, sizeof one, "f1"),
             middle, fact_of(three, sizeof three, "f3"), fact_of(four, sizeof four, "f4"));
}

static size_t letters(void)
{
    size_t count = 0;
    for (size_t i = 0; i < kept_count; i++)
        count += kept[i].stream == STREAM_DEAD;
    return count;
}

static void a_pack_counts_as_its_facts_do(void **state)
{
    (void)state;
    char text[2048], two[256], middle[300];
    begin_with(THREE);
    snprintf(middle, sizeof middle, "t|C\n%s", fact_of(two, sizeof two, "f2"));
    pack(text, sizeof text, middle);
    hand_over(SPAN("_facts"), span_of(text));
    obey("now");
    assert_int_equal(window_flow_counts(flow).facts, 4);
    assert_int_equal(window_flow_counts(flow).firings, 1);
    hand_over(SPAN("_facts"), span_of(text)); /* again: known */
    assert_int_equal(window_flow_counts(flow).repeated, 4);
    assert_int_equal(letters(), 0);
    end();
}

static void of_a_pack_what_cannot_be_read_is_a_letter_of_its_own(void **state)
{
    (void)state;
    static const char *const bad[] = {"t|C\n2|f|?", "_watermark\n2|w|0|zzzzzzzz", "\n2|f|1"};
    for (size_t i = 0; i < ARRAY_LENGTH(bad); i++) {
        char text[2048];
        begin_with(THREE);
        pack(text, sizeof text, bad[i]);
        hand_over(SPAN("_facts"), span_of(text));
        assert_int_equal(window_flow_counts(flow).facts, 3);
        assert_int_equal(window_flow_counts(flow).dead, 1);
        assert_int_equal(letters(), 1);
        end();
    }
    begin_with(THREE);
    hand_over(SPAN("_facts"), SPAN("3|p\nt|C\n2|f|1"));
    assert_int_equal(letters(), 1);
    assert_string_equal(kept[0].key, "_facts");
    end();
}

/* A redrive sends each to where its group is. */
static void a_pack_that_kills_is_buried_fact_by_fact(void **state)
{
    (void)state;
    char text[2048], two[256], middle[300];
    begin_with(THREE);
    snprintf(middle, sizeof middle, "t|D\n%s", fact_of(two, sizeof two, "f2"));
    pack(text, sizeof text, middle);
    struct record record = {
        .topic = SPAN("cb.signals"), .key = SPAN("_facts"), .value = span_of(text)};
    window_flow_bury(flow, &record, REJECT_CRASH, &outputs);
    assert_int_equal(letters(), 4);
    assert_string_equal(kept[1].key, "t|D");
    assert_string_equal(kept[1].value, two);
    assert_int_equal(window_flow_counts(flow).dead, 4);
    assert_int_equal(window_flow_counts(flow).facts, 0);
    end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            facts_of_a_partition_are_one_record_and_a_fact_alone_is_itself, open_packs,
            close_packs),
        cmocka_unit_test_setup_teardown(a_fact_goes_by_its_key, open_packs, close_packs),
        cmocka_unit_test_setup_teardown(a_watermark_stands_behind_what_was_told_before_it,
                                        open_packs, close_packs),
        cmocka_unit_test_setup_teardown(a_pack_is_bounded_and_a_large_fact_comes_alone_in_its_turn,
                                        open_packs, close_packs),
        cmocka_unit_test_setup_teardown(what_a_transaction_held_goes_with_it, open_packs,
                                        close_packs),
        cmocka_unit_test(a_pack_counts_as_its_facts_do),
        cmocka_unit_test(of_a_pack_what_cannot_be_read_is_a_letter_of_its_own),
        cmocka_unit_test(a_pack_that_kills_is_buried_fact_by_fact),
    };
    return cmocka_run_group_tests(tests, load, unload);
}
