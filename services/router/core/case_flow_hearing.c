/* SPDX-License-Identifier: Apache-2.0 */
/* Where a case's set changes, triggers hear of the difference: looked at before the first line is
 * merged and again when nothing more will be. */
#include "router/core/case_flow_internal.h"

static struct hearing_case seen(const struct working *work)
{
    return (struct hearing_case){work->id, work->kind, work->set.lines, work->set.count,
                                 &work->fold};
}

bool case_flow_listen(struct case_flow *flow, struct working *work)
{
    flow->hearing.listeners = flow->rules->bundle->listeners; /* it may be another one by now */
    if (!hearing_matters(&flow->hearing, work->kind))
        return true;
    if (work->set.count)
        case_fold(&work->fold, &work->set, work->kind, flow->rules->codes);
    struct hearing_case now = seen(work);
    return hearing_remember(&work->before, &now, &flow->arena);
}

void case_flow_tell(struct case_flow *flow, const struct working *work, struct outputs *outputs)
{
    struct hearing_case now = seen(work);
    if (work->before.kind)
        hearing_tell(&flow->hearing, &work->before, &now, outputs);
}
