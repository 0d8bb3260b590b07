/* SPDX-License-Identifier: Apache-2.0 */
/* One row a word; a code without a row is shown as it is. */
#include "citybrain/why_words.h"

#include <assert.h>

#include "base/base.h"
#include "model/stage_words.h"

struct word {
    const char *code, *chinese;
};

static const struct word members[] = {
    {"lead", "承办"},
    {"guide", "行业指导"},
    {"co_unit", "协办"},
    {"co_units", "协办"},
    {"sub_unit", "转派给"},
    {"copies", "抄送"},
    {"unit", "单位"},
    {"mode", "派单方式"},
    {"disposition", "处置"},
    {"adopted", "承接来单指定"},
    {"limit_class", "时限类别"},
    {"limit_source", "类别依据"},
    {"due_at", "截止"},
    {"internal_due_at", "内部时限"},
    {"timer_due", "到点"},
    {"due_source", "截止依据"},
    {"rule", "规则"},
    {"bundle", "规则包"},
    {"reason", "理由"},
    {"said", "所述理由"},
    {"desk_cause", "请研判"},
    {"asked_by", "提请单位"},
    {"would_have", "按规则本应派"},
    {"alternatives", "其他可选"},
    {"type_code", "诉求类型"},
    {"street_code", "街乡"},
    {"community_code", "社区"},
    {"estate_code", "小区"},
    {"order", "工单"},
    {"trigger", "触发器"},
    {"group", "归组"},
    {"window_from", "窗口起"},
    {"window_to", "窗口止"},
    {"count", "件数"},
    {"distinct", "不同反映人"},
    {"evidence", "依据"},
    {"confirm", "待确认"},
    {"level", "级别"},
    {"outcome", "结论"},
    {"parent", "主件"},
    {"child", "子件"},
    {"via", "随同"},
    {"same_as", "同一事项"},
    {"part_of", "属于"},
    {"grew_from", "源自"},
    {"feedversion", "映射版本"},
};

/* By member and value. */
static const struct {
    const char *member;
    struct word word;
} values[] = {
    {"mode", {"direct_street", "直派街乡"}},
    {"mode", {"direct_dept", "直派部门"}},
    {"mode", {"district_coord", "区级协调"}},
    {"mode", {"city", "转市级"}},
    {"mode", {"designated", "指定"}},
    {"disposition", {"dispatch", "派单"}},
    {"disposition", {"transfer_emergency", "紧急转报"}},
    {"disposition", {"legal_track", "法定途径"}},
    {"disposition", {"duplicate_informed", "重复告知"}},
    {"disposition", {"explain_secret", "涉密解释"}},
    {"disposition", {"out_of_scope", "不属受理范围"}},
    {"disposition", {"educate", "教育引导"}},
    {"due_source", {"order", "来单"}},
    {"due_source", {"desk", "区指挥中心"}},
    {"due_source", {"class", "时限类别"}},
    {"due_source", {"extended", "延期"}},
    {"due_source", {"move", "所应环节"}},
    {"due_source", {"kind", "该类事项"}},
    {"due_source", {"lead", "承办单位时限"}},
    {"due_source", {"none", "无"}},
    {"limit_source", {"order", "来单"}},
    {"limit_source", {"desk", "区指挥中心"}},
    {"limit_source", {"rule", "规则"}},
    {"limit_source", {"type", "诉求类型"}},
    {"limit_source", {"none", "无"}},
    {"outcome", {"upheld", "成立"}},
    {"outcome", {"rejected", "不成立"}},
    {"desk_cause", {"unclassified", "待分类"}},
    {"desk_cause", {"fallback", "兜底"}},
    {"desk_cause", {"two_leads", "两可"}},
    {"desk_cause", {"too_old", "超龄"}},
    {"desk_cause", {"unknown_unit", "单位不明"}},
    {"desk_cause", {"emergency", "紧急"}},
    {"desk_cause", {"dispute", "异议"}},
    {"desk_cause", {"hold", "挂账申请"}},
    {"desk_cause", {"confirm", "未诉先办待确认"}},
    {"desk_cause", {"would_have", "复核"}},
    {"desk_cause", {"overdue", "超期"}},
    {"desk_cause", {"headless", "无受理记录"}},
    {"rule", {"adopted", "承接来单指定"}},
    {"rule", {"desk", "区指挥中心指定"}},
    {"rule", {"too_old", "受理过早"}},
    {"rule", {"unknown_unit", "单位不明"}},
    {"rule", {"not_admitted", "未准入"}},
    {"rule", {"none", "无规则适用"}},
    {"rule", {"corrected", "来单更正"}},
    {"rule", {"working_time", "挂账解除,剩余工作时间顺延"}},
    {"rule", {"disputed", "异议成立"}},
    {"rule", {"last_lead", "重办由原承办"}},
    {"rule", {"unsigned", "逾时未签收"}},
    {"rule", {"near_due", "临期"}},
    {"rule", {"internal", "内部时限"}},
    {"rule", {"co_near", "协办临期"}},
    {"rule", {"co_over", "协办超期"}},
    {"confirm", {"desk", "区指挥中心"}},
    {"confirm", {"no", "无须"}},
};

static const struct {
    const char *code, *chinese;
} reasons[] = {
    [LINE_REASON_NONE] = {"", ""},
    [LINE_REASON_STAGE] = {"no_stage", "该类事项没有此环节"},
    [LINE_REASON_PARTY] = {"other_party", "此环节应由其他主体办理"},
    [LINE_REASON_RELATION] = {"no_duty", "该单位当时不是承办、协办或转派单位"},
    [LINE_REASON_EARLY] = {"too_early", "前置环节尚未发生"},
    [LINE_REASON_AGAIN] = {"again", "已受理,不能重复受理"},
    [LINE_REASON_FORBIDDEN] = {"forbidden", "当时状态不允许(异议或挂账待定,或已办结、归档)"},
    [LINE_REASON_OFTEN] = {"too_often", "已达次数上限"},
    [LINE_REASON_INCOMPLETE] = {"incomplete", "缺少必填内容"},
    [LINE_REASON_UNASKED] = {"unasked", "没有可应答的事由"},
    [LINE_REASON_CROWDED] = {"crowded", "协办、转派或挂账已达上限"},
    [LINE_REASON_CHILD] = {"merged", "已并入其他工单,由其承办单位办理"},
    [LINE_REASON_FAMILY] = {"not_mergeable", "不能如此并单或撤并"},
    [LINE_REASON_ITSELF] = {"itself", "承办单位不能协办本件"},
};
static_assert(ARRAY_LENGTH(reasons) == LINE_REASON_ITSELF + 1, "a row for each reason");

static struct span find(const struct word *words, size_t count, struct span code)
{
    for (size_t i = 0; i < count; i++)
        if (span_is(code, words[i].code))
            return span_of(words[i].chinese);
    return SPAN_NONE;
}

struct span why_words_stage(const struct case_kind *kind, struct span stage)
{
    return stage_words_stage(kind, stage, LANGUAGE_CHINESE);
}

struct span why_words_said(const struct case_kind *kind, struct span stage, struct span party)
{
    return stage_words_said(kind, stage, party, LANGUAGE_CHINESE);
}

struct span why_words_party(struct span party)
{
    return stage_words_party(party, LANGUAGE_CHINESE);
}

struct span why_words_member(struct span member)
{
    return find(members, ARRAY_LENGTH(members), member);
}

struct span why_words_value(const struct case_kind *kind, struct span member, struct span value)
{
    for (size_t i = 0; i < ARRAY_LENGTH(values); i++)
        if (span_is(member, values[i].member) && span_is(value, values[i].word.code))
            return span_of(values[i].word.chinese);
    if (!span_is(member, "rule"))
        return SPAN_NONE;
    /* An answer names the move it answers, a question to the desk what is asked. */
    struct span asked = why_words_value(kind, SPAN("desk_cause"), value);
    return asked.at ? asked : why_words_stage(kind, value);
}

struct span why_words_reason_code(enum line_reason reason)
{
    return span_of(reasons[reason].code);
}

struct span why_words_reason(enum line_reason reason, bool designated)
{
    if (reason == LINE_REASON_OFTEN && designated)
        return SPAN("异议已达次数上限,承办单位为指定");
    return span_of(reasons[reason].chinese);
}

void why_words_add_named(struct strbuf *out, struct span word, struct span code)
{
    bool named = word.len && !span_equal(word, code);
    if (named)
        strbuf_addf(out, "%.*s(", SPAN_ARG(word));
    strbuf_add(out, code);
    if (named)
        strbuf_add_char(out, ')');
}

static struct span name_of(const struct registry *registry, struct span code)
{
    const struct registry_row *row =
        registry && code.len ? registry_find(registry, code, INT64_MIN) : NULL;
    return row ? registry_cell(registry, row, "name") : SPAN_NONE;
}

static bool is_unit(struct span member)
{
    static const struct span units[] = {{"lead", 4},     {"guide", 5},   {"co_unit", 7},
                                        {"copies", 6},   {"unit", 4},    {"co_units", 8},
                                        {"sub_unit", 8}, {"asked_by", 8}};
    for (size_t i = 0; i < ARRAY_LENGTH(units); i++)
        if (span_equal(member, units[i]))
            return true;
    return false;
}

static bool is_place(struct span member)
{
    return span_is(member, "street_code") || span_is(member, "community_code") ||
           span_is(member, "accepted_in");
}

bool why_words_has_name(struct span member)
{
    return is_unit(member) || is_place(member) || span_is(member, "type_code");
}

struct span why_words_name(const struct district *district, struct span member, struct span code)
{
    return name_of(is_unit(member)    ? district->units
                   : is_place(member) ? district->divisions
                                      : district->types,
                   code);
}

void why_words_add_unit(struct strbuf *out, const struct district *district, struct span unit)
{
    why_words_add_named(out, name_of(district->units, unit), unit);
}

void why_words_add(struct strbuf *out, const struct district *district,
                   const struct case_kind *kind, struct span member, struct span value)
{
    struct span word = why_words_has_name(member) ? why_words_name(district, member, value)
                                                  : why_words_value(kind, member, value);
    why_words_add_named(out, word, value);
}
