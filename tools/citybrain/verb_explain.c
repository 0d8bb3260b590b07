/* SPDX-License-Identifier: Apache-2.0 */
/* citybrain explain: one record of a file through every stage, for somebody who asks why. */
#include <ctype.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/timestamp.h"
#include "citybrain/explain_record.h"
#include "citybrain/explain_text.h"
#include "citybrain/input_file.h"
#include "citybrain/verb.h"

#define MOST_BYTES (INT64_C(1) << 30)
#define SAID_BYTES (16 << 20)

static const char explain_help[] =
    "usage: citybrain explain FILE[.gz][:ROW] --feed FEED [--clock TIME] [--private] [--json]\n\n"
    "Why did this come of that record? One record (the first, or that of ROW, counted as answers\n"
    "and receipts count: from 1, without the header) through every stage by the code the daemons\n"
    "run: where it lies, charset, cells, verdict, each event of the mapping and each field's way\n"
    "from its column to its value, the lines its case would have, the work order that would go\n"
    "out. Chinese and English. Nothing is stored or sent.\n\n"
    "  --clock TIME   when it arrives, RFC 3339 (default: now)\n"
    "  --private      texts that no event may hold (names, numbers, free text) are shown too;\n"
    "                 otherwise their length alone, so that the output can be passed on\n"
    "  --charset NAME utf-8 or gb18030, where this file is not in its feed's\n"
    "  --json         one JSON object\n"
    "  --config DIR   the configuration (default $CITYBRAIN_CONFIG or config)\n\n"
    "  citybrain explain orders.csv:17 --feed hotline_csv\n"
    "exit: 0 accepted, 1 rejected, 64 usage, 69 no such file or row, 78 configuration\n";

struct question {
    char path[1024];
    const char *feed_name, *config_dir, *charset;
    int64_t row, now_ms;
    bool private_too, json;
    struct bundle bundle;
};

static void show_diagnostic(void *context, const char *line)
{
    fprintf(context, "%s\n", line);
}

/* A file of that very name wins over FILE:ROW. */
static bool read_path(struct question *question, const char *text)
{
    const char *colon = strrchr(text, ':');
    question->row = 1;
    snprintf(question->path, sizeof question->path, "%s", text);
    if (access(text, F_OK) == 0 || colon == NULL)
        return true;
    question->path[colon - text] = 0;
    return span_to_int64(span_of(colon + 1), &question->row) && question->row > 0;
}

static void show(const struct question *question, const struct strbuf *said)
{
    if (question->json) {
        printf("%.*s\n", SPAN_ARG(strbuf_span(said)));
        return;
    }
    struct json_reader *reader = json_reader_new();
    struct arena arena;
    const struct json_value *root = NULL;
    size_t bad_at;
    arena_init(&arena, 8 * said->len + (1 << 20));
    if (json_read(reader, strbuf_span(said), &arena, &root, &bad_at) == REJECT_NONE)
        explain_text_show(root, stdout);
    arena_fini(&arena);
    json_reader_free(reader);
}

static int explain_bytes(struct question *question, const struct feed *feed, struct span bytes,
                         const char *hash, struct error *error)
{
    struct explain_record record = {.path = question->path, .private_too = question->private_too};
    struct upload upload;
    struct framing_item framed;
    struct strbuf said;
    int status = VERB_UNAVAILABLE;
    explain_record_init(&record, &question->bundle, 2 * bytes.len + 1);
    strbuf_init(&said, 1 << 16, SAID_BYTES);
    struct upload_form form = {question->path, question->charset, hash, question->now_ms};
    bool begun = upload_begin(&upload, feed, &form, bytes, &record.normalise);
    bool found = false;
    while (begun && !found && upload_next(&upload, &framed))
        found = framed.row == question->row;
    if (found) {
        enum reject reject = explain_record_write(&record, &upload, &framed, &said);
        show(question, &said);
        status = reject == REJECT_NONE ? VERB_OK : VERB_FAILED;
    } else {
        error_set(error, ERROR_REFUSED, 0, "%s has no row %lld", question->path,
                  (long long)question->row);
    }
    strbuf_fini(&said);
    explain_record_fini(&record);
    return status;
}

static int explain_file(struct question *question, const struct feed *feed, struct error *error)
{
    char hash[DIGEST_ID_LEN + 1];
    int64_t size;
    bool last;
    struct span bytes = SPAN_NONE;
    struct input_file *file = input_file_open(question->path, error);
    if (!file)
        return error_exit_status(error);
    if (input_file_hash(file, hash, &size, error) &&
        (size <= MOST_BYTES ||
         error_set(error, ERROR_REFUSED, 0, "%s: more than 1 GiB: take a part", question->path)))
        bytes = input_file_peek(file, (size_t)size, &last, error);
    int status =
        bytes.at ? explain_bytes(question, feed, bytes, hash, error) : error_exit_status(error);
    input_file_close(file);
    return status;
}

static int explain(struct question *question)
{
    struct error error = {0};
    struct diagnostics *diagnostics = diagnostics_new();
    int status = VERB_CONFIG;
    bool loaded = bundle_load(&question->bundle, question->config_dir, diagnostics);
    diagnostics_each(diagnostics, show_diagnostic, stderr);
    const struct feed *feed =
        loaded ? bundle_feed(&question->bundle, question->feed_name, question->now_ms, &error)
               : NULL;
    if (feed)
        status = explain_file(question, feed, &error);
    if (error.kind != ERROR_NONE)
        fprintf(stderr, "citybrain explain: %s\n", error.text);
    bundle_fini(&question->bundle);
    diagnostics_free(diagnostics);
    return status;
}

static const struct option options[] = {
    {"feed", 1, 0, 'f'}, {"clock", 1, 0, 'k'},   {"private", 0, 0, 'p'},
    {"json", 0, 0, 'j'}, {"charset", 1, 0, 's'}, {"config", 1, 0, 'c'},
    {0, 0, 0, 0}};

static int run(int argc, char **argv)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    struct question question = {.config_dir = verb_config_dir(),
                                .now_ms = (int64_t)now.tv_sec * 1000};
    for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        switch (c) {
        case 'f': question.feed_name = optarg; break;
        case 'k':
            if (!timestamp_parse_rfc3339(span_of(optarg), &question.now_ms))
                return verb_usage("explain", "\"%s\" is no time such as 2026-03-02T18:00:00+08:00",
                                  optarg);
            break;
        case 'p': question.private_too = true; break;
        case 'j': question.json = true; break;
        case 's': question.charset = optarg; break;
        case 'c': question.config_dir = optarg; break;
        default: return verb_bad_option("explain", argv);
        }
    }
    enum charset charset;
    if (question.charset && !charset_parse(span_of(question.charset), &charset))
        return verb_usage("explain", "\"%s\" is no charset: utf-8 or gb18030", question.charset);
    if (optind + 1 != argc || !question.feed_name)
        return verb_usage("explain", "one FILE[:ROW] and --feed FEED are needed");
    if (!read_path(&question, argv[optind]))
        return verb_usage("explain", "\"%s\" is no row", argv[optind]);
    return explain(&question);
}

const struct verb verb_explain = {
    "explain", "one record through every stage", explain_help, run, options, NULL};
