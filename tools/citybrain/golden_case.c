/* SPDX-License-Identifier: Apache-2.0 */
/* The verdict the door gives and what the normaliser does must be one, so both are asked. When an
 * input arrived is fixed, or an expectation would age: case.yaml may say another moment, and for
 * what units publish, which unit. */
#include "citybrain/golden_case.h"

#include <glob.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/base.h"
#include "base/digest.h"
#include "citybrain/golden_diff.h"
#include "citybrain/upload.h"
#include "config/yaml.h"
#include "model/json_write.h"

#define RECEIVED_MS INT64_C(1775000000000) /* 2026-03-31T23:33:20Z */
#define PATH_BYTES  1024

struct run {
    struct golden_runner *runner;
    struct golden_result *result;
    const char *folder;
    char input[PATH_BYTES];
    int64_t received_ms, row;
    char unit[64], topic[96]; /* of a status post */
    char charset[32];         /* of the upload; empty = the feed's */
    struct golden_lines expected, got;
    bool broken;
};

static void fail(struct run *run, const char *format, ...) PRINTF_LIKE(2, 3);
static void fail(struct run *run, const char *format, ...)
{
    char text[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    strbuf_addf(&run->result->why, "  %s\n", text);
    run->broken = true;
}

static bool find_input(struct run *run)
{
    char pattern[PATH_BYTES];
    glob_t found = {0};
    snprintf(pattern, sizeof pattern, "%s/input.*", run->folder);
    bool one = glob(pattern, 0, NULL, &found) == 0 && found.gl_pathc == 1;
    if (one)
        snprintf(run->input, sizeof run->input, "%s", found.gl_pathv[0]);
    else
        fail(run, "one input.<ext> is needed, there are %zu", found.gl_pathc);
    globfree(&found);
    return one;
}

static void show_diagnostic(void *context, const char *line)
{
    fail(context, "%s", line);
}

static void read_settings(struct run *run)
{
    static const char *const known[] = {"received", "unit", "charset", NULL};
    char path[PATH_BYTES];
    snprintf(path, sizeof path, "%s/case.yaml", run->folder);
    if (access(path, F_OK) != 0)
        return;
    struct diagnostics *diagnostics = diagnostics_new();
    struct yaml_document *document = yaml_load(path, diagnostics);
    if (document) {
        const struct yaml_node *root = yaml_root(document), *unit = yaml_get(root, "unit");
        const struct yaml_node *charset = yaml_get(root, "charset");
        const char *text;
        yaml_only_keys(root, known, diagnostics);
        if (yaml_get(root, "received"))
            yaml_time(yaml_get(root, "received"), &run->received_ms, diagnostics);
        if (unit && yaml_text(unit, &text, diagnostics))
            snprintf(run->unit, sizeof run->unit, "%s", text);
        if (charset && yaml_text(charset, &text, diagnostics))
            snprintf(run->charset, sizeof run->charset, "%s", text);
    }
    diagnostics_each(diagnostics, show_diagnostic, run);
    yaml_free(document);
    diagnostics_free(diagnostics);
}

static const struct json_value *parse(struct run *run, struct span json)
{
    const struct json_value *value = NULL;
    size_t bad_at;
    struct span kept = arena_copy(&run->runner->arena, json);
    if (!kept.at ||
        json_read(run->runner->reader, kept, &run->runner->arena, &value, &bad_at) != REJECT_NONE)
        return NULL;
    return value->type == JSON_OBJECT ? value : NULL;
}

/* The members a line of expected.jsonl is written with. */
static void write_line(struct strbuf *out, const struct json_value *inner)
{
    static const char *const members[] = {"type",    "subject", "time",        "unit",
                                          "party",   "data",    "reason",      "row",
                                          "pointer", "column",  "fault_offset"};
    bool event = span_is(inner->key, "event"), first = true;
    strbuf_addf(out, "{\"%.*s\": {", SPAN_ARG(inner->key));
    for (size_t i = event ? 0 : 6; i < (event ? 6 : ARRAY_LENGTH(members)); i++) {
        const struct json_value *found = json_get(inner, span_of(members[i]));
        int64_t number = 1;
        bool said = found && (found->type != JSON_STRING || found->text.len > 0);
        if (said && found->type == JSON_NUMBER && span_to_int64(found->text, &number))
            said = number > 0; /* 0 and -1 say that it is not known */
        if (said && span_is(found->key, "party"))
            said = !span_is(found->text, "source");
        if (!said)
            continue;
        strbuf_addf(out, "%s\"%s\": ", first ? "" : ", ", members[i]);
        json_write(out, found, true);
        first = false;
    }
    strbuf_add(out, SPAN("}}\n"));
}

static void take_output(void *context, const struct output *output)
{
    struct run *run = context;
    struct span inner = output->value;
    if (output->stream == NORMALISE_RECEIPTS)
        return; /* says what the dead letter says */
    bool dead = output->stream == NORMALISE_DEAD;
    for (size_t i = 0; dead && i < output->header_count; i++)
        if (span_is(output->headers[i].name, "cb"))
            inner = output->headers[i].value;
    struct strbuf line;
    strbuf_init(&line, inner.len + 32, 2 * inner.len + 64);
    strbuf_addf(&line, "{\"%s\":", dead ? "reject" : "event");
    strbuf_add(&line, inner);
    strbuf_add_char(&line, '}');
    const struct json_value *value = parse(run, strbuf_span(&line));
    strbuf_fini(&line);
    if (!value) {
        fail(run, "row %lld: what came is no JSON, or the case is too large", (long long)run->row);
        return;
    }
    golden_lines_add(&run->got, value, run->row);
    run->result->nothing &= dead;
    write_line(&run->result->written, value->first);
}

/* As the status door writes it: the topic says who. */
static void make_status(struct run *run, const struct upload *upload,
                        const struct framing_item *framed, struct record *record)
{
    struct raw_header header = upload->header;
    struct strbuf *text = &run->runner->item.header;
    snprintf(run->topic, sizeof run->topic, "cb.status.%s", run->unit);
    header.row = framed->row;
    header.byte_offset = framed->byte_offset;
    strbuf_reset(text);
    raw_header_write(text, &header);
    record->source = 1;
    record->topic = span_of(run->topic);
    record->value = framed->body;
}

static void take_item(struct run *run, const struct upload *upload,
                      const struct framing_item *framed)
{
    struct golden_runner *runner = run->runner;
    struct raw_item *item = &runner->item;
    struct outputs outputs = {take_output, run};
    struct normalise_result result;
    struct record record = {.topic = SPAN("cb.raw"), .timestamp_ms = run->received_ms};
    bool status = upload->mapping->format == MAPPING_CLOUDEVENTS;
    run->row = framed->row;
    if (status) {
        make_status(run, upload, framed, &record);
    } else {
        raw_item_make(item, &upload->header, upload->feed, framed, &runner->door);
        record.key = span_of(item->key);
        record.value = strbuf_span(&item->value);
    }
    record.headers[record.header_count++] =
        (struct record_header){SPAN("cb"), strbuf_span(&item->header)};
    normalise_record(&runner->normaliser, &record, &outputs, &result);
    if (!status && result.why.reject != item->why.reject)
        fail(run, "row %lld: the door says %s, the normaliser %s", (long long)framed->row,
             reject_name(item->why.reject), reject_name(result.why.reject));
}

/* The feed is the name of the folder above. */
static const struct feed *find_feed(struct run *run)
{
    struct span path = span_of(run->folder), name = SPAN_NONE, last = SPAN_NONE;
    while (path.at) {
        struct span part = span_cut(&path, '/');
        if (part.len == 0 || span_is(part, "."))
            continue;
        name = last;
        last = part;
    }
    const struct feed *feed = feeds_find(run->runner->feeds, name);
    if (!feed)
        fail(run, "no feed \"%.*s\": the folder above a case is named after its feed",
             SPAN_ARG(name));
    return feed;
}

static void take_input(struct run *run, const struct feed *feed)
{
    struct upload upload;
    struct framing_item framed;
    char hash[DIGEST_ID_LEN + 1];
    if (!golden_expected_file(run->input, &run->runner->file)) {
        fail(run, "%s cannot be read, or is larger than 16 MiB", run->input);
        return;
    }
    struct span bytes = strbuf_span(&run->runner->file);
    digest_bytes(hash, bytes);
    struct upload_form form = {run->input, run->charset[0] ? run->charset : NULL, hash,
                               run->received_ms};
    if (!upload_begin(&upload, feed, &form, bytes, &run->runner->door)) {
        fail(run, "feed %s has no version valid when the case arrives", feed->id);
        return;
    }
    while (upload_next(&upload, &framed))
        take_item(run, &upload, &framed);
}

void golden_case_run(struct golden_runner *runner, const char *folder, struct golden_result *result)
{
    static const char *const words[] = {"event", "reject", NULL};
    struct run run = {.runner = runner,
                      .result = result,
                      .folder = folder,
                      .received_ms = RECEIVED_MS,
                      .unit = "s110105001"};
    golden_result_init(result);
    result->nothing = true;
    arena_reset(&runner->arena);
    const struct feed *feed = find_feed(&run);
    read_settings(&run);
    if (feed && find_input(&run) && !run.broken) {
        struct golden_expected expected = {runner->reader, &runner->arena, &runner->file, words};
        run.broken |= !golden_expected_read(&expected, folder, &run.expected, &result->why);
        take_input(&run, feed);
    }
    golden_result_judge(result, &run.expected, &run.got, run.broken);
}

void golden_runner_init(struct golden_runner *runner, const struct feeds *feeds,
                        const struct kinds *kinds)
{
    runner->feeds = feeds;
    normalise_init(&runner->door, feeds, kinds);
    normalise_init(&runner->normaliser, feeds, kinds);
    raw_item_init(&runner->item, 2 * GOLDEN_MOST_BYTES);
    strbuf_init(&runner->file, 4096, GOLDEN_MOST_BYTES);
    arena_init(&runner->arena, GOLDEN_ARENA_BYTES);
    runner->reader = json_reader_new();
}

void golden_runner_fini(struct golden_runner *runner)
{
    normalise_fini(&runner->door);
    normalise_fini(&runner->normaliser);
    raw_item_fini(&runner->item);
    strbuf_fini(&runner->file);
    arena_fini(&runner->arena);
    json_reader_free(runner->reader);
}
