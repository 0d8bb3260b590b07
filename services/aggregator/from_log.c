/* SPDX-License-Identifier: Apache-2.0 */
/* Reads up to the aggregators' positions and again up to where they are then, until little is left;
 * that is read while the positions are held. The log must reach back to its first record: a set is
 * all that was ever said of a case. */
#include "aggregator/from_log.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "aggregator/store/schema.h"
#include "base/backoff.h"
#include "base/memory.h"
#include "daemon/failpoint.h"
#include "kafka/log_copy.h"
#include "model/event.h"

enum {
    BATCH_RECORDS = 5000,
    FEW_RECORDS = 5000, /* left for the moment in which nobody commits */
    BATCH_BYTES = 8 << 20,
    ARENA_BYTES = 1 << 20,
    PATIENCE_MS = 120000 /* without a batch that succeeds */
};

struct from_log {
    const struct aggregator_config *config;
    char topic[256], contributions[DIGEST_ID_LEN + 1];
    struct log_sets *sets;
    struct log_copy *log; /* while it is read */
    struct json_reader *reader;
    struct arena arena; /* one record */
    struct batch *batch;
    int64_t records; /* in the batch */
    struct error *error;
    struct log_sets_differences differences;
    int64_t began_ms, done_before, succeeded_ms, shown_ms;
};

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

struct from_log *from_log_new(const struct aggregator_config *config)
{
    struct from_log *from = xcalloc(1, sizeof *from);
    from->config = config;
    snprintf(from->topic, sizeof from->topic, "%sevents", config->kafka.prefix);
    schema_contribution_hash(&config->rules, from->contributions);
    from->sets = log_sets_new(config->postgres, from->topic, from->contributions);
    from->reader = json_reader_new();
    from->batch = batch_new(&config->rules, BATCH_BYTES);
    arena_init(&from->arena, ARENA_BYTES);
    return from;
}

void from_log_free(struct from_log *from)
{
    if (!from)
        return;
    log_copy_close(from->log);
    batch_free(from->batch);
    arena_fini(&from->arena);
    json_reader_free(from->reader);
    log_sets_free(from->sets);
    free(from);
}

const struct log_sets_differences *from_log_differences(const struct from_log *from)
{
    return &from->differences;
}

static int64_t done_of(const struct log_sets_status *status, int64_t *total)
{
    int64_t done = 0;
    *total = 0;
    for (size_t i = 0; i < status->count; i++) {
        done += status->places[i].done;
        *total += status->places[i].next;
    }
    return done;
}

/* A line on a terminal twice a second, elsewhere every five. */
static void show_progress(struct from_log *from, bool ends)
{
    int64_t total, done = done_of(log_sets_look(from->sets), &total), now = now_ms();
    bool drawn = isatty(STDERR_FILENO) == 1;
    if (!ends && now < from->shown_ms + (drawn ? 500 : 5000))
        return;
    int64_t took_ms = now - from->began_ms;
    double rate = took_ms > 0 ? (double)(done - from->done_before) * 1000 / (double)took_ms : 0;
    from->shown_ms = now;
    fprintf(stderr,
            "%srebuild: %" PRId64 " of %" PRId64 " records of the log, %.0f/s, %.0f s left%s",
            drawn ? "\r" : "", done, total, rate,
            rate > 0 && total > done ? (double)(total - done) / rate : 0,
            drawn && !ends ? "\033[K" : "\n");
}

/* ---- a record ---- */

static bool write_batch(struct from_log *from)
{
    bool good = log_sets_add(from->sets, from->batch, from->error);
    batch_clear(from->batch);
    from->records = 0;
    from->succeeded_ms = good ? now_ms() : from->succeeded_ms;
    show_progress(from, false);
    (void)failpoint("from_log.after_batch");
    return good;
}

static struct log_sets_place *place_of(struct from_log *from, int32_t partition)
{
    struct log_sets_status *status = log_sets_look(from->sets);
    for (size_t i = 0; i < status->count; i++)
        if (status->places[i].partition == partition)
            return &status->places[i];
    return NULL;
}

/* As the daemon's intake: what it cannot use is no line of a set. */
static bool take_event(struct from_log *from, const struct record *record)
{
    struct event event;
    struct case_line line;
    const struct batch_rules *rules = &from->config->rules;
    arena_reset(&from->arena);
    if (event_read_record(from->reader, record, &from->arena, &event) != REJECT_NONE ||
        event.family != EVENT_CASE || !kinds_find(rules->kinds, event_kind(&event)) ||
        case_line_of_event(&event, rules->codes, &from->arena, &line) != REJECT_NONE)
        return true;
    batch_read_at(from->batch, record->partition, record->offset);
    return batch_add(from->batch, event.subject, &line) || from->records == 0;
}

static bool is_same_log(struct from_log *from, const struct log_sets_place *place,
                        const struct record *record)
{
    const struct log_place at = {.topic = from->topic,
                                 .partition = place->partition,
                                 .next = place->next,
                                 .last = place->last};
    return record->offset != place->last || log_place_check(&at, place->mark, record, from->error);
}

static bool take_record(void *context, const struct record *record, struct outputs *outputs)
{
    struct from_log *from = context;
    struct log_sets_place *place = place_of(from, record->partition);
    (void)outputs; /* nothing is written to the log */
    if (!place || !is_same_log(from, place, record))
        return false;
    if (!take_event(from, record) && (!write_batch(from) || !take_event(from, record)))
        return false;
    place->done = record->offset + 1;
    return ++from->records < BATCH_RECORDS || write_batch(from);
}

/* ---- the log ---- */

static bool narrow(struct from_log *from, struct log_copy_part *part,
                   const struct log_sets_place *place)
{
    bool looks;
    int64_t start;
    const struct log_place at = {from->topic, part->partition, place->next,
                                 place->last, part->from,      part->to};
    if (part->from > 0)
        return error_set(
            from->error, ERROR_CONFIG, 0,
            "%s/%d begins at %" PRId64 ": what stood before is in the stored sets "
            "alone, and no set can be made of the rest; nothing was changed; citybrain "
            "rebuild without --from-log makes the cells from the stored sets",
            from->topic, part->partition, part->from);
    if (!log_place_start(&at, &start, &looks, from->error))
        return false;
    part->next = place->done;
    part->to = place->next;
    return true;
}

static bool open_log(struct from_log *from)
{
    struct kafka_settings settings = from->config->kafka;
    size_t count;
    settings.group = "rebuild";
    log_copy_close(from->log); /* the ends are those of its opening */
    from->log = log_copy_open(&settings, "events", from->error);
    struct log_copy_part *parts = from->log ? log_copy_parts(from->log, &count) : NULL;
    for (size_t i = 0; parts && i < count; i++) {
        const struct log_sets_place *place = place_of(from, parts[i].partition);
        if (!place)
            parts[i].to = parts[i].next = parts[i].from;
        else if (!narrow(from, &parts[i], place))
            return false;
    }
    return parts != NULL;
}

/* Up to the positions as they were asked last. */
static bool read_log(struct from_log *from)
{
    struct log_sets_status *status = log_sets_look(from->sets);
    if (!open_log(from) || !log_copy_run(from->log, take_record, from, 0, from->error))
        return false;
    for (size_t i = 0; i < status->count; i++)
        status->places[i].done = status->places[i].next; /* markers lie behind the last record */
    return write_batch(from);
}

static bool is_near(struct from_log *from)
{
    int64_t total, done = done_of(log_sets_look(from->sets), &total);
    return total - done <= FEW_RECORDS;
}

static bool go(struct from_log *from, const char *who, const char *reason)
{
    struct error *error = from->error;
    if (!log_sets_ask(from->sets, error))
        return false;
    do {
        if (!read_log(from) || !log_sets_ask(from->sets, error))
            return false;
    } while (!is_near(from));
    if (!log_sets_hold(from->sets, who != NULL, error) || !read_log(from) ||
        !log_sets_differ(from->sets, &from->differences, error))
        return false;
    show_progress(from, true);
    return who ? log_sets_apply(from->sets, &from->differences, who, reason, error)
               : log_sets_release(from->sets, error);
}

bool from_log_run(struct from_log *from, const char *who, const char *reason, struct error *error)
{
    struct backoff backoff;
    int64_t total;
    from->error = error;
    backoff_init(&backoff, 200, 5000);
    from->began_ms = from->succeeded_ms = now_ms();
    bool opened = log_sets_open(from->sets, error) && log_sets_ask(from->sets, error);
    from->done_before = done_of(log_sets_look(from->sets), &total);
    if (opened && from->done_before > 0)
        fprintf(stderr, "rebuild: goes on, %" PRId64 " records of the log are read\n",
                from->done_before);
    while (!opened || !go(from, who, reason)) {
        batch_clear(from->batch);
        from->records = 0;
        if (error->kind != ERROR_RETRY || now_ms() > from->succeeded_ms + PATIENCE_MS)
            return false;
        fprintf(stderr, "rebuild: %s; going on\n", error->text);
        usleep(backoff_next(&backoff) * 1000);
        *error = (struct error){0};
        opened = log_sets_open(from->sets, error);
    }
    return true;
}

bool from_log_drop(struct from_log *from, struct error *error)
{
    return log_sets_drop(from->sets, error);
}
