/* SPDX-License-Identifier: Apache-2.0 */
/* Letters of one reason are shown by the newest of them: what is refused now, not what was. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "citybrain/dead_list.h"

static void add_cell(struct dead_groups *groups, int64_t offset, int64_t at_ms,
                     const struct dead_cell *cell)
{
    struct dead_letter letter = {.partition = 1, .offset = offset, .at_ms = at_ms};
    letter.header.raw.feed = SPAN("hotline");
    letter.header.why.reject = REJECT_DATE;
    dead_groups_add(groups, &letter, cell);
}

static void add(struct dead_groups *groups, int64_t offset, int64_t at_ms)
{
    add_cell(groups, offset, at_ms, NULL);
}

static void shown(struct dead_groups *groups, char text[4096])
{
    FILE *out = tmpfile();
    dead_groups_show(groups, true, out);
    rewind(out);
    text[fread(text, 1, 4095, out)] = '\0';
    dead_groups_fini(groups);
    fclose(out);
}

/* One group may hide two faults. */
static void a_group_says_how_many_values_it_has(void **state)
{
    static const char *const said[] = {"建议", "表扬", "建议", "a", "b"};
    struct dead_groups groups = {.by_name = NULL};
    struct dead_cell cell = {SPAN("13900000000"), false};
    char text[4096];
    (void)state;
    for (size_t i = 0; i < 3; i++)
        add_cell(&groups, 1, 1, &(struct dead_cell){span_of(said[i]), true});
    add_cell(&groups, 1, 1, &(struct dead_cell){SPAN_NONE, true});
    shown(&groups, text);
    assert_non_null(strstr(text, "\"letters\":4,\"values\":\"2 种: 建议×2 (1970-01-01T00:00Z), "
                                 "表扬×1 (1970-01-01T00:00Z)\""));

    groups = (struct dead_groups){.by_name = NULL};
    for (size_t i = 0; i < 5; i++)
        add_cell(&groups, 1, 1, &(struct dead_cell){span_of(said[i]), true});
    shown(&groups, text);
    assert_non_null(strstr(text, "\"values\":\"4 种: 建议×2 (1970-01-01T00:00Z), "
                                 "a×1 (1970-01-01T00:00Z), b×1 (1970-01-01T00:00Z), …\""));

    groups = (struct dead_groups){.by_name = NULL};
    add_cell(&groups, 1, 1, &cell);
    shown(&groups, text);
    assert_non_null(strstr(text, "\"values\":\"1 种 (不显示 withheld)\""));
    assert_null(strstr(text, "139"));

    groups = (struct dead_groups){.by_name = NULL};
    add(&groups, 1, 1);
    shown(&groups, text);
    assert_non_null(strstr(text, "\"values\":null"));
}

/* The second fault began when somebody was at work on the first: it has a beginning of its own. */
static void each_of_several_values_has_its_own_time(void **state)
{
    struct dead_groups groups = {.by_name = NULL};
    const struct dead_cell old = {SPAN("建议"), true}, new = {SPAN("表扬"), true};
    char text[4096];
    (void)state;
    add_cell(&groups, 1, 7200000, &old); /* partitions are read one after the other */
    add_cell(&groups, 2, 0, &old);
    add_cell(&groups, 3, 3600000, &new);
    shown(&groups, text);
    assert_non_null(strstr(text, "2 种: 建议×2 (1970-01-01T00:00Z/1970-01-01T02:00Z), "
                                 "表扬×1 (1970-01-01T01:00Z)\""));
    assert_non_null(strstr(text, "\"each\":[{\"value\":\"建议\",\"letters\":2,"
                                 "\"first\":\"1970-01-01T00:00:00.000Z\","
                                 "\"last\":\"1970-01-01T02:00:00.000Z\"},{\"value\":\"表扬\","));

    groups = (struct dead_groups){.by_name = NULL};
    add_cell(&groups, 1, 1, &(struct dead_cell){SPAN("13900000000"), false});
    shown(&groups, text);
    assert_non_null(strstr(text, "\"each\":[]"));
}

static void the_sample_of_a_group_is_its_newest_letter(void **state)
{
    struct dead_groups groups = {.by_name = NULL};
    char text[4096];
    FILE *out = tmpfile();
    (void)state;
    add(&groups, 7, 2000); /* partitions are read one after the other */
    add(&groups, 8, 3000);
    add(&groups, 9, 1000);
    dead_groups_show(&groups, true, out);
    rewind(out);
    text[fread(text, 1, sizeof text - 1, out)] = '\0';
    assert_non_null(strstr(text, "\"letters\":3"));
    assert_non_null(strstr(text, "\"sample\":{\"place\":\"1/8\""));
    dead_groups_fini(&groups);
    fclose(out);
}

/* A cell may hold what moves a cursor or makes columns. */
static void a_table_has_no_control_characters_of_a_cell(void **state)
{
    struct dead_groups groups = {.by_name = NULL};
    char text[4096];
    FILE *out = tmpfile();
    (void)state;
    add_cell(&groups, 1, 1,
             &(struct dead_cell){SPAN("a\tb\nc\x1B[2Jd\xC2\x9B"
                                      "e\x7F"
                                      "f\xC2\xA0"
                                      "中"),
                                 true});
    dead_groups_show(&groups, false, out);
    rewind(out);
    text[fread(text, 1, sizeof text - 1, out)] = '\0';
    assert_non_null(strstr(text, "\t1 种: a b c [2Jd e f\xC2\xA0中×1\t"));
    dead_groups_fini(&groups);
    fclose(out);

    /* U+200E and U+200F, U+202A to U+202E, U+2066 to U+2069 turn what is behind them around. */
    groups = (struct dead_groups){.by_name = NULL};
    out = tmpfile();
    add_cell(&groups, 1, 1,
             &(struct dead_cell){SPAN("a\xE2\x80\xAE"
                                      "b\xE2\x81\xA6\xE2\x81\xA9"
                                      "c\xE2\x80\x8E\xE2\x80\x8F"
                                      "d\xE2\x80\xAA…\xE2\x80\x8D\xE2\x81\xAA"
                                      "e"),
                                 true});
    dead_groups_show(&groups, false, out);
    rewind(out);
    text[fread(text, 1, sizeof text - 1, out)] = '\0';
    assert_non_null(strstr(text, "\t1 种: a b  c  d …\xE2\x80\x8D\xE2\x81\xAA"
                                 "e×1\t"));
    dead_groups_fini(&groups);
    fclose(out);
}

/* Values that are shown alike are still two. */
static void long_values_are_told_apart(void **state)
{
    struct dead_groups groups = {.by_name = NULL};
    char text[4096], cell[3000];
    (void)state;
    memset(cell, 'x', sizeof cell);
    for (int i = 0; i < 4; i++) {
        cell[sizeof cell - 1] = (char)('0' + i % 2);
        add_cell(&groups, 1, 1, &(struct dead_cell){span_from(cell, sizeof cell), true});
    }
    shown(&groups, text);
    assert_non_null(strstr(text, "\"values\":\"2 种: xxxxxx"));
    assert_non_null(strstr(text, "xxx…×2 (1970-01-01T00:00Z), xxx"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_sample_of_a_group_is_its_newest_letter),
        cmocka_unit_test(a_table_has_no_control_characters_of_a_cell),
        cmocka_unit_test(long_values_are_told_apart),
        cmocka_unit_test(each_of_several_values_has_its_own_time),
        cmocka_unit_test(a_group_says_how_many_values_it_has),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
