/* SPDX-License-Identifier: Apache-2.0 */
/* citybrain send: a file of any size to ingest's door in parts, with progress and a verdict per
 * rejected row; or a timeline (one line an item: when, to which door, what) as `citybrain gen`
 * writes it. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/charset.h"
#include "base/csv.h"
#include "base/memory.h"
#include "base/timestamp.h"
#include "base/utf8.h"
#include "citybrain/door.h"
#include "citybrain/input_file.h"
#include "citybrain/progress.h"
#include "citybrain/timeline.h"
#include "citybrain/verb.h"

#define PART_ROWS  2000
#define PART_BYTES (2 << 20)

struct send {
    const char *feed, *path, *content_type;
    char separator; /* of CSV */
    struct csv_form csv;
    struct door door;
};

static const char send_help[] =
    "usage: citybrain send --feed FEED FILE[.gz]        a file, in parts\n"
    "       citybrain send --timeline FILE              a day: items for many doors, in order of "
    "time\n\n"
    "  --backfill            history: changes state and views, dispatches and notifies nobody\n"
    "  --url URL             ingest's door (default $CITYBRAIN_URL or http://127.0.0.1:29300)\n"
    "  --key FILE            signs each request with this key (citybrain key --help); the way for "
    "all but\n"
    "                        a demo\n"
    "  --tokens FILE         where the feed's credential stands (default tokens.csv of\n"
    "                        $CITYBRAIN_CONFIG or config); $CITYBRAIN_TOKEN wins\n"
    "  --wait DURATION       how long a door that does not answer, or is busy, is waited for "
    "(default 10m;\n"
    "                        0s: one attempt)\n"
    "  --type TYPE           content type, if the name does not tell (text/csv, "
    "application/x-ndjson)\n"
    "  --separator CHARACTER of a CSV file: , (default) ; | or tab, as the feed's mapping says\n"
    "  --step DURATION       timeline: items of one step share requests (default 30m)\n"
    "  --clock URL[,URL…]    timeline on `clock: manual`: admin addresses of all ingest "
    "processes;\n"
    "                        time is moved to each step's end, then its items are sent. Whatever "
    "is\n"
    "                        away meanwhile is waited for\n"
    "  --acknowledged FILE   append one fsynced line a part after its 2xx: path, upload, first "
    "row,\n"
    "                        bytes, and which rows (a timeline's lines), as 1-3,7\n\n"
    "Each rejected row is one JSON line on stdout: row, the record's own number, reason,\n"
    "pointer, byte offset, and a sentence in Chinese and in English.\n"
    "Sending again is safe: the same content is the same event.\n"
    "exit: 0 all accepted, 1 some rejected, 64 usage, 69 no door or refused\n";

static bool is_csv(const struct send *send)
{
    return strcmp(send->content_type, "text/csv") == 0;
}

/* As the door frames them: a quoted line end is a cell's in CSV and nowhere else. 0 = none is
 * whole. */
static size_t cut_row(const struct send *send, struct span unread, bool last, struct span *row)
{
    if (is_csv(send))
        return csv_frame_by(unread, send->csv, last, row);
    ptrdiff_t end = span_find(unread, '\n');
    *row = span_from(unread.at, end < 0 ? unread.len : (size_t)end);
    return end >= 0 ? (size_t)end + 1 : last ? unread.len : 0;
}

/* Blank lines have no number: they are no items at the door. */
static bool is_item(const struct send *send, struct span row)
{
    return is_csv(send) ? !csv_is_empty(row, send->separator) : span_trim(row).len > 0;
}

/* Cuts whole rows off the unread part of the file: at most PART_ROWS and about PART_BYTES. Blank
 * lines go with them. */
static size_t cut_rows(const struct send *send, struct span unread, bool last, size_t *rows)
{
    size_t used = 0;
    for (*rows = 0; *rows < PART_ROWS && used < PART_BYTES;) {
        struct span row;
        size_t n = cut_row(send, span_from(unread.at + used, unread.len - used), last, &row);
        if (n == 0)
            break;
        used += n;
        *rows += is_item(send, row);
    }
    return used;
}

/* The separator may be told in a line of its own. */
static bool is_header(const struct send *send, struct span row)
{
    bool tells = row.len == 5 && span_starts(row, SPAN("sep=")) && row.at[4] == send->separator;
    return is_item(send, row) && !tells;
}

/* The first line with something in it, those before it too. In GB18030 a '|' may be half of a
 * character: then the first bytes are no UTF-8. */
static size_t cut_header(struct send *send, struct span unread, bool last, struct strbuf *header)
{
    struct span row;
    size_t mark = charset_mark_length(unread);
    send->csv = (struct csv_form){send->separator,
                                  send->separator == '|' &&
                                      utf8_valid_prefix(unread) + CHARSET_MARK_MAX < unread.len};
    size_t n = cut_row(send, span_from(unread.at + mark, unread.len - mark), last, &row);
    if (n > 0 && is_header(send, row))
        strbuf_add(header, span_from(unread.at, mark + n));
    return n > 0 ? mark + n : 0;
}

static bool send_part(struct send *send, struct strbuf *part, struct span header, struct span rows,
                      const char *hash, int64_t row, int64_t count, int64_t offset,
                      struct error *error)
{
    char path[160], numbers[48];
    snprintf(path, sizeof path, "/v1/feeds/%s", send->feed);
    snprintf(numbers, sizeof numbers, "%lld-%lld", (long long)row, (long long)(row + count - 1));
    strbuf_reset(part);
    strbuf_add(part, header);
    strbuf_add(part, rows);
    return door_post(&send->door,
                     &(struct door_part){path, send->feed, send->content_type, strbuf_span(part),
                                         hash, row, offset, numbers},
                     error);
}

static bool send_rows(struct send *send, struct input_file *file, const char *hash, int64_t bytes,
                      struct error *error)
{
    struct progress progress;
    struct strbuf part, header;
    bool last = false, good = true;
    int64_t row = 1;
    strbuf_init(&part, 1 << 20, 16 << 20);
    strbuf_init(&header, 256, 1 << 20);
    progress_begin_bytes(&progress, send->feed, bytes);
    while (good) {
        struct span unread = input_file_peek(file, PART_BYTES + (1 << 20), &last, error);
        if (!unread.at || unread.len == 0)
            break;
        size_t rows = 0, used;
        if (is_csv(send) && header.len == 0)
            used = cut_header(send, unread, last, &header);
        else
            used = cut_rows(send, unread, last, &rows);
        if (used == 0)
            good = error_set(error, ERROR_REFUSED, 0, "%s: row %lld is longer than %d bytes",
                             send->path, (long long)row, PART_BYTES);
        else if (rows > 0)
            good = send_part(send, &part, strbuf_span(&header), span_from(unread.at, used), hash,
                             row, (int64_t)rows, input_file_offset(file), error);
        if (!good || send->door.stopped)
            break;
        input_file_take(file, used);
        row += (int64_t)rows;
        progress_show(&progress, input_file_offset(file), "");
    }
    char note[96];
    snprintf(note, sizeof note, "%lld accepted, %lld rejected", (long long)send->door.accepted,
             (long long)send->door.rejected);
    progress_end(&progress, note);
    if (send->door.stopped)
        fprintf(stderr, "citybrain send: the header is not the feed's, so no row was taken\n");
    strbuf_fini(&part);
    strbuf_fini(&header);
    return good && error->kind == ERROR_NONE;
}

static bool send_file(struct send *send, struct error *error)
{
    char hash[DIGEST_ID_LEN + 1];
    int64_t bytes;
    struct input_file *file = input_file_open(send->path, error);
    if (!file)
        return false;
    bool good =
        input_file_hash(file, hash, &bytes, error) && send_rows(send, file, hash, bytes, error);
    input_file_close(file);
    return good;
}

static const char *type_of_name(const char *path)
{
    struct span name = span_of(path);
    if (span_ends(name, SPAN(".gz")))
        name.len -= 3;
    return span_ends(name, SPAN(".csv")) ? "text/csv" : "application/x-ndjson";
}

struct wish { /* what the command line asks for */
    struct send send;
    struct timeline timeline;
    struct manual_clock clock;
    int64_t patience_ms;
    const char *url, *key, *tokens, *acknowledged;
    char own_tokens[512]; /* the configuration's */
    bool is_timeline, backfill;
};

static int read_option(struct wish *wish, int c, char **argv)
{
    switch (c) {
    case 'f': wish->send.feed = optarg; return VERB_OK;
    case 'b': wish->backfill = true; return VERB_OK;
    case 'u': wish->url = optarg; return VERB_OK;
    case 'k': wish->key = optarg; return VERB_OK;
    case 't': wish->tokens = optarg; return VERB_OK;
    case 'y': wish->send.content_type = optarg; return VERB_OK;
    case 'l': wish->is_timeline = true; return VERB_OK;
    case 'a': wish->acknowledged = optarg; return VERB_OK;
    case 'p':
        wish->send.separator = strcmp(optarg, "tab") == 0 ? '\t' : optarg[0];
        return strcmp(optarg, "tab") == 0 || (strlen(optarg) == 1 && strchr(",;|\t", optarg[0]))
                   ? VERB_OK
                   : verb_usage("send", "--separator is one of , ; | and tab");
    case 'c':
        if (!manual_clock_add(&wish->clock, optarg))
            return verb_usage("send", "--clock \"%s\": at most %d addresses", optarg,
                              MANUAL_CLOCK_MOST);
        return VERB_OK;
    case 'w':
        if (!timestamp_parse_duration(span_of(optarg), &wish->patience_ms))
            return verb_usage("send", "--wait \"%s\" is no duration as 30s, 10m or 0s", optarg);
        return VERB_OK;
    case 's':
        if (!timestamp_parse_duration(span_of(optarg), &wish->timeline.step_ms) ||
            wish->timeline.step_ms < 1000)
            return verb_usage("send", "--step \"%s\" is not a duration of 1s or more", optarg);
        return VERB_OK;
    default: return verb_bad_option("send", argv);
    }
}

static int send_all(struct wish *wish)
{
    struct send *send = &wish->send;
    struct key_file key;
    struct error error = {0};
    if (wish->key && !key_file_read(&key, wish->key, &error)) {
        fprintf(stderr, "citybrain send: %s\n", error.text);
        return error_exit_status(&error);
    }
    door_init(&send->door, wish->url ? wish->url : "http://127.0.0.1:29300", wish->tokens);
    if (wish->patience_ms >= 0)
        send->door.patience_ms = wish->patience_ms;
    send->door.key = wish->key ? &key : NULL;
    send->door.replay = wish->backfill ? "backfill" : NULL;
    send->door.acknowledged = wish->acknowledged ? fopen(wish->acknowledged, "a") : NULL;
    bool good = true;
    if (wish->acknowledged && !send->door.acknowledged)
        good = error_set(&error, ERROR_REFUSED, 0, "%s cannot be written: %m", wish->acknowledged);
    good =
        good && (wish->is_timeline ? timeline_send(&wish->timeline, &send->door, send->path, &error)
                                   : send_file(send, &error));
    int64_t rejected = send->door.rejected;
    manual_clock_fini(&wish->clock);
    door_fini(&send->door);
    if (!good) {
        fprintf(stderr, "citybrain send: %s\n", error.text);
        return error_exit_status(&error);
    }
    return rejected ? VERB_FAILED : VERB_OK;
}

static const struct option options[] = {
    {"feed", 1, 0, 'f'},   {"backfill", 0, 0, 'b'}, {"url", 1, 0, 'u'},
    {"tokens", 1, 0, 't'}, {"type", 1, 0, 'y'},     {"timeline", 0, 0, 'l'},
    {"step", 1, 0, 's'},   {"clock", 1, 0, 'c'},    {"acknowledged", 1, 0, 'a'},
    {"key", 1, 0, 'k'},    {"wait", 1, 0, 'w'},     {"separator", 1, 0, 'p'},
    {0, 0, 0, 0}};

static int run(int argc, char **argv)
{
    struct wish wish = {.patience_ms = -1,
                        .send.separator = ',',
                        .timeline.step_ms = 30 * INT64_C(60000),
                        .url = getenv("CITYBRAIN_URL"),
                        .tokens = wish.own_tokens};
    int status = VERB_OK;
    snprintf(wish.own_tokens, sizeof wish.own_tokens, "%s/tokens.csv", verb_config_dir());
    for (int c; status == VERB_OK && (c = getopt_long(argc, argv, "", options, NULL)) != -1;)
        status = read_option(&wish, c, argv);
    if (status != VERB_OK)
        return status;
    if (optind + 1 != argc || (!wish.is_timeline && !wish.send.feed))
        return verb_usage("send", "one FILE and --feed FEED (or --timeline) are needed");
    wish.timeline.clock = &wish.clock;
    wish.send.path = argv[optind];
    if (!wish.send.content_type)
        wish.send.content_type = type_of_name(wish.send.path);
    return send_all(&wish);
}

const struct verb verb_send = {
    "send", "a file, or a generated day, to ingest's HTTP door", send_help, run, options, NULL};
