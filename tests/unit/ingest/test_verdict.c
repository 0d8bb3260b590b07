/* SPDX-License-Identifier: Apache-2.0 */
/* What a person is told of a rejected record: reason, record, field, column, byte, and a sentence.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/base.h"
#include "ingest/core/verdict.h"

static const struct {
    enum language language;
    const char *pointer;
    long column;
    const char *written;
} rows[] = {
    {LANGUAGE_CHINESE, "受理时间", 3,
     "{\"row\":12,\"verdict\":\"rejected\",\"record\":\"A\\\"1\",\"reason\":\"bad_date\","
     "\"pointer\":\"受理时间\",\"column\":3,\"offset\":77,\"message_zh\":\"第 12 条“受理时间”"
     "（第 3 列）：日期无法识别，请按约定格式填写\"}"},
    {LANGUAGE_ENGLISH, "/data/a\"b", 0,
     "{\"row\":12,\"verdict\":\"rejected\",\"record\":\"A\\\"1\",\"reason\":\"bad_date\","
     "\"pointer\":\"/data/a\\\"b\",\"offset\":77,\"message_en\":\"Record 12, \\\"a\\\"b\\\": the "
     "date matches none of the declared patterns\"}"},
    {LANGUAGE_BOTH, "", 0,
     "{\"row\":12,\"verdict\":\"rejected\",\"record\":\"A\\\"1\",\"reason\":\"bad_date\","
     "\"pointer\":\"\",\"offset\":77,\"message_zh\":\"第 12 条：日期无法识别，请按约定格式填写\","
     "\"message_en\":\"Record 12: the date matches none of the declared patterns\"}"},
};

static void a_rejected_record_is_told_by_place_and_in_the_language_asked_for(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        struct strbuf out;
        struct reject_place why = {.reject = REJECT_DATE, .column = rows[i].column};
        struct verdict verdict = {12, 77, SPAN("A\"1"), &why, rows[i].language};
        span_to_cstr(span_of(rows[i].pointer), why.pointer, sizeof why.pointer);
        strbuf_init(&out, 64, 4096);
        verdict_write(&out, &verdict);
        assert_string_equal(out.at, rows[i].written);
        strbuf_fini(&out);
    }
}

/* Which column is there, where, and which is not: in both languages. */
static void a_header_is_told_by_what_it_has_and_what_it_lacks(void **state)
{
    (void)state;
    char buffer[REJECT_SENTENCE];
    struct reject_place why = {.reject = REJECT_HEADER, .column = 3, .wanted = "工单编号"};
    reject_point_at(&why, SPAN("工单号码"));
    assert_true(span_is(reject_say(buffer, LANGUAGE_CHINESE, 0, &why),
                        "表头“工单号码”（第 3 列）：表头与约定不一致，请核对列名；缺少“工单编号”"));
    assert_true(
        span_is(reject_say(buffer, LANGUAGE_ENGLISH, 0, &why),
                "Header, \"工单号码\" (column 3): the header is not the declared one; compare "
                "the names of its columns; \"工单编号\" is missing"));
    assert_true(span_is(reject_say_where(buffer, LANGUAGE_CHINESE, &why),
                        "“工单号码”（第 3 列）；缺少“工单编号”"));
    assert_true(span_is(reject_say_where(buffer, LANGUAGE_ENGLISH, &why),
                        "\"工单号码\" (column 3); \"工单编号\" is missing"));
    why = (struct reject_place){.reject = REJECT_HEADER};
    assert_int_equal(reject_say_where(buffer, LANGUAGE_ENGLISH, &why).len, 0);
    assert_true(span_is(reject_say(buffer, LANGUAGE_CHINESE, 0, &why),
                        "表头：表头与约定不一致，请核对列名"));
}

/* The longest field's name leaves the sentence whole. */
static void every_reason_has_a_whole_sentence_in_both_languages(void **state)
{
    char buffer[REJECT_SENTENCE];
    (void)state;
    for (int i = 0; i <= REJECT_CRASH; i++) {
        struct reject_place why = {.reject = (enum reject)i, .column = 1234567890};
        memset(why.pointer, 'x', sizeof why.pointer - 1);
        struct span zh = reject_say(buffer, LANGUAGE_CHINESE, INT64_MAX, &why);
        assert_true(span_ends(zh, span_of(reject_chinese(why.reject))));
        struct span en = reject_say(buffer, LANGUAGE_ENGLISH, INT64_MAX, &why);
        assert_true(span_ends(en, span_of(reject_english(why.reject))));
        why.wanted = why.pointer;
        zh = reject_say(buffer, LANGUAGE_CHINESE, INT64_MAX, &why);
        assert_true(span_ends(zh, SPAN("xx”")));
        en = reject_say(buffer, LANGUAGE_ENGLISH, INT64_MAX, &why);
        assert_true(span_ends(en, SPAN("xx\" is missing")));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_rejected_record_is_told_by_place_and_in_the_language_asked_for),
        cmocka_unit_test(a_header_is_told_by_what_it_has_and_what_it_lacks),
        cmocka_unit_test(every_reason_has_a_whole_sentence_in_both_languages),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
