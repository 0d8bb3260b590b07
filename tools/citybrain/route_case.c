/* SPDX-License-Identifier: Apache-2.0 */
/* What the router writes is told again flat: a decision's data beside its stage and time, and below
 * it the orders that went out under its id. Left out is what changes with every comment in the
 * configuration (names of bundles and versions), and ids of causes, which the script makes up. */
#include "citybrain/route_case.h"

#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "base/memory.h"
#include "citybrain/case_script.h"
#include "citybrain/passes.h"
#include "model/json_write.h"
#include "router/core/emit.h"

#define LINE_BYTES ((size_t)1 << 20)

struct said {         /* one line */
    const char *word; /* "event", "order", "receipt", "reject" */
    struct span id;   /* of the event; absent = none */
    const struct json_value *value;
    struct strbuf orders; /* ["assigned s1","copied d2" without its brackets */
};

struct run {
    struct route_runner *runner;
    struct passes *passes; /* owned */
    const char *trigger;   /* NULL = all */
    struct golden_result *result;
    struct said *said; /* owned */
    size_t count, capacity;
    struct span last_told, *told; /* cases the script tells of; owned */
    size_t told_count;
    bool broken;
};

static const struct json_value *parse(struct run *run, struct span json)
{
    const struct json_value *value = NULL;
    size_t bad_at;
    struct span kept = arena_copy(&run->runner->arena, json);
    bool good = kept.at && json_read(run->runner->reader, kept, &run->runner->arena, &value,
                                     &bad_at) == REJECT_NONE;
    if (!good && !run->broken)
        strbuf_add(&run->result->why, SPAN("  the case says more than fits, or no JSON\n"));
    run->broken |= !good;
    return good ? value : NULL;
}

static struct said *add(struct run *run, const char *word, const struct json_value *value)
{
    if (run->count == run->capacity) {
        run->capacity = run->capacity ? 2 * run->capacity : 64;
        run->said = xrealloc(run->said, run->capacity * sizeof *run->said);
    }
    struct said *said = &run->said[run->count++];
    *said = (struct said){.word = word, .value = value};
    strbuf_init(&said->orders, 64, LINE_BYTES);
    return said;
}

static bool is_told_of(const struct run *run, struct span case_id)
{
    for (size_t i = 0; i < run->told_count; i++)
        if (span_equal(run->told[i], case_id))
            return true;
    return false;
}

/* Of a trigger, its firings; else what is said of the cases told of: what triggers make of them is
 * another folder's business. */
static bool is_wanted(const struct run *run, const struct json_value *event)
{
    if (!run->trigger)
        return is_told_of(run, json_text(event, "subject"));
    const struct json_value *data = json_get(event, SPAN("data"));
    return span_is(json_text(event, "type"), "cn.citybrain.case.opened.v1") &&
           span_is(json_text(data, "trigger"), run->trigger);
}

static void take_event(struct run *run, struct span json)
{
    size_t mark = run->runner->arena.used;
    const struct json_value *event = parse(run, json);
    if (!event)
        return;
    if (is_wanted(run, event))
        add(run, "event", event)->id = json_text(event, "id");
    else
        arena_rewind(&run->runner->arena, mark);
}

/* Below the event whose id it has; alone where that was not the router's. */
static void take_order(struct run *run, const struct output *output)
{
    const struct json_value *order = output->value.at ? parse(run, output->value) : NULL;
    if (!order || run->trigger || !is_told_of(run, json_text(order, "case")))
        return;
    struct said *of = NULL;
    for (size_t i = run->count; i > 0 && !of; i--)
        if (run->said[i - 1].id.at && span_equal(run->said[i - 1].id, json_text(order, "id")))
            of = &run->said[i - 1];
    if (!of) {
        add(run, "order", order);
        return;
    }
    struct strbuf *text = &run->runner->text;
    strbuf_reset(text);
    strbuf_addf(text, "%.*s %.*s", SPAN_ARG(json_text(order, "kind")), SPAN_ARG(output->suffix));
    strbuf_add(&of->orders, of->orders.len ? SPAN(",") : SPAN(""));
    strbuf_add_json(&of->orders, strbuf_span(text));
}

static void take_dead(struct run *run, const struct output *output)
{
    for (size_t i = 0; i < output->header_count; i++)
        if (span_is(output->headers[i].name, "cb")) {
            const struct json_value *header = parse(run, output->headers[i].value);
            if (header)
                add(run, "reject", header);
        }
}

static void take_receipt(struct run *run, const struct output *output)
{
    const struct json_value *receipt = run->trigger ? NULL : parse(run, output->value);
    if (receipt)
        add(run, "receipt", receipt);
}

static void take_said(void *context, const struct output *output)
{
    struct run *run = context;
    if (output->stream == STREAM_EVENTS)
        take_event(run, output->value);
    else if (output->stream == STREAM_DISPATCH)
        take_order(run, output);
    else if (output->stream == STREAM_DEAD)
        take_dead(run, output);
    else if (output->stream == STREAM_RECEIPTS)
        take_receipt(run, output);
}

/* ---- as lines ---- */

static void add_member(struct strbuf *out, struct span name, const struct json_value *value)
{
    strbuf_addf(out, "%s\"%.*s\": ", out->at[out->len - 1] == '{' ? "" : ", ", SPAN_ARG(name));
    json_write(out, value, true);
}

static void add_text(struct strbuf *out, struct span name, struct span value)
{
    if (value.at)
        add_member(out, name, &(struct json_value){.type = JSON_STRING, .text = value});
}

static bool is_left_out(struct span name)
{
    static const char *const names[] = {"bundle", "cause", "trigger_version"};
    for (size_t i = 0; i < ARRAY_LENGTH(names); i++)
        if (span_is(name, names[i]))
            return true;
    return false;
}

/* "cn.citybrain.case.opened.v1" -> "opened" */
static struct span stage_of(struct span type)
{
    struct span last = SPAN_NONE, before = SPAN_NONE;
    while (type.at) {
        before = last;
        last = span_cut(&type, '.');
    }
    return before;
}

static void write_event(struct strbuf *out, const struct said *said)
{
    const struct json_value *data = json_get(said->value, SPAN("data"));
    add_text(out, SPAN("case"), json_text(said->value, "subject"));
    add_text(out, SPAN("stage"), stage_of(json_text(said->value, "type")));
    add_text(out, SPAN("time"), json_text(said->value, "time"));
    for (const struct json_value *one = data ? data->first : NULL; one; one = one->next)
        if (!is_left_out(one->key))
            add_member(out, one->key, one);
    if (said->orders.len)
        strbuf_addf(out, ", \"orders\": [%.*s]", SPAN_ARG(strbuf_span(&said->orders)));
}

static void write_members(struct strbuf *out, const struct said *said, const char *const *names)
{
    for (; *names; names++) {
        const struct json_value *value = json_get(said->value, span_of(*names));
        if (value)
            add_member(out, span_of(*names), value);
    }
}

static void write_line(struct strbuf *out, const struct said *said)
{
    static const char *const order[] = {"case", "kind", "unit", NULL};
    static const char *const receipt[] = {"case", "unit", "reason", "detail", NULL};
    static const char *const reject[] = {"reason", "pointer", NULL};
    strbuf_addf(out, "{\"%s\": {", said->word);
    if (strcmp(said->word, "event") == 0)
        write_event(out, said);
    else if (strcmp(said->word, "order") == 0)
        write_members(out, said, order);
    else
        write_members(out, said, strcmp(said->word, "receipt") == 0 ? receipt : reject);
    strbuf_add(out, SPAN("}}\n"));
}

static void write_lines(struct run *run, struct golden_lines *got)
{
    struct golden_result *result = run->result;
    result->nothing = true;
    for (size_t i = 0; i < run->count; i++) {
        size_t from = result->written.len;
        write_line(&result->written, &run->said[i]);
        const struct json_value *line =
            parse(run, span_trim(span_from(result->written.at + from, result->written.len - from)));
        if (line)
            golden_lines_add(got, line, (int64_t)i + 1);
        result->nothing &= strcmp(run->said[i].word, "reject") == 0;
        strbuf_fini(&run->said[i].orders);
    }
    free(run->said);
}

/* ---- what it is told ---- */

static void begin(void *context)
{
    struct run *run = context;
    if (run->passes)
        passes_free(run->passes);
    run->passes =
        passes_new(run->runner->rules, &(struct passes_watch){.context = run, .said = take_said});
}

static void note_told(struct run *run, struct span case_id)
{
    if (run->trigger || span_equal(case_id, run->last_told) || is_told_of(run, case_id))
        return;
    run->told = xrealloc(run->told, (run->told_count + 1) * sizeof *run->told);
    run->last_told = arena_copy(&run->runner->arena, case_id);
    run->told[run->told_count++] = run->last_told;
}

static void tell(void *context, struct span key, struct span json, int64_t written_ms)
{
    struct run *run = context;
    note_told(run, key);
    passes_add(run->passes, OUTPUT_BY_KEY, key, json, written_ms);
    passes_run(run->passes);
}

static void tick(void *context, int64_t t_ms)
{
    struct run *run = context;
    passes_add_tick(run->passes, t_ms);
    passes_run(run->passes);
}

static bool knows(struct run *run)
{
    const struct triggers *triggers = run->runner->rules->bundle->triggers;
    if (!run->trigger || triggers_find(triggers, span_of(run->trigger)))
        return true;
    strbuf_addf(&run->result->why,
                "  no trigger \"%s\": the folder above a case is named after its trigger\n",
                run->trigger);
    return false;
}

void route_case_run(struct route_runner *runner, const char *folder, const char *trigger,
                    struct golden_result *result)
{
    static const char *const words[] = {"event", "order", "receipt", "reject", NULL};
    struct golden_expected reading = {runner->reader, &runner->arena, &runner->file, words};
    struct golden_lines expected = {0}, got = {0};
    struct run run = {.runner = runner, .trigger = trigger, .result = result};
    struct case_script script = {&run, begin, tell, tick};
    golden_result_init(result);
    arena_reset(&runner->arena);
    run.broken = !golden_expected_read(&reading, folder, &expected, &result->why);
    run.broken |= !knows(&run) || !case_script_play(&script, folder, &result->why);
    write_lines(&run, &got);
    if (run.passes)
        passes_free(run.passes);
    free(run.told);
    golden_result_judge(result, &expected, &got, run.broken);
}

void route_runner_init(struct route_runner *runner, const struct case_flow_rules *rules)
{
    runner->rules = rules;
    strbuf_init(&runner->file, 4096, GOLDEN_MOST_BYTES);
    strbuf_init(&runner->text, 256, LINE_BYTES);
    arena_init(&runner->arena, GOLDEN_ARENA_BYTES);
    runner->reader = json_reader_new();
}

void route_runner_fini(struct route_runner *runner)
{
    strbuf_fini(&runner->file);
    strbuf_fini(&runner->text);
    arena_fini(&runner->arena);
    json_reader_free(runner->reader);
}
