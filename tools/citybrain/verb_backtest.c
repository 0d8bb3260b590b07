/* SPDX-License-Identifier: Apache-2.0 */
/* citybrain backtest: other rules over past events, and what they would have decided differently.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "base/murmur2.h"
#include "base/timestamp.h"
#include "citybrain/backtest.h"
#include "citybrain/bundle.h"
#include "citybrain/input_file.h"
#include "citybrain/progress.h"
#include "citybrain/verb.h"
#include "kafka/log_search.h"
#include "model/json.h"

#define PARTITIONS 12
#define LINE_BYTES ((size_t)4 << 20)

static const char backtest_help[] =
    "usage: citybrain backtest [--bundle DIR] [--from TIME] [--to TIME] [--events FILE[.gz]]\n"
    "                          [--limit N] [--json] [--brokers HOST:PORT,…] [--prefix P]\n\n"
    "What would these rules have decided? Reads past events, asks the rules of DIR about each "
    "order\n"
    "as it stood when it was decided (rows of registries by date, the clock of then), and prints\n"
    "where they differ from what was decided: by rule (from the one of then to the one of now), "
    "by\n"
    "unit, with examples. Nothing is written, nobody is told. Try a change before it is "
    "reloaded:\n\n"
    "  cp -r config /tmp/mine; edit /tmp/mine/rules/dispatch.yaml\n"
    "  citybrain check --config /tmp/mine && citybrain backtest --bundle /tmp/mine --from "
    "2026-03-01\n\n"
    "  --bundle DIR   a configuration (default $CITYBRAIN_CONFIG or config). The one that is in "
    "force over its own log\n"
    "                 gives 0 differences\n"
    "  --from, --to   decisions from that day or time on, before that day or time; what lies "
    "before\n"
    "                 is read all the same, for what it tells of the cases\n"
    "  --events FILE  events from a file, one JSON object a line, and not from the log: as\n"
    "                 `citybrain try --events` prints them, or any copy of the topic's values\n"
    "  --limit N      examples of each pair of rules (default 3)\n"
    "  --json         one JSON object: compared, different, missing (due, and not decided on the\n"
    "                 log), unasked (decided, and not due by what the log still has), bundles,\n"
    "                 rules, units, examples\n"
    "  --brokers      default $CITYBRAIN_BROKERS or 127.0.0.1:29092; read without a group\n\n"
    "In the tables `moved` is another lead, `due` another due time, `other` another reason,\n"
    "alternative or guide. Memory is bounded by the open cases; a bar on stderr shows how far it "
    "is.\n"
    "exit: 0 no difference, 1 some differ, 64 usage, 69 no events, 78 configuration\n";

struct attempt {
    const char *bundle_dir, *events;
    bool json;
    int64_t limit;
    struct backtest_range range;
    struct kafka_settings settings;
    struct bundle bundle;
    struct backtest *backtest;
    struct progress progress;
    char note[64];
};

/* ---- sources ---- */

static bool take_record(void *context, const struct log_search_record *record)
{
    struct attempt *attempt = context;
    if (record->value.at)
        backtest_take(attempt->backtest, record->partition, record->value);
    if (attempt->progress.total <= 1)
        attempt->progress.total = record->total;
    progress_show(&attempt->progress, record->done, "");
    return true;
}

static bool read_log(struct attempt *attempt, struct error *error)
{
    progress_begin(&attempt->progress, "backtest", 1);
    return log_search_all(&attempt->settings, "events", take_record, attempt, error);
}

struct lines { /* of a file */
    struct json_reader *reader;
    struct arena arena;
    int64_t number;
};

/* The partition it had, or would have: a case's events stay together. */
static bool take_line(struct attempt *attempt, struct lines *lines, struct span line,
                      struct error *error)
{
    const struct json_value *value = NULL;
    size_t bad_at;
    lines->number++;
    if (line.len == 0)
        return true;
    arena_reset(&lines->arena);
    if (json_read(lines->reader, line, &lines->arena, &value, &bad_at) != REJECT_NONE ||
        !json_text(value, "type").at)
        return error_set(error, ERROR_REFUSED, 0, "%s line %lld is no event: JSON with \"type\"",
                         attempt->events, (long long)lines->number);
    if (!span_is(json_text(value, "type"), "cn.citybrain.tick.v1")) {
        backtest_take(attempt->backtest, murmur2_partition(json_text(value, "subject"), PARTITIONS),
                      line);
        return true;
    }
    for (int32_t p = 0; p < PARTITIONS; p++)
        backtest_take(attempt->backtest, p, line);
    return true;
}

static bool read_lines(struct attempt *attempt, struct input_file *file, struct error *error)
{
    struct lines lines = {.reader = json_reader_new()};
    bool last = false, good = true;
    arena_init(&lines.arena, 4 * LINE_BYTES);
    while (good) {
        struct span unread = input_file_peek(file, LINE_BYTES, &last, error);
        if (!unread.at || unread.len == 0)
            break;
        ptrdiff_t end = span_find(unread, '\n');
        struct span line = span_from(unread.at, end < 0 ? unread.len : (size_t)end);
        good = take_line(attempt, &lines, span_trim(line), error);
        input_file_take(file, line.len + (end < 0 ? 0 : 1));
        progress_show(&attempt->progress, input_file_offset(file), "");
    }
    arena_fini(&lines.arena);
    json_reader_free(lines.reader);
    return good && error->kind == ERROR_NONE;
}

static bool read_file(struct attempt *attempt, struct error *error)
{
    char hash[DIGEST_ID_LEN + 1];
    int64_t bytes;
    struct input_file *file = input_file_open(attempt->events, error);
    if (!file)
        return false;
    bool good = input_file_hash(file, hash, &bytes, error);
    progress_begin_bytes(&attempt->progress, "backtest", bytes);
    good = good && read_lines(attempt, file, error);
    input_file_close(file);
    return good;
}

/* ---- the verb ---- */

static int conclude(struct attempt *attempt, const struct backtest_report *report)
{
    snprintf(attempt->note, sizeof attempt->note, "%lld decisions compared, %lld different",
             (long long)report->compared, (long long)report->different);
    progress_end(&attempt->progress, attempt->note);
    if (report->missing)
        fprintf(stderr,
                "backtest: %lld more are due and not decided on the log (the router is "
                "behind, or its events are not among these)\n",
                (long long)report->missing);
    if (report->unasked)
        fprintf(stderr,
                "backtest: %lld more cannot be asked again: what they were decided from is "
                "no longer on the log\n",
                (long long)report->unasked);
    if (report->unreadable)
        fprintf(stderr, "backtest: %lld events could not be read by this configuration\n",
                (long long)report->unreadable);
    if (attempt->json) {
        struct strbuf text;
        strbuf_init(&text, 65536, 256 << 20);
        backtest_report_write(report, &text);
        fwrite(text.at, 1, text.len, stdout);
        strbuf_fini(&text);
    } else {
        backtest_report_show(report, stdout);
    }
    if (report->different)
        return VERB_FAILED;
    if (report->compared + report->missing + report->unasked > 0)
        return VERB_OK;
    fprintf(stderr, "citybrain backtest: no decision was compared; fix: another --from, --to or "
                    "--events\n");
    return VERB_UNAVAILABLE;
}

static int run_loaded(struct attempt *attempt)
{
    struct error error = {0};
    struct backtest_report report;
    backtest_report_init(&report, attempt->bundle.rule.hash, attempt->limit);
    attempt->backtest = backtest_new(&attempt->bundle.flow, &attempt->range, &report);
    bool good = attempt->events ? read_file(attempt, &error) : read_log(attempt, &error);
    backtest_finish(attempt->backtest);
    int status = good ? conclude(attempt, &report) : error_exit_status(&error);
    if (!good)
        fprintf(stderr, "citybrain backtest: %s%s\n", error.text, verb_broker_fix(&error));
    backtest_free(attempt->backtest);
    backtest_report_fini(&report);
    return status;
}

static void show_diagnostic(void *context, const char *line)
{
    fprintf(context, "%s\n", line);
}

static int run_attempt(struct attempt *attempt)
{
    struct diagnostics *diagnostics = diagnostics_new();
    bool loaded = bundle_load(&attempt->bundle, attempt->bundle_dir, diagnostics);
    diagnostics_each(diagnostics, show_diagnostic, stderr);
    int status = VERB_CONFIG;
    if (loaded)
        status = run_loaded(attempt);
    bundle_fini(&attempt->bundle);
    diagnostics_free(diagnostics);
    return status;
}

/* A day of the district, or a time. */
static bool read_moment(const char *text, int64_t *ms)
{
    return timestamp_parse_rfc3339(span_of(text), ms) ||
           timestamp_parse(span_of(text), "%Y-%m-%d", YAML_DATE_ZONE_MINUTES, ms);
}

static const char *first_of(const char *a, const char *b, const char *c)
{
    return a ? a : b ? b : c;
}

static const struct option options[] = {
    {"bundle", 1, 0, 'b'}, {"config", 1, 0, 'b'}, {"from", 1, 0, 'm'}, {"to", 1, 0, 'o'},
    {"events", 1, 0, 'e'}, {"limit", 1, 0, 'l'},  {"json", 0, 0, 'j'}, {"brokers", 1, 0, 'r'},
    {"prefix", 1, 0, 'p'}, {0, 0, 0, 0}};

static int run(int argc, char **argv)
{
    const char *brokers = NULL, *prefix = NULL;
    static struct attempt attempt;
    attempt = (struct attempt){.bundle_dir = verb_config_dir(),
                               .limit = 3,
                               .range = {.from_ms = INT64_MIN, .to_ms = INT64_MAX}};
    for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        bool good = true;
        switch (c) {
        case 'b': attempt.bundle_dir = optarg; break;
        case 'm': good = read_moment(optarg, &attempt.range.from_ms); break;
        case 'o': good = read_moment(optarg, &attempt.range.to_ms); break;
        case 'e': attempt.events = optarg; break;
        case 'l':
            if (!span_to_int64(span_of(optarg), &attempt.limit) || attempt.limit < 0)
                return verb_usage("backtest", "--limit \"%s\" is no number", optarg);
            break;
        case 'j': attempt.json = true; break;
        case 'r': brokers = optarg; break;
        case 'p': prefix = optarg; break;
        default: return verb_bad_option("backtest", argv);
        }
        if (!good)
            return verb_usage("backtest",
                              "\"%s\" is neither a day (2026-03-02) nor a time "
                              "(2026-03-02T18:00:00+08:00)",
                              optarg);
    }
    if (optind != argc)
        return verb_usage("backtest", "what is \"%s\"? a configuration is named by --bundle",
                          argv[optind]);
    attempt.range.no_ticks = attempt.events != NULL;
    attempt.settings = (struct kafka_settings){
        .brokers = first_of(brokers, getenv("CITYBRAIN_BROKERS"), "127.0.0.1:29092"),
        .prefix = first_of(prefix, getenv("CITYBRAIN_PREFIX"), "cb."),
        .group = "citybrain",
        .slot = 1,
    };
    return run_attempt(&attempt);
}

const struct verb verb_backtest = {
    "backtest",    "what other rules would have decided, over past events",
    backtest_help, run,
    options,       NULL};
