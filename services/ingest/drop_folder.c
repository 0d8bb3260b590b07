/* SPDX-License-Identifier: Apache-2.0 */
/* A file is taken by a rename within its own file system, so no other process and no writer by path
 * meets it again, and the stamp it gets is all that a restart has to know. Whether it is whole is
 * asked of the kernel alone (times of content and name, open writers), not of what this process saw
 * before: a restart changes nothing. */
#include "ingest/drop_folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static const char *const subs[] = {"", "working", "done", "failed"};
#define DONE_SUFFIX ".done"
#define MOST_TRIES                                                                                 \
    64 /* files of one look that turn out to be written still, or not ours to read                 \
        */

static bool fail(struct error *error, const char *path)
{
    return error_set(error, ERROR_RETRY, errno, "%s: %s", path, strerror(errno));
}

/* Feeds that may drop files: all but what units say. */
static const struct mapping *mapping_of(const struct feed *feed, int64_t now_ms)
{
    const struct mapping *mapping = feed_mapping_at(feed, now_ms);
    return mapping && mapping->namespace_ ? mapping : NULL;
}

static bool has_directory(const struct feed *feed)
{
    return feed->version_count > 0 && feed->versions[0].namespace_ != NULL;
}

static bool make_directory(const char *path, struct error *error)
{
    return mkdir(path, 0777) == 0 || errno == EEXIST || fail(error, path);
}

static bool take_lock(struct drop_folder *folder, struct error *error)
{
    char path[DROP_PATH_MAX];
    if (folder->lock >= 0)
        return true;
    snprintf(path, sizeof path, "%s/.lock", folder->settings->root);
    int fd = open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0666);
    if (fd < 0)
        return fail(error, path);
    if (flock(fd, LOCK_EX | LOCK_NB) == 0) {
        folder->lock = fd;
        return true;
    }
    bool taken = errno == EWOULDBLOCK;
    bool good = taken || fail(error, path);
    close(fd);
    return good && !taken;
}

char *drop_folder_path(const struct drop_folder *folder, const struct drop_file *file,
                       const char *sub, const char *name, const char *suffix,
                       char path[DROP_PATH_MAX])
{
    snprintf(path, DROP_PATH_MAX, "%s/%s%s%s%s%s%s", folder->settings->root, file->feed->id,
             sub[0] ? "/" : "", sub, name[0] ? "/" : "", name, suffix);
    return path;
}

bool drop_folder_open(struct drop_folder *folder, const struct drop_settings *settings,
                      const struct feeds *feeds, struct error *error)
{
    char path[DROP_PATH_MAX];
    bool good = make_directory(settings->root, error);
    *folder = (struct drop_folder){.settings = settings, .feeds = feeds, .lock = -1};
    const struct feed *feed;
    for (size_t i = 0; good && (feed = feeds_at(feeds, i)); i++) {
        struct drop_file file = {.feed = feed};
        for (size_t s = 0; good && has_directory(feed) && s < ARRAY_LENGTH(subs); s++)
            good = make_directory(drop_folder_path(folder, &file, subs[s], "", "", path), error);
    }
    if (!good)
        error->kind = ERROR_CONFIG; /* at start a person can mend it */
    return good;
}

/* Somebody still has the file open for writing. A lease is refused then; where the file system has
 * no leases the question has no answer. The signal of a broken lease is one that is ignored. */
static bool has_writer(int fd)
{
    fcntl(fd, F_SETSIG, SIGURG);
    if (fcntl(fd, F_SETLEASE, F_RDLCK) < 0)
        return errno == EAGAIN;
    fcntl(fd, F_SETLEASE, F_UNLCK);
    return false;
}

static int64_t age_ms(const struct timespec *now, const struct timespec *then)
{
    return ((int64_t)now->tv_sec - then->tv_sec) * 1000 + (now->tv_nsec - then->tv_nsec) / 1000000;
}

/* The change time too: a copy that keeps the old modification time is still young. */
static bool is_stable(const struct stat *stat, int64_t stable_ms)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return age_ms(&now, &stat->st_mtim) >= stable_ms && age_ms(&now, &stat->st_ctim) >= stable_ms;
}

/* What can be said of a file without opening it. */
static bool may_be_whole(const struct drop_folder *folder, const struct drop_file *file,
                         struct stat *stat)
{
    char path[DROP_PATH_MAX];
    const struct drop_settings *settings = folder->settings;
    if (lstat(drop_folder_path(folder, file, "", file->name, "", path), stat) != 0 ||
        !S_ISREG(stat->st_mode))
        return false;
    if (settings->when == DROP_STABLE)
        return is_stable(stat, settings->stable_ms);
    drop_folder_path(folder, file, "", file->name, DONE_SUFFIX, path);
    return settings->when == DROP_RENAME || access(path, F_OK) == 0;
}

static bool open_whole(struct drop_folder *folder, struct drop_file *file)
{
    char path[DROP_PATH_MAX];
    struct stat stat;
    drop_folder_path(folder, file, "", file->name, "", path);
    file->fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (file->fd < 0) {
        folder->denied += errno == EACCES;
        return false;
    }
    if (fstat(file->fd, &stat) == 0 && S_ISREG(stat.st_mode) && !has_writer(file->fd))
        return true;
    close(file->fd);
    file->fd = -1;
    return false;
}

/* A name that is too long for a stamp and a suffix loses its front. */
static void name_kept(struct drop_file *file)
{
    char stamp[DROP_STAMP_LEN + 1];
    int64_t unused;
    const char *name = file->name;
    while (drop_file_read_stamp(name, &unused)) /* it was here before */
        name += DROP_STAMP_LEN;
    size_t most = 200, len = strlen(name);
    if (len > most)
        for (name += len - most; ((unsigned char)*name & 0xC0) == 0x80;)
            name++;
    drop_file_stamp(stamp, file->received_ms);
    memcpy(file->kept, stamp, DROP_STAMP_LEN);
    memcpy(file->kept + DROP_STAMP_LEN, name, strlen(name) + 1);
}

/* The name, or that of one of its receipts, is taken. */
static bool is_known(const struct drop_folder *folder, const struct drop_file *file)
{
    static const char *const suffixes[] = {"", ".txt", ".json"};
    char path[DROP_PATH_MAX];
    for (size_t i = 0; i < ARRAY_LENGTH(suffixes) * ARRAY_LENGTH(subs); i++) {
        const char *sub = subs[i % ARRAY_LENGTH(subs)], *suffix = suffixes[i / ARRAY_LENGTH(subs)];
        drop_folder_path(folder, file, sub, file->kept, suffix, path);
        if (sub[0] && access(path, F_OK) == 0)
            return true;
    }
    return false;
}

/* The done-file goes first: what is left of it in working/ says that the file is to follow. */
static bool move_in(const struct drop_folder *folder, struct drop_file *file, struct error *error)
{
    char from[DROP_PATH_MAX], to[DROP_PATH_MAX];
    bool named = folder->settings->when == DROP_DONE_FILE;
    drop_folder_path(folder, file, "", file->name, DONE_SUFFIX, from);
    drop_folder_path(folder, file, "working", file->kept, DONE_SUFFIX, to);
    if (named && rename(from, to) != 0)
        return fail(error, from);
    drop_folder_path(folder, file, "", file->name, "", from);
    char kept[DROP_PATH_MAX];
    drop_folder_path(folder, file, "working", file->kept, "", kept);
    if (rename(from, kept) != 0)
        return fail(error, from);
    if (named)
        unlink(to);
    return true;
}

/* Between its opening and its move another file may have taken its name: that one lies in working/
 * now, and is found there. */
static bool is_moved(const struct drop_folder *folder, const struct drop_file *file)
{
    char path[DROP_PATH_MAX];
    struct stat opened, moved;
    drop_folder_path(folder, file, "working", file->kept, "", path);
    return fstat(file->fd, &opened) == 0 && lstat(path, &moved) == 0 &&
           opened.st_ino == moved.st_ino && opened.st_dev == moved.st_dev;
}

static bool claim(const struct drop_folder *folder, struct drop_file *file, struct error *error)
{
    for (name_kept(file); is_known(folder, file); name_kept(file))
        file->received_ms++; /* two files of one name in one millisecond */
    if (move_in(folder, file, error) && is_moved(folder, file))
        return true;
    close(file->fd);
    file->fd = -1;
    return false;
}

/* In the order in which files are taken: by time, then by name. */
struct candidate {
    struct timespec time;
    char name[DROP_NAME_MAX];
};

static bool is_before(const struct candidate *a, const struct candidate *b)
{
    if (a->time.tv_sec != b->time.tv_sec)
        return a->time.tv_sec < b->time.tv_sec;
    if (a->time.tv_nsec != b->time.tv_nsec)
        return a->time.tv_nsec < b->time.tv_nsec;
    return strcmp(a->name, b->name) < 0;
}

/* The first of the directory behind `after`, which may be NULL. */
static bool find_candidate(const struct drop_folder *folder, const struct drop_file *file,
                           const struct candidate *after, struct candidate *best)
{
    char path[DROP_PATH_MAX];
    struct drop_file one = *file;
    struct stat stat;
    bool found = false;
    DIR *directory = opendir(drop_folder_path(folder, file, "", "", "", path));
    for (struct dirent *entry; directory && (entry = readdir(directory));) {
        struct span name = span_of(entry->d_name);
        if (file_terms_is_unfinished(name) || entry->d_type == DT_DIR ||
            (folder->settings->when == DROP_DONE_FILE && span_ends(name, SPAN(DONE_SUFFIX))))
            continue;
        snprintf(one.name, sizeof one.name, "%s", entry->d_name);
        if (!may_be_whole(folder, &one, &stat))
            continue;
        struct candidate candidate = {.time = stat.st_mtim};
        memcpy(candidate.name, one.name, sizeof one.name);
        if ((after && !is_before(after, &candidate)) || (found && !is_before(&candidate, best)))
            continue;
        *best = candidate;
        found = true;
    }
    if (directory)
        closedir(directory);
    return found;
}

/* A whole file of the feed, opened, the oldest first. */
static bool find_dropped(struct drop_folder *folder, struct drop_file *file)
{
    struct candidate best = {0}, last = {0};
    for (int tries = 0; tries < MOST_TRIES; tries++) {
        if (!find_candidate(folder, file, tries > 0 ? &last : NULL, &best))
            return false;
        memcpy(file->name, best.name, sizeof file->name);
        if (open_whole(folder, file))
            return true;
        last = best;
    }
    return false;
}

/* What a dead process left in working/: opened. A done-file there says that its file is still to be
 * moved in. */
static bool find_left(const struct drop_folder *folder, struct drop_file *file)
{
    char path[DROP_PATH_MAX], kept[DROP_PATH_MAX];
    DIR *directory = opendir(drop_folder_path(folder, file, "working", "", "", path));
    if (!directory)
        return false;
    for (struct dirent *entry; file->fd < 0 && (entry = readdir(directory));) {
        struct span name = span_of(entry->d_name);
        bool mark = span_ends(name, SPAN(DONE_SUFFIX)) && folder->settings->when == DROP_DONE_FILE;
        if (file_terms_is_unfinished(name) || !drop_file_read_stamp(name.at, &file->received_ms))
            continue;
        span_to_cstr(span_from(name.at, name.len - (mark ? sizeof DONE_SUFFIX - 1 : 0)), file->kept,
                     sizeof file->kept);
        snprintf(file->name, sizeof file->name, "%s", file->kept + DROP_STAMP_LEN);
        drop_folder_path(folder, file, "working", file->kept, "", kept);
        if (mark) {
            rename(drop_folder_path(folder, file, "", file->name, "", path), kept);
            unlink(drop_folder_path(folder, file, "working", file->kept, DONE_SUFFIX, path));
        }
        file->fd = open(kept, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    }
    closedir(directory);
    return file->fd >= 0;
}

bool drop_folder_next(struct drop_folder *folder, int64_t now_ms, struct drop_file *file,
                      struct error *error)
{
    const struct feed *feed;
    size_t count = 0;
    folder->denied = 0;
    if (!take_lock(folder, error))
        return false;
    while (feeds_at(folder->feeds, count))
        count++;
    for (size_t n = 0; n < count; n++) {
        feed = feeds_at(folder->feeds, (folder->turn + n) % count);
        *file = (struct drop_file){.feed = feed, .received_ms = now_ms, .fd = -1};
        if (!has_directory(feed))
            continue;
        if (!find_left(folder, file)) {
            file->received_ms = now_ms;
            if (!mapping_of(feed, now_ms) || !find_dropped(folder, file))
                continue;
            folder->turn = (folder->turn + n + 1) % count;
            if (!claim(folder, file, error))
                return false;
        }
        file->mapping = mapping_of(feed, file->received_ms);
        if (!file->mapping) /* the versions changed while it lay in working/ */
            file->mapping = &feed->versions[0];
        return true;
    }
    return false;
}

bool drop_folder_finish(const struct drop_folder *folder, const struct drop_file *file,
                        const char *sub, struct error *error)
{
    char from[DROP_PATH_MAX], to[DROP_PATH_MAX];
    drop_folder_path(folder, file, "working", file->kept, "", from);
    drop_folder_path(folder, file, sub, file->kept, "", to);
    if (rename(from, to) != 0 && errno != ENOENT) /* somebody took it away: its receipts stay */
        return fail(error, from);
    return drop_folder_sync(folder, file, sub, error);
}

bool drop_folder_sync(const struct drop_folder *folder, const struct drop_file *file,
                      const char *sub, struct error *error)
{
    char path[DROP_PATH_MAX];
    int fd = open(drop_folder_path(folder, file, sub, "", "", path), O_RDONLY | O_DIRECTORY);
    bool good = fd >= 0 && fsync(fd) == 0;
    if (!good)
        fail(error, path);
    if (fd >= 0)
        close(fd);
    return good;
}
