/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/base.h"
#include "base/utf8.h"
#include "ingest/core/remark.h"
#include "model/case_line.h"

static struct strbuf out;

static int begin(void **state)
{
    (void)state;
    strbuf_init(&out, 256, 4096);
    return 0;
}

static int end(void **state)
{
    (void)state;
    strbuf_fini(&out);
    return 0;
}

static void says(const char *text, const char *wanted)
{
    strbuf_reset(&out);
    bool any = remark_write(&out, span_of(text));
    assert_int_equal(any, wanted != NULL);
    if (wanted)
        assert_string_equal(strbuf_span(&out).at, wanted);
    else
        assert_int_equal(out.len, 0);
}

static void a_reason_goes_on_as_it_is(void **state)
{
    (void)state;
    says("不属本单位职责,应由区水务局承办", "不属本单位职责,应由区水务局承办");
    says("  3日内无法完工,\n\t申请挂账 ", "3日内无法完工, 申请挂账");
    says("the road is the county's", "the road is the county's");
    says("居民反映属实,建议第12条", "居民反映属实,建议第12条");
}

static void numbers_that_lead_to_a_person_do_not(void **state)
{
    (void)state;
    says("已电13812345678告知", "已电***告知");
    says("已电138-1234 5678告知", "已电***告知");
    says("已电138123\xEF\xBC\x94\xEF\xBC\x95\xEF\xBC\x96\xEF\xBC\x97\xEF\xBC\x98", "已电***");
    says("电话一三八幺二三四五六七八", "电话***");
    says("身份证11010519491231002X不符", "身份证***不符");
    says("见 zhang.san@example.cn 来信", "见 *** 来信");
    says("3号楼2单元501漏水", "***号楼***单元***漏水");
    says("住501室", "住***室");
}

static void what_stands_between_digits_hides_none(void **state)
{
    static const char *const between[] = {
        "，", "、",     ",",      "_",      "*",      "+",      "~",      ";",
        "；", "。",     "|",      "=",      "\\",     "…",      "·",      " ",
        "　", "\u00A0", "\u2003", "\u200B", "\u200D", "\u2060", "\uFEFF", "\uFE0F\u20E3",
        "——", " - ",    " ， ",   "）（",   "📞",      "　/　",  "\n\t",
    };
    char text[128];
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(between); i++) {
        snprintf(text, sizeof text, "已电138%s0013%s8000告知", between[i], between[i]);
        says(text, "已电***告知");
        size_t len = 0;
        for (const char *digit = "13800138000"; *digit; digit++)
            len += (size_t)snprintf(text + len, sizeof text - len, "%c%s", *digit,
                                    digit[1] ? between[i] : "告知");
        says(text, "***告知");
    }
}

static void digits_of_any_script_are_digits(void **state)
{
    (void)state;
    says("电话壹叁捌零零壹叁捌零零零", "电话***");
    says("电话壹貳參肆伍陸柒", "电话***");
    says("电话一三八两二三四五", "电话***");
    says("电话一三八○○一三八○○○", "电话***");
    says("电话١٣٨٠٠١٣٨٠٠٠。", "电话***。");
    says("电话۱۳۸۰۰۱۳۸۰۰۰", "电话***");
    says("电话१३८००१३८०००", "电话***");
    says("电话①③⑧⓪⓪①③⑧⓪⓪⓪", "电话***");
    says("电话❶❸❽⓿⓿❶❸❽", "电话***");
    says("电话㈠㈢㈧㈠㈢㈧㈠", "电话***");
    says("电话¹³⁸⁰⁰¹³⁸", "电话***");
    says("电话𝟏𝟑𝟖𝟎𝟎𝟏𝟑𝟖", "电话***");
    says("电话1三８⑧,零٠1", "电话***");
    says("身份证11010519491231002Ｘ不符", "身份证***不符");
}

static void dates_and_times_are_left(void **state)
{
    (void)state;
    says("请延至2026-03-15 18:00前", "请延至2026-03-15 18:00前");
    says("请延至2026-03-15前", "请延至2026-03-15前");
    says("2026年3月15日前完工", "2026年3月15日前完工");
    says("2026-03-15 18:00:30", "2026-03-15 18:00:30");
    says("2026-03-15T18:00:00+08:00", "2026-03-15T18:00:00+08:00");
    says("2026/3/15、2026.03.16", "2026/3/15、2026.03.16");
    says("2026-03-15,3次", "2026-03-15,3次");
    says("3月15日09:00-17:30无人", "3月15日09:00-17:30无人");
    says("2026-03-15 09:00-17:30", "2026-03-15 09:00-17:30");
    /* what is none, or has more beside it */
    says("电话2026-33-15", "电话***");
    says("电话138 2012-12-12", "电话***");
    says("电话2012-12-12-138", "电话***");
    says("电话2012-12-121", "电话***");
    says("电话12012-12-12", "电话***");
    says("电话13:12:23:15:08:9", "电话***");
    says("2026-03-15已电138,0013,8000", "2026-03-15已电***");
}

static void mail_in_full_width_is_mail(void **state)
{
    (void)state;
    says("见zhang.san＠example.cn来信", "见***来信");
    says("见ｚｈａｎｇ＠ｅｘａｍｐｌｅ．ｃｎ来信", "见***来信");
}

/* As it stood, so it stands. */
static void what_is_no_number_is_left(void **state)
{
    (void)state;
    says("一是路灯,二是井盖,3处", "一是路灯,二是井盖,3处");
    says("共123，另456项", "共123，另456项");
    says("12 abc 34567", "12 abc 34567");
    says("123……...——4567", "123……...——4567");
    says("已\u200B修复　完毕", "已修复 完毕");
}

/* A number is masked wherever the text is cut. */
static void a_cut_leaves_no_part_of_a_number(void **state)
{
    char text[4096];
    (void)state;
    for (size_t hidden = 0; hidden < 2; hidden++)
        for (size_t lead = 0; lead < 420; lead++) {
            size_t len = 0;
            memset(text, '1', hidden * 300); /* shown as three stars: what is behind is in reach */
            len += hidden * 300;
            for (size_t i = 0; i < lead; i++, len += 3)
                memcpy(text + len, "\xE6\xB0\xB4", 3);
            memcpy(text + len, "1、3 、8、0、0、1、3、8、0、0、0",
                   sizeof "1、3 、8、0、0、1、3、8、0、0、0");
            strbuf_reset(&out);
            assert_true(lead == 0 || remark_write(&out, span_of(text)));
            assert_null(strpbrk(strbuf_span(&out).at ? strbuf_span(&out).at : "", "0123456789"));
            assert_true(utf8_is_valid(strbuf_span(&out)));
        }
}

static void names_behind_whose_they_are_and_before_a_form_do_not(void **state)
{
    (void)state;
    says("诉求人张三不接电话", "诉求人***接电话");
    says("诉求人:张三", "诉求人:***");
    says("姓名为李小明,拒绝回访", "姓名为***,拒绝回访");
    says("已联系王建国先生", "已联系***先生");
    says("张女士不同意", "***女士不同意");
    says("居民不满意", "居民不满意");
}

static void what_is_nothing_is_not_said(void **state)
{
    (void)state;
    says("", NULL);
    says("  ", NULL);
    says("13812345678", NULL);
    strbuf_reset(&out);
    assert_false(remark_write(&out, SPAN_NONE));
}

/* Whole characters of it, and never more than a line keeps. */
static void a_long_one_is_cut_where_a_character_begins(void **state)
{
    (void)state;
    char text[4 * CASE_LINE_SAID];
    for (size_t lead = 0; lead < 3; lead++) {
        size_t len = lead;
        memset(text, 'x', lead);
        while (len + 3 < sizeof text) {
            memcpy(text + len, "\xE6\xB0\xB4", 3);
            len += 3;
        }
        strbuf_reset(&out);
        assert_true(remark_write(&out, span_from(text, len)));
        assert_in_range(out.len, CASE_LINE_SAID - 3, CASE_LINE_SAID);
        assert_true(utf8_is_valid(strbuf_span(&out)));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_reason_goes_on_as_it_is),
        cmocka_unit_test(numbers_that_lead_to_a_person_do_not),
        cmocka_unit_test(what_stands_between_digits_hides_none),
        cmocka_unit_test(digits_of_any_script_are_digits),
        cmocka_unit_test(dates_and_times_are_left),
        cmocka_unit_test(mail_in_full_width_is_mail),
        cmocka_unit_test(what_is_no_number_is_left),
        cmocka_unit_test(a_cut_leaves_no_part_of_a_number),
        cmocka_unit_test(names_behind_whose_they_are_and_before_a_form_do_not),
        cmocka_unit_test(what_is_nothing_is_not_said),
        cmocka_unit_test(a_long_one_is_cut_where_a_character_begins),
    };
    return cmocka_run_group_tests_name("remark", tests, begin, end);
}
