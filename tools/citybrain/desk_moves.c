/* SPDX-License-Identifier: Apache-2.0 */
#include "citybrain/desk_moves.h"

#include "base/base.h"

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
};

const struct desk_move *desk_moves_find(struct span stage)
{
    for (size_t i = 0; i < ARRAY_LENGTH(moves); i++)
        if (span_is(stage, moves[i].stage))
            return &moves[i];
    return NULL;
}

void desk_moves_each(const char *stages, void (*each)(void *context, const struct desk_move *move),
                     void *context)
{
    struct span rest = span_of(stages);
    while (rest.at) {
        const struct desk_move *move = desk_moves_find(span_cut(&rest, ' '));
        if (move)
            each(context, move);
    }
}
