/* SPDX-License-Identifier: Apache-2.0 */
/* citybrain try: a file through the three cores in one process, as the daemons would take it:
 * framed and tried like at ingest's door, normalised, decided, counted. Nothing is kept and nobody
 * is told. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/base.h"
#include "base/digest.h"
#include "base/timestamp.h"
#include "base/utf8.h"
#include "citybrain/input_file.h"
#include "citybrain/progress.h"
#include "citybrain/try_report.h"
#include "citybrain/upload.h"
#include "citybrain/verb.h"

#define MOST_BYTES     (INT64_C(1) << 30)
#define PROGRESS_EVERY 512

static const char try_help[] =
    "usage: citybrain try FILE[.gz] --feed FEED [--backfill] [--clock TIME]\n"
    "                     [--events] [--rejects] [--decisions] [--json]\n"
    "                     [--view NAME] [--by COLUMNS | --total] [--from DATE] [--to DATE]\n\n"
    "What would come of this file? The cores of ingest, router and aggregator run in one process\n"
    "over it; no broker, no database, nothing is stored or sent. Prints how many records are\n"
    "accepted, why the others are not, what is decided, and every view as a table.\n\n"
    "  --backfill     as history: counted, nothing is dispatched (as `send --backfill`)\n"
    "  --clock TIME   when it arrives, RFC 3339 (default: now); orders overdue by then show it\n"
    "  --events       canonical events, one JSON object a line, the router's among them\n"
    "  --rejects      dead letters: {\"header\": …, \"value\": the item as it came}\n"
    "  --decisions    work orders as units would read them\n"
    "                 With one of these three stdout has those lines alone, the rest is on stderr\n"
    "  --json         the counts and views as one JSON object\n"
    "  --view NAME    this view only\n"
    "  --by COLUMNS   rows by these columns: groups of a view and its buckets, such as unit,day "
    "or\n"
    "                 street,month (default: --total); views without them are left out\n"
    "  --from, --to   civil days of the district, both included; of buckets their day\n"
    "  --charset NAME utf-8 or gb18030, where this file is not in its feed's\n"
    "  --config DIR   the configuration to try (default $CITYBRAIN_CONFIG or config)\n\n"
    "  citybrain try orders.csv.gz --feed hotline_csv --clock 2026-03-02T18:00:00+08:00 --by unit\n"
    "exit: 0 all accepted, 1 some rejected, 64 usage, 69 no such file, 78 configuration\n";

struct attempt {
    const char *path, *feed_name, *config_dir, *charset;
    bool backfill, events, rejects, decisions, json;
    int64_t now_ms;
    const struct feed *feed;
    const struct mapping *mapping;
    struct bundle bundle;
    struct try_report report;
    struct normalise trial;
    struct raw_item item;
    struct strbuf text;
};

static void show_diagnostic(void *context, const char *line)
{
    fprintf(context, "%s\n", line);
}

static void show_line(void *context, struct span json)
{
    (void)context;
    fwrite(json.at, 1, json.len, stdout);
    putchar('\n');
}

/* Bytes that are no text are written as hexadecimal digits: they may be what is wrong. */
static void show_dead(void *context, struct span header, struct span value)
{
    struct attempt *attempt = context;
    struct strbuf *text = &attempt->text;
    strbuf_reset(text);
    strbuf_add(text, SPAN("{\"header\":"));
    strbuf_add(text, header);
    if (utf8_is_valid(value)) {
        strbuf_add(text, SPAN(",\"value\":"));
        strbuf_add_json(text, value);
    } else {
        strbuf_add(text, SPAN(",\"value_hex\":\""));
        for (size_t i = 0; i < value.len; i++)
            strbuf_addf(text, "%02x", (unsigned char)value.at[i]);
        strbuf_add_char(text, '"');
    }
    strbuf_add_char(text, '}');
    show_line(NULL, strbuf_span(text));
}

/* A door's verdict must be the normaliser's: both are asked here. */
static bool take_item(struct attempt *attempt, struct carrier *carrier,
                      const struct raw_header *upload, const struct framing_item *framed,
                      struct error *error)
{
    struct raw_item *item = &attempt->item;
    raw_item_make(item, upload, attempt->feed, framed, &attempt->trial);
    if (item->why.reject != REJECT_NONE)
        try_report_add_reject(&attempt->report, item, framed->row);
    enum reject kept = carrier_take_raw(carrier, span_of(item->key), strbuf_span(&item->value),
                                        strbuf_span(&item->header), attempt->now_ms);
    return kept == item->why.reject ||
           error_set(error, ERROR_FATAL, 0, "row %lld: the door says %s, the normaliser %s",
                     (long long)framed->row, reject_name(item->why.reject), reject_name(kept));
}

static bool carry(struct attempt *attempt, struct carrier *carrier, struct span bytes,
                  const char *hash, struct error *error)
{
    struct upload upload;
    struct framing_item framed;
    struct progress progress;
    struct upload_form form = {attempt->path, attempt->charset, hash, attempt->now_ms};
    bool good = upload_begin(&upload, attempt->feed, &form, bytes, &attempt->trial);
    if (attempt->backfill)
        upload.header.replayof = SPAN("backfill");
    progress_begin_bytes(&progress, attempt->path, (int64_t)bytes.len);
    carrier_tick(carrier, attempt->now_ms);
    while (good && upload_next(&upload, &framed)) {
        good = take_item(attempt, carrier, &upload.header, &framed, error);
        if (framed.row % PROGRESS_EVERY == 0)
            progress_show(&progress, framed.byte_offset, "");
    }
    carrier_tick(carrier,
                 attempt->now_ms +
                     1); /* what is overdue by now, and what triggers make of all that came */
    progress_end(&progress, "read");
    return good && carrier_finish(carrier, error);
}

static void show_report(const struct attempt *attempt, const struct carrier *carrier)
{
    FILE *out = attempt->events || attempt->rejects || attempt->decisions ? stderr : stdout;
    if (attempt->json)
        try_report_show_json(&attempt->report, carrier, out);
    else
        try_report_show(&attempt->report, carrier, out);
}

static int try_bytes(struct attempt *attempt, struct span bytes, const char *hash,
                     struct error *error)
{
    struct carrier_watch watch = {.context = attempt,
                                  .event = attempt->events ? show_line : NULL,
                                  .dead = attempt->rejects ? show_dead : NULL,
                                  .order = attempt->decisions ? show_line : NULL};
    struct carrier *carrier = carrier_new(&attempt->bundle, &watch);
    normalise_init(&attempt->trial, attempt->bundle.feeds, attempt->bundle.kinds);
    raw_item_init(&attempt->item, 2 * bytes.len + 1);
    strbuf_init(&attempt->text, 4096, 4 * bytes.len + 4096);
    bool good = carry(attempt, carrier, bytes, hash, error);
    bool all = carrier_counts(carrier).rejected == 0;
    if (good)
        show_report(attempt, carrier);
    strbuf_fini(&attempt->text);
    raw_item_fini(&attempt->item);
    normalise_fini(&attempt->trial);
    carrier_free(carrier);
    return !good ? error_exit_status(error) : all ? VERB_OK : VERB_FAILED;
}

static int try_file(struct attempt *attempt, struct error *error)
{
    char hash[DIGEST_ID_LEN + 1];
    int64_t size;
    bool last;
    struct span bytes = SPAN_NONE;
    struct input_file *file = input_file_open(attempt->path, error);
    if (!file)
        return error_exit_status(error);
    if (input_file_hash(file, hash, &size, error) &&
        (size <= MOST_BYTES ||
         error_set(error, ERROR_REFUSED, 0, "%s: more than 1 GiB: try a part", attempt->path)))
        bytes = input_file_peek(file, (size_t)size, &last, error);
    int status = bytes.at ? try_bytes(attempt, bytes, hash, error) : error_exit_status(error);
    input_file_close(file);
    return status;
}

/* The feed, its mapping in force at that time, and the columns asked for. */
static bool find_feed(struct attempt *attempt, struct error *error)
{
    attempt->feed = bundle_feed(&attempt->bundle, attempt->feed_name, attempt->now_ms, error);
    if (!attempt->feed)
        return false;
    attempt->mapping = feed_mapping_at(attempt->feed, attempt->now_ms);
    attempt->report.feed = attempt->feed->id;
    attempt->report.version = attempt->mapping->version;
    return try_report_check(&attempt->report, error);
}

static int try_all(struct attempt *attempt)
{
    struct error error = {0};
    struct diagnostics *diagnostics = diagnostics_new();
    int status = VERB_CONFIG;
    attempt->report.bundle = &attempt->bundle;
    attempt->report.range.now_ms = attempt->now_ms + 1; /* as the last tick */
    bool loaded = bundle_load(&attempt->bundle, attempt->config_dir, diagnostics);
    diagnostics_each(diagnostics, show_diagnostic, stderr);
    if (loaded && find_feed(attempt, &error))
        status = try_file(attempt, &error);
    if (error.kind != ERROR_NONE)
        fprintf(stderr, "citybrain try: %s\n", error.text);
    bundle_fini(&attempt->bundle);
    diagnostics_free(diagnostics);
    return status;
}

static int64_t host_now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static bool read_day(const char *text, int64_t *day)
{
    int64_t ms;
    if (!timestamp_parse(span_of(text), "%Y-%m-%d", 0, &ms))
        return false;
    *day = timestamp_day(ms, 0);
    return true;
}

static const struct option options[] = {
    {"feed", 1, 0, 'f'},    {"backfill", 0, 0, 'b'},  {"clock", 1, 0, 'k'}, {"events", 0, 0, 'e'},
    {"rejects", 0, 0, 'r'}, {"decisions", 0, 0, 'd'}, {"json", 0, 0, 'j'},  {"view", 1, 0, 'v'},
    {"by", 1, 0, 'y'},      {"total", 0, 0, 't'},     {"from", 1, 0, 'm'},  {"to", 1, 0, 'o'},
    {"charset", 1, 0, 's'}, {"config", 1, 0, 'c'},    {0, 0, 0, 0}};

static int run(int argc, char **argv)
{
    struct attempt attempt = {
        .config_dir = verb_config_dir(),
        .now_ms = host_now_ms(),
        .report = {.by = "", .range = {INT64_MIN, INT64_MAX, 0}},
    };
    for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        bool good = true;
        switch (c) {
        case 'f': attempt.feed_name = optarg; break;
        case 'b': attempt.backfill = true; break;
        case 'k': good = timestamp_parse_rfc3339(span_of(optarg), &attempt.now_ms); break;
        case 'e': attempt.events = true; break;
        case 'r': attempt.rejects = true; break;
        case 'd': attempt.decisions = true; break;
        case 'j': attempt.json = true; break;
        case 'v': attempt.report.view = optarg; break;
        case 'y': attempt.report.by = optarg; break;
        case 't': attempt.report.by = ""; break;
        case 'm': good = read_day(optarg, &attempt.report.range.from_day); break;
        case 'o': good = read_day(optarg, &attempt.report.range.to_day); break;
        case 's': attempt.charset = optarg; break;
        case 'c': attempt.config_dir = optarg; break;
        default: return verb_bad_option("try", argv);
        }
        if (!good)
            return verb_usage("try", "\"%s\" is no %s", optarg,
                              c == 'k' ? "time such as 2026-03-02T18:00:00+08:00"
                                       : "date such as 2026-03-02");
    }
    enum charset charset;
    if (attempt.charset && !charset_parse(span_of(attempt.charset), &charset))
        return verb_usage("try", "\"%s\" is no charset: utf-8 or gb18030", attempt.charset);
    if (optind + 1 != argc || !attempt.feed_name)
        return verb_usage("try", "one FILE and --feed FEED are needed");
    attempt.path = argv[optind];
    return try_all(&attempt);
}

const struct verb verb_try = {
    "try", "what would come of a file, without broker or database", try_help, run, options, NULL};
