/* SPDX-License-Identifier: Apache-2.0 */
/* A line is built in a 2 KiB stack buffer and written by one write(2); what does not fit is cut at
 * a character's border. Repeated warnings of one event are counted instead of written: 20 a second
 * an event. */
#include "daemon/log.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/base.h"
#include "daemon/settings.h"

#define LINE_BYTES  2048
#define MOST_EVENTS 64
#define PER_SECOND  20

const char *const daemon_log_levels[] = {"debug", "info", "warn", "error", NULL};

struct rate {
    const char *event; /* the caller's constant: compared by address */
    time_t second;
    int written;
    int64_t suppressed;
};

/* The one process-wide thing of this file: where lines go is a property of the process. */
static struct {
    const char *service;
    enum log_level level;
    struct rate rates[MOST_EVENTS];
} logger = {"citybrain", LOG_LEVEL_INFO, {{0}}};

static pthread_mutex_t rates_mutex = PTHREAD_MUTEX_INITIALIZER;

struct line {
    char text[LINE_BYTES];
    size_t len;
};

static void add(struct line *line, const char *text, size_t len)
{
    size_t room =
        LINE_BYTES - 64 - line->len; /* keeps room for the closing quote, brace and line feed */
    if (line->len + 64 >= LINE_BYTES)
        return;
    if (len > room) {
        len = room;
        while (len > 0 && ((unsigned char)text[len] & 0xC0) == 0x80)
            len--;
    }
    memcpy(line->text + line->len, text, len);
    line->len += len;
}

static void add_escaped(struct line *line, struct span s)
{
    add(line, "\"", 1);
    for (size_t i = 0; i < s.len;) {
        size_t plain = i;
        while (plain < s.len && (unsigned char)s.at[plain] >= 0x20 && s.at[plain] != '"' &&
               s.at[plain] != '\\')
            plain++;
        add(line, s.at + i, plain - i);
        if (plain < s.len) {
            char escape[8];
            int n = snprintf(escape, sizeof escape, "\\u%04x", (unsigned char)s.at[plain]);
            add(line, escape, (size_t)n);
            plain++;
        }
        i = plain;
    }
    line->text[line->len++] = '"';
}

static void add_field(struct line *line, const struct log_field *field)
{
    char number[32];
    add(line, ",", 1);
    add_escaped(line, span_of(field->name));
    add(line, ":", 1);
    switch (field->type) {
    case LOG_FIELD_TEXT:
        if (field->text)
            add_escaped(line, span_of(field->text));
        else
            add(line, "null", 4);
        break;
    case LOG_FIELD_SPAN: add_escaped(line, field->span); break;
    case LOG_FIELD_INT:
        snprintf(number, sizeof number, "%lld", (long long)field->number);
        add(line, number, strlen(number));
        break;
    case LOG_FIELD_BOOL: add(line, field->number ? "true" : "false", field->number ? 4 : 5); break;
    case LOG_FIELD_END: break;
    }
}

/* True when this line is to be swallowed; *suppressed is how many were before it. */
static bool is_too_many(enum log_level level, const char *event, time_t second, int64_t *suppressed)
{
    *suppressed = 0;
    if (level == LOG_LEVEL_ERROR)
        return false;
    struct rate *rate = &logger.rates[0];
    for (size_t i = 0; i < MOST_EVENTS && logger.rates[i].event; i++)
        if (logger.rates[i].event == event)
            rate = &logger.rates[i];
    for (size_t i = 0; rate->event != event && i < MOST_EVENTS; i++)
        if (!logger.rates[i].event || logger.rates[i].second < second - 60) {
            logger.rates[i] = (struct rate){.event = event};
            rate = &logger.rates[i];
        }
    if (rate->event != event)
        return false;
    if (rate->second != second) {
        *suppressed = rate->suppressed;
        rate->second = second;
        rate->written = 0;
        rate->suppressed = 0;
    }
    if (rate->written++ < PER_SECOND)
        return false;
    rate->suppressed++;
    return true;
}

void log_open(const char *service, enum log_level level)
{
    logger.service = service;
    logger.level = level;
}

bool log_level_parse(const char *word, enum log_level *level)
{
    for (int i = 0; daemon_log_levels[i]; i++)
        if (strcmp(word, daemon_log_levels[i]) == 0) {
            *level = (enum log_level)i;
            return true;
        }
    return false;
}

void log_write(enum log_level level, const char *event, const struct log_field *fields)
{
    struct line line = {.len = 0};
    struct timespec now;
    struct tm utc;
    char head[160];
    int64_t suppressed;
    if (level < logger.level)
        return;
    clock_gettime(CLOCK_REALTIME, &now);
    pthread_mutex_lock(&rates_mutex); /* workers and the Kafka library's threads log as well */
    bool too_many = is_too_many(level, event, now.tv_sec, &suppressed);
    pthread_mutex_unlock(&rates_mutex);
    if (too_many)
        return;
    gmtime_r(&now.tv_sec, &utc);
    int n = snprintf(
        head, sizeof head,
        "{\"ts\":\"%04d-%02d-%02dT%02d:%02d:%02d.%03ldZ\",\"level\":\"%s\",\"service\":\"%s\","
        "\"event\":\"%s\"",
        utc.tm_year + 1900, utc.tm_mon + 1, utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec,
        now.tv_nsec / 1000000, daemon_log_levels[level], logger.service, event);
    add(&line, head, (size_t)(n < (int)sizeof head ? n : (int)sizeof head - 1));
    for (const struct log_field *field = fields; field->type != LOG_FIELD_END; field++)
        add_field(&line, field);
    if (suppressed)
        add_field(&line, &LOG_INT("suppressed", suppressed));
    memcpy(line.text + line.len, "}\n", 2);
    (void)!write(STDERR_FILENO, line.text, line.len + 2);
}
