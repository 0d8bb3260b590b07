/* SPDX-License-Identifier: Apache-2.0 */
/* Pass 2 at its bounds and through restarts, and what it takes from the heap. */
#include "../../support/alloc_count.h"
#include "router/core/window_judge.h"
#include "windows.h"

#define HEAD "trigger: t\nname: 例\non: { kind: request, stage: opened }\ngroup: [community_code]\n"
#define THREE                                                                                      \
    HEAD "count: { at_least: 3, within: 7d, distinct: { caller_ref: 2 } }\n"                       \
         "open: { place: same, say: \"{count}件{distinct}人\" }\n"
#define MANY HEAD "count: { at_least: 90, within: 7d }\nopen: { say: \"{count}件\" }\n"
#define EACH                                                                                       \
    HEAD "count: { at_least: 1, within: 1h }\ncool_down: 0s\n"                                     \
         "caps: { at_once: 1000, per_day: 100000 }\nopen: { say: \"{count}件\" }\n"
#define QUIET                                                                                      \
    "trigger: t\nname: 例\non: { kind: request, stage: dispatched }\ngroup: [case]\n"             \
    "absence: { of: { kind: request, stage: signed }, within: 1h }\n"                              \
    "caps: { at_once: 1000, per_day: 100000 }\nopen: { say: \"{case}\" }\n"
#define NOTICE                                                                                     \
    HEAD "notice: { of: { observation: weather_alert }, at_least: 1, within: 100d }\n"             \
         "open: { say: \"{count}件\" }\n"

/* ---- bounds ---- */

static void a_full_group_keeps_the_newest_and_says_at_least(void **state)
{
    (void)state;
    begin_with(MANY);
    for (int i = 0; i < 200; i++)
        obeyf("fact f%d 03-02T%02d:%02d C", i, i / 60, i % 60);
    obey("now");
    assert_int_equal(window_flow_counts(flow).crowded, 200 - 128);
    assert_int_equal(count_firings(), 1);
    assert_non_null(strstr(last_firing(), "至少90件"));
    end();
}

static void a_field_it_groups_by_is_a_word_of_its_sentence(void **state)
{
    (void)state;
    begin_with("trigger: t\nname: 例\non: { kind: request, stage: opened }\n"
               "group: [line, accepted_in]\ncount: { at_least: 2, within: 7d }\n"
               "words: { west: 西线 }\nopen: { say: \"{line}{accepted_in}{count}件\" }\n");
    obey("fact a 03-02T08:00 west,S7");
    obey("fact b 03-02T09:00 west,S7");
    obey("now");
    assert_int_equal(count_firings(), 1);
    assert_non_null(strstr(last_firing(), "西线S72件"));
    end();
}

static void evidence_is_the_newest_hundred(void **state)
{
    (void)state;
    begin_with(HEAD "surge: { at_least: 5 }\nopen: { say: \"{count}件\" }\n");
    obey("tick 02-01T00:00");
    for (int i = 0; i < 150; i++) /* more than a window holds: the day goes on counting them */
        obeyf("fact f%03d 03-02T%02d:%02d C", i, i / 60, i % 60);
    obey("tick 03-03T00:01");
    assert_int_equal(count_firings(), 1);
    assert_non_null(strstr(last_firing(), "150件"));
    size_t cases = 0;
    for (const char *one = last_firing(); (one = strstr(one, "request:12345:f")); one++)
        cases++;
    assert_int_equal(cases, TRIGGER_MOST_EVIDENCE);
    assert_null(strstr(last_firing(), "request:12345:f049"));
    assert_non_null(strstr(last_firing(), "request:12345:f050"));
    assert_non_null(strstr(last_firing(), "request:12345:f149"));
    end();
}

static void groups_beyond_the_bound_are_counted_and_the_others_go_on(void **state)
{
    (void)state;
    begin_with(EACH);
    rules.most_groups = 3;
    restart();
    for (int i = 0; i < 5; i++)
        obeyf("fact f%d 03-02T08:00 C%d", i, i);
    obey("fact g 03-02T08:01 C0");
    obey("now");
    assert_int_equal(window_flow_counts(flow).full, 2);
    assert_int_equal(window_flow_counts(flow).groups, 3);
    /* forgotten ones make room */
    obey("tick 04-02T00:00");
    assert_int_equal(window_flow_counts(flow).groups, 3); /* their tombstones are not written yet */
    restart();
    assert_int_equal(window_flow_counts(flow).groups, 0);
    obey("fact h 04-02T08:00 C4");
    assert_int_equal(window_flow_counts(flow).full, 0);
    end();
}

static void of_many_notices_the_newest_are_kept(void **state)
{
    (void)state;
    begin_with(NOTICE);
    obey("fact f 03-01T08:00 110105001901");
    for (int i = 0; i < 40; i++)
        obeyf("notice n%d 03-02T%02d:%02d -", i, i / 60, i % 60);
    assert_int_equal(window_flow_counts(flow).crowded, 40 - WINDOW_MOST_NOTICES);
    restart();
    obey("now");
    assert_int_equal(count_firings(), 1); /* the pause of a day */
    end();
}

/* The same name, another form: after a restart nobody stumbles over what was kept for it. */
static void notices_of_a_trigger_that_takes_none_are_forgotten(void **state)
{
    (void)state;
    begin_with(NOTICE);
    obey("notice n1 03-02T08:00 -");
    obey("notice n2 03-02T09:00 -");
    window_flow_save(flow, &outputs);
    window_flow_close(flow);
    triggers_free(triggers);
    triggers = triggers_of(MANY);
    rules.triggers = triggers;
    reopen();
    restart();
    assert_int_equal(window_flow_counts(flow).groups, 0);
    end();
}

static void many_due_at_once_come_in_several_transactions(void **state)
{
    (void)state;
    begin_with(QUIET);
    for (int i = 0; i < 2500; i++)
        obeyf("fact f%d 03-02T08:00 request:12345:%d", i, i);
    obey("tick 03-02T08:30");
    forget_kept();
    for (int p = 0; p < PARTITIONS; p++) {
        struct strbuf text;
        strbuf_init(&text, 64, 256);
        signal_write_watermark(&text, p, at("03-02T10:00"));
        struct record record = {.key = signal_watermark_key, .value = strbuf_span(&text)};
        size_t before = count_firings(), again = 0;
        while (window_flow_on_record(flow, &record, &outputs) == TRANSFORM_AGAIN) {
            assert_true(count_firings() - before <= 1000);
            before = count_firings();
            again++;
        }
        assert_int_equal(again, p == PARTITIONS - 1 ? 2 : 0);
        strbuf_fini(&text);
    }
    /* a step of the clock lets a thousand through; the next one the others */
    assert_int_equal(count_firings(), 1000);
    assert_int_equal(window_flow_counts(flow).held, 1500);
    obey("tick 03-02T10:01");
    obey("tick 03-02T10:02");
    assert_int_equal(count_firings(), 2500);
    assert_int_equal(window_flow_counts(flow).held,
                     1500); /* each once, however often it was asked */
    end();
}

/* The pause is short, so more fire in the time that facts are kept than a window remembers. */
static void of_many_firings_none_comes_again(void **state)
{
    (void)state;
    begin_with(EACH);
    for (int i = 0; i < 40; i++)
        obeyf("fact f%02d 03-0%dT%02d:00 C", i, 2 + i / 20, i % 20);
    obey("now");
    assert_int_equal(count_firings(), 40);
    restart();
    for (int i = 0; i < 40; i++)
        obeyf("tick 03-0%dT%02d:00", 4 + i / 20, i % 20);
    assert_int_equal(count_firings(), 40);
    struct strbuf fired;
    strbuf_init(&fired, 1024, 1 << 20);
    read_firings(&fired); /* no id twice */
    strbuf_fini(&fired);
    end();
}

/* What a feed writes may be of any length; a window is not, and has to be read again. */
static void a_text_without_room_is_left_out(void **state)
{
    static char text[5000];
    char id[16];
    (void)state;
    begin_with(HEAD "count: { at_least: 90, within: 7d }\n"
                    "open: { say: \"{count}件,{level}:{cause}\" }\n");
    memset(text, 'x', sizeof text);
    for (int i = 0; i < 128; i++) {
        snprintf(id, sizeof id, "f%03d", i);
        text[0] = (char)('a' + i % 2); /* no two neighbours alike */
        struct signal signal = {
            .kind = SIGNAL_FACT,
            .step = triggers_at(triggers, 0)->steps[0].key,
            .group = SPAN("t|C"),
            .counts = true,
            .time_ms = at("03-02T08:00") + i,
            .id = span_of(id),
            .subject = span_of(id),
            .fields = {{SPAN("cause"), span_from(text, sizeof text)}, {SPAN("level"), SPAN("red")}},
            .field_count = 2};
        signal.recorded_ms = signal.revision.received_ms = signal.arrived_ms = signal.time_ms;
        send_signal(&signal);
    }
    restart();
    newest_ms = at("03-02T08:01");
    obey("now");
    assert_int_equal(count_firings(), 1);
    assert_non_null(strstr(last_firing(), "90件,red:\""));
    end();
}

/* Four hours of a reading a minute: the window holds two of them, and knows since when. */
static void a_long_stretch_is_one_however_many_readings(void **state)
{
    (void)state;
    begin_with("trigger: t\nname: 例\non: { observation: heartbeat }\ngroup: [station]\n"
               "threshold: { field: waiting, above: 50, for: 3h, holds: 5m }\ncool_down: 1h\n"
               "open: { place: same, say: \"{station}自{since}起\" }\n");
    for (int i = 0; i < 240; i++)
        obeyf("fact f%03d 03-02T%02d:%02d st001 waiting=60", i, 8 + i / 60, i % 60);
    obey("now");
    assert_int_equal(count_firings(), 1);
    assert_non_null(strstr(last_firing(), "梅裕苑社区服务站自3月2日08:00起"));
    assert_non_null(strstr(last_firing(), "\"community_code\":\"110105001905\""));
    restart();
    for (int i = 240; i < 480; i++)
        obeyf("fact f%03d 03-02T%02d:%02d st001 waiting=60", i, 8 + i / 60, i % 60);
    obey("now");
    assert_int_equal(count_firings(), 1);
    end();
}

/* ---- what is not ours ---- */

static void what_no_router_wrote_goes_to_dead(void **state)
{
    (void)state;
    begin_with(THREE);
    hand_over(SPAN("t|C"), SPAN("3|f|what"));
    hand_over(SPAN("t|C"), SPAN(""));
    assert_int_equal(window_flow_counts(flow).dead, 2);
    assert_int_equal(kept[0].stream, STREAM_DEAD);
    end();
}

static void a_fact_of_a_trigger_that_is_gone_is_counted(void **state)
{
    (void)state;
    begin_with(THREE);
    obey("fact 1 03-02T08:00 C trigger=gone");
    assert_int_equal(window_flow_counts(flow).unknown, 1);
    assert_int_equal(window_flow_counts(flow).groups, 0);
    end();
}

static void a_watermark_that_goes_back_moves_nothing(void **state)
{
    (void)state;
    begin_with(QUIET);
    obey("tick 03-02T08:00");
    obey("fact 1 03-02T08:00 request:12345:1");
    obey("tick 03-02T07:00");
    assert_int_equal(window_flow_counts(flow).clock_ms, at("03-02T08:00"));
    obey("tick 03-02T09:00 0");
    assert_int_equal(window_flow_counts(flow).clock_ms, at("03-02T08:00"));
    end();
}

/* ---- state ---- */

static void state_that_cannot_be_read_stops_it(void **state)
{
    (void)state;
    begin_with(THREE);
    window_flow_restore(flow, SPAN("t|C"), SPAN("\x07 not a window"));
    window_flow_restored(flow);
    assert_non_null(strstr(window_flow_fault(flow), "t|C"));
    end();
}

static bool is_window(struct window *window, struct span bytes, enum trigger_form *form)
{
    struct window_piece piece;
    return window_piece_take(&piece, &bytes) && window_read(window, bytes, form);
}

/* Whatever stands there is read to its end or refused, never beyond. */
static void bytes_that_nobody_wrote_are_refused(void **state)
{
    static struct window window;
    static struct window again;
    struct strbuf text;
    enum trigger_form form;
    size_t refused = 0, read = 0;
    (void)state;
    begin_with(THREE);
    for (int i = 0; i < 9; i++)
        obeyf("fact f%d 03-02T08:0%d C caller_ref=a community_code=110105001901", i, i);
    obey("now");
    window_flow_save(flow, &outputs);
    strbuf_init(&text, 4096, WINDOW_MOST_BYTES);
    for (size_t i = 0; i < kept_count; i++) {
        if (kept[i].stream != STREAM_STATE_WINDOWS || kept[i].key[0] == '_')
            continue;
        for (size_t len = 0; len <= kept[i].len; len++) { /* cut anywhere, on memory of its own */
            char *copy = xmalloc(len + 1);
            memcpy(copy, kept[i].value, len);
            bool good = is_window(&window, span_from(copy, len), &form);
            assert_int_equal(good, len == kept[i].len);
            if (good) { /* and what was read is written alike */
                strbuf_reset(&text);
                window_write(&text, &window, form);
                assert_true(span_ends(span_from(kept[i].value, kept[i].len), strbuf_span(&text)));
                read++;
            }
            free(copy);
        }
        seed = 7;
        for (int n = 0; n < 20000; n++) { /* one byte is another */
            char *copy = xmalloc(kept[i].len);
            memcpy(copy, kept[i].value, kept[i].len);
            copy[random_below((unsigned)kept[i].len)] = (char)random_below(256);
            refused += !is_window(&again, span_from(copy, kept[i].len), &form);
            free(copy);
        }
    }
    assert_true(read > 0 && refused > 1000);
    strbuf_fini(&text);
    end();
}

/* ---- the heap ---- */

static void ignore(void *carrier, const struct output *output)
{
    (void)output;
    ++*(long *)carrier;
}

/* A group that is there takes facts again and again without a look at the heap, but for its bytes.
 */
static void a_known_group_takes_facts_without_the_heap(void **state)
{
    (void)state;
    long written = 0;
    struct outputs nowhere = {ignore, &written};
    struct strbuf value;
    begin_with(THREE);
    strbuf_init(&value, 4096, 1 << 16);
    for (int i = 0; i < 128; i++)
        obeyf("fact f%03d 03-02T08:00 C caller_ref=a", i);
    restart();
    struct signal signal = {.kind = SIGNAL_FACT,
                            .step = triggers_at(triggers, 0)->steps[0].key,
                            .group = SPAN("t|C"),
                            .counts = true,
                            .time_ms = at("03-02T08:00"),
                            .recorded_ms = at("03-02T08:00"),
                            .id = SPAN("f007"),
                            .subject = SPAN("request:12345:f007")};
    signal.revision.received_ms = signal.arrived_ms = signal.recorded_ms;
    signal_write(&value, &signal);
    struct record record = {.key = signal.group, .value = strbuf_span(&value)};
    window_flow_on_record(flow, &record, &nowhere);
    alloc_count_begin();
    for (int i = 0; i < 1000; i++)
        window_flow_on_record(flow, &record, &nowhere);
    assert_int_equal(alloc_count_end(), 0);
    assert_int_equal(written, 0);
    strbuf_fini(&value);
    end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_full_group_keeps_the_newest_and_says_at_least),
        cmocka_unit_test(a_field_it_groups_by_is_a_word_of_its_sentence),
        cmocka_unit_test(evidence_is_the_newest_hundred),
        cmocka_unit_test(groups_beyond_the_bound_are_counted_and_the_others_go_on),
        cmocka_unit_test(of_many_notices_the_newest_are_kept),
        cmocka_unit_test(notices_of_a_trigger_that_takes_none_are_forgotten),
        cmocka_unit_test(many_due_at_once_come_in_several_transactions),
        cmocka_unit_test(of_many_firings_none_comes_again),
        cmocka_unit_test(a_text_without_room_is_left_out),
        cmocka_unit_test(a_long_stretch_is_one_however_many_readings),
        cmocka_unit_test(what_no_router_wrote_goes_to_dead),
        cmocka_unit_test(a_fact_of_a_trigger_that_is_gone_is_counted),
        cmocka_unit_test(a_watermark_that_goes_back_moves_nothing),
        cmocka_unit_test(state_that_cannot_be_read_stops_it),
        cmocka_unit_test(bytes_that_nobody_wrote_are_refused),
        cmocka_unit_test(a_known_group_takes_facts_without_the_heap),
    };
    return cmocka_run_group_tests(tests, load, unload);
}
