/* SPDX-License-Identifier: Apache-2.0 */
/* What needs a person, why, and what that person may say: one row a cause, and a pure function of a
 * case's set (docs/decisions/0048). A question is open from the event that asks until a move
 * answers it, a new lead is found, or the case is resolved or closed. */
#pragma once

#include <stdbool.h>

#include "model/case_fold.h"

/* name, code (desk_cause of orders and events: never changed), Chinese, what a person may do;
 * stages of the desk that answer it */
#define DESK_CAUSES(X)                                                                             \
    X(UNCLASSIFIED, "unclassified", "待分类", "类型不明,规则无法派单,请分类或指定承办单位",        \
      "classified assigned closed")                                                                \
    X(FALLBACK, "fallback", "兜底", "无规则可定承办单位,请指定", "assigned classified closed")     \
    X(TWO_LEADS, "two_leads", "两可", "两个单位均可承办,请会商后指定", "assigned")                 \
    X(TOO_OLD, "too_old", "超龄", "受理时间过早,请核实后指定承办单位或办结", "assigned closed")    \
    X(UNKNOWN_UNIT, "unknown_unit", "单位不明", "工单所列承办单位不在册,请指定", "assigned")       \
    X(EMERGENCY, "emergency", "紧急", "涉及人身财产安全,请立即处置并指定承办单位",                 \
      "assigned closed")                                                                           \
    X(DISPUTE, "dispute", "异议", "承办单位提出派单异议,请审核", "dispute_decided assigned")       \
    X(HOLD, "hold", "挂账申请", "承办单位申请挂账,请审核", "held noted")                           \
    X(CONFIRM, "confirm", "未诉先办待确认", "触发规则建议主动核查,请确认或不予立项",               \
      "confirmed declined")                                                                        \
    X(WOULD_HAVE, "would_have", "复核", "更正后按规则应由他单位承办,请改派或维持",                 \
      "assigned noted")                                                                            \
    X(OVERDUE, "overdue", "超期", "已过办理时限,请督办、延期或改派",                               \
      "supervised extended assigned noted")                                                        \
    X(HEADLESS, "headless", "无受理记录", "收到状态而未收到受理记录,请向来源核实", "noted")

enum desk_cause {
    DESK_NOTHING,
#define DESK_CAUSE_NAME(name, code, chinese, ask, answers) DESK_##name,
    DESK_CAUSES(DESK_CAUSE_NAME)
#undef DESK_CAUSE_NAME
        DESK_CAUSE_COUNT
};

struct desk_row {
    const char *code, *name, *ask, *answers; /* answers: stages, separated by blanks */
};
const struct desk_row *desk_row(enum desk_cause cause); /* never of DESK_NOTHING */
enum desk_cause desk_cause_of(struct span code);        /* DESK_NOTHING = no such code */
bool desk_is_answer(enum desk_cause cause, const char *stage);
bool desk_hears(const char *stage); /* it asks the desk something, or answers what was asked */

#define DESK_UNIT "desk"

struct desk_duty {
    enum desk_cause cause;        /* DESK_NOTHING: the desk is asked nothing */
    const struct case_line *asks; /* of the set; borrowed */
};

/* What the desk has before it of this case now, beside leading it: the latest question that is
 * open. One of another cause that was asked before waits behind it. */
struct desk_duty desk_duty(const struct case_set *set, const struct case_fold *fold,
                           const struct case_kind *kind);

/* Is it still asked what that line of the set asks? */
bool desk_is_open(const struct case_set *set, const struct case_fold *fold,
                  const struct case_kind *kind, enum desk_cause cause, struct span asks_id);

/* Of a case without its opening: the desk's word that answered what it was asked; NULL = none. */
const struct case_line *desk_headless_answer(const struct case_set *set,
                                             const struct case_kind *kind);

/* Of what the desk leads: what its decision asks of it, overdue or not; absent = it does not lead
 * it, or nothing is left to do. */
struct span desk_of_its_own(const struct case_set *set, const struct case_fold *fold);

/* "desk:<code>": the question that the event's id answers, whose cause is what asks. */
#define DESK_QUESTION 32
struct span desk_question(char text[DESK_QUESTION], enum desk_cause cause);
/* The router's event that put this question to the desk; NULL = it was not. */
const struct case_line *desk_told(const struct case_set *set, const struct desk_duty *duty);
