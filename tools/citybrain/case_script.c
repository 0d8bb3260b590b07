/* SPDX-License-Identifier: Apache-2.0 */
/* A line says what a person would say of an event; what every event has besides (id, revision,
 * moments of receipt) is made up here, the same each time. */
#include "citybrain/case_script.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/base.h"
#include "base/timestamp.h"
#include "config/yaml.h"
#include "model/event.h"
#include "model/ids.h"
#include "model/json.h"
#include "model/json_write.h"

#define PATH_BYTES  1024
#define LINE_BYTES  ((size_t)1 << 20)
#define MOST_TIMES  100000
#define MINUTE_MS   INT64_C(60000)
#define RECEIVED_MS 1000 /* after it happened, where a line does not say */

struct play {
    const struct case_script *script;
    struct strbuf *why;
    struct json_reader *reader;
    struct arena arena; /* one line */
    struct strbuf data, json;
    int64_t line, clock_ms;
};

static bool fail(struct play *play, const char *text, struct span word)
{
    strbuf_addf(play->why, "  input.jsonl line %lld: %s", (long long)play->line, text);
    if (word.at)
        strbuf_addf(play->why, " \"%.*s\"", SPAN_ARG(word));
    strbuf_add_char(play->why, '\n');
    return false;
}

/* RFC 3339; seconds may be left out. */
static bool read_time(struct span text, int64_t *ms)
{
    return timestamp_parse_rfc3339(text, ms) || timestamp_parse(text, "%Y-%m-%dT%H:%M%z", 0, ms);
}

static void tick(struct play *play, int64_t t_ms)
{
    play->clock_ms = t_ms;
    play->script->tick(play->script->context, t_ms);
}

/* The clock moves there; with a step, from where it stood. */
static bool play_tick(struct play *play, const struct json_value *line)
{
    int64_t to_ms, step_ms = 0;
    struct span every = json_text(line, "every");
    if (!read_time(json_text(line, "tick"), &to_ms))
        return fail(play, "no time such as 2026-03-02T08:50+08:00:", json_text(line, "tick"));
    if (every.at && (!timestamp_parse_duration(every, &step_ms) || step_ms <= 0))
        return fail(play, "no duration such as 30m:", every);
    if (play->clock_ms != TIMESTAMP_NONE && to_ms < play->clock_ms)
        return fail(play, "time never goes back:", json_text(line, "tick"));
    if (step_ms && play->clock_ms != TIMESTAMP_NONE) {
        if ((to_ms - play->clock_ms) / step_ms > MOST_TIMES)
            return fail(play, "more than 100000 ticks", SPAN_NONE);
        for (int64_t t_ms = play->clock_ms + step_ms; t_ms < to_ms; t_ms += step_ms)
            tick(play, t_ms);
    }
    tick(play, to_ms);
    return true;
}

/* ---- events ---- */

struct line {
    struct event event;
    struct span revision, id; /* as they were written; absent = not */
    int64_t times, every_ms;
};

static void tell(struct play *play, const struct line *line, int64_t nth)
{
    char id[64], revision[REVISION_LEN + 1];
    struct event event = line->event;
    int64_t later_ms = nth * line->every_ms;
    if (line->id.at)
        snprintf(id, sizeof id, "%.*s", (int)(line->id.len < 40 ? line->id.len : 40), line->id.at);
    else
        snprintf(id, sizeof id, "e%lld", (long long)play->line);
    if (nth > 0)
        snprintf(id + strlen(id), sizeof id - strlen(id), "#%lld", (long long)nth + 1);
    event.id = span_of(id);
    event.time_ms += later_ms;
    event.recorded_ms += later_ms;
    event.data_json = strbuf_span(&play->data);
    (void)!ids_revision(revision, line->revision, event.recorded_ms, 1, event.data_json);
    event.revision = span_of(revision);
    strbuf_reset(&play->json);
    event_write(&play->json, &event);
    play->script->event(play->script->context, event.subject, strbuf_span(&play->json),
                        event.recorded_ms);
}

static bool read_moments(struct play *play, const struct json_value *value, struct line *line)
{
    struct span at = json_text(value, "at"), recorded = json_text(value, "recorded"),
                every = json_text(value, "every");
    if (!read_time(at, &line->event.time_ms))
        return fail(play, "\"at\" is no time such as 2026-03-02T08:50+08:00:", at);
    line->event.recorded_ms = line->event.time_ms + RECEIVED_MS;
    if (recorded.at && !read_time(recorded, &line->event.recorded_ms))
        return fail(play, "\"recorded\" is no time:", recorded);
    line->times = 1;
    if (json_get(value, SPAN("times")) &&
        (!json_int(value, "times", &line->times) || line->times < 1 || line->times > MOST_TIMES))
        return fail(play, "\"times\" is no number from 1 to 100000:", json_text(value, "times"));
    if (every.at && !timestamp_parse_duration(every, &line->every_ms))
        return fail(play, "no duration such as 1d:", every);
    return true;
}

static bool only_members(struct play *play, const struct json_value *value)
{
    static const char *const known[] = {
        "at",   "case", "stage",    "observation", "subject",  "data",  "party", "unit",
        "feed", "id",   "recorded", "revision",    "replayof", "times", "every"};
    for (const struct json_value *one = value->first; one; one = one->next) {
        size_t i = 0;
        while (i < ARRAY_LENGTH(known) && !span_is(one->key, known[i]))
            i++;
        if (i == ARRAY_LENGTH(known))
            return fail(play, "no member", one->key);
    }
    return true;
}

static bool play_event(struct play *play, const struct json_value *value)
{
    struct span stage = json_text(value, "stage"), observation = json_text(value, "observation");
    struct span of = json_text(value, stage.at ? "case" : "subject");
    const struct json_value *data = json_get(value, SPAN("data"));
    struct line line = {.event = {.family = stage.at ? EVENT_CASE : EVENT_OBSERVATION,
                                  .name = stage.at ? stage : observation,
                                  .source = SPAN("/feeds/case"),
                                  .subject = of,
                                  .partitionkey = of,
                                  .feed = json_text(value, "feed"),
                                  .unit = json_text(value, "unit"),
                                  .party = json_text(value, "party"),
                                  .replayof = json_text(value, "replayof")},
                        .revision = json_text(value, "revision"),
                        .id = json_text(value, "id")};
    if (!only_members(play, value))
        return false;
    if (!of.len || !line.event.name.len)
        return fail(play, "needs \"case\" and \"stage\", or \"observation\" and \"subject\"",
                    SPAN_NONE);
    if (!read_moments(play, value, &line))
        return false;
    if (stage.at && !line.event.party.at)
        line.event.party = SPAN("source");
    strbuf_reset(&play->data);
    if (data)
        json_write(&play->data, data, false);
    else
        strbuf_add(&play->data, SPAN("{}"));
    for (int64_t nth = 0; nth < line.times; nth++)
        tell(play, &line, nth);
    return true;
}

static bool play_line(struct play *play, struct span text)
{
    const struct json_value *value;
    size_t bad_at;
    arena_reset(&play->arena);
    if (json_read(play->reader, text, &play->arena, &value, &bad_at) != REJECT_NONE ||
        value->type != JSON_OBJECT)
        return fail(play, "is no JSON object", SPAN_NONE);
    return json_get(value, SPAN("tick")) ? play_tick(play, value) : play_event(play, value);
}

static bool play_lines(struct play *play, const char *path)
{
    char *text = NULL;
    size_t size = 0;
    bool good = true;
    FILE *file = fopen(path, "r");
    if (!file) {
        strbuf_addf(play->why, "  neither input.yaml nor input.jsonl is there\n");
        return false;
    }
    play->script->begin(play->script->context);
    for (ssize_t len; good && (len = getline(&text, &size, file)) >= 0;) {
        struct span line = span_trim(span_from(text, (size_t)len));
        play->line++;
        if (line.len > 0)
            good = play_line(play, line);
    }
    free(text);
    fclose(file);
    return good;
}

/* ---- orders ---- */

/* What is not about the case as a whole is of its data; YAML's scalars are texts, as the data's. */
static bool tell_order(struct play *play, const struct yaml_node *order, int64_t clock_ms,
                       struct diagnostics *diagnostics)
{
    char id[96];
    const char *kind = "request";
    struct line line = {.event = {.family = EVENT_CASE,
                                  .name = SPAN("opened"),
                                  .source = SPAN("/feeds/case"),
                                  .party = SPAN("source")},
                        .times = 1};
    if (!yaml_time(yaml_require(order, "opened_at", diagnostics), &line.event.time_ms, diagnostics))
        return false;
    strbuf_reset(&play->data);
    strbuf_add_char(&play->data, '{');
    for (const struct yaml_node *one = order->first; one; one = one->next) {
        const char *text;
        if (strcmp(one->key, "opened_at") == 0)
            continue;
        if (!yaml_text(one, &text, diagnostics))
            return false;
        if (strcmp(one->key, "kind") == 0) {
            kind = text;
            continue;
        }
        strbuf_add(&play->data, play->data.len > 1 ? SPAN(",") : SPAN(""));
        strbuf_add_json(&play->data, span_of(one->key));
        strbuf_add_char(&play->data, ':');
        strbuf_add_json(&play->data, span_of(text));
    }
    strbuf_add_char(&play->data, '}');
    snprintf(id, sizeof id, "%.40s:case:%lld", kind, (long long)play->line);
    line.event.subject = line.event.partitionkey = span_of(id);
    line.event.recorded_ms = line.event.time_ms + RECEIVED_MS;
    play->script->begin(play->script->context);
    tick(play, clock_ms == TIMESTAMP_NONE ? line.event.time_ms + MINUTE_MS : clock_ms);
    tell(play, &line, 0);
    return true;
}

static void play_orders(struct play *play, const struct yaml_node *root,
                        struct diagnostics *diagnostics)
{
    static const char *const known[] = {"cites", "clock", "orders", NULL};
    int64_t clock_ms = TIMESTAMP_NONE;
    const struct yaml_node *orders = yaml_require(root, "orders", diagnostics);
    if (!yaml_only_keys(root, known, diagnostics) || !orders)
        return;
    if (yaml_get(root, "clock") && !yaml_time(yaml_get(root, "clock"), &clock_ms, diagnostics))
        return;
    if (orders->type != YAML_LIST || orders->count == 0) {
        diagnostics_add(diagnostics, orders->place, "write orders: and a list below it",
                        "no order is there");
        return;
    }
    for (const struct yaml_node *one = orders->first; one; one = one->next) {
        play->line++;
        if (one->type != YAML_MAP)
            diagnostics_add(diagnostics, one->place, "write { opened_at: …, type_code: … }",
                            "an order is a map");
        if (one->type != YAML_MAP || !tell_order(play, one, clock_ms, diagnostics))
            return;
    }
}

static void show_diagnostic(void *context, const char *line)
{
    strbuf_addf(context, "  %s\n", line);
}

static bool play_yaml(struct play *play, const char *path)
{
    struct diagnostics *diagnostics = diagnostics_new();
    struct yaml_document *document = yaml_load(path, diagnostics);
    if (document)
        play_orders(play, yaml_root(document), diagnostics);
    bool good = diagnostics_errors(diagnostics) == 0;
    diagnostics_each(diagnostics, show_diagnostic, play->why);
    yaml_free(document);
    diagnostics_free(diagnostics);
    return good;
}

bool case_script_play(const struct case_script *script, const char *folder, struct strbuf *why)
{
    char path[PATH_BYTES];
    struct play play = {.script = script, .why = why, .clock_ms = TIMESTAMP_NONE};
    play.reader = json_reader_new();
    arena_init(&play.arena, 4 * LINE_BYTES);
    strbuf_init(&play.data, 1024, LINE_BYTES);
    strbuf_init(&play.json, 1024, 2 * LINE_BYTES);
    snprintf(path, sizeof path, "%s/input.yaml", folder);
    bool yaml = access(path, F_OK) == 0;
    if (!yaml)
        snprintf(path, sizeof path, "%s/input.jsonl", folder);
    bool good = yaml ? play_yaml(&play, path) : play_lines(&play, path);
    strbuf_fini(&play.data);
    strbuf_fini(&play.json);
    arena_fini(&play.arena);
    json_reader_free(play.reader);
    return good;
}
