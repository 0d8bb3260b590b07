/* SPDX-License-Identifier: Apache-2.0 */
#include "citybrain/desk_moves.h"

#include "base/base.h"
#include "model/desk.h"

static const struct desk_move moves[] = {
    {.stage = "assigned",
     .name = "指定承办",
     .usage = "--lead UNIT [--due TIME]",
     .means = "由该单位承办;原承办单位的工单收回",
     .needs_lead = true},
    {.stage = "classified",
     .name = "分类",
     .usage = "--type CODE [--community CODE | --street CODE]",
     .means = "按新的类型和地点重新派单",
     .needs_type = true},
    {.stage = "dispute_decided",
     .name = "异议审核",
     .usage = "--outcome upheld|rejected [--lead UNIT]",
     .means = "成立(upheld)则改派,不指定单位时按规则重派;不成立(rejected)则退回承办单位",
     .needs_outcome = true},
    {.stage = "held", .name = "批准挂账", .usage = "", .means = "办理时限暂停,直到恢复(resumed)"},
    {.stage = "extended",
     .name = "延期",
     .usage = "--due TIME",
     .means = "办理时限改为该时间",
     .needs_due = true},
    {.stage = "supervised", .name = "督办", .usage = "", .means = "承办单位继续办理,已督办"},
    {.stage = "confirmed", .name = "确认立项", .usage = "", .means = "未诉先办立项,按规则派单"},
    {.stage = "declined", .name = "不予立项", .usage = "", .means = "未诉先办不立项,结束"},
    {.stage = "closed", .name = "归档", .usage = "", .means = "结束本件,不再派单"},
    {.stage = "noted", .name = "知悉", .usage = "", .means = "本次所问已阅,维持现状"},
    {.stage = "resumed", .name = "恢复办理", .usage = "", .means = "挂账解除,办理时限恢复计算"},
    {.stage = "co_assigned",
     .name = "指派协办",
     .usage = "--co UNIT [--due TIME]",
     .means = "该单位协助承办单位办理",
     .needs_co = true},
    {.stage = "merged",
     .name = "并单",
     .usage = "--parent CASE",
     .means = "并入该件,由其承办单位一并办理",
     .needs_parent = true},
    {.stage = "unmerged", .name = "撤销并单", .usage = "", .means = "单独办理,重新派单"},
    {.stage = "reopened", .name = "重新办理", .usage = "", .means = "开始新一轮办理"},
};

const struct desk_move *desk_moves_find(struct span stage)
{
    for (size_t i = 0; i < ARRAY_LENGTH(moves); i++)
        if (span_is(stage, moves[i].stage))
            return &moves[i];
    return NULL;
}

bool desk_moves_is_of(const struct desk_move *move, const struct kinds *kinds, struct span case_id)
{
    struct span rest = case_id;
    const struct case_kind *kind = kinds_find(kinds, span_cut(&rest, ':'));
    int index = kind ? case_kind_stage(kind, span_of(move->stage)) : -1;
    return index >= 0 && (kind->stages[index].parties >> kind->party.desk & 1);
}

bool desk_moves_is_answer(const struct desk_move *move)
{
    for (int cause = DESK_NOTHING + 1; cause < DESK_CAUSE_COUNT; cause++)
        if (desk_is_answer((enum desk_cause)cause, move->stage))
            return true;
    return false;
}

void desk_moves_each(const char *stages, const struct kinds *kinds, struct span case_id,
                     void (*each)(void *context, const struct desk_move *move), void *context)
{
    struct span rest = span_of(stages);
    while (rest.at) {
        const struct desk_move *move = desk_moves_find(span_cut(&rest, ' '));
        if (move && desk_moves_is_of(move, kinds, case_id))
            each(context, move);
    }
}
