/* SPDX-License-Identifier: Apache-2.0 */
/* A log line is built in 2 KiB of stack and leaves by one write(2), so lines of several threads and
 * processes on one pipe do not mix and nothing is allocated. Whatever the fields hold, the line is
 * one valid JSON object: controls are escaped, bytes that are not UTF-8 become U+FFFD, and what
 * does not fit is cut between characters and marked "cut":true.
 *
 * info and warn are limited to 20 lines a second for each event name; the first line after that
 * carries how many were left out. error, debug and audit are never limited. The limiter's table is
 * the only shared state; it is locked because workers and library threads log too. Where the line
 * goes after stderr is the supervisor's. */
#include "daemon/log.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "daemon/settings.h"

enum {
    LINE_SIZE = 2048,
    LINE_TAIL = 48, /* kept free for the closing: suppressed, cut, brace, newline */
    LINES_PER_SECOND = 20,
    MAX_EVENTS = 256, /* distinct event names that are limited; more are let through */
};

struct line {
    char at[LINE_SIZE];
    size_t len;
    bool cut;
};

struct limit {
    const char *event; /* borrowed: events are constants */
    int64_t second;
    int lines;
    int64_t suppressed;
};

const char *const daemon_log_levels[] = {"debug", "info", "warn", "error", NULL};

static const char *log_service = "citybrain";
static enum log_level log_least = LOG_LEVEL_INFO;
static pthread_mutex_t limits_lock = PTHREAD_MUTEX_INITIALIZER;
static struct limit limits[MAX_EVENTS];

static bool line_add(struct line *line, const char *text, size_t len)
{
    if (line->len + len > LINE_SIZE - LINE_TAIL) {
        line->cut = true;
        return false;
    }
    memcpy(line->at + line->len, text, len);
    line->len += len;
    return true;
}

/* Length of the UTF-8 character at `at`, or 0 when the bytes are none. */
static size_t character_length(const unsigned char *at, size_t len)
{
    size_t need = at[0] < 0x80                     ? 1
                  : at[0] >= 0xc2 && at[0] <= 0xdf ? 2
                  : at[0] >= 0xe0 && at[0] <= 0xef ? 3
                  : at[0] >= 0xf0 && at[0] <= 0xf4 ? 4
                                                   : 0;
    if (need == 0 || need > len)
        return 0;
    for (size_t i = 1; i < need; i++)
        if ((at[i] & 0xc0) != 0x80)
            return 0;
    if ((at[0] == 0xe0 && at[1] < 0xa0) || (at[0] == 0xed && at[1] > 0x9f) ||
        (at[0] == 0xf0 && at[1] < 0x90) || (at[0] == 0xf4 && at[1] > 0x8f))
        return 0;
    return need;
}

static bool line_add_character(struct line *line, const char *at, size_t length)
{
    unsigned char byte = (unsigned char)*at;
    char escaped[8];

    if (length == 0)
        return line_add(line, "\xef\xbf\xbd", 3);
    if (byte == '"' || byte == '\\') {
        escaped[0] = '\\';
        escaped[1] = (char)byte;
        return line_add(line, escaped, 2);
    }
    if (byte < 0x20 || byte == 0x7f) {
        snprintf(escaped, sizeof(escaped), "\\u%04x", byte);
        return line_add(line, escaped, 6);
    }
    return line_add(line, at, length);
}

/* The opening quote was written; the closing one always fits, LINE_TAIL holds room for it. */
static void line_add_text(struct line *line, struct span text)
{
    size_t i = 0;

    while (i < text.len) {
        size_t length = character_length((const unsigned char *)text.at + i, text.len - i);
        if (!line_add_character(line, text.at + i, length))
            break;
        i += length ? length : 1;
    }
    line->at[line->len++] = '"';
}

static void line_add_field(struct line *line, const struct log_field *field)
{
    char head[96], number[24];
    struct span text = field->type == LOG_FIELD_SPAN ? field->span : span_of(field->text);
    bool is_text = field->type == LOG_FIELD_TEXT || field->type == LOG_FIELD_SPAN;
    bool quoted = is_text && text.at;
    int head_len = snprintf(head, sizeof(head), ",\"%.80s\":%s", field->name, quoted ? "\"" : "");

    if (quoted) {
        if (line_add(line, head, (size_t)head_len))
            line_add_text(line, text);
        return;
    }
    if (is_text)
        snprintf(number, sizeof(number), "null");
    else if (field->type == LOG_FIELD_BOOL)
        snprintf(number, sizeof(number), "%s", field->number ? "true" : "false");
    else
        snprintf(number, sizeof(number), "%" PRId64, field->number);
    /* Both or neither: a name without its value would not be JSON. */
    if (line->len + (size_t)head_len + strlen(number) > LINE_SIZE - LINE_TAIL) {
        line->cut = true;
        return;
    }
    line_add(line, head, (size_t)head_len);
    line_add(line, number, strlen(number));
}

static void line_begin(struct line *line, const char *level, const char *event)
{
    struct timespec now;
    struct tm civil;
    char head[160];

    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &civil);
    int len = snprintf(head, sizeof(head),
                       "{\"ts\":\"%04d-%02d-%02dT%02d:%02d:%02d.%03dZ\",\"level\":\"%s\"",
                       civil.tm_year + 1900, civil.tm_mon + 1, civil.tm_mday, civil.tm_hour,
                       civil.tm_min, civil.tm_sec, (int)(now.tv_nsec / 1000000), level);
    line->len = 0;
    line->cut = false;
    line_add(line, head, (size_t)len);
    line_add_field(line, &LOG_STR("service", log_service));
    line_add_field(line, &LOG_STR("event", event));
}

static void line_end(struct line *line, int64_t suppressed)
{
    size_t room = LINE_SIZE - line->len;
    int len = 0;

    if (suppressed > 0)
        len = snprintf(line->at + line->len, room, ",\"suppressed\":%" PRId64,
                       suppressed > 999999 ? 999999 : suppressed);
    line->len += (size_t)len;
    len = snprintf(line->at + line->len, LINE_SIZE - line->len, "%s}\n",
                   line->cut ? ",\"cut\":true" : "");
    line->len += (size_t)len;
}

static struct limit *limit_of(const char *event)
{
    for (size_t i = 0; i < MAX_EVENTS; i++) {
        if (!limits[i].event)
            limits[i].event = event;
        if (limits[i].event == event || strcmp(limits[i].event, event) == 0)
            return &limits[i];
    }
    return NULL;
}

/* False: leave this line out. True: write it, *suppressed were left out before it. */
static bool limit_pass(const char *event, int64_t *suppressed)
{
    struct timespec now;
    bool pass = true;

    clock_gettime(CLOCK_MONOTONIC, &now);
    pthread_mutex_lock(&limits_lock);
    struct limit *limit = limit_of(event);
    if (limit) {
        if (limit->second != now.tv_sec) {
            limit->second = now.tv_sec;
            limit->lines = 0;
        }
        pass = limit->lines < LINES_PER_SECOND;
        if (pass) {
            limit->lines++;
            *suppressed = limit->suppressed;
            limit->suppressed = 0;
        } else {
            limit->suppressed++;
        }
    }
    pthread_mutex_unlock(&limits_lock);
    return pass;
}

void log_open(const char *service, enum log_level level)
{
    log_service = service;
    log_least = level;
}

bool log_level_parse(const char *word, enum log_level *level)
{
    for (size_t i = 0; daemon_log_levels[i]; i++)
        if (strcmp(word, daemon_log_levels[i]) == 0) {
            *level = (enum log_level)i;
            return true;
        }
    return false;
}

static void write_line(const char *level, const char *event, const struct log_field *fields,
                       int64_t suppressed)
{
    struct line line;
    int saved = errno;
    ssize_t written;

    line_begin(&line, level, event);
    for (; fields->type != LOG_FIELD_END; fields++)
        line_add_field(&line, fields);
    line_end(&line, suppressed);
    do {
        written = write(STDERR_FILENO, line.at, line.len);
    } while (written < 0 && errno == EINTR);
    errno = saved;
}

void log_write(enum log_level level, const char *event, const struct log_field *fields)
{
    int64_t suppressed = 0;

    if (level < log_least)
        return;
    if ((level == LOG_LEVEL_INFO || level == LOG_LEVEL_WARN) && !limit_pass(event, &suppressed))
        return;
    write_line(daemon_log_levels[level], event, fields, suppressed);
}

void log_write_audit(const char *event, const struct log_field *fields)
{
    write_line("audit", event, fields, 0);
}
