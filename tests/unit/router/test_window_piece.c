/* SPDX-License-Identifier: Apache-2.0 */
/* Windows written piece by piece: what comes back from the log, whole or compacted anywhere, is
 * what was in memory, and of a group that is over nothing stays. */
#include "router/core/window_flow_internal.h"
#include "windows.h"

#define MANY                                                                                       \
    "trigger: t\nname: 例\non: { kind: request, stage: opened }\ngroup: [community_code]\n"       \
    "count: { at_least: 100, within: 2d }\nopen: { place: same, say: \"{count}件\" }\n"

enum { LIVES = 30, STEPS = 150, GROUPS = 3 };

static uint64_t seed = 20261126;

static unsigned roll(unsigned below)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (unsigned)(seed % below);
}

static void obey_any(int n)
{
    char line[200];
    int hour = n / 8 + (roll(5) ? 0 : (int)roll(9)), day = 2 + hour / 24;
    snprintf(line, sizeof line, "fact %s%04d 03-%02dT%02d:%02d C%u %s%s", roll(3) ? "f" : "gg",
             roll(6) ? n : (int)roll(60), day, hour % 24, (int)roll(60), roll(GROUPS),
             roll(4) ? "lead=d11" : "lead=s12", roll(12) ? "" : " gone");
    obey(line);
    if (!roll(20))
        obey("now");
}

/* The bytes of a group, in memory of their own; "" where there are none. */
static void bytes_of(const struct window_flow *of, int group, struct strbuf *out)
{
    char key[16];
    snprintf(key, sizeof key, "t|C%d", group);
    struct case_entry *entry = case_book_find(of->book.groups, span_of(key));
    strbuf_reset(out);
    if (entry && entry->len)
        strbuf_add(out, case_book_get(of->book.groups, entry));
}

static bool is_last_of_key(size_t index)
{
    for (size_t i = index + 1; i < kept_count; i++)
        if (kept[i].stream == STREAM_STATE_WINDOWS && strcmp(kept[i].key, kept[index].key) == 0)
            return false;
    return true;
}

/* What is compacted may be gone or not, up to `cleaned`. */
static struct window_flow *from_log(size_t cleaned)
{
    struct window_flow *copy = window_flow_open(&rules, 0);
    for (size_t i = 0; i < kept_count; i++)
        if (kept[i].stream == STREAM_STATE_WINDOWS && (i >= cleaned || is_last_of_key(i)))
            window_flow_restore(copy, span_of(kept[i].key),
                                kept[i].value ? span_from(kept[i].value, kept[i].len) : SPAN_NONE);
    window_flow_restored(copy);
    assert_null(window_flow_fault(copy));
    return copy;
}

static void assert_same(const struct window_flow *copy)
{
    struct strbuf here, there;
    strbuf_init(&here, 4096, WINDOW_MOST_BYTES);
    strbuf_init(&there, 4096, WINDOW_MOST_BYTES);
    for (int group = 0; group < GROUPS; group++) {
        bytes_of(flow, group, &here);
        bytes_of(copy, group, &there);
        assert_true(span_equal(strbuf_span(&here), strbuf_span(&there)));
    }
    strbuf_fini(&here);
    strbuf_fini(&there);
}

static size_t pieces_written(size_t *bytes, size_t *whole_bytes)
{
    size_t count = 0;
    for (size_t i = 0; i < kept_count; i++) {
        bool is_piece = strncmp(kept[i].key, WINDOW_PIECE_KEY, 6) == 0;
        *(is_piece ? bytes : whole_bytes) += kept[i].len;
        count += is_piece && kept[i].value;
    }
    return count;
}

static void pieces_come_back_from_any_log(void **state)
{
    size_t pieces = 0, bytes = 0, whole = 0;
    (void)state;
    for (int life = 0; life < LIVES; life++) {
        begin_with(MANY);
        for (int n = 0; n < STEPS; n++) {
            obey_any(n);
            if (roll(2))
                window_flow_save(flow, &outputs);
            if (!roll(40))
                restart();
        }
        window_flow_save(flow, &outputs);
        pieces += pieces_written(&bytes, &whole);
        struct window_flow *const copies[] = {from_log(0), from_log(kept_count),
                                              from_log(roll((unsigned)kept_count))};
        for (size_t i = 0; i < ARRAY_LENGTH(copies); i++) {
            assert_same(copies[i]);
            window_flow_close(copies[i]);
        }
        end();
    }
    assert_true(pieces > (size_t)LIVES * 20);
}

static void of_a_group_that_is_over_nothing_stays(void **state)
{
    (void)state;
    begin_with(MANY);
    for (int n = 0; n < 60; n++) {
        char line[100];
        snprintf(line, sizeof line, "fact f%02d 03-02T08:%02d C1", n, n);
        obey(line);
        window_flow_save(flow, &outputs);
    }
    size_t bytes = 0, whole = 0;
    size_t pieces = pieces_written(&bytes, &whole);
    assert_true(pieces > 30);
    assert_true(bytes / pieces < 400);
    obey("tick 04-30T08:00");
    restart();
    assert_int_equal(window_flow_counts(flow).groups, 0);
    for (size_t i = 0; i < kept_count; i++)
        if (kept[i].stream == STREAM_STATE_WINDOWS && strstr(kept[i].key, "t|C1") &&
            is_last_of_key(i))
            assert_null(kept[i].value);
    end();
}

static const struct kept *last_window(void)
{
    const struct kept *last = NULL;
    for (size_t i = 0; i < kept_count; i++)
        if (kept[i].stream == STREAM_STATE_WINDOWS && strstr(kept[i].key, "t|C1"))
            last = &kept[i];
    assert_non_null(last);
    return last;
}

static void tell_and_save(int n)
{
    obeyf("fact f%02d 03-02T08:%02d C1", n, n);
    window_flow_save(flow, &outputs);
}

/* A router of before 0356 reads the key of the group alone: it has to meet the version there. */
static void a_window_of_an_earlier_version_is_first_written_whole(void **state)
{
    char bare[8192];
    struct window_piece piece;
    (void)state;
    begin_with(MANY);
    for (int n = 0; n < 50; n++)
        obeyf("fact f%02d 03-02T08:%02d C1", n, n);
    window_flow_save(flow, &outputs);
    const struct kept *first = last_window();
    struct span bytes = span_from(first->value, first->len);
    assert_true(window_piece_take(&piece, &bytes) && piece.number == 0 && !piece.headless);
    assert_true(bytes.len < sizeof bare);
    size_t len = bytes.len;
    memcpy(bare, bytes.at, len);
    end();
    begin_with(MANY);
    window_flow_restore(flow, SPAN("t|C1"), span_from(bare, len));
    window_flow_restored(flow);
    assert_null(window_flow_fault(flow));
    tell_and_save(50);
    assert_string_equal(last_window()->key, "t|C1");
    assert_int_equal(last_window()->value[0], 4);
    tell_and_save(51);
    assert_string_equal(last_window()->key, "_more|1|t|C1");
    struct window_flow *copy = from_log(0);
    assert_same(copy);
    window_flow_close(copy);
    end();
}

static void pieces_without_their_window_are_taken_out(void **state)
{
    (void)state;
    begin_with(MANY);
    window_flow_restore(flow, SPAN("_more|3|t|C1"), SPAN("\x04\x02\x03\x00what was"));
    window_flow_restored(flow);
    assert_null(window_flow_fault(flow));
    restart();
    assert_int_equal(window_flow_counts(flow).groups, 0);
    size_t tombstones = 0;
    for (size_t i = 0; i < kept_count; i++)
        tombstones += strcmp(kept[i].key, "_more|3|t|C1") == 0 && !kept[i].value;
    assert_int_equal(tombstones, 1);
    end();
}

/* Whatever stands there is joined within its bounds or follows on nothing. */
static void pieces_that_nobody_wrote_are_nobodys(void **state)
{
    struct strbuf out;
    size_t joined = 0;
    (void)state;
    strbuf_init(&out, 64, 4096);
    for (int n = 0; n < 200000; n++) {
        char there[40], record[40];
        size_t there_len = 3 + roll(30), len = 4 + roll(30);
        char *a = xmalloc(there_len), *b = xmalloc(len);
        for (size_t i = 0; i < sizeof there; i++) {
            there[i] = (char)roll(256);
            record[i] = (char)roll(roll(2) ? 12 : 256);
        }
        memcpy(there, "\x04\x07", 2);
        memcpy(record, "\x04\x07\x01", 3);
        there[2] = 0;
        memcpy(a, there, there_len);
        memcpy(b, record, len);
        joined += window_piece_join(&out, span_from(a, there_len), span_from(b, len));
        free(a);
        free(b);
    }
    assert_true(joined > 1000);
    strbuf_fini(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_come_back_from_any_log),
        cmocka_unit_test(of_a_group_that_is_over_nothing_stays),
        cmocka_unit_test(a_window_of_an_earlier_version_is_first_written_whole),
        cmocka_unit_test(pieces_without_their_window_are_taken_out),
        cmocka_unit_test(pieces_that_nobody_wrote_are_nobodys),
    };
    return cmocka_run_group_tests(tests, load, unload);
}
