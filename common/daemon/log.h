/* SPDX-License-Identifier: Apache-2.0 */
/* One JSON object per line on stderr: ts, level, service, event, then typed fields. `event` is a
 * constant "room.what_happened". Built on the stack, written with one write(2), no allocation.
 * Never payloads or secrets. warn and info are rate-limited per event with a `suppressed` count. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/span.h"

enum log_level { LOG_LEVEL_DEBUG, LOG_LEVEL_INFO, LOG_LEVEL_WARN, LOG_LEVEL_ERROR };
enum log_field_type {
    LOG_FIELD_TEXT,
    LOG_FIELD_SPAN,
    LOG_FIELD_INT,
    LOG_FIELD_BOOL,
    LOG_FIELD_END
};

struct log_field {
    enum log_field_type type;
    const char *name;
    const char *text;
    struct span span;
    int64_t number;
};

#define LOG_STR(name, value)  ((struct log_field){LOG_FIELD_TEXT, (name), (value), {0}, 0})
#define LOG_SPAN(name, value) ((struct log_field){LOG_FIELD_SPAN, (name), NULL, (value), 0})
#define LOG_INT(name, value)                                                                       \
    ((struct log_field){LOG_FIELD_INT, (name), NULL, {0}, (int64_t)(value)})
#define LOG_BOOL(name, value)                                                                      \
    ((struct log_field){LOG_FIELD_BOOL, (name), NULL, {0}, (value) ? 1 : 0})
#define LOG_ERROR(error) LOG_STR("error", (error)->text)
#define LOG_END          ((struct log_field){LOG_FIELD_END, NULL, NULL, {0}, 0})

void log_open(const char *service, enum log_level level);
bool log_level_parse(const char *word, enum log_level *level);
void log_write(enum log_level level, const char *event, const struct log_field *fields);
/* Level "audit": whatever the level asked for, and never limited; one write, nothing is kept. */
void log_write_audit(const char *event, const struct log_field *fields);

/* log_info("source.ready", LOG_STR("feed", name), LOG_INT("rows", rows)); at least one field. */
#define log_debug(event, ...)                                                                      \
    log_write(LOG_LEVEL_DEBUG, event, (const struct log_field[]){__VA_ARGS__, LOG_END})
#define log_info(event, ...)                                                                       \
    log_write(LOG_LEVEL_INFO, event, (const struct log_field[]){__VA_ARGS__, LOG_END})
#define log_warn(event, ...)                                                                       \
    log_write(LOG_LEVEL_WARN, event, (const struct log_field[]){__VA_ARGS__, LOG_END})
#define log_error(event, ...)                                                                      \
    log_write(LOG_LEVEL_ERROR, event, (const struct log_field[]){__VA_ARGS__, LOG_END})
#define log_audit(event, ...)                                                                      \
    log_write_audit(event, (const struct log_field[]){__VA_ARGS__, LOG_END})
