/* SPDX-License-Identifier: Apache-2.0 */
/* Each item is made into its raw record as at a door, and that record is normalised as from `raw`,
 * so ids, verdicts and places are the daemon's. The whole input's hash is part of an identity: what
 * cannot be read twice goes through a nameless file first. */
#include "ingest/feed_stdin.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "base/base.h"
#include "base/memory.h"
#include "base/timestamp.h"
#include "daemon/daemon.h"
#include "ingest/core/raw_item.h"
#include "ingest/core/verdict.h"
#include "ingest/drop_file.h"
#include "ingest/ingest_config.h"

#define PIECE_BYTES (256 << 10)

static const char help[] =
    "usage: citybrain-ingest --stdin --feed FEED [--charset CHARSET] [--form FORM]\n"
    "                        [--clock TIME] [--config FILE] [--set section.key=value]... < FILE\n\n"
    "What would become of these bytes? Prints, one JSON object a line, the canonical events and,\n"
    "as {\"reject\": …} with row, record, column, byte offset, reason and a sentence in Chinese "
    "and\n"
    "English, what is not taken. Ids and verdicts are those of the HTTP door and of a drop\n"
    "directory. No broker is needed, nothing is stored. Memory is bounded whatever the size; a "
    "pipe\n"
    "is kept in a nameless file in $TMPDIR, because its hash is needed before its first record.\n\n"
    "  --feed FEED        a feed of the configuration (config/feeds)\n"
    "  --charset CHARSET  utf-8 | gb18030 (gbk, gb2312); default: the feed's\n"
    "  --form FORM        lines | array: how JSON records stand; default: the feed's\n"
    "  --clock TIME       when it is received, RFC 3339; default: now\n"
    "  -c, --config FILE  settings (default config/ingest.yaml)\n"
    "      --set KEY=VALUE   as for the daemon: --set bundle.config_dir=DIR\n\n"
    "  citybrain-ingest --stdin --feed hotline_csv <orders.csv | jq -c .reject//empty\n\n"
    "Exit: 0 all accepted, 1 some rejected, 64 wrong command line, 65 nothing of it can be taken\n"
    "  (reason on stderr), 74 input or output failed, 78 configuration\n";

struct printer {
    struct ingest_config config;
    struct drop_file file;
    struct item_reader reader;
    struct normalise trial, normalise;
    struct raw_item item;
    struct strbuf text;
    const char *feed, *charset, *form;
    int64_t now_ms;
    int64_t accepted, rejected, events;
};

bool feed_stdin_is_asked(int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], "--stdin") == 0)
            return true;
    return false;
}

static int usage(const char *cause, const char *word)
{
    fprintf(stderr, "citybrain-ingest --stdin: %s%s; see citybrain-ingest --stdin --help\n", cause,
            word);
    return EX_USAGE;
}

static int64_t host_now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Ours are taken out; the rest is the daemon's to read. Returns -1 to go on. */
static int read_words(struct printer *printer, int argc, char **argv, char **rest, int *count)
{
    static const struct {
        const char *name;
        size_t member;
    } words[] = {{"--feed", offsetof(struct printer, feed)},
                 {"--charset", offsetof(struct printer, charset)},
                 {"--form", offsetof(struct printer, form)}};
    for (int i = 1; i < argc; i++) {
        const char **target = NULL, *word = argv[i], *clock = NULL;
        for (size_t w = 0; w < ARRAY_LENGTH(words); w++)
            if (strcmp(word, words[w].name) == 0)
                target = (const char **)((char *)printer + words[w].member);
        if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0) {
            fputs(help, stdout);
            return EX_OK;
        }
        if (strcmp(word, "--clock") == 0)
            target = &clock;
        if (target == NULL) {
            if (strcmp(word, "--stdin") != 0)
                rest[(*count)++] = argv[i];
            continue;
        }
        if (++i == argc)
            return usage("a value is missing behind ", word);
        *target = argv[i];
        if (clock && !timestamp_parse_rfc3339(span_of(clock), &printer->now_ms))
            return usage("no time such as 2026-03-02T18:00:00+08:00: ", clock);
    }
    return printer->feed ? -1 : usage("--feed FEED is needed", "");
}

/* The terms of the whole input: by the options, else by the feed. Returns -1 to go on. */
static int read_terms(struct printer *printer)
{
    struct drop_file *file = &printer->file;
    file->feed = feeds_find(printer->config.feeds, span_of(printer->feed));
    file->mapping = file->feed ? feed_mapping_at(file->feed, printer->now_ms) : NULL;
    if (!file->mapping || !file->mapping->namespace_) {
        fprintf(stderr,
                "citybrain-ingest --stdin: %s: no feed with a mapping in force; fix: one of "
                "%s/feeds\n",
                printer->feed, printer->config.config_dir);
        return EX_CONFIG;
    }
    file->received_ms = printer->now_ms;
    file_terms_read(&file->terms, SPAN("stdin"), file->mapping);
    if (printer->charset && !charset_parse(span_of(printer->charset), &file->terms.charset))
        return usage("utf-8 or gb18030, not ", printer->charset);
    if (!printer->form)
        return -1;
    if (file->terms.form == FRAMING_CSV)
        return usage("--form is for JSON; this feed is CSV", "");
    if (strcmp(printer->form, "array") == 0)
        file->terms.form = FRAMING_ARRAY;
    else if (strcmp(printer->form, "lines") == 0)
        file->terms.form = FRAMING_LINES;
    else
        return usage("lines or array, not ", printer->form);
    return -1;
}

static bool spool(int to)
{
    char piece[65536];
    for (ssize_t got; (got = read(STDIN_FILENO, piece, sizeof piece)) != 0;) {
        if (got < 0 && errno == EINTR)
            continue;
        for (ssize_t put, done = 0; got > 0 && done < got; done += put)
            if ((put = write(to, piece + done, (size_t)(got - done))) < 0)
                return false;
        if (got < 0)
            return false;
    }
    return true;
}

static bool open_input(struct printer *printer)
{
    const char *folder = getenv("TMPDIR");
    char path[512];
    printer->file.fd = STDIN_FILENO;
    if (lseek(STDIN_FILENO, 0, SEEK_SET) == 0)
        return true;
    snprintf(path, sizeof path, "%s/citybrain-stdin-XXXXXX", folder ? folder : "/tmp");
    printer->file.fd = mkstemp(path);
    if (printer->file.fd < 0)
        return false;
    unlink(path);
    return spool(printer->file.fd);
}

static void print_line(struct span json)
{
    fwrite(json.at, 1, json.len, stdout);
    putchar('\n');
}

static void add_output(void *context, const struct output *output)
{
    struct printer *printer = context;
    if (output->stream == NORMALISE_DEAD || output->stream == NORMALISE_RECEIPTS)
        return; /* a dead letter: told as the sender is told */
    printer->events++;
    print_line(output->value);
}

static void print_reject(struct printer *printer, const struct framing_item *framed)
{
    struct strbuf *text = &printer->text;
    strbuf_reset(text);
    strbuf_add(text, SPAN("{\"reject\":"));
    verdict_write(text, &(struct verdict){.row = framed->row,
                                          .offset = printer->item.offset,
                                          .record = printer->item.record,
                                          .why = &printer->item.why});
    strbuf_add_char(text, '}');
    print_line(strbuf_span(text));
}

static void take_item(struct printer *printer, const struct raw_header *header,
                      const struct framing_item *framed)
{
    struct raw_item *item = &printer->item;
    struct outputs outputs = {add_output, printer};
    struct normalise_result result;
    raw_item_make(item, header, printer->file.feed, framed, &printer->trial);
    if (item->why.reject != REJECT_NONE) {
        printer->rejected++;
        print_reject(printer, framed);
        return;
    }
    printer->accepted++;
    struct record record = {.key = span_of(item->key),
                            .timestamp_ms = header->received_ms,
                            .value = strbuf_span(&item->value),
                            .headers = {{SPAN("cb"), strbuf_span(&item->header)}},
                            .header_count = 1};
    normalise_record(&printer->normalise, &record, &outputs, &result);
}

/* A header that is not the declared one stops the file, as at every door. */
static bool is_drifted(struct printer *printer, const struct raw_header *header)
{
    struct span line = printer->reader.framing.header;
    struct reject_place why = {0};
    if (!line.at)
        return false;
    arena_reset(&printer->trial.arena);
    normalise_header(&printer->trial, header, line, &why);
    if (why.reject == REJECT_NONE)
        return false;
    printer->file.fault_place = why;
    return drop_file_refuse(&printer->file, DROP_FAULT_HEADER, 0, 0);
}

static void take_all(struct printer *printer)
{
    struct drop_file *file = &printer->file;
    struct raw_header header = drop_file_header(file);
    struct framing_item framed = {0};
    bool checked = false;
    while (file->fault == DROP_FAULT_NONE) {
        enum item_reader_step step = item_reader_next(&printer->reader, &framed);
        if (step == ITEM_READER_FEED) {
            drop_file_feed(file, &printer->reader);
            continue;
        }
        if (!checked && is_drifted(printer, &header))
            return;
        checked = true;
        if (step == ITEM_READER_END)
            return;
        if (step == ITEM_READER_LONG)
            drop_file_refuse(file, DROP_FAULT_CHANGED, framed.row, framed.byte_offset);
        else
            take_item(printer, &header, &framed);
    }
}

static int say_fault(const struct printer *printer)
{
    const struct drop_file *file = &printer->file;
    fprintf(stderr, "citybrain-ingest --stdin: %s / %s (%s)", drop_fault_chinese(file->fault),
            drop_fault_english(file->fault), drop_fault_name(file->fault));
    char where[REJECT_SENTENCE];
    struct span zh = reject_say_where(where, LANGUAGE_CHINESE, &file->fault_place);
    if (zh.len > 0) {
        fprintf(stderr, ": %.*s", SPAN_ARG(zh));
        zh = reject_say_where(where, LANGUAGE_ENGLISH, &file->fault_place);
        fprintf(stderr, " / %.*s", SPAN_ARG(zh));
    }
    if (file->fault_row > 0)
        fprintf(stderr, ": row %lld, byte %lld", (long long)file->fault_row,
                (long long)file->fault_offset);
    fputc('\n', stderr);
    return file->fault == DROP_FAULT_UNREADABLE ? EX_IOERR : EX_DATAERR;
}

static int print_all(struct printer *printer)
{
    struct drop_file *file = &printer->file;
    item_reader_init(&printer->reader, file->terms.form, PIECE_BYTES, NORMALISE_VALUE_MAX);
    printer->reader.csv = decode_csv_form(file->mapping, file->terms.charset);
    drop_file_rewind(file, &printer->reader);
    while (file->fault == DROP_FAULT_NONE && !drop_file_survey(file, &printer->reader))
        ;
    if (file->fault == DROP_FAULT_NONE)
        drop_file_rewind(file, &printer->reader);
    if (file->fault == DROP_FAULT_NONE)
        take_all(printer);
    bool written = fflush(stdout) == 0 && !ferror(stdout);
    item_reader_fini(&printer->reader);
    drop_file_close(file);
    if (file->fault != DROP_FAULT_NONE)
        return say_fault(printer);
    if (!written) {
        fprintf(stderr, "citybrain-ingest --stdin: output: %s\n", strerror(errno));
        return EX_IOERR;
    }
    long long accepted = printer->accepted, rejected = printer->rejected, events = printer->events;
    fprintf(stderr, "%lld records: %lld accepted (%lld events), %lld rejected\n",
            accepted + rejected, accepted, events, rejected);
    return printer->rejected > 0 ? 1 : EX_OK;
}

static int run(struct printer *printer)
{
    int status = read_terms(printer);
    if (status >= 0)
        return status;
    if (!open_input(printer)) {
        fprintf(stderr, "citybrain-ingest --stdin: input: %s\n", strerror(errno));
        return EX_IOERR;
    }
    normalise_init(&printer->trial, printer->config.feeds, printer->config.kinds);
    normalise_init(&printer->normalise, printer->config.feeds, printer->config.kinds);
    raw_item_init(&printer->item, NORMALISE_VALUE_MAX + 4096);
    strbuf_init(&printer->text, 1024, 65536);
    status = print_all(printer);
    strbuf_fini(&printer->text);
    raw_item_fini(&printer->item);
    normalise_fini(&printer->normalise);
    normalise_fini(&printer->trial);
    return status;
}

int feed_stdin_run(int argc, char **argv)
{
    static struct printer printer;
    static struct options options;
    struct error error = {0};
    /* Keys and tokens are not needed, and pseudonyms are made as `citybrain try` makes them. */
    static char set[] = "--set", role[] = "ingest.role=doors",
                keys[] = "ingest.keys=", tokens[] = "ingest.insecure_bearer=false";
    static char *const before[] = {set, role, set, keys, set, tokens};
    char **rest = xcalloc((size_t)argc + ARRAY_LENGTH(before), sizeof *rest);
    int count = 1 + (int)ARRAY_LENGTH(before);
    rest[0] = argv[0];
    memcpy(rest + 1, before, sizeof before);
    printer.now_ms = host_now_ms();
    int status = read_words(&printer, argc, argv, rest, &count);
    if (status < 0 &&
        (!options_read(&options, count, rest, "ingest", "config/ingest.yaml", &error) ||
         !ingest_config_load(&printer.config, &options, &error)))
        status = daemon_refuse(&error);
    if (status < 0) {
        status = run(&printer);
        ingest_config_fini(&printer.config);
    }
    free(rest);
    return status;
}
