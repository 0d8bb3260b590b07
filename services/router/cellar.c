/* SPDX-License-Identifier: Apache-2.0 */
/* Boards stand in the file by number. A write that fails leaves its board in memory, so a full disk
 * costs memory and nothing else; a read that fails, or gives what was not written, ends the
 * process, which reads its state anew. */
#include "router/cellar.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "daemon/daemon.h"
#include "daemon/log.h"
#include "kafka/poison_note.h"

static const struct metric_row bytes_row = {
    "citybrain_router_sets_bytes", METRIC_GAUGE, "where",
    "Sets of cases and windows: in memory (at most router.sets_in_memory), on the disk beside it, "
    "and needed, which is what is still held of both. Memory above its bound: the disk of "
    "kafka.note_dir is full."};
static const struct metric_row reads_row = {
    "citybrain_router_sets_read_total", METRIC_COUNTER, NULL,
    "Reads of sets that were on the disk. Growing as fast as events come in: raise "
    "router.sets_in_memory."};

struct cellar {
    int file;
    uint32_t made;  /* boards that the file is long */
    uint32_t *free; /* owned; numbers of those that nobody needs */
    size_t free_count, free_capacity;
    bool full;
    struct shelf_store *store;
    int64_t reads; /* as they were shown */
    struct metric *bytes, *read;
};

static off_t offset_of(uint32_t number)
{
    return (off_t)number * (off_t)SHELF_BOARD;
}

static void release(void *context, uint32_t number)
{
    struct cellar *cellar = context;
    if (cellar->free_count == cellar->free_capacity) {
        cellar->free_capacity = cellar->free_capacity ? 2 * cellar->free_capacity : 64;
        cellar->free = xrealloc(cellar->free, cellar->free_capacity * sizeof *cellar->free);
    }
    cellar->free[cellar->free_count++] = number;
}

static bool write_all(int file, const char *from, size_t len, off_t offset)
{
    while (len > 0) {
        ssize_t n = pwrite(file, from, len, offset);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        from += n;
        len -= (size_t)n;
        offset += n;
    }
    return true;
}

static bool write_board(void *context, const char *board, uint32_t *number)
{
    struct cellar *cellar = context;
    *number = cellar->free_count ? cellar->free[--cellar->free_count] : cellar->made++;
    if (write_all(cellar->file, board, SHELF_BOARD, offset_of(*number))) {
        cellar->full = false;
        return true;
    }
    if (!cellar->full)
        log_warn("router.sets_stay", LOG_STR("text", strerror(errno)));
    cellar->full = true;
    release(cellar, *number);
    return false;
}

static _Noreturn void die(const char *why)
{
    struct error error;
    error_set(&error, ERROR_FATAL, errno, "sets on the disk: %s", why);
    daemon_die("router.sets", &error);
}

/* The kernel may tell nobody that it could not write a page (EIO when it wrote it back). */
static void spoiled(void *context, uint32_t number)
{
    (void)context;
    (void)number;
    errno = EIO;
    die("what is read is not what was written; they are read anew from state.cases; fix: look for "
        "errors of the disk of kafka.note_dir in the kernel's log, name a folder on another one");
}

static void read_board(void *context, uint32_t number, size_t from, char *to, size_t len)
{
    struct cellar *cellar = context;
    off_t offset = offset_of(number) + (off_t)from;
    while (len > 0) {
        ssize_t n = pread(cellar->file, to, len, offset);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            die(n < 0 ? strerror(errno) : "the file is too short");
        to += n;
        len -= (size_t)n;
        offset += n;
    }
}

static int open_file(const char *folder)
{
    char path[4096];
    int file = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (file >= 0 || (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL))
        return file;
    snprintf(path, sizeof path, "%s/sets.XXXXXX", folder);
    file = mkostemp(path, O_CLOEXEC);
    if (file >= 0)
        unlink(path);
    return file;
}

struct cellar *cellar_open(const char *folder, int64_t memory_bytes, struct metrics *metrics,
                           struct error *error)
{
    if (!poison_note_make_folder(folder, error))
        return NULL;
    int file = open_file(folder);
    if (file < 0) {
        error_set(error, ERROR_CONFIG, errno,
                  "kafka.note_dir %s: %s; fix: name a folder on a disk that this user may write to",
                  folder, strerror(errno));
        return NULL;
    }
    struct cellar *cellar = xcalloc(1, sizeof *cellar);
    struct shelf_disk disk = {.write = write_board,
                              .read = read_board,
                              .release = release,
                              .spoiled = spoiled,
                              .context = cellar};
    cellar->file = file;
    cellar->store = shelf_store_new(&disk, (size_t)memory_bytes);
    cellar->bytes = metrics_add(metrics, &bytes_row);
    cellar->read = metrics_add(metrics, &reads_row);
    metric_add(cellar->read, SPAN(""), 0);
    return cellar;
}

struct shelf_store *cellar_store(struct cellar *cellar)
{
    return cellar->store;
}

void cellar_show(struct cellar *cellar)
{
    struct shelf_counts counts = shelf_store_counts(cellar->store);
    metric_set(cellar->bytes, SPAN("memory"), counts.memory_bytes);
    metric_set(cellar->bytes, SPAN("disk"), counts.disk_bytes);
    metric_set(cellar->bytes, SPAN("needed"), counts.needed_bytes);
    metric_add(cellar->read, SPAN(""), counts.reads - cellar->reads);
    cellar->reads = counts.reads;
}
