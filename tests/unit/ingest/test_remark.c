/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
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
        cmocka_unit_test(names_behind_whose_they_are_and_before_a_form_do_not),
        cmocka_unit_test(what_is_nothing_is_not_said),
        cmocka_unit_test(a_long_one_is_cut_where_a_character_begins),
    };
    return cmocka_run_group_tests_name("remark", tests, begin, end);
}
