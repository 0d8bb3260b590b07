/* SPDX-License-Identifier: Apache-2.0 */
/* The note is a file, renamed into its place by other code than ours: what is recounted is told by
 * whoever recounted it. A note that is gone leaves what it said; its age goes on growing. */
#include "aggregator/verify_watch.h"

#include <stdio.h>

#include "base/memory.h"
#include "daemon/log.h"
#include "model/json.h"

#define EVERY_MS   5000
#define MOST_BYTES 1024

static const struct metric_row differences_row = {
    "citybrain_aggregator_verify_differences", METRIC_GAUGE, NULL,
    "Differences that the last citybrain verify --note FILE found between the log, the sets and "
    "the "
    "cells. Anything above 0: see the runbook VerifyMismatch before anything is repaired."};
static const struct metric_row time_row = {
    "citybrain_aggregator_verify_timestamp_seconds", METRIC_GAUGE, NULL,
    "When that recount began, in seconds since 1970; 0 when none is known. An old one means that "
    "nobody recounts."};

struct verify_watch {
    struct daemon *daemon;
    const char *path;
    struct metric *differences, *time;
    uv_timer_t timer;
    uv_work_t work;
    bool busy, there, good, told;
    int64_t at_ms, found;
};

bool verify_watch_read(struct span note, int64_t *at_ms, int64_t *differences)
{
    struct json_reader *reader = json_reader_new();
    struct arena arena;
    const struct json_value *root = NULL;
    size_t bad_at;
    arena_init(&arena, 16384);
    bool good = json_read(reader, note, &arena, &root, &bad_at) == REJECT_NONE &&
                json_int(root, "at_ms", at_ms) && json_int(root, "differences", differences) &&
                *at_ms > 0 && *differences >= 0;
    arena_fini(&arena);
    json_reader_free(reader);
    return good;
}

static void read_note(uv_work_t *work)
{
    struct verify_watch *watch = work->data;
    char text[MOST_BYTES];
    FILE *in = fopen(watch->path, "r");
    watch->there = in != NULL;
    if (!in)
        return;
    size_t len = fread(text, 1, sizeof text, in);
    fclose(in);
    watch->good =
        len < sizeof text && verify_watch_read(span_from(text, len), &watch->at_ms, &watch->found);
}

static void on_note(uv_work_t *work, int status)
{
    struct verify_watch *watch = work->data;
    (void)status; /* never cancelled */
    watch->busy = false;
    if (!watch->there)
        return;
    if (watch->good) {
        metric_set(watch->differences, SPAN(""), watch->found);
        metric_set(watch->time, SPAN(""), watch->at_ms / 1000);
    } else if (!watch->told) {
        log_warn("verify.note_unreadable", LOG_STR("file", watch->path),
                 LOG_STR("fix", "citybrain verify --note writes it"));
    }
    watch->told = !watch->good;
}

static void on_timer(uv_timer_t *timer)
{
    struct verify_watch *watch = timer->data;
    if (watch->busy)
        return;
    watch->busy = true;
    uv_queue_work(daemon_loop(watch->daemon), &watch->work, read_note, on_note);
}

void verify_watch_open(struct daemon *daemon, const struct aggregator_config *config)
{
    struct verify_watch *watch = xcalloc(1, sizeof *watch);
    watch->daemon = daemon;
    watch->path = config->verified;
    watch->differences = metrics_add(daemon_metrics(daemon), &differences_row);
    watch->time = metrics_add(daemon_metrics(daemon), &time_row);
    watch->work.data = watch;
    uv_timer_init(daemon_loop(daemon), &watch->timer);
    watch->timer.data = watch;
    uv_timer_start(&watch->timer, on_timer, 0, EVERY_MS);
}
