/* SPDX-License-Identifier: Apache-2.0 */
/* One row a word; a kind that calls a stage otherwise says so in its file. */
#include "model/stage_words.h"

#include "base/base.h"

struct word {
    const char *code, *chinese, *english;
};

static const struct word stages[] = {
    {"opened", "受理", "opened"},
    {"classified", "分类", "classified"},
    {"dispatched", "派单", "dispatched"},
    {"signed", "签收", "signed for"},
    {"forwarded", "转派", "forwarded"},
    {"contacted", "联系", "resident contacted"},
    {"disputed", "提出异议", "disputed"},
    {"dispute_decided", "异议裁定", "dispute decided"},
    {"assigned", "指定承办", "assigned"},
    {"noted", "阅知", "noted"},
    {"extended", "延期", "extended"},
    {"hold_requested", "申请挂账", "hold requested"},
    {"held", "挂账", "on hold"},
    {"resumed", "恢复办理", "resumed"},
    {"escalated", "提级", "escalated"},
    {"supervised", "督办", "supervised"},
    {"whistle_blown", "吹哨", "help called for"},
    {"whistle_reported", "报到", "helper reported"},
    {"co_assigned", "指派协办", "helper assigned"},
    {"resolved", "办结", "resolved"},
    {"reviewed", "回访", "called back"},
    {"reopened", "重办", "reopened"},
    {"closed", "归档", "closed"},
    {"merged", "并入", "merged"},
    {"unmerged", "拆出", "taken out again"},
    {"linked", "关联", "linked"},
    {"exclusion_decided", "剔除裁定", "exclusion decided"},
    {"recalled", "收回", "recalled"},
    {"amended", "变更", "amended"},
    {"nudged", "催办", "nudged"},
    {"overdue", "超期", "overdue"},
    {"child_added", "并入子件", "child added"},
    {"child_removed", "拆出子件", "child removed"},
    {"undelivered", "未送达", "not delivered"},
    {"delivered", "已送达", "delivered"},
    {"accepted", "接件", "accepted"},
    {"supplemented", "补正", "supplemented"},
    {"handled", "办理", "handled"},
    {"finished", "完成", "finished"},
    {"confirmed", "确认", "confirmed"},
    {"declined", "不予立项", "declined"},
    {"cancelled", "取消", "cancelled"},
    {"withdrawn", "撤回", "withdrawn"},
    {"rated", "评价", "rated"},
    {"moved", "改期", "moved"},
    {"kept", "赴约", "kept"},
    {"missed", "失约", "missed"},
    {"answered", "答复", "answered"},
    {"deliberated", "议事", "deliberated"},
    {"evaluated", "评估", "evaluated"},
    {"adopted", "采纳", "adopted"},
    {"realised", "落实", "realised"},
    {"started", "启动", "started"},
    {"diagnosed", "体检", "diagnosed"},
    {"designed", "设计", "designed"},
    {"agreed", "议定", "agreed"},
    {"implemented", "实施", "implemented"},
    {"handed_over", "移交", "handed over"},
    {"assessed", "评定", "assessed"},
    {"visited", "走访", "visited"},
};

static const struct word parties[] = {
    {"source", "来源", "source"},      {"desk", "区指挥中心", "the desk"},
    {"lead", "承办单位", "lead unit"}, {"co", "协办单位", "helping unit"},
    {"sub", "转派单位", "office"},     {"callback", "回访", "call-back"},
    {"router", "派单规则", "rules"},
};

static struct span find(const struct word *words, size_t count, struct span code,
                        enum language language)
{
    for (size_t i = 0; i < count; i++)
        if (span_is(code, words[i].code))
            return span_of(language == LANGUAGE_ENGLISH ? words[i].english : words[i].chinese);
    return SPAN_NONE;
}

struct span stage_words_stage(const struct case_kind *kind, struct span stage,
                              enum language language)
{
    int index = kind ? case_kind_stage(kind, stage) : -1;
    struct span own = index >= 0 ? yaml_name_in(&kind->stages[index].called, language) : SPAN_NONE;
    return own.at ? own : find(stages, ARRAY_LENGTH(stages), stage, language);
}

struct span stage_words_said(const struct case_kind *kind, struct span stage, struct span party,
                             enum language language)
{
    if (!span_is(stage, "escalated") || !span_is(party, "router"))
        return stage_words_stage(kind, stage, language);
    return span_of(language == LANGUAGE_ENGLISH ? "the desk is asked" : "请研判");
}

struct span stage_words_party(struct span party, enum language language)
{
    return find(parties, ARRAY_LENGTH(parties), party, language);
}
