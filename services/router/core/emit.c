/* SPDX-License-Identifier: Apache-2.0 */
/* An id is made of the cause and the question, so writing the same decision again writes the same
 * id; unit, rule and due are content (contracts §2). The event carries everything its work order
 * says. */
#include "router/core/emit.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "model/ids.h"
#include "model/raw_header.h"
#include "router/core/emit_internal.h"
#include "router/core/timers.h"

/* Only data that fits is sent. What stands around it is a case's id and texts that the data holds
 * as well (unit, cause), so with room for those an event or order is never half of one. */
#define MOST_DATA ((size_t)64 << 10)

void emit_init(struct emit *emit)
{
    strbuf_init(&emit->data, 1024, MOST_DATA);
    strbuf_init(&emit->event, 2048, 4 * MOST_DATA);
    strbuf_init(&emit->order, 2048, 4 * MOST_DATA);
    emit->moment_len = 0;
}

void emit_fini(struct emit *emit)
{
    strbuf_fini(&emit->data);
    strbuf_fini(&emit->event);
    strbuf_fini(&emit->order);
}

/* `member` with its comma, which the first one goes without. */
static void add_member(struct strbuf *buf, struct span member)
{
    size_t comma = buf->at[buf->len - 1] == '{';
    strbuf_add(buf, span_from(member.at + comma, member.len - comma));
}

static void add_text(struct strbuf *buf, struct span member, struct span value)
{
    if (!value.at)
        return;
    add_member(buf, member);
    strbuf_add_json(buf, value);
}

/* Absent where there is none. */
static struct span moment_of(struct emit *emit, int64_t ms)
{
    struct strbuf text = {.at = emit->moment, .capacity = EMIT_TIME, .max = EMIT_TIME - 1};
    if (ms == TIMESTAMP_NONE)
        return SPAN_NONE;
    if (!emit->moment_len || emit->moment_ms != ms) {
        timestamp_add_rfc3339(&text, ms);
        emit->moment_ms = ms;
        emit->moment_len = text.len;
    }
    return span_from(emit->moment, emit->moment_len);
}

/* ---- the data: text and members at once, so that nobody has to read what was just written ---- */

void emit_begin(struct emit *emit)
{
    emit->root = (struct json_value){.type = JSON_OBJECT};
    emit->last = NULL;
    emit->member_count = emit->open_len = 0;
    strbuf_reset(&emit->data);
    strbuf_add_char(&emit->data, '{');
}

void emit_close_to_units(struct emit *emit)
{
    emit->open_len = emit->data.len;
}

static struct json_value *add_value(struct emit *emit, struct json_value *parent,
                                    enum json_type type, struct span key, struct span text)
{
    assert(emit->member_count < EMIT_MOST_MEMBERS);
    struct json_value *value = &emit->members[emit->member_count++];
    struct json_value **end = &parent->first;
    if (parent == &emit->root && emit->last)
        end = &emit->last->next;
    while (*end)
        end = &(*end)->next;
    *value = (struct json_value){.type = type, .key = key, .text = text};
    *end = value;
    if (parent == &emit->root)
        emit->last = value;
    parent->count++;
    return value;
}

static struct span key_of(struct span member)
{
    return span_from(member.at + 2, member.len - 4); /* ,"key": */
}

void emit_say(struct emit *emit, struct span member, struct span value)
{
    if (!value.at)
        return;
    add_text(&emit->data, member, value);
    add_value(emit, &emit->root, JSON_STRING, key_of(member), value);
}

void emit_say_true(struct emit *emit, struct span member)
{
    add_member(&emit->data, member);
    strbuf_add(&emit->data, SPAN("true"));
    add_value(emit, &emit->root, JSON_BOOL, key_of(member), SPAN_NONE)->truth = true;
}

void emit_say_units(struct emit *emit, struct span member, const struct span *units, size_t count)
{
    if (count == 0)
        return;
    struct json_value *list = add_value(emit, &emit->root, JSON_ARRAY, key_of(member), SPAN_NONE);
    add_member(&emit->data, member);
    for (size_t i = 0; i < count; i++) {
        strbuf_add_char(&emit->data, i ? ',' : '[');
        strbuf_add_json(&emit->data, units[i]);
        add_value(emit, list, JSON_STRING, SPAN_NONE, units[i]);
    }
    strbuf_add_char(&emit->data, ']');
}

/* { unit, rule } */
static void say_answer(struct emit *emit, struct json_value *object,
                       const struct decision_answer *answer)
{
    strbuf_add_char(&emit->data, '{');
    add_text(&emit->data, MEMBER("unit"), answer->unit);
    add_text(&emit->data, MEMBER("rule"), answer->rule);
    strbuf_add_char(&emit->data, '}');
    add_value(emit, object, JSON_STRING, SPAN("unit"), answer->unit);
    add_value(emit, object, JSON_STRING, SPAN("rule"), answer->rule);
}

static void say_alternatives(struct emit *emit, const struct decision *decision)
{
    const struct span member = MEMBER("alternatives");
    if (decision->alternative_count == 0)
        return;
    struct json_value *list = add_value(emit, &emit->root, JSON_ARRAY, key_of(member), SPAN_NONE);
    add_member(&emit->data, member);
    for (size_t i = 0; i < decision->alternative_count; i++) {
        strbuf_add_char(&emit->data, i ? ',' : '[');
        say_answer(emit, add_value(emit, list, JSON_OBJECT, SPAN_NONE, SPAN_NONE),
                   &decision->alternatives[i]);
    }
    strbuf_add_char(&emit->data, ']');
}

void emit_say_answer(struct emit *emit, struct span member, const struct decision_answer *answer)
{
    if (!answer->unit.at)
        return;
    add_member(&emit->data, member);
    say_answer(emit, add_value(emit, &emit->root, JSON_OBJECT, key_of(member), SPAN_NONE), answer);
}

/* The text stands where it outlives the call. */
static void say_time(struct emit *emit, struct span member, char at[EMIT_TIME], int64_t ms)
{
    if (ms == TIMESTAMP_NONE)
        return;
    struct strbuf text = {.at = at, .capacity = EMIT_TIME, .max = EMIT_TIME - 1};
    timestamp_add_rfc3339(&text, ms);
    emit_say(emit, member, strbuf_span(&text));
}

void emit_say_due(struct emit *emit, int64_t ms)
{
    say_time(emit, MEMBER("due_at"), emit->due, ms);
}

void emit_say_internal_due(struct emit *emit, int64_t ms)
{
    say_time(emit, MEMBER("internal_due_at"), emit->internal, ms);
}

void emit_say_place(struct emit *emit, const struct emit_case *about)
{
    emit_say(emit, MEMBER("type_code"), about->type_code);
    emit_say(emit, MEMBER("street_code"), about->street_code);
    emit_say(emit, MEMBER("community_code"), about->community_code);
}

bool emit_build(struct emit *emit, const struct emit_case *about, const char *stage,
                struct span question, struct arena *arena, struct event *event)
{
    if (!emit->open_len)
        emit_close_to_units(emit);
    strbuf_add_char(&emit->data, '}');
    char id[DIGEST_ID_LEN + 1], revision[REVISION_LEN + 1];
    ids_decision(id, about->cause_id, question);
    (void)!ids_revision(revision, SPAN_NONE, about->time_ms, 0, strbuf_span(&emit->data));
    *event = (struct event){
        .family = EVENT_CASE,
        .name = span_of(stage),
        .id = arena_copy(arena, span_of(id)),
        .source = SPAN("/router"),
        .subject = about->id,
        .time_ms = about->time_ms,
        .recorded_ms = about->time_ms,
        .partitionkey = about->id,
        .causationid = about->cause_id,
        .party = SPAN("router"),
        .revision = arena_copy(arena, span_of(revision)),
        .data_json = strbuf_span(&emit->data),
        .data = &emit->root,
    };
    return event->id.at && event->revision.at && !strbuf_is_full(&emit->data);
}

void emit_send_event(struct emit *emit, const struct event *event, struct outputs *outputs)
{
    static const struct record_header type = {{"content-type", 12},
                                              {EVENT_CONTENT_TYPE, sizeof EVENT_CONTENT_TYPE - 1}};
    strbuf_reset(&emit->event);
    event_write(&emit->event, event);
    outputs_add(outputs, &(struct output){.stream = STREAM_EVENTS,
                                          .partition = OUTPUT_BY_KEY,
                                          .key = event->subject,
                                          .value = strbuf_span(&emit->event),
                                          .headers = {type},
                                          .header_count = 1});
}

void emit_order(struct emit *emit, const struct emit_case *about, const struct event *event,
                const struct emit_order *order, struct outputs *outputs)
{
    static const struct record_header type = {{"content-type", 12},
                                              {"application/json; charset=UTF-8", 31}};
    struct strbuf *buf = &emit->order;
    bool is_desk = span_is(order->unit, "desk");
    struct span data = span_from(emit->data.at, is_desk ? emit->data.len - 1 : emit->open_len);
    strbuf_reset(buf);
    strbuf_add_char(buf, '{');
    add_text(buf, MEMBER("id"), event->id);
    add_text(buf, MEMBER("case"), about->id);
    add_text(buf, MEMBER("case_kind"), about->kind);
    add_text(buf, MEMBER("kind"), span_of(order->kind));
    add_text(buf, MEMBER("unit"), order->unit);
    add_text(buf, MEMBER("time"), moment_of(emit, about->time_ms));
    add_text(buf, MEMBER("state"), span_of(order->state ? order->state : "open"));
    if (data.len > 1) {
        strbuf_add_char(buf, ',');
        strbuf_add(buf, span_from(data.at + 1, data.len - 1)); /* the data object's members */
    }
    strbuf_add_char(buf, '}');
    outputs_add(outputs, &(struct output){.stream = STREAM_DISPATCH,
                                          .suffix = order->unit,
                                          .partition = OUTPUT_BY_KEY,
                                          .key = about->id,
                                          .value = strbuf_span(buf),
                                          .headers = {type},
                                          .header_count = 1});
}

bool emit_decision(struct emit *emit, const struct emit_case *about,
                   const struct decision *decision, struct span bundle, struct arena *arena,
                   struct event *event)
{
    emit_begin(emit);
    emit_say(emit, MEMBER("lead"), decision->lead);
    emit_say(emit, MEMBER("disposition"), span_of(rule_entry_disposition(decision->disposition)));
    emit_say(emit, MEMBER("mode"), span_of(decide_mode_name(decision->mode)));
    if (decision->adopted)
        emit_say_true(emit, MEMBER("adopted"));
    emit_say(emit, MEMBER("guide"), decision->guide);
    emit_say_units(emit, MEMBER("co_units"), decision->co_units, decision->co_count);
    emit_say_units(emit, MEMBER("copies"), decision->copies, decision->copy_count);
    emit_say(emit, MEMBER("limit_class"), decision->limit_class);
    emit_say(emit, MEMBER("limit_source"), span_of(decision->limit_source));
    emit_say_due(emit, decision->due_ms);
    emit_say_internal_due(emit, decision->internal_due_ms);
    emit_say(emit, MEMBER("due_source"), span_of(decision->due_source));
    emit_say(emit, MEMBER("rule"), decision->rule);
    emit_say(emit, MEMBER("bundle"), bundle);
    emit_say(emit, MEMBER("reason"), decision->reason);
    emit_say_place(emit, about);
    emit_say(emit, MEMBER("cause"), about->cause_id);
    emit_close_to_units(emit);
    emit_say(emit, MEMBER("desk_cause"), decision->desk_cause);
    emit_say_answer(emit, MEMBER("would_have"), &decision->would_have);
    say_alternatives(emit, decision);
    return emit_build(emit, about, "dispatched", SPAN("lead"), arena, event);
}

void emit_send_decision(struct emit *emit, const struct emit_case *about, const struct event *event,
                        const struct decision *decision, struct outputs *outputs)
{
    emit_send_event(emit, event, outputs);
    emit_order(emit, about, event, &(struct emit_order){"assigned", decision->lead, NULL}, outputs);
    for (size_t i = 0; i < decision->copy_count; i++)
        emit_order(emit, about, event, &(struct emit_order){"copied", decision->copies[i], NULL},
                   outputs);
}

bool emit_timer(struct emit *emit, const struct emit_case *about, const struct emit_timer *fires,
                struct arena *arena, struct event *event)
{
    const struct case_fold *fold = fires->fold;
    const struct case_co *co = fires->co;
    emit_begin(emit);
    emit_say(emit, MEMBER("lead"), fold->lead);
    emit_say(emit, MEMBER("co_unit"), co ? co->unit : SPAN_NONE);
    emit_say(emit, MEMBER("limit_class"), co ? SPAN_NONE : fold->limit_class);
    emit_say_due(emit, co && co->due_ms != TIMESTAMP_NONE ? co->due_ms : fold->due_ms);
    emit_say(emit, MEMBER("rule"), span_of(fires->timer->name));
    emit_say_place(emit, about);
    emit_say(emit, MEMBER("cause"), about->cause_id);
    emit_close_to_units(emit);
    emit_say(emit, MEMBER("desk_cause"), fires->desk_cause);
    return emit_build(emit, about, case_kind_timer_stage(fires->timer), fires->question, arena,
                      event);
}

void emit_send_timer(struct emit *emit, const struct emit_case *about, const struct event *event,
                     const struct emit_timer *fires, bool asks, struct outputs *outputs)
{
    const struct kind_timer *timer = fires->timer;
    struct span unit = fires->co ? fires->co->unit : fires->fold->lead;
    struct span whose = unit.len ? unit : SPAN("desk");
    struct span to = timer->to ? span_of(timer->to) : whose;
    emit_send_event(emit, event, outputs);
    if (timer->action == TIMER_NUDGE) {
        emit_order(emit, about, event, &(struct emit_order){"nudged", to, NULL}, outputs);
        return;
    }
    emit_order(emit, about, event, &(struct emit_order){"overdue", whose, NULL}, outputs);
    if (asks && !span_equal(to, whose))
        emit_order(emit, about, event, &(struct emit_order){"escalated", to, NULL}, outputs);
}

bool emit_delivery(struct emit *emit, const struct emit_case *about, const char *stage,
                   struct span unit, struct span order_kind, struct arena *arena,
                   struct event *event)
{
    char question[128];
    int n = snprintf(question, sizeof question, "%s:%.90s", stage, unit.at);
    emit_begin(emit);
    emit_say(emit, MEMBER("unit"), unit);
    emit_say(emit, MEMBER("order"), order_kind);
    emit_say(emit, MEMBER("cause"), about->cause_id);
    bool built = emit_build(emit, about, stage, span_from(question, (size_t)n), arena, event);
    event->unit = event_may_say(unit) ? unit : SPAN_NONE; /* the data has it in any case */
    return built;
}

void emit_dead(struct emit *emit, const struct record *record, enum reject reject,
               struct outputs *outputs)
{
    struct dead_header header = {
        .raw = {.feed = SPAN("events"), .verdict = SPAN("none")},
        .topic = record->topic,
        .partition = record->partition,
        .offset = record->offset,
        .why = {.reject = reject, .byte_offset = -1},
        .attempts = dead_header_attempt(record_header(record, DEAD_REDRIVEN)),
        .disposition = SPAN("dead"),
    };
    strbuf_reset(&emit->order);
    dead_header_write(&emit->order, &header);
    outputs_add(outputs, &(struct output){.stream = STREAM_DEAD,
                                          .partition = OUTPUT_BY_KEY,
                                          .key = record->key,
                                          .value = record->value,
                                          .headers = {{SPAN("cb"), strbuf_span(&emit->order)}},
                                          .header_count = 1});
}
