/* SPDX-License-Identifier: Apache-2.0 */
/* Codes are for programs and never change; the two sentences are for whoever reads the record: what
 * is wrong, and what can be done. */
#include "router/core/refusal.h"

#include "model/ids.h"
#include "model/json_write.h"
#include "router/core/emit_internal.h"

struct words {
    const char *code, *chinese, *english;
};

static const struct words reasons[] = {
    [REFUSAL_IMPOSSIBLE] = {"impossible", NULL, NULL},
    [REFUSAL_NOT_YOURS] = {"not_yours", NULL, NULL},
    [REFUSAL_UNKNOWN_CASE] =
        {"unknown_case", "未见该工单的受理记录;此状态已留存,受理记录到达后自动生效",
         "No opening of this case has been seen. The status is kept and counts "
         "as soon as the opening comes; check the number."},
    [REFUSAL_UNKNOWN_UNIT] = {"unknown_unit", "所指定的单位代码不在册,未向其派发,请核对代码",
                              "The unit it names is in no registry; nothing was sent to it. Check "
                              "the code."},
};

static const struct words details[] = {
    [LINE_REASON_NONE] = {NULL, NULL, NULL},
    [LINE_REASON_STAGE] = {"no_stage", "该类事项没有此环节",
                           "Cases of this kind have no such stage."},
    [LINE_REASON_PARTY] = {"other_party", "此环节由其他主体办理,本单位的操作不生效",
                           "This move is for another party to make."},
    [LINE_REASON_RELATION] = {"no_duty", "本单位目前不是该件的承办、协办或转派单位,操作不生效",
                              "The unit is neither lead, helper nor forwarded office of this case "
                              "now."},
    [LINE_REASON_EARLY] = {"too_early", "前置环节尚未发生,操作不生效;前置环节补报后自动生效",
                           "Nothing of what it comes after has happened. It counts once that is "
                           "told with an earlier time."},
    [LINE_REASON_AGAIN] = {"again", "该件已受理,不能重复受理", "The case is open already."},
    [LINE_REASON_FORBIDDEN] = {"forbidden",
                               "该件当前状态不允许此操作(异议或挂账待定,或已办结、归档)",
                               "What holds now forbids it: a dispute or a hold is pending, or the "
                               "case is resolved or closed."},
    [LINE_REASON_OFTEN] = {"too_often", "此操作已达次数上限",
                           "It has been made as often as may be."},
    [LINE_REASON_INCOMPLETE] = {"incomplete", "缺少必填内容或内容不在规定取值内,请补全后重报",
                                "Its data lack a member that this move needs, or say what decides "
                                "nothing. Send it again, complete."},
    [LINE_REASON_UNASKED] = {"unasked", "没有可应答的改派事由", "Nothing asked for it."},
    [LINE_REASON_ITSELF] = {"itself", "承办单位不能作为本件的协办单位,请另指单位",
                            "The lead cannot be its own helper; name another unit."},
    [LINE_REASON_CROWDED] = {"crowded", "该件协办、转派或挂账次数已达上限",
                             "The case has no room for one more helper, office or pause."},
    [LINE_REASON_CHILD] = {"merged", "该件已并入其他工单,由其承办单位一并办理",
                           "The case is merged into another one, whose units have the duty."},
    [LINE_REASON_FAMILY] =
        {"not_mergeable", "不能如此并单或撤并:目标须为同类其他工单;已并入或已有子单的不能再并",
         "It cannot be merged or unmerged so: the parent must be another case of "
         "its kind; what is a child, or has children, is not merged."},
};

static const struct words designated = {"designated",
                                        "本件派单异议已达次数上限,承办单位为指定,不再受理异议",
                                        "The order was disputed as often as may be: its lead is "
                                        "designated, no further dispute is possible."};

static const struct words *words_of(const struct refusal *refusal)
{
    if (refusal->reason == REFUSAL_UNKNOWN_CASE || refusal->reason == REFUSAL_UNKNOWN_UNIT)
        return &reasons[refusal->reason];
    bool final = refusal->detail == LINE_REASON_OFTEN && refusal->designated;
    return final ? &designated : &details[refusal->detail];
}

static void add(struct strbuf *out, struct span member, struct span value)
{
    if (!value.at)
        return;
    strbuf_add(out, member);
    strbuf_add_json(out, value);
}

static void add_published(struct strbuf *out, const struct event *event)
{
    add(out, SPAN(",\"published\":{\"stage\":"), event->name);
    strbuf_add(out, SPAN(",\"time\":\""));
    timestamp_add_rfc3339(out, event->time_ms);
    strbuf_add_char(out, '"');
    add(out, MEMBER("party"), event->party);
    strbuf_add(out, SPAN(",\"data\":"));
    if (event->data)
        json_write(out, event->data, false);
    else
        strbuf_add(out, SPAN("{}"));
    strbuf_add_char(out, '}');
}

void refusal_send(struct emit *emit, const struct refusal *refusal, struct outputs *outputs)
{
    static const struct record_header type = {{"content-type", 12},
                                              {"application/json; charset=UTF-8", 31}};
    const struct words *words = words_of(refusal);
    const struct event *event = refusal->event;
    struct strbuf *out = &emit->order;
    char id[DIGEST_ID_LEN + 1];
    ids_decision(id, event->id, SPAN("receipt"));
    strbuf_reset(out);
    add(out, SPAN("{\"id\":"), span_of(id));
    add(out, MEMBER("case"), event->subject);
    add(out, MEMBER("unit"), event->unit);
    add(out, MEMBER("event"), event->id);
    strbuf_add(out, SPAN(",\"time\":\""));
    timestamp_add_rfc3339(out, refusal->time_ms);
    strbuf_add_char(out, '"');
    add(out, MEMBER("reason"), span_of(reasons[refusal->reason].code));
    add(out, MEMBER("detail"), span_of(words->code));
    add(out, MEMBER("lead"), refusal->lead);
    add(out, MEMBER("names"), refusal->unit);
    add(out, SPAN(",\"say\":{\"zh\":"), span_of(words->chinese));
    add(out, MEMBER("en"), span_of(words->english));
    strbuf_add_char(out, '}');
    add_published(out, event);
    strbuf_add_char(out, '}');
    if (strbuf_is_full(out))
        return; /* its data are larger than any status may be */
    outputs_add(outputs, &(struct output){.stream = STREAM_RECEIPTS,
                                          .suffix = event->unit,
                                          .partition = OUTPUT_BY_KEY,
                                          .key = event->subject,
                                          .value = strbuf_span(out),
                                          .headers = {type},
                                          .header_count = 1});
}
