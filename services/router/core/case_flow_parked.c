/* SPDX-License-Identifier: Apache-2.0 */
/* A unit without a topic stops no other: its orders wait here and in state.cases, each once and in
 * their order, under the ids they were made with. The case hears of it: `undelivered` when an order
 * begins to wait, `delivered` when it is written. Both are said by save, after the carrier has
 * settled which topics there are and before it commits. What takes an ended case's orders out of
 * the topic waits as well, behind them: a topic that we may not see just now has old orders. */
#include <stdlib.h>

#include "base/base.h"
#include "router/core/case_flow_internal.h"

#define PARKED_KEY     "_parked:"
#define GONE           "gone" /* the kind of what has no text of its own */
#define MOST_DELIVERED 1000   /* orders of one unit in a transaction */

static void divert(void *carrier, const struct output *output)
{
    struct case_flow_diversion *diversion = carrier;
    struct parked *parked = diversion->flow->parked;
    if (output->stream == STREAM_DISPATCH && parked_has(parked, output->suffix)) {
        parked_add(parked, output->suffix, output->key, output->value);
        return;
    }
    outputs_add(diversion->to, output);
}

struct outputs case_flow_divert(struct case_flow_diversion *diversion, struct outputs *otherwise)
{
    bool parked = parked_count(diversion->flow->parked) > 0;
    return parked ? (struct outputs){divert, diversion} : *otherwise;
}

void case_flow_refuse(struct case_flow *flow, const struct output *output)
{
    struct parked_order *again =
        parked_find_probing(flow->parked, output->suffix, output->key, output->value);
    if (again)
        again->probing = false;
    else
        parked_add(flow->parked, output->suffix, output->key, output->value);
}

static void write_order(const struct parked_order *order, struct outputs *outputs)
{
    static const struct record_header type = {{"content-type", 12},
                                              {"application/json; charset=UTF-8", 31}};
    outputs_add(outputs, &(struct output){.stream = STREAM_DISPATCH,
                                          .suffix = span_of(order->of->unit),
                                          .partition = OUTPUT_BY_KEY,
                                          .key = span_of(order->case_id),
                                          .value = span_of(order->value),
                                          .headers = {type},
                                          .header_count = order->value ? 1 : 0});
}

void case_flow_probe(struct case_flow *flow, struct outputs *outputs)
{
    for (struct parked_unit *unit = parked_units(flow->parked); unit; unit = unit->next) {
        if (!unit->first->key)
            continue;
        unit->first->probing = true;
        write_order(unit->first, outputs);
    }
}

/* ---- what is said of it ---- */

struct told { /* of the order's own text */
    struct span id, kind, unit, case_id;
};

static bool read_order(struct case_flow *flow, struct span value, struct told *told)
{
    const struct json_value *order = NULL;
    size_t bad_at;
    arena_reset(&flow->arena);
    if (json_read(flow->reader, value, &flow->arena, &order, &bad_at) != REJECT_NONE)
        return false;
    *told = (struct told){json_text(order, "id"), json_text(order, "kind"),
                          json_text(order, "unit"), json_text(order, "case")};
    return told->id.len && told->kind.len && told->unit.len && told->case_id.len;
}

static struct told told_of(struct case_flow *flow, const struct parked_order *order)
{
    struct told told = {span_of(order->case_id), SPAN(GONE), span_of(order->of->unit),
                        span_of(order->case_id)};
    if (order->value && !read_order(flow, span_of(order->value), &told))
        abort(); /* we wrote it */
    return told;
}

/* On the case's log and in its set. A case that was forgotten or has no room hears nothing. */
static void tell_case(struct case_flow *flow, const struct parked_order *order,
                      const struct told *told, const char *stage, struct outputs *outputs)
{
    struct working work;
    struct event event;
    struct case_entry *entry = case_book_find(flow->book, span_of(order->case_id));
    if (!entry || case_flow_load(flow, &work, entry) != REJECT_NONE)
        return;
    case_fold(&work.fold, &work.set, work.kind, flow->rules->codes);
    const struct case_line *cause = case_flow_line(&work, told->id);
    if (!cause)
        return;
    struct emit_case what = case_flow_about(flow, &work, cause);
    flow->hearing.arrived_ms = flow->counts.clock_ms;
    if (!case_flow_listen(flow, &work) ||
        !emit_delivery(&flow->emit, &what, stage, span_of(order->of->unit), told->kind,
                       &flow->arena, &event) ||
        case_flow_merge_own(flow, &work, &event) != REJECT_NONE)
        return;
    emit_send_event(&flow->emit, &event, outputs);
    case_flow_tell(flow, &work, outputs);
    case_flow_store(flow, entry, &work.set, false);
    case_flow_set_timer(flow, &work);
}

static void write_state(const struct case_flow *flow, const struct parked_order *order,
                        struct span value, struct outputs *outputs)
{
    outputs_add(outputs, &(struct output){.stream = STREAM_STATE_CASES,
                                          .partition = flow->partition,
                                          .key = span_of(order->key),
                                          .value = value});
}

/* What the state has of one without a text: its names. */
static void write_gone(struct strbuf *out, const struct told *told)
{
    const struct {
        const char *member;
        struct span text;
    } rows[] = {{"{\"id\":", told->id},
                {",\"kind\":", told->kind},
                {",\"unit\":", told->unit},
                {",\"case\":", told->case_id}};
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        strbuf_add(out, span_of(rows[i].member));
        strbuf_add_json(out, rows[i].text);
    }
    strbuf_add_char(out, '}');
}

static void begin_waiting(struct case_flow *flow, struct parked_order *order,
                          struct outputs *outputs)
{
    struct told told = told_of(flow, order);
    struct strbuf *text = &flow->text;
    strbuf_reset(text);
    strbuf_addf(text, PARKED_KEY "%s:%.*s:%.*s", order->of->unit, SPAN_ARG(told.kind),
                SPAN_ARG(told.id));
    struct parked_order *same = parked_find_key(flow->parked, strbuf_span(text));
    if (same && !same->probing) /* said again: the newest is the unit's whole duty */
        parked_remove(flow->parked, same);
    parked_name(flow->parked, order, strbuf_span(text));
    if (order->value) {
        write_state(flow, order, span_of(order->value), outputs);
    } else {
        strbuf_reset(text);
        write_gone(text, &told);
        write_state(flow, order, strbuf_span(text), outputs);
    }
    tell_case(flow, order, &told, "undelivered", outputs);
}

static void deliver(struct case_flow *flow, struct parked_order *order, struct outputs *outputs)
{
    struct told told = told_of(flow, order);
    if (!order->probing) /* or it was written by the probe */
        write_order(order, outputs);
    write_state(flow, order, SPAN_NONE, outputs);
    tell_case(flow, order, &told, "delivered", outputs);
    parked_remove(flow->parked, order);
}

/* Its oldest was written. */
static void deliver_unit(struct case_flow *flow, struct parked_unit *unit, struct outputs *outputs)
{
    struct parked_order *order = unit->first, *next;
    for (int left = MOST_DELIVERED; order && left > 0; left--) {
        next = order->next; /* the unit goes with its last order */
        deliver(flow, order, outputs);
        order = next;
    }
}

void case_flow_save_parked(struct case_flow *flow, struct outputs *outputs)
{
    struct parked_order *order;
    while ((order = parked_take_untold(flow->parked)))
        begin_waiting(flow, order, outputs);
    for (struct parked_unit *unit = parked_units(flow->parked), *next; unit; unit = next) {
        next = unit->next;
        if (unit->first->probing)
            deliver_unit(flow, unit, outputs);
    }
}

bool case_flow_restore_parked(struct case_flow *flow, struct span key, struct span value)
{
    struct told told;
    if (!span_starts(key, SPAN(PARKED_KEY)))
        return false;
    struct parked_order *known = parked_find_key(flow->parked, key);
    if (known)
        parked_remove(flow->parked, known);
    if (!value.at)
        return true;
    if (!read_order(flow, value, &told))
        return false; /* then it is no case either: a fault */
    parked_add(flow->parked, told.unit, told.case_id, span_is(told.kind, GONE) ? SPAN_NONE : value);
    parked_name(flow->parked, parked_take_untold(flow->parked), key);
    return true;
}
