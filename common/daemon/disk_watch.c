/* SPDX-License-Identifier: Apache-2.0 */
/* Asked on a pool thread: a file system that does not answer must not hold the loop. Each folder
 * has one question under way at most, so a dead mount costs one thread, and its numbers stay. */
#include "daemon/disk_watch.h"

#include <stdlib.h>

#include "base/base.h"
#include "base/memory.h"
#include "daemon/log.h"

#define EVERY_MS     10000
#define MOST_FOLDERS 8

static const struct metric_row size_row = {
    "citybrain_disk_size_bytes", METRIC_GAUGE, "folder",
    "Size of the file system that a folder of daemon.disks is on."};
static const struct metric_row available_row = {
    "citybrain_disk_available_bytes", METRIC_GAUGE, "folder",
    "What is left of it for us. At 0 a broker or PostgreSQL there stops; see the runbook DiskLow."};

struct folder {
    struct disk_watch *watch;
    char *path; /* owned */
    uv_fs_t question;
    bool busy, failed;
};

struct disk_watch {
    struct daemon *daemon;
    struct metric *size, *available;
    struct folder folders[MOST_FOLDERS];
    size_t count;
    uv_timer_t timer;
    bool closing, closed;
};

static void free_when_done(struct disk_watch *watch)
{
    for (size_t i = 0; i < watch->count; i++)
        if (watch->folders[i].busy)
            return;
    if (!watch->closed)
        return;
    for (size_t i = 0; i < watch->count; i++)
        free(watch->folders[i].path);
    free(watch);
}

static void on_answer(uv_fs_t *question)
{
    struct folder *folder = container_of(question, struct folder, question);
    struct disk_watch *watch = folder->watch;
    bool good = question->result == 0;
    folder->busy = false;
    if (good) {
        const uv_statfs_t *found = question->ptr;
        struct span label = span_of(folder->path);
        metric_set(watch->size, label, (int64_t)(found->f_blocks * found->f_bsize));
        metric_set(watch->available, label, (int64_t)(found->f_bavail * found->f_bsize));
    } else if (!folder->failed) {
        log_warn("disk.not_seen", LOG_STR("folder", folder->path),
                 LOG_STR("why", uv_strerror((int)question->result)),
                 LOG_STR("fix", "daemon.disks"));
    }
    folder->failed = !good;
    uv_fs_req_cleanup(question);
    if (watch->closing)
        free_when_done(watch);
}

static void ask(uv_timer_t *timer)
{
    struct disk_watch *watch = container_of(timer, struct disk_watch, timer);
    for (size_t i = 0; i < watch->count; i++) {
        struct folder *folder = &watch->folders[i];
        if (!folder->busy)
            folder->busy =
                uv_fs_statfs(timer->loop, &folder->question, folder->path, on_answer) == 0;
    }
}

struct disk_watch *disk_watch_open(struct daemon *daemon, const char *folders)
{
    struct disk_watch *watch = xcalloc(1, sizeof *watch);
    struct span rest = span_of(folders);
    watch->daemon = daemon;
    watch->size = metrics_add(daemon_metrics(daemon), &size_row);
    watch->available = metrics_add(daemon_metrics(daemon), &available_row);
    while (rest.at && watch->count < MOST_FOLDERS) {
        struct span path = span_trim(span_cut(&rest, ','));
        if (path.len == 0)
            continue;
        watch->folders[watch->count++] = (struct folder){.watch = watch, .path = xspandup(path)};
    }
    if (rest.at)
        log_warn("disk.too_many", LOG_INT("most", MOST_FOLDERS), LOG_SPAN("unwatched", rest));
    uv_timer_init(daemon_loop(daemon), &watch->timer);
    uv_timer_start(&watch->timer, ask, 0, EVERY_MS);
    uv_unref((uv_handle_t *)&watch->timer);
    return watch;
}

static void on_closed(uv_handle_t *handle)
{
    struct disk_watch *watch = container_of((uv_timer_t *)handle, struct disk_watch, timer);
    watch->closed = true;
    free_when_done(watch);
}

void disk_watch_close(struct disk_watch *watch)
{
    watch->closing = true;
    uv_close((uv_handle_t *)&watch->timer, on_closed);
}
